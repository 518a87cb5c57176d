//! Which of the calls that came late the running kernel has, and what stands in for the others.
#![allow(unsafe_code)]

use super::SysError;
use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC, ResolveFlags, fstatfs, open, openat2};
use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// fchmodat2(2) has this number on every architecture of Linux but alpha.
const SYS_FCHMODAT2: libc::c_long = 452;

/// How entries are found and changed here: the newest way that the kernel, or a container's filter, lets through.
#[derive(Debug)]
pub(crate) struct KernelFeatures {
    /// How a path below a root is opened.
    pub open: OpenRung,
    /// How the mode of a held entry is changed.
    pub chmod: ChmodRung,
    /// `/proc/self/fd`, where procfs is mounted: extended attributes of held entries are read through it.
    pub proc_fds: Option<OwnedFd>,
}

/// How a path below a root is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OpenRung {
    /// By openat2(2), Linux 5.6 and later: the kernel keeps to what lies below.
    Openat2,
    /// Component by component, none of them a symbolic link.
    Components,
}

/// How the mode of a held entry is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChmodRung {
    /// By fchmodat2(2), Linux 6.6 and later.
    Fchmodat2,
    /// By its name in `/proc/self/fd`.
    ProcFd,
}

impl KernelFeatures {
    /// Tries, without changing anything, what the kernel can do.
    pub(crate) fn of_this_kernel() -> KernelFeatures {
        KernelFeatures { open: open_rung(), chmod: chmod_rung(), proc_fds: proc_fds() }
    }

    /// The same for who only looks: not even a chmod that must fail is tried, and none may be made.
    pub(crate) fn for_looking() -> KernelFeatures {
        KernelFeatures { open: open_rung(), chmod: ChmodRung::ProcFd, proc_fds: proc_fds() }
    }

    /// The held-open `/proc/self/fd`, or why `call` can't be done without it.
    pub(crate) fn need_proc(&self, call: &'static str) -> Result<&OwnedFd, SysError> {
        // ENOSYS: what the caller wanted to call is missing, and there is no procfs to do it by.
        self.proc_fds.as_ref().ok_or(SysError { call, errno: Errno::NOSYS })
    }
}

fn open_rung() -> OpenRung {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(CWD, c".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve) {
        // Filters of containers answer EPERM to what they don't know.
        Err(Errno::NOSYS | Errno::PERM) => OpenRung::Components,
        _ => OpenRung::Openat2,
    }
}

fn chmod_rung() -> ChmodRung {
    // Where the call exists, no descriptor is EBADF.
    match fchmodat2(-1, 0) {
        Err(Errno::NOSYS | Errno::PERM) => ChmodRung::ProcFd,
        _ => ChmodRung::Fchmodat2,
    }
}

/// Opens `/proc/self/fd`, unless something else than procfs lies there.
fn proc_fds() -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fds = open(c"/proc/self/fd", flags, Mode::empty()).ok()?;
    let is_procfs = fstatfs(&fds).is_ok_and(|stat| stat.f_type == PROC_SUPER_MAGIC);
    is_procfs.then_some(fds)
}

/// chmod of what a descriptor holds.
pub(super) fn fchmodat2_held(fd: BorrowedFd<'_>, mode: u32) -> Result<(), Errno> {
    fchmodat2(fd.as_raw_fd(), mode)
}

fn fchmodat2(fd: libc::c_int, mode: u32) -> Result<(), Errno> {
    // SAFETY: the path is a constant string with its NUL, and the kernel writes nothing to our memory.
    let answer = unsafe { libc::syscall(SYS_FCHMODAT2, fd, c"".as_ptr(), mode, libc::AT_EMPTY_PATH) };
    match answer {
        0 => Ok(()),
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
    }
}
