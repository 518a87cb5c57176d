//! Entries on another mount than their directory: only the visitor can agree to those.

use super::dir::Dir;
use super::place::Place;
use super::visitor::{Crossing, Standing, Visitor};
use crate::source::mounts::{Class, Mounts, classify};
use crate::sys::SysError;
use crate::sys::dir::{OnMount, mount_at, same_mount};
use crate::sys::stat::Look;
use rustix::io::Errno;

/// Whether somebody's own FUSE mount is in the way that refuses all others, root too; then the visitor is told.
pub(crate) fn is_shut<V: Visitor>(
    visitor: &mut V,
    dir: &Dir<V::Here>,
    at: Place<'_, V::Here>,
    error: SysError,
) -> bool {
    let Some((above, name)) = at.parent().filter(|_| error.errno == Errno::ACCESS) else { return false };
    let Ok(mount) = mount_at(above, name) else { return false };
    // It may be younger than the list that the walk began with.
    let is_fuse = |mounts: Mounts| mounts.by_id(mount.id).is_some_and(|mount| classify(&mount.fs) == Class::Fuse);
    let is_shut = mount.id != dir.seen.entry.mount && Mounts::read().is_ok_and(is_fuse);
    if is_shut && visitor.mount(at, mount) == Crossing::Enter {
        visitor.shut(at);
    }
    is_shut
}

/// Whether an entry is on the mount of its directory, or the visitor agrees to what is mounted over it.
pub(crate) fn is_agreed<V: Visitor>(visitor: &mut V, dir: &Dir<V::Here>, at: Place<'_, V::Here>, look: &Look) -> bool {
    let over = OnMount { id: look.entry.mount, automount: false };
    same_mount(&dir.seen.entry, &look.entry) || visitor.mount(at, over) == Crossing::Enter
}

/// Tells a visitor of an entry that isn't a directory; one that is mounted over only if it agrees.
pub(crate) fn tell<V: Visitor>(visitor: &mut V, dir: &Dir<V::Here>, at: Place<'_, V::Here>, look: &Look) -> Standing {
    match is_agreed(visitor, dir, at, look) {
        true => visitor.entry(at, look),
        false => Standing::Told,
    }
}
