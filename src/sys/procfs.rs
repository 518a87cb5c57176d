//! What procfs tells of our own descriptors.

use rustix::fs::readlinkat_raw;
use rustix::path::DecInt;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

/// The longest path that procfs tells: proc_pid_fd(5) says nothing, d_path() of the kernel gets one page.
const LONGEST: usize = 4096;

/// Lets `hear` have the path that leads to what a descriptor holds, by the names that directories have right now;
/// `fds` is `/proc/self/fd`. `None` where procfs can't tell, as of paths that are too long.
///
/// One call that looks up one name, however deep that is: the kernel writes the path from the end. A directory that
/// was removed has ` (deleted)` behind its last name.
pub(crate) fn with_path_of<T>(fds: &OwnedFd, fd: impl AsFd, hear: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let mut buffer = [MaybeUninit::<u8>::uninit(); LONGEST];
    let (path, rest) = readlinkat_raw(fds, DecInt::from_fd(fd), &mut buffer).ok()?;
    // readlink(2) cuts off what there is no room for, and doesn't say so.
    (!rest.is_empty()).then(|| hear(path))
}

#[cfg(test)]
mod tests {
    use super::super::dir::{Reach, open_at};
    use super::super::features::KernelFeatures;
    use super::*;
    use std::fs::{File, create_dir, remove_dir, rename};
    use std::os::unix::ffi::OsStrExt;
    use tempfile::tempdir;

    #[test]
    fn a_path_is_the_one_right_now() {
        let tree = tempdir().unwrap();
        let at = |name: &str| tree.path().canonicalize().unwrap().join(name).as_os_str().as_bytes().to_vec();
        create_dir(tree.path().join("a\nb")).unwrap();
        let fds = KernelFeatures::for_looking().proc_fds.expect("a Linux with /proc");
        let held = open_at(File::open(&tree).unwrap(), c"a\nb", Reach::Mount).unwrap();
        let path = || with_path_of(&fds, &held, <[u8]>::to_vec);
        assert_eq!(path(), Some(at("a\nb")));
        rename(tree.path().join("a\nb"), tree.path().join("c")).unwrap();
        assert_eq!(path(), Some(at("c")));
        remove_dir(tree.path().join("c")).unwrap();
        assert_eq!(path(), Some(at("c (deleted)")));
    }

    #[test]
    fn what_is_too_long_is_not_told() {
        let tree = tempdir().unwrap();
        let fds = KernelFeatures::for_looking().proc_fds.expect("a Linux with /proc");
        let mut at: OwnedFd = File::open(&tree).unwrap().into();
        let name = std::ffi::CString::new("n".repeat(250)).unwrap();
        let mut told = 0;
        for _ in 0..20 {
            rustix::fs::mkdirat(&at, &*name, rustix::fs::Mode::RWXU).unwrap();
            at = open_at(&at, &name, Reach::Mount).unwrap();
            told += usize::from(with_path_of(&fds, &at, |path| assert!(path.ends_with(name.to_bytes()))).is_some());
        }
        assert!((10..17).contains(&told), "{told}");
    }
}
