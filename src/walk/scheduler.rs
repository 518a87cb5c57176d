//! The threads of a walk among themselves: jobs, stealing, sleeping, and knowing when all is done.

use super::dir::Dir;
use super::missing::{Absent, Missed, Missing};
use super::told::{Remembered, ToldNames};
use super::units::{Below, Units};
use crate::sys::listing::Ino;
use crossbeam_deque::{Steal, Stealer, Worker as Queue};
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How often a thread without work looks around before it sleeps.
const ROUNDS: usize = 4;

/// One piece of work.
pub(crate) enum Job<H> {
    /// Read a directory that the walk starts in, or go on from there to what is meant below.
    Start(Arc<Dir<H>>, Option<Units>),
    /// Open the directory of that name, which was listed with that inode; look at it, read it.
    Child(Arc<Dir<H>>, CString, Option<Ino>),
    /// Look again for what was missing in a directory.
    Again(Arc<Dir<H>>, Vec<Absent>),
    /// Read on in a directory, from there; with what was told of it so far.
    More(Arc<Dir<H>>, u64, Box<ToldNames>),
    /// Go on to the directory of that name, on the way to these.
    Way(Arc<Dir<H>>, CString, Below),
    /// Do what is to be done about some names of a directory: those of the unit of that index.
    Names(Arc<Dir<H>>, Units, usize),
}

/// What the threads share.
///
/// A job counts as pending from before it is queued until it is done, so with none pending all is done. Only
/// the owner of a queue puts jobs there, and sleeps only when it is empty: a missed wake costs time, never a job.
pub(crate) struct Scheduler<'a, H> {
    stealers: Vec<Stealer<Job<H>>>,
    pending: &'a AtomicUsize,
    /// What is to be looked for again.
    pub missed: Missed<H>,
    /// What is remembered of directories.
    pub remembered: Remembered,
    asleep: AtomicUsize,
    /// How many threads could still be started.
    vacant: AtomicUsize,
    over: AtomicBool,
    stop: &'a AtomicBool,
    gate: Mutex<Gate>,
    bell: Condvar,
    /// For who starts threads.
    call: Condvar,
}

/// What is changed under the lock alone.
#[derive(Default)]
struct Gate {
    /// How many threads are asked for that weren't started yet.
    called: usize,
}

impl<'a, H> Scheduler<'a, H> {
    /// A scheduler and the queue of each thread; `pending` counts its jobs, and begins with none. After the last
    /// nothing is looked for again.
    pub(super) fn new(
        threads: usize,
        is_last: bool,
        stop: &'a AtomicBool,
        pending: &'a AtomicUsize,
    ) -> (Scheduler<'a, H>, Vec<Queue<Job<H>>>) {
        let queues: Vec<_> = (0..threads).map(|_| Queue::new_lifo()).collect();
        let scheduler = Scheduler {
            stealers: queues.iter().map(Queue::stealer).collect(),
            pending,
            missed: Missed::new(is_last),
            remembered: Remembered::default(),
            asleep: AtomicUsize::new(0),
            vacant: AtomicUsize::new(threads),
            over: AtomicBool::new(false),
            stop,
            gate: Mutex::default(),
            bell: Condvar::new(),
            call: Condvar::new(),
        };
        (scheduler, queues)
    }

    /// Queues one job.
    pub(super) fn enlist(&self, queue: &Queue<Job<H>>, job: Job<H>) {
        self.pending.fetch_add(1, Ordering::Relaxed);
        queue.push(job);
    }

    /// Queues jobs; the last of them is done first.
    pub(super) fn enlist_all(&self, queue: &Queue<Job<H>>, jobs: impl ExactSizeIterator<Item = Job<H>>) {
        self.pending.fetch_add(jobs.len(), Ordering::Relaxed);
        jobs.for_each(|job| queue.push(job));
        // One job is for the owner itself, who comes for it at once.
        if queue.len() > 1 {
            self.wake_one();
        }
    }

    /// Whether some thread has nothing to do, one that isn't started yet among them.
    pub(super) fn is_hungry(&self) -> bool {
        self.asleep.load(Ordering::Relaxed) > 0 || self.vacant.load(Ordering::Relaxed) > 0
    }

    /// A thread begins.
    pub(super) fn take_seat(&self) {
        self.vacant.fetch_sub(1, Ordering::Relaxed);
    }

    /// No more threads can be had.
    pub(super) fn close_seats(&self) {
        self.vacant.store(0, Ordering::Relaxed);
    }

    /// Waits until one more thread is asked for; `false` when none will be.
    pub(super) fn is_called(&self) -> bool {
        let mut gate = self.lock();
        while gate.called == 0 && !self.is_over() && self.vacant.load(Ordering::Relaxed) > 0 {
            gate = self.call.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        let is_called = gate.called > 0 && !self.is_over();
        gate.called = gate.called.saturating_sub(1);
        is_called
    }

    /// Whether the walk is to end.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed)
    }

    /// The next job for a thread: its own newest, else another's oldest; waits for one. `None` when all is done.
    pub(super) fn next(&self, queue: &Queue<Job<H>>, seat: usize) -> Option<Job<H>> {
        let mut round = 0;
        while !self.is_over() {
            if let Some(job) = queue.pop().or_else(|| self.steal(seat)) {
                return Some(job);
            }
            if self.pending.load(Ordering::Acquire) == 0 {
                break;
            }
            round += 1;
            match round < ROUNDS {
                true => std::thread::yield_now(),
                false => self.sleep(),
            }
        }
        self.end();
        None
    }

    /// A job is done, and what it led to is queued.
    pub(super) fn done(&self) {
        if self.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.end();
        }
    }

    /// Whether the walk is over too, now that these jobs are done.
    pub(super) fn is_last(&self) -> bool {
        self.missed.is_over(self.stop)
    }

    /// What is to be looked for again.
    pub(super) fn into_missing(self) -> Vec<Missing<H>> {
        self.missed.into_list()
    }

    /// Ends the work of all threads.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        drop(self.lock());
        self.bell.notify_all();
        self.call.notify_all();
    }

    fn steal(&self, seat: usize) -> Option<Job<H>> {
        let (before, after) = self.stealers.split_at(seat);
        for victim in after[1..].iter().chain(before) {
            loop {
                match victim.steal() {
                    Steal::Success(job) => {
                        if !victim.is_empty() {
                            self.wake_one();
                        }
                        return Some(job);
                    }
                    Steal::Empty => break,
                    Steal::Retry => {}
                }
            }
        }
        None
    }

    fn sleep(&self) {
        let gate = self.lock();
        self.asleep.fetch_add(1, Ordering::SeqCst);
        // Pairs with the one in `wake_one`: either we see the job, or its owner sees us.
        fence(Ordering::SeqCst);
        let idle = self.pending.load(Ordering::SeqCst) > 0 && self.stealers.iter().all(Stealer::is_empty);
        if idle && !self.is_over() {
            drop(self.bell.wait(gate).unwrap_or_else(PoisonError::into_inner));
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }

    /// Wakes a thread that sleeps; asks for one that isn't started yet where none does.
    fn wake_one(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) > 0 {
            drop(self.lock());
            self.bell.notify_one();
        } else if self.vacant.load(Ordering::Relaxed) > 0 {
            let mut gate = self.lock();
            // One at a time: the next is asked for by whom that one finds work left to steal.
            gate.called = 1;
            drop(gate);
            self.call.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
