//! A plan directory by directory, as `git diff --stat` has it.

use crate::model::entry::Kind;
use crate::model::path::{Directory, TreePath};
use crate::model::text::escape::{entry_path, width};
use crate::model::text::numbers::counted;
use crate::plan::effects::Effects;
use crate::report::diff::{DiffRow, Head};
use crate::report::text::style::Palette;
use std::collections::HashMap;
use std::io::{self, Write};

/// How long the longest bar may be.
const BAR: u64 = 40;

/// Writes a line for each directory that holds changes: how many, and a bar of `+` for those that open wider, `-` for
/// those that close further, `~` for the others; then the totals.
pub(crate) fn write_stat(
    out: &mut dyn Write,
    rows: &[DiffRow<'_>],
    heads: &[Head<'_>],
    palette: &Palette,
) -> io::Result<()> {
    let mut directories: HashMap<(u32, &Directory), Effects> = HashMap::new();
    let mut totals = Effects::default();
    for row in rows.iter().filter(|row| row.before != row.after) {
        directories.entry((row.root, row.path.directory())).or_default().count(row.before, row.after);
        totals.count(row.before, row.after);
    }
    let lines = directories.into_iter().map(|((root, directory), effects)| ((root, directory.as_path()), effects));
    let mut lines: Vec<((u32, TreePath), Effects)> = lines.collect();
    lines.sort_by(|(a, _), (b, _)| a.cmp(b));
    let path = |root: u32, path: &TreePath| {
        entry_path(heads.get(root as usize).map_or(b"?", |head| head.path), path, Some(Kind::Dir))
    };
    let paths: Vec<String> = lines.iter().map(|((root, directory), _)| path(*root, directory)).collect();
    let widest = paths.iter().map(|path| width(path)).max().unwrap_or(0);
    let most = lines.iter().map(|(_, effects)| effects.changes).max().unwrap_or(0);
    let digits = most.to_string().len();
    for (path, (_, effects)) in paths.iter().zip(&lines) {
        let gap = " ".repeat(widest - width(path));
        write!(out, " {path}{gap} | {:>digits$} ", effects.changes)?;
        write_bar(out, effects, most, palette)?;
    }
    match lines.is_empty() {
        true => Ok(()),
        false => writeln!(out, " {}, {}", counted(lines.len() as u64, "directory", "directories"), totals.clause()),
    }
}

fn write_bar(out: &mut dyn Write, effects: &Effects, most: u64, palette: &Palette) -> io::Result<()> {
    let scaled = |count: u64| if most <= BAR { count } else { (count * BAR).div_ceil(most) };
    let wider = scaled(effects.wider);
    let narrower = scaled(effects.narrower.min(effects.changes - effects.wider));
    let rest = scaled(effects.changes).saturating_sub(wider + narrower);
    let bar = |sign: &str, count: u64| sign.repeat(usize::try_from(count).unwrap_or_default());
    let (added, removed) = (palette.added, palette.removed);
    let (plus, minus) = (bar("+", wider), bar("-", narrower));
    writeln!(out, "{added}{plus}{added:#}{removed}{minus}{removed:#}{}", bar("~", rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{self, state, text};
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn each_directory_has_its_count_and_bar() {
        let row = |path: &str, from, to| DiffRow {
            root: 0,
            path: samples::path(path),
            kind: Kind::File,
            before: state(0, 0, from),
            after: state(0, 3001, to),
        };
        let rows = [row("数据/a", 0o644, 0o664), row("b\x1b/c", 0o664, 0o660), row("b\x1b/d", 0o664, 0o664)];
        let heads = [Head { path: b"/srv/lab", policy: None }];
        assert_data_eq!(
            text(|out| write_stat(out, &rows, &heads, &Palette::PLAIN)),
            str![[r#"
 /srv/lab/b\x1b/ | 2 -~
 /srv/lab/数据/  | 1 +
 2 directories, 3 changes: 1 opens wider, 1 closes further, 3 change hands

"#]]
            .raw()
        );
        let many = vec![row("a", 0o644, 0o664); 1000];
        let stat = text(|out| write_stat(out, &many, &heads, &Palette::PLAIN));
        assert_eq!(stat.lines().next(), Some(&*format!(" /srv/lab/ | 1000 {}", "+".repeat(40))));
        assert_eq!(text(|out| write_stat(out, &[], &heads, &Palette::PLAIN)), "");
    }
}
