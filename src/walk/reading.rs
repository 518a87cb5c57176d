//! Reading one directory: its names, a look at those that are wanted, and the directories among them.

use super::crossing::{is_agreed, is_shut, tell};
use super::dir::Dir;
use super::listed::{is_as_listed, may_be_as_listed};
use super::missing::{EXCHANGED, MOVED, Named, What, Why};
use super::news::News;
use super::place::Place;
use super::scheduler::Scheduler;
use super::settle::{LISTINGS, Memory, is_snapshot};
use super::time::Time;
use super::told::ToldNames;
use super::units::KindedName;
use super::unread::Unread;
use super::visitor::{Enough, Next, Standing, Visitor, Want};
use super::visits::Visits;
use crate::model::entry::Kind;
use crate::sys::SysError;
use crate::sys::handle::Handle;
use crate::sys::listing::{Buffer, Ino, Listed, Listing};
use crate::sys::stat::{Look, changed, glance_at, look_at};
use rustix::io::Errno;
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// How many directories are queued before the reading of their parent is put off.
const BATCH: usize = 1024;

/// So many names of a directory are left to another at a time, and so many bytes of them.
const MOST_LEFT: usize = 4096;
const MOST_BYTES_LEFT: usize = 64 << 10;

/// What is left of a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    /// Nothing.
    None,
    /// What comes from there on.
    From(u64),
}

/// A directory being read.
pub(crate) struct Reading<'a, V: Visitor> {
    pub(crate) visitor: &'a mut V,
    pub(crate) dir: &'a Arc<Dir<V::Here>>,
    pub(crate) fd: &'a OwnedFd,
    pub(crate) told: &'a mut ToldNames,
    pub(crate) scheduler: &'a Scheduler<'a, V::Here>,
    visits: &'a Visits,
    found: &'a mut Vec<Named>,
    names: u64,
    is_missing: bool,
    /// Names that are left to another, where all are from now on.
    left: Option<Left>,
}

/// Names of a directory that are left to another.
#[derive(Default)]
struct Left {
    names: Vec<KindedName>,
    bytes: usize,
}

