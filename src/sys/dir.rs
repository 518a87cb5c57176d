//! Directories by descriptor: opening them below one another.

use super::SysError;
use super::stat::{look, look_at};
use crate::model::entry::Entry;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, StatxAttributes, StatxFlags, openat, openat2, statx};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::OnceLock;

/// The longest piece of a path that one call takes: PATH_MAX counts the NUL.
const PIECE: usize = libc::PATH_MAX as usize - 1;

/// How a directory is opened that is to be read.
pub(super) const READ: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// How a directory is opened that is only passed through; it needs no right to read it.
pub(super) const PASS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Whether opening may go over to another mount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// EXDEV where another mount begins.
    Mount,
    /// Any mount.
    Any,
}

/// Opens the directory `name` of a directory for reading; ENOTDIR or ELOOP if it isn't one.
pub(crate) fn open_at(dir: impl AsFd, name: &CStr, reach: Reach) -> Result<OwnedFd, SysError> {
    Way::best().open(dir, name, READ, reach)
}

/// Opens the directory at a relative path of any length below a directory, without a link or `..` on the way.
pub(crate) fn open_beneath(dir: impl AsFd, path: &[u8], reach: Reach) -> Result<OwnedFd, SysError> {
    Way::best().open_far(dir, path, READ, reach)
}

/// Finds the directory at a relative path likewise, only to tell which one it is: it needs no right to read it.
pub(crate) fn find_beneath(dir: impl AsFd, path: &[u8], reach: Reach) -> Result<OwnedFd, SysError> {
    Way::best().open_far(dir, path, PASS, reach)
}

/// Holds what has a name in a directory, whatever it is: a symbolic link itself. It needs no right to it.
pub(crate) fn hold_at(dir: impl AsFd, name: impl rustix::path::Arg) -> Result<OwnedFd, SysError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(dir, name, flags, Mode::empty()).map_err(SysError::of("openat"))
}

/// Another descriptor of what one holds.
pub(crate) fn duplicate(fd: impl AsFd) -> Result<OwnedFd, SysError> {
    fd.as_fd().try_clone_to_owned().map_err(SysError::of_io("fcntl(F_DUPFD_CLOEXEC)"))
}

/// Whether two entries lie on one mount; where the kernel doesn't say (before 5.8), on one device.
pub(crate) fn same_mount(one: &Entry, other: &Entry) -> bool {
    match (one.mount, other.mount) {
        (0, _) | (_, 0) => one.id.dev == other.id.dev,
        (one, other) => one == other,
    }
}

/// The mount an entry is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OnMount {
    /// Its id, as statx(2) and mountinfo have it; 0 where the kernel doesn't say.
    pub id: u64,
    /// Whether going there would mount something (automount point).
    pub automount: bool,
}

/// Tells the mount that a name leads to, without mounting it or asking its server.
pub(crate) fn mount_at(dir: impl AsFd, name: &CStr) -> Result<OnMount, SysError> {
    // A dead server must not hang us before anyone decided to go there.
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
    // Nothing is asked for: then even a FUSE mount of somebody's that refuses all others (no allow_other, mount.fuse3(8))
    // says its device instead of EACCES, and the kernel fills in the mount whatever is asked.
    let stat = statx(dir, name, flags, StatxFlags::empty()).map_err(SysError::of("statx"))?;
    let told = stat.stx_mask & StatxFlags::MNT_ID.bits() != 0;
    Ok(OnMount {
        id: if told { stat.stx_mnt_id } else { 0 },
        automount: stat.stx_attributes.contains(StatxAttributes::AUTOMOUNT),
    })
}

/// How directories are opened: by what the kernel, or a seccomp filter, lets us use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// openat2(2), which keeps below the directory and on the mount by itself.
    Resolve,
    /// openat(2), one component at a time, mounts compared around it.
    Component,
}

