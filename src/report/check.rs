//! What a report of a check is made from, whatever its format: what was found, and how it ended.

use crate::findings::Survey;
use crate::lints::Lint;
use crate::model::accounts::IdNames;
use crate::model::path::TreePath;
use crate::policy::problem::Problem;
use crate::report::base::Base;
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
    /// What of the roots it left out.
    pub omitted: Omitted<'a>,
    /// How it is told.
    pub manner: Manner,
    /// Whether it is summed up, instead of told one by one or besides.
    pub summary: bool,
    /// What of the baseline can be removed.
    pub removable: &'a [Removable<'a>],
    /// The file of that baseline.
    pub baseline: &'a str,
    /// The name of the file that it goes to, if it goes to one, without its extension.
    pub file: Option<&'a str>,
    /// Where other programs are told places from.
    pub base: &'a Base,
}

/// What a check left out of its roots, as PATHs or a list of them said: nothing is known of that.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Omitted<'a> {
    /// The roots, by index and in order, that weren't looked at as a whole.
    pub partial: &'a [u32],
    /// Whether it was asked for less than whole roots, or for nothing at all: it is no look at everything.
    pub is_less_than_roots: bool,
}

/// What a report is made from of a check that came to nothing.
#[derive(Clone, Copy)]
pub(crate) struct Failed<'a> {
    /// What is wrong with policies.
    pub problems: &'a [Problem],
    /// What was wanted and what happened.
    pub message: &'a str,
    /// What to do next.
    pub hints: &'a [String],
    /// How it ended.
    pub ended: Ended,
    /// The name of the file that it goes to, if it goes to one, without its extension.
    pub file: Option<&'a str>,
    /// What an earlier run wrote there, of formats that keep some of it.
    pub before: &'a str,
    /// Where other programs are told places from.
    pub base: &'a Base,
}

/// A finding that a baseline knows and that is no more: the lint, the root and the path if it has any, the line.
pub(crate) type Removable<'a> = (Lint, Option<(&'a [u8], &'a TreePath)>, u32);

/// What such a line is called, where findings have their lints.
pub(crate) const STALE_BASELINE: &str = "stale-baseline";

/// What is said of such a line.
pub(crate) fn describe_removable(&(lint, place, _): &Removable<'_>, base: &Base) -> String {
    let place = match place {
        Some((root, path)) => format!("at {}", base.entry(root, path, None)),
        None => "of this policy".into(),
    };
    format!("no {} {place} any more: remove the line", lint.name())
}

/// The exit status of a run that was interrupted.
const INTERRUPTED: u8 = 130;

/// What is said of such a check.
pub(crate) const CUT_SHORT: &str = "interrupted: not everything was looked at";

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Ended {
    /// The exit status.
    pub exit: u8,
    /// When it began.
    pub began: jiff::Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Whether it went through all of the trees that could be read, so that what is said of those is all there is.
    pub is_whole: bool,
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

    /// Whether it was interrupted: nothing that was found says so.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.exit == INTERRUPTED
    }
}

/// The path of a survey's root as bytes; empty where there is no such root.
pub(crate) fn root_bytes(survey: &Survey, root: u32) -> &[u8] {
    survey.roots.get(root as usize).map_or(b"", |root| root.path.as_os_str().as_bytes())
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::report::Palette;
    use crate::report::samples::{Names, Words};
    use crate::screen::style::Verbosity;

    /// All that a report of this survey is made from, in no repository.
    pub(crate) fn check_of<'a>(survey: &'a Survey, ended: Ended) -> Check<'a> {
        let manner = Manner::new(Palette::PLAIN, Verbosity::Normal, ended.strictness);
        let (words, names, base) = (&Words, &Names, &Base::NOWHERE);
        let (omitted, removable) = (Omitted::default(), &[]);
        Check {
            survey,
            words,
            names,
            ended,
            omitted,
            manner,
            summary: false,
            removable,
            baseline: "",
            file: None,
            base,
        }
    }

    /// A check that came to nothing.
    pub(crate) fn failed() -> Failed<'static> {
        let ended = Ended { exit: 2, ..ended() };
        let (message, base) = ("no policy is called `x\n<y>`", &Base::NOWHERE);
        Failed { problems: &[], message, hints: &[], ended, file: None, before: "", base }
    }

    /// A run that was not complete.
    pub(crate) fn ended() -> Ended {
        Ended {
            exit: 3,
            began: jiff::Timestamp::from_second(1_795_307_542).expect("a moment of a test"),
            took: Duration::from_millis(1250),
            is_whole: true,
            strictness: Strictness::Deny,
            last_success: None,
            interrupted: None,
        }
    }
}