impl<'a, V: Visitor> Reading<'a, V> {
    /// A reading that puts the directories it finds into `found`, and what it tells of into `told`.
    pub(super) fn new(
        visitor: &'a mut V,
        dir: &'a Arc<Dir<V::Here>>,
        fd: &'a OwnedFd,
        (told, found): (&'a mut ToldNames, &'a mut Vec<Named>),
        (scheduler, visits): (&'a Scheduler<'a, V::Here>, &'a Visits),
    ) -> Self {
        Reading { visitor, dir, fd, told, scheduler, visits, found, names: 0, is_missing: false, left: None }
    }

    /// Reads names until there are no more, or enough directories to go on with.
    pub(super) fn run(&mut self, buffer: &mut Buffer, time: &Time<'_>) -> Rest {
        let mut listing = Listing::new(self.fd, buffer);
        let (mut next, mut calls) = (0, 0);
        loop {
            if listing.is_drained() {
                if self.scheduler.is_over() {
                    return Rest::None;
                }
                let is_late = calls > 0 && self.left.is_none() && time.is_over();
                if is_late || self.found.len() >= BATCH || (!self.found.is_empty() && self.scheduler.is_hungry()) {
                    return Rest::From(next);
                }
                calls += 1;
                self.told.call(&self.scheduler.remembered);
            }
            match listing.next() {
                None => return Rest::None,
                Some(Err(error)) if error.errno == Errno::INTR => {}
                Some(Err(error)) => {
                    self.scheduler.missed.add_rest(self.visitor, self.dir, error, Why::Gone);
                    return Rest::None;
                }
                Some(Ok(listed)) => {
                    next = listed.next();
                    if !listed.is_dot() {
                        self.name(&listed);
                    }
                }
            }
        }
    }

    /// Leaves what comes from where the listing stands to another, who needn't list it again.
    pub(super) fn leave(mut self, buffer: &mut Buffer, time: &Time<'_>) {
        self.left = Some(Left::default());
        self.run(buffer, time);
        self.settle();
        self.hand_over();
    }

    /// Tells the visitor of the names that are left to another.
    fn hand_over(&mut self) {
        if let Some(left) = self.left.as_mut().map(std::mem::take).filter(|left| !left.names.is_empty()) {
            self.visitor.left(Place::itself(self.dir, None), Some(left.names));
        }
    }

    /// Lists the directory again until nothing can have been left out.
    pub(super) fn settle(&mut self) {
        if let Err(error) = self.try_settle() {
            self.scheduler.missed.add_rest(self.visitor, self.dir, error, Why::Gone);
        }
    }

    fn try_settle(&mut self) -> Result<(), SysError> {
        let (traits, seen) = (self.dir.traits, &self.dir.seen);
        let is_same = changed(self.fd)? == seen.changed;
        if !is_same {
            self.visits.see_change();
        }
        if is_snapshot(self.told.calls(), traits) {
            return Ok(());
        }
        // Two changes within one tick of the clock have one ctime.
        if is_same && (self.told.is_forgotten() || !self.visits.is_new(seen)) {
            return Ok(());
        }
        if !self.told.is_forgotten() {
            let mut memory = Memory::of(self.told.calls());
            for _ in 0..LISTINGS {
                let known = self.told.sort();
                let is_settled = memory.list(self.fd, traits, |listed| {
                    let key = self.told.key(listed.name(), listed.ino());
                    if !self.told.has(key, known) {
                        self.name(listed);
                    }
                    self.scheduler.is_over()
                })?;
                if is_settled || self.scheduler.is_over() {
                    return Ok(());
                }
            }
        }
        self.visitor.unread(Place::itself(self.dir, None), Unread::Changing);
        Ok(())
    }

    /// How many names were read.
    pub(super) fn names(&self) -> u64 {
        self.names
    }

    /// Whether something in it is to be looked for again.
    pub(super) fn is_missing(&self) -> bool {
        self.is_missing
    }

    /// Does what is to be done about a listed name.
    #[inline]
    pub(super) fn name(&mut self, listed: &Listed<'_>) {
        self.named(listed.name(), listed.ino(), listed.kind());
    }

    /// The same of a name that was listed with this inode, as an entry of this kind.
    #[inline]
    pub(super) fn named(&mut self, name: &CStr, ino: Option<Ino>, listed: Option<Kind>) {
        if let Some(left) = &mut self.left {
            self.told.tell(self.told.key(name, ino));
            left.names.push((name.to_owned(), listed));
            left.bytes += name.count_bytes();
            if left.names.len() >= MOST_LEFT || left.bytes >= MOST_BYTES_LEFT {
                self.hand_over();
            }
            return;
        }
        self.names += u64::from(self.dir.news == News::All);
        let seen = match (listed, self.dir.news) {
            (Some(Kind::Dir), _) | (Some(_), News::All) => None,
            (Some(_), News::Below) => return,
            // Its ctime tells whether it is news; and on a file system that doesn't list kinds only a look tells that.
            (Some(_), News::Moved) | (None, _) => match self.look((name, ino)) {
                Some(look) => Some(look),
                None => return,
            },
        };
        let Some(kind) = listed.or(seen.as_ref().map(|look| look.entry.kind)) else { return };
        if kind != Kind::Dir && seen.as_ref().is_some_and(|look| !self.is_news(look)) {
            return;
        }
        let want = self.visitor.want(&self.dir.here, name, kind);
        if want != Want::Skip {
            // What is skipped could have another name too that is not.
            self.told.tell(self.told.key(name, ino));
        }
        match (want, kind) {
            (Want::Skip, _) => {}
            (Want::Enter, Kind::Dir) => self.found.push((name.to_owned(), ino)),
            (Want::Glance, _) if seen.is_none() && self.glanced((name, ino), kind) == Enough::Yes => {}
            (Want::Glance | Want::Look | Want::Enter, _) => self.seen((name, ino), kind, seen),
        }
    }

    /// Whether an entry that isn't a directory can't have been told of by an earlier pass.
    fn is_news(&self, look: &Look) -> bool {
        match self.dir.news {
            News::All => true,
            News::Moved => self.visits.is_moved(look, self.dir.traits.stamps_renames),
            News::Below => false,
        }
    }

    /// Glances at a name, where that tells the mount that it is on, and lets the visitor say whether that is enough.
    fn glanced(&mut self, (name, ino): (&CStr, Option<Ino>), listed: Kind) -> Enough {
        if !self.dir.traits.told_by_device {
            return Enough::No;
        }
        match glance_at(self.fd, name) {
            Some(glance)
                if glance.kind == listed && glance.kind != Kind::Dir && may_be_as_listed(self.dir, ino, &glance) =>
            {
                self.visitor.glance(&glance)
            }
            _ => Enough::No,
        }
    }

    /// Looks at a name, unless that was done, and tells the visitor.
    fn seen(&mut self, (name, ino): (&CStr, Option<Ino>), listed: Kind, seen: Option<Look>) {
        let Some(look) = seen.or_else(|| self.look((name, ino))) else { return };
        let kind = look.entry.kind;
        // It became something else since it was listed, so the question is another.
        let want = if kind == listed { Want::Look } else { self.visitor.want(&self.dir.here, name, kind) };
        match (want, kind) {
            (Want::Skip, _) => {}
            (Want::Enter, Kind::Dir) => self.found.push((name.to_owned(), ino)),
            (_, Kind::Dir) => self.unentered((name, ino), &look),
            _ => {
                if tell(self.visitor, self.dir, Place::of(self.dir, self.fd.as_fd(), name), &look) == Standing::Moved {
                    self.miss((name, ino), MOVED);
                }
            }
        }
    }

    /// Tells of a directory that is judged by name and not entered.
    fn unentered(&mut self, (name, ino): (&CStr, Option<Ino>), look: &Look) {
        let at = Place::of(self.dir, self.fd.as_fd(), name);
        if is_agreed(self.visitor, self.dir, at, look) && matches!(self.visitor.directory(at, look, None), Next::Moved)
        {
            self.miss((name, ino), MOVED);
        }
    }

    fn look(&mut self, (name, ino): (&CStr, Option<Ino>)) -> Option<Look> {
        match look_at(self.fd, name) {
            Ok(look) => {
                if !is_as_listed(self.dir, ino, &look, || Handle::at(self.fd, name)) {
                    self.miss((name, ino), EXCHANGED);
                }
                Some(look)
            }
            Err(error) if error.is_gone() => {
                self.miss((name, ino), MOVED);
                None
            }
            Err(error) => {
                let at = Place::of(self.dir, self.fd.as_fd(), name);
                if !is_shut(self.visitor, self.dir, at, error) {
                    self.visitor.error(at, error);
                }
                None
            }
        }
    }

    fn miss(&mut self, listed: (&CStr, Option<Ino>), missing: (What, Why)) {
        self.is_missing |= self.scheduler.missed.add(self.visitor, self.dir, listed, missing);
    }
}
