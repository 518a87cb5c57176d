//! The directory that an output goes to: held, and not reached through what somebody else laid on the way.

use super::SysError;
use super::host::effective_uid;
use super::stat::look;
use crate::model::entry::{Entry, Kind};
use crate::model::mode::Mode as Bits;
use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// How many links are followed for one path, as path_resolution(7) has it.
const MOST_LINKS: u32 = 40;

/// Where a file is to be: a directory, and its name in there.
#[derive(Debug)]
pub(super) struct Spot {
    /// The directory, held as `O_PATH`.
    pub dir: OwnedFd,
    /// The name.
    pub name: OsString,
}

/// Why an output can't be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// A symbolic link where others could have laid it.
    #[error("{0:?} is a symbolic link, so whoever laid it would say what is written; name its real path")]
    Link(PathBuf),
    /// A `..` behind a directory that others can write, and so could have moved.
    #[error("{0:?}: others can write a directory before the `..`, so it leads where they want; name the real path")]
    Up(PathBuf),
    /// What can't be replaced, and isn't to be written to.
    #[error(
        "it is {}: results go to files, to /dev/null, to a terminal, or to what is open already (/dev/stdout, \
             /dev/fd/N)", called(*.0)
    )]
    Special(Kind),
    /// A system call failed.
    #[error(transparent)]
    Sys(#[from] SysError),
}

fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Fifo => "a FIFO",
        Kind::Socket => "a socket",
        Kind::Block => "a block device",
        Kind::Char => "a device",
        Kind::Dir | Kind::File | Kind::Symlink => "no file that can be replaced",
    }
}

impl Spot {
    /// Finds the directory of a path, one component after the other, and holds it.
    pub(super) fn find(path: &Path) -> Result<Spot, OutputError> {
        let (way, name) = Way::to(path)?;
        Ok(Spot { dir: way.fd, name })
    }

    /// The same, past links at the end that nobody else could have laid; what they lead to needn't be there.
    pub(super) fn find_past_links(path: &Path) -> Result<Spot, OutputError> {
        let (mut way, mut name) = Way::to(path)?;
        loop {
            let there = match way.open(&name) {
                Ok(there) => look(&there)?.entry,
                Err(error) if error.errno == Errno::NOENT => break,
                Err(error) => return Err(error.into()),
            };
            if there.kind != Kind::Symlink {
                break;
            }
            way.is_shared |= is_shared(&look(&way.fd)?.entry, &there);
            let target = way.target(&name, &there)?;
            name = name_at_end(&target)?;
            way.go(target.parent().unwrap_or(Path::new("")))?;
        }
        Ok(Spot { dir: way.fd, name })
    }
}

/// The name that a path ends in: `Path` takes `out/` and `out/.` for `out`, but only a directory is called so.
fn name_at_end(path: &Path) -> Result<OsString, OutputError> {
    let no_file = SysError { call: "open", errno: Errno::ISDIR };
    let is_name = |name: &&[u8]| !matches!(*name, b"" | b"." | b"..");
    let name = path.as_os_str().as_bytes().rsplit(|&byte| byte == b'/').next().filter(is_name).ok_or(no_file)?;
    Ok(OsStr::from_bytes(name).into())
}

/// A directory on the way.
struct Way {
    fd: OwnedFd,
    at: PathBuf,
    /// Whether others could have put another directory in the place of this one: what lies from here on is in their hands.
    is_shared: bool,
    links: u32,
}

impl Way {
    /// The way to the directory of a path, and the name in there.
    fn to(path: &Path) -> Result<(Way, OsString), OutputError> {
        let name = name_at_end(path)?;
        let mut way = Way { fd: hold(b".")?, at: PathBuf::new(), is_shared: false, links: 0 };
        way.go(path.parent().unwrap_or(Path::new("")))?;
        Ok((way, name))
    }

