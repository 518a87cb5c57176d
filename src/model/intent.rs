//! What a policy wants of one entry, attribute by attribute, and which rule wants it.

use crate::model::accounts::Accounts;
use crate::model::acl::term::{AclIntent, DefaultAclIntent};
use crate::model::entry::Entry;
use crate::model::mode::{Mode, ModeExpression};
use serde::{Deserialize, Serialize};
use std::num::NonZero;

/// A table of a policy that can decide an attribute: a tree's own keys, or one of its rules.
///
/// The number is its index among all rules of the run's policies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RuleId(NonZero<u32>);

impl RuleId {
    /// The rule of that index.
    pub const fn new(index: u32) -> RuleId {
        // One more than the index, so that a finding without a rule takes no more memory than one with.
        RuleId(NonZero::<u32>::MIN.saturating_add(index))
    }

    /// Its index.
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A value and the rule that decided on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wish<T> {
    /// What is wanted.
    pub value: T,
    /// The rule that wants it.
    pub rule: RuleId,
}

/// One acceptable group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GroupTerm {
    /// The group of this id.
    Gid(u32),
    /// `@root`: the group of the tree's root directory.
    Root,
    /// `@parent`: the group that the parent directory is to have.
    Parent,
    /// `@setgid`: the group of the nearest setgid directory at or above the entry, else that of the root.
    Setgid,
    /// `@primary`: the primary group of the entry's owner.
    Primary,
}

/// One acceptable owner.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OwnerTerm {
    /// The user of this id.
    Uid(u32),
    /// `@name`: the user named like the entry.
    Name,
}

/// What is to become of entries with more than one name.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum HardLinks {
    /// Reported, never changed.
    #[default]
    Refuse,
    /// Changed where all names lie in the tree.
    Inside,
    /// Changed.
    Allow,
}

/// Whose consent opening an entry needs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Consent {
    /// Its owner's: what he keeps private, or can't have meant for the group, is opened by unsafe fixes only.
    #[default]
    Owner,
    /// Nobody's: whatever lies in the tree belongs to its group.
    Assumed,
}

/// What directories are that their owners keep private.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PrivateDirs {
    /// Judged like all others.
    #[default]
    Judge,
    /// Judged by group alone, and nothing below them is judged.
    Allow,
}

/// Acceptable modes: any of them complies, the first is what a fix applies.
pub(crate) type ModeWish = [ModeExpression];

/// What is wanted of one entry. What is `None` is not checked.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Intent<'p> {
    /// Acceptable groups; the first that can be resolved is what a fix sets.
    pub group: Option<Wish<&'p [GroupTerm]>>,
    /// Whether the rule that wants it speaks of this path by name, not of all that lies in the tree.
    pub group_is_by_name: bool,
    /// Acceptable owners, likewise.
    pub owner: Option<Wish<&'p [OwnerTerm]>>,
    /// Whether it carries set-group-ID, where a key of its own says so (directories only).
    pub setgid: Option<Wish<bool>>,
    /// Whether it carries the sticky bit, where a key of its own says so (directories only).
    pub sticky: Option<Wish<bool>>,
    /// Acceptable modes.
    pub mode: Option<Wish<&'p ModeWish>>,
    /// The special bits that `mode` may decide: of those it speaks of, the ones that no later rule decides.
    pub mode_decides: Mode,
    /// Whom its ACL names.
    pub acl: Option<Wish<&'p AclIntent>>,
    /// What is made in it gets (directories only).
    pub default_acl: Option<Wish<&'p DefaultAclIntent>>,
    /// What becomes of entries with several names.
    pub hard_links: HardLinks,
    /// Whose consent opening needs.
    pub consent: Consent,
    /// What it is if it is a directory that its owner keeps private.
    pub private_dirs: PrivateDirs,
}

impl Intent<'_> {
    /// The same once every name of the entry was found in the tree: `inside` then allows what `allow` does.
    pub fn with_every_name_found(self) -> Self {
        match self.hard_links {
            HardLinks::Inside => Intent { hard_links: HardLinks::Allow, ..self },
            HardLinks::Refuse | HardLinks::Allow => self,
        }
    }

    /// Whether nothing at all is wanted, so that the entry needn't be looked at.
    pub fn is_empty(&self) -> bool {
        self.group.is_none()
            && self.owner.is_none()
            && self.setgid.is_none()
            && self.sticky.is_none()
            && self.mode.is_none()
            && !self.is_about_acls()
    }

    /// Whether its ACLs are to be looked at.
    pub fn is_about_acls(&self) -> bool {
        self.acl.is_some() || self.default_acl.is_some()
    }
}

/// What lies around an entry: the groups and the name that the `@` forms stand for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Around<'a> {
    /// The group of the tree's root directory; `None` where it can't be trusted.
    pub root: Option<u32>,
    /// The group that the parent directory is to have; of the root itself, as `root`.
    pub parent: Option<u32>,
    /// The group of the nearest setgid directory above the entry, else that of the root.
    pub setgid: Option<u32>,
    /// Whether it lies in a share of another group's, which a fix leaves them.
    pub in_share: bool,
    /// The entry's own name.
    pub name: &'a [u8],
}

impl GroupTerm {
    /// The group it stands for, for this entry; `None` where there is none.
    pub fn resolve(self, entry: &Entry, around: &Around<'_>, accounts: &dyn Accounts) -> Option<u32> {
        match self {
            GroupTerm::Gid(gid) => Some(gid),
            GroupTerm::Root => around.root,
            GroupTerm::Parent => around.parent,
            GroupTerm::Setgid if is_setgid_directory(entry) => Some(entry.state.gid),
            GroupTerm::Setgid => around.setgid,
            GroupTerm::Primary => accounts.primary_gid(entry.state.uid),
        }
    }
}

impl OwnerTerm {
    /// The user it stands for, for this entry; `None` where there is none.
    pub fn resolve(self, around: &Around<'_>, accounts: &dyn Accounts) -> Option<u32> {
        match self {
            OwnerTerm::Uid(uid) => Some(uid),
            OwnerTerm::Name => accounts.uid_of(around.name),
        }
    }
}

/// Whether new entries in it take its group.
pub(crate) fn is_setgid_directory(entry: &Entry) -> bool {
    entry.kind == crate::model::entry::Kind::Dir && entry.state.mode.has(Mode::SETGID)
}
