//! Who can pass each directory on the way to an entry, as its mode and its ACL tell.

use crate::model::accounts::IdNames;
use crate::model::acl::{Acl, AclEntry, Listed, Tag};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::text::account::{group_text, owner_text};
use crate::model::text::escape::escape;
use crate::sys::SysError;
use crate::sys::acl::{Which, listed};
use crate::sys::features::KernelFeatures;
use crate::sys::root::hold_way;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

/// An entry of the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Waypoint {
    /// Its absolute path.
    pub path: Vec<u8>,
    /// Its state.
    pub state: State,
    /// Its ACL.
    pub listed: Listed,
}

/// Every directory above an absolute path without links, from `/` down, and at last what lies there, with their ACLs.
pub(crate) fn way(path: &Path, features: &KernelFeatures) -> Result<Vec<Waypoint>, SysError> {
    let point = |(path, held, look): (std::path::PathBuf, _, crate::sys::stat::Look)| {
        // A symbolic link has none, and procfs would lead on to its target.
        let is_link = look.entry.kind == Kind::Symlink;
        let listed = if is_link { Listed::Never } else { listed(&held, Which::Access, features)? };
        Ok(Waypoint { path: path.into_os_string().into_vec(), state: look.entry.state, listed })
    };
    hold_way(path)?.into_iter().map(point).collect()
}

/// The default ACL of a directory at an absolute path without links, where it has one that can be read.
pub(crate) fn default_acl(path: &Path, features: &KernelFeatures) -> Option<Acl> {
    let (_, held, _) = hold_way(path).ok()?.pop()?;
    listed(&held, Which::Default, features).ok()?.acl().cloned()
}

/// Whom a directory lets pass, in words: the first class that somebody belongs to decides (path_resolution(7), acl(5)).
pub(crate) fn passers(state: State, acl: Option<&Acl>, names: &dyn IdNames) -> String {
    // The kernel looks at an ACL only where the group's bits, which are its mask, aren't empty.
    let acl = acl.filter(|_| state.mode.has_any(Mode::GROUP));
    let classes = classes(state, acl, names);
    let of = |passes: bool| classes.iter().filter(move |class| class.1 == passes).map(|class| class.0.as_str());
    let others = state.mode.has(Mode::OTHER_EXECUTE);
    match (others, of(true).collect::<Vec<_>>(), of(false).collect::<Vec<_>>()) {
        (true, _, shut) if shut.is_empty() => "everybody".into(),
        (true, _, shut) => format!("everybody but {}", anded(&shut)),
        (false, open, _) if open.is_empty() => "root alone".into(),
        // Whoever is shut out by name may be in a group that passes.
        (false, open, shut) => {
            let owner = classes.first().map_or("", |class| class.0.as_str());
            let is_user = |class: &&str| *class == owner || class.starts_with("user ");
            let shut: Vec<&str> = shut.into_iter().filter(is_user).collect();
            let by_group = open.iter().any(|class| class.starts_with("group "));
            match shut.is_empty() || !by_group {
                true => open.join(", "),
                false => format!("{}, but not {}", open.join(", "), anded(&shut)),
            }
        }
    }
}

/// The owner, then each class that a mode and an ACL speak of but the others, and whether it passes.
fn classes(state: State, acl: Option<&Acl>, names: &dyn IdNames) -> Vec<(String, bool)> {
    let plain = |text: String| escape(text.as_bytes()).into_owned();
    let group = |gid| plain(format!("group {}", group_text(gid, names)));
    let mut all = vec![(plain(owner_text(state.uid, names)), state.mode.has(OWNER_EXECUTE))];
    let Some(acl) = acl else {
        all.push((group(state.gid), state.mode.has(Mode::GROUP_EXECUTE)));
        return all;
    };
    let passes = |entry: &AclEntry| entry.permissions & 1 != 0 && state.mode.has(Mode::GROUP_EXECUTE);
    for entry in acl.entries() {
        match (entry.tag, entry.id) {
            (Tag::User, Some(uid)) if uid != state.uid => {
                all.push((plain(format!("user {}", owner_text(uid, names))), passes(entry)));
            }
            (Tag::OwningGroup, _) => all.push((group(state.gid), passes(entry))),
            (Tag::Group, Some(gid)) => all.push((group(gid), passes(entry))),
            _ => {}
        }
    }
    all
}

/// The owner's bit to pass.
const OWNER_EXECUTE: Mode = Mode::new(0o100);

fn anded(all: &[&str]) -> String {
    match all {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        all => all.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::state;
    use crate::model::text::account::acl_text;

    struct Nobody;

    impl IdNames for Nobody {}

    #[test]
    fn the_way_says_who_can_pass() {
        for (mode, expected) in [
            (0o755, "everybody"),
            (0o655, "everybody but 1001"),
            (0o745, "everybody but group 3001"),
            (0o750, "1001, group 3001"),
            (0o700, "1001"),
            (0o610, "group 3001, but not 1001"),
            (0o701, "everybody but group 3001"),
            (0o601, "everybody but 1001 and group 3001"),
            (0o644, "root alone"),
        ] {
            assert_eq!(passers(state(1001, 3001, mode), None, &Nobody), expected, "{mode:o}");
        }
    }

    #[test]
    fn an_acl_says_more_than_the_mode() {
        let acl = |group: u8, named: &[(Tag, u32, u8)], mask: u8, other: u8| {
            let entry = |tag, id, permissions| AclEntry { tag, id, permissions };
            let mut all = vec![entry(Tag::Owner, None, 7)];
            all.extend(named.iter().filter(|it| it.0 == Tag::User).map(|it| entry(it.0, Some(it.1), it.2)));
            all.push(entry(Tag::OwningGroup, None, group));
            all.extend(named.iter().filter(|it| it.0 == Tag::Group).map(|it| entry(it.0, Some(it.1), it.2)));
            all.extend([entry(Tag::Mask, None, mask), entry(Tag::Other, None, other)]);
            Acl::new(all).expect("an ACL of a test")
        };
        for (mode, acl, expected) in [
            (0o750, acl(0, &[(Tag::Group, 7, 5)], 5, 0), "1001, group 7"),
            (0o750, acl(5, &[(Tag::User, 8, 0)], 5, 0), "1001, group 3001, but not user 8"),
            (0o750, acl(0, &[(Tag::User, 8, 5)], 5, 0), "1001, user 8"),
            (0o755, acl(5, &[(Tag::User, 8, 0), (Tag::Group, 7, 4)], 5, 5), "everybody but user 8 and group 7"),
            // The mask takes it from all of them.
            (0o740, acl(5, &[(Tag::Group, 7, 5)], 4, 0), "1001"),
            // An empty mask, and the kernel doesn't ask the ACL.
            (0o701, acl(5, &[(Tag::User, 8, 0)], 0, 1), "everybody but group 3001"),
        ] {
            assert_eq!(passers(state(1001, 3001, mode), Some(&acl), &Nobody), expected, "{mode:o} {acl:?}");
        }
        let text = acl_text(&acl(0, &[(Tag::Group, 7, 5)], 5, 0), &Nobody);
        assert_eq!(text, "user::rwx, group::---, group:7:r-x, mask::r-x, other::---");
    }
}
