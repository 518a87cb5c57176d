//! What a walk is told, and what it tells: a visitor for each of its threads.

use super::counters::Counters;
use super::place::Place;
use super::time::Time;
use super::units::{KindedName, Unit};
use super::unread::Unread;
use super::visits::Visits;
use crate::model::entry::Kind;
use crate::source::mounts::Mounts;
use crate::sys::SysError;
use crate::sys::dir::OnMount;
use crate::sys::stat::{Glance, Look};
use std::ffi::CStr;
use std::os::fd::BorrowedFd;
use std::sync::atomic::AtomicBool;

/// One thread's part of a walk: told of directories and entries, it says what to look at and where to go.
///
/// A thread's calls come one directory at a time: after `begin`, every `want` and `entry` until the next
/// `begin` is of names in that directory. `directory` and `mount` may come from any other, between readings.
pub(crate) trait Visitor: Send {
    /// What is known of a directory, for its entries; all of them share it.
    type Here: Send + Sync;

    /// A walk starts in this directory, which the caller looked at.
    fn start(&mut self, at: Place<'_, Self::Here>, look: &Look) {
        let _ = (at, look);
    }

    /// Reading of a directory begins, or goes on, on this thread.
    fn begin(&mut self, at: Place<'_, Self::Here>) {
        let _ = at;
    }

    /// A name was read: is it worth a look? Asked again should it turn out to be of another kind.
    fn want(&mut self, here: &Self::Here, name: &CStr, kind: Kind) -> Want;

    /// An entry that isn't a directory was glanced at, and is surely on its directory's mount: is that enough?
    fn glance(&mut self, glance: &Glance) -> Enough {
        let _ = glance;
        Enough::No
    }

    /// An entry was looked at that isn't a directory.
    fn entry(&mut self, at: Place<'_, Self::Here>, look: &Look) -> Standing;

    /// A directory was looked at, through its own descriptor or, where it can't be opened, by name.
    fn directory(&mut self, at: Place<'_, Self::Here>, look: &Look, own: Option<BorrowedFd<'_>>) -> Next<Self::Here>;

    /// A directory on the way to what is meant was looked at, through its own descriptor: it is judged by another.
    fn pass(&mut self, at: Place<'_, Self::Here>, look: &Look, own: BorrowedFd<'_>) -> Next<Self::Here> {
        let _ = (at, look, own);
        Next::Leave
    }

    /// The time was over before it was come to: an entry with all that lies below it, or these names of a directory.
    fn left(&mut self, at: Place<'_, Self::Here>, names: Option<Vec<KindedName>>) {
        let _ = (at, names);
    }

    /// The same of what was meant below a start, whose directories know this.
    fn left_unit(&mut self, here: &Self::Here, unit: Unit) {
        let _ = (here, unit);
    }

    /// An entry lies on another mount than its directory: is it to be gone to?
    fn mount(&mut self, at: Place<'_, Self::Here>, mount: OnMount) -> Crossing;

    /// A mount that was agreed to lets nobody in but who mounted it (FUSE without allow_other): it is not entered.
    fn shut(&mut self, at: Place<'_, Self::Here>);

    /// A name was read, but nothing is there any more, or a directory was exchanged meanwhile. It was looked for again.
    fn vanished(&mut self, at: Place<'_, Self::Here>);

    /// Something could not be read or looked at.
    fn error(&mut self, at: Place<'_, Self::Here>, error: SysError);

    /// Something is there that was left unread, for what others did to it meanwhile.
    fn unread(&mut self, at: Place<'_, Self::Here>, why: Unread) {
        self.error(at, why.as_error());
    }

    /// The walk is over for this thread.
    fn end(&mut self) {}
}

/// What to do about a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Want {
    /// Nothing.
    Skip,
    /// Glance at it, and look at it where that isn't enough.
    Glance,
    /// Look at it; a directory by its name, without entering it.
    Look,
    /// Look at it; open a directory first, so that it can be entered.
    Enter,
}

/// Whether a glance was enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Enough {
    /// All is known that there is to know.
    Yes,
    /// It has to be looked at.
    No,
}

/// Whether an entry was told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It was.
    Told,
    /// It was not: the names that led to it don't any more. It is to be looked for again.
    Moved,
}

/// What to do about a directory that was looked at.
#[derive(Debug)]
pub(crate) enum Next<H> {
    /// The names that led to it don't any more: look for it again when all else is done.
    Moved,
    /// Leave it unread.
    Leave,
    /// Read it, with this known of it.
    Enter(H),
}

/// What to do about another mount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Crossing {
    /// Stay on this side.
    Stay,
    /// Go over.
    Enter,
}

/// What a walk goes by.
#[derive(Clone, Copy)]
pub(crate) struct Options<'a> {
    /// Run on each thread before it touches a directory; there privileges are given up.
    pub setup: &'a (dyn Fn() -> Result<(), SysError> + Sync),
    /// Ends the walk soon after it is set.
    pub stop: &'a AtomicBool,
    /// Counts names read.
    pub counters: &'a Counters,
    /// How many descriptors may be open at a time, those of the starts among them.
    pub descriptors: usize,
    /// The mounts of the system; they tell where opening a directory could mount another.
    pub mounts: &'a Mounts,
    /// What was read before that may not be read over and over; one for all walks of a run.
    pub visits: &'a Visits,
    /// How long it may take.
    pub time: &'a Time<'a>,
}
