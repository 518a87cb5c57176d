//! Changes of files and the like, several at a time: they don't depend on one another, as those of directories do.

use super::change;
use super::open_roots::OpenRoots;
use super::{Ended, Tally};
use crate::journal::{Done, Recorder};
use crate::model::entry::Identity;
use crate::model::target::Links;
use crate::plan::{Change, Plan};
use crate::sys::thread::start;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

/// How many changes a thread takes at a time: neighbours in the plan are neighbours in a directory, and a run that is
/// asked to stop finishes what it took.
const BATCH: usize = 32;

/// How many batches may wait to be taken down: a record that can't be written any more stops the crew this soon.
const LEAD: usize = 8;

/// Fewer changes than this aren't worth starting threads for.
pub(super) const WORTH_IT: usize = 8 * BATCH;

/// The changes from `first` on that a crew may make: those up to the next directory.
///
/// The names of one entry depend on one another, so where an entry has two, one thread makes them all.
pub(super) fn stretch(changes: &[Change], first: usize) -> Range<usize> {
    let rest = &changes[first..];
    let length = rest.iter().take_while(|change| change.kind != crate::model::entry::Kind::Dir).count();
    let mut linked: HashSet<&Identity> = HashSet::new();
    let mut twice = rest[..length].iter().filter(|change| change.links != Links::None && !linked.insert(&change.id));
    if twice.next().is_some() { first..first } else { first..first + length }
}

/// Makes a stretch of changes.
///
/// Batches are taken in the order of the plan and finished once taken, and taken down in that order: whenever the crew
/// ends, what was tried is the plan up to some change, as if one thread had made them.
pub(super) fn make_all(
    open_roots: &OpenRoots,
    plan: &Plan,
    stretch: Range<usize>,
    recorder: &mut dyn Recorder,
    stop: &AtomicBool,
    tally: &mut Tally,
) {
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = sync_channel::<(usize, Vec<Done>)>(LEAD);
    std::thread::scope(|scope| {
        let mut started = 0;
        for _ in 0..open_roots.threads.min(stretch.len().div_ceil(BATCH)) {
            let (sender, next, over, stretch) = (sender.clone(), &next, &over, stretch.clone());
            let thread = start(scope, move || {
                let mut dirs = open_roots.dirs();
                while !stop.load(Ordering::Relaxed) && !over.load(Ordering::Relaxed) {
                    let batch = next.fetch_add(1, Ordering::Relaxed);
                    let changes = plan.changes[stretch.clone()].chunks(BATCH).nth(batch);
                    let Some(changes) = changes else { break };
                    let done = changes
                        .iter()
                        .map(|change| change::make(open_roots, &plan.header, change, &mut dirs))
                        .collect();
                    if sender.send((batch, done)).is_err() {
                        break;
                    }
                }
            });
            // Where the system gives fewer threads, those that are there do it all.
            match thread {
                Ok(_) => started += 1,
                Err(_) => break,
            }
        }
        drop(sender);
        if started == 0 {
            return make_alone(open_roots, plan, stretch.clone(), recorder, stop, tally);
        }
        let (mut early, mut turn) = (BTreeMap::new(), 0);
        for (batch, done) in receiver {
            early.insert(batch, done);
            while let Some(done) = early.remove(&turn) {
                turn += 1;
                for done in done {
                    // What was made is taken down even after that has failed once; but no more is begun.
                    if tally.take(recorder, &done).is_err() {
                        over.store(true, Ordering::Relaxed);
                    }
                }
            }
        }
    });
    if matches!(tally.ended, Ended::Complete) && tally.tried < stretch.end {
        tally.ended = Ended::Asked;
    }
}

/// Makes a stretch of changes on this thread.
fn make_alone(
    open_roots: &OpenRoots,
    plan: &Plan,
    stretch: Range<usize>,
    recorder: &mut dyn Recorder,
    stop: &AtomicBool,
    tally: &mut Tally,
) {
    let mut dirs = open_roots.dirs();
    for change in &plan.changes[stretch] {
        let is_stopped = stop.load(Ordering::Relaxed);
        if is_stopped || tally.take(recorder, &change::make(open_roots, &plan.header, change, &mut dirs)).is_err() {
            break;
        }
    }
}
