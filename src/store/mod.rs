//! The state folder: only root and its user can write it, and what is made there is private.

pub(crate) mod state_file;

use crate::model::entry::{Entry, Kind, State};
use crate::model::mode::Mode as Bits;
use crate::sys::stat::{look, look_at};
use crate::sys::{SysError, host};
use rustix::fs::{
    AtFlags, Dir, FlockOperation, Mode, OFlags, RenameFlags, flock, fstatvfs, fsync, mkdirat, open, openat,
    renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use state_file::StateFile;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// The folder in which runs and locks are kept: nobody but root and its user can write there.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    fd: OwnedFd,
}

/// Where a state folder's name comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Missing {
    /// It is the default: made when missing.
    Make,
    /// Somebody named it: an error when missing, for it may be a slip.
    Refuse,
}

/// Why a state folder can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// It, or a directory above it, is not there.
    #[error("the state folder {0:?} does not exist; make it, with mode 0700, or name another with --state-dir")]
    Missing(PathBuf),
    /// The way there goes through something that is not a directory.
    #[error(
        "the state folder's path goes through {0:?}, a symbolic link or no directory; name its real path with \
             --state-dir"
    )]
    NotDirectory(PathBuf),
    /// Others could exchange what is kept there.
    #[error(
        "{0:?} can be written by {1}, so what is kept in the state folder can't be trusted; change that, or name \
             another with --state-dir"
    )]
    Writable(PathBuf, String),
    /// Others could have put it there, or still have a hand in it.
    #[error(
        "{0:?} {1}, so it can't be trusted, nor can the state folder that it lies in; look who made it, then remove \
             it, or name another folder with --state-dir"
    )]
    Planted(PathBuf, String),
    /// Nobody in this user namespace owns it: its owner is not mapped (user_namespaces(7)).
    #[error(
        "{0:?} belongs to nobody who is known in this user namespace (uid {1}), so what is kept in the state folder \
             can't be trusted; vouch for what lies above it with --trust-parents, and name a folder of your own with \
             --state-dir"
    )]
    Unmapped(PathBuf, u32),
    /// A system call failed.
    #[error("the state folder {0:?} can't be used: {1}")]
    Sys(PathBuf, SysError),
}

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Store {
    /// Opens the state folder, after a look at every directory above it and at all that lies in it.
    pub(crate) fn open(path: &Path, missing: Missing) -> Result<Store, StoreError> {
        Store::open_vouched(path, missing, None)
    }

    /// The same; what lies above it may belong to this uid too, which the caller vouches for.
    pub(crate) fn open_vouched(path: &Path, missing: Missing, vouched: Option<u32>) -> Result<Store, StoreError> {
        let path = std::path::absolute(path)
            .map_err(|error| StoreError::Sys(path.into(), SysError::of_io("getcwd")(error)))?;
        let mut at = PathBuf::from("/");
        let mut fd = open(c"/", OFlags::RDONLY | DIRECTORY, Mode::empty())
            .map_err(|errno| StoreError::Sys(at.clone(), SysError { call: "open", errno }))?;
        for component in path.components() {
            let name = match component {
                Component::Normal(name) => name,
                Component::ParentDir => "..".as_ref(),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
            };
            trusted_above(&fd, &at, vouched)?;
            at.push(name);
            fd = step(&fd, name, missing).map_err(|error| match error.errno {
                Errno::NOENT => StoreError::Missing(path.clone()),
                Errno::LOOP | Errno::NOTDIR => StoreError::NotDirectory(at.clone()),
                _ => StoreError::Sys(at.clone(), error),
            })?;
        }
        trusted(&fd, &at)?;
        all_ours(&fd, &at, Below::Folders)?;
        Ok(Store { path, fd })
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens one of its folders, making it when missing.
    pub(crate) fn folder(&self, name: &str) -> Result<Folder, SysError> {
        match mkdirat(&self.fd, name, Mode::RWXU) {
            Ok(()) => fsync(&self.fd).map_err(SysError::of("fsync"))?,
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(SysError { call: "mkdirat", errno }),
        }
        let fd = openat(&self.fd, name, OFlags::RDONLY | DIRECTORY, Mode::empty()).map_err(SysError::of("openat"))?;
        Ok(Folder { path: self.path.join(name), fd })
    }

    /// How many bytes the user may still write there.
    pub(crate) fn free_bytes(&self) -> Result<u64, SysError> {
        let stat = fstatvfs(&self.fd).map_err(SysError::of("fstatvfs"))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// Opens a directory of another one, and no symbolic link; makes it where that is wanted.
fn step(dir: &OwnedFd, name: &OsStr, missing: Missing) -> Result<OwnedFd, SysError> {
    let opened = |flags| openat(dir, name, flags | DIRECTORY, Mode::empty());
    match opened(OFlags::RDONLY) {
        // One that the user may enter but not list.
        Err(Errno::ACCESS) => opened(OFlags::PATH),
        Err(Errno::NOENT) if missing == Missing::Make => {
            match mkdirat(dir, name, Mode::RWXU) {
                // Another run may be making it, too.
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(SysError { call: "mkdirat", errno }),
            }
            opened(OFlags::RDONLY)
        }
        answer => answer,
    }
    .map_err(SysError::of("openat"))
}

/// Refuses a directory on the way in which somebody else than root and the user could exchange what lies next: in a sticky
/// one nobody else can, as that is root's or the user's, too.
fn trusted_above(fd: &OwnedFd, path: &Path, vouched: Option<u32>) -> Result<(), StoreError> {
    let state = look(fd).map_err(|error| StoreError::Sys(path.into(), error))?.entry.state;
    if !is_ours(state.uid) && vouched != Some(state.uid) {
        return Err(foreign(path, state.uid));
    }
    if state.mode.has(Bits::STICKY) { Ok(()) } else { unwritable(path, state) }
}

/// Refuses a state folder that somebody else than root and the user could put anything into: the sticky bit keeps what
/// is there from being renamed, but not others from making what isn't.
fn trusted(fd: &OwnedFd, path: &Path) -> Result<(), StoreError> {
    let state = look(fd).map_err(|error| StoreError::Sys(path.into(), error))?.entry.state;
    if is_ours(state.uid) { unwritable(path, state) } else { Err(foreign(path, state.uid)) }
}

fn is_ours(uid: u32) -> bool {
    uid == 0 || uid == host::effective_uid()
}

fn foreign(path: &Path, uid: u32) -> StoreError {
    match host::unmapped_uid() {
        Some(unmapped) if unmapped == uid => StoreError::Unmapped(path.into(), uid),
        _ => StoreError::Writable(path.into(), format!("its owner, uid {uid}")),
    }
}

fn unwritable(path: &Path, state: State) -> Result<(), StoreError> {
    let principal = writers(state);
    principal.map_or(Ok(()), |principal| Err(StoreError::Writable(path.into(), principal)))
}

/// Who beside its owner can write it.
fn writers(state: State) -> Option<String> {
    if state.mode.has(Bits::OTHER_WRITE) {
        return Some(format!("anyone (mode {})", state.mode));
    }
    state.mode.lets_others_write().then(|| format!("its group, gid {} (mode {})", state.gid, state.mode))
}

/// How far down is looked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    /// Into the folders as well.
    Folders,
    /// No further.
    Nothing,
}

/// Refuses what somebody else put there while they could, or can still write. What is found ours stays so: nobody else
/// can make anything in a directory that is ours and that only we can write.
fn all_ours(dir: &OwnedFd, path: &Path, below: Below) -> Result<(), StoreError> {
    let listing = Dir::read_from(dir.as_fd()).map_err(|errno| SysError { call: "getdents64", errno });
    for entry in listing.map_err(|error| StoreError::Sys(path.into(), error))? {
        let entry = entry.map_err(|errno| StoreError::Sys(path.into(), SysError { call: "getdents64", errno }))?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let at = path.join(OsStr::from_bytes(name.to_bytes()));
        let entry = match look_at(dir, name) {
            Ok(look) => look.entry,
            // Another run has ended meanwhile.
            Err(error) if error.is_absence() => continue,
            Err(error) => return Err(StoreError::Sys(at, error)),
        };
        if let Some(why) = doubt(&entry) {
            return Err(StoreError::Planted(at, why));
        }
        if entry.kind == Kind::Dir && below == Below::Folders {
            let fd = openat(dir, name, OFlags::RDONLY | DIRECTORY, Mode::empty());
            let fd = fd.map_err(|errno| StoreError::Sys(at.clone(), SysError { call: "openat", errno }))?;
            all_ours(&fd, &at, Below::Nothing)?;
        }
    }
    Ok(())
}

/// Why what lies in the state folder may not be what was put there.
fn doubt(entry: &Entry) -> Option<String> {
    if !is_ours(entry.state.uid) {
        return Some(format!("belongs to uid {}", entry.state.uid));
    }
    if entry.kind == Kind::Symlink {
        // It has no mode of its own, and it is never followed.
        return None;
    }
    if let Some(principal) = writers(entry.state) {
        return Some(format!("can be written by {principal}"));
    }
    // Who could link it here, where only we can by now, may have linked an old record under a new name.
    let linked = entry.kind == Kind::File && entry.nlink > 1;
    linked.then(|| format!("has {} names (hard links)", entry.nlink))
}

/// A folder of the state folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    fd: OwnedFd,
}

impl Folder {
    /// The path of a file in it, for messages.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a new file for appending, 0600; an error if there is one of that name, whatever it is.
    pub(crate) fn create(&self, name: &str) -> Result<StateFile, SysError> {
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR).map(StateFile::new).map_err(SysError::of("openat"))
    }

    /// Whether there is something of that name in it.
    pub(crate) fn holds(&self, name: &str) -> Result<bool, SysError> {
        match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(SysError { call: "newfstatat", errno }),
        }
    }

    /// Opens a file for reading.
    pub(crate) fn open(&self, name: &str) -> Result<StateFile, SysError> {
        self.open_with(name, OFlags::RDONLY | OFlags::NONBLOCK).map(StateFile::new)
    }

    /// Takes the turn to change which files lie in it, if no other process has it; it ends with the process.
    pub(crate) fn take_turn(&self) -> Result<bool, SysError> {
        match flock(&self.fd, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(errno) => Err(SysError { call: "flock", errno }),
        }
    }

    /// Ends the turn.
    pub(crate) fn end_turn(&self) {
        // What isn't held needs no letting go, and there is nothing else that can go wrong.
        flock(&self.fd, FlockOperation::Unlock).ok();
    }

    fn open_with(&self, name: &str, flags: OFlags) -> Result<File, SysError> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR).map(File::from).map_err(SysError::of("openat"))
    }

    /// Gives a file its final name, unless there is one of that name already, and syncs the folder.
    pub(crate) fn publish(&self, from: &str, to: &str) -> Result<(), SysError> {
        match renameat_with(&self.fd, from, &self.fd, to, RenameFlags::NOREPLACE) {
            // Some file systems rename without flags only; the names of runs are new ones.
            Err(Errno::INVAL) => rustix::fs::renameat(&self.fd, from, &self.fd, to).map_err(SysError::of("renameat")),
            answer => answer.map_err(SysError::of("renameat2")),
        }?;
        fsync(&self.fd).map_err(SysError::of("fsync"))
    }

    /// Removes a file.
    pub(crate) fn remove(&self, name: &str) -> Result<(), SysError> {
        unlinkat(&self.fd, name, AtFlags::empty()).map_err(SysError::of("unlinkat"))
    }

    /// The names in it that are text, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>, SysError> {
        let mut names = vec![];
        for entry in Dir::read_from(self.fd.as_fd()).map_err(SysError::of("getdents64"))? {
            let entry = entry.map_err(SysError::of("getdents64"))?;
            names.extend(entry.file_name().to_str().ok().filter(|name| !name.starts_with('.')).map(String::from));
        }
        names.sort_unstable();
        Ok(names)
    }
}

#[cfg(test)]
mod tests;
