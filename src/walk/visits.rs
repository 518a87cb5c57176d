//! Which directories a pass through a tree read, and when they last changed: none is read more than twice, and none below
//! itself; and a later pass knows by them what is news to it.
//!
//! Two directories that are renamed into each other as they are read would keep a walk busy for ever, and of k directories
//! there are k! orders that no look at ancestors alone would stop.

use super::news::News;
use crate::model::entry::Timestamp;
use crate::sys::clock;
use crate::sys::stat::Look;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often a directory is read at most: once where it was found, and once more where it was moved to meanwhile.
const MOST: u8 = 2;

/// So many seconds before it begins count as during a pass where stamps are whole seconds (ext3, small inodes of ext4).
const COARSENESS: i64 = 2;

/// How often each directory was read that may have been moved since the pass began.
///
/// What is met again was renamed, or lies below what was, and a rename sets the ctime of what is renamed. So only
/// directories are written down whose ctime is new, and all of them where that can't be relied on; what lies below those
/// that may be read twice is read no more often than they are.
#[derive(Debug)]
pub(crate) struct Visits {
    since: Timestamp,
    read: Mutex<HashMap<Key, Visit>>,
    is_restless: AtomicBool,
    /// The pass before this one.
    before: Option<Box<Visits>>,
}

/// A directory on one mount: bound to two places, it is in both.
type Key = (u64, u64, u64);

/// What is known of a directory that was read.
#[derive(Clone, Copy, Debug)]
struct Visit {
    times: u8,
    /// Its ctime when it was opened.
    changed: Timestamp,
    /// Whether what happens to it after it was opened has a later one.
    is_past: bool,
}

/// Whether a directory may be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    /// It may.
    Read,
    /// It may not, which is to be told.
    Refused,
    /// It may not, and that was told.
    Known,
}

impl Default for Visits {
    /// None so far, from now on.
    fn default() -> Visits {
        Visits { since: clock::of_stamps(), read: Mutex::default(), is_restless: AtomicBool::new(false), before: None }
    }
}

impl Visits {
    /// None of the next pass, to which all is news that this one can't have met.
    pub(crate) fn next_pass(self) -> Visits {
        Visits { before: Some(Box::new(self)), ..Visits::default() }
    }

    /// Whether its ctime may be of the time since the pass began; then it doesn't tell whether something changed since.
    pub(crate) fn is_new(&self, look: &Look) -> bool {
        look.changed >= self.since
            || look.changed.is_whole() && look.changed.seconds() >= self.since.seconds() - COARSENESS
    }

    /// Whether a directory was met that changed after the pass began and before it was listed: what lay in it may have been
    /// moved to where the pass was already.
    pub(crate) fn is_restless(&self) -> bool {
        self.is_restless.load(Relaxed)
    }

    /// A directory was changed while it was read, or before that and after it was looked at.
    pub(super) fn see_change(&self) {
        self.is_restless.store(true, Relaxed);
    }

    /// How much of a directory is news to this pass, by how much of the one above it is. `is_stamped` says that its ctime
    /// tells of renames by the clock of this machine.
    pub(super) fn news(&self, above: News, look: &Look, is_stamped: bool) -> News {
        let Some(before) = self.before.as_deref().filter(|_| above != News::All) else { return News::All };
        let visit = before.read().get(&key(look)).copied();
        match visit {
            Some(visit) if visit.is_past && visit.changed == look.changed => News::Below,
            Some(_) => News::Moved,
            None if is_stamped && !before.is_new(look) => News::Below,
            // It changed since it was read, or was moved here and never read.
            None if is_stamped && above == News::Below => News::Moved,
            None => News::All,
        }
    }

    /// Whether an entry that isn't a directory may be news in one that changed.
    pub(super) fn is_moved(&self, look: &Look, is_stamped: bool) -> bool {
        !is_stamped || self.before.as_deref().is_none_or(|before| before.is_new(look))
    }

    /// Counts one reading of a directory, unless it was read often enough, or lies below itself, which `is_below_itself`
    /// finds out. `is_stamped` says that its ctime tells whether it was moved.
    pub(crate) fn admit(&self, look: &Look, is_stamped: bool, is_below_itself: impl FnOnce() -> bool) -> Admission {
        let is_new = self.is_new(look);
        if is_stamped && !is_new {
            return Admission::Read;
        }
        if is_stamped {
            self.see_change();
        }
        let now = clock::of_stamps();
        let is_past = if look.changed.is_whole() { look.changed.seconds() < now.seconds() } else { look.changed < now };
        match self.read().entry(key(look)) {
            Entry::Vacant(first) => {
                first.insert(Visit { times: 1, changed: look.changed, is_past });
                Admission::Read
            }
            Entry::Occupied(mut visit) => {
                let visit = visit.get_mut();
                match visit.times {
                    times if times > MOST => return Admission::Known,
                    times if times == MOST || is_below_itself() => {
                        visit.times = MOST + 1;
                        return Admission::Refused;
                    }
                    _ => *visit = Visit { times: visit.times + 1, changed: look.changed, is_past },
                }
                Admission::Read
            }
        }
    }

    fn read(&self) -> MutexGuard<'_, HashMap<Key, Visit>> {
        // Nothing panics while holding it.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(look: &Look) -> Key {
    (look.entry.id.dev, look.entry.id.ino, look.entry.mount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::stat::look;
    use std::fs::File;
    use tempfile::tempdir;

    fn seen() -> Look {
        look(File::open(tempdir().unwrap().path()).unwrap()).unwrap()
    }

    #[test]
    fn what_changed_meanwhile_is_read_twice_and_told_once() {
        let (visits, seen) = (Visits::default(), seen());
        let answers: Vec<_> = (0..5).map(|_| visits.admit(&seen, true, || false)).collect();
        use Admission::{Known, Read, Refused};
        assert_eq!(answers, [Read, Read, Refused, Known, Known]);
        let on_another_mount =
            Look { entry: crate::model::entry::Entry { mount: seen.entry.mount + 1, ..seen.entry }, ..seen };
        assert_eq!(visits.admit(&on_another_mount, true, || true), Read, "bound to another place");
    }

    #[test]
    fn what_lies_below_itself_is_not_read_again() {
        let (visits, seen) = (Visits::default(), seen());
        let answers: Vec<_> = (0..3).map(|_| visits.admit(&seen, true, || true)).collect();
        assert_eq!(answers, [Admission::Read, Admission::Refused, Admission::Known]);
    }

    #[test]
    fn what_did_not_change_is_not_even_written_down() {
        let (visits, seen) = (Visits::default(), seen());
        let old = Look { changed: Timestamp::new(1_000_000_000, 0), ..seen };
        assert!((0..5).all(|_| visits.admit(&old, true, || true) == Admission::Read));
        assert!(visits.read().is_empty());
        // Where a rename leaves no trace, everything may have been moved.
        let answers: Vec<_> = (0..3).map(|_| visits.admit(&old, false, || false)).collect();
        assert_eq!(answers, [Admission::Read, Admission::Read, Admission::Refused]);
    }
}
