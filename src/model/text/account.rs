//! Users, groups and states as people read them: by name where there is one, else by number.

use crate::model::accounts::IdNames;
use crate::model::acl::{Acl, AclEntry, Tag};
use crate::model::entry::State;
use crate::model::rights::Rights;
use crate::model::text::escape::escape;

/// A state in few words, `alice:lab 2775`; ids without a name are numbers.
pub(crate) fn state_text(state: State, names: &dyn IdNames) -> String {
    format!("{}:{} {}", owner_text(state.uid, names), group_text(state.gid, names), state.mode)
}

/// The name of a user, else the number.
pub(crate) fn owner_text(uid: u32, names: &dyn IdNames) -> String {
    names.user_name(uid).map_or_else(|| uid.to_string(), |name| escape(name.as_bytes()).into_owned())
}

/// The name of a group, else the number.
pub(crate) fn group_text(gid: u32, names: &dyn IdNames) -> String {
    names.group_name(gid).map_or_else(|| gid.to_string(), |name| escape(name.as_bytes()).into_owned())
}

/// An entry of an ACL as getfacl(1) has it: `user:alice:r-x`.
pub(crate) fn acl_entry_text(entry: &AclEntry, names: &dyn IdNames) -> String {
    let (class, who) = match (entry.tag, entry.id) {
        (Tag::User, Some(uid)) => ("user", owner_text(uid, names)),
        (Tag::Group, Some(gid)) => ("group", group_text(gid, names)),
        (Tag::Owner | Tag::User, _) => ("user", String::new()),
        (Tag::OwningGroup | Tag::Group, _) => ("group", String::new()),
        (Tag::Mask, _) => ("mask", String::new()),
        (Tag::Other, _) => ("other", String::new()),
    };
    format!("{class}:{who}:{}", Rights::new(entry.permissions.into()))
}

/// An ACL in one line, likewise.
pub(crate) fn acl_text(acl: &Acl, names: &dyn IdNames) -> String {
    acl.entries().iter().map(|entry| acl_entry_text(entry, names)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{Names, state};

    #[test]
    fn ids_are_names_where_there_are_any() {
        for (state, text) in [
            (state(1001, 3001, 0o2775), "alice:lab 2775"),
            (state(4711, 4242, 0o644), "4711:4242 0644"),
            (state(1666, 0, 0o600), r"mal\x1b[31m:root 0600"),
        ] {
            assert_eq!(state_text(state, &Names), text);
        }
    }
}
