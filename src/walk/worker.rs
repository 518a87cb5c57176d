//! One thread of a walk: takes a job, opens and looks at its directory, reads it.

use super::crossing::{is_shut, tell};
use super::dir::Dir;
use super::listed::is_as_listed;
use super::missing::{EXCHANGED, MOVED, Named, What, Why};
use super::place::Place;
use super::pool::Pool;
use super::reading::{Reading, Rest};
use super::scheduler::{Job, Scheduler};
use super::told::ToldNames;
use super::units::Below;
use super::unread::Unread;
use super::visitor::{Crossing, Next, Options, Standing, Visitor, Want};
use super::visits::Admission;
use crate::model::entry::Kind;
use crate::sys::SysError;
use crate::sys::dir::{OnMount, Reach, mount_at, open_at};
use crate::sys::handle::Handle;
use crate::sys::listing::{Buffer, Ino, resume};
use crate::sys::stat::{Look, look, look_at};
use crossbeam_deque::Worker as Queue;
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// How often a directory is tried that was something else just when it was to be opened.
const TRIES: usize = 8;

/// One thread of a walk.
pub(crate) struct Worker<'a, V: Visitor> {
    pub(crate) visitor: V,
    queue: Queue<Job<V::Here>>,
    pub(super) seat: usize,
    pub(crate) pool: Pool<V::Here>,
    buffer: Buffer,
    pub(super) told: Box<ToldNames>,
    pub(super) found: Vec<Named>,
    pub(crate) scheduler: &'a Scheduler<'a, V::Here>,
    pub(super) options: Options<'a>,
}

/// Why a directory can't be opened.
pub(super) enum Unopened {
    /// On the mount of the directory that it is in.
    Here(SysError),
    /// Or on another.
    Across(SysError),
}

/// A directory to be read, and its descriptor.
type Entered<H> = (Arc<Dir<H>>, Arc<OwnedFd>);

/// A name in a directory, and the inode that was listed with it.
type Listed<'a, H> = (Place<'a, H>, Option<Ino>);

impl<'a, V: Visitor> Worker<'a, V> {
    /// A thread with its visitor, its queue, and its share of descriptors.
    pub(super) fn new(
        visitor: V,
        queue: Queue<Job<V::Here>>,
        seat: usize,
        share: usize,
        scheduler: &'a Scheduler<'a, V::Here>,
        options: Options<'a>,
    ) -> Self {
        let (pool, buffer, told, found) = (Pool::new(share), Buffer::default(), Box::default(), Vec::new());
        Worker { visitor, queue, seat, pool, buffer, told, found, scheduler, options }
    }

    /// The visitor of a thread that never began.
    pub(super) fn into_visitor(self) -> V {
        self.visitor
    }

    /// Works until all is done.
    pub(super) fn work(mut self) -> Result<V, SysError> {
        let leaving = Leaving(self.scheduler);
        (self.options.setup)()?;
        while let Some(job) = self.scheduler.next(&self.queue, self.seat) {
            match self.options.time.is_over() {
                true => self.leave(job),
                false => self.run(job),
            }
            self.scheduler.done();
        }
        std::mem::forget(leaving);
        // What is looked for again is reached by its names anew.
        self.pool.close_all();
        if self.scheduler.is_last() {
            self.visitor.end();
        }
        Ok(self.visitor)
    }

