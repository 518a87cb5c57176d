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
//! A walk is one pass; what was moved behind it, to where it had been already, is news to the next (`news`).
//!
//! A directory is judged through the descriptor that is then read, so what was judged is what was read. Names
//! are only ever looked up below an open directory, never through a link, `..` or a mount nobody agreed to.

mod again;
mod counters;
mod crossing;
mod scheduler;
mod dir;
mod listed;
mod worker;
mod missing;
mod news;
mod place;
mod pool;
mod reading;
mod settle;
mod told;
mod time;
#[cfg(test)]
mod tests;
mod units;
mod unread;
mod visitor;
mod visits;
mod ways;

pub(crate) use counters::Counters;
pub(crate) use dir::Start;
pub(crate) use place::{Place, Whence};
pub(crate) use time::Time;
pub(crate) use units::{KindedName, Unit};
pub(crate) use unread::Unread;
pub(crate) use visitor::{Crossing, Enough, Next, Options, Standing, Visitor, Want};
pub(crate) use visits::Visits;

use crate::sys::SysError;
use crate::sys::thread::start;
use dir::Dir;
use missing::{Missing, ROUNDS, pause};
use scheduler::{Job, Scheduler};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use worker::Worker;

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
    let begin = |mut start: Start<V::Here>| {
        let units = start.units.take();
        Job::Start(Arc::new(Dir::start(start, (options.mounts, options.visits))), units)
    };
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
        jobs = missing::by_directory(missing).into_iter().map(|(dir, absent)| Job::Again(dir, absent)).collect();
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
    let begin = jobs.len().max(1);
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
        // As many as there is work for: most trees that are looked at often are small, and a thread costs more than a
        // directory.
        let mut threads = Vec::with_capacity(workers.len());
        for worker in &workers {
            if threads.len() >= begin && !scheduler.is_called() {
                break;
            }
            let thread = start(scope, || taken(worker).map(Worker::work));
            let is_refused = thread.is_err();
            threads.push(thread);
            if is_refused {
                scheduler.close_seats();
                break;
            }
            scheduler.take_seat();
        }
        threads.into_iter().map(|thread| thread.map(|thread| thread.join())).collect()
    });
    let idle: Vec<_> =
        workers.iter().skip(worked.len()).filter_map(|worker| taken(worker).map(Worker::into_visitor)).collect();
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
    done.extend(idle);
    drop(workers);
    Ok((done, scheduler.into_missing()))
}

fn taken<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}
