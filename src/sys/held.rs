//! Entries held by descriptor: looked at, and changed, whatever becomes of their names.

use super::SysError;
use super::dir::{Reach, rules, same_mount};
use super::features::{ChmodRung, KernelFeatures, OpenRung, fchmodat2_held};
use super::stat::{Look, look};
use crate::model::mode::Mode;
use rustix::fs::{AtFlags, Gid, Mode as FileMode, OFlags, Uid, chmodat, chownat, openat, openat2, readlinkat};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// The longest path that one call takes, its NUL included (`PATH_MAX`, path_resolution(7)).
const PATH_MAX: usize = 4096;

/// How often a lookup is tried again that a rename or a mount elsewhere disturbed.
const TRIES: u32 = 128;

/// Whether a path may lead into other mounts than its root's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Crossing {
    /// It may not.
    Never,
    /// It may.
    Allowed,
}

/// An entry held by an `O_PATH` descriptor: not opened, not followed, and not to be exchanged for another.
#[derive(Debug)]
pub(crate) struct Held(OwnedFd);

impl Held {
    /// Finds `path` below the directory `root` and holds it; a symbolic link at its end is held itself.
    ///
    /// No symbolic link on the way is followed and no `..`. `path` is relative and has no empty, `.` or `..`
    /// component; `.` alone is the root.
    pub(crate) fn find(
        root: impl AsFd,
        path: &[u8],
        crossing: Crossing,
        features: &KernelFeatures,
    ) -> Result<Held, SysError> {
        let root = root.as_fd();
        if path == b"." {
            // Looking up `.` would need the right to search the root; its descriptor needs none.
            return fcntl_dupfd_cloexec(root, 0).map(Held).map_err(SysError::of("fcntl"));
        }
        find(root, path, HOLD, crossing, features)
    }

    /// Finds a directory likewise, so that what lies in it can be found from there; ENOTDIR where it is none.
    pub(crate) fn find_directory(
        root: impl AsFd,
        path: &[u8],
        crossing: Crossing,
        features: &KernelFeatures,
    ) -> Result<Held, SysError> {
        find(root.as_fd(), path, HOLD | OFlags::DIRECTORY, crossing, features)
    }

    /// Looks at the entry.
    pub(crate) fn look(&self) -> Result<Look, SysError> {
        #[cfg(test)]
        fault::strike_blind()?;
        look(&self.0)
    }

    /// Gives the entry another owner, another group, or both at once; a symbolic link itself.
    pub(crate) fn chown(&self, uid: Option<u32>, gid: Option<u32>) -> Result<(), SysError> {
        #[cfg(test)]
        if fault::strike("fchownat")? == fault::Effect::None {
            return Ok(());
        }
        let (uid, gid) = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
        chownat(&self.0, c"", uid, gid, AtFlags::EMPTY_PATH).map_err(SysError::of("fchownat"))
    }

    /// Sets the twelve permission bits.
    pub(crate) fn chmod(&self, mode: Mode, features: &KernelFeatures) -> Result<(), SysError> {
        #[cfg(test)]
        if fault::strike("fchmodat2")? == fault::Effect::None {
            return Ok(());
        }
        match features.chmod {
            ChmodRung::Fchmodat2 => fchmodat2_held(self.0.as_fd(), mode.bits()).map_err(SysError::of("fchmodat2")),
            ChmodRung::ProcFd => {
                // fchmod(2) on an O_PATH descriptor is EBADF; its link in procfs leads to the held inode and no other.
                let fds = features.need_proc("fchmodat2")?;
                let name = self.0.as_raw_fd().to_string();
                chmodat(fds, name.as_str(), FileMode::from_raw_mode(mode.bits()), AtFlags::empty())
                    .map_err(SysError::of("fchmodat"))
            }
        }
    }
}

