//! The names of ACLs turned into ids.

use super::{Binder, BoundAccount, Term};
use crate::model::acl::effective::Whom;
use crate::model::acl::term::{AclIntent, AclTerm, DefaultAclIntent};
use crate::policy::model::{AclAccount, AclText, DefaultAclText};

impl Binder<'_> {
    /// Turns the names of an ACL into ids; each must be known.
    pub(super) fn acl(&mut self, acl: &AclText) -> AclIntent {
        let terms = acl.entries.iter().filter_map(|entry| {
            let entry = &entry.value;
            let (account, whom): (_, fn(u32) -> Whom) = match entry.account {
                AclAccount::User => (BoundAccount::Owner, Whom::User),
                AclAccount::Group => (BoundAccount::Group, Whom::Group),
            };
            match self.term(&entry.name, account, |_| None, whom) {
                Term::Known(whom) => Some(AclTerm { whom, grant: entry.grant }),
                Term::Unknown(name) => {
                    self.unknown(account, &[name], entry.name.span.clone());
                    None
                }
                Term::Wrong => None,
            }
        });
        AclIntent { terms: terms.collect(), tolerates: acl.tolerates }
    }

    pub(super) fn default_acl(&mut self, acl: &DefaultAclText) -> DefaultAclIntent {
        match acl {
            DefaultAclText::Absent => DefaultAclIntent::Absent,
            DefaultAclText::Same => DefaultAclIntent::Same,
            DefaultAclText::These(acl) => DefaultAclIntent::These(self.acl(acl)),
        }
    }
}
