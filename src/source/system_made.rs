//! Whether the file system itself made a directory that has the name of a snapshot folder, and not a user.

use super::mounts::{Class, Mount, classify};
use crate::model::entry::Entry;
use crate::model::mode::Mode;
use crate::sys::dir::same_mount;
use crate::sys::file_system::is_read_only;
use crate::sys::stat::Look;
use std::os::fd::AsFd;

/// The inode of lost+found as mke2fs(8) makes it: the first that isn't reserved (`EXT4_GOOD_OLD_FIRST_INO`).
const LOST_AND_FOUND: u64 = 11;

/// The inode of `.zfs` in every file system of ZFS (`ZFSCTL_INO_ROOT`).
const ZFS_CONTROL: u64 = 0x0000_ffff_ffff_ffff;

/// Whether the file system made a directory, or somebody who mounts file systems: it lies on another mount than the
/// directory above it, or nothing can be written there, or it has an inode that nobody else's has.
///
/// `fd` is it, or what is above; `mount_of` is asked seldom.
pub(crate) fn is_system_made(
    fd: impl AsFd,
    name: &[u8],
    look: &Look,
    above: &Entry,
    mount_of: impl FnOnce(u64) -> Option<Mount>,
) -> bool {
    let entry = &look.entry;
    let is_roots_alone = entry.state.uid == 0 && !entry.state.mode.has_any(Mode::new(0o022));
    let is_lost_and_found = name == b"lost+found" && entry.id.ino == LOST_AND_FOUND && is_roots_alone;
    let is_zfs_control = name == b".zfs" && entry.id.ino == ZFS_CONTROL;
    let is_apart = !same_mount(above, entry) || is_read_only(fd).unwrap_or(false);
    if !is_apart && !is_lost_and_found && !is_zfs_control {
        return false;
    }
    // Any user mounts file systems of their own (FUSE), which say what they like.
    mount_of(entry.mount).is_some_and(|mount| match mount.fs.as_str() {
        fs if classify(fs) == Class::Fuse => false,
        "ext2" | "ext3" | "ext4" => is_apart || is_lost_and_found,
        "zfs" => is_apart || is_zfs_control,
        _ => is_apart,
    })
}