    pub(super) fn run(&mut self, job: Job<V::Here>) {
        match job {
            Job::Start(dir, Some(units)) => {
                let range = 0..units.len();
                self.follow(&dir, Below { units, range, at: 0 });
            }
            Job::Way(parent, name, below) => self.go_on(&parent, name, below),
            Job::Names(dir, units, at) => self.read_names(dir, units[at].names.as_deref().unwrap_or_default()),
            Job::Start(dir, None) => {
                let fd = dir.open().expect("a start is never closed");
                self.visitor.start(Place::itself(&dir, Some(fd.as_fd())), &dir.seen);
                // Should it be moved into another start, that is the second time.
                self.options.visits.admit(&dir.seen, dir.traits.stamps_renames, || false);
                self.read(dir, &fd);
            }
            Job::Child(parent, name, ino) => self.child(parent, name, ino),
            Job::Again(dir, absent) => self.look_again(&dir, absent),
            Job::More(dir, next, told) => {
                let fd = self.pool.descriptor(&dir).and_then(|fd| resume(&fd, next).map(|()| fd));
                self.told.clear(&self.scheduler.remembered);
                self.told = told;
                match fd {
                    Ok(fd) => self.read_on(dir, &fd),
                    Err(error) => self.scheduler.missed.add_rest(&mut self.visitor, &dir, error, Why::Moved),
                }
            }
        }
    }

    /// Does what is to be done about a name in a directory, as far as that directory itself.
    pub(crate) fn child(&mut self, parent: Arc<Dir<V::Here>>, name: CString, ino: Option<Ino>) {
        if let Some((dir, fd)) = self.enter(parent, name, ino)
            && self.may_read(&dir, &fd)
        {
            self.read(dir, &fd);
        }
    }

    /// Opens a directory and looks at it; `None` where there is nothing to read.
    fn enter(&mut self, parent: Arc<Dir<V::Here>>, name: CString, ino: Option<Ino>) -> Option<Entered<V::Here>> {
        let above = match self.pool.descriptor(&parent) {
            Ok(fd) => fd,
            Err(error) => {
                self.fail(&parent, (Place::lost(&parent, &name), ino), error);
                return None;
            }
        };
        let at = Place::of(&parent, above.as_fd(), &name);
        let (fd, look) = self.open(&parent, (at, ino))?;
        self.compare(&parent, (&name, ino), &look, || Handle::of(&fd));
        let here = match self.visitor.directory(at, &look, Some(fd.as_fd())) {
            Next::Enter(here) => here,
            Next::Leave => return None,
            Next::Moved => {
                self.miss(&parent, (&name, ino), MOVED);
                return None;
            }
        };
        let fd = Arc::new(fd);
        let dir = Dir::below(parent, name, fd.clone(), look, here, (self.options.mounts, self.options.visits));
        Some((Arc::new(dir), fd))
    }

    /// Opens the directory at a place, on whatever mount the visitor agrees to; or tells what it is instead.
    fn open(&mut self, parent: &Arc<Dir<V::Here>>, (at, ino): Listed<'_, V::Here>) -> Option<(OwnedFd, Look)> {
        match self.try_open(parent, at) {
            Ok(opened) => return opened,
            Err(Unopened::Across(error)) => self.fail(parent, (at, ino), error),
            Err(Unopened::Here(error)) if matches!(error.errno, Errno::NOENT | Errno::STALE) => {
                self.miss(parent, (at.name(), ino), MOVED);
            }
            Err(Unopened::Here(error)) => self.unopened(parent, (at, ino), error),
        }
        None
    }

    /// Opens it; `None` where it lies on a mount that the visitor doesn't agree to.
    pub(super) fn try_open(
        &mut self,
        parent: &Dir<V::Here>,
        at: Place<'_, V::Here>,
    ) -> Result<Option<(OwnedFd, Look)>, Unopened> {
        let mut tries = TRIES;
        loop {
            let error = match self.open_here(parent, at) {
                Ok(opened) => return Ok(Some(opened)),
                Err(error) => error,
            };
            match error.errno {
                Errno::XDEV => return self.cross(parent, at).map_err(Unopened::Across),
                // Exchanged for something else and back again; nothing may hide that way.
                Errno::NOTDIR | Errno::LOOP if tries > 0 && is_dir(at) => tries -= 1,
                _ => return Err(Unopened::Here(error)),
            }
        }
    }

