//! A directory of the walk: its place below its parent, and its descriptor while there is one.

use super::Start;
use crate::entry::Identity;
use crate::sys::dir::same_mount;
use crate::sys::mounts::Mounts;
use crate::sys::stat::Look;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A directory that was entered; it lives as long as anything below it is to be done.
///
/// Its descriptor may be closed when descriptors run short. Then it is opened again from the nearest ancestor
/// that is open, by the names in between, and must be the same directory still.
pub(super) struct Dir<H> {
    /// What was seen when it was entered; tells it from another of its name.
    pub seen: Look,
    /// What the visitor knows of it.
    pub here: H,
    /// Whether opening a directory in it could mount something.
    pub automounts: Automounts,
    origin: Origin<H>,
    fd: Mutex<Option<Arc<OwnedFd>>>,
}

/// Whether opening a directory could mount something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Automounts {
    /// It couldn't.
    None,
    /// It could, so directories are looked at before.
    Possible,
}

/// Where a directory came from.
pub(super) enum Origin<H> {
    /// It is a start; paths below it begin so.
    Start(Vec<u8>),
    /// It has that name in its parent.
    Below(Arc<Dir<H>>, CString),
}

impl<H> Dir<H> {
    /// The directory that a walk starts in.
    pub fn start(start: Start<H>, mounts: &Mounts) -> Dir<H> {
        let Start { dir, look, here, prefix } = start;
        let origin = Origin::Start(prefix);
        let automounts = Automounts::on(look.entry.mount, mounts);
        Dir { seen: look, here, automounts, origin, fd: Mutex::new(Some(Arc::new(dir))) }
    }

    /// The directory `name` of a directory, just opened and looked at.
    pub fn below(parent: Arc<Dir<H>>, name: CString, fd: Arc<OwnedFd>, look: Look, here: H, mounts: &Mounts) -> Dir<H> {
        let automounts = match same_mount(&parent.seen.entry, &look.entry) {
            true => parent.automounts,
            false => Automounts::on(look.entry.mount, mounts),
        };
        Dir { seen: look, here, automounts, origin: Origin::Below(parent, name), fd: Mutex::new(Some(fd)) }
    }

    /// Where it came from.
    pub fn origin(&self) -> &Origin<H> {
        &self.origin
    }

    /// Which directory it is.
    pub fn id(&self) -> Identity {
        self.seen.entry.id
    }

    /// Its descriptor, if it is open.
    pub fn open(&self) -> Option<Arc<OwnedFd>> {
        self.slot().clone()
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.slot().is_some()
    }

    /// Takes a descriptor that was opened again.
    pub fn reopened(&self, fd: Arc<OwnedFd>) {
        *self.slot() = Some(fd);
    }

    /// Closes it, unless it is a start: nothing stands above those to open them from.
    pub fn close(&self) {
        if let Origin::Below(..) = self.origin {
            *self.slot() = None;
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<OwnedFd>>> {
        // Nothing panics while holding it.
        self.fd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Automounts {
    fn on(mount: u64, mounts: &Mounts) -> Automounts {
        match mounts.may_automount(mount) {
            true => Automounts::Possible,
            false => Automounts::None,
        }
    }
}

impl<H> Drop for Dir<H> {
    /// Lets go of the parents one after another: twenty thousand nested drops would overflow the stack.
    fn drop(&mut self) {
        let mut origin = std::mem::replace(&mut self.origin, Origin::Start(Vec::new()));
        while let Origin::Below(parent, _) = origin {
            let Some(mut parent) = Arc::into_inner(parent) else { break };
            origin = std::mem::replace(&mut parent.origin, Origin::Start(Vec::new()));
        }
    }
}
