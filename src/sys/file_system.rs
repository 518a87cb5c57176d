//! What the kernel says of the file system that a descriptor lies on, and of those that are mounted.

use super::SysError;
use rustix::fs::{FsWord, StatVfsMountFlags, fstatfs, fstatvfs};
use std::os::fd::AsFd;

/// `OVERLAYFS_SUPER_MAGIC` of linux/magic.h.
const OVERLAYFS: FsWord = 0x794c_7630;

/// Its id (`f_fsid`), which outlives a boot; 0 where it has none.
pub(crate) fn file_system_id(fd: impl AsFd) -> Result<u64, SysError> {
    Ok(fstatvfs(fd).map_err(SysError::of("fstatfs"))?.f_fsid)
}

/// Whether it is overlayfs, where a change, also of something below, makes a new inode with a new birth time behind the
/// same device and inode number.
pub(crate) fn is_overlay(fd: impl AsFd) -> Result<bool, SysError> {
    Ok(fstatfs(fd).map_err(SysError::of("fstatfs"))?.f_type == OVERLAYFS)
}

/// Whether nothing can be written there: the mount, or the file system, is read-only.
pub(crate) fn is_read_only(fd: impl AsFd) -> Result<bool, SysError> {
    let flags = fstatvfs(fd).map_err(SysError::of("fstatfs"))?.f_flag;
    Ok(flags.contains(StatVfsMountFlags::RDONLY))
}

/// The mounts of the process, as proc_pid_mountinfo(5) lists them.
pub(crate) fn mountinfo() -> Result<Vec<u8>, SysError> {
    std::fs::read("/proc/self/mountinfo").map_err(SysError::of_io("read(/proc/self/mountinfo)"))
}
