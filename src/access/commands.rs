//! The commands that alter an answer, quoted for a shell.

use crate::access::probe::traced::Trace;
use crate::access::remedy::{Remedy, Turn};
use crate::access::trace::Case;
use crate::model::accounts::IdNames;
use crate::model::acl::Listed;
use crate::model::acl::{Acl, Tag};
use crate::model::rights::Rights;
use crate::model::text::quote::shell_quote;

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
            let principal = principal(tag, id, names);
            // setfacl(1) makes the mask anew of all that is given, unless it is named.
            let is_same = remade(&case.after(remedy).stops[place].listed) == mask;
            let mask = if is_same { String::new() } else { format!(",m::{mask}") };
            format!("setfacl -m {} -- {}", shell_quote(format!("{principal}:{rights}{mask}").as_bytes()), quoted(place))
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
