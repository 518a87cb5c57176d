//! The runs on record as a table: what `sgidlint log` prints.

use crate::journal::{RunState, RunSummary, Undone, cut_short, undone};
use crate::model::text::escape::{escape, escape_message, width};
use crate::model::text::numbers::{counted, number};
use crate::model::text::quote::shell_quote;
use crate::plan::{Header, RunKind};
use crate::report::human::run::counts_text;
use crate::screen::style::Palette;
use crate::screen::table::Table;
use crate::screen::wrap::{Layout, pieces, shortened};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

/// Writes the runs, oldest first as they are given, with the newest on top; `option` lets another command find them, with
/// a space before it.
pub(crate) fn write_log(
    out: &mut dyn Write,
    runs: &[RunSummary],
    option: &str,
    palette: &Palette,
    (columns, now): (Option<usize>, Timestamp),
) -> io::Result<()> {
    if runs.is_empty() {
        return writeln!(out, "No runs on record.");
    }
    let undone = undone(runs);
    let settled: BTreeSet<&str> = runs.iter().flat_map(|run| &run.settles).map(String::as_str).collect();
    let row = |run: &RunSummary| {
        let mut row = cells(run, undone.get(run.id.as_str()), columns, now);
        if settled.contains(run.id.as_str()) {
            row[7] += ", settled by a later fix";
        }
        row
    };
    let cells = runs.iter().rev().map(row);
    write_table(out, &cells.collect::<Vec<_>>(), palette, columns)?;
    cut_short(runs.iter()).try_for_each(|run| {
        let id = shell_quote(run.id.as_bytes());
        let told =
            format!("Run {id} did not come to its end; what it changed is undone with: sgidlint undo {id}{option}");
        Layout { columns, first: 0, below: 0 }.write(out, pieces(&told))
    })
}

/// A screen of so many columns has all of the table, and one that has fewer leaves out what `log RUN` tells: whatever stands
/// in it, the columns of one screen are always the same.
const WIDE: usize = 120;

/// On one of fewer than so many there is no room for how long ago it was.
const NARROW: usize = 72;

/// What a row of the table tells.
type Cells = [String; 8];

/// Writes the table.
fn write_table(out: &mut dyn Write, cells: &[Cells], palette: &Palette, columns: Option<usize>) -> io::Result<()> {
    let when = if is_wide(columns) { "WHEN" } else { "AGE" };
    let heads = ["RUN", when, "WHO", "COMMAND", "TREES", "POLICIES", "CHANGES", "OUTCOME"];
    match columns {
        Some(..NARROW) => write_columns(out, (heads, cells), [0, 3, 4, 7], palette, columns),
        Some(NARROW..WIDE) => write_columns(out, (heads, cells), [0, 1, 3, 4, 7], palette, columns),
        None | Some(_) => write_columns(out, (heads, cells), [0, 1, 2, 3, 4, 5, 6, 7], palette, columns),
    }
}

fn is_wide(columns: Option<usize>) -> bool {
    columns.is_none_or(|columns| columns >= WIDE)
}