impl AsFd for Held {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

const HOLD: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn find(
    root: BorrowedFd<'_>,
    path: &[u8],
    flags: OFlags,
    crossing: Crossing,
    features: &KernelFeatures,
) -> Result<Held, SysError> {
    match features.open {
        OpenRung::Openat2 => find_in_chunks(root, path, flags, crossing),
        OpenRung::Components => find_by_components(root, path, flags, crossing),
    }
}

/// By openat2(2), as much of the path at once as one call takes.
fn find_in_chunks(root: BorrowedFd<'_>, path: &[u8], flags: OFlags, crossing: Crossing) -> Result<Held, SysError> {
    let mut dir: Option<OwnedFd> = None;
    let mut rest = path;
    while rest.len() >= PATH_MAX {
        // A name has at most 255 bytes, so there is a slash among so many; where there is none, the kernel refuses.
        let cut = rest[..PATH_MAX].iter().rposition(|&byte| byte == b'/');
        let cut = cut.ok_or(SysError { call: "openat2", errno: Errno::NAMETOOLONG })?;
        let at = dir.as_ref().map_or(root, AsFd::as_fd);
        dir = Some(open_beneath(at, &rest[..cut], HOLD | OFlags::DIRECTORY, crossing)?);
        rest = &rest[cut + 1..];
    }
    open_beneath(dir.as_ref().map_or(root, AsFd::as_fd), rest, flags, crossing).map(Held)
}

fn open_beneath(dir: BorrowedFd<'_>, path: &[u8], flags: OFlags, crossing: Crossing) -> Result<OwnedFd, SysError> {
    let resolve = rules(path, if crossing == Crossing::Never { Reach::Mount } else { Reach::Any });
    let mut tries = 0;
    loop {
        tries += 1;
        match openat2(dir, path, flags, FileMode::empty(), resolve) {
            // openat2(2): EAGAIN where a rename disturbed the lookup; the next try may succeed.
            Err(Errno::AGAIN | Errno::INTR) if tries < TRIES => {}
            answer => return answer.map_err(SysError::of("openat2")),
        }
    }
}

/// By openat(2), one component at a time, each a directory and no link.
fn find_by_components(root: BorrowedFd<'_>, path: &[u8], last: OFlags, crossing: Crossing) -> Result<Held, SysError> {
    let mut dir: Option<OwnedFd> = None;
    let mut components = path.split(|&byte| byte == b'/').peekable();
    while let Some(name) = components.next() {
        let flags = if components.peek().is_some() { HOLD | OFlags::DIRECTORY } else { last };
        let at = dir.as_ref().map_or(root, AsFd::as_fd);
        dir = Some(open_component(at, name, flags).map_err(SysError::of("openat"))?);
    }
    let held = dir.map(Held).ok_or(SysError { call: "openat", errno: Errno::INVAL })?;
    // A path that leads out of a mount can't lead back into it without `..`, so the last one tells for all.
    if crossing == Crossing::Never && !same_mount(&look(root)?.entry, &held.look()?.entry) {
        return Err(SysError { call: "openat", errno: Errno::XDEV });
    }
    Ok(held)
}

/// Answers as openat2(2) does to what leads out of the directory, and to a symbolic link on the way.
fn open_component(dir: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    if name == b".." {
        return Err(Errno::XDEV);
    }
    match openat(dir, name, flags, FileMode::empty()) {
        Err(Errno::NOTDIR) if readlinkat(dir, name, Vec::new()).is_ok() => Err(Errno::LOOP),
        answer => answer,
    }
}

/// Makes changing calls of a test's thread fail.
#[cfg(test)]
pub(crate) mod fault {
    use super::{Errno, SysError};
    use std::cell::{Cell, RefCell};

    /// Which changing calls fail; they are counted from 0.
    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Fault {
        /// None.
        Never,
        /// This one and all later ones, as if the process had ended there.
        From(u32),
        /// This one.
        Only(u32),
        /// None, but this one has no effect.
        Ignored(u32),
    }

    /// What a call that succeeds does.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(in crate::sys) enum Effect {
        Usual,
        None,
    }

    thread_local! {
        static FAULT: Cell<Fault> = const { Cell::new(Fault::Never) };
        static CALLS: Cell<u32> = const { Cell::new(0) };
        static LOOKS: Cell<Option<u32>> = const { Cell::new(None) };
        static BEFORE_LOOK: RefCell<Option<Interlude>> = const { RefCell::new(None) };
        static INTERLUDE: RefCell<Option<Interlude>> = const { RefCell::new(None) };
    }

    type Interlude = (u32, Box<dyn FnOnce()>);

    /// Does something before this call, as another process would at the worst moment.
    pub(crate) fn before(call: u32, act: impl FnOnce() + 'static) {
        CALLS.set(0);
        INTERLUDE.replace(Some((call, Box::new(act))));
    }

    /// Makes calls fail from now on; tells how many there have been since the last time.
    pub(crate) fn set(fault: Fault) -> u32 {
        FAULT.set(fault);
        CALLS.replace(0)
    }

    /// Makes looks fail from now on but for the next so many.
    pub(crate) fn blind_after(looks: Option<u32>) {
        LOOKS.set(looks);
    }

    /// Does something before this look from now on.
    pub(crate) fn before_look(look: u32, act: impl FnOnce() + 'static) {
        BEFORE_LOOK.replace(Some((look, Box::new(act))));
    }

    pub(super) fn strike_blind() -> Result<(), SysError> {
        if let Some((look, act)) = BEFORE_LOOK.take() {
            match look {
                0 => act(),
                look => drop(BEFORE_LOOK.replace(Some((look - 1, act)))),
            }
        }
        match LOOKS.get() {
            Some(0) => Err(SysError { call: "statx", errno: Errno::IO }),
            left => {
                LOOKS.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }

    pub(in crate::sys) fn strike(call: &'static str) -> Result<Effect, SysError> {
        let number = CALLS.replace(CALLS.get() + 1);
        if let Some((_, act)) = INTERLUDE.with_borrow_mut(|interlude| interlude.take_if(|(call, _)| *call == number)) {
            act();
        }
        let fails = match FAULT.get() {
            Fault::Never => false,
            Fault::Ignored(one) if number == one => return Ok(Effect::None),
            Fault::Ignored(_) => false,
            Fault::From(first) => number >= first,
            Fault::Only(one) => number == one,
        };
        if fails { Err(SysError { call, errno: Errno::IO }) } else { Ok(Effect::Usual) }
    }
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;
