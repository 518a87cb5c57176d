//! How seriously findings are taken: the level of each lint.

use super::lint::{Lint, LintSet};
use crate::model::entry::Kind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How seriously a finding is taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Level {
    /// Neither found nor repaired.
    Allow,
    /// Reported; fails only with `--strict`.
    Warn,
    /// Reported, and the check fails.
    Deny,
}

impl Level {
    /// Every level.
    pub const ALL: [Level; 3] = [Level::Allow, Level::Warn, Level::Deny];

    /// Its name in policies and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Allow => "allow",
            Level::Warn => "warn",
            Level::Deny => "deny",
        }
    }

    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The level of every lint, in one policy or for one entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Levels {
    levels: [Level; Lint::ALL.len()],
    /// The hazards that were set to deny: they are looked for on what nothing is wished of, too. What is denied without
    /// being said is not, or policies for directories alone would have every file looked at.
    hunted: LintSet,
}

/// What is dangerous whatever is wished.
const HAZARDS: [Lint; 12] = [
    Lint::SetuidFile,
    Lint::SetgidFile,
    Lint::WritableSetId,
    Lint::SetuidDirectory,
    Lint::IneffectiveSetgid,
    Lint::WorldWritable,
    Lint::WideDefaultAcl,
    Lint::MaskedByAcl,
    Lint::LatentAclEntry,
    Lint::MalformedAcl,
    Lint::ForeignAcl,
    Lint::UnknownId,
];

impl Levels {
    /// What each lint is given by this.
    pub fn each(level: impl FnMut(Lint) -> Level) -> Levels {
        Levels { levels: Lint::ALL.map(level), hunted: LintSet::default() }
    }

    /// The level of `lint`.
    pub fn of(&self, lint: Lint) -> Level {
        self.levels[lint as usize]
    }

    /// Sets the level of `lint`.
    pub fn set(&mut self, lint: Lint, level: Level) {
        self.levels[lint as usize] = level;
        if HAZARDS.contains(&lint) {
            self.hunted = self.hunted.without(lint).with((level == Level::Deny).then_some(lint).into_iter().collect());
        }
    }

    /// Whether entries of this kind are looked at though nothing is wished of them.
    pub fn hunts(&self, kind: Kind) -> bool {
        // A symbolic link has no mode, and no ACL.
        let is_of_kind = || !kind.is_device() && (kind != Kind::Symlink || self.hunted.contains(Lint::UnknownId));
        !self.hunted.is_empty() && is_of_kind()
    }

    /// The levels for what nothing is wished of.
    #[must_use]
    pub fn of_unwished(&self) -> Levels {
        Levels::each(|lint| if self.hunted.contains(lint) { self.of(lint) } else { Level::Allow })
    }

    /// Whether `lint` neither finds nor repairs.
    pub fn allow(&self, lint: Lint) -> bool {
        self.of(lint) == Level::Allow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_kept_by_lint() {
        let mut levels = Levels::default();
        assert_eq!(levels.of(Lint::ForeignGroup), Level::Deny);
        assert_eq!(levels.of(Lint::ExpiredException), Level::Warn);
        levels.set(Lint::ExpiredException, Level::Allow);
        assert!(levels.allow(Lint::ExpiredException));
        assert!(!levels.allow(Lint::Conflict));
    }

    #[test]
    fn hazards_that_are_said_to_be_denied_are_hunted() {
        let mut levels = Levels::default();
        assert!(!levels.hunts(Kind::File), "writable-set-id is denied, but nobody said so");
        levels.set(Lint::ForeignGroup, Level::Deny);
        levels.set(Lint::WorldWritable, Level::Warn);
        assert!(!levels.hunts(Kind::File));
        levels.set(Lint::WorldWritable, Level::Deny);
        assert!(levels.hunts(Kind::File) && levels.hunts(Kind::Socket) && levels.hunts(Kind::Dir));
        assert!(!levels.hunts(Kind::Symlink) && !levels.hunts(Kind::Block));
        let unwished = levels.of_unwished();
        assert!(unwished.allow(Lint::ForeignGroup) && unwished.of(Lint::WorldWritable) == Level::Deny);
        levels.set(Lint::UnknownId, Level::Deny);
        assert!(levels.hunts(Kind::Symlink));
        levels.set(Lint::UnknownId, Level::Allow);
        levels.set(Lint::WorldWritable, Level::Allow);
        assert!(!levels.hunts(Kind::File));
    }

    #[test]
    fn names_turn_back_into_levels() {
        assert!(Level::ALL.iter().all(|level| Level::from_name(level.name()) == Some(*level)));
        assert_eq!(Level::from_name("error"), None);
    }
}
