//! What became of a plan, for people: what did not go as planned, and what to do about it.

use crate::model::accounts::IdNames;
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use crate::model::text::escape::{entry_path, escape_message};
use crate::report::human::advice::advice;
use crate::report::text::account::state_text;
use crate::report::text::style::{Palette, Verbosity};
use crate::sys::error::{errno_name, errno_text};
use std::io::{self, Write};

/// What became of one change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settled<'a> {
    /// The real root it lies below.
    pub root: &'a [u8],
    /// Its path from there.
    pub path: &'a TreePath,
    /// What kind of entry it is.
    pub kind: Kind,
    /// The state it was planned from.
    pub before: State,
    /// The state it was to get.
    pub after: State,
    /// What became of it.
    pub fate: Fate,
    /// The state it was seen in last, if it was seen.
    pub state: Option<State>,
    /// Why, where the one who applied it knows better than can be told from the states.
    pub cause: Option<&'a str>,
}

/// The outcomes, as they are called on record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Done, and looked at afterwards.
    Applied,
    /// It was as wanted before.
    Already,
    /// It is in another state, or is another entry.
    Drifted,
    /// There is no such entry any more.
    Gone,
    /// The call succeeded, but the state is another.
    Refused,
    /// A call failed.
    Failed {
        /// The system call.
        call: &'static str,
        /// Its errno.
        errno: i32,
    },
    /// Undone but for set-ID bits.
    Partial,
}

impl Fate {
    /// Its name on record and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Fate::Applied => "applied",
            Fate::Already => "already",
            Fate::Drifted => "drifted",
            Fate::Gone => "gone",
            Fate::Refused => "refused",
            Fate::Failed { .. } => "failed",
            Fate::Partial => "partial",
        }
    }

    /// Whether it went as planned.
    pub const fn is_planned(self) -> bool {
        matches!(self, Fate::Applied | Fate::Already)
    }
}

impl Settled<'_> {
    /// What happened and what to do about it; `None` where it went as planned.
    pub fn message(&self, names: &dyn IdNames) -> Option<String> {
        let what = match self.fate {
            // A change may cost an entry something all the same.
            Fate::Applied | Fate::Already => return self.cause.map(|cause| escape_message(cause).into_owned()),
            Fate::Drifted => match self.cause {
                // Which is all that there is to say.
                Some(_) => String::new(),
                None => self.drift(names),
            },
            Fate::Gone => "it is not there any more".into(),
            Fate::Refused => self.refusal(names),
            Fate::Failed { call, errno } => format!("{call}: {} ({})", errno_name(errno), errno_text(errno)),
            Fate::Partial => "undone but for its set-ID bits, which are never put back".into(),
        };
        let what = match self.cause.map(escape_message) {
            None => what,
            Some(cause) if what.is_empty() => cause.into_owned(),
            Some(cause) => format!("{what}: {cause}"),
        };
        Some(match self.advice() {
            Some(advice) => format!("{what}; {advice}"),
            None => what,
        })
    }

    fn drift(&self, names: &dyn IdNames) -> String {
        match self.state {
            Some(state) if state != self.before => {
                format!("is {}, was {} when planned", state_text(state, names), state_text(self.before, names))
            }
            _ => "another entry has its name now".into(),
        }
    }

    fn refusal(&self, names: &dyn IdNames) -> String {
        let wanted = state_text(self.after, names);
        match self.state {
            Some(state) => format!("the calls succeeded, but it is {}, not {wanted}", state_text(state, names)),
            None => format!("the calls succeeded, but it is not {wanted}"),
        }
    }

    fn advice(&self) -> Option<&'static str> {
        match self.fate {
            Fate::Drifted => Some("run check again and plan anew"),
            Fate::Refused if self.cause.is_none() && self.lost(Mode::SETGID) => {
                Some("the kernel drops setgid where the owner is not in the group: run as root")
            }
            Fate::Refused if self.cause.is_none() => Some("the file system dropped it"),
            Fate::Failed { errno, .. } if self.cause.is_none() => advice(errno),
            Fate::Partial => Some("set them by hand if the file is still to be trusted"),
            _ => None,
        }
    }

    fn lost(&self, bit: Mode) -> bool {
        self.after.mode.has(bit) && self.state.is_some_and(|state| !state.mode.has(bit))
    }
}

