//! How a run ended, in numbers, and how it is undone.

use crate::model::text::numbers::{capitalized, counted, number, time};
use crate::model::text::quote::shell_quote;
use crate::report::human::outcome::Fate;
use std::io::{self, Write};
use std::time::Duration;

/// How many changes came to which end.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Done.
    pub applied: u64,
    /// As wanted before.
    pub already: u64,
    /// In another state, or another entry.
    pub drifted: u64,
    /// Not there any more.
    pub gone: u64,
    /// Dropped by the kernel.
    pub refused: u64,
    /// Failed.
    pub failed: u64,
    /// Undone but for set-ID bits.
    pub partial: u64,
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, fate: Fate) {
        *match fate {
            Fate::Applied => &mut self.applied,
            Fate::Already => &mut self.already,
            Fate::Drifted => &mut self.drifted,
            Fate::Gone => &mut self.gone,
            Fate::Refused => &mut self.refused,
            Fate::Failed { .. } => &mut self.failed,
            Fate::Partial => &mut self.partial,
        } += 1;
    }

    /// `8 applied, 1 drifted`: what there is any of; empty where there is nothing.
    pub fn text(&self) -> String {
        let parts = [
            (self.applied, "applied"),
            (self.partial, "undone in part"),
            (self.already, "already as wanted"),
            (self.drifted, "drifted"),
            (self.gone, "gone"),
            (self.refused, "refused"),
            (self.failed, "failed"),
        ];
        let parts = parts.into_iter().filter(|&(count, _)| count > 0);
        parts.map(|(count, what)| format!("{} {what}", number(count))).collect::<Vec<_>>().join(", ")
    }

    /// Whether there is anything that an undo would turn round.
    pub fn changed_something(&self) -> bool {
        self.applied + self.partial + self.refused > 0
    }

    fn total(&self) -> u64 {
        let Tally { applied, already, drifted, gone, refused, failed, partial } = *self;
        applied + already + drifted + gone + refused + failed + partial
    }
}

/// A run that came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ran<'a> {
    /// Its id.
    pub run: &'a str,
    /// How many of its changes came to which end.
    pub tally: Tally,
    /// How long it took to make them.
    pub took: Duration,
}

impl Ran<'_> {
    /// Writes the one sentence that sums the run up: what was done, what it left where that was looked at, and how it
    /// is undone.
    pub fn write_summary(&self, out: &mut dyn Write, left: Option<&str>) -> io::Result<()> {
        let Ran { run, tally, took } = self;
        let done = match tally.total() {
            total if total == tally.applied => format!("{} applied", counted(total, "change", "changes")),
            total => format!("{}: {},", counted(total, "change", "changes"), tally.text()),
        };
        let left = left.map(|left| format!(", leaving {left}")).unwrap_or_default();
        let run = shell_quote(run.as_bytes());
        let record = match tally.changed_something() {
            true => format!("undo with: sgidlint undo {run}"),
            false => format!("on record as run {run}"),
        };
        // No period behind an id: it would be copied along.
        writeln!(out, "{} in {}{left}; {record}", capitalized(&done), time(*took))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::text;
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn a_summary_says_how_it_ended_and_how_it_is_undone() {
        let failed = Fate::Failed { call: "fchownat", errno: libc::EIO };
        let mut all = Tally::default();
        for fate in [Fate::Already, Fate::Drifted, Fate::Drifted, Fate::Gone, Fate::Refused, failed, Fate::Partial] {
            all.count(fate);
        }
        let applied = Tally { applied: 1200, ..Tally::default() };
        let one = Tally { failed: 1, ..Tally::default() };
        let took = Duration::from_millis(1234);
        let summary = |tally, left| text(|out| Ran { run: "r1", tally, took }.write_summary(out, left));
        let summaries =
            [(all, None), (applied, Some("no findings in 9 entries")), (one, None), (Tally::default(), None)]
                .map(|(tally, left)| summary(tally, left));
        assert_data_eq!(
            summaries.join("--\n"),
            str![[r#"
7 changes: 1 undone in part, 1 already as wanted, 2 drifted, 1 gone, 1 refused, 1 failed, in 1.2 s; undo with: sgidlint undo r1
--
1,200 changes applied in 1.2 s, leaving no findings in 9 entries; undo with: sgidlint undo r1
--
1 change: 1 failed, in 1.2 s; on record as run r1
--
No changes applied in 1.2 s; on record as run r1

"#]]
            .raw()
        );
    }
}
