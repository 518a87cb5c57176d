//! What of each run was taken back, by the undos behind it.

use super::list::RunSummary;
use super::record::RunState;
use crate::plan::RunKind;
use std::collections::{BTreeMap, BTreeSet};

/// What of a run was taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Undone<'r> {
    /// The run that did, the last of several.
    pub by: &'r str,
    /// How many of its changes are still there, or can't be taken back any more.
    pub left: u64,
    /// Of how many.
    pub of: u64,
}

/// What was taken back of each of these runs, oldest first, by its id; of what was taken back in its turn, nothing.
pub(crate) fn undone(runs: &[RunSummary]) -> BTreeMap<&str, Undone<'_>> {
    // From the newest on: what a whole undo took back counts for nothing, be it an undo itself.
    let mut turned: BTreeSet<&str> = BTreeSet::new();
    let mut undos = Vec::new();
    for run in runs.iter().rev() {
        let RunKind::Undo(of) = &run.header.kind else { continue };
        if turned.contains(run.id.as_str()) {
            continue;
        }
        if is_whole(run) {
            turned.insert(of);
        }
        undos.push((of.as_str(), run));
    }
    let made: BTreeMap<&str, u64> = runs.iter().map(|run| (run.id.as_str(), of(run))).collect();
    let mut undone = BTreeMap::new();
    for (id, undo) in undos.into_iter().rev() {
        let Some(&of) = made.get(id) else { continue };
        let before = undone.get(id).map_or(of, |undone: &Undone<'_>| undone.left);
        let counts = undo.counts;
        let left = match is_whole(undo) {
            true => undo.header.left + counts.unfinished() + counts.gone,
            false => before.saturating_sub(counts.made() + counts.already),
        };
        if is_whole(undo) || left < before {
            undone.insert(id, Undone { by: &undo.id, left: left.min(of), of });
        }
    }
    undone
}

/// Whether an undo went through all of the run that it is of.
fn is_whole(undo: &RunSummary) -> bool {
    let is_done = matches!(undo.state, RunState::Settled { .. }) && undo.counts.total() >= undo.changes;
    is_done && !undo.header.partial
}

/// How many changes there were to take back.
fn of(run: &RunSummary) -> u64 {
    match run.counts.made() + run.counts.refused {
        // It was cut short before that was on record.
        0 => run.changes,
        made => made,
    }
}
