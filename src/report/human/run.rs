//! What became of a run, for people: a line for each change that did not go as planned, and one sentence for the whole.

use crate::journal::Counts;
use crate::journal::wording::Settled;
use crate::model::accounts::IdNames;
use crate::model::text::account::state_text;
use crate::model::text::escape::entry_path;
use crate::model::text::numbers::{capitalized, counted, number, time};
use crate::model::text::quote::shell_quote;
use crate::report::manner::Manner;
use crate::screen::style::Verbosity;
use crate::screen::wrap::{Layout, pieces};
use std::io::{self, Write};
use std::time::Duration;

/// Writes a line for each outcome that did not go as planned; in verbose reports for the others too.
pub(crate) fn write_outcomes<'a>(
    out: &mut dyn Write,
    settled: impl IntoIterator<Item = &'a Settled<'a>>,
    names: &dyn IdNames,
    manner: &Manner,
) -> io::Result<()> {
    let layout = Layout { columns: manner.columns, first: 0, below: 4 };
    for one in settled {
        let change = one.change;
        let path = entry_path(one.root, &change.path, Some(change.kind));
        let name = one.done.outcome.name();
        match one.message(names) {
            Some(message) => {
                let told = format!("{path}: {0}{name}{0:#}: {message}", manner.palette.deny);
                layout.write(out, told.split(' '))?;
            }
            None if manner.verbosity == Verbosity::Verbose => {
                layout.write(out, format!("{path}: {name}: {}", state_text(change.after, names)).split(' '))?;
            }
            None => {}
        }
    }
    Ok(())
}

/// `8 applied, 1 drifted`: what there is any of; empty where there is nothing.
pub(crate) fn counts_text(counts: &Counts) -> String {
    let parts = [
        (counts.applied, "applied"),
        (counts.partial, "undone in part"),
        (counts.already, "already as wanted"),
        (counts.drifted, "drifted"),
        (counts.gone, "gone"),
        (counts.refused, "refused"),
        (counts.failed, "failed"),
    ];
    let parts = parts.into_iter().filter(|&(count, _)| count > 0);
    parts.map(|(count, what)| format!("{} {what}", number(count))).collect::<Vec<_>>().join(", ")
}

/// A run that came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ran<'a> {
    /// Its id.
    pub run: &'a str,
    /// The option that lets another command find it, with a space before it; empty where it takes none.
    pub option: &'a str,
    /// How many of its changes came to which end.
    pub counts: Counts,
    /// How long it took to make them.
    pub took: Duration,
    /// What they were and where, for who sees nothing else of them.
    pub what: Option<&'a str>,
}

