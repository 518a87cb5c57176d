//! Where an entry was met: what telling of it takes beside its own state.

use crate::sys::SysError;
use crate::sys::held::{Crossing, Held};
use crate::sys::ladder::Ladder;
use crate::walk::Place;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A place in a region that an entry was met at.
pub trait Site {
    /// The entry's name.
    fn name(&self) -> &[u8];

    /// Its path from the region's root, built on demand.
    fn path(&self) -> Vec<u8>;

    /// Holds it, to ask more of it than statx(2) tells.
    fn hold(&self, ladder: &Ladder) -> Option<Result<Held, SysError>>;

    /// Whether the names that led here still do, so that it hasn't been moved out of the tree.
    fn is_still_below(&self) -> bool;
}

/// A place that a walk came to.
pub struct Walked<'a, H> {
    /// The place.
    pub place: Place<'a, H>,
    /// The entry itself, where it is an open directory.
    pub own: Option<BorrowedFd<'a>>,
}

impl<H> Site for Walked<'_, H> {
    fn name(&self) -> &[u8] {
        self.place.name().to_bytes()
    }

    fn path(&self) -> Vec<u8> {
        self.place.path()
    }

    fn hold(&self, ladder: &Ladder) -> Option<Result<Held, SysError>> {
        match (self.own, self.place.parent()) {
            (Some(own), _) => Some(Held::find(own, b".", Crossing::Allowed, ladder)),
            (None, Some((parent, name))) => Some(Held::find(parent, name.to_bytes(), Crossing::Allowed, ladder)),
            (None, None) => None,
        }
    }

    fn is_still_below(&self) -> bool {
        // What can't be found out is left to apply, which looks everything up again.
        self.place.still_below().unwrap_or(true)
    }
}

/// An entry on the way from a root to where a walk starts.
pub struct Reached<'a> {
    /// An open directory.
    pub dir: &'a OwnedFd,
    /// The entry's name in that directory; `.` where it is the directory itself.
    pub at: &'a [u8],
    /// The entry's own name; `.` for a root.
    pub name: &'a [u8],
    /// Its path from the region's root.
    pub path: &'a [u8],
}

impl Site for Reached<'_> {
    fn name(&self) -> &[u8] {
        self.name
    }

    fn path(&self) -> Vec<u8> {
        self.path.to_vec()
    }

    fn hold(&self, ladder: &Ladder) -> Option<Result<Held, SysError>> {
        Some(Held::find(self.dir.as_fd(), self.at, Crossing::Allowed, ladder))
    }

    fn is_still_below(&self) -> bool {
        true
    }
}
