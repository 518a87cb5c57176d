//! Where an entry was met: what telling of it takes beside its own state.

use crate::judging::scope::{Region, Scope};
use crate::model::path::{Directory, TreePath};
use crate::source::walk::{Place, Whence};
use crate::sys::ladder::Ladder;
use std::cell::Cell;
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Where more can be asked about an entry.
#[derive(Clone, Copy)]
pub enum Reach<'a> {
    /// Of itself: it is an open directory.
    Open(BorrowedFd<'a>),
    /// Of a name in an open directory.
    Named(BorrowedFd<'a>, &'a CStr),
    /// Nowhere: its directory can't be opened any more.
    Lost,
}

/// A place in a region that an entry was met at.
pub trait Site {
    /// The entry's name.
    fn name(&self) -> &[u8];

    /// Its path from the root of one of the region's trees.
    fn path(&self, region: &Region<'_>, view: usize) -> TreePath;

    /// Where to ask more of it than statx(2) tells.
    fn reach(&self) -> Reach<'_>;

    /// Whether the names that led here still do, so that it hasn't been moved out of the tree.
    fn is_still_below(&self, ladder: &Ladder) -> bool;
}

/// A place that a walk came to.
pub struct Walked<'a, 'p> {
    /// The place.
    pub place: Place<'a, Scope<'p>>,
    /// The entry itself, where it is an open directory.
    pub own: Option<BorrowedFd<'a>>,
    /// Whether its directory was still below the root when that was last asked; asked once for all its entries.
    pub below: &'a Cell<Option<bool>>,
}

impl Site for Walked<'_, '_> {
    fn name(&self) -> &[u8] {
        self.place.name().to_bytes()
    }

    fn path(&self, _: &Region<'_>, view: usize) -> TreePath {
        path_of(self.place, view)
    }

    fn reach(&self) -> Reach<'_> {
        match (self.own, self.place.parent()) {
            (Some(own), _) => Reach::Open(own),
            (None, Some((parent, name))) => Reach::Named(parent, name),
            (None, None) => Reach::Lost,
        }
    }

    fn is_still_below(&self, ladder: &Ladder) -> bool {
        let below = self.below.get().unwrap_or_else(|| {
            // What can't be found out is left to apply, which looks everything up again.
            self.place.still_below(ladder.proc_fds.as_ref()).unwrap_or(true)
        });
        self.below.set(Some(below));
        below
    }
}

/// The path of a place from the root of one of its region's trees. It shares its directory with all that is told of in
/// there, and that one its own with what lies above.
pub fn path_of(place: Place<'_, Scope<'_>>, view: usize) -> TreePath {
    let mut known = Directory::default();
    let mut unknown = Vec::new();
    for (scope, whence) in place.line() {
        let shared = scope.path(view);
        if let Some(directory) = shared.and_then(|shared| shared.get()) {
            known = directory.clone();
            break;
        }
        unknown.push((scope, shared, whence));
    }
    for (scope, shared, whence) in unknown.into_iter().rev() {
        let make = || match whence {
            Whence::Name(name) => known.child(name.to_bytes()),
            Whence::Prefix(prefix) => {
                let path = scope.region.views[view].path(prefix);
                if path.is_empty() { Directory::default() } else { TreePath::from(&*path).as_directory() }
            }
        };
        known = shared.map_or_else(make, |shared| shared.get_or_make(make).clone());
    }
    if place.is_itself() { known.as_path() } else { TreePath::within(known, place.name().to_bytes()) }
}

/// An entry on the way from a root to where a walk starts.
pub struct Reached<'a> {
    /// An open directory.
    pub dir: &'a OwnedFd,
    /// The entry's name in that directory; `.` where it is the directory itself.
    pub at: &'a CStr,
    /// The entry's own name; `.` for a root.
    pub name: &'a [u8],
    /// Its path from the region's root.
    pub path: &'a [u8],
}

impl Site for Reached<'_> {
    fn name(&self) -> &[u8] {
        self.name
    }

    fn path(&self, region: &Region<'_>, view: usize) -> TreePath {
        TreePath::from(&*region.views[view].path(self.path))
    }

    fn reach(&self) -> Reach<'_> {
        if self.at == c"." { Reach::Open(self.dir.as_fd()) } else { Reach::Named(self.dir.as_fd(), self.at) }
    }

    fn is_still_below(&self, _: &Ladder) -> bool {
        true
    }
}
