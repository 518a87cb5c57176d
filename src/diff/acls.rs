//! The lines of ACLs that a change takes away and adds, one a line as getfacl(1) prints them.

use super::listing::DiffRow;
use crate::model::accounts::IdNames;
use crate::model::acl::Acl;
use crate::model::entry::State;
use crate::model::target::TargetAcls;
use crate::model::text::account::acl_entry_text;

/// What a row shows of ACLs before and after: whether there is one, and the lines that only one side has.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct AclLines {
    /// Whether there is a `+`, as ls(1) has it.
    pub marks: [bool; 2],
    /// The lines that go, and those that come.
    pub lines: [Vec<String>; 2],
}

impl AclLines {
    /// Those of a row; none where no ACL is part of its change.
    pub(super) fn of(row: &DiffRow<'_>, names: &dyn IdNames) -> AclLines {
        let Some(turn) = row.acls else { return AclLines::default() };
        let sides = [(row.before, turn.acls_before()), (row.after, turn.acls_after())];
        let all = sides.map(|(state, acls)| side(state, acls, names));
        let only =
            |one: &[String], other: &[String]| one.iter().filter(|line| !other.contains(line)).cloned().collect();
        AclLines {
            marks: sides.map(|(_, acls)| is_marked(acls)),
            lines: [only(&all[0], &all[1]), only(&all[1], &all[0])],
        }
    }
}

/// How many lines a row takes in the listing before, and in that after.
pub(super) fn lengths(row: &DiffRow<'_>, names: &dyn IdNames) -> [usize; 2] {
    match row.acls {
        None => [1, 1],
        Some(_) => AclLines::of(row, names).lines.map(|lines| 1 + lines.len()),
    }
}

fn is_marked(acls: Option<&TargetAcls>) -> bool {
    acls.is_some_and(|acls| acls.access.is_some() || acls.default.is_some())
}

fn side(state: State, acls: Option<&TargetAcls>, names: &dyn IdNames) -> Vec<String> {
    let plain = Acl::of_mode(state.mode);
    let access = acls.and_then(|acls| acls.access.as_ref()).unwrap_or(&plain);
    let default = acls.and_then(|acls| acls.default.as_ref());
    let lines = |acl: &Acl, head: &str| {
        let text = acl.entries().iter().map(|entry| format!("{head}{}", acl_entry_text(entry, names)));
        text.collect::<Vec<_>>()
    };
    [lines(access, ""), default.map(|acl| lines(acl, "default:")).unwrap_or_default()].concat()
}
