//! The runs on record as a table: what `sgidlint log` prints.

use crate::model::text::escape::escape;
use crate::model::text::numbers::number;
use crate::model::text::quote::shell_quote;
use crate::report::human::tally::Tally;
use crate::report::text::style::Palette;
use crate::report::text::table::Table;
use std::io::{self, Write};

/// One run on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// Its id, which undo takes.
    pub id: String,
    /// When it began, as a text.
    pub when: String,
    /// Who started it.
    pub who: String,
    /// What it was.
    pub kind: RunKind,
    /// The policies that it followed.
    pub policies: Vec<String>,
    /// How many changes its plan has.
    pub changes: u64,
    /// What became of them.
    pub tally: Tally,
    /// Whether it came to its end.
    pub state: RunState,
}

/// What a run did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunKind {
    /// `sgidlint fix`.
    Fix,
    /// `sgidlint apply`.
    Apply,
    /// `sgidlint undo`, of this run.
    Undo(String),
}

/// Whether a run came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunState {
    /// Every change has its outcome.
    Settled,
    /// It was killed, or is still at it.
    Interrupted,
}

/// Writes the runs in the order they are given.
pub fn write_log(out: &mut dyn Write, runs: &[Run], palette: &Palette) -> io::Result<()> {
    if runs.is_empty() {
        return writeln!(out, "No runs on record.");
    }
    let mut table = Table::new(["RUN", "WHEN", "WHO", "COMMAND", "POLICIES", "CHANGES", "OUTCOME"]);
    runs.iter().for_each(|run| table.push(cells(run)));
    table.write(out, palette)?;
    runs.iter().filter(|run| run.state == RunState::Interrupted).try_for_each(|run| {
        let id = shell_quote(run.id.as_bytes());
        writeln!(out, "Run {id} did not come to its end; what it changed is undone with: sgidlint undo {id}")
    })
}

fn cells(run: &Run) -> [String; 7] {
    let escaped = |text: &str| escape(text.as_bytes()).into_owned();
    [
        escaped(&run.id),
        escaped(&run.when),
        escaped(&run.who),
        match &run.kind {
            RunKind::Fix => "fix".into(),
            RunKind::Apply => "apply".into(),
            RunKind::Undo(of) => format!("undo {}", escaped(of)),
        },
        match run.policies.is_empty() {
            true => "-".into(),
            false => run.policies.iter().map(|name| escaped(name)).collect::<Vec<_>>().join(", "),
        },
        number(run.changes),
        outcome(run),
    ]
}

fn outcome(run: &Run) -> String {
    match (run.state, run.tally.text()) {
        (RunState::Settled, tally) if tally.is_empty() => "nothing".into(),
        (RunState::Settled, tally) => tally,
        (RunState::Interrupted, tally) if tally.is_empty() => "interrupted".into(),
        (RunState::Interrupted, tally) => format!("interrupted after {tally}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::text;
    use snapbox::{IntoData, assert_data_eq, str};

    fn run(id: &str, kind: RunKind, policies: &[&str], tally: Tally, state: RunState) -> Run {
        let policies = policies.iter().map(|&name| name.into()).collect();
        let when = "2026-11-22 01:30".into();
        Run { id: id.into(), when, who: "root".into(), kind, policies, changes: 1200, tally, state }
    }

    #[test]
    fn runs_are_a_table_and_interrupted_ones_are_pointed_out() {
        let applied = Tally { applied: 1199, drifted: 1, ..Tally::default() };
        let some = Tally { applied: 7, ..Tally::default() };
        let runs = [
            run("r1", RunKind::Fix, &["lab-share", "web"], applied, RunState::Settled),
            run("r2", RunKind::Undo("r1".into()), &[], some, RunState::Interrupted),
            run("r3", RunKind::Apply, &["lab\u{1b}[2J"], Tally::default(), RunState::Interrupted),
        ];
        assert_data_eq!(
            text(|out| write_log(out, &runs, &Palette::PLAIN)),
            str![[r#"
RUN  WHEN              WHO   COMMAND  POLICIES        CHANGES  OUTCOME
r1   2026-11-22 01:30  root  fix      lab-share, web  1,200    1,199 applied, 1 drifted
r2   2026-11-22 01:30  root  undo r1  -               1,200    interrupted after 7 applied
r3   2026-11-22 01:30  root  apply    lab\x1b[2J      1,200    interrupted
Run r2 did not come to its end; what it changed is undone with: sgidlint undo r2
Run r3 did not come to its end; what it changed is undone with: sgidlint undo r3

"#]]
            .raw()
        );
    }

    #[test]
    fn no_runs_are_said_to_be_none() {
        assert_eq!(text(|out| write_log(out, &[], &Palette::PLAIN)), "No runs on record.\n");
    }
}
