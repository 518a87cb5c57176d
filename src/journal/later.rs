//! What later runs tell of a run that was cut short: an entry that the next run to change it found as it had been before was
//! not changed by this one, whatever it looks like now.

use super::id;
use super::outcome::{Done, Outcome};
use super::record::{FOLDER, Record, RunState, load};
use crate::model::entry::Identity;
use crate::store::Store;
use crate::sys::SysError;
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

/// Takes out of a record what only later runs changed: to an undo it is as if it hadn't been changed. Gives how many changes
/// that are, and the last of those runs.
///
/// A run that was killed didn't write down all that became of its changes, and its undo finds out by looking; but the next
/// run has brought what was left to the same state. A later record that can't be read tells nothing.
pub(crate) fn leave_to_later(
    record: &mut Record,
    store: &Store,
    stop: &AtomicBool,
) -> Result<Option<(u64, String)>, SysError> {
    let untold = |record: &Record, at: usize| record.outcomes[at].is_none() && record.may_have_changed(at);
    let mut open: HashMap<Identity, usize> = (0..record.plan.changes.len())
        .filter(|&at| untold(record, at))
        .map(|at| (record.plan.changes[at].id, at))
        .collect();
    let mut left = None;
    if open.is_empty() || matches!(record.state, RunState::Running) {
        return Ok(left);
    }
    let later = id::all(&store.folder(FOLDER)?)?.into_iter().filter(|id| *id > record.id);
    for id in later.collect::<Vec<_>>() {
        let Ok(next) = load(store, &id, stop) else { continue };
        for (at, change) in next.plan.changes.iter().enumerate().filter(|(at, _)| next.may_have_changed(*at)) {
            let Some(own) = open.remove(&change.id) else { continue };
            // It tells of the state that it made its change from.
            if change.before == record.plan.changes[own].before && next.outcomes[at].is_some() {
                record.outcomes[own] = Some(Done::of(Outcome::Already));
                left = Some((left.map_or(0, |(count, _)| count) + 1, id.clone()));
            }
        }
    }
    Ok(left)
}
