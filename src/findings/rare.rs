//! What few entries with findings have, kept apart: there may be millions of others.

use crate::lints::Losers;
use crate::model::acl::Acls;
use crate::model::acl::judged::JudgedAcls;
use crate::model::entry::State;
use crate::model::intent::RuleId;
use crate::model::path::TreePath;
use crate::model::target::{AclTurn, Links, TargetAcls};
use std::sync::Arc;

/// What few entries with findings have.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Rare {
    /// The other names that it may have when it is changed.
    pub links: Links,
    /// What stands between a root and its group, if something does: the message of unreachable.
    pub obstacle: Option<Box<str>>,
    /// Which two policies want which states of it, in words: the message of conflict.
    pub conflict: Option<Arc<str>>,
    /// Two policies that want different states of it, until that is put into words.
    pub rivals: Option<Box<[Rival; 2]>>,
    /// What its ACLs come to.
    pub acls: Acls,
    /// Whom its ACL names that would have less in the state that the policy asks for.
    pub losers: Losers,
    /// Its ACLs before and after, where they are part of what is planned.
    pub turn: Option<Box<AclTurn>>,
    /// Its ACLs, where the policy speaks of them.
    pub acls_found: Option<Box<TargetAcls>>,
    /// Its ACLs that the policy speaks of.
    pub judged: Option<Box<JudgedAcls>>,
    /// The read-only place that keeps it as it is, by its path from the root.
    pub read_only: Option<TreePath>,
}

/// One of two policies that want different states of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rival {
    /// Its root, by index.
    pub root: u32,
    /// The rule that says so, if one rule does.
    pub rule: Option<RuleId>,
    /// The state that would suit it; none where both want the same state, and ACLs that can't both be.
    pub ideal: Option<State>,
}