/// Writes a line for each outcome that did not go as planned; in verbose reports for the others too.
pub fn write_outcomes<'a>(
    out: &mut dyn Write,
    settled: impl IntoIterator<Item = Settled<'a>>,
    names: &dyn IdNames,
    palette: &Palette,
    verbosity: Verbosity,
) -> io::Result<()> {
    for one in settled {
        let path = entry_path(one.root, one.path, Some(one.kind));
        let name = one.fate.name();
        match one.message(names) {
            Some(message) => writeln!(out, "{path}: {0}{name}{0:#}: {message}", palette.deny)?,
            None if verbosity == Verbosity::Verbose => {
                writeln!(out, "{path}: {name}: {}", state_text(one.after, names))?;
            }
            None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{self, Names, state, text};
    use snapbox::{IntoData, assert_data_eq, str};

    fn settled(path: &str, fate: Fate, state: Option<State>) -> Settled<'static> {
        let (before, after) = (samples_before(), samples_after());
        Settled {
            root: b"/srv/lab",
            path: samples::path(path),
            kind: Kind::Dir,
            before,
            after,
            fate,
            state,
            cause: None,
        }
    }

    fn samples_before() -> State {
        state(1001, 100, 0o755)
    }

    fn samples_after() -> State {
        state(1001, 3001, 0o2775)
    }

    fn all() -> Vec<Settled<'static>> {
        vec![
            settled(".", Fate::Applied, Some(samples_after())),
            settled("a", Fate::Already, Some(samples_after())),
            settled("b", Fate::Drifted, Some(state(1001, 3001, 0o700))),
            settled("c", Fate::Drifted, Some(samples_before())),
            settled("d", Fate::Gone, None),
            settled("e", Fate::Refused, Some(state(1001, 3001, 0o775))),
            settled("f", Fate::Refused, Some(state(1001, 100, 0o2775))),
            settled("g", Fate::Failed { call: "fchownat", errno: libc::EROFS }, None),
            settled("h\x1b[2J", Fate::Failed { call: "fchownat", errno: libc::EIO }, None),
            Settled {
                cause: Some("chattr +i"),
                ..settled("i", Fate::Failed { call: "fchmodat2", errno: libc::EPERM }, None)
            },
            settled("j", Fate::Partial, Some(samples_before())),
        ]
    }

    #[test]
    fn only_what_did_not_go_as_planned_is_told() {
        let lines = text(|out| write_outcomes(out, all(), &Names, &Palette::PLAIN, Verbosity::Normal));
        assert_data_eq!(lines, str![[r#"
/srv/lab/b/: drifted: is alice:lab 0700, was alice:users 0755 when planned; run check again and plan anew
/srv/lab/c/: drifted: another entry has its name now; run check again and plan anew
/srv/lab/d/: gone: it is not there any more
/srv/lab/e/: refused: the calls succeeded, but it is alice:lab 0775, not alice:lab 2775; the kernel drops setgid where the owner is not in the group: run as root
/srv/lab/f/: refused: the calls succeeded, but it is alice:users 2775, not alice:lab 2775; the file system dropped it
/srv/lab/g/: failed: fchownat: EROFS (read-only file system); the file system is mounted read-only: exclude it or mount it read-write
/srv/lab/h\x1b[2J/: failed: fchownat: EIO (I/O error); look into the kernel's log: the disk or the server may be failing
/srv/lab/i/: failed: fchmodat2: EPERM (operation not permitted): chattr +i
/srv/lab/j/: partial: undone but for its set-ID bits, which are never put back; set them by hand if the file is still to be trusted

"#]].raw());
    }

    #[test]
    fn a_verbose_report_tells_all() {
        let planned = all().into_iter().take(2);
        let lines = text(|out| write_outcomes(out, planned, &Names, &Palette::PLAIN, Verbosity::Verbose));
        assert_data_eq!(
            lines,
            str![[r#"
/srv/lab/: applied: alice:lab 2775
/srv/lab/a/: already: alice:lab 2775

"#]]
            .raw()
        );
    }
}
