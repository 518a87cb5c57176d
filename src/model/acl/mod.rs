//! POSIX ACLs as the kernel keeps them in extended attributes (version 2 of `system.posix_acl_*`): pure, read as the
//! kernel reads them.

pub(crate) mod effective;
pub(crate) mod judged;
pub(crate) mod narrowed;
pub(crate) mod term;
mod text;

use crate::model::mode::Mode;
use serde::{Deserialize, Serialize};

/// The attribute's version, in its first four bytes.
const VERSION: u32 = 2;
/// The id of entries that name nobody.
const NOBODY: u32 = u32::MAX;

/// Whom an ACL entry is about, in the kernel's order (acl(5)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Tag {
    /// The owner, `user::`.
    Owner,
    /// A named user.
    User,
    /// The owning group, `group::`.
    OwningGroup,
    /// A named group.
    Group,
    /// The most that named users, named groups and the owning group can get.
    Mask,
    /// Everybody else.
    Other,
}

impl Tag {
    const ALL: [(Tag, u16); 6] = [
        (Tag::Owner, 0x01),
        (Tag::User, 0x02),
        (Tag::OwningGroup, 0x04),
        (Tag::Group, 0x08),
        (Tag::Mask, 0x10),
        (Tag::Other, 0x20),
    ];

    fn is_named(self) -> bool {
        matches!(self, Tag::User | Tag::Group)
    }

    fn code(self) -> u16 {
        Tag::ALL.iter().find(|(tag, _)| *tag == self).map_or(0, |(_, code)| *code)
    }
}

/// One entry of an ACL.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AclEntry {
    /// Whom it is about.
    pub tag: Tag,
    /// Which user or group, where it names one.
    pub id: Option<u32>,
    /// What they may: read 4, write 2, execute 1.
    pub permissions: u8,
}

/// A whole ACL: its classes in the kernel's order, whom it names in any, perhaps twice, as the kernel takes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<AclEntry>")]
pub struct Acl(Vec<AclEntry>);

/// Why bytes are no ACL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AclError {
    /// It isn't version 2.
    #[error("not version 2 of the ACL attribute")]
    Version,
    /// It ends within an entry.
    #[error("its length is not that of whole entries")]
    Length,
    /// An entry is of an unknown tag, has unknown permissions, or an id where none belongs.
    #[error("an entry is malformed")]
    Entry,
    /// Classes are missing, double or out of order.
    #[error("its entries are not those of an ACL, in order")]
    Order,
}

impl TryFrom<Vec<AclEntry>> for Acl {
    type Error = AclError;

    fn try_from(entries: Vec<AclEntry>) -> Result<Acl, AclError> {
        Acl::new(entries)
    }
}

impl Acl {
    /// An ACL of these entries, if the kernel takes them for one: the classes in order, each once, with a mask where anybody
    /// is named. Those who are named may stand in any order, and more than once (posix_acl_valid of fs/posix_acl.c).
    pub fn new(entries: Vec<AclEntry>) -> Result<Acl, AclError> {
        let is_sound = |entry: &AclEntry| entry.permissions <= 7 && entry.tag.is_named() == entry.id.is_some();
        if !entries.iter().all(is_sound) {
            return Err(AclError::Entry);
        }
        let rises = entries
            .windows(2)
            .all(|pair| pair[0].tag < pair[1].tag || pair[0].tag == pair[1].tag && pair[0].tag.is_named());
        let has = |tag| entries.iter().any(|entry| entry.tag == tag);
        let is_whole = [Tag::Owner, Tag::OwningGroup, Tag::Other].into_iter().all(has);
        let is_masked = has(Tag::Mask) || !(has(Tag::User) || has(Tag::Group));
        if rises && is_whole && is_masked { Ok(Acl(entries)) } else { Err(AclError::Order) }
    }

    /// Reads an attribute.
    pub fn parse(bytes: &[u8]) -> Result<Acl, AclError> {
        let (version, rest) = bytes.split_first_chunk::<4>().ok_or(AclError::Length)?;
        if u32::from_le_bytes(*version) != VERSION {
            return Err(AclError::Version);
        }
        let (entries, torn) = rest.as_chunks::<8>();
        if !torn.is_empty() {
            return Err(AclError::Length);
        }
        Acl::new(entries.iter().map(parse_entry).collect::<Result<_, _>>()?)
    }

