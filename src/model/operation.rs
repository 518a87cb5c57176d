//! What somebody can do with an entry: the acts that a probe asks about and a policy can expect.

use std::fmt;

/// One thing to do with an entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Act {
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

impl Act {
    /// Every act, in the order of a table.
    pub const ALL: [Act; 7] =
        [Act::Enter, Act::List, Act::Create, Act::Delete, Act::DeleteOthers, Act::Read, Act::Write];

    /// Its name in policies and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Act::Enter => "enter",
            Act::List => "list",
            Act::Create => "create",
            Act::Delete => "delete",
            Act::DeleteOthers => "delete-others",
            Act::Read => "read",
            Act::Write => "write",
        }
    }

    /// The act of that name.
    pub fn from_name(name: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of acts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
pub struct Acts(u8);

impl Acts {
    /// None.
    pub const NONE: Acts = Acts(0);

    /// Whether an act is among them.
    pub const fn has(self, act: Act) -> bool {
        self.0 & act.bit() != 0
    }

    /// What is in this one or in the other.
    #[must_use]
    pub const fn and(self, other: Acts) -> Acts {
        Acts(self.0 | other.0)
    }

    /// The set with an act put in where it holds.
    #[must_use]
    pub const fn with(self, act: Act, holds: bool) -> Acts {
        if holds { Acts(self.0 | act.bit()) } else { self }
    }
}

impl FromIterator<Act> for Acts {
    fn from_iter<I: IntoIterator<Item = Act>>(acts: I) -> Acts {
        acts.into_iter().fold(Acts::NONE, |set, act| set.with(act, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sets_hold_what_was_put_in() {
        for act in Act::ALL {
            assert_eq!(Act::from_name(act.name()), Some(act));
            let one: Acts = [act].into_iter().collect();
            assert!(Act::ALL.into_iter().all(|other| one.has(other) == (other == act)));
            assert_eq!(Acts::NONE.with(act, false), Acts::NONE);
        }
        assert_eq!(Act::from_name("execute"), None);
    }
}
