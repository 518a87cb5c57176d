//! What became of a change, in words: what did not go as planned, and what to do about it.

use super::outcome::{Done, Drift, Outcome};
use crate::model::accounts::IdNames;
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::model::text::account::state_text;
use crate::model::text::escape::escape_message;
use crate::plan::Change;
use crate::sys::error::{errno_name, errno_text};

/// A change and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Settled<'a> {
    /// The real root that its entry lies below.
    pub root: &'a [u8],
    /// The change.
    pub change: &'a Change,
    /// What became of it.
    pub done: Done,
    /// What its entry was to be like before.
    pub expected: Expected,
}

/// What an entry is held against before it is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    /// What it was when the plan was made.
    Planned,
    /// What it was a moment ago, when it was found out what there is to undo.
    Found,
    /// What the run that is to be undone made of it.
    Changed,
}

impl Settled<'_> {
    /// The state that its entry was seen in last, if it was seen.
    pub(crate) fn state(&self) -> Option<State> {
        match self.done.outcome {
            Outcome::Drifted(Drift::State(state)) => Some(state),
            _ => self.done.state,
        }
    }

    /// What happened and what to do about it; `None` where it went as planned.
    pub(crate) fn message(&self, names: &dyn IdNames) -> Option<String> {
        let cause = self.cause();
        let what = match &self.done.outcome {
            // A change may cost an entry something all the same.
            Outcome::Applied | Outcome::Already => return cause,
            Outcome::Drifted(_) if cause.is_some() => String::new(),
            Outcome::Drifted(_) => self.drift(names),
            Outcome::Gone => "it is not there any more".into(),
            Outcome::Refused(_) => self.refusal(names),
            Outcome::Failed { call, errno } => {
                format!("{}: {} ({})", escape_message(call), errno_name(*errno), errno_text(*errno))
            }
            Outcome::Partial => "undone but for its set-ID bits, which are never put back".into(),
        };
        let advice = self.advice(cause.is_some());
        let what = match cause {
            None => what,
            Some(cause) if what.is_empty() => cause,
            Some(cause) => format!("{what}: {cause}"),
        };
        Some(match advice {
            Some(advice) => format!("{what}; {advice}"),
            None => what,
        })
    }

    /// Why, where who applied it knows better than can be told from the states.
    fn cause(&self) -> Option<String> {
        let cause = match self.done.outcome {
            Outcome::Drifted(Drift::State(_) | Drift::Inode) => None,
            Outcome::Drifted(drift) => Some(drift.explanation(self.change)),
            _ => self.done.explanation(),
        };
        cause.map(|cause| escape_message(&cause).into_owned())
    }

    fn drift(&self, names: &dyn IdNames) -> String {
        let (expected, when) = match self.expected {
            Expected::Planned => (self.change.before, "when planned"),
            Expected::Found => (self.change.before, "a moment before"),
            Expected::Changed => (self.change.after, "when the run had changed it"),
        };
        match self.state() {
            Some(state) if state != expected => {
                format!("is {}, was {} {when}", state_text(state, names), state_text(expected, names))
            }
            _ => "another entry has its name now".into(),
        }
    }

    fn refusal(&self, names: &dyn IdNames) -> String {
        let wanted = state_text(self.change.after, names);
        match self.state() {
            Some(state) => format!("the calls succeeded, but it is {}, not {wanted}", state_text(state, names)),
            None => format!("the calls succeeded, but it is not {wanted}"),
        }
    }

    fn advice(&self, has_cause: bool) -> Option<&'static str> {
        match self.done.outcome {
            Outcome::Drifted(_) => Some(match self.expected {
                Expected::Planned => "run check again and plan anew",
                Expected::Found => "undo the run again",
                // What somebody wanted since then isn't taken from them.
                Expected::Changed => "it is left as it is",
            }),
            Outcome::Refused(_) if !has_cause && self.lost(Mode::SETGID) => {
                Some("the kernel drops setgid where the owner is not in the group: run as root")
            }
            Outcome::Refused(_) if !has_cause => Some("the file system dropped it"),
            Outcome::Failed { errno, .. } if !has_cause => advice(errno),
            Outcome::Partial => Some("set them by hand if the file is still to be trusted"),
            _ => None,
        }
    }

    fn lost(&self, bit: Mode) -> bool {
        self.change.after.mode.has(bit) && self.state().is_some_and(|state| !state.mode.has(bit))
    }
}

/// The commonest cause or cure of an errno, as the end of a sentence; `None` where the errno says all.
fn advice(errno: i32) -> Option<&'static str> {
    Some(match errno {
        libc::EPERM => {
            "run as root; as root: it may be immutable (lsattr), or the file system forbids it (NFS with root_squash, \
             ZFS with aclmode=restricted)"
        }
        libc::EACCES => "run as root, or as the owner of the directories above it",
        libc::EROFS => "the file system is mounted read-only: exclude it or mount it read-write",
        libc::ELOOP => "a symbolic link stands where a directory was: run check again",
        libc::EXDEV => "a mount stands where there was none: run check again",
        libc::ENOSPC | libc::EDQUOT => "free some space, then run it again",
        libc::EMFILE | libc::ENFILE => "too many files are open: raise the limit (ulimit -n) or lower --threads",
        libc::ESTALE => "the server gave it up: run check again",
        libc::EIO => "look into the kernel's log: the disk or the server may be failing",
        libc::EOPNOTSUPP | libc::ENOSYS => {
            "the kernel or the file system can't do this: mount /proc, or use a newer one"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_the_end_of_a_sentence() {
        for text in (1..=133).filter_map(advice) {
            assert!(!text.ends_with('.') && !text.contains('\n') && !text.contains("  "), "{text}");
        }
        assert_eq!(advice(libc::EINVAL), None);
    }
}
