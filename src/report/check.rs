//! What a report of a check is made from, whatever its format: what was found, and how it ended.

use crate::findings::Survey;
use crate::lints::Lint;
use crate::model::accounts::IdNames;
use crate::model::path::TreePath;
use crate::report::manner::{Manner, Strictness};
use crate::report::text::words::Wording;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// What a report of a check is made from.
#[derive(Clone, Copy)]
pub(crate) struct Check<'a> {
    /// What was found.
    pub survey: &'a Survey,
    /// The words for it.
    pub words: &'a dyn Wording,
    /// Who knows the names.
    pub names: &'a dyn IdNames,
    /// How it ended.
    pub ended: Ended,
    /// How it is told.
    pub manner: Manner,
    /// Whether it is summed up, instead of told one by one or besides.
    pub summary: bool,
    /// What of the baseline can be removed.
    pub removable: &'a [Removable<'a>],
    /// The name of the file that it goes to, if it goes to one, without its extension.
    pub file: Option<&'a str>,
}

/// A finding that a baseline knows and that is no more: the lint, the root and the path if it has any, the line.
pub(crate) type Removable<'a> = (Lint, Option<(&'a [u8], &'a TreePath)>, u32);

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Ended {
    /// The exit status.
    pub exit: u8,
    /// When it began.
    pub began: jiff::Timestamp,
    /// How long it took.
    pub took: Duration,
    /// What fails.
    pub strictness: Strictness,
    /// When a run was last complete before this one, in seconds since 1970, where that is known.
    pub last_success: Option<i64>,
    /// How many interrupted runs are on record, where that is asked and known.
    pub interrupted: Option<u64>,
}

impl Ended {
    /// Whether everything was looked at, whatever was found.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.exit, 0 | 1)
    }
}

/// The path of a survey's root as bytes; empty where there is no such root.
pub(super) fn root_bytes(survey: &Survey, root: u32) -> &[u8] {
    survey.roots.get(root as usize).map_or(b"", |root| root.path.as_os_str().as_bytes())
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// A run that was not complete.
    pub(crate) fn ended() -> Ended {
        Ended {
            exit: 3,
            began: jiff::Timestamp::from_second(1_795_307_542).expect("a moment of a test"),
            took: Duration::from_millis(1250),
            strictness: Strictness::Deny,
            last_success: None,
            interrupted: None,
        }
    }
}
