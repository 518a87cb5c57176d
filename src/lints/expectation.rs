//! What somebody can do, or can't, against an `[[expect]]`: unmet-expectation.

use super::level::Level;
use super::lint::Lint;
use super::row::{Check, LintRow};
use crate::model::operation::{Operation, Operations};

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 1] = [UNMET_EXPECTATION];

/// The row of unmet-expectation.
const UNMET_EXPECTATION: LintRow = LintRow {
    lint: Lint::UnmetExpectation,
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
    check: Check::Called("access/unmet.rs"),
};

/// How an expectation isn't met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Miss {
    /// They can't, and should.
    Cannot,
    /// They can, and shouldn't.
    Can,
}

/// What differs from what is expected of somebody, act by act: what they are to be able to do, what not, what they can.
pub(crate) fn misses(can: Operations, cannot: Operations, does: Operations) -> impl Iterator<Item = (Operation, Miss)> {
    Operation::ALL.into_iter().filter_map(move |act| match does.has(act) {
        false if can.has(act) => Some((act, Miss::Cannot)),
        true if cannot.has(act) => Some((act, Miss::Can)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_is_missed() {
        let acts = |acts: &[Operation]| acts.iter().copied().collect::<Operations>();
        for (can, cannot, does, missed) in [
            (&[Operation::Read][..], &[Operation::Write][..], &[Operation::Read][..], &[][..]),
            (
                &[Operation::Read],
                &[Operation::Write],
                &[Operation::Write],
                &[(Operation::Read, Miss::Cannot), (Operation::Write, Miss::Can)],
            ),
            (&[], &[], &[Operation::Read, Operation::Write], &[]),
        ] {
            assert_eq!(misses(acts(can), acts(cannot), acts(does)).collect::<Vec<_>>(), missed, "{does:?}");
        }
    }
}
