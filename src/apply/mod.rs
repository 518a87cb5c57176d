//! Applying plans: each entry is looked up again, held, changed only if it is still what the plan found, and looked at.

mod acl_attempt;
mod attempt;
mod change;
mod scheduler;
mod dirs;
pub(crate) mod lock;
mod open_roots;
mod undo;

pub(crate) use open_roots::{OpenRoots, RootDrift};
pub(crate) use undo::{Found, undo_plan};

use crate::journal::{Counts, Done, Recorder};
use crate::model::entry::Kind;
use crate::plan::Plan;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// What became of a whole plan.
#[derive(Debug)]
pub(crate) struct Tally {
    /// How many changes had which outcome.
    pub counts: Counts,
    /// How many were tried: the first so many of the plan.
    pub tried: usize,
    /// Why no more were.
    pub ended: Ended,
}

/// Why a run tried no more changes.
#[derive(Debug)]
pub(crate) enum Ended {
    /// There were none.
    Complete,
    /// Somebody asked it to stop.
    Asked,
    /// An outcome could not be put on record; undo finds it out by looking.
    Record(io::Error),
}

impl Tally {
    /// Takes down what became of the next change.
    fn take(&mut self, recorder: &mut dyn Recorder, done: &Done) -> Result<(), ()> {
        let index = self.tried;
        self.tried += 1;
        self.counts.add(&done.outcome);
        recorder.record(index, done).map_err(|error| {
            if !matches!(self.ended, Ended::Record(_)) {
                self.ended = Ended::Record(error);
            }
        })
    }
}

/// Applies a plan that is on record already, in its order: directories one after another, what lies between them in the
/// plan several at a time. Once `stop` is set, the changes in hand are finished and no others begun.
pub(crate) fn apply(open_roots: &OpenRoots, plan: &Plan, recorder: &mut dyn Recorder, stop: &AtomicBool) -> Tally {
    let mut tally = Tally { counts: Counts::default(), tried: 0, ended: Ended::Complete };
    let mut dirs = open_roots.dirs();
    while let Some(change) = plan.changes.get(tally.tried) {
        if stop.load(Ordering::Relaxed) {
            tally.ended = Ended::Asked;
        } else if let Some(stretch) = for_a_crew(open_roots, plan, tally.tried) {
            // Nothing is held for as long as a crew works.
            dirs = open_roots.dirs();
            scheduler::make_all(open_roots, plan, stretch, recorder, stop, &mut tally);
        } else if tally.take(recorder, &change::make(open_roots, &plan.header, change, &mut dirs)).is_ok() {
            continue;
        }
        if !matches!(tally.ended, Ended::Complete) {
            break;
        }
    }
    tally
}

/// What would become of the changes of a plan, for as many as were looked at until `stop` was set: `None` of those that
/// would be made. Changes nothing.
pub(crate) fn foresee(open_roots: &OpenRoots, plan: &Plan, stop: &AtomicBool) -> Vec<Option<Done>> {
    let mut dirs = open_roots.dirs();
    let changes = plan.changes.iter().take_while(|_| !stop.load(Ordering::Relaxed));
    changes.map(|change| change::find(open_roots, &plan.header, change, &mut dirs).err()).collect()
}

/// The changes from here on that several threads make, where there are enough of them.
fn for_a_crew(open_roots: &OpenRoots, plan: &Plan, first: usize) -> Option<Range<usize>> {
    // On overlayfs undo needs the new identity of each entry, so each is on record before the next is changed.
    if open_roots.threads < 2 || open_roots.is_passing() || plan.changes.len() - first < scheduler::WORTH_IT {
        return None;
    }
    // Looked for where one can begin only, or the plan would be gone through once for each of its changes.
    let begins = first == 0 || plan.changes[first - 1].kind == Kind::Dir;
    begins.then(|| scheduler::stretch(&plan.changes, first)).filter(|stretch| stretch.len() >= scheduler::WORTH_IT)
}

#[cfg(test)]
mod tests;
