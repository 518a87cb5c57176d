//! A tree bound to one real root: its rules, and the groups and owners that their names stand for.

use super::rules::{Decision, TreeRules};
use crate::model::acl::term::{AclIntent, DefaultAclIntent};
use crate::model::entry::Kind;
use crate::model::intent::{GroupTerm, Intent, OwnerTerm, Wish};
use crate::policy::model::{Model, Mounts};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One tree of a policy, bound to one real root, with names turned into ids.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) root: PathBuf,
    pub(crate) rules: Arc<TreeRules>,
    /// The groups and owners of the rules that want some, in the order of [`TreeRules::account_rules`].
    pub(crate) groups: Vec<Box<[GroupTerm]>>,
    pub(crate) owners: Vec<Box<[OwnerTerm]>>,
    /// The ACLs of the rules that want some, in the order of [`TreeRules::acl_rules`].
    pub(crate) acls: Vec<AclIntent>,
    pub(crate) default_acls: Vec<DefaultAclIntent>,
    /// The accounts that its rules name and nobody here has, where those are passed over.
    pub(crate) passed_over: BTreeSet<String>,
}

impl Instance {
    /// The absolute path of the root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The index of its policy.
    pub(crate) fn policy(&self) -> u32 {
        self.rules.policy()
    }

    /// The indexes of its trees in the policy.
    pub(crate) fn trees(&self) -> impl Iterator<Item = u32> {
        self.rules.parts().iter().map(|part| part.tree)
    }

    /// Its policy.
    pub(crate) fn model(&self) -> &Arc<Model> {
        self.rules.model()
    }

    /// Which mounts below the root are entered.
    pub(crate) fn mounts(&self) -> Mounts {
        self.rules.mounts()
    }

    /// Whether the group of the root decides on other groups.
    pub(crate) fn asks_for_root_group(&self) -> bool {
        // `@setgid` and `@parent` end at the root's group where nothing else is found.
        let of_root = |term: &GroupTerm| matches!(term, GroupTerm::Root | GroupTerm::Setgid | GroupTerm::Parent);
        self.groups.iter().flatten().any(of_root)
    }

    /// Whether snapshots and secrets are excluded without the policy saying so.
    pub(crate) fn has_default_excludes(&self) -> bool {
        self.rules.has_default_excludes()
    }

    /// The intent that a decision of this instance's rules stands for.
    pub(crate) fn intent(&self, decision: &Decision, kind: Kind) -> Intent<'_> {
        let (group_rules, owner_rules) = self.rules.account_rules();
        let (acl_rules, default_acl_rules) = self.rules.acl_rules();
        let terms = |rules: &[usize], rule| rules.binary_search(&rule).ok();
        Intent {
            group: decision.group.and_then(|rule| {
                let value = &**self.groups.get(terms(group_rules, rule)?)?;
                // There is none where all that are named are passed over.
                (!value.is_empty()).then(|| Wish { value, rule: self.rules.id(rule) })
            }),
            owner: decision.owner.and_then(|rule| {
                let value = &**self.owners.get(terms(owner_rules, rule)?)?;
                (!value.is_empty()).then(|| Wish { value, rule: self.rules.id(rule) })
            }),
            group_is_by_name: decision.group.is_some_and(|rule| self.rules.is_by_name(rule)),
            setgid: decision.setgid,
            sticky: decision.sticky,
            mode: decision.mode.map(|rule| Wish { value: self.rules.modes(rule, kind), rule: self.rules.id(rule) }),
            mode_decides: decision.mode_decides,
            acl: decision.acl.and_then(|rule| {
                let value = self.acls.get(terms(acl_rules, rule)?)?;
                Some(Wish { value, rule: self.rules.id(rule) })
            }),
            default_acl: decision.default_acl.and_then(|rule| {
                let value = self.default_acls.get(terms(default_acl_rules, rule)?)?;
                Some(Wish { value, rule: self.rules.id(rule) })
            }),
            hard_links: decision.hard_links,
            consent: decision.consent,
            private_dirs: decision.private_dirs,
        }
    }
}
