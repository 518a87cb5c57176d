//! What can be changed of an entry, as one value: the unit of what is found, wanted, planned, put on record and undone.

use super::acl::Acl;
use super::entry::{Entry, Extras, State};
use super::path::TreePath;
use serde::{Deserialize, Serialize};

/// What an entry is, or is to be, as far as it can be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Owner, group and mode: what statx(2) tells.
    pub state: State,
    /// Its ACLs, where they are looked at; absent, they are nobody's business but chmod(2)'s, which sets the mask.
    pub acls: Option<Box<TargetAcls>>,
}

impl Entry {
    /// Whether it is this already.
    pub fn is_at(&self, target: &Target) -> bool {
        let is_acl = |one: &Option<Acl>, other: Option<&Acl>| one.as_ref() == other;
        self.state == target.state
            && target.acls.as_deref().is_none_or(|acls| {
                is_acl(&acls.access, self.extras.access.as_deref())
                    && is_acl(&acls.default, self.extras.default.as_deref())
            })
    }

    /// What it is, with its ACLs as far as they were asked for.
    pub fn acls(&self) -> Box<TargetAcls> {
        let Extras { access, default, .. } = &self.extras;
        Box::new(TargetAcls { access: access.as_deref().cloned(), default: default.as_deref().cloned() })
    }

    /// The same entry once it is this.
    #[must_use]
    pub fn in_target(&self, target: &Target) -> Entry {
        let Some(acls) = target.acls.as_deref() else { return self.in_state(target.state) };
        let extras = self.extras.with_acls(acls.access.clone(), acls.default.clone());
        Entry { state: target.state, extras, ..*self }
    }
}

/// Both ACLs of a target: these, or none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct TargetAcls {
    /// Its own; none that says more than the mode where it is absent.
    pub access: Option<Acl>,
    /// What is made in it gets, if it is a directory.
    pub default: Option<Acl>,
}

impl From<State> for Target {
    fn from(state: State) -> Target {
        Target { state, acls: None }
    }
}

/// The ACLs of two targets of one entry, before and after a change. Nearly no change has any, and there may be millions:
/// so the states stand beside each other, and their ACLs in here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AclTurn {
    before: Option<Box<TargetAcls>>,
    after: Option<Box<TargetAcls>>,
}

impl AclTurn {
    /// The ACLs of both, where either has any.
    pub fn of(before: Option<Box<TargetAcls>>, after: Option<Box<TargetAcls>>) -> Option<Box<AclTurn>> {
        let is_there = before.is_some() || after.is_some();
        is_there.then(|| Box::new(AclTurn { before, after }))
    }

    /// Those before.
    pub fn acls_before(&self) -> Option<&TargetAcls> {
        self.before.as_deref()
    }

    /// Those after.
    pub fn acls_after(&self) -> Option<&TargetAcls> {
        self.after.as_deref()
    }

    /// Whether the change leaves them as they are.
    pub fn is_same(&self) -> bool {
        self.before == self.after
    }

    /// The target before, in this state.
    pub fn before(turn: Option<&AclTurn>, state: State) -> Target {
        Target { state, acls: turn.and_then(|turn| turn.before.clone()) }
    }

    /// The target after, in this state.
    pub fn after(turn: Option<&AclTurn>, state: State) -> Target {
        Target { state, acls: turn.and_then(|turn| turn.after.clone()) }
    }
}

/// The other names that an entry may have when it is changed; directories have none.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Links {
    /// None (`hard-links = "refuse"`).
    #[default]
    None,
    /// These and no others, from the same root (`hard-links = "inside"`).
    ///
    /// Behind one word: of millions of changes few have other names.
    Inside(Box<Box<[TreePath]>>),
    /// Any (`hard-links = "allow"`).
    Any,
}

impl Links {
    /// These and no others.
    pub fn inside(names: impl IntoIterator<Item = TreePath>) -> Links {
        Links::Inside(Box::new(names.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::acl::{AclEntry, Tag};
    use crate::model::mode::Mode;

    #[test]
    fn states_and_their_acls_come_apart_and_together() {
        let state = |mode| State { uid: 1, gid: 2, mode: Mode::new(mode) };
        let entry = |tag, permissions| AclEntry { tag, id: None, permissions };
        let access = Acl::new(vec![entry(Tag::Owner, 6), entry(Tag::OwningGroup, 4), entry(Tag::Other, 0)]).ok();
        let with = Target { state: state(0o640), acls: Some(Box::new(TargetAcls { access, default: None })) };
        let without = Target::from(state(0o600));
        for (before, after) in [(&with, &without), (&without, &with), (&with, &with), (&without, &without)] {
            let turn = AclTurn::of(before.acls.clone(), after.acls.clone());
            assert_eq!(&AclTurn::before(turn.as_deref(), before.state), before);
            assert_eq!(&AclTurn::after(turn.as_deref(), after.state), after);
            assert_eq!(turn.is_none_or(|turn| turn.is_same()), before == after);
        }
    }
}
