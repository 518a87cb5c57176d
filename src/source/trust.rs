//! Who else could have a hand in a path: what root must know before it relies on one.

use crate::model::entry::{Entry, Kind};
use crate::model::mode::Mode;
use crate::sys::SysError;
use std::fmt;
use std::path::PathBuf;

/// One component of a path, from `/` down, as it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    /// The path up to here.
    pub path: PathBuf,
    /// What lies there; a symbolic link is itself.
    pub entry: Entry,
}

impl Step {
    /// The same, taken for root's where it belongs to this uid, which the caller vouches for.
    #[must_use]
    pub(crate) fn vouched(mut self, uid: Option<u32>) -> Step {
        if uid == Some(self.entry.state.uid) {
            self.entry.state.uid = 0;
        }
        self
    }
}

/// Why root can't rely on a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Doubt {
    /// It goes through a symbolic link, which may point elsewhere tomorrow.
    Link(PathBuf),
    /// Somebody owns a part of it who isn't root.
    Owned {
        /// The part.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Somebody who isn't root can write a part of it.
    Writable {
        /// The part.
        path: PathBuf,
        /// Its mode.
        mode: Mode,
    },
    /// Another file than the one that was read lies there now.
    Exchanged(PathBuf),
    /// It can't be looked at as a whole.
    Unseen {
        /// The path.
        path: PathBuf,
        /// Why.
        error: SysError,
    },
}

/// What a sticky directory that others can write is good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sticky {
    /// Passing through, where the next component is root's: others can't rename it.
    Passes,
    /// Nothing: others can make what wasn't there, and move in what is root's from elsewhere.
    Doubted,
}

/// The first reason to doubt the directories on the way to the last step, which itself isn't judged.
pub(crate) fn doubt_of_parents(steps: &[Step], sticky: Sticky) -> Option<Doubt> {
    steps.windows(2).find_map(|pair| {
        let [step, next] = pair else { return None };
        let held = step.entry.state.mode.has(Mode::STICKY) && next.entry.state.uid == 0;
        doubt_of(step, held && sticky == Sticky::Passes)
    })
}

/// The first reason to doubt a file that root takes orders from: its parents or itself.
pub(crate) fn doubt_of_file(steps: &[Step]) -> Option<Doubt> {
    doubt_of_parents(steps, Sticky::Passes).or_else(|| steps.last().and_then(|file| doubt_of(file, false)))
}

fn doubt_of(step: &Step, writable_is_fine: bool) -> Option<Doubt> {
    let Entry { kind, state, .. } = step.entry;
    let path = || step.path.clone();
    if kind == Kind::Symlink {
        Some(Doubt::Link(path()))
    } else if state.uid != 0 {
        Some(Doubt::Owned { path: path(), uid: state.uid })
    } else if state.mode.lets_others_write() && !writable_is_fine {
        Some(Doubt::Writable { path: path(), mode: state.mode })
    } else {
        None
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::Link(path) => write!(f, "{path:?} is a symbolic link"),
            Doubt::Exchanged(path) => write!(f, "{path:?} was exchanged while it was read"),
            Doubt::Owned { path, uid } => write!(f, "{path:?} belongs to uid {uid}, not to root"),
            Doubt::Writable { path, mode } => write!(f, "{path:?} can be written by others than root (mode {mode})"),
            Doubt::Unseen { path, error } => write!(f, "what leads to {path:?} can't be looked at: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::{Extras, Identity, State};

    fn step(kind: Kind, uid: u32, gid: u32, mode: u32) -> Step {
        let id = Identity { dev: 1, ino: 1, btime: None };
        let state = State { uid, gid, mode: Mode::new(mode) };
        Step { path: "/x".into(), entry: Entry { kind, id, nlink: 1, state, mount: 1, extras: Extras::default() } }
    }

    #[test]
    fn doubts_what_others_could_have_written() {
        use Kind::{Dir, File, Symlink};
        for (parent, file, parents_fine, file_fine) in [
            (step(Dir, 0, 0, 0o755), step(File, 0, 0, 0o644), true, true),
            (step(Dir, 0, 0, 0o775), step(File, 0, 0, 0o644), false, false),
            (step(Dir, 0, 0, 0o755), step(File, 0, 0, 0o664), true, false),
            (step(Dir, 0, 50, 0o2775), step(File, 0, 0, 0o644), false, false),
            (step(Dir, 0, 0, 0o777), step(File, 0, 0, 0o644), false, false),
            (step(Dir, 0, 0, 0o1777), step(File, 0, 0, 0o644), true, true),
            (step(Dir, 0, 0, 0o1777), step(File, 1000, 0, 0o644), false, false),
            (step(Dir, 1000, 0, 0o755), step(File, 0, 0, 0o644), false, false),
            (step(Dir, 0, 0, 0o755), step(File, 1000, 0, 0o644), true, false),
            (step(Dir, 0, 0, 0o755), step(File, 0, 50, 0o664), true, false),
            (step(Symlink, 0, 0, 0o777), step(File, 0, 0, 0o644), false, false),
        ] {
            let steps = [parent, file];
            assert_eq!(doubt_of_parents(&steps, Sticky::Passes).is_none(), parents_fine, "{steps:?}");
            assert_eq!(doubt_of_file(&steps).is_none(), file_fine, "{steps:?}");
        }
    }

    #[test]
    fn who_is_vouched_for_counts_as_root_and_nobody_else_does() {
        let path = |vouched| {
            [step(Kind::Dir, 65534, 0, 0o1777), step(Kind::Dir, 65534, 0, 0o755), step(Kind::File, 0, 0, 0o644)]
                .map(|step| step.vouched(vouched))
        };
        assert_eq!(doubt_of_file(&path(Some(65534))), None);
        assert!(doubt_of_file(&path(None)).is_some() && doubt_of_file(&path(Some(1000))).is_some());
        let shared = step(Kind::File, 65534, 0, 0o664).vouched(Some(65534));
        assert!(doubt_of_file(&[shared]).is_some(), "what others can write stays so");
    }

    #[test]
    fn a_sticky_directory_is_no_place_to_take_names_from() {
        let steps = [step(Kind::Dir, 0, 0, 0o1777), step(Kind::Dir, 0, 0, 0o755)];
        assert_eq!(doubt_of_parents(&steps, Sticky::Passes), None);
        assert!(doubt_of_parents(&steps, Sticky::Doubted).is_some());
    }
}
