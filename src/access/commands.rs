//! The commands that alter an answer, quoted for a shell.

use crate::access::probe::traced::Trace;
use crate::model::accounts::IdNames;
use crate::model::acl::Listed;
use crate::model::acl::{Acl, AclEntry, Tag};
use crate::model::rights::Rights;
use crate::model::text::quote::shell_quote;
use crate::plan::remedy::case::Case;
use crate::plan::remedy::smallest::{Remedy, Turn};

/// The commands of some changes that are made one after another.
pub(crate) fn commands(story: &Trace, way: &[Remedy], names: &dyn IdNames) -> Vec<String> {
    let mut case = story.case.clone();
    let command = |remedy: &Remedy| {
        let command = command(story, &case, *remedy, names);
        case = case.after(*remedy);
        command
    };
    way.iter().map(command).collect()
}

fn command(story: &Trace, case: &Case, remedy: Remedy, names: &dyn IdNames) -> String {
    let quoted = |place| shell_quote(story.path(place));
    match remedy {
        Remedy::Mode { place, turn, bits, rights } => {
            let sign = if turn == Turn::Give { '+' } else { '-' };
            format!("chmod -- {}{sign}{} {}", bits.letter(), rights.letters(), quoted(place))
        }
        Remedy::Unstick { place } => format!("chmod -- -t {}", quoted(place)),
        Remedy::Join { gid } => {
            let name = |name: Option<String>, id: u32| name.unwrap_or_else(|| id.to_string());
            let user = name(names.user_name(case.account.uid), case.account.uid);
            let group = name(names.group_name(gid), gid);
            let (user, group) = (shell_quote(user.as_bytes()), shell_quote(group.as_bytes()));
            format!("gpasswd -a {user} {group}")
        }
        Remedy::Entry { place, tag, id, rights, mask } => {
            let listed = case.after(remedy).stops[place].listed.clone();
            let before = case.stops[place].listed.acl().map(Acl::entries).unwrap_or_default();
            let is_other = |entry: &&AclEntry| (entry.tag, entry.id) != (tag, id) && entry.tag != Tag::Mask;
            // What the mask hid of others stays theirs no more than before.
            let others = listed.acl().map(Acl::entries).unwrap_or_default().iter().filter(is_other);
            let others = others.filter(|entry| !before.is_empty() && !before.contains(entry));
            let others = others.map(|entry| (entry.tag, entry.id, Rights::new(entry.permissions.into())));
            let entries = std::iter::once((tag, id, rights)).chain(others);
            let entries = entries.map(|(tag, id, rights)| format!("{}:{rights}", principal(tag, id, names)));
            // setfacl(1) makes the mask anew of all that is given, unless it is named.
            let mask = (remade(&listed) != mask).then(|| format!("m::{mask}"));
            let entries = entries.chain(mask).collect::<Vec<_>>().join(",");
            format!("setfacl -m {} -- {}", shell_quote(entries.as_bytes()), quoted(place))
        }
    }
}

/// Whom an entry is about, as setfacl(1) reads it; by number where a name could be misread.
fn principal(tag: Tag, id: Option<u32>, names: &dyn IdNames) -> String {
    let is_plain = |name: &String| {
        let is_word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        is_word && !name.is_empty() && !name.bytes().all(|b| b.is_ascii_digit())
    };
    let text = |name: Option<String>, id: u32| name.filter(is_plain).unwrap_or_else(|| id.to_string());
    match (tag, id) {
        (Tag::User, Some(uid)) => format!("u:{}", text(names.user_name(uid), uid)),
        (Tag::Group, Some(gid)) => format!("g:{}", text(names.group_name(gid), gid)),
        (Tag::Owner, _) => "u:".into(),
        (Tag::Mask, _) => "m:".into(),
        (Tag::Other, _) => "o:".into(),
        (Tag::User | Tag::Group | Tag::OwningGroup, _) => "g:".into(),
    }
}

/// The mask that setfacl(1) would make: all that named users, named groups and the owning group are given.
fn remade(listed: &Listed) -> Rights {
    let entries = listed.acl().map(Acl::entries).unwrap_or_default();
    let of_group = entries.iter().filter(|entry| matches!(entry.tag, Tag::User | Tag::OwningGroup | Tag::Group));
    of_group.fold(Rights::NONE, |all, entry| all | Rights::new(entry.permissions.into()))
}