    fn open_here(&mut self, parent: &Dir<V::Here>, at: Place<'_, V::Here>) -> Result<(OwnedFd, Look), SysError> {
        let Some((above, name)) = at.parent() else { return Err(SysError { call: "openat2", errno: Errno::STALE }) };
        if parent.traits.automounts {
            // Before Linux 6.18 even RESOLVE_NO_XDEV mounts first and refuses then.
            let seen = mount_at(above, name)?;
            if seen.automount || seen.id != parent.seen.entry.mount {
                return Err(SysError { call: "openat2", errno: Errno::XDEV });
            }
        }
        let fd = match open_at(above, name, Reach::Mount) {
            Err(error) if matches!(error.errno, Errno::MFILE | Errno::NFILE) => {
                self.pool.close_all();
                open_at(above, name, Reach::Mount)?
            }
            other => other?,
        };
        let look = look(&fd)?;
        Ok((fd, look))
    }

    /// Opens a directory on another mount, if the visitor agrees.
    fn cross(&mut self, parent: &Dir<V::Here>, at: Place<'_, V::Here>) -> Result<Option<(OwnedFd, Look)>, SysError> {
        let Some((above, name)) = at.parent() else { return Ok(None) };
        let home = parent.seen.entry.mount;
        let mount = mount_at(above, name)?;
        // openat2(2) says EXDEV too of what was moved out from below the directory during the call.
        if mount.id == home && home != 0 && !mount.automount {
            return Err(SysError { call: "openat2", errno: Errno::STALE });
        }
        if self.visitor.mount(at, mount) == Crossing::Stay {
            return Ok(None);
        }
        let fd = open_at(above, name, Reach::Any)?;
        let look = look(&fd)?;
        let there = OnMount { id: look.entry.mount, automount: false };
        // An automount point gave way to what was mounted there, or somebody mounted something else.
        let is_agreed = mount.id == there.id || self.visitor.mount(at, there) == Crossing::Enter;
        Ok(is_agreed.then_some((fd, look)))
    }

    /// A directory that can't be opened is looked at by name, so that it can be judged all the same.
    fn unopened(&mut self, parent: &Arc<Dir<V::Here>>, (at, ino): Listed<'_, V::Here>, error: SysError) {
        let Some((above, name)) = at.parent() else { return };
        let look = match look_at(above, name) {
            Err(unseen) => return self.fail(parent, (at, ino), unseen),
            Ok(look) => look,
        };
        self.compare(parent, (name, ino), &look, || Handle::at(above, name));
        if look.entry.kind == Kind::Dir {
            return match self.visitor.directory(at, &look, None) {
                Next::Enter(_) => self.visitor.error(at, error),
                Next::Leave => {}
                Next::Moved => self.miss(parent, (name, ino), MOVED),
            };
        }
        // It was a directory when listed, and something else when it was to be opened. Others were read since: names are
        // asked about after `begin` of their own directory only.
        self.visitor.begin(Place::itself(parent, Some(above)));
        match self.visitor.want(&parent.here, name, look.entry.kind) {
            Want::Skip => {}
            Want::Glance | Want::Look | Want::Enter => {
                if tell(&mut self.visitor, parent, at, &look) == Standing::Moved {
                    self.miss(parent, (name, ino), MOVED);
                }
            }
        }
    }

    /// Has an inode looked for again that was listed with a name which leads to another by now.
    fn compare(
        &mut self,
        dir: &Arc<Dir<V::Here>>,
        listed: (&CStr, Option<Ino>),
        look: &Look,
        handle: impl FnOnce() -> Option<Handle>,
    ) {
        if !is_as_listed(dir, listed.1, look, handle) {
            self.miss(dir, listed, EXCHANGED);
        }
    }

    /// Reads a directory, and queues the directories in it.
    fn read(&mut self, dir: Arc<Dir<V::Here>>, fd: &OwnedFd) {
        self.told.clear(&self.scheduler.remembered);
        self.read_on(dir, fd);
    }

