//! Who really has what by a mode and an ACL, the mask considered; and the ACL by which they would have just that.
//!
//! ```text
//!     st_mode and ACL ──Effective::of──▶ owner, group, others; each whom the ACL names, once
//!           ▲                                  │ what is wanted
//!           └───────────Effective::form────────┘ the mask is the union of what its classes have
//! ```

use super::{Acl, AclEntry, Tag};
use crate::model::mode::Mode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whom an entry of an ACL names, in the kernel's order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Whom {
    /// The user of this id.
    User(u32),
    /// The group of this id.
    Group(u32),
}

impl Whom {
    /// Whom an entry names, if it names somebody.
    pub(crate) fn of(entry: &AclEntry) -> Option<Whom> {
        match (entry.tag, entry.id) {
            (Tag::User, Some(id)) => Some(Whom::User(id)),
            (Tag::Group, Some(id)) => Some(Whom::Group(id)),
            _ => None,
        }
    }

    /// The entry that gives them this.
    pub(crate) fn entry(self, permissions: u8) -> AclEntry {
        let (tag, id) = match self {
            Whom::User(id) => (Tag::User, id),
            Whom::Group(id) => (Tag::Group, id),
        };
        AclEntry { tag, id: Some(id), permissions }
    }
}

/// What somebody has whom an ACL names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Named {
    /// What they really have: within the mask, or what others have where the mask is empty, as the kernel doesn't look at
    /// the ACL then (acl_permission_check of fs/namei.c).
    pub has: u8,
    /// What their entry says.
    pub says: u8,
}

impl Named {
    /// What they have by an entry that says just that.
    pub fn plain(has: u8) -> Named {
        Named { has, says: has }
    }
}

/// Who really has what.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Effective {
    /// The permissions of the owner, the owning group and others, as a mode without an ACL would have them.
    pub classes: Mode,
    /// Those whom the ACL names.
    pub named: BTreeMap<Whom, Named>,
}

impl Effective {
    /// By an `st_mode`, and the access ACL where there is one.
    pub fn of(mode: Mode, acl: Option<&Acl>) -> Effective {
        let classes = mode & Mode::PERMISSIONS;
        let extended = acl.and_then(|acl| Some((acl, acl.of(Tag::Mask)?)));
        let Some((acl, mask)) = extended else { return Effective { classes, named: BTreeMap::new() } };
        let group = acl.of(Tag::OwningGroup).unwrap_or_default() & mask;
        let classes = classes.with_from(Mode::GROUP, Mode::new(u32::from(group) << 3));
        let others = acl.of(Tag::Other).unwrap_or_default();
        let mut said = BTreeMap::<Whom, u8>::new();
        for entry in acl.entries() {
            match Whom::of(entry) {
                // The first entry of a user decides, and any of a group's gives what it has.
                Some(whom @ Whom::User(_)) => _ = said.entry(whom).or_insert(entry.permissions),
                Some(whom @ Whom::Group(_)) => *said.entry(whom).or_default() |= entry.permissions,
                None => {}
            }
        }
        let has = |says| if mask == 0 { others } else { says & mask };
        let named = said.into_iter().map(|(whom, says)| (whom, Named { has: has(says), says })).collect();
        Effective { classes, named }
    }

    /// By a default ACL, for what is made under it.
    pub fn of_default(acl: &Acl) -> Effective {
        let bits = |tag| u32::from(acl.of(tag).unwrap_or_default());
        let mode = bits(Tag::Owner) << 6 | bits(Tag::OwningGroup) << 3 | bits(Tag::Other);
        Effective::of(Mode::new(mode), Some(acl))
    }

    /// The mode, without special bits, and the ACL by which all have this: the mask is what its classes have between them.
    /// `None` where nobody is named, for a mode says it then.
    pub fn form(&self) -> (Mode, Option<Acl>) {
        let acl = (!self.named.is_empty()).then(|| self.to_acl()).flatten();
        let mask = acl.as_ref().and_then(|acl| acl.of(Tag::Mask));
        let group = mask.unwrap_or(self.class(3));
        (self.classes.with_from(Mode::GROUP, Mode::new(u32::from(group) << 3)), acl)
    }

