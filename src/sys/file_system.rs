//! What the kernel says of the file system that a descriptor lies on, and of those that are mounted.

use super::SysError;
use rustix::fs::{Access, AtFlags, FsWord, StatVfsMountFlags, accessat, fstatfs, fstatvfs};
use rustix::io::Errno;
use std::os::fd::AsFd;

/// `OVERLAYFS_SUPER_MAGIC` of linux/magic.h.
const OVERLAYFS: FsWord = 0x794c_7630;

/// The file systems of /proc and /sys, by their number in linux/magic.h.
const KERNELS: [(FsWord, &str); 7] = [
    (0x9fa0, "proc"),
    (0x6265_6572, "sysfs"),
    (0x6367_7270, "cgroup2"),
    (0x0027_e0eb, "cgroup"),
    (0x6462_6720, "debugfs"),
    (0x7472_6163, "tracefs"),
    (0x7363_6673, "securityfs"),
];

/// Its id (`f_fsid`), which outlives a boot; 0 where it has none.
pub(crate) fn file_system_id(fd: impl AsFd) -> Result<u64, SysError> {
    Ok(fstatvfs(fd).map_err(SysError::of("fstatfs"))?.f_fsid)
}

/// Whether it is overlayfs, where a change, also of something below, makes a new inode with a new birth time behind the
/// same device and inode number.
pub(crate) fn is_overlay(fd: impl AsFd) -> Result<bool, SysError> {
    Ok(fstatfs(fd).map_err(SysError::of("fstatfs"))?.f_type == OVERLAYFS)
}

/// The name of it where the kernel makes it up.
pub(crate) fn kernel_file_system(fd: impl AsFd) -> Result<Option<&'static str>, SysError> {
    let kind = fstatfs(fd).map_err(SysError::of("fstatfs"))?.f_type;
    Ok(KERNELS.into_iter().find(|(number, _)| *number == kind).map(|(_, name)| name))
}

/// Whether nothing can be written in an open directory: the mount is read-only, the file system, or a part of it (a snapshot
/// of btrfs), of which only the kernel's refusal tells.
pub(crate) fn is_read_only(dir: impl AsFd) -> Result<bool, SysError> {
    let flags = fstatvfs(&dir).map_err(SysError::of("fstatfs"))?.f_flag;
    let is_refused = || accessat(&dir, c".", Access::WRITE_OK, AtFlags::empty()) == Err(Errno::ROFS);
    Ok(flags.contains(StatVfsMountFlags::RDONLY) || is_refused())
}

/// The mounts of the process, as proc_pid_mountinfo(5) lists them.
pub(crate) fn mountinfo() -> Result<Vec<u8>, SysError> {
    std::fs::read("/proc/self/mountinfo").map_err(SysError::of_io("read(/proc/self/mountinfo)"))
}
