//! What is wrong with policies rather than entries: conflict, expired-exception and unused-exception.

use super::level::Level;
use super::lint::Lint;
use super::row::{Check, LintRow};
use jiff::civil::Date;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 3] = [CONFLICT, EXPIRED_EXCEPTION, UNUSED_EXCEPTION];

/// The row of conflict.
const CONFLICT: LintRow = LintRow {
    lint: Lint::Conflict,
    name: "conflict",
    level: Level::Deny,
    summary: "two policies want different states of one entry",
    fix: "none",
    explanation: "\
Sees an entry that two policies of the run judge, and of which they want
different states.

Whatever a fix made of it, one of them would be broken, and two runs with one
policy each would turn it back and forth for ever.

It usually comes from two files in /etc/sgidlint whose trees overlap: policies
judge independently, and only trees of one policy give way to the longer root.

There is no fix: the entry is left as it is. Put both trees into one policy,
or exclude the one's root from the other.

See chmod(1), chgrp(1).",
    check: Check::Elsewhere("survey/assess.rs", "two policies want different states of it"),
};

/// The row of expired-exception.
const EXPIRED_EXCEPTION: LintRow = LintRow {
    lint: Lint::ExpiredException,
    name: "expired-exception",
    level: Level::Warn,
    summary: "an exception whose `until` has passed",
    fix: "none",
    explanation: "\
Sees an exception of a policy whose last day, `until`, lies in the past. The
exception covers nothing any more: what it covered is found again.

An exception with an end was a promise to look again. Nobody did, and from this
day on a fix would change what it kept.

It usually comes from a ticket that was closed, or one that was forgotten; the
`reason` beside it says which.

There is no fix: take the exception out of the policy when its reason is gone,
or give it a new day.

See date(1) for the day it is: `until` is in local time, that day included.",
    check: Check::Called("judging/exceptions.rs"),
};

/// The row of unused-exception.
const UNUSED_EXCEPTION: LintRow = LintRow {
    lint: Lint::UnusedException,
    name: "unused-exception",
    level: Level::Warn,
    summary: "an exception that covered nothing",
    fix: "none",
    explanation: "\
Sees an exception of a policy that kept no finding from being told. It is told
only by runs that read all roots: not where PATHs leave something out or a
directory could not be read; and not of exceptions that cover what only
`--probe` asks, or what lies above a root.

What it excepted is as the policy says by now, or lies elsewhere. Left where it
is, it will hide the next fault of that kind, which nobody meant to be excused.

It usually is a directory that was mended, renamed or removed since, or a
misspelt path: an exception's `path` is literal and absolute.

There is no fix: correct the path, or take the exception out of the policy.

See `sgidlint check -v`, which tells of what exceptions cover.",
    check: Check::Called("findings/notices.rs"),
};

/// Says which exception covered nothing.
pub(crate) fn describe_unused(path: &str, reason: &str) -> String {
    format!("the exception of {path} covered nothing: {reason}")
}

/// Whether the last day of an exception has passed.
pub(crate) fn has_expired(until: Option<Date>, today: Date) -> bool {
    until.is_some_and(|until| until < today)
}

/// Says which exception has expired.
pub(crate) fn describe_expired(path: &str, until: Option<Date>, reason: &str) -> String {
    let until = until.map(|until| until.to_string()).unwrap_or_default();
    format!("the exception of {path} ended on {until}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_last_day_still_counts() {
        let until = Some(date(2026, 2, 28));
        for (today, expired) in [(date(2026, 2, 27), false), (date(2026, 2, 28), false), (date(2026, 3, 1), true)] {
            assert_eq!(has_expired(until, today), expired, "{today}");
        }
        assert!(!has_expired(None, date(2999, 1, 1)));
        assert_eq!(describe_expired("/srv", until, "T-1"), "the exception of /srv ended on 2026-02-28: T-1");
    }
}
