//! A plan directory by directory, as `git diff --stat` has it.

use crate::diff::fold::{HANDFUL, more_alike};
use crate::diff::listing::path_text;
use crate::diff::{DiffManner, DiffRow, Folding, Head};
use crate::model::entry::Kind;
use crate::model::path::{Directory, TreePath};
use crate::model::text::escape::{entry_path, escape, width};
use crate::model::text::numbers::{counted, number};
use crate::plan::effects::Effects;
use crate::screen::style::Palette;
use crate::screen::wrap::{Layout, shortened};
use std::collections::HashMap;
use std::io::{self, Write};

/// How long the longest bar may be, and how long it may be at least, however narrow the screen is.
const BAR: u64 = 40;
const SHORTEST: u64 = 8;

/// Writes a line for each directory that holds changes: how many, and a bar of `+` for those that open wider, `-` for
/// those that close further, `~` for the others; then the totals.
pub(crate) fn write_stat(
    out: &mut dyn Write,
    rows: &[DiffRow<'_>],
    heads: &[Head<'_>],
    manner: DiffManner<'_>,
) -> io::Result<()> {
    let mut directories: HashMap<(u32, &Directory), Effects> = HashMap::new();
    let mut totals = Effects::default();
    for row in rows.iter().filter(|row| row.is_change()) {
        directories.entry((row.root, row.path.directory())).or_default().count(row.before, row.after, row.acls);
        totals.count(row.before, row.after, row.acls);
    }
    let lines = directories.into_iter().map(|((root, directory), effects)| ((root, directory.as_path()), effects));
    let mut lines: Vec<((u32, TreePath), Effects)> = lines.collect();
    lines.sort_by(|(a, _), (b, _)| a.cmp(b));
    let (count, most) = (lines.len() as u64, lines.iter().map(|(_, effects)| effects.changes).max().unwrap_or(0));
    let lines = folded(lines, manner.folding);
    let digits = number(most).len();
    let columns = Columns::of(manner.columns, digits);
    let path = |Line { root, directory, more, .. }: &Line| {
        let more = more_alike(*more);
        match (columns.path, heads.get(*root as usize)) {
            // Its root stands above.
            (Some(room), Some(_)) => {
                shortened(&path_text(directory, Kind::Dir), room.saturating_sub(more.len())) + &more
            }
            (_, head) => entry_path(head.map_or(b"?", |head| head.path), directory, Some(Kind::Dir)) + &more,
        }
    };
    let paths: Vec<String> = lines.iter().map(path).collect();
    let widest = paths.iter().map(|path| width(path)).max().unwrap_or(0);
    let mut headed = None;
    for (path, Line { root, effects, .. }) in paths.iter().zip(&lines) {
        let head = columns.path.and(heads.get(*root as usize));
        if headed.replace(root) != Some(root) {
            let style = manner.palette.head;
            head.map_or(Ok(()), |head| writeln!(out, "{style}{}{style:#}", escape(head.path)))?;
        }
        let gap = " ".repeat(widest - width(path));
        write!(out, " {path}{gap} | {:>digits$} ", number(effects.changes))?;
        write_bar(out, effects, most, columns.bar, manner.palette)?;
    }
    match count {
        0 => Ok(()),
        _ => {
            let told = format!("{}, {}", counted(count, "directory", "directories"), totals.clause());
            Layout { columns: manner.columns, first: 1, below: 1 }.write(out, told.split(' '))
        }
    }
}

/// A directory that holds changes, and how many more hold like ones.
struct Line {
    root: u32,
    directory: TreePath,
    effects: Effects,
    more: u64,
}

/// Lets directories of one root that hold as many changes of each effect share a line, each where its first stood; no more
/// than a handful stand each for itself.
fn folded(all: Vec<((u32, TreePath), Effects)>, folding: Folding) -> Vec<Line> {
    let mut counts: HashMap<(u32, Effects), usize> = HashMap::new();
    all.iter().for_each(|((root, _), effects)| *counts.entry((*root, *effects)).or_default() += 1);
    let mut places: HashMap<(u32, Effects), usize> = HashMap::new();
    let mut lines: Vec<Line> = Vec::new();
    for ((root, directory), effects) in all {
        let may_share = folding == Folding::Folded && counts[&(root, effects)] > HANDFUL;
        match places.get(&(root, effects)).filter(|_| may_share) {
            Some(&place) => lines[place].more += 1,
            None => {
                places.insert((root, effects), lines.len());
                lines.push(Line { root, directory, effects, more: 0 });
            }
        }
    }
    lines
}

/// How wide paths and bars may be.
struct Columns {
    path: Option<usize>,
    bar: u64,
}

impl Columns {
    /// Of a line, most is for the path, as git(1) has it.
    fn of(columns: Option<usize>, digits: usize) -> Columns {
        let Some(columns) = columns else { return Columns { path: None, bar: BAR } };
        let room = columns.saturating_sub(digits + " ".len() + " | ".len() + " ".len());
        let bar = (room as u64 * 3 / 8).clamp(SHORTEST, BAR);
        Columns { path: Some(room.saturating_sub(bar as usize)), bar }
    }
}

fn write_bar(out: &mut dyn Write, effects: &Effects, most: u64, longest: u64, palette: &Palette) -> io::Result<()> {
    let scaled = |count: u64| if most <= longest { count } else { (count * longest).div_ceil(most) };
    let all = scaled(effects.changes);
    let wider = scaled(effects.wider).min(all);
    let narrower = scaled(effects.narrower.min(effects.changes - effects.wider)).min(all - wider);
    let rest = all - wider - narrower;
    let bar = |sign: &str, count: u64| sign.repeat(usize::try_from(count).unwrap_or_default());
    let (added, removed) = (palette.added, palette.removed);
    let (plus, minus) = (bar("+", wider), bar("-", narrower));
    writeln!(out, "{added}{plus}{added:#}{removed}{minus}{removed:#}{}", bar("~", rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{self, Names, state, text};
    use snapbox::{IntoData, assert_data_eq, str};

    const MANNER: DiffManner<'_> =
        DiffManner { names: &Names, palette: &Palette::PLAIN, folding: Folding::Full, columns: None };

    #[test]
    fn each_directory_has_its_count_and_bar() {
        let row = |path: &str, from, to| DiffRow {
            root: 0,
            path: samples::path(path),
            kind: Kind::File,
            before: state(0, 0, from),
            after: state(0, 3001, to),
            acls: None,
        };
        let rows = [row("数据/a", 0o644, 0o664), row("b\x1b/c", 0o664, 0o660), row("b\x1b/d", 0o664, 0o664)];
        let heads = [Head { path: b"/srv/lab", policy: None }];
        assert_data_eq!(
            text(|out| write_stat(out, &rows, &heads, MANNER)),
            str![[r#"
 /srv/lab/b\x1b/ | 2 -~
 /srv/lab/数据/  | 1 +
 2 directories, 3 changes: 1 opens wider, 1 closes further, 3 change hands

"#]]
            .raw()
        );
        let many = vec![row("a", 0o644, 0o664); 1000];
        let stat = text(|out| write_stat(out, &many, &heads, MANNER));
        assert_eq!(stat.lines().next(), Some(&*format!(" /srv/lab/ | 1,000 {}", "+".repeat(40))));
        assert_eq!(text(|out| write_stat(out, &[], &heads, MANNER)), "");
    }
    #[test]
    fn a_line_fits_the_screen_below_its_root() {
        let path: TreePath = format!("{}/x", "deep/".repeat(40).trim_end_matches('/')).as_bytes().into();
        let row = DiffRow {
            root: 0,
            path: &path,
            kind: Kind::File,
            before: state(0, 0, 0o644),
            after: state(0, 0, 0o660),
            acls: None,
        };
        let rows = vec![row; 1234];
        let heads = [Head { path: b"/srv/lab", policy: None }];
        for columns in [40, 80, 200] {
            let manner = DiffManner { columns: Some(columns), ..MANNER };
            let stat = text(|out| write_stat(out, &rows, &heads, manner));
            let lines: Vec<&str> = stat.lines().collect();
            assert_eq!(lines[0], "/srv/lab");
            assert!(
                lines.iter().all(|line| width(line) <= columns) && lines[1].contains(" | 1,234 ++++++++"),
                "{columns}: {stat}"
            );
        }
    }
}
