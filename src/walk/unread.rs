//! Why something wasn't read that is there: not for an errno, but for what others did to it meanwhile.

use crate::sys::SysError;
use rustix::io::Errno;
use std::fmt;

/// Why something was left unread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unread {
    /// The directory was read before, and moved since: below itself, or again and again.
    ReadBefore,
    /// It was moved away, or renamed, each time it was looked at.
    MovedAway,
    /// The directory was changed each time it was listed.
    Changing,
    /// So much vanished while the tree was read that not all of it was looked for again.
    TooManyGone,
    /// On the way to what was left over lies something else than the directory that was read.
    Exchanged,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unread::ReadBefore => {
                "this directory was read elsewhere before, and somebody moves it while the tree is read; it isn't read \
                 again, so look who does that, and run again"
            }
            Unread::MovedAway => {
                "each time this was looked at, it was renamed, or moved out of the tree and back again, just then; what \
                 was seen of it isn't told, so look who does that, and run again"
            }
            Unread::Changing => {
                "this directory was changed each time it was listed, so something in it may not have been seen; look who \
                 does that, and run again"
            }
            Unread::Exchanged => {
                "something else lies here than the directory that was read before, so what was left over of it isn't looked at; \
                 look who did that, and begin again"
            }
            Unread::TooManyGone => {
                "too much vanished while the tree was read to look for all of it again; of this and what vanished later \
                 nothing is told, so run again when less is removed"
            }
        })
    }
}

impl Unread {
    /// The nearest errno, for who tells of failed calls alone.
    pub(crate) fn as_error(self) -> SysError {
        let errno = match self {
            // As fts(3) and find(1) have it: a directory that is its own ancestor.
            Unread::ReadBefore => Errno::LOOP,
            Unread::MovedAway => Errno::STALE,
            Unread::Changing => Errno::AGAIN,
            Unread::TooManyGone => Errno::OVERFLOW,
            Unread::Exchanged => Errno::NOTDIR,
        };
        SysError { call: "openat2", errno }
    }
}
