//! What somebody can do with an entry: the acts that a probe asks about and a policy can expect.

use crate::model::entry::Kind;
use std::fmt;

/// One thing to do with an entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Operation {
    /// To pass into a directory, through every directory above it.
    Enter,
    /// To list the names in it.
    List,
    /// To make an entry in it.
    Create,
    /// To remove or rename one's own entries in it; of a file, to remove or rename the file itself.
    Delete,
    /// To remove or rename what belongs to others in it.
    DeleteOthers,
    /// To read a file.
    Read,
    /// To write a file.
    Write,
}

impl Operation {
    /// Every act, in the order of a table.
    pub const ALL: [Operation; 7] = [
        Operation::Enter,
        Operation::List,
        Operation::Create,
        Operation::Delete,
        Operation::DeleteOthers,
        Operation::Read,
        Operation::Write,
    ];

    /// Its name in policies and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Enter => "enter",
            Operation::List => "list",
            Operation::Create => "create",
            Operation::Delete => "delete",
            Operation::DeleteOthers => "delete-others",
            Operation::Read => "read",
            Operation::Write => "write",
        }
    }

    /// The act of that name.
    pub fn from_name(name: &str) -> Option<Operation> {
        Operation::ALL.into_iter().find(|act| act.name() == name)
    }

    /// Whether it is done with entries of a kind at all: directories are entered, all else but links is read and written.
    pub fn fits(self, kind: Kind) -> bool {
        match self {
            Operation::Delete => true,
            Operation::Read | Operation::Write => !matches!(kind, Kind::Dir | Kind::Symlink),
            Operation::Enter | Operation::List | Operation::Create | Operation::DeleteOthers => kind == Kind::Dir,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of acts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
pub struct Operations(u8);

impl Operations {
    /// None.
    pub const NONE: Operations = Operations(0);

    /// Whether an act is among them.
    pub const fn has(self, act: Operation) -> bool {
        self.0 & act.bit() != 0
    }

    /// Each of them, in the order of a table.
    pub fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::ALL.into_iter().filter(move |act| self.has(*act))
    }

    /// What is in this one or in the other.
    #[must_use]
    pub const fn and(self, other: Operations) -> Operations {
        Operations(self.0 | other.0)
    }

    /// The set with an act put in where it holds.
    #[must_use]
    pub const fn with(self, act: Operation, holds: bool) -> Operations {
        if holds { Operations(self.0 | act.bit()) } else { self }
    }
}

impl FromIterator<Operation> for Operations {
    fn from_iter<I: IntoIterator<Item = Operation>>(acts: I) -> Operations {
        acts.into_iter().fold(Operations::NONE, |set, act| set.with(act, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sets_hold_what_was_put_in() {
        for act in Operation::ALL {
            assert_eq!(Operation::from_name(act.name()), Some(act));
            let one: Operations = [act].into_iter().collect();
            assert!(Operation::ALL.into_iter().all(|other| one.has(other) == (other == act)));
            assert_eq!(Operations::NONE.with(act, false), Operations::NONE);
        }
        assert_eq!(Operation::from_name("execute"), None);
    }

    #[test]
    fn an_act_fits_kinds() {
        let of =
            |kind| Operation::ALL.into_iter().filter(|act| act.fits(kind)).map(Operation::name).collect::<Vec<_>>();
        assert_eq!(of(Kind::Dir), ["enter", "list", "create", "delete", "delete-others"]);
        for kind in [Kind::File, Kind::Fifo, Kind::Socket, Kind::Block, Kind::Char] {
            assert_eq!(of(kind), ["delete", "read", "write"], "{kind}");
        }
        assert_eq!(of(Kind::Symlink), ["delete"]);
    }
}
