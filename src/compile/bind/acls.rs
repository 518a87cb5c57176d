//! The names of ACLs turned into ids.

use super::{Binder, BoundAccount, Term};
use crate::model::acl::effective::Whom;
use crate::model::acl::term::{AclIntent, AclTerm, DefaultAclIntent};
use crate::policy::model::{AclAccount, AclText, DefaultAclText};

impl Binder<'_> {
    /// Turns the names of an ACL into ids; each must be known, or else others are looked at no more, where it may be unknown.
    pub(super) fn acl(&mut self, rule: usize, acl: &AclText) -> AclIntent {
        let mut tolerates = acl.tolerates;
        let terms = acl.entries.iter().filter_map(|entry| {
            let entry = &entry.value;
            let (account, whom): (_, fn(u32) -> Whom) = match entry.account {
                AclAccount::User => (BoundAccount::Owner, Whom::User),
                AclAccount::Group => (BoundAccount::Group, Whom::Group),
            };
            match self.term(&entry.name, account, |_| None, whom) {
                Term::Known(whom) => Some(AclTerm { whom, grant: entry.grant }),
                Term::Unknown(name) => {
                    tolerates |= self.rules.has_optional_accounts(rule);
                    self.unknown_of(rule, account, &[name], entry.name.span.clone());
                    None
                }
                Term::Wrong => None,
            }
        });
        let terms = terms.collect();
        AclIntent { terms, tolerates }
    }

    pub(super) fn default_acl(&mut self, rule: usize, acl: &DefaultAclText) -> DefaultAclIntent {
        match acl {
            DefaultAclText::Absent => DefaultAclIntent::Absent,
            DefaultAclText::Same => DefaultAclIntent::Same,
            DefaultAclText::These(acl) => DefaultAclIntent::These(self.acl(rule, acl)),
        }
    }
}