    /// The ACL that says this: of three entries where nobody is named.
    pub fn to_acl(&self) -> Option<Acl> {
        let entry = |tag, permissions| AclEntry { tag, id: None, permissions };
        let users = self.named.iter().filter(|(whom, _)| matches!(whom, Whom::User(_)));
        let groups = self.named.iter().filter(|(whom, _)| matches!(whom, Whom::Group(_)));
        let named = |(whom, named): (&Whom, &Named)| whom.entry(named.says & named.has);
        let mut entries = vec![entry(Tag::Owner, self.class(6))];
        entries.extend(users.map(named));
        entries.push(entry(Tag::OwningGroup, self.class(3)));
        entries.extend(groups.map(named));
        let mask = entries[1..].iter().fold(0, |all, entry| all | entry.permissions);
        entries.extend((!self.named.is_empty()).then(|| entry(Tag::Mask, mask)));
        entries.push(entry(Tag::Other, self.class(0)));
        Acl::new(entries).ok()
    }

    /// What somebody has who is named; `None` where they aren't.
    pub fn has(&self, whom: Whom) -> Option<u8> {
        self.named.get(&whom).map(|named| named.has)
    }

    /// Whether everybody has the same by both.
    pub fn is_same(&self, other: &Effective) -> bool {
        let rights = |one: &Effective| one.named.iter().map(|(whom, named)| (*whom, named.has)).collect::<Vec<_>>();
        self.classes == other.classes && rights(self) == rights(other)
    }

    /// What the owning group and all others have both.
    pub(super) fn least_class(&self) -> u8 {
        self.class(3) & self.class(0)
    }

    fn class(&self, shift: u32) -> u8 {
        ((self.classes.bits() >> shift) & 7) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(text: &str) -> Acl {
        Acl::from_text(text).expect(text)
    }

    #[test]
    fn what_counts_is_within_the_mask() {
        for (mode, text, classes, named) in [
            // Born below a default ACL: the mask leaves nothing to execute.
            (0o660, "u::rw-,u:7:r-x,g::rwx,m::rw-,o::---", 0o660, vec![(Whom::User(7), 4)]),
            (0o660, "u::rw-,u:7:r-x,g::---,m::rw-,o::---", 0o600, vec![(Whom::User(7), 4)]),
            // An empty mask: nobody looks at the ACL.
            (0o604, "u::rw-,u:7:rwx,g::rwx,m::---,o::r--", 0o604, vec![(Whom::User(7), 4)]),
            // Of a user the first entry counts, of a group all.
            (
                0o670,
                "u::rw-,u:7:r--,u:7:rwx,g::---,g:8:r--,g:8:-w-,m::rwx,o::---",
                0o600,
                vec![(Whom::User(7), 4), (Whom::Group(8), 6)],
            ),
        ] {
            let effective = Effective::of(Mode::new(0o2000 | mode), Some(&acl(text)));
            let has: Vec<_> = effective.named.iter().map(|(whom, named)| (*whom, named.has)).collect();
            assert_eq!((effective.classes.bits(), has), (classes, named), "{text}");
        }
    }

    #[test]
    fn the_form_gives_all_just_what_they_have() {
        for (mode, text, form) in [
            (0o660, "u::rw-,u:7:rwx,g::rwx,m::rw-,o::---", "u::rw-,u:7:rw-,g::rw-,m::rw-,o::---"),
            (
                0o640,
                "u::rw-,u:9:rwx,u:7:---,g::---,g:3:rw-,m::r--,o::---",
                "u::rw-,u:7:---,u:9:r--,g::---,g:3:r--,m::r--,o::---",
            ),
        ] {
            let effective = Effective::of(Mode::new(mode), Some(&acl(text)));
            let (formed, acl) = effective.form();
            let acl = acl.expect("somebody is named");
            assert_eq!((acl.to_string().as_str(), formed.bits()), (form, mode), "{text}");
            assert!(Effective::of(formed, Some(&acl)).is_same(&effective), "{text}");
        }
        let nobody = Effective { classes: Mode::new(0o640), named: BTreeMap::new() };
        assert_eq!(nobody.form(), (Mode::new(0o640), None));
        assert_eq!(nobody.to_acl().map(|acl| acl.to_string()).as_deref(), Some("u::rw-,g::r--,o::---"));
    }
}
