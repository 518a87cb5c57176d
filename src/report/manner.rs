//! How a report for people looks, and what it leaves out.

use crate::lints::Level;
use crate::screen::style::{Palette, Verbosity};

/// What fails a run.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Strictness {
    /// Findings at level deny.
    #[default]
    Deny,
    /// Warnings too.
    Warn,
}

impl Strictness {
    /// Whether a finding of this level fails a run.
    pub(crate) fn fails(self, level: Level) -> bool {
        level == Level::Deny || (self == Strictness::Warn && level == Level::Warn)
    }
}

/// How findings that are alike are told.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Grouping {
    /// As one line for all of a tree, with a few of the places: on a terminal.
    Glance,
    /// As one line for each directory, where they are more than a handful.
    #[default]
    Alike,
    /// Each on its own line.
    Full,
}

/// How a report for people looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Colours.
    pub palette: Palette,
    /// How much is said.
    pub verbosity: Verbosity,
    /// What fails, and so is said even when quiet.
    pub strictness: Strictness,
    /// How findings that are alike are told.
    pub grouping: Grouping,
    /// How many lines of findings there are at most.
    pub most: Option<u64>,
    /// How many columns a line has; none where nobody counts them, as in a file or a pipe.
    pub columns: Option<usize>,
}

impl Manner {
    /// The manner of most reports.
    pub(crate) fn new(palette: Palette, verbosity: Verbosity, strictness: Strictness) -> Manner {
        Manner { palette, verbosity, strictness, grouping: Grouping::Alike, most: None, columns: None }
    }

    /// The same for a file, that of a terminal too: quiet is what a run says, not what it writes to be read later.
    pub(crate) fn for_file(self) -> Manner {
        let grouping = if self.grouping == Grouping::Glance { Grouping::Alike } else { self.grouping };
        let verbosity = if self.verbosity == Verbosity::Quiet { Verbosity::Normal } else { self.verbosity };
        Manner { palette: Palette::PLAIN, grouping, verbosity, columns: None, ..self }
    }

    /// Whether findings of this level are told.
    pub(crate) fn tells(&self, level: Level) -> bool {
        match (self.verbosity, self.strictness) {
            (Verbosity::Quiet, Strictness::Deny) => level == Level::Deny,
            _ => level >= Level::Warn,
        }
    }
}
