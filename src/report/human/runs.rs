//! The runs on record as a table: what `sgidlint log` prints.

use crate::journal::{RunState, RunSummary, cut_short};
use crate::model::text::escape::{escape, escape_message};
use crate::model::text::numbers::number;
use crate::model::text::quote::shell_quote;
use crate::plan::{Header, RunKind};
use crate::report::human::run::counts_text;
use crate::screen::style::Palette;
use crate::screen::table::Table;
use crate::screen::wrap::{Layout, pieces};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

/// Writes the runs, oldest first as they are given, with the newest on top; `option` lets another command find them, with
/// a space before it.
pub(crate) fn write_log(
    out: &mut dyn Write,
    runs: &[RunSummary],
    option: &str,
    palette: &Palette,
    columns: Option<usize>,
) -> io::Result<()> {
    if runs.is_empty() {
        return writeln!(out, "No runs on record.");
    }
    let undone = undone_by(runs);
    let row = |run: &RunSummary| {
        let mut row = cells(run, columns.is_some());
        if undone.contains_key(run.id.as_str()) {
            row[6] += ", undone";
        }
        row
    };
    let cells: Vec<[String; 7]> = runs.iter().rev().map(row).collect();
    write_table(out, &cells, palette, columns)?;
    cut_short(runs.iter()).try_for_each(|run| {
        let id = shell_quote(run.id.as_bytes());
        let told =
            format!("Run {id} did not come to its end; what it changed is undone with: sgidlint undo {id}{option}");
        Layout { columns, first: 0, below: 0 }.write(out, pieces(&told))
    })
}

/// Which run took which back as a whole, the last that did; what was taken back in its turn took nothing back.
fn undone_by(runs: &[RunSummary]) -> BTreeMap<&str, &str> {
    let mut undone = BTreeMap::new();
    for run in runs.iter().rev() {
        let RunKind::Undo(of) = &run.header.kind else { continue };
        let is_whole = matches!(run.state, RunState::Settled { .. }) && run.counts.total() >= run.changes;
        if is_whole && !run.header.partial && !undone.contains_key(run.id.as_str()) {
            undone.entry(of.as_str()).or_insert(run.id.as_str());
        }
    }
    undone
}

/// Writes the table; where a screen has no room for all of it, without what the outcome tells, then without the policies,
/// which `log RUN` tells.
fn write_table(
    out: &mut dyn Write,
    cells: &[[String; 7]],
    palette: &Palette,
    columns: Option<usize>,
) -> io::Result<()> {
    let mut whole = Table::new(["RUN", "WHEN", "WHO", "COMMAND", "POLICIES", "CHANGES", "OUTCOME"]);
    let mut without_changes = Table::new(["RUN", "WHEN", "WHO", "COMMAND", "POLICIES", "OUTCOME"]);
    let mut without_policies = Table::new(["RUN", "WHEN", "WHO", "COMMAND", "OUTCOME"]);
    for row in cells.iter().cloned() {
        let [run, when, who, command, policies, _, outcome] = row.clone();
        without_policies.push([&run, &when, &who, &command, &outcome].map(String::clone));
        without_changes.push([run, when, who, command, policies, outcome]);
        whole.push(row);
    }
    match columns {
        Some(columns) if !whole.fits(columns) && without_changes.fits(columns) => {
            without_changes.write(out, palette, Some(columns))
        }
        Some(columns) if !whole.fits(columns) => without_policies.write(out, palette, Some(columns)),
        columns => whole.write(out, palette, columns),
    }
}

/// Writes what there is to say of one run of all that are on record, before its changes.
pub(crate) fn write_run(out: &mut dyn Write, run: &RunSummary, all: &[RunSummary]) -> io::Result<()> {
    let [id, when, who, command, policies, changes, outcome] = cells(run, false);
    writeln!(out, "run {id}: {command}, by {who}, {when}")?;
    writeln!(out, "  command:  {}", escape_message(&run.header.command))?;
    for root in &run.header.roots {
        writeln!(out, "  tree:     {}", escape(root.path.as_os_str().as_bytes()))?;
    }
    writeln!(out, "  policies: {policies}")?;
    writeln!(out, "  changes:  {changes}: {outcome}")?;
    match undone_by(all).get(run.id.as_str()) {
        Some(by) => writeln!(out, "  undone:   by run {}", escape(by.as_bytes())),
        None => Ok(()),
    }
}

/// `20261122T0102a of 2026-11-22T01:02:03Z: sgidlint fix .`: a run that another is about.
pub(crate) fn run_text(id: &str, header: &Header) -> String {
    let escaped = |text: &str| escape(text.as_bytes()).into_owned();
    format!("run {} of {}: {}", escaped(id), escaped(&to_the_second(&header.time)), escape_message(&header.command))
}

fn cells(run: &RunSummary, is_on_screen: bool) -> [String; 7] {
    let header = &run.header;
    let escaped = |text: &str| escape(text.as_bytes()).into_owned();
    let policies: Vec<String> = header.policies.iter().map(|policy| escaped(&policy.name)).collect();
    [
        escaped(&run.id),
        escaped(&if is_on_screen { to_the_minute(&header.time) } else { to_the_second(&header.time) }),
        header.by.name.as_deref().map_or_else(|| header.by.uid.to_string(), escaped),
        match &header.kind {
            RunKind::Fix | RunKind::Plan => "fix".into(),
            RunKind::Apply => "apply".into(),
            RunKind::Undo(of) => format!("{} {}", if run.is_redo { "redo" } else { "undo" }, escaped(of)),
        },
        if policies.is_empty() { "-".into() } else { policies.join(", ") },
        number(run.changes),
        outcome(run),
    ]
}

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
            text(|out| write_log(out, &runs, "", &Palette::PLAIN, None)),
            str![[r#"
RUN  WHEN                  WHO   COMMAND  POLICIES        CHANGES  OUTCOME
r5   2026-11-22T01:30:00Z  root  fix      web             1,200    running
r4   2026-11-22T01:30:00Z  root  redo r1  -               1,200    running, so far 7 applied of 1,200
r3   2026-11-22T01:30:00Z  root  apply    lab\x1b[2J      1,200    interrupted
r2   2026-11-22T01:30:00Z  root  undo r1  -               1,200    interrupted after 7 applied of 1,200
r1   2026-11-22T01:30:00Z  root  fix      lab-share, web  1,200    1,199 applied, 1 drifted
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
        let undone: Vec<_> = undone_by(&runs).into_iter().collect();
        assert_eq!(undone, [("f1", "u1"), ("u2", "r4")]);
        let table = text(|out| write_log(out, &runs, "", &Palette::PLAIN, None));
        assert_eq!(table.lines().filter(|line| line.ends_with("1,200 applied, undone")).count(), 2, "{table}");
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
    fn no_runs_are_said_to_be_none() {
        assert_eq!(text(|out| write_log(out, &[], "", &Palette::PLAIN, None)), "No runs on record.\n");
    }
}
