//! How seriously findings are taken: the level of each lint.

use super::lint::Lint;
use std::fmt;

/// How seriously a finding is taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
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
pub struct Levels([Level; Lint::ALL.len()]);

impl Levels {
    /// What each lint is given by this.
    pub fn each(level: impl FnMut(Lint) -> Level) -> Levels {
        Levels(Lint::ALL.map(level))
    }

    /// The level of `lint`.
    pub fn of(&self, lint: Lint) -> Level {
        self.0[lint as usize]
    }

    /// Sets the level of `lint`.
    pub fn set(&mut self, lint: Lint, level: Level) {
        self.0[lint as usize] = level;
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
    fn names_turn_back_into_levels() {
        assert!(Level::ALL.iter().all(|level| Level::from_name(level.name()) == Some(*level)));
        assert_eq!(Level::from_name("error"), None);
    }
}
