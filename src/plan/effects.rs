//! What changes would do to access, in numbers and one clause.

use crate::model::acl::effective::Effective;
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::model::target::{AclTurn, TargetAcls};
use crate::model::text::numbers::{counted, number};

/// What changes would do to access; one change can count as several.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(crate) struct Effects {
    /// All changes.
    pub changes: u64,
    /// Those by which the group or others may do more.
    pub wider: u64,
    /// Those by which they may do less.
    pub narrower: u64,
    /// Those that give an entry to another owner or group.
    pub handed: u64,
    /// Those that open what was its owner's alone.
    pub opened: u64,
    /// Those that do none of this, but change set-ID or sticky bits.
    pub special: u64,
    /// Those that could break a program, open what was closed, or not be undone.
    pub risky: u64,
}

impl Effects {
    /// Counts a change; whether it is safe, only who planned it knows.
    pub(crate) fn count(&mut self, before: State, after: State, acls: Option<&AclTurn>) {
        let (by_acl_wider, by_acl_narrower) = acls.map_or((false, false), |turn| by_acls(before, after, turn));
        // With an ACL the group's bits are a mask: who really has what tells more.
        let says_all = acls.is_none();
        let wider = by_acl_wider || says_all && before.mode.widens(after.mode);
        let narrower = by_acl_narrower || says_all && after.mode.widens(before.mode);
        let handed = (before.uid, before.gid) != (after.uid, after.gid);
        self.changes += 1;
        self.wider += u64::from(wider);
        self.narrower += u64::from(narrower);
        self.opened += u64::from(before.mode.is_private() && !after.mode.is_private());
        self.handed += u64::from(handed);
        let same_permissions = before.mode.bits() & 0o777 == after.mode.bits() & 0o777;
        let acls_alone = acls.is_some_and(|turn| !turn.is_same());
        self.special += u64::from(!acls_alone && same_permissions && !(wider || narrower || handed));
    }

    /// `3,000 changes: 12 open wider, 40 close further, 2,950 change hands; 3 unsafe`.
    pub(crate) fn clause(&self) -> String {
        let parts = [
            (self.wider, "opens wider", "open wider"),
            (self.opened, "opens what was private", "open what was private"),
            (self.narrower, "closes further", "close further"),
            (self.handed, "changes hands", "change hands"),
            (self.special, "changes setgid or sticky alone", "change setgid or sticky alone"),
        ];
        let said: Vec<String> = parts
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| counted(*count, one, many))
            .collect();
        let mut text = counted(self.changes, "change", "changes");
        if !said.is_empty() {
            text += &format!(": {}", said.join(", "));
        }
        if self.risky > 0 {
            text += &format!("; {} UNSAFE", number(self.risky));
        }
        text
    }
}

/// Whether somebody can do more, and whether somebody can do less, by ACLs and the modes with them; those of what is made
/// in it later count too.
fn by_acls(before: State, after: State, turn: &AclTurn) -> (bool, bool) {
    let access = |acls: Option<&TargetAcls>| acls.and_then(|acls| acls.access.clone());
    let from = Effective::of(before.mode, access(turn.acls_before()).as_ref());
    let to = Effective::of(after.mode, access(turn.acls_after()).as_ref());
    let default = |acls: Option<&TargetAcls>| {
        acls.and_then(|acls| acls.default.as_ref()).map(Effective::of_default).unwrap_or_default()
    };
    let (old, new) = (default(turn.acls_before()), default(turn.acls_after()));
    let gives = |one: &Effective, other: &Effective| {
        one.differing(other).0.has_any(Mode::GROUP | Mode::OTHER) || one.lacking(other).any(|(_, bits)| bits != 0)
    };
    let is_loose = before.mode.has(Mode::STICKY) && !after.mode.has(Mode::STICKY);
    (gives(&from, &to) || gives(&old, &new) || is_loose, gives(&to, &from) || gives(&new, &old))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::state;

    #[test]
    fn effects_are_told_apart() {
        let mut effects = Effects::default();
        effects.count(state(0, 0, 0o755), state(0, 3001, 0o2775), None);
        effects.count(state(0, 0, 0o707), state(0, 0, 0o770), None);
        effects.count(state(0, 0, 0o755), state(0, 0, 0o2755), None);
        let clause = "3 changes: 2 open wider, 1 closes further, 1 changes hands, 1 changes setgid or sticky alone";
        assert_eq!(effects.clause(), clause);
        effects.risky = 1;
        assert!(effects.clause().ends_with("; 1 UNSAFE"));
        assert_eq!(Effects::default().clause(), "no changes");
    }
}