impl Way {
    /// The best way there is, found out once.
    pub(super) fn best() -> Way {
        static BEST: OnceLock<Way> = OnceLock::new();
        // ENOSYS before Linux 5.6; EPERM from the seccomp filters of some containers.
        *BEST.get_or_init(|| match openat2(CWD, c"/", PASS, Mode::empty(), ResolveFlags::NO_MAGICLINKS) {
            Err(Errno::NOSYS | Errno::PERM) => Way::Component,
            _ => Way::Resolve,
        })
    }

    fn open(self, dir: impl AsFd, name: &CStr, flags: OFlags, reach: Reach) -> Result<OwnedFd, SysError> {
        match self {
            Way::Resolve => resolve(dir, name, flags, reach),
            Way::Component => component(dir, name, flags, reach),
        }
    }

    pub(super) fn open_far(
        self,
        dir: impl AsFd,
        path: &[u8],
        flags: OFlags,
        reach: Reach,
    ) -> Result<OwnedFd, SysError> {
        let mut held: Option<OwnedFd> = None;
        let mut rest = path;
        loop {
            let (piece, after) = self.split(rest);
            let piece = CString::new(piece).map_err(|_| SysError { call: "openat2", errno: Errno::INVAL })?;
            // What is only passed through may be closed to reading, so it is not opened for that.
            let flags = if after.is_empty() { flags } else { PASS };
            let next = match &held {
                Some(fd) => self.open(fd, &piece, flags, reach)?,
                None => self.open(&dir, &piece, flags, reach)?,
            };
            if after.is_empty() {
                return Ok(next);
            }
            (held, rest) = (Some(next), after);
        }
    }

    /// The head of a path that one call can open, and what is left.
    fn split(self, path: &[u8]) -> (&[u8], &[u8]) {
        let slash = match self {
            Way::Resolve if path.len() <= PIECE => None,
            Way::Resolve => path[..=PIECE].iter().rposition(|&byte| byte == b'/'),
            Way::Component => path.iter().position(|&byte| byte == b'/'),
        };
        slash.map_or((path, &[]), |at| (&path[..at], &path[at + 1..]))
    }
}

fn resolve(dir: impl AsFd, name: &CStr, flags: OFlags, reach: Reach) -> Result<OwnedFd, SysError> {
    let rules = rules(name.to_bytes(), reach);
    // openat2(2): EAGAIN where a rename or mount elsewhere raced with the lookup. An attacker must not keep us here.
    retried("openat2", || openat2(&dir, name, flags, Mode::empty(), rules))
}

fn component(dir: impl AsFd, name: &CStr, flags: OFlags, reach: Reach) -> Result<OwnedFd, SysError> {
    if !is_one_name(name.to_bytes()) {
        return Err(SysError { call: "openat", errno: Errno::XDEV });
    }
    let over = SysError { call: "openat", errno: Errno::XDEV };
    let home = if reach == Reach::Mount { Some(look(&dir)?.entry) } else { None };
    // Looked at before it is opened, for opening would trigger an automount.
    if let Some(home) = &home
        && !same_mount(home, &look_at(&dir, name)?.entry)
    {
        return Err(over);
    }
    let fd = retried("openat", || openat(&dir, name, flags, Mode::empty()))?;
    match &home {
        Some(home) if !same_mount(home, &look(&fd)?.entry) => Err(over),
        _ => Ok(fd),
    }
}

/// The rules for looking up a path: no links, nothing above, and no other mount where that is to be so.
pub(super) fn rules(path: &[u8], reach: Reach) -> ResolveFlags {
    let mut rules = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    if !is_one_name(path) {
        // For one name there is nothing to keep below, and the kernel would take a lock of the whole system to see that
        // (path_is_under() of fs/namespace.c).
        rules |= ResolveFlags::BENEATH;
    }
    if reach == Reach::Mount {
        rules |= ResolveFlags::NO_XDEV;
    }
    rules
}

