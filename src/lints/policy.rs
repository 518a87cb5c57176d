//! What is wrong with policies rather than entries: conflict and expired-exception; whoever has all policies tells them.

use super::{Level, Text};

/// The texts of conflict.
pub const CONFLICT: Text = Text {
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
};

/// The texts of expired-exception.
pub const EXPIRED_EXCEPTION: Text = Text {
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
};

/// Says what conflict saw.
pub fn describe_conflict() -> String {
    "two policies want different states of it".into()
}

/// Says what expired-exception saw.
pub fn describe_expired() -> String {
    "an exception has expired".into()
}
