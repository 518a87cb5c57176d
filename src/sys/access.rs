//! What a thread that is somebody else may do: asked of the kernel, and nothing is changed.
#![allow(unsafe_code)]

use super::SysError;
use super::file_system::is_overlay;
use super::impersonation::Impersonating;
use super::signals;
use super::stat::{look, look_at};
use crate::model::entry::{Kind, State};
use crate::model::rights::Rights;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One of the rights that modes and ACLs give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Right {
    /// To read a file, or list a directory.
    Read,
    /// To write a file.
    Write,
    /// To execute a file, or to pass through a directory.
    Execute,
}

impl From<Right> for Rights {
    fn from(right: Right) -> Rights {
        match right {
            Right::Read => Rights::READ,
            Right::Write => Rights::WRITE,
            Right::Execute => Rights::PASS,
        }
    }
}

/// The kernel's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// They may.
    Yes,
    /// They may not, with what the call says: EACCES by bits, EPERM for the immutable, EROFS by the mount.
    No(Errno),
}

impl Answer {
    /// Whether they may.
    pub fn is_yes(self) -> bool {
        self == Answer::Yes
    }
}

/// What came of making a file that never had a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Making {
    /// It was made so, and is gone.
    Made(State),
    /// It could not be made.
    Refused(Errno),
    /// This file system doesn't make files without a name, or not without a trace.
    Unsupported,
}

/// What came of making something under a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Named {
    /// What came of making it; `None` where it was taken away before it could be looked at.
    pub making: Option<Making>,
    /// Why it could not be removed again, and was left behind: somebody took it elsewhere, or put something into it.
    pub left: Option<SysError>,
}

impl Impersonating {
    /// Whether they have these rights, all at once, to what a descriptor holds, whatever lies above it.
    pub fn may(&self, held: impl AsFd, rights: impl Into<Rights>) -> Result<Answer, SysError> {
        self.ask(held, c"", rights.into(), libc::AT_EMPTY_PATH)
    }

    /// Whether they have a right to a name in a directory, itself where it is a symbolic link; the directory's own bits
    /// count, but not what lies above it.
    pub fn may_at(&self, dir: impl AsFd, name: &CStr, right: Right) -> Result<Answer, SysError> {
        self.ask(dir, name, right.into(), libc::AT_SYMLINK_NOFOLLOW)
    }

    /// Whether they get to what an absolute path leads to, as the kernel goes there: symbolic links followed, but for
    /// those that nobody follows in a sticky directory (fs.protected_symlinks of proc(5)).
    pub fn reaches(&self, path: &CStr) -> Result<Answer, SysError> {
        self.ask(CWD, path, Rights::default(), 0)
    }

    /// Makes a file in a directory that has no name and can never get one (O_TMPFILE and O_EXCL of open(2)).
    ///
    /// On overlayfs that would copy the directory up to the upper layer, so there it isn't done.
    pub fn make_nameless(&self, dir: impl AsFd) -> Result<Making, SysError> {
        if is_overlay(&dir)? {
            return Ok(Making::Unsupported);
        }
        let flags = OFlags::TMPFILE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        match openat(&dir, c".", flags, Mode::from_raw_mode(0o666)) {
            Ok(file) => look(&file).map(|look| Making::Made(look.entry.state)),
            // EISDIR: what open(2) says where O_TMPFILE means nothing to it.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Ok(Making::Unsupported),
            Err(errno) if refuses(errno) => Ok(Making::Refused(errno)),
            Err(errno) => Err(SysError { call: "openat(O_TMPFILE)", errno }),
        }
    }

    /// Makes an empty file in a directory under a name that nobody has, and removes it again.
    ///
    /// Unlike what has no name, it can be seen meanwhile, and the directory's times change.
    pub fn make_named_file(&self, dir: impl AsFd) -> Result<Named, SysError> {
        let standing = Standing::begin()?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
        match openat(&dir, &*standing.name, flags, Mode::from_raw_mode(0o666)) {
            Ok(file) => {
                let left = standing.remove(&dir, AtFlags::empty()).err();
                Ok(Named { making: Some(Making::Made(look(&file)?.entry.state)), left })
            }
            Err(errno) if refuses(errno) => Ok(Named { making: Some(Making::Refused(errno)), left: None }),
            Err(errno) => Err(SysError { call: "openat(O_CREAT)", errno }),
        }
    }

    /// Makes a directory in a directory likewise.
    pub fn make_directory(&self, dir: impl AsFd) -> Result<Named, SysError> {
        let standing = Standing::begin()?;
        match mkdirat(&dir, &*standing.name, Mode::from_raw_mode(0o777)) {
            Ok(()) => {
                // By its name, for mkdir(2) gives no descriptor: who may rename it may put something else there.
                let seen = look_at(&dir, &standing.name).ok().filter(|look| look.entry.kind == Kind::Dir);
                let left = standing.remove(&dir, AtFlags::REMOVEDIR).err();
                Ok(Named { making: seen.map(|look| Making::Made(look.entry.state)), left })
            }
            Err(errno) if refuses(errno) => Ok(Named { making: Some(Making::Refused(errno)), left: None }),
            Err(errno) => Err(SysError { call: "mkdirat", errno }),
        }
    }

