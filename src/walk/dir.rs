//! A directory of the walk: its place below its parent, and its descriptor while there is one.

use super::news::News;
use super::units::Units;
use super::visits::Visits;
use crate::model::entry::Identity;
use crate::source::mounts::Mounts;
use crate::sys::dir::same_mount;
use crate::sys::stat::Look;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A directory that a walk starts in; it stays open until all below it is done.
pub(crate) struct Start<H> {
    /// The open directory.
    pub dir: OwnedFd,
    /// What was seen of it through that descriptor.
    pub look: Look,
    /// What is known of it.
    pub here: H,
    /// What paths below it begin with, relative to where the caller counts from; empty, where that is here.
    pub prefix: Vec<u8>,
    /// What is meant below it alone; all, where that isn't said.
    pub units: Option<Units>,
}

/// A directory that was entered; it lives as long as anything below it is to be done.
///
/// Its descriptor may be closed when descriptors run short. Then it is opened again from the nearest ancestor
/// that is open, by the names in between, and must be the same directory still.
pub(crate) struct Dir<H> {
    /// What was seen when it was entered; tells it from another of its name.
    pub seen: Look,
    /// What the visitor knows of it.
    pub here: H,
    /// What its mount has in store.
    pub traits: MountTraits,
    /// How much of it is news.
    pub news: News,
    origin: Origin<H>,
    slot: Mutex<Slot>,
}

/// What changes of a directory during the walk.
#[derive(Default)]
struct Slot {
    fd: Option<Arc<OwnedFd>>,
    reached: Option<Instant>,
}

/// For so long what led to a directory is taken to lead there still.
const LATELY: Duration = Duration::from_millis(50);

/// What is known beside a directory itself: the mounts, and what was read before.
pub(crate) type Known<'a> = (&'a Mounts, &'a Visits);

/// What is to be expected of the mount that a directory is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MountTraits {
    /// Opening a directory could mount something, so directories are looked at before.
    pub automounts: bool,
    /// An entry's device tells whether it is on this mount.
    pub told_by_device: bool,
    /// The ctime of a directory tells whether it was moved.
    pub stamps_renames: bool,
    /// The inode number that is listed with a name is the one that a look at it tells.
    pub lists_inodes: bool,
    /// What came to a directory after it was opened isn't listed, nor what was renamed since.
    pub lists_as_opened: bool,
}

/// Where a directory came from.
pub(crate) enum Origin<H> {
    /// It is a start.
    Start(Head),
    /// It has that name in its parent.
    Below(Arc<Dir<H>>, CString),
}

/// The head of all paths below a start.
#[derive(Default)]
pub(crate) struct Head {
    /// What the caller wants before them.
    pub prefix: Vec<u8>,
    /// What procfs says of the start itself, once that was asked.
    place: OnceLock<Option<Vec<u8>>>,
}

impl Head {
    /// The path that leads to the start, as procfs has it.
    pub(crate) fn place(&self, ask: impl FnOnce() -> Option<Vec<u8>>) -> Option<&[u8]> {
        self.place.get_or_init(ask).as_deref()
    }
}

impl<H> Dir<H> {
    /// The directory that a walk starts in.
    pub(crate) fn start(start: Start<H>, (mounts, visits): Known<'_>) -> Dir<H> {
        let Start { dir, look, here, prefix, units: _ } = start;
        let origin = Origin::Start(Head { prefix, ..Head::default() });
        let traits = MountTraits::of(look.entry.mount, mounts);
        let news = visits.news(News::Below, &look, traits.stamps_renames);
        Dir { seen: look, here, traits, news, origin, slot: Slot::of(Arc::new(dir)) }
    }

    /// The directory `name` of a directory, just opened and looked at.
    pub(crate) fn below(
        parent: Arc<Dir<H>>,
        name: CString,
        fd: Arc<OwnedFd>,
        look: Look,
        here: H,
        (mounts, visits): Known<'_>,
    ) -> Dir<H> {
        let traits = match same_mount(&parent.seen.entry, &look.entry) {
            true => parent.traits,
            false => MountTraits::of(look.entry.mount, mounts),
        };
        let news = visits.news(parent.news, &look, traits.stamps_renames);
        Dir { seen: look, here, traits, news, origin: Origin::Below(parent, name), slot: Slot::of(fd) }
    }

