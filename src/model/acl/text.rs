//! ACLs as getfacl(1) has them in short, with numbers: `u::rwx,u:4242:r-x,g::rwx,m::rwx,o::---`.

use super::{Acl, AclEntry, Tag};
use crate::model::rights::Rights;
use std::fmt;

/// The letter of each class and whether it names somebody.
const LETTERS: [(Tag, char); 6] = [
    (Tag::Owner, 'u'),
    (Tag::User, 'u'),
    (Tag::OwningGroup, 'g'),
    (Tag::Group, 'g'),
    (Tag::Mask, 'm'),
    (Tag::Other, 'o'),
];

impl fmt::Display for AclEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = LETTERS.iter().find(|(tag, _)| *tag == self.tag).map_or('?', |(_, letter)| *letter);
        let id = self.id.map(|id| id.to_string()).unwrap_or_default();
        write!(f, "{letter}:{id}:{}", Rights::new(self.permissions.into()))
    }
}

impl fmt::Display for Acl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, entry) in self.entries().iter().enumerate() {
            write!(f, "{}{entry}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Acl {
    /// Reads such a text, to the letter: what is written is all that there is, its order included.
    pub(crate) fn from_text(text: &str) -> Option<Acl> {
        let entries = text.split(',').map(entry).collect::<Option<Vec<_>>>()?;
        Acl::new(entries).ok().filter(|acl| acl.to_string() == text)
    }
}

fn entry(text: &str) -> Option<AclEntry> {
    let [class, id, rights] = text.split(':').collect::<Vec<_>>().try_into().ok()?;
    let id = if id.is_empty() { None } else { Some(id.parse().ok().filter(|&id: &u32| id != u32::MAX)?) };
    let named = LETTERS.iter().filter(|(tag, _)| tag.is_named() == id.is_some());
    let tag = named.into_iter().find(|(_, letter)| class.chars().eq([*letter]))?.0;
    let mut permissions = 0;
    for (letter, (known, bit)) in rights.chars().zip([('r', 4), ('w', 2), ('x', 1)]) {
        permissions |= if letter == known { bit } else { 0 };
    }
    Some(AclEntry { tag, id, permissions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_to_the_letter_and_nothing_else_is_read() {
        for text in [
            "u::rwx,g::r-x,o::---",
            "u::rw-,u:4242:r--,g::r--,m::r--,o::---",
            "u::rw-,u:9:r--,u:4:-wx,u:9:rwx,g::r--,g:7:---,g:7:r--,m::rw-,o::--x",
        ] {
            assert_eq!(Acl::from_text(text).expect(text).to_string(), text);
        }
        for text in [
            "",
            "u::rwx,g::r-x",
            "u::rwx, g::r-x,o::---",
            "u::rwx,g::rx,o::---",
            "u::rwx,g::xwr,o::---",
            "u::rwx,g::r-x,o::----",
            "u::rwx,g::r-x,o:3:---",
            "user::rwx,g::r-x,o::---",
            "u::rwx,u:04:rwx,g::r-x,m::rwx,o::---",
            "u::rwx,u:4294967295:rwx,g::r-x,m::rwx,o::---",
            "u::rwx,u:4:rwx,g::r-x,o::---",
            "u::rwx,m::rwx,g::r-x,o::---",
        ] {
            assert_eq!(Acl::from_text(text), None, "{text}");
        }
    }
}
