//! Whether what a name leads to is what was listed with it: whoever may write a directory can exchange two names between
//! the listing and the look, so that what was listed is told of under neither.

use super::dir::Dir;
use crate::sys::dir::same_mount;
use crate::sys::handle::Handle;
use crate::sys::listing::Ino;
use crate::sys::stat::{Glance, Look};

/// The inode of what is in the place of a subvolume that lies in a snapshot of the one around it: nobody can rename it
/// (`BTRFS_EMPTY_SUBVOL_DIR_OBJECTID`; the kernel's fs/btrfs/inode.c, btrfs_rename).
const NO_SUBVOLUME: u64 = 2;

/// Whether what was looked at is what was listed; taken to be, where the file system's listings don't tell.
pub(super) fn is_as_listed<H>(
    dir: &Dir<H>,
    ino: Option<Ino>,
    look: &Look,
    handle: impl FnOnce() -> Option<Handle>,
) -> bool {
    let (Some(ino), home) = (ino, &dir.seen.entry) else { return true };
    if look.entry.id.ino == ino.get() && look.entry.id.dev == home.id.dev {
        return true;
    }
    // What lies below a mount isn't seen; and it can't be renamed.
    if !dir.traits.lists_inodes || !same_mount(home, &look.entry) || look.entry.id.ino == NO_SUBVOLUME {
        return true;
    }
    // A subvolume is listed with its own number, and its inode has the same in each.
    look.entry.id.dev != home.id.dev && handle().is_none_or(|handle| subvolume(&handle) == Some(ino.get()))
}

/// The same of what was glanced at.
pub(super) fn may_be_as_listed<H>(dir: &Dir<H>, ino: Option<Ino>, glance: &Glance) -> bool {
    !dir.traits.lists_inodes || ino.is_none_or(|ino| ino.get() == glance.ino)
}

/// The subvolume of btrfs that a handle lies in (`struct btrfs_fid` of the kernel's fs/btrfs/export.h).
fn subvolume(handle: &Handle) -> Option<u64> {
    /// `FILEID_BTRFS_WITHOUT_PARENT` and the two with one, of linux/exportfs.h.
    const KINDS: std::ops::RangeInclusive<u32> = 0x4d..=0x4f;
    let (kind, fid) = handle.bytes().split_first_chunk()?;
    let root = fid.get(8..16)?.first_chunk()?;
    KINDS.contains(&u32::from_le_bytes(*kind)).then(|| u64::from_ne_bytes(*root))
}

#[cfg(test)]
mod tests {
    use super::super::dir::{Start, testing};
    use super::super::visits::Visits;
    use super::*;
    use crate::source::mounts::Mounts;
    use crate::sys::stat::{glance_at, look, look_at};
    use std::fs::{self, File};
    use std::os::fd::OwnedFd;

    #[test]
    fn another_inode_is_not_what_was_listed_where_listings_tell() {
        let tree = tempfile::tempdir().unwrap();
        fs::write(tree.path().join("f"), "").unwrap();
        let fd: OwnedFd = File::open(tree.path()).unwrap().into();
        let (seen, glance, here) = (look_at(&fd, c"f").unwrap(), glance_at(&fd, c"f").unwrap(), look(&fd).unwrap());
        let own = Ino::new(seen.entry.id.ino);
        let other = own.and_then(|ino| ino.checked_add(1));
        let answers = |dir: &Dir<()>| {
            [own, other, None].map(|ino| (is_as_listed(dir, ino, &seen, || None), may_be_as_listed(dir, ino, &glance)))
        };
        let told = format!("{} 1 0:1 / / rw - ext4 x rw\n", here.entry.mount);
        let start = Start { dir: fd.try_clone().unwrap(), look: here, here: (), prefix: Vec::new(), units: None };
        let told = Dir::start(start, (&Mounts::parse(told.as_bytes()), &Visits::default()));
        assert_eq!(answers(&told), [(true, true), (false, false), (true, true)]);
        assert_eq!(answers(&testing::start(tree.path())), [(true, true); 3], "of a mount that isn't known");
    }

    #[test]
    fn a_subvolume_is_told_by_its_handle() {
        let fid = [7_u64.to_ne_bytes(), 300_u64.to_ne_bytes()].concat();
        let handle = |kind: u32| Handle::from_bytes(&[&kind.to_le_bytes()[..], &fid].concat());
        assert_eq!([0x4d, 0x4f, 0x1].map(|kind| subvolume(&handle(kind))), [Some(300), Some(300), None]);
        assert_eq!(subvolume(&Handle::from_bytes(&[0x4d, 0, 0, 0, 1])), None);
    }
}
