//! The owner: foreign-owner.

use super::guard;
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::IdNames;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 1] = [FOREIGN_OWNER];

/// The row of foreign-owner.
const FOREIGN_OWNER: LintRow = LintRow {
    lint: Lint::ForeignOwner,
    name: "foreign-owner",
    level: Level::Deny,
    summary: "an owner other than the intended one",
    fix: "safe for directories only",
    explanation: "\
Sees an entry whose owner is none of those that the policy accepts. Most
policies wish for no owner at all: in a shared tree everybody owns what they
made.

The owner of a directory can chmod it whatever its group, and so close or open
a whole shared tree; a home directory of the wrong owner is no home.

It usually comes from work done as root or by a deploy user, from an archive
that was unpacked with its numeric ids, or from an account that was made anew
with another uid.

The fix is a chown, safe for directories only: a file that changes hands may be
one that a program of its old owner has to write. Nothing is ever chowned to
root that was not root's, for that would turn what a user wrote into something
that root vouches for.

See chown(1), chown(2), path_resolution(7).",
    check: Check::Entry(check, describe),
};

/// Tells of an owner that is none of the acceptable ones.
fn check(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let uid = subject.wanted.ideal.uid;
    if uid != subject.entry.state.uid {
        let rule = subject.intent.owner.map(|wish| wish.rule);
        let fix = subject.any_change.and(guard::chown(subject.entry, uid));
        findings.tell(Lint::ForeignOwner, fix, rule, Repair::Owner(uid));
    }
}

/// Says what foreign-owner saw.
fn describe(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let (actual, ideal) = (names.user_label(facts.actual.uid), names.user_label(facts.ideal.uid));
    format!("owner is {actual}, should be {ideal}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, USERS, entry, judged, seen, wish};
    use crate::lints::{Because, Fix};
    use crate::model::entry::Kind;
    use crate::model::intent::{GroupTerm, Intent, OwnerTerm};

    #[test]
    fn sees_an_owner_that_is_not_acceptable() {
        let (alice, root) = ([OwnerTerm::Name], [OwnerTerm::Uid(0)]);
        let unsafe_fix = Some((Lint::ForeignOwner, Fix::Unsafe(Because::Owner)));
        for (kind, uid, terms, expected) in [
            (Kind::Dir, ALICE, &alice[..], None),
            (Kind::Dir, 0, &alice, Some((Lint::ForeignOwner, Fix::Safe))),
            (Kind::File, 0, &alice, unsafe_fix),
            (Kind::Symlink, 0, &alice, unsafe_fix),
            (Kind::File, 0, &[], None),
            (Kind::Dir, ALICE, &root, Some((Lint::ForeignOwner, Fix::None(Some(Because::Owner))))),
            (Kind::File, ALICE, &root, Some((Lint::ForeignOwner, Fix::None(Some(Because::Owner))))),
            (Kind::Dir, 0, &[OwnerTerm::Uid(ALICE), OwnerTerm::Uid(0)], None),
        ] {
            let intent = Intent { owner: wish(terms), ..Intent::default() };
            assert_eq!(
                seen(&entry(kind, uid, LAB, 0o755), &intent),
                Vec::from_iter(expected),
                "{kind} {uid} {terms:?}"
            );
        }
    }

    #[test]
    fn the_primary_group_is_that_of_the_owner_to_be() {
        let (owner, group) = ([OwnerTerm::Name], [GroupTerm::Primary]);
        let intent = Intent { owner: wish(&owner[..]), group: wish(&group[..]), ..Intent::default() };
        let repaired = |kind| judged(&entry(kind, 0, 0, 0o755), &intent).1;
        assert_eq!(repaired(Kind::Dir), entry(Kind::Dir, ALICE, USERS, 0o755).state);
        assert_eq!(repaired(Kind::File), entry(Kind::File, 0, 0, 0o755).state);
    }
}
