//! Applying plans: each entry is looked up again, held, changed only if it is still what the plan found, and looked at.

mod change;
mod ground;
mod undo;

pub use ground::{Ground, RootDrift};
pub use undo::{Found, Undo, undo_plan};

use crate::journal::{Counts, Recorder};
use crate::plan::Plan;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// What became of a whole plan.
#[derive(Debug)]
pub struct Tally {
    /// How many changes had which outcome.
    pub counts: Counts,
    /// How many were tried: the first so many of the plan.
    pub tried: usize,
    /// Why no more were.
    pub ended: Ended,
}

/// Why a run tried no more changes.
#[derive(Debug)]
pub enum Ended {
    /// There were none.
    Complete,
    /// Somebody asked it to stop.
    Asked,
    /// An outcome could not be put on record; undo finds it out by looking.
    Record(io::Error),
}

/// Applies a plan that is on record already, in its order. Once `stop` is set, the change in hand is finished and no
/// other begun.
pub fn apply(ground: &Ground, plan: &Plan, recorder: &mut dyn Recorder, stop: &AtomicBool) -> Tally {
    let mut tally = Tally { counts: Counts::default(), tried: 0, ended: Ended::Complete };
    for (index, change) in plan.changes.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            tally.ended = Ended::Asked;
            break;
        }
        let done = change::make(ground, &plan.header, change);
        tally.tried += 1;
        tally.counts.add(&done.outcome);
        if let Err(error) = recorder.record(index, &done) {
            tally.ended = Ended::Record(error);
            break;
        }
    }
    tally
}

#[cfg(test)]
mod tests;