    /// Writes the attribute.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for entry in &self.0 {
            bytes.extend(entry.tag.code().to_le_bytes());
            bytes.extend(u16::from(entry.permissions).to_le_bytes());
            bytes.extend(entry.id.unwrap_or(NOBODY).to_le_bytes());
        }
        bytes
    }

    /// Whether it says more than a mode, so that the group's bits of the mode are its mask.
    pub fn is_extended(&self) -> bool {
        self.of(Tag::Mask).is_some()
    }

    /// Whether everybody whom it names stands there once, and in order.
    pub fn is_tidy(&self) -> bool {
        let key = |entry: &AclEntry| (entry.tag, entry.id);
        self.0.windows(2).all(|pair| key(&pair[0]) < key(&pair[1]))
    }

    /// What a class of its own has.
    pub(crate) fn of(&self, tag: Tag) -> Option<u8> {
        self.0.iter().find(|entry| entry.tag == tag).map(|entry| entry.permissions)
    }

    /// The ACL of three entries that says what a mode does.
    pub(crate) fn of_mode(mode: Mode) -> Acl {
        let entry = |tag, shift: u32| AclEntry { tag, id: None, permissions: ((mode.bits() >> shift) & 7) as u8 };
        Acl(vec![entry(Tag::Owner, 6), entry(Tag::OwningGroup, 3), entry(Tag::Other, 0)])
    }

    /// Its entries.
    pub fn entries(&self) -> &[AclEntry] {
        &self.0
    }

    /// What chmod(2) makes of it: the owner's and the others' entries are those of the mode, and the mask is the group's
    /// bits; where there is no mask, they are the owning group's (acl(5)).
    #[must_use]
    pub fn after_chmod(&self, mode: Mode) -> Acl {
        let bits = |shift: u32| ((mode.bits() >> shift) & 7) as u8;
        let is_masked = self.0.iter().any(|entry| entry.tag == Tag::Mask);
        let entries = self.0.iter().map(|entry| match entry.tag {
            Tag::Owner => AclEntry { permissions: bits(6), ..*entry },
            Tag::Mask => AclEntry { permissions: bits(3), ..*entry },
            Tag::OwningGroup if !is_masked => AclEntry { permissions: bits(3), ..*entry },
            Tag::Other => AclEntry { permissions: bits(0), ..*entry },
            Tag::User | Tag::OwningGroup | Tag::Group => *entry,
        });
        Acl(entries.collect())
    }

    /// What it comes to; `None` for one that says no more than a mode.
    pub fn summary(&self) -> Option<AclSummary> {
        let mask = self.of(Tag::Mask)?;
        let mut summary = AclSummary {
            owning_group: self.of(Tag::OwningGroup)? & mask,
            users: 0,
            groups: 0,
            others: self.of(Tag::Other)?,
            first_group: NOBODY,
            first_group_has: 0,
        };
        for entry in &self.0 {
            let effective = entry.permissions & mask;
            match (entry.tag, entry.id) {
                (Tag::User, _) => summary.users |= effective,
                (Tag::Group, Some(id)) if summary.first_group == NOBODY => {
                    (summary.first_group, summary.first_group_has) = (id, effective);
                }
                (Tag::Group, Some(id)) if summary.first_group == id => summary.first_group_has |= effective,
                (Tag::Group, _) => summary.groups |= effective,
                _ => {}
            }
        }
        Some(summary)
    }
}

fn parse_entry(bytes: &[u8; 8]) -> Result<AclEntry, AclError> {
    let [tag_low, tag_high, low, high, id @ ..] = *bytes;
    let (code, permissions) = (u16::from_le_bytes([tag_low, tag_high]), u16::from_le_bytes([low, high]));
    let tag = Tag::ALL.iter().find(|(_, known)| *known == code).ok_or(AclError::Entry)?.0;
    let id = u32::from_le_bytes(id);
    let permissions = u8::try_from(permissions).map_err(|_| AclError::Entry)?;
    match tag.is_named() {
        // The kernel refuses -1 as a name, and doesn't look at the id of who isn't named.
        true if id == NOBODY => Err(AclError::Entry),
        true => Ok(AclEntry { tag, id: Some(id), permissions }),
        false => Ok(AclEntry { tag, id: None, permissions }),
    }
}

/// What an extended ACL comes to, in few bytes: who really has what, the mask considered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AclSummary {
    owning_group: u8,
    /// What named users have between them.
    users: u8,
    /// What named groups have between them, the first left out.
    groups: u8,
    others: u8,
    first_group: u32,
    first_group_has: u8,
}

impl AclSummary {
    /// What the owning group really has.
    pub fn group(&self) -> u8 {
        self.owning_group
    }

    /// What others have.
    pub fn others(&self) -> u8 {
        self.others
    }

    /// What named users and groups have between them.
    pub fn named(&self) -> u8 {
        self.users | self.groups | self.first_group_has
    }

    /// What the group of this id has, where the owning one is to be it, and what anybody else has who is named. A group
    /// that is named beside others counts as one of them.
    pub fn group_and_strangers(&self, gid: u32) -> (u8, u8) {
        match self.first_group == gid {
            true => (self.owning_group | self.first_group_has, self.users | self.groups),
            false => (self.owning_group, self.named()),
        }
    }

