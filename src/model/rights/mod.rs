//! Who decides what somebody may do with an entry: the kernel's own rules for modes and ACLs, as pure data.
//!
//! ```text
//!     owner ────────────── yes ──▶ the owner's bits
//!     an ACL, and a mask that isn't empty?
//!       a named user ───── yes ──▶ their entry, within the mask
//!       groups they are in  any ─▶ the first entry that gives all that is asked, within the mask; none: refused
//!     without an ACL: the owning group ──▶ its bits
//!     all others ────────────────▶ the bits of others
//! ```
//!
//! The first class that somebody belongs to decides, also where a later one would give more (path_resolution(7), acl(5)).

use crate::model::accounts::Account;
use crate::model::acl::{Acl, AclEntry, Tag};
use crate::model::entry::State;
use std::fmt;
use std::ops::BitOr;

/// Rights that are asked for at once: it matters, as one entry of an ACL has to give them all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rights(u8);

/// The letter of each bit.
const LETTERS: [(u8, char); 3] = [(4, 'r'), (2, 'w'), (1, 'x')];

impl Rights {
    /// None.
    pub const NONE: Rights = Rights(0);
    /// To read a file, or list a directory.
    pub const READ: Rights = Rights(4);
    /// To write.
    pub const WRITE: Rights = Rights(2);
    /// To pass through a directory.
    pub const PASS: Rights = Rights(1);
    /// To make, rename and remove the names in a directory: to write it and pass through it.
    pub const CHANGE: Rights = Rights(3);

    /// The low three bits of a number: read 4, write 2, execute 1.
    pub const fn new(bits: u32) -> Rights {
        Rights((bits & 7) as u8)
    }

    /// The bits as a number.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether it has all of these.
    pub const fn has(self, rights: Rights) -> bool {
        self.0 & rights.0 == rights.0
    }

    /// These rights but for those.
    #[must_use]
    pub const fn without(self, rights: Rights) -> Rights {
        Rights(self.0 & !rights.0)
    }

    /// What of these is among those too.
    #[must_use]
    pub const fn within(self, rights: Rights) -> Rights {
        Rights(self.0 & rights.0)
    }

    /// The letters of those that are there, as chmod(1) takes them.
    pub fn letters(self) -> String {
        LETTERS.into_iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, letter)| letter).collect()
    }
}

impl BitOr for Rights {
    type Output = Rights;

    fn bitor(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LETTERS.into_iter().try_for_each(|(bit, letter)| write!(f, "{}", if self.0 & bit != 0 { letter } else { '-' }))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The class that somebody falls in for one entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// The owner.
    Owner,
    /// A user whom the ACL names.
    User(u32),
    /// The owning group.
    OwningGroup(u32),
    /// A group that the ACL names.
    Group(u32),
    /// All others.
    Other,
}

/// What decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Decision {
    /// By which class.
    pub class: Class,
    /// What that class is given.
    pub given: Rights,
    /// The most that it can get, where an ACL says so.
    pub mask: Option<Rights>,
}

impl Decision {
    /// What it comes to.
    pub(crate) fn rights(&self) -> Rights {
        self.mask.map_or(self.given, |mask| self.given.within(mask))
    }

    /// Whether these rights are given, all at once.
    pub(crate) fn gives(&self, rights: Rights) -> bool {
        self.rights().has(rights)
    }
}

/// Who decides whether somebody without any capability has these rights to an entry, all at once.
pub(crate) fn decide(account: &Account, state: State, acl: Option<&Acl>, rights: Rights) -> Decision {
    let bits = |shift: u32| Rights::new(state.mode.bits() >> shift);
    if account.uid == state.uid {
        return Decision { class: Class::Owner, given: bits(6), mask: None };
    }
    // The kernel looks at an ACL only where the group's bits, which are its mask, aren't empty: where they are, whoever
    // is in no class but others gets what others have, even who is named (acl_permission_check of fs/namei.c).
    if let Some(decision) = acl.filter(|_| bits(3) != Rights::NONE).map(|acl| by_acl(account, state, acl, rights)) {
        return decision;
    }
    match account.is_in(state.gid) {
        true => Decision { class: Class::OwningGroup(state.gid), given: bits(3), mask: None },
        false => Decision { class: Class::Other, given: bits(0), mask: None },
    }
}

fn by_acl(account: &Account, state: State, acl: &Acl, rights: Rights) -> Decision {
    let entries = acl.entries();
    let mask = entries.iter().find(|entry| entry.tag == Tag::Mask).map(given);
    if let Some(user) = entries.iter().find(|entry| entry.tag == Tag::User && entry.id == Some(account.uid)) {
        return Decision { class: Class::User(account.uid), given: given(user), mask };
    }
    let mut groups = entries.iter().filter_map(|entry| match (entry.tag, entry.id) {
        (Tag::OwningGroup, _) if account.is_in(state.gid) => Some((Class::OwningGroup(state.gid), given(entry))),
        (Tag::Group, Some(gid)) if account.is_in(gid) => Some((Class::Group(gid), given(entry))),
        _ => None,
    });
    let first = groups.clone().next();
    if let Some((class, given)) = groups.find(|(_, given)| given.has(rights)).or(first) {
        return Decision { class, given, mask };
    }
    let other = entries.iter().find(|entry| entry.tag == Tag::Other).map_or(Rights::NONE, given);
    Decision { class: Class::Other, given: other, mask: None }
}

fn given(entry: &AclEntry) -> Rights {
    Rights::new(entry.permissions.into())
}

#[cfg(test)]
pub(crate) mod tests;