    fn go(&mut self, path: &Path) -> Result<(), OutputError> {
        for component in path.components() {
            match component {
                Component::RootDir => (self.fd, self.at, self.is_shared) = (hold(b"/")?, "/".into(), false),
                Component::Normal(name) => self.enter(name)?,
                Component::ParentDir => self.leave()?,
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
        Ok(())
    }

    fn enter(&mut self, name: &OsStr) -> Result<(), OutputError> {
        let next = self.open(name)?;
        let (above, entry) = (look(&self.fd)?.entry, look(&next)?.entry);
        self.is_shared |= is_shared(&above, &entry);
        match entry.kind {
            Kind::Symlink => self.follow(name, &entry),
            Kind::Dir => {
                self.fd = next;
                self.at.push(name);
                Ok(())
            }
            _ => Err(SysError { call: "open", errno: Errno::NOTDIR }.into()),
        }
    }

    fn leave(&mut self) -> Result<(), OutputError> {
        let above = self.open(OsStr::new(".."))?;
        self.at.push("..");
        // Who can write the directory above may have moved this one into it.
        if self.is_shared || is_shared(&look(&above)?.entry, &look(&self.fd)?.entry) {
            return Err(OutputError::Up(self.at.clone()));
        }
        self.fd = above;
        Ok(())
    }

    fn follow(&mut self, name: &OsStr, link: &Entry) -> Result<(), OutputError> {
        let target = self.target(name, link)?;
        self.go(&target)
    }

    /// Where a link leads, if nobody else could have laid it.
    fn target(&mut self, name: &OsStr, link: &Entry) -> Result<PathBuf, OutputError> {
        if self.is_shared || !is_ours(link) {
            return Err(OutputError::Link(self.at.join(name)));
        }
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(SysError { call: "open", errno: Errno::LOOP }.into());
        }
        let target = readlinkat(&self.fd, name, Vec::new()).map_err(SysError::of("readlinkat"))?;
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    fn open(&self, name: &OsStr) -> Result<OwnedFd, SysError> {
        openat(&self.fd, name, HOLD, Mode::empty()).map_err(SysError::of("open"))
    }
}

const HOLD: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn hold(path: &[u8]) -> Result<OwnedFd, SysError> {
    openat(CWD, path, HOLD | OFlags::DIRECTORY, Mode::empty()).map_err(SysError::of("open"))
}

/// Whether somebody else than root and the user can rename, remove and replace an entry of a directory.
fn is_shared(dir: &Entry, entry: &Entry) -> bool {
    let mode = dir.state.mode;
    // In a sticky directory nobody else can rename what is ours (unlink(2), EPERM).
    let is_kept = mode.has(Bits::STICKY) && is_ours(entry);
    !is_ours(dir) || (mode.lets_others_write() && !is_kept)
}

fn is_ours(entry: &Entry) -> bool {
    entry.state.uid == 0 || entry.state.uid == effective_uid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn links_are_followed_only_where_nobody_else_could_lay_them() {
        let tree = tempfile::tempdir().unwrap();
        let path = |below: &str| tree.path().join(below);
        fs::create_dir_all(path("share/real/deep")).unwrap();
        fs::create_dir(path("mine")).unwrap();
        symlink("real", path("share/link")).unwrap();
        symlink(path("share/real"), path("absolute")).unwrap();
        symlink("link", path("share/again")).unwrap();
        symlink("round", path("share/round")).unwrap();
        symlink("../share/real", path("mine/over")).unwrap();
        let refused = |below: &str| match Spot::find(&path(below)) {
            Ok(_) => None,
            Err(OutputError::Sys(error)) => Some(error.errno_name()),
            Err(OutputError::Link(at) | OutputError::Up(at)) => Some(at.display().to_string()),
            Err(OutputError::Special(kind)) => Some(kind.to_string()),
        };
        let link = |below: &str| Some(path(below).display().to_string());
        for below in ["share/link/out", "share/again/out", "absolute/out", "share/real/../out", "mine/over/deep/out"] {
            assert_eq!(refused(below), None, "{below}");
        }
        assert_eq!(refused("share/round/out"), Some("ELOOP".into()));
        assert_eq!(refused("share/none/out"), Some("ENOENT".into()));
        for mode in [0o777, 0o770, 0o707, 0o2775] {
            chmod(&path("share"), mode);
            assert_eq!(refused("share/link/out"), link("share/link"), "{mode:o}");
            assert_eq!(refused("share/real/../out"), link("share/real/.."), "{mode:o}");
            assert_eq!(refused("share/real/deep/out"), None, "{mode:o}");
            // What lies below may have been moved there.
            symlink("deep", path("share/real/inner")).unwrap();
            assert_eq!(refused("share/real/inner/out"), link("share/real/inner"), "{mode:o}");
            fs::remove_file(path("share/real/inner")).unwrap();
        }
        chmod(&path("share"), 0o1777);
        assert_eq!(refused("share/link/out"), None, "sticky, and the link is ours");
        for end in ["share/", "share/..", "."] {
            assert_eq!(refused(end), Some("EISDIR".into()), "{end}");
        }
    }

    #[test]
    fn the_directory_is_held_whatever_becomes_of_its_name() {
        let tree = tempfile::tempdir().unwrap();
        let path = |below: &str| tree.path().join(below);
        fs::create_dir(path("a")).unwrap();
        let spot = Spot::find(&path("a/out")).unwrap();
        fs::rename(path("a"), path("b")).unwrap();
        fs::create_dir(path("a")).unwrap();
        let held = look(&spot.dir).unwrap().entry.id;
        assert_eq!(held, look(fs::File::open(path("b")).unwrap()).unwrap().entry.id);
    }
}
