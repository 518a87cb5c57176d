//! Directories that are the system's own: `/`, and what the kernel shows of itself below /proc and /sys.

use super::SysError;
use super::root::hold_directory;
use super::stat::look;
use rustix::fs::{FsWord, fstatfs};
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

/// Whether an open directory is the system's own.
pub(crate) fn system_root(dir: impl AsFd) -> Result<Option<SystemRoot>, SysError> {
    let top = hold_directory(Path::new("/"))?;
    let (top, this) = (look(&top)?.entry.id, look(dir.as_fd())?.entry.id);
    // Device and inode: a bind mount of `/` is `/` too.
    if (top.dev, top.ino) == (this.dev, this.ino) {
        return Ok(Some(SystemRoot::Top));
    }
    let kind = fstatfs(dir).map_err(SysError::of("fstatfs"))?.f_type;
    let kernel = KERNELS.into_iter().find(|(number, _)| *number == kind);
    Ok(kernel.map(|(_, name)| SystemRoot::Kernel(name)))
}

/// The same of a directory by its path; one that can't be opened is left to who opens it.
pub(crate) fn system_root_at(path: &Path) -> Result<Option<SystemRoot>, SysError> {
    match hold_directory(path) {
        Ok(fd) => system_root(fd),
        Err(_) => Ok(None),
    }
}

impl fmt::Display for SystemRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SystemRoot::Top => f.write_str("it is the root of the whole system"),
            SystemRoot::Kernel(name) => write!(f, "it lies in a file system of the kernel's own ({name})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_are_known_by_any_name() {
        let of = |path: &str| system_root_at(Path::new(path)).unwrap();
        assert_eq!(of("/"), Some(SystemRoot::Top));
        assert_eq!(of("/usr/.."), Some(SystemRoot::Top));
        assert_eq!(of("/proc/self/root"), Some(SystemRoot::Top));
        assert_eq!(of("/proc"), Some(SystemRoot::Kernel("proc")));
        assert_eq!(of("/proc/sys/kernel"), Some(SystemRoot::Kernel("proc")));
        assert_eq!((of("/usr"), of("/no-such")), (None, None));
        let tree = tempfile::tempdir().unwrap();
        assert_eq!(system_root_at(tree.path()).unwrap(), None);
    }
}
