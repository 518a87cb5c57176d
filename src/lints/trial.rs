//! What the tests of the lints share: a few users and groups, entries, and judging one without the rest of the house.

use super::{AclView, Finding, FindingSink, Fix, Lint, Options, Subject, check};
use crate::model::accounts::Accounts;
use crate::model::entry::{Entry, Extras, Identity, Kind, State};
use crate::model::intent::{Around, Intent, RuleId, Wish};
use crate::model::mode::{Mode, ModeExpression};

/// A user: of group USERS, and a member of LAB.
pub(super) const ALICE: u32 = 2001;
/// The group of the tests' trees, and of its root.
pub(super) const LAB: u32 = 3001;
/// Everybody's primary group.
pub(super) const USERS: u32 = 100;

/// One user's own group.
pub(super) const ALONE: u32 = 3002;

/// Users and groups: root, alice, LAB and USERS.
pub(super) struct Table;

impl Accounts for Table {
    fn knows_uid(&self, uid: u32) -> bool {
        [0, ALICE].contains(&uid)
    }

    fn knows_gid(&self, gid: u32) -> bool {
        [0, LAB, USERS].contains(&gid)
    }

    fn is_member(&self, uid: u32, gid: u32) -> bool {
        uid == ALICE && [LAB, USERS].contains(&gid)
    }

    fn primary_gid(&self, uid: u32) -> Option<u32> {
        self.knows_uid(uid).then_some(if uid == 0 { 0 } else { USERS })
    }

    fn uid_of(&self, name: &[u8]) -> Option<u32> {
        (name == b"alice").then_some(ALICE)
    }

    fn is_private_group(&self, gid: u32) -> bool {
        gid == ALONE
    }
}

/// Every lookup is of this entry's name, below a root of LAB.
pub(super) const AROUND: Around<'static> =
    Around { root: Some(LAB), parent: Some(LAB), setgid: Some(LAB), in_share: false, name: b"alice" };

/// An entry with one name.
pub(super) fn entry(kind: Kind, uid: u32, gid: u32, mode: u32) -> Entry {
    let state = State { uid, gid, mode: Mode::new(mode) };
    Entry { kind, id: Identity { dev: 1, ino: 2, btime: None }, nlink: 1, state, mount: 0, extras: Extras::default() }
}

/// A wish of rule 7.
pub(super) fn wish<T>(value: T) -> Option<Wish<T>> {
    Some(Wish { value, rule: RuleId::new(7) })
}

/// A list of mode expressions.
pub(super) fn modes(sources: &[&str]) -> Vec<ModeExpression> {
    sources.iter().map(|source| ModeExpression::parse(source).expect("a mode of a test")).collect()
}

/// What the lints see, and what safe fixes make of it.
pub(super) fn judged(entry: &Entry, intent: &Intent<'_>) -> (Vec<Finding>, State) {
    let options = Options::default();
    let view = AclView::of(entry, intent);
    let subject = Subject::of(&view, intent, &AROUND, &options, &Table);
    let mut findings = FindingSink::new(&subject, &options);
    check(&subject, &mut findings);
    let (findings, desired) = findings.settle(&subject);
    (findings, desired.state)
}

/// The lints that see something, and their fixes.
pub(super) fn seen(entry: &Entry, intent: &Intent<'_>) -> Vec<(Lint, Fix)> {
    judged(entry, intent).0.iter().map(|finding| (finding.lint, finding.fix)).collect()
}
