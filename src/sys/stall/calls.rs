//! The calls that a file system can hold up, and how each names what it is about.

/// How a call names what it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum About {
    /// A directory by descriptor, and a name in it.
    Name,
    /// A descriptor.
    Descriptor,
    /// A descriptor of what may as well be a pipe or a terminal.
    Stream,
    /// A path.
    Path,
}

/// Calls that have these numbers on every architecture of Linux but alpha; libc lacks some of them.
const NEW: [(libc::c_long, &str, About); 7] = [
    (437, "openat2", About::Name),
    (439, "faccessat2", About::Name),
    (452, "fchmodat2", About::Name),
    (463, "setxattrat", About::Name),
    (464, "getxattrat", About::Name),
    (465, "listxattrat", About::Name),
    (466, "removexattrat", About::Name),
];

/// Calls that reach for what lies in a file system.
#[rustfmt::skip]
const CALLS: [(libc::c_long, &str, About); 42] = [
    (libc::SYS_openat, "openat", About::Name), (libc::SYS_statx, "statx", About::Name),
    (libc::SYS_newfstatat, "newfstatat", About::Name), (libc::SYS_fchownat, "fchownat", About::Name),
    (libc::SYS_fchmodat, "fchmodat", About::Name), (libc::SYS_faccessat, "faccessat", About::Name),
    (libc::SYS_readlinkat, "readlinkat", About::Name), (libc::SYS_name_to_handle_at, "name_to_handle_at", About::Name),
    (libc::SYS_mkdirat, "mkdirat", About::Name), (libc::SYS_unlinkat, "unlinkat", About::Name),
    (libc::SYS_linkat, "linkat", About::Name), (libc::SYS_renameat2, "renameat2", About::Name),
    (libc::SYS_utimensat, "utimensat", About::Name), (libc::SYS_getdents64, "getdents64", About::Descriptor),
    (libc::SYS_lseek, "lseek", About::Descriptor), (libc::SYS_fstat, "fstat", About::Descriptor),
    (libc::SYS_fchown, "fchown", About::Descriptor), (libc::SYS_fchmod, "fchmod", About::Descriptor),
    (libc::SYS_fchdir, "fchdir", About::Descriptor), (libc::SYS_fstatfs, "fstatfs", About::Descriptor),
    (libc::SYS_fgetxattr, "fgetxattr", About::Descriptor), (libc::SYS_flistxattr, "flistxattr", About::Descriptor),
    (libc::SYS_fsync, "fsync", About::Descriptor), (libc::SYS_fdatasync, "fdatasync", About::Descriptor),
    (libc::SYS_ftruncate, "ftruncate", About::Descriptor), (libc::SYS_fallocate, "fallocate", About::Descriptor),
    (libc::SYS_close, "close", About::Descriptor), (libc::SYS_read, "read", About::Stream),
    (libc::SYS_pread64, "pread64", About::Stream), (libc::SYS_readv, "readv", About::Stream),
    (libc::SYS_write, "write", About::Stream), (libc::SYS_pwrite64, "pwrite64", About::Stream),
    (libc::SYS_writev, "writev", About::Stream), (libc::SYS_chdir, "chdir", About::Path),
    (libc::SYS_statfs, "statfs", About::Path), (libc::SYS_truncate, "truncate", About::Path),
    (libc::SYS_getxattr, "getxattr", About::Path), (libc::SYS_lgetxattr, "lgetxattr", About::Path),
    (libc::SYS_listxattr, "listxattr", About::Path), (libc::SYS_llistxattr, "llistxattr", About::Path),
    (libc::SYS_setxattr, "setxattr", About::Path), (libc::SYS_removexattr, "removexattr", About::Path),
];

/// Calls that newer architectures lack, and that C libraries make where they are.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const OLD: [(libc::c_long, &str, About); 13] = [
    (libc::SYS_open, "open", About::Path), (libc::SYS_stat, "stat", About::Path), (libc::SYS_lstat, "lstat", About::Path),
    (libc::SYS_access, "access", About::Path), (libc::SYS_readlink, "readlink", About::Path),
    (libc::SYS_chown, "chown", About::Path), (libc::SYS_lchown, "lchown", About::Path),
    (libc::SYS_chmod, "chmod", About::Path), (libc::SYS_mkdir, "mkdir", About::Path),
    (libc::SYS_rmdir, "rmdir", About::Path), (libc::SYS_unlink, "unlink", About::Path),
    (libc::SYS_link, "link", About::Path), (libc::SYS_rename, "rename", About::Path),
];

#[cfg(not(target_arch = "x86_64"))]
const OLD: [(libc::c_long, &str, About); 0] = [];

/// The name of a call, and how it names what it is about; `None` for one that no file system holds up.
pub(super) fn known(number: u64) -> Option<(&'static str, About)> {
    let calls = CALLS.iter().chain(&NEW).chain(&OLD);
    calls.copied().find(|&(known, ..)| u64::try_from(known) == Ok(number)).map(|(_, name, about)| (name, about))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_one_line_and_the_number_that_libc_knows() {
        let numbers: Vec<_> = CALLS.iter().chain(&NEW).chain(&OLD).map(|&(number, ..)| number).collect();
        let mut unique = numbers.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), numbers.len());
        assert_eq!((NEW[0].0, NEW[1].0), (libc::SYS_openat2, libc::SYS_faccessat2));
        for (number, name, about) in [
            (465, "listxattrat", About::Name),
            (463, "setxattrat", About::Name),
            (466, "removexattrat", About::Name),
            (452, "fchmodat2", About::Name),
        ] {
            assert_eq!(known(number), Some((name, about)));
        }
        assert_eq!(known(libc::SYS_futex as u64), None, "waiting for another thread is no hang");
    }
}