/// Whether a path leads no further than into the directory it is looked up in.
fn is_one_name(path: &[u8]) -> bool {
    path != b".." && !path.contains(&b'/')
}

/// Calls again after EINTR and EAGAIN, a bounded number of times.
fn retried<T>(call: &'static str, mut attempt: impl FnMut() -> Result<T, Errno>) -> Result<T, SysError> {
    let mut left = 128;
    loop {
        match attempt() {
            Err(Errno::AGAIN | Errno::INTR) if left > 0 => left -= 1,
            done => return done.map_err(SysError::of(call)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use tempfile::tempdir;

    const WAYS: [Way; 2] = [Way::Resolve, Way::Component];

    fn here(path: impl AsRef<std::path::Path>) -> OwnedFd {
        fs::File::open(path).expect("a directory just made").into()
    }

    #[test]
    fn nothing_but_a_real_directory_is_opened() {
        let tree = tempdir().unwrap();
        fs::create_dir(tree.path().join("real")).unwrap();
        fs::write(tree.path().join("file"), "").unwrap();
        symlink("real", tree.path().join("link")).unwrap();
        let top = here(&tree);
        for way in WAYS {
            let errno = |name: &CStr| way.open(&top, name, READ, Reach::Mount).map_err(|error| error.errno);
            assert!(errno(c"real").is_ok(), "{way:?}");
            assert_eq!(errno(c"file").err(), Some(Errno::NOTDIR), "{way:?}");
            assert!(matches!(errno(c"link"), Err(Errno::LOOP | Errno::NOTDIR)), "{way:?}");
            assert_eq!(errno(c"..").err(), Some(Errno::XDEV), "{way:?}");
            assert_eq!(errno(c"absent").err(), Some(Errno::NOENT), "{way:?}");
        }
    }

    #[test]
    fn no_link_on_the_way_is_followed() {
        let tree = tempdir().unwrap();
        fs::create_dir_all(tree.path().join("a/b")).unwrap();
        symlink("a", tree.path().join("link")).unwrap();
        let top = here(&tree);
        for way in WAYS {
            assert!(way.open_far(&top, b"a/b", READ, Reach::Mount).is_ok(), "{way:?}");
            assert!(way.open_far(&top, b"link/b", READ, Reach::Mount).is_err(), "{way:?}");
            assert!(way.open_far(&top, b"a/../../b", READ, Reach::Mount).is_err(), "{way:?}");
            assert!(way.open_far(&top, b"/etc", READ, Reach::Mount).is_err(), "{way:?}");
        }
    }

    #[test]
    fn a_path_may_be_longer_than_path_max() {
        let tree = tempdir().unwrap();
        let name = "n".repeat(200);
        let mut at = here(&tree);
        for _ in 0..100 {
            rustix::fs::mkdirat(&at, name.as_str(), Mode::RWXU).unwrap();
            at = rustix::fs::openat(&at, name.as_str(), READ, Mode::empty()).unwrap();
        }
        let path = vec![name.as_str(); 100].join("/");
        let deepest = look(&at).unwrap().entry.id;
        for way in WAYS {
            let found = way.open_far(here(&tree), path.as_bytes(), READ, Reach::Mount).unwrap();
            assert_eq!(look(&found).unwrap().entry.id, deepest, "{way:?}");
        }
    }

    #[test]
    fn another_mount_is_out_of_reach() {
        let top = here("/");
        for way in WAYS {
            let errno = way.open(&top, c"proc", READ, Reach::Mount).map_err(|error| error.errno).err();
            assert_eq!(errno, Some(Errno::XDEV), "{way:?}");
            assert!(way.open(&top, c"proc", READ, Reach::Any).is_ok(), "{way:?}");
        }
        let over = mount_at(&top, c"proc").unwrap();
        assert_eq!(over.id, look(here("/proc")).unwrap().entry.mount);
        assert!(!over.automount);
    }
}
