//! What somebody can do, or can't, against an `[[expect]]`: unmet-expectation; the probe tells it.

use super::{Level, Text};

/// The texts of unmet-expectation.
pub const UNMET_EXPECTATION: Text = Text {
    name: "unmet-expectation",
    level: Level::Deny,
    summary: "somebody can't do what the policy expects, or can do what it rules out",
    fix: "none",
    explanation: "\
Sees that the kernel answers otherwise than an [[expect]] of the policy says:
somebody can't enter, list, create, delete, read or write where they should, or
can where they should not. Only `check --probe` asks.

Modes are a means. What counts is whether the member can save and the outsider
can't look, through every directory above, every ACL, mount option and id.

It usually comes from a directory above the tree that doesn't let them pass, an
account that isn't in the group (see id(1)), a sticky bit, or an ACL.

There is no fix: the message names the first place that stops them. Change it
there, put the account into the group, or correct the expectation.

See access(2), credentials(7), path_resolution(7), acl(5).",
};
