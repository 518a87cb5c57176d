//! What a lint saw on one entry, and whether it may be repaired.

use super::level::{Level, Levels};
use super::lint::{Lint, LintSet};
use crate::model::intent::RuleId;
use serde::{Deserialize, Serialize};

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

/// Whether a finding can be repaired, and by which fixes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
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

    /// The stricter of the two; of two that are equally strict this one, so that its reason is the one told.
    pub const fn and(self, other: Fix) -> Fix {
        match (self, other) {
            (Fix::None(_), _) => self,
            (_, Fix::None(_)) => other,
            (Fix::Safe, _) => other,
            _ => self,
        }
    }
}

/// Why a fix is not safe.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Because {
    /// Its owner keeps it private.
    Private,
    /// Its owner is not a member of the intended group.
    Outsider,
    /// It is, or would become, a regular file with set-ID bits.
    SetId,
    /// It is a regular file with file capabilities.
    Capabilities,
    /// Its group bits are the mask of an ACL.
    Acl,
    /// It has names that may lie outside the tree.
    HardLink,
    /// The change is one of ownership.
    Owner,
    /// Its group is not the intended one, is allowed not to be, and would spread.
    ForeignGroup,
    /// Its group is not the intended one, is allowed not to be, and would have more.
    ExcusedGroup,
    /// Two policies want different states of it.
    Conflict,
    /// Its extended attributes can't be read.
    Hidden,
    /// The server of its file system takes root for somebody else.
    Squashed,
    /// Nothing can be changed where it lies.
    ReadOnly,
    /// Its group is not the intended one, is allowed not to be, and those have it as all others do.
    OtherGroup,
    /// Others have more than the group: with another group, the new one would lose, or the old one gain.
    OthersHaveMore,
    /// It is a directory that its owner can't write: closed on purpose.
    Frozen,
    /// The bit does nothing on Linux, but somebody may have put it there on purpose.
    SetIdDirectory,
    /// It lies in a setgid directory of ordinary people, which would go to a group that nobody named.
    OtherShare,
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
            Because::ForeignGroup | Because::ExcusedGroup | Because::OtherGroup => "foreign-group",
            Because::OthersHaveMore => "others-have-more",
            Because::Frozen => "frozen",
            Because::Conflict => "conflict",
            Because::Hidden => "hidden-attributes",
            Because::Squashed => "root-squash",
            Because::ReadOnly => "read-only",
            Because::OtherShare => "other-share",
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
            Because::ForeignGroup => "its group is not the intended one and would spread",
            Because::ExcusedGroup => "its group is not the intended one and would have more of it",
            Because::OtherGroup => "its group is not the intended one, whose members have it as others do",
            Because::OthersHaveMore => "others have more of it than the group",
            Because::Frozen => "its owner can't write it, so it was closed on purpose",
            Because::Conflict => "two policies want different states of it",
            Because::Hidden => "it can't be seen whether it has an ACL or file capabilities",
            Because::Squashed => "its server takes root for somebody else (root_squash): fix it there",
            Because::ReadOnly => "it lies in a read-only place",
            Because::SetIdDirectory => "somebody may have set it on purpose",
            Because::OtherShare => "it is part of another group's share, which no rule speaks of",
        }
    }
}

/// What a run asks of judging.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The level of each lint.
    pub levels: Levels,
    /// The lints whose unsafe fixes are planned too.
    pub unsafe_fixes: LintSet,
    /// The least gid of ordinary groups (`GID_MIN`): those below are the system's.
    pub gid_min: u32,
}

impl Default for Options {
    fn default() -> Options {
        // What login.defs(5) has where nobody says otherwise.
        Options { levels: Levels::default(), unsafe_fixes: LintSet::default(), gid_min: 1000 }
    }
}

impl Options {
    /// Whether a fix of what a lint sees is planned.
    pub fn plans(&self, lint: Lint, fix: Fix) -> bool {
        match fix {
            Fix::Safe => true,
            Fix::Unsafe(_) => self.unsafe_fixes.contains(lint),
            Fix::None(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_fix_wins_and_of_equals_the_first() {
        let (outsider, acl) = (Fix::Unsafe(Because::Outsider), Fix::Unsafe(Because::Acl));
        let (linked, owner) = (Fix::None(Some(Because::HardLink)), Fix::None(Some(Because::Owner)));
        for (one, other, stricter) in [
            (Fix::Safe, Fix::Safe, Fix::Safe),
            (Fix::Safe, acl, acl),
            (outsider, Fix::Safe, outsider),
            (outsider, acl, outsider),
            (outsider, linked, linked),
            (linked, outsider, linked),
            (linked, owner, linked),
        ] {
            assert_eq!(one.and(other), stricter, "{one:?} {other:?}");
        }
    }
}
