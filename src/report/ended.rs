//! How a check ended, for the reports that tell.

use crate::report::human::Strictness;
use std::time::Duration;

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
}

impl Ended {
    /// Whether everything was looked at, whatever was found.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.exit, 0 | 1)
    }
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
        }
    }
}
