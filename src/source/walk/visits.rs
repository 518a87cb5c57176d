//! Which directories a walk may read again: none is read more than twice, and none below itself.
//!
//! Two directories that are renamed into each other as they are read would keep a walk busy for ever, and of k directories
//! there are k! orders that no look at ancestors alone would stop.

use crate::model::entry::Timestamp;
use crate::sys::stat::Look;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// How often a directory is read at most: once where it was found, and once more where it was moved to meanwhile.
const MOST: u8 = 2;

/// So many seconds before the walk count as during it: stamps are as coarse as that (ext3 keeps whole seconds), and come
/// from a clock that is up to a tick behind (clock_gettime(2), CLOCK_REALTIME_COARSE).
const COARSENESS: i64 = 2;

/// How often each directory was read that may have been moved since the walk began.
///
/// What is met again was renamed, or lies below what was, and a rename sets the ctime of what is renamed. So only
/// directories are written down whose ctime is new, and all of them where that can't be relied on; what lies below those
/// that may be read twice is read no more often than they are.
#[derive(Debug)]
pub(crate) struct Visits {
    since: Timestamp,
    read: Mutex<HashMap<Key, u8>>,
}

/// A directory on one mount: bound to two places, it is in both.
type Key = (u64, u64, u64);

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
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs().cast_signed());
        Visits { since: Timestamp::new(now.saturating_sub(COARSENESS), 0), read: Mutex::default() }
    }
}

impl Visits {
    /// Whether its ctime may be of the time since the walk began; then it doesn't tell whether something changed since.
    pub(crate) fn is_new(&self, look: &Look) -> bool {
        look.changed >= self.since
    }

    /// Counts one reading of a directory, unless it was read often enough, or lies below itself, which `is_below_itself`
    /// finds out. `is_stamped` says that its ctime tells whether it was moved.
    pub(crate) fn admit(&self, look: &Look, is_stamped: bool, is_below_itself: impl FnOnce() -> bool) -> Admission {
        if is_stamped && !self.is_new(look) {
            return Admission::Read;
        }
        let key = (look.entry.id.dev, look.entry.id.ino, look.entry.mount);
        // Nothing panics while holding it.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match read.entry(key) {
            Entry::Vacant(first) => {
                first.insert(1);
                Admission::Read
            }
            Entry::Occupied(mut times) => match *times.get() {
                times if times > MOST => Admission::Known,
                MOST => {
                    times.insert(MOST + 1);
                    Admission::Refused
                }
                _ if is_below_itself() => {
                    times.insert(MOST + 1);
                    Admission::Refused
                }
                before => {
                    times.insert(before + 1);
                    Admission::Read
                }
            },
        }
    }
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
        assert!(visits.read.lock().unwrap().is_empty());
        // Where a rename leaves no trace, everything may have been moved.
        let answers: Vec<_> = (0..3).map(|_| visits.admit(&old, false, || false)).collect();
        assert_eq!(answers, [Admission::Read, Admission::Read, Admission::Refused]);
    }
}