    /// Where it came from.
    pub(crate) fn origin(&self) -> &Origin<H> {
        &self.origin
    }

    /// Its name in the one above; a start has none that counts.
    pub(crate) fn name(&self) -> &[u8] {
        match &self.origin {
            Origin::Below(_, name) => name.to_bytes(),
            Origin::Start(_) => b".",
        }
    }

    /// Which directory it is.
    pub(crate) fn id(&self) -> Identity {
        self.seen.entry.id
    }

    /// Its descriptor, if it is open.
    pub(crate) fn open(&self) -> Option<Arc<OwnedFd>> {
        self.slot().fd.clone()
    }

    /// Whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        self.slot().fd.is_some()
    }

    /// Whether it is the same directory as one above it.
    pub(crate) fn is_below_itself(&self) -> bool {
        let is_it = |other: &Dir<H>| other.id() == self.id() && same_mount(&other.seen.entry, &self.seen.entry);
        let mut at = self;
        while let Origin::Below(parent, _) = &at.origin {
            if is_it(parent) {
                return true;
            }
            at = parent;
        }
        false
    }

    /// Takes a descriptor that was opened again.
    pub(crate) fn reopened(&self, fd: Arc<OwnedFd>) {
        self.slot().fd = Some(fd);
    }

    /// Closes it, unless it is a start: nothing stands above those to open them from.
    pub(crate) fn close(&self) {
        if let Origin::Below(..) = self.origin {
            self.slot().fd = None;
        }
    }

    /// The names that lead to it from the start were just followed.
    pub(crate) fn reached(&self) {
        self.slot().reached = Some(Instant::now());
    }

    /// Its descriptor, if it is open, and was [reached](Dir::reached) a moment ago.
    pub(crate) fn reached_lately(&self) -> Option<Arc<OwnedFd>> {
        let slot = self.slot();
        slot.fd.clone().filter(|_| slot.reached.is_some_and(|reached| reached.elapsed() < LATELY))
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        // Nothing panics while holding it.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn of(fd: Arc<OwnedFd>) -> Mutex<Slot> {
        Mutex::new(Slot { fd: Some(fd), reached: None })
    }
}

impl MountTraits {
    fn of(mount: u64, mounts: &Mounts) -> MountTraits {
        MountTraits {
            automounts: mounts.may_automount(mount),
            told_by_device: mounts.is_told_by_device(mount),
            stamps_renames: mounts.stamps_renames(mount),
            lists_inodes: mounts.lists_inodes(mount),
            lists_as_opened: mounts.lists_as_opened(mount),
        }
    }
}

impl<H> Drop for Dir<H> {
    /// Lets go of the parents one after another: twenty thousand nested drops would overflow the stack.
    fn drop(&mut self) {
        let mut origin = std::mem::replace(&mut self.origin, Origin::Start(Head::default()));
        while let Origin::Below(parent, _) = origin {
            let Some(mut parent) = Arc::into_inner(parent) else { break };
            origin = std::mem::replace(&mut parent.origin, Origin::Start(Head::default()));
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::sys::dir::{Reach, open_at};
    use crate::sys::stat::look;
    use std::ffi::CStr;
    use std::fs::File;
    use std::path::Path;

    /// The directory that a walk starts in.
    pub(crate) fn start(root: &Path) -> Arc<Dir<()>> {
        let dir: OwnedFd = File::open(root).unwrap().into();
        let look = look(&dir).unwrap();
        Arc::new(Dir::start(
            Start { dir, look, here: (), prefix: Vec::new(), units: None },
            (&Mounts::default(), &Visits::default()),
        ))
    }

    /// The directory of that name in it.
    pub(crate) fn below(parent: &Arc<Dir<()>>, name: &CStr) -> Arc<Dir<()>> {
        let fd = Arc::new(open_at(parent.open().unwrap(), name, Reach::Any).unwrap());
        let look = look(&fd).unwrap();
        Arc::new(Dir::below(parent.clone(), name.to_owned(), fd, look, (), (&Mounts::default(), &Visits::default())))
    }
}
