//! Where an entry was met: what telling of it takes beside its own state.

use super::acls::AclAnswer;
use crate::judging::scope::{Region, Scope};
use crate::model::acl::Listed;
use crate::model::entry::{Entry, Extras};
use crate::model::path::{Directory, TreePath};
use crate::source::mounts::Mounts;
use crate::source::system::is_system_made;
use crate::source::told::Told;
use crate::sys::acl::{self, Which};
use crate::sys::dir::same_mount;
use crate::sys::features::KernelFeatures;
use crate::sys::file_system::is_read_only;
use crate::sys::handle::Handle;
use crate::sys::root::nearest_owner;
use crate::sys::stat::{Look, look, look_at};
use crate::sys::{SysError, squash, xattr};
use crate::walk::{Place, Whence};
use rustix::io::Errno;
use std::cell::Cell;
use std::ffi::CStr;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// Where more can be asked about an entry.
#[derive(Clone, Copy)]
pub(super) enum Reach<'a> {
    /// Of itself: it is an open directory, held as this kernel can.
    Open(BorrowedFd<'a>, &'a KernelFeatures),
    /// Of a name in an open directory.
    Named(BorrowedFd<'a>, &'a CStr, &'a KernelFeatures),
    /// Nowhere: its directory can't be opened any more.
    Lost,
    /// Nowhere: all that is known of it is what its source told.
    Told(&'a Told),
}

/// A place in a region that an entry was met at.
pub(super) trait Site {
    /// The entry's name.
    fn name(&self) -> &[u8];

    /// Its path from the root of one of the region's trees.
    fn path(&self, region: &Region<'_>, view: usize) -> TreePath;

    /// Where more can be asked of it than statx(2) tells.
    fn reach(&self) -> Reach<'_>;

    /// Whether the names that led here still do, so that it hasn't been moved out of the tree.
    fn is_still_below(&self) -> bool;

    /// What extended attributes say. What can't be asked is taken for there: then nothing is widened. Apply asks again
    /// before it changes something.
    fn extras(&self) -> Extras {
        let asked = match self.reach() {
            Reach::Open(dir, features) => xattr::extras_of_open(dir, features).ok(),
            Reach::Named(dir, name, features) => xattr::extras_at(dir, name, features).ok(),
            Reach::Lost => None,
            Reach::Told(told) => return told.look.entry.extras.clone(),
        };
        asked.unwrap_or(Extras { acl: true, capabilities: true, hidden: true, ..Extras::default() })
    }

    /// One of its ACLs.
    fn acl(&self, which: Which) -> AclAnswer {
        let listed = match self.reach() {
            Reach::Open(dir, features) => acl::listed_of_open(dir, which, features),
            Reach::Named(dir, name, features) => match acl::listed_at(dir, name, which, features) {
                // A link that has taken its place has none either: it is its directory's file system that is meant.
                Ok(Listed::Never) if !is_without_acls(dir, features) => return AclAnswer::Untold,
                listed => listed,
            },
            Reach::Lost => return AclAnswer::Untold,
            Reach::Told(told) => {
                let Extras { access, default, .. } = &told.look.entry.extras;
                let (is_told, acl) = match which {
                    Which::Access => (told.acls.access, access),
                    Which::Default => (told.acls.default, default),
                };
                return if is_told { AclAnswer::Is(acl.as_deref().cloned()) } else { AclAnswer::Untold };
            }
        };
        match listed {
            Ok(Listed::Yes(acl)) => AclAnswer::Is(Some(acl)),
            Ok(Listed::No) => AclAnswer::Is(None),
            Ok(Listed::Never) => AclAnswer::Never,
            Err(error) => AclAnswer::Failed(error),
        }
    }

    /// Whether the server of a network file system takes root for somebody else here (`root_squash`, exports(5)), who can
    /// change nothing but what they own.
    fn is_squashed(&self, entry: &Entry) -> bool {
        match self.reach() {
            Reach::Open(dir, _) => squash::is_squashed(dir, c".", entry),
            Reach::Named(dir, name, _) => squash::is_squashed(dir, name, entry),
            Reach::Lost | Reach::Told(_) => false,
        }
    }

    /// Whether nothing can be changed in the directory that it is or lies in, if that is on its mount.
    fn is_kept_read_only(&self, entry: &Entry) -> bool {
        match self.reach() {
            Reach::Open(dir, _) => is_read_only(dir).unwrap_or(false),
            Reach::Named(dir, _, _) => {
                let is_on_its_mount = look(dir).is_ok_and(|above| same_mount(&above.entry, entry));
                is_on_its_mount && is_read_only(dir).unwrap_or(false)
            }
            Reach::Lost | Reach::Told(_) => false,
        }
    }

    /// How many directories above it, one in the other, are of its mount and its file system.
    fn levels_alike(&self, _: &Entry) -> usize {
        0
    }

    /// Whether it was made below a default ACL, as far as that shows: a directory inherits one, of anything else the
    /// directory that it lies in has it.
    fn is_below_default_acl(&self) -> bool {
        match self.reach() {
            Reach::Open(dir, _) | Reach::Named(dir, _, _) => xattr::has_default_acl(dir).unwrap_or(false),
            Reach::Lost => false,
            Reach::Told(told) => told.look.entry.extras.acls.default.is_some(),
        }
    }

    /// What tells the entry from every other across boots.
    fn handle(&self) -> Option<Handle> {
        match self.reach() {
            Reach::Open(dir, _) => Handle::of(dir),
            Reach::Named(dir, name, _) => Handle::at(dir, name),
            Reach::Lost | Reach::Told(_) => None,
        }
    }

    /// Whether the file system made it, a directory that has the name of a default exclude.
    fn is_made(&self, look: &Look, above: &Entry, mounts: &Mounts) -> bool {
        match self.reach() {
            Reach::Open(fd, _) | Reach::Named(fd, _, _) => {
                is_system_made(fd, self.name(), look, above, |id| mounts.by_id(id).cloned())
            }
            // What can't be asked isn't believed.
            Reach::Lost => false,
            Reach::Told(told) => told.is_system_made,
        }
    }
}

/// Whether the file system of a directory keeps no ACLs.
fn is_without_acls(dir: BorrowedFd<'_>, features: &KernelFeatures) -> bool {
    matches!(acl::listed_of_open(dir, Which::Access, features), Ok(Listed::Never))
}

/// What a directory was asked that holds for all its entries.
#[derive(Clone, Copy, Default)]
pub(super) struct DirectoryAnswers {
    /// Whether it is still below the root.
    below: Option<bool>,
    /// Whether nothing can be changed in it.
    read_only: Option<bool>,
}

/// So many levels at most are climbed to name a read-only place, so that a long chain doesn't cost the square of its length.
const MOST_LEVELS: usize = 256;

/// A place that a walk came to.
pub(super) struct Walked<'a, 'p> {
    /// The place.
    pub place: Place<'a, Scope<'p>>,
    /// The entry itself, where it is an open directory.
    pub own: Option<BorrowedFd<'a>>,
    /// What was asked of its directory, once for all its entries.
    pub asked: &'a Cell<DirectoryAnswers>,
    /// How entries are held on this kernel.
    pub features: &'a KernelFeatures,
}

impl Site for Walked<'_, '_> {
    fn reach(&self) -> Reach<'_> {
        match (self.own, self.place.parent()) {
            (Some(own), _) => Reach::Open(own, self.features),
            (None, Some((parent, name))) => Reach::Named(parent, name, self.features),
            (None, None) => Reach::Lost,
        }
    }

    fn name(&self) -> &[u8] {
        self.place.name().to_bytes()
    }

    fn path(&self, _: &Region<'_>, view: usize) -> TreePath {
        path_of(self.place, view)
    }

    fn is_still_below(&self) -> bool {
        let asked = self.asked.get();
        let below = asked.below.unwrap_or_else(|| {
            // What can't be found out is left to apply, which looks everything up again.
            self.place.still_below(self.features.proc_fds.as_ref()).unwrap_or(true)
        });
        self.asked.set(DirectoryAnswers { below: Some(below), ..asked });
        below
    }

    fn is_kept_read_only(&self, entry: &Entry) -> bool {
        let dir = match self.reach() {
            Reach::Open(own, _) => return is_read_only(own).unwrap_or(false),
            Reach::Named(dir, _, _) if same_mount(&self.place.here().entry, entry) => dir,
            _ => return false,
        };
        let asked = self.asked.get();
        let read_only = asked.read_only.unwrap_or_else(|| is_read_only(dir).unwrap_or(false));
        self.asked.set(DirectoryAnswers { read_only: Some(read_only), ..asked });
        read_only
    }

    fn levels_alike(&self, entry: &Entry) -> usize {
        let is_alike = |above: &Entry| same_mount(above, entry) && above.id.dev == entry.id.dev;
        self.place.line().take(MOST_LEVELS).take_while(|(scope, _)| is_alike(&scope.entry)).count()
    }
}

/// The path of a place from the root of one of its region's trees. It shares its directory with all that is told of in
/// there, and that one its own with what lies above.
pub(super) fn path_of(place: Place<'_, Scope<'_>>, view: usize) -> TreePath {
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

/// Who could open what couldn't be looked at (EACCES): its owner, or that of the directory whose names can't be passed to.
pub(super) fn keeper_at(place: Place<'_, Scope<'_>>, error: &SysError) -> Option<u32> {
    if error.errno != Errno::ACCESS {
        return None;
    }
    let seen = place.parent().and_then(|(dir, name)| look_at(dir, name).ok());
    Some(seen.map_or(place.here().entry.state.uid, |look| look.entry.state.uid))
}

/// The same by an absolute path: the owner of what is nearest to it and can be looked at.
pub(super) fn keeper_of(path: &Path, error: &SysError) -> Option<u32> {
    (error.errno == Errno::ACCESS).then(|| nearest_owner(path)).flatten()
}

/// An entry that nobody walked to: on the way from a root to where a walk starts, or told of by a source.
pub(super) struct Reached<'a> {
    /// Where more can be asked of it.
    pub reach: Reach<'a>,
    /// Its own name; `.` for a root.
    pub name: &'a [u8],
    /// Its path from the region's root.
    pub path: &'a [u8],
}

impl Site for Reached<'_> {
    fn reach(&self) -> Reach<'_> {
        self.reach
    }

    fn name(&self) -> &[u8] {
        self.name
    }

    fn path(&self, region: &Region<'_>, view: usize) -> TreePath {
        TreePath::from(&*region.views[view].path(self.path))
    }

    fn is_still_below(&self) -> bool {
        true
    }
}
