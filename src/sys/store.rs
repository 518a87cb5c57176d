//! The state folder's files: made private, written whole, synced.

use super::SysError;
use crate::entry::Kind;
use crate::sys::stat::{Look, look};
use rustix::fs::{
    AtFlags, Dir, Mode, OFlags, RenameFlags, fstatvfs, fsync, mkdirat, open, openat, renameat_with, unlinkat,
};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// The folder in which runs and locks are kept: nobody but root and its user can write there.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    fd: OwnedFd,
}

/// Where a state folder's name comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// It is the default: made when missing.
    Make,
    /// Somebody named it: an error when missing, for it may be a slip.
    Refuse,
}

/// Why a state folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It, or a directory above it, is not there.
    #[error("the state folder {0:?} does not exist; make it, with mode 0700, or name another with --state-dir")]
    Missing(PathBuf),
    /// The way there goes through something that is not a directory.
    #[error("the state folder's path goes through {0:?}, which is {1}; name its real path with --state-dir")]
    NotDirectory(PathBuf, &'static str),
    /// Others could exchange what is kept there.
    #[error(
        "{0:?} could be written by {1}; what is kept in the state folder could not be trusted: change it, or name \
             another with --state-dir"
    )]
    Writable(PathBuf, String),
    /// A system call failed.
    #[error("the state folder {0:?} can't be used: {1}")]
    Sys(PathBuf, SysError),
}

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Store {
    /// Opens the state folder, after a look at every directory above it.
    pub fn open(path: &Path, missing: Missing) -> Result<Store, StoreError> {
        let path = std::path::absolute(path)
            .map_err(|error| StoreError::Sys(path.into(), SysError::of_io("getcwd")(error)))?;
        let sys = |call: &'static str| move |at: &Path, errno| StoreError::Sys(at.into(), SysError { call, errno });
        let mut at = PathBuf::from("/");
        let mut fd = open(c"/", OFlags::RDONLY | DIRECTORY, Mode::empty()).map_err(|errno| sys("open")(&at, errno))?;
        trusted(&fd, &at)?;
        for component in path.components() {
            let name = match component {
                Component::Normal(name) => name,
                Component::ParentDir => "..".as_ref(),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
            };
            at.push(name);
            if missing == Missing::Make {
                match mkdirat(&fd, name, Mode::RWXU) {
                    // EROFS and EACCES come before EEXIST; opening tells what there is.
                    Ok(()) | Err(Errno::EXIST | Errno::ROFS | Errno::ACCESS) => {}
                    Err(errno) => return Err(sys("mkdirat")(&at, errno)),
                }
            }
            fd = match openat(&fd, name, OFlags::RDONLY | DIRECTORY, Mode::empty()) {
                Ok(fd) => fd,
                // A directory above that others may enter but not list.
                Err(Errno::ACCESS) => openat(&fd, name, OFlags::PATH | DIRECTORY, Mode::empty())
                    .map_err(|errno| sys("openat")(&at, errno))?,
                Err(Errno::NOENT) => return Err(StoreError::Missing(path)),
                Err(Errno::LOOP) => return Err(StoreError::NotDirectory(at, "a symbolic link")),
                Err(Errno::NOTDIR) => return Err(StoreError::NotDirectory(at, "a symbolic link or no directory")),
                Err(errno) => return Err(sys("openat")(&at, errno)),
            };
            trusted(&fd, &at)?;
        }
        Ok(Store { path, fd })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens one of its folders, making it when missing.
    pub fn folder(&self, name: &str) -> Result<Folder, SysError> {
        match mkdirat(&self.fd, name, Mode::RWXU) {
            Ok(()) => fsync(&self.fd).map_err(SysError::of("fsync"))?,
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(SysError { call: "mkdirat", errno }),
        }
        let fd = openat(&self.fd, name, OFlags::RDONLY | DIRECTORY, Mode::empty()).map_err(SysError::of("openat"))?;
        Ok(Folder { path: self.path.join(name), fd })
    }

    /// How many bytes the user may still write there.
    pub fn free_bytes(&self) -> Result<u64, SysError> {
        let stat = fstatvfs(&self.fd).map_err(SysError::of("fstatvfs"))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// Refuses a directory that somebody else than root and the user could put things into, sticky ones excepted: what lies
/// next on the way there is looked at itself.
fn trusted(fd: &OwnedFd, path: &Path) -> Result<(), StoreError> {
    let Look { entry, .. } = look(fd).map_err(|error| StoreError::Sys(path.into(), error))?;
    let state = entry.state;
    if state.uid != 0 && state.uid != super::host::effective_uid() {
        return Err(StoreError::Writable(path.into(), format!("its owner, uid {}", state.uid)));
    }
    let others = crate::mode::Mode::new(0o022);
    if entry.kind == Kind::Dir && state.mode.has_any(others) && !state.mode.has(crate::mode::Mode::STICKY) {
        let whom = if state.mode.has(crate::mode::Mode::OTHER_WRITE) {
            format!("anyone (mode {})", state.mode)
        } else {
            format!("its group, gid {} (mode {})", state.gid, state.mode)
        };
        return Err(StoreError::Writable(path.into(), whom));
    }
    Ok(())
}

/// A folder of the state folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    fd: OwnedFd,
}

impl Folder {
    /// The path of a file in it, for messages.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a new file for appending, 0600; an error if there is one of that name, whatever it is.
    pub fn create(&self, name: &str) -> Result<File, SysError> {
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR).map(File::from).map_err(SysError::of("openat"))
    }

    /// Opens a file for reading.
    pub fn open(&self, name: &str) -> Result<File, SysError> {
        self.open_with(name, OFlags::RDONLY | OFlags::NONBLOCK)
    }

    /// Opens a file to be locked, making it when missing.
    pub fn open_lock(&self, name: &str) -> Result<File, SysError> {
        // Network file systems lock for one alone only what is open for writing.
        self.open_with(name, OFlags::RDWR | OFlags::CREATE)
    }

    fn open_with(&self, name: &str, flags: OFlags) -> Result<File, SysError> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR).map(File::from).map_err(SysError::of("openat"))
    }

    /// Gives a file its final name, unless there is one of that name already, and syncs the folder.
    pub fn publish(&self, from: &str, to: &str) -> Result<(), SysError> {
        match renameat_with(&self.fd, from, &self.fd, to, RenameFlags::NOREPLACE) {
            // Some file systems rename without flags only; the names of runs are new ones.
            Err(Errno::INVAL) => rustix::fs::renameat(&self.fd, from, &self.fd, to).map_err(SysError::of("renameat")),
            answer => answer.map_err(SysError::of("renameat2")),
        }?;
        fsync(&self.fd).map_err(SysError::of("fsync"))
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> Result<(), SysError> {
        unlinkat(&self.fd, name, AtFlags::empty()).map_err(SysError::of("unlinkat"))
    }

    /// The names in it that are text, sorted.
    pub fn names(&self) -> Result<Vec<String>, SysError> {
        let mut names = vec![];
        for entry in Dir::read_from(self.fd.as_fd()).map_err(SysError::of("getdents64"))? {
            let entry = entry.map_err(SysError::of("getdents64"))?;
            names.extend(entry.file_name().to_str().ok().filter(|name| !name.starts_with('.')).map(String::from));
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// Counts what goes through it and refuses what goes beyond a limit.
#[derive(Debug)]
pub struct Limited<W> {
    inner: W,
    left: u64,
}

impl<W: Write> Limited<W> {
    /// Lets at most `limit` bytes through to `inner`.
    pub fn new(inner: W, limit: u64) -> Limited<W> {
        Limited { inner, left: limit }
    }
}

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let written = self.inner.write(bytes)?;
        self.left -= written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn makes_the_default_and_refuses_a_missing_named_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/sgidlint");
        assert!(matches!(Store::open(&path, Missing::Refuse), Err(StoreError::Missing(_))));
        let store = Store::open(&path, Missing::Make).unwrap();
        let folder = store.folder("runs").unwrap();
        folder.create("a").unwrap();
        assert_eq!(folder.create("a").unwrap_err().errno, Errno::EXIST);
        for (path, mode) in [("", 0o700), ("runs", 0o700), ("runs/a", 0o600)] {
            assert_eq!(fs::metadata(store.path().join(path)).unwrap().mode() & 0o7777, mode, "{path}");
        }
        assert_eq!(store.folder("runs").unwrap().names().unwrap(), ["a"]);
    }

    #[test]
    fn refuses_links_and_what_others_can_write() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path();
        fs::create_dir_all(base.join("wide/state")).unwrap();
        symlink("wide", base.join("link")).unwrap();
        chmod(&base.join("wide"), 0o700);
        assert!(Store::open(&base.join("wide/state"), Missing::Refuse).is_ok());
        assert!(matches!(
            Store::open(&base.join("link/state"), Missing::Refuse),
            Err(StoreError::NotDirectory(at, _)) if at.ends_with("link")
        ));
        for (mode, allowed) in [(0o770, false), (0o707, false), (0o1777, true), (0o755, true)] {
            chmod(&base.join("wide"), mode);
            assert_eq!(Store::open(&base.join("wide/state"), Missing::Refuse).is_ok(), allowed, "{mode:o}");
        }
        chmod(&base.join("wide/state"), 0o777);
        assert!(matches!(Store::open(&base.join("wide/state"), Missing::Refuse), Err(StoreError::Writable(..))));
    }

    #[test]
    fn a_link_in_its_place_is_not_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Missing::Refuse).unwrap();
        let folder = store.folder("runs").unwrap();
        symlink("/dev/null", dir.path().join("runs/a")).unwrap();
        assert_eq!(folder.create("a").unwrap_err().errno, Errno::EXIST);
        assert_eq!(folder.open("a").unwrap_err().errno, Errno::LOOP);
    }
}
