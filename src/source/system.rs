//! What is the system's own and no user's: `/`, what the kernel shows of itself below /proc and /sys, and directories that
//! file systems make by themselves.

use super::mounts::{Class, Mount, classify};
use crate::model::entry::Entry;
use crate::model::mode::Mode;
use crate::sys::SysError;
use crate::sys::dir::same_mount;
use crate::sys::file_system::{is_read_only, kernel_file_system};
use crate::sys::root::hold_directory;
use crate::sys::stat::{Look, look};
use std::fmt;
use std::os::fd::AsFd;
use std::path::Path;

/// A directory that is no tree to be put right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SystemRoot {
    /// `/`, by whatever path.
    Top,
    /// In a file system that the kernel makes up, of this name.
    Kernel(&'static str),
}

/// Whether an open directory is the system's own.
pub(crate) fn system_root(dir: impl AsFd) -> Result<Option<SystemRoot>, SysError> {
    let top = hold_directory(Path::new("/"))?;
    let (top, this) = (look(&top)?.entry.id, look(dir.as_fd())?.entry.id);
    // Device and inode: a bind mount of `/` is `/` too.
    if (top.dev, top.ino) == (this.dev, this.ino) {
        return Ok(Some(SystemRoot::Top));
    }
    Ok(kernel_file_system(dir)?.map(SystemRoot::Kernel))
}

impl fmt::Display for SystemRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SystemRoot::Top => f.write_str("it is the root of the whole system"),
            SystemRoot::Kernel(name) => write!(f, "it lies in a file system of the kernel's own ({name})"),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_are_known_by_any_name() {
        let of = |path: &str| system_root(hold_directory(Path::new(path)).unwrap()).unwrap();
        assert_eq!(of("/"), Some(SystemRoot::Top));
        assert_eq!(of("/usr/.."), Some(SystemRoot::Top));
        assert_eq!(of("/proc/self/root"), Some(SystemRoot::Top));
        assert_eq!(of("/proc"), Some(SystemRoot::Kernel("proc")));
        assert_eq!(of("/proc/sys/kernel"), Some(SystemRoot::Kernel("proc")));
        let tree = tempfile::tempdir().unwrap();
        assert_eq!((of("/usr"), system_root(hold_directory(tree.path()).unwrap()).unwrap()), (None, None));
    }
}