    /// Whether the kernel answers at all: before 5.8 it has no faccessat2(2) (ENOSYS), and the filters of some containers
    /// refuse all calls that they don't know (EPERM), which would read as a no to everything.
    pub fn is_answered(&self) -> Result<(), SysError> {
        let flags = libc::AT_EMPTY_PATH | libc::AT_EACCESS;
        // SAFETY: the name is a string with its NUL, and the kernel writes nothing to our memory.
        let answer = unsafe { libc::syscall(libc::SYS_faccessat2, -1, c"".as_ptr(), libc::X_OK, flags) };
        match SysError::of_io("faccessat2")(std::io::Error::last_os_error()) {
            // EBADF is the answer: no descriptor is -1.
            error if answer == -1 && matches!(error.errno, Errno::NOSYS | Errno::PERM) => Err(error),
            _ => Ok(()),
        }
    }

    fn ask(&self, dir: impl AsFd, name: &CStr, rights: Rights, flags: libc::c_int) -> Result<Answer, SysError> {
        // R_OK, W_OK and X_OK of access(2) are the bits of a mode.
        let mode = libc::c_int::from(rights.bits());
        let (dir, flags) = (dir.as_fd().as_raw_fd(), flags | libc::AT_EACCESS);
        // Not through the C library: where the kernel lacks the call, that would answer by its own reading of the mode.
        // SAFETY: the name is a string with its NUL, and the kernel writes nothing to our memory.
        let answer = unsafe { libc::syscall(libc::SYS_faccessat2, dir, name.as_ptr(), mode, flags) };
        if answer == 0 {
            return Ok(Answer::Yes);
        }
        match SysError::of_io("faccessat2")(std::io::Error::last_os_error()) {
            // What the immutable says, and what stands between us and the kernel.
            error if error.errno == Errno::PERM => self.is_answered().map(|()| Answer::No(error.errno)),
            error if refuses(error.errno) => Ok(Answer::No(error.errno)),
            error => Err(error),
        }
    }
}

/// What the names of all that stands in a tree for a moment begin with.
const PREFIX: &[u8] = b".sgidlint-probe-";

/// The names of what stands in some tree right now.
static STANDING: Mutex<Vec<CString>> = Mutex::new(Vec::new());

/// Whether something of this name, made by this process, stands in some tree right now. It is no part of the tree; what
/// others call so is.
pub(crate) fn stands(name: &CStr) -> bool {
    name.to_bytes().starts_with(PREFIX) && standing().iter().any(|ours| **ours == *name)
}

fn standing() -> MutexGuard<'static, Vec<CString>> {
    // Nothing panics while holding it.
    STANDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives, something stands in a tree that is to be removed: an interrupt doesn't end the process.
struct Standing {
    name: CString,
}

impl Standing {
    fn begin() -> Result<Standing, SysError> {
        let name = unique_name()?;
        standing().push(name.clone());
        signals::hold();
        Ok(Standing { name })
    }

    fn remove(&self, dir: impl AsFd, flags: AtFlags) -> Result<(), SysError> {
        unlinkat(dir, &*self.name, flags).map_err(SysError::of("unlinkat(.sgidlint-probe-*)"))
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        signals::release();
        standing().retain(|ours| *ours != self.name);
    }
}

/// A name that nobody can foresee.
fn unique_name() -> Result<CString, SysError> {
    let name = format!("{:032x}", u128::from_ne_bytes(random()?));
    CString::new([PREFIX, name.as_bytes()].concat()).map_err(|_| SysError { call: "getrandom", errno: Errno::INVAL })
}

/// Bytes that nobody can foresee.
pub(crate) fn random() -> Result<[u8; 16], SysError> {
    let mut random = [0_u8; 16];
    let got = getrandom(&mut random, GetRandomFlags::empty()).map_err(SysError::of("getrandom"))?;
    if got < random.len() { Err(SysError { call: "getrandom", errno: Errno::AGAIN }) } else { Ok(random) }
}

/// Whether an errno means that somebody may not, rather than that it couldn't be found out.
fn refuses(errno: Errno) -> bool {
    // EOVERFLOW: the user has no id in the file system's user namespace. ENOSPC, EDQUOT: nobody, or not they, for now.
    matches!(
        errno,
        Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::OVERFLOW | Errno::NOSPC | Errno::DQUOT | Errno::TXTBSY
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_right_now_is_ours() {
        let standing = Standing::begin().unwrap();
        let (name, others) = (standing.name.clone(), unique_name().unwrap());
        assert!(stands(&name) && !stands(&others) && !stands(c"name"));
        drop(standing);
        assert!(!stands(&name), "whoever takes such a name later doesn't hide behind it");
    }
}
