//! The walk: directories by descriptor, in parallel, each entry looked at once, if a glance isn't enough.
//!
//! ```text
//!     start ──▶ queue ──pop──▶ open below its parent ──▶ look ──▶ visitor: enter? ──▶ read names
//!                 ▲   steal        │ not a directory: look by name      visitor: look? ─▶ look ─▶ visitor
//!                 └────────────────┴──────── directories among them ◀────────────┘
//! ```
//!
//! What was listed and is gone, or was moved away just then, is looked for again when all is done, under whatever name its
//! inode has in that directory by then; no directory is read over and over, whatever is done to the tree meanwhile.
//!
//! A directory is judged through the descriptor that is then read, so what was judged is what was read. Names
//! are only ever looked up below an open directory, never through a link, `..` or a mount nobody agreed to.

mod again;
mod counters;
mod scheduler;
mod dir;
mod worker;
mod missing;
mod place;
mod pool;
mod reading;
mod settle;
#[cfg(test)]
mod tests;
mod unread;
mod visits;

pub(crate) use counters::Counters;
pub(crate) use place::{Place, Whence};
pub(crate) use unread::Unread;
pub(crate) use visits::Visits;

use crate::model::entry::Kind;
use crate::sys::SysError;
use crate::sys::dir::OnMount;
use crate::sys::mounts::Mounts;
use crate::sys::stat::{Glance, Look};
use crate::sys::thread::start;
use dir::Dir;
use missing::{Missing, ROUNDS, pause};
use scheduler::{Job, Scheduler};
use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use worker::Worker;

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
}

/// Descriptors that a thread needs at least: those it works with, and ancestors worth keeping.
const DESCRIPTORS_EACH: usize = 16;

/// Descriptors a thread holds for the moment: parent, directory, and two on the way to reopening one.
const DESCRIPTORS_AT_WORK: usize = 4;

/// How many threads a walk takes unless told otherwise.
///
/// Most of them wait for disks: on two cores eight cost nothing warm, and are 1.6 times as fast cold.
pub fn default_threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    (4 * cores).clamp(8, 64)
}

/// Walks all that lies below the starts, one thread for each visitor, and gives the visitors back in order.
///
/// Where descriptors are few, fewer threads are used. Fails only where a thread's setup did.
pub(crate) fn walk<V: Visitor>(
    starts: Vec<Start<V::Here>>,
    visitors: Vec<V>,
    options: Options<'_>,
) -> Result<Vec<V>, SysError> {
    let spare = options.descriptors.saturating_sub(starts.len());
    let threads = visitors.len().min((spare / DESCRIPTORS_EACH).max(1));
    let share = (spare / threads.max(1)).saturating_sub(DESCRIPTORS_AT_WORK).max(1);
    let begin = |start| Job::Start(Arc::new(Dir::start(start, options.mounts)));
    let mut jobs: Vec<_> = starts.into_iter().map(begin).collect();
    let mut visitors = visitors;
    for left in (0..=ROUNDS).rev() {
        let idle = visitors.split_off(threads);
        let (mut done, missing) = round(jobs, visitors, share, left == 0, options)?;
        done.extend(idle);
        visitors = done;
        if missing.is_empty() || options.stop.load(Relaxed) {
            break;
        }
        pause(options.stop);
        jobs = again::by_directory(missing).into_iter().map(|(dir, absent)| Job::Again(dir, absent)).collect();
    }
    Ok(visitors)
}

/// What comes of one round: the visitors, and what is to be looked for again.
type Round<V> = (Vec<V>, Vec<Missing<<V as Visitor>::Here>>);

/// Does jobs and all that they lead to; gives the visitors back in order, and what is to be looked for again.
fn round<V: Visitor>(
    jobs: Vec<Job<V::Here>>,
    visitors: Vec<V>,
    share: usize,
    is_last: bool,
    options: Options<'_>,
) -> Result<Round<V>, SysError> {
    let (scheduler, queues) = Scheduler::new(visitors.len(), is_last, options.stop, options.counters.pending());
    for (job, queue) in jobs.into_iter().zip(queues.iter().cycle()) {
        scheduler.enlist(queue, job);
    }
    let workers: Vec<_> = visitors
        .into_iter()
        .zip(queues)
        .enumerate()
        .map(|(seat, (visitor, queue))| Mutex::new(Some(Worker::new(visitor, queue, seat, share, &scheduler, options))))
        .collect();
    let worked: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = workers.iter().map(|worker| start(scope, || taken(worker).map(Worker::work))).collect();
        threads.into_iter().map(|thread| thread.map(|thread| thread.join())).collect()
    });
    let (mut done, mut refused, mut at_work) = (Vec::new(), None, 0);
    for (worked, worker) in worked.into_iter().zip(&workers) {
        match worked {
            // A visitor's panic goes on in the caller, once the other threads are done.
            Ok(visitor) => {
                done.extend(visitor.unwrap_or_else(|panic| std::panic::resume_unwind(panic)).transpose()?);
                at_work += 1;
            }
            // What a thread that the system refused was to do, the others have done. What its visitor knows is kept.
            Err(error) => {
                done.extend(taken(worker).map(Worker::into_visitor));
                refused = Some(error);
            }
        }
    }
    if let Some(error) = refused.filter(|_| at_work == 0) {
        return Err(error);
    }
    drop(workers);
    Ok((done, scheduler.into_missing()))
}

fn taken<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}