    fn read_on(&mut self, dir: Arc<Dir<V::Here>>, fd: &OwnedFd) {
        self.options.time.begin();
        self.visitor.begin(Place::itself(&dir, Some(fd.as_fd())));
        self.options.counters.enter(|| Place::itself(&dir, None).path());
        let memory = (&mut *self.told, &mut self.found);
        let visits = self.options.visits;
        let mut reading = Reading::new(&mut self.visitor, &dir, fd, memory, (self.scheduler, visits));
        let rest = reading.run(&mut self.buffer, self.options.time);
        if rest == Rest::None {
            reading.settle();
        }
        self.options.counters.add(self.seat, reading.names());
        let is_missing = reading.is_missing();
        if self.found.is_empty() && rest == Rest::None && !is_missing {
            return;
        }
        self.pool.keep(&dir);
        if let Rest::From(next) = rest {
            // Queued before the directories, so that they are done before more are read: a million of them
            // are never all queued.
            let told = std::mem::take(&mut self.told);
            self.scheduler.enlist(&self.queue, Job::More(dir.clone(), next, told));
        }
        self.enlist_found(&dir);
    }

    /// Leaves the rest of a directory to another, by its names: whoever lists it again would do so for each part of it.
    pub(super) fn leave_rest(&mut self, dir: &Arc<Dir<V::Here>>, next: u64, told: Box<ToldNames>) {
        let fd = self.pool.descriptor(dir).and_then(|fd| resume(&fd, next).map(|()| fd));
        self.told.clear(&self.scheduler.remembered);
        self.told = told;
        match fd {
            Ok(fd) => {
                let memory = (&mut *self.told, &mut self.found);
                let known = (self.scheduler, self.options.visits);
                Reading::new(&mut self.visitor, dir, &fd, memory, known).leave(&mut self.buffer, self.options.time);
            }
            Err(error) => self.scheduler.missed.add_rest(&mut self.visitor, dir, error, Why::Moved),
        }
    }

    /// Queues the directories that were found in one.
    pub(super) fn enlist_found(&mut self, dir: &Arc<Dir<V::Here>>) {
        let found = self.found.drain(..).map(|(name, ino)| Job::Child(dir.clone(), name, ino));
        self.scheduler.enlist_all(&self.queue, found);
    }

    /// Queues jobs.
    pub(super) fn enlist_all(&mut self, jobs: Vec<Job<V::Here>>) {
        self.scheduler.enlist_all(&self.queue, jobs.into_iter());
    }

    /// Whether a directory that is to be entered isn't read over and over; says so where it is.
    fn may_read(&mut self, dir: &Dir<V::Here>, fd: &OwnedFd) -> bool {
        let visits = self.options.visits;
        let admission = visits.admit(&dir.seen, dir.traits.stamps_renames, || dir.is_below_itself());
        if admission == Admission::Refused {
            self.visitor.unread(Place::itself(dir, Some(fd.as_fd())), Unread::ReadBefore);
        }
        admission == Admission::Read
    }

    fn fail(&mut self, dir: &Arc<Dir<V::Here>>, (at, ino): Listed<'_, V::Here>, error: SysError) {
        if error.is_gone() {
            self.miss(dir, (at.name(), ino), MOVED);
        } else if !is_shut(&mut self.visitor, dir, at, error) {
            self.visitor.error(at, error);
        }
    }

    /// Has a name in a directory looked for again, which is in a pool since its names were queued.
    pub(crate) fn miss(&mut self, dir: &Arc<Dir<V::Here>>, listed: (&CStr, Option<Ino>), missing: (What, Why)) {
        self.scheduler.missed.add(&mut self.visitor, dir, listed, missing);
    }
}

fn is_dir<H>(at: Place<'_, H>) -> bool {
    at.parent().is_some_and(|(above, name)| look_at(above, name).is_ok_and(|look| look.entry.kind == Kind::Dir))
}

/// Ends the walk for all when a thread fails, so that none waits for it.
struct Leaving<'a, H>(&'a Scheduler<'a, H>);

impl<H> Drop for Leaving<'_, H> {
    fn drop(&mut self) {
        self.0.end();
    }
}
