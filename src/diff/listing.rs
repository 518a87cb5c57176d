//! Lines like those of `ls -l`: `drwxrwsr-x alice lab data/run1/`, their columns aligned within one hunk.

use crate::model::accounts::IdNames;
use crate::model::entry::{Kind, State};
use crate::model::path::TreePath;
use crate::model::target::AclTurn;
use crate::model::text::abbreviated::Abbreviated;
use crate::model::text::account::{group_text, owner_text};
use crate::model::text::escape::{escape, width};

/// One entry that would be changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DiffRow<'a> {
    /// The index of its root.
    pub root: u32,
    /// Its path from there.
    pub path: &'a TreePath,
    /// What kind of entry it is.
    pub kind: Kind,
    /// The state it is in.
    pub before: State,
    /// The state it would get.
    pub after: State,
    /// Its ACLs before and after, where they are part of the change.
    pub acls: Option<&'a AclTurn>,
}

impl DiffRow<'_> {
    /// Whether anything of it would be changed.
    pub(crate) fn is_change(&self) -> bool {
        self.before != self.after || self.acls.is_some_and(|turn| !turn.is_same())
    }
}

/// The owners and groups of a row, before and after, as they are printed.
pub(super) struct Accounts {
    owners: [String; 2],
    groups: [String; 2],
}

impl Accounts {
    /// Looks up the names; where two ids have the same one, the numbers must tell them apart.
    pub(super) fn of(row: &DiffRow<'_>, names: &dyn IdNames) -> Accounts {
        let (uids, gids) = ([row.before.uid, row.after.uid], [row.before.gid, row.after.gid]);
        Accounts {
            owners: told_apart(uids, uids.map(|uid| owner_text(uid, names))),
            groups: told_apart(gids, gids.map(|gid| group_text(gid, names))),
        }
    }
}

/// How wide the columns of a hunk are.
#[derive(Clone, Copy, Default)]
pub(super) struct Columns {
    owner: usize,
    group: usize,
    /// Whether there is room for a `+` behind the mode.
    mark: bool,
}

impl Columns {
    /// Makes room for a row.
    pub(super) fn fit(&mut self, row: &DiffRow<'_>, accounts: &Accounts) {
        self.mark |= row.acls.is_some();
        let widest = |texts: &[String; 2]| width(&texts[0]).max(width(&texts[1]));
        self.owner = self.owner.max(widest(&accounts.owners));
        self.group = self.group.max(widest(&accounts.groups));
    }

    /// How many columns stand before what a line is about.
    pub(super) fn head(&self) -> usize {
        "-drwxrwxrwx ".len() + usize::from(self.mark) + self.owner + 1 + self.group + 1
    }

    /// The row's line before and after, in parts: the kind, the triads of the mode, owner, group, and what it is about,
    /// with the columns that each takes and the text between.
    pub(super) fn lines(
        &self,
        row: &DiffRow<'_>,
        accounts: &Accounts,
        marks: [bool; 2],
        label: &str,
    ) -> [Vec<Part>; 2] {
        let line = |state: State, at: usize| {
            let letters = state.mode.letters().to_string();
            let triads = [&letters[..3], &letters[3..6], &letters[6..]].map(|triad| Part::of(triad, 0));
            let mut parts = vec![Part::of(row.kind.letter(), 0)];
            parts.extend(triads);
            parts.push(Part::of(if marks[at] { "+" } else { "" }, 1 + usize::from(self.mark)));
            parts.push(Part::of(&accounts.owners[at], self.owner + 1));
            parts.push(Part::of(&accounts.groups[at], self.group + 1));
            parts.push(Part::of(label, 0));
            parts
        };
        [line(row.before, 0), line(row.after, 1)]
    }
}

/// A word of a line, and how many columns it takes at least.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Part {
    /// What it says.
    pub text: String,
    columns: usize,
}

impl Part {
    fn of(text: impl ToString, columns: usize) -> Part {
        Part { text: text.to_string(), columns }
    }

    /// What fills its column.
    pub(super) fn gap(&self) -> String {
        " ".repeat(self.columns.saturating_sub(width(&self.text)))
    }
}

/// A path from its root for people: a directory ends in a slash, the root itself is `./`.
pub(super) fn path_text(path: &TreePath, kind: Kind) -> String {
    let slash = if kind == Kind::Dir { "/" } else { "" };
    match Abbreviated::of(path) {
        Some(short) => format!("{short}{slash}"),
        None => format!("{}{slash}", escape(&path.bytes())),
    }
}

fn told_apart(ids: [u32; 2], texts: [String; 2]) -> [String; 2] {
    if ids[0] != ids[1] && texts[0] == texts[1] { ids.map(|id| id.to_string()) } else { texts }
}