fn write_columns<const N: usize>(
    out: &mut dyn Write,
    (heads, cells): ([&'static str; 8], &[Cells]),
    chosen: [usize; N],
    palette: &Palette,
    columns: Option<usize>,
) -> io::Result<()> {
    let mut table = Table::new(chosen.map(|at| heads[at]));
    cells.iter().for_each(|row| table.push(chosen.map(|at| row[at].clone())));
    table.write(out, palette, columns)
}

/// Writes what there is to say of one run of all that are on record, before its changes.
pub(crate) fn write_run(out: &mut dyn Write, run: &RunSummary, all: &[RunSummary]) -> io::Result<()> {
    let [id, when, who, command, _, policies, changes, outcome] = cells(run, None, None, Timestamp::UNIX_EPOCH);
    writeln!(out, "run {id}: {command}, by {who}, {when}")?;
    writeln!(out, "  command:  {}", escape_message(&run.header.command))?;
    for root in &run.header.roots {
        writeln!(out, "  tree:     {}", escape(root.path.as_os_str().as_bytes()))?;
    }
    writeln!(out, "  policies: {policies}")?;
    writeln!(out, "  changes:  {changes}: {outcome}")?;
    if let Some(by) = all.iter().find(|later| later.settles.contains(&run.id)) {
        writeln!(out, "  settled:  by run {}, which made what was left of it", escape(by.id.as_bytes()))?;
    }
    match undone(all).get(run.id.as_str()) {
        Some(Undone { by, left: 0, .. }) => writeln!(out, "  undone:   by run {}", escape(by.as_bytes())),
        Some(Undone { by, left, of }) => writeln!(
            out,
            "  undone:   in part, by run {}: {} of {} left",
            escape(by.as_bytes()),
            number(*left),
            counted(*of, "change", "changes")
        ),
        None => Ok(()),
    }
}

/// `20261122T0102a of 2026-11-22T01:02:03Z: sgidlint fix .`: a run that another is about.
pub(crate) fn run_text(id: &str, header: &Header) -> String {
    let escaped = |text: &str| escape(text.as_bytes()).into_owned();
    format!("run {} of {}: {}", escaped(id), escaped(&to_the_second(&header.time)), escape_message(&header.command))
}

fn cells(run: &RunSummary, undone: Option<&Undone<'_>>, columns: Option<usize>, now: Timestamp) -> Cells {
    let header = &run.header;
    let escaped = |text: &str| escape(text.as_bytes()).into_owned();
    let policies: Vec<String> = header.policies.iter().map(|policy| escaped(&policy.name)).collect();
    let mut outcome = outcome(run);
    match undone {
        None => {}
        Some(Undone { left: 0, .. }) => outcome += ", undone",
        Some(Undone { left, of, .. }) => {
            outcome += &format!(", partly undone ({} of {} left)", number(*left), number(*of));
        }
    }
    [
        escaped(&run.id),
        escaped(&match columns {
            None => to_the_second(&header.time),
            Some(WIDE..) => to_the_minute(&header.time),
            Some(_) => age(&header.time, now),
        }),
        header.by.name.as_deref().map_or_else(|| header.by.uid.to_string(), escaped),
        match &header.kind {
            RunKind::Fix | RunKind::Plan => "fix".into(),
            RunKind::Apply => "apply".into(),
            RunKind::Undo(of) => {
                let of = if is_wide(columns) { escaped(of) } else { shortened(&escaped(of), SHORTEST) };
                format!("{} {of}", if run.is_redo { "redo" } else { "undo" })
            }
        },
        trees(header, columns),
        if policies.is_empty() { "-".into() } else { policies.join(", ") },
        number(run.changes),
        outcome,
    ]
}

/// `/srv/lab and 2 more`: where a run was to change something; on a screen no wider than a fifth of it.
fn trees(header: &Header, columns: Option<usize>) -> String {
    let Some(first) = header.roots.first() else { return "-".into() };
    let path = escape(first.path.as_os_str().as_bytes()).into_owned();
    let path = columns.map_or_else(|| path.clone(), |columns| last_names(&path, (columns / 5).max(SHORTEST)));
    match header.roots.len() - 1 {
        0 => path,
        more => format!("{path} and {} more", number(more as u64)),
    }
}

/// The last names of a path that is too wide, as many as there is room for.
fn last_names(path: &str, columns: usize) -> String {
    let tails = path.match_indices('/').map(|(at, _)| &path[at..]);
    match tails.into_iter().find(|tail| width(tail) + 3 <= columns) {
        Some(tail) if width(path) > columns => format!("...{tail}"),
        _ => shortened(path, columns),
    }
}

/// Less than that of a path, or of the name of a run, tells it from no other.
const SHORTEST: usize = 10;

/// A time as RFC 3339 has it, without its fraction of a second.
fn to_the_second(time: &str) -> String {
    match time.split_once('.') {
        Some((whole, _)) if time.ends_with('Z') => format!("{whole}Z"),
        _ => time.to_owned(),
    }
}

/// The same for a screen, where ids tell the rest: `11-22T01:30Z`.
fn to_the_minute(time: &str) -> String {
    match (time.split_once('-'), time.rsplit_once(':')) {
        (Some((year, _)), Some((minute, _))) if time.ends_with('Z') => {
            format!("{}Z", minute.get(year.len() + 1..).unwrap_or_default())
        }
        _ => time.to_owned(),
    }
}

/// How long ago that was, as `now`, `5min`, `3h`, `12d`.
fn age(time: &str, now: Timestamp) -> String {
    let Ok(began) = time.parse::<Timestamp>() else { return to_the_minute(time) };
    match now.as_second() - began.as_second() {
        ..60 => "now".into(),
        seconds @ ..3600 => format!("{}min", seconds / 60),
        seconds @ ..86_400 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", number((seconds / 86_400).unsigned_abs())),
    }
}

fn outcome(run: &RunSummary) -> String {
    let counts = match counts_text(&run.counts) {
        counts if counts.is_empty() || run.counts.total() >= run.changes => counts,
        counts => format!("{counts} of {}", number(run.changes)),
    };
    match (&run.state, counts) {
        (RunState::Settled { .. }, counts) if counts.is_empty() => "nothing".into(),
        (RunState::Settled { .. }, counts) => counts,
        (RunState::Interrupted, counts) if counts.is_empty() => "interrupted".into(),
        (RunState::Interrupted, counts) => format!("interrupted after {counts}"),
        // What became of its last changes may not be on record yet.
        (RunState::Running, counts) if counts.is_empty() => "running".into(),
        (RunState::Running, counts) => format!("running, so far {counts}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Counts;
    use crate::plan::PlanPolicy;
    use crate::report::samples::{header, text};
    use snapbox::{IntoData, assert_data_eq, str};

    fn run(id: &str, kind: RunKind, policies: &[&str], counts: Counts, state: RunState) -> RunSummary {
        let mut header = header(kind);
        header.policies = policies.iter().map(|&name| PlanPolicy { name: name.into(), file: "f".into() }).collect();
        RunSummary { id: id.into(), header, changes: 1200, counts, state, is_redo: id == "r4", settles: Vec::new() }
    }

    #[test]
    fn runs_are_a_table_and_interrupted_ones_are_pointed_out() {
        let applied = Counts { applied: 1199, drifted: 1, ..Counts::default() };
        let some = Counts { applied: 7, ..Counts::default() };
        let settled = RunState::Settled { time: "2026-11-22T01:31:00Z".into(), exit: 3 };
        let undo = RunKind::Undo("r1".into());
        let runs = [
            run("r1", RunKind::Fix, &["lab-share", "web"], applied, settled),
            run("r2", undo.clone(), &[], some, RunState::Interrupted),
            run("r3", RunKind::Apply, &["lab\u{1b}[2J"], Counts::default(), RunState::Interrupted),
            run("r4", undo, &[], some, RunState::Running),
            run("r5", RunKind::Fix, &["web"], Counts::default(), RunState::Running),
        ];
        assert_data_eq!(
            text(|out| write_log(out, &runs, "", &Palette::PLAIN, (None, Timestamp::UNIX_EPOCH))),
            str![[r#"
RUN  WHEN                  WHO   COMMAND  TREES  POLICIES        CHANGES  OUTCOME
r5   2026-11-22T01:30:00Z  root  fix      -      web             1,200    running
r4   2026-11-22T01:30:00Z  root  redo r1  -      -               1,200    running, so far 7 applied of 1,200
r3   2026-11-22T01:30:00Z  root  apply    -      lab\x1b[2J      1,200    interrupted
r2   2026-11-22T01:30:00Z  root  undo r1  -      -               1,200    interrupted after 7 applied of 1,200
r1   2026-11-22T01:30:00Z  root  fix      -      lab-share, web  1,200    1,199 applied, 1 drifted, partly undone (1,185 of 1,199 left)
Run r2 did not come to its end; what it changed is undone with: sgidlint undo r2
Run r3 did not come to its end; what it changed is undone with: sgidlint undo r3

"#]]
            .raw()
        );
    }

    #[test]
    fn what_was_taken_back_as_a_whole_is_undone_and_a_redo_takes_that_back() {
        let applied = Counts { applied: 1200, ..Counts::default() };
        let some = Counts { applied: 7, ..Counts::default() };
        let settled = || RunState::Settled { time: "2026-11-22T01:31:00Z".into(), exit: 0 };
        let undo = |id: &str, of: &str, counts| run(id, RunKind::Undo(of.into()), &[], counts, settled());
        let fix = |id: &str| run(id, RunKind::Fix, &["web"], applied, settled());
        let mut partial = undo("u3", "f3", applied);
        partial.header.partial = true;
        let runs =
            [fix("f1"), fix("f2"), fix("f3"), fix("f4"), undo("u1", "f1", applied), undo("u2", "f2", applied), partial];
        let runs = [&runs[..], &[undo("u4", "f4", some), undo("r4", "u2", applied)]].concat();
        let by: Vec<_> = undone(&runs).into_iter().map(|(id, undone)| (id, undone.by, undone.left)).collect();
        assert_eq!(by, [("f1", "u1", 0), ("f3", "u3", 0), ("f4", "u4", 1193), ("u2", "r4", 0)]);
        let table = text(|out| write_log(out, &runs, "", &Palette::PLAIN, (None, Timestamp::UNIX_EPOCH)));
        assert_eq!(table.lines().filter(|line| line.ends_with("1,200 applied, undone")).count(), 3, "{table}");
        assert!(table.contains("1,200 applied, partly undone (1,193 of 1,200 left)\n"), "{table}");
        assert!(text(|out| write_run(out, &runs[0], &runs)).ends_with("\n  undone:   by run u1\n"));
    }

    #[test]
    fn a_screen_has_less_of_a_time() {
        assert_eq!(to_the_minute("2026-11-22T01:30:00Z"), "11-22T01:30Z");
        for other in ["", "Z", "T:Z", "2026-11-22T01:30:00+01:00"] {
            assert!(to_the_minute(other).len() <= other.len() + 1, "{other}");
        }
    }

    #[test]
    fn a_small_screen_has_ages() {
        let now = |seconds: i64| Timestamp::from_second(1_795_310_100 + seconds).expect("a moment");
        let began = now(0).to_string();
        for (later, told) in [(-5, "now"), (59, "now"), (60, "1min"), (7199, "1h"), (86_400 * 1200, "1,200d")] {
            assert_eq!(age(&began, now(later)), told);
        }
    }

    #[test]
    fn no_runs_are_said_to_be_none() {
        assert_eq!(
            text(|out| write_log(out, &[], "", &Palette::PLAIN, (None, Timestamp::UNIX_EPOCH))),
            "No runs on record.\n"
        );
    }
}
