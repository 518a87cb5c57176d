//! Turning changes and plans round: what undo does.

use super::model::{Change, Extent, Header, Plan, RunKind};
use super::steps::order;
use crate::model::entry::{Identity, Kind, State};
use crate::model::mode::Mode;
use crate::model::target::{AclTurn, Target};
use crate::sys::handle::Handle;

/// What is there now of an entry that a change was made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Present {
    /// Which entry it is now; on some file systems another than before.
    pub id: Identity,
    /// The same across boots, where its file system says.
    pub handle: Option<Handle>,
    /// Its state, and its ACLs where the change has any.
    pub target: Target,
    /// Whether its state is all that the change took from it: file capabilities are not put back either.
    pub extent: Extent,
}

impl Change {
    /// What an undo brings its entry back to from this one; the same where there is nothing to bring back.
    ///
    /// A regular file gets no set-ID bits: somebody may have rewritten it since, and whoever ran it would run that as its
    /// owner or group. Nor do the bits that it has go with it to another owner or group, as mmap(2) rewrites and clears none.
    pub fn undone(&self, from: &Target) -> Target {
        let mut to = self.found();
        if self.kind == Kind::File {
            to.state.mode = to.state.mode.without(set_id_gained(from.state, to.state));
        }
        to
    }

    /// The change that brings its entry back from what is there now; `None` where there is nothing to bring back.
    fn turned_round(&self, now: &Present) -> Option<Change> {
        let to = self.undone(&now.target);
        if to == now.target {
            return None;
        }
        let extent = if to == self.found() { now.extent } else { Extent::Partial };
        let (id, handle, from) = (now.id, now.handle.clone(), now.target.clone());
        let (before, after, acls) = (from.state, to.state, AclTurn::of(from.acls, to.acls));
        Some(Change { id, handle, before, after, acls, extent, ..self.clone() })
    }
}

/// The set-ID bits of `to` that a regular file doesn't have already, for the same owner and group and with the same effect.
pub(super) fn set_id_gained(from: State, to: State) -> Mode {
    let same_ids = (from.uid, from.gid) == (to.uid, to.gid);
    let kept = if same_ids { from.mode } else { Mode::NONE };
    let set_id = to.mode & Mode::SET_ID;
    // Bits without effect aren't cleared when somebody writes to the file (inode(7) on setgid without group execute), so
    // giving them their effect is giving them.
    set_id.without(kept) | effective_set_id(to.mode).without(effective_set_id(kept))
}

/// The set-ID bits that count when a regular file of this mode is executed (execve(2)).
fn effective_set_id(mode: Mode) -> Mode {
    let when = |runs: bool, bit: Mode| if runs { mode & bit } else { Mode::NONE };
    when(mode.has_any(Mode::EXECUTE), Mode::SETUID) | when(mode.has(Mode::GROUP_EXECUTE), Mode::SETGID)
}

impl Plan {
    /// The plan that undoes the run of this one, by the id `run`: of the changes with these indices, each with what is
    /// there of its entry now.
    pub fn invert(&self, run: String, now: &[(usize, Present)]) -> Plan {
        let mut changes: Vec<Change> =
            now.iter().filter_map(|(index, now)| self.changes[*index].turned_round(now)).collect();
        order(&mut changes);
        let header = Header { kind: RunKind::Undo(run), max_changes: None, plan_bytes: None, ..self.header.clone() };
        Plan { header, changes, entries: now.len() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::change;
    use crate::model::entry::{Kind, State};
    use crate::model::mode::Mode;

    #[test]
    fn no_undo_gives_set_id_bits_of_other_ids_or_without_the_same_effect() {
        let modes: Vec<Mode> =
            (0..0o10000).step_by(7).chain([0o2755, 0o2775, 0o4711, 0o6770, 0o2745]).map(Mode::new).collect();
        let runs_as = |state: State| {
            let user = (state.mode.has(Mode::SETUID) && state.mode.has_any(Mode::new(0o111))).then_some(state.uid);
            let group = (state.mode.has(Mode::SETGID) && state.mode.has(Mode::new(0o010))).then_some(state.gid);
            (user, group)
        };
        for (uid, gid) in [(1, 2), (1, 3), (0, 2), (0, 3)] {
            for (&now, &once) in modes.iter().flat_map(|now| modes.iter().map(move |once| (now, once))) {
                let (now, once) = (State { uid: 1, gid: 2, mode: now }, State { uid, gid, mode: once });
                let undone = change("f", Kind::File, once, now).undone(&now.into()).state;
                let context = format!("{now:?} -> {once:?}: {undone:?}");
                assert_eq!((undone.uid, undone.gid), (uid, gid), "{context}");
                assert_eq!(undone.mode & Mode::new(0o1777), once.mode & Mode::new(0o1777), "{context}");
                assert!(once.mode.has(undone.mode), "{context}");
                let (user, group) = runs_as(undone);
                assert!(user.is_none() || user == runs_as(now).0 && gid == 2, "{context}");
                assert!(group.is_none() || group == runs_as(now).1 && uid == 1, "{context}");
            }
        }
    }
}