    /// Whether the members of a group, as such, may search a directory of this owning group.
    pub fn lets_group_pass(&self, gid: u32, owning: u32) -> bool {
        let granted = match () {
            () if gid == owning => self.group_and_strangers(gid).0,
            () if gid == self.first_group => self.first_group_has,
            // Of further named groups it isn't known which has what: let them pass, rather than tell what isn't so.
            () => self.others | self.groups,
        };
        granted & 1 != 0
    }
}

/// The ACLs of an entry, as far as they were asked for and say more than a mode.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Acls {
    /// Its own.
    pub access: Option<AclSummary>,
    /// What is made in it gets, if it is a directory.
    pub default: Option<AclSummary>,
}

/// What is known of an entry's ACL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Listed {
    /// Its file system keeps none.
    Never,
    /// It has none that says more than its mode.
    No,
    /// It has this one.
    Yes(Acl),
}

impl Listed {
    /// The ACL, where there is one.
    pub(crate) fn acl(&self) -> Option<&Acl> {
        match self {
            Listed::Yes(acl) => Some(acl),
            Listed::Never | Listed::No => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut bytes = 2_u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(permissions.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        bytes
    }

    /// user::rw-, user:4242:rw-, group::r-x, group:7:rwx, group:8:-w-, mask::r-x, other::---
    const FULL: [(u16, u16, u32); 7] =
        [(1, 6, !0), (2, 6, 4242), (4, 5, !0), (8, 7, 7), (8, 2, 8), (16, 5, !0), (32, 0, !0)];

    #[test]
    fn bytes_survive_reading_and_writing() {
        for entries in [&FULL[..], &[(1, 7, !0), (4, 0, !0), (32, 4, !0)]] {
            let acl = Acl::parse(&bytes(entries)).unwrap();
            assert_eq!((acl.to_bytes(), acl.entries().len()), (bytes(entries), entries.len()));
        }
    }

    #[test]
    fn whom_it_names_may_stand_in_any_order_and_twice_as_for_the_kernel() {
        for (second, tidy) in [((8, 2, 8), true), ((8, 2, 7), false), ((8, 2, 6), false)] {
            let mut entries = FULL.to_vec();
            entries[4] = second;
            let acl = Acl::parse(&bytes(&entries)).unwrap();
            assert_eq!((acl.to_bytes(), acl.is_tidy()), (bytes(&entries), tidy), "{second:?}");
        }
    }

    #[test]
    fn what_is_no_acl_is_refused() {
        let without = |at: usize| FULL.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, entry)| *entry).collect();
        let with = |at: usize, entry: (u16, u16, u32)| {
            let mut entries = FULL.to_vec();
            entries[at] = entry;
            entries
        };
        for (entries, error) in [
            (without(0), AclError::Order),
            (without(2), AclError::Order),
            (without(5), AclError::Order),
            (without(6), AclError::Order),
            (with(1, (1, 6, !0)), AclError::Order),
            (with(4, (2, 2, 7)), AclError::Order),
            (with(2, (1, 5, !0)), AclError::Order),
            (with(1, (2, 6, !0)), AclError::Entry),
            (with(1, (3, 6, 4242)), AclError::Entry),
            (with(1, (2, 8, 4242)), AclError::Entry),
            (with(1, (2, 0x106, 4242)), AclError::Entry),
        ] {
            let entries: Vec<_> = entries;
            assert_eq!(Acl::parse(&bytes(&entries)), Err(error), "{entries:?}");
        }
        let whole = bytes(&FULL);
        for length in 0..whole.len() {
            assert!(Acl::parse(&whole[..length]).is_err(), "{length}");
        }
        assert_eq!(Acl::parse(&[1, 0, 0, 0]), Err(AclError::Version));
        assert_eq!(Acl::parse(&[2, 0, 0, 0]), Err(AclError::Order));
        assert_eq!(Acl::parse(&whole[..11]), Err(AclError::Length));
    }

    #[test]
    fn the_mask_is_the_most_that_anybody_named_has() {
        let full = Acl::parse(&bytes(&FULL)).unwrap().summary().unwrap();
        assert_eq!((full.group(), full.others(), full.named()), (5, 0, 5));
        assert_eq!(full.group_and_strangers(7), (5, 4));
        assert_eq!(full.group_and_strangers(9), (5, 5));
        assert_eq!(Acl::parse(&bytes(&[(1, 7, !0), (4, 0, !0), (32, 4, !0)])).unwrap().summary(), None);
        for (gid, owning, passes) in [(7, 1, true), (1, 1, true), (9, 1, false)] {
            assert_eq!(full.lets_group_pass(gid, owning), passes, "{gid} {owning}");
        }
    }
}
