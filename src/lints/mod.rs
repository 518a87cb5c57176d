//! The lints: what can be wrong, each with its name, texts, default level and fix.

mod registry;

pub use registry::Lint;

use crate::intent::RuleId;
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

impl Default for Levels {
    fn default() -> Levels {
        Levels(Lint::ALL.map(Lint::default_level))
    }
}

impl Levels {
    /// The level of `lint`.
    pub fn of(&self, lint: Lint) -> Level {
        self.0[lint as usize]
    }

    /// Sets the level of `lint`.
    pub fn set(&mut self, lint: Lint, level: Level) {
        self.0[lint as usize] = level;
    }
}

/// Whether a finding can be repaired, and by which fixes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fix {
    /// What the policy asked for, and can be undone exactly.
    Safe,
    /// Planned only with `--unsafe-fixes`, for this reason.
    Unsafe(Because),
    /// Nothing is ever changed, for this reason, if there is more to say than that the lint has no fix.
    None(Option<Because>),
}

impl Fix {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Fix::Safe => "safe",
            Fix::Unsafe(_) => "unsafe",
            Fix::None(_) => "none",
        }
    }

    /// Why it isn't safe.
    pub const fn because(self) -> Option<Because> {
        match self {
            Fix::Safe => None,
            Fix::Unsafe(because) => Some(because),
            Fix::None(because) => because,
        }
    }
}

/// Why a fix is not safe.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Because {
    /// Its owner keeps it private.
    Private,
    /// Its owner is not a member of the intended group.
    Outsider,
    /// It is a regular file with set-ID bits.
    SetId,
    /// It is a regular file with file capabilities.
    Capabilities,
    /// Its group bits are the mask of an ACL.
    Acl,
    /// It has names that may lie outside the tree.
    HardLink,
    /// The change is one of ownership.
    Owner,
    /// Two policies want different states of it.
    Conflict,
    /// The bit does nothing on Linux, but somebody may have put it there on purpose.
    SetIdDirectory,
}

impl Because {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Because::Private => "private",
            Because::Outsider => "outsider",
            Because::SetId | Because::SetIdDirectory => "set-id",
            Because::Capabilities => "capabilities",
            Because::Acl => "acl",
            Because::HardLink => "hard-linked",
            Because::Owner => "owner",
            Because::Conflict => "conflict",
        }
    }

    /// What it means, as the end of a sentence.
    pub const fn explanation(self) -> &'static str {
        match self {
            Because::Private => "its owner keeps it private",
            Because::Outsider => "its owner is not a member of that group",
            Because::SetId => "it is a set-ID file",
            Because::Capabilities => "it has file capabilities",
            Because::Acl => "its group bits are the mask of an ACL",
            Because::HardLink => "it has other names, which may lie outside the tree",
            Because::Owner => "it would change hands",
            Because::Conflict => "two policies want different states of it",
            Because::SetIdDirectory => "somebody may have set it on purpose",
        }
    }
}

/// What a lint saw on one entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Which lint.
    pub lint: Lint,
    /// At which level.
    pub level: Level,
    /// Whether and how it can be repaired.
    pub fix: Fix,
    /// The rule that the entry differs from; hazards have none.
    pub rule: Option<RuleId>,
}