impl Ran<'_> {
    /// Writes the one sentence that sums the run up: what was done, what it left where that was looked at, and how it
    /// is undone.
    pub(crate) fn write_summary(
        &self,
        out: &mut dyn Write,
        columns: Option<usize>,
        left: Option<&str>,
    ) -> io::Result<()> {
        let Ran { run, option, counts, took, what } = self;
        let done = match counts.total() {
            total if total == counts.applied => format!("{} applied", counted(total, "change", "changes")),
            total => format!("{}: {},", counted(total, "change", "changes"), counts_text(counts)),
        };
        let left = left.map(|left| format!(", leaving {left}")).unwrap_or_default();
        let what = what.map(|what| format!(" ({what})")).unwrap_or_default();
        let run = shell_quote(run.as_bytes());
        let record = match counts.made() + counts.refused > 0 {
            true => format!("undo with: sgidlint undo {run}{option}"),
            false => format!("on record as run {run}"),
        };
        // No period behind an id: it would be copied along.
        let told = format!("{}{what} in {}{left}; {record}", capitalized(&done), time(*took));
        Layout { columns, first: 0, below: 0 }.write(out, pieces(&told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::wording::Expected;
    use crate::journal::{Cause, Done, Drift, Outcome};
    use crate::model::entry::State;
    use crate::plan::Change;
    use crate::report::manner::{Grouping, Strictness};
    use crate::report::samples::{Names, change, state, text};
    use crate::screen::style::Palette;
    use snapbox::{IntoData, assert_data_eq, str};

    const NORMAL: Manner = Manner {
        palette: Palette::PLAIN,
        verbosity: Verbosity::Normal,
        strictness: Strictness::Deny,
        grouping: Grouping::Alike,
        most: None,
        columns: None,
    };
    const BEFORE: (u32, u32, u32) = (1001, 100, 0o755);
    const AFTER: (u32, u32, u32) = (1001, 3001, 0o2775);

    fn of((uid, gid, mode): (u32, u32, u32)) -> State {
        state(uid, gid, mode)
    }

    fn settled(path: &str, outcome: Outcome, state: Option<State>) -> Settled<'static> {
        let change: &Change = Box::leak(Box::new(change(path, of(BEFORE), of(AFTER))));
        Settled { root: b"/srv/lab", change, done: Done { state, ..Done::of(outcome) }, expected: Expected::Planned }
    }

    fn failed(call: &'static str, errno: i32) -> Outcome {
        Outcome::Failed { call: call.into(), errno }
    }

    fn all() -> Vec<Settled<'static>> {
        let (bare, other) = (state(1001, 3001, 0o775), state(1001, 100, 0o2775));
        let mut all = vec![
            settled(".", Outcome::Applied, Some(of(AFTER))),
            settled("a", Outcome::Already, Some(of(AFTER))),
            settled("b", Outcome::Drifted(Drift::State(state(1001, 3001, 0o700))), None),
            settled("c", Outcome::Drifted(Drift::Inode), Some(of(BEFORE))),
            settled("d", Outcome::Gone, None),
            settled("e", Outcome::Refused(bare), Some(bare)),
            settled("f", Outcome::Refused(other), Some(other)),
            settled("g", failed("fchownat", libc::EROFS), None),
            settled("h\x1b[2J", failed("fchownat", libc::EIO), None),
            settled("i", failed("fchmodat2", libc::EPERM), None),
            settled("j", Outcome::Partial, Some(of(BEFORE))),
            settled("k", Outcome::Drifted(Drift::Names), None),
        ];
        all[9].done.cause = Some(Cause::Immutable);
        all
    }

    #[test]
    fn only_what_did_not_go_as_planned_is_told() {
        let lines = text(|out| write_outcomes(out, &all(), &Names, &NORMAL));
        assert_data_eq!(lines, str![[r#"
/srv/lab/b/: drifted: is alice:lab 0700, was alice:users 0755 when planned; run check again and plan anew
/srv/lab/c/: drifted: another entry has its name now; run check again and plan anew
/srv/lab/d/: gone: it is not there any more
/srv/lab/e/: refused: the calls succeeded, but it is alice:lab 0775, not alice:lab 2775; the kernel drops setgid where the owner is not in the group: run as root
/srv/lab/f/: refused: the calls succeeded, but it is alice:users 2775, not alice:lab 2775; the file system dropped it
/srv/lab/g/: failed: fchownat: EROFS (read-only file system); the file system is mounted read-only: exclude it or mount it read-write
/srv/lab/h\x1b[2J/: failed: fchownat: EIO (I/O error); look into the kernel's log: the disk or the server may be failing
/srv/lab/i/: failed: fchmodat2: EPERM (operation not permitted): it is immutable (chattr +i)
/srv/lab/j/: partial: undone but for its set-ID bits, which are never put back; set them by hand if the file is still to be trusted
/srv/lab/k/: drifted: an owner or group in the plan is called otherwise now; run check again and plan anew

"#]].raw());
    }

    #[test]
    fn what_an_undo_finds_changed_is_held_against_what_the_run_made_of_it() {
        let now = state(1001, 3001, 0o700);
        let drifted = settled("b", Outcome::Drifted(Drift::State(now)), None);
        let told = [Expected::Changed, Expected::Found].map(|expected| Settled { expected, ..drifted.clone() });
        let lines = text(|out| write_outcomes(out, &told, &Names, &NORMAL));
        assert_data_eq!(
            lines,
            str![[r#"
/srv/lab/b/: drifted: is alice:lab 0700, was alice:lab 2775 when the run had changed it; it is left as it is
/srv/lab/b/: drifted: is alice:lab 0700, was alice:users 0755 a moment before; undo the run again

"#]]
            .raw()
        );
    }

    #[test]
    fn a_verbose_report_tells_all() {
        let lines =
            text(|out| write_outcomes(out, &all()[..2], &Names, &Manner { verbosity: Verbosity::Verbose, ..NORMAL }));
        assert_data_eq!(
            lines,
            str![[r#"
/srv/lab/: applied: alice:lab 2775
/srv/lab/a/: already: alice:lab 2775

"#]]
            .raw()
        );
    }

    #[test]
    fn a_summary_says_how_it_ended_and_how_it_is_undone() {
        let all = Counts { already: 1, drifted: 2, gone: 1, refused: 1, failed: 1, partial: 1, ..Counts::default() };
        let applied = Counts { applied: 1200, ..Counts::default() };
        let one = Counts { failed: 1, ..Counts::default() };
        let took = Duration::from_millis(1234);
        let summary = |counts, left| {
            text(|out| Ran { run: "r1", option: "", counts, took, what: None }.write_summary(out, None, left))
        };
        let summaries =
            [(all, None), (applied, Some("no findings in 9 entries")), (one, None), (Counts::default(), None)]
                .map(|(counts, left)| summary(counts, left));
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
