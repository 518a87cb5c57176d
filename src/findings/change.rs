//! What is to become of an entry with findings, its ACLs included.

use super::found::EntryReport;
use crate::model::acl::judged::JudgedAcls;
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::model::target::{AclTurn, Target, TargetAcls};

impl EntryReport {
    /// What it is: the state it is in, and its ACLs where they are to be changed.
    pub fn before(&self) -> Target {
        AclTurn::before(self.turn(), self.actual)
    }

    /// What it is after every fix that may be planned.
    pub fn after(&self) -> Target {
        AclTurn::after(self.turn(), self.desired)
    }

    /// Whether a fix is planned that changes it.
    pub fn is_changed(&self) -> bool {
        self.actual != self.desired || self.turn().is_some_and(|turn| !turn.is_same())
    }

    /// Its ACLs before and after, where they are part of what is planned.
    pub fn turn(&self) -> Option<&AclTurn> {
        self.rare.as_deref().and_then(|rare| rare.turn.as_deref())
    }

    /// Its ACLs that the policy speaks of, as they are and as it wants them.
    pub fn judged(&self) -> Option<&JudgedAcls> {
        self.rare.as_deref().and_then(|rare| rare.judged.as_deref())
    }

    /// Its ACLs as they are and as they would be after all planned fixes, where the policy speaks of them.
    pub fn acls_told(&self) -> [Option<&TargetAcls>; 2] {
        let found = self.rare.as_deref().and_then(|rare| rare.acls_found.as_deref());
        let turn = self.turn();
        [turn.and_then(AclTurn::acls_before).or(found), turn.and_then(AclTurn::acls_after).or(found)]
    }

    /// Takes it for done what is planned.
    pub fn mend(&mut self) {
        self.actual = self.desired;
        let prospect = self.prospect.take();
        if let Some(rare) = self.rare.as_deref_mut() {
            rare.acls_found = rare.turn.take().and_then(|turn| turn.acls_after().cloned()).map(Box::new);
            if let Some(prospect) = &prospect {
                rare.judged.clone_from(&prospect.judged);
            }
        }
        if let Some(prospect) = prospect {
            self.findings = prospect.left.into();
        }
    }

    /// Leaves it as it is.
    pub fn keep(&mut self) {
        self.desired = self.actual;
        if let Some(rare) = self.rare.as_deref_mut() {
            rare.turn = None;
        }
    }

    /// The permissions that its classes really have, where the policy speaks of its ACL; else its mode's.
    pub fn effective(&self) -> State {
        let classes = self.judged().and_then(|judged| judged.access.as_ref()).map(|access| access.is.classes);
        let mode = self.actual.mode;
        State { mode: classes.map_or(mode, |classes| mode.with_from(Mode::PERMISSIONS, classes)), ..self.actual }
    }
}
