//! Turning changes and plans round: what undo does.

use super::{Change, Extent, Header, Plan, RunKind, order};
use crate::entry::{Kind, State};
use crate::mode::Mode;

/// The change that brings an entry from where it is back to where `change` found it.
///
/// A regular file never gets set-ID bits back: somebody may have rewritten it since, and would run as its group. Where
/// that is all there is to bring back, nothing changes: `before` and `after` are the same.
pub fn turned_round(change: &Change, found: State) -> Change {
    let lost = match change.kind {
        Kind::File => change.before.mode.without(found.mode) & Mode::SET_ID,
        _ => Mode::NONE,
    };
    let mode = change.before.mode.without(lost);
    let extent = if lost.is_empty() { Extent::Whole } else { Extent::Partial };
    Change { before: found, after: State { mode, ..change.before }, extent, ..change.clone() }
}

impl Plan {
    /// The plan that undoes this one once all of it has been applied; `run` is the id of that run.
    pub fn invert(&self, run: String) -> Plan {
        let mut changes: Vec<Change> = self.changes.iter().map(|change| turned_round(change, change.after)).collect();
        changes.retain(|change| change.before != change.after);
        order(&mut changes);
        let header = Header { kind: RunKind::Undo(run), ..self.header.clone() };
        Plan { header, changes, entries: self.entries }
    }
}
