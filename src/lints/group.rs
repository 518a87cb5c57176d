//! The group: foreign-group and spreading-group.

use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use super::wanted::group_lint;
use crate::model::accounts::IdNames;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 2] = [FOREIGN_GROUP, SPREADING_GROUP];

/// The row of foreign-group.
const FOREIGN_GROUP: LintRow = LintRow {
    lint: Lint::ForeignGroup,
    name: "foreign-group",
    level: Level::Deny,
    summary: "a group other than the intended one",
    fix: "safe",
    explanation: "\
Sees a directory, file, symbolic link, FIFO or socket whose group is none of
those that the policy accepts. Of a symbolic link its own group counts, never
that of what it points to.

The group bits then serve the wrong people: those who share the tree can't
reach the entry, or others can, and a quota by group counts it for somebody
else.

It usually was moved in: rename(2) keeps the group, for a new file alone takes
that of a setgid directory. Tools that build a file elsewhere and move it in
place do the same (mktemp and mv, rsync, editors that replace on save), and so
does unpacking an archive as root, which restores the groups it has on record.

The fix is a chgrp to the first group that the policy accepts. It is unsafe for
an entry that its owner keeps private, or whose owner is not a member of that
group: a member of two groups could otherwise have another's file opened by
moving it from one tree into another. `consent = \"assumed\"` lifts that.

See chgrp(1), chown(2), inode(7).",
    check: Check::Entry(check_foreign, describe_foreign),
};

/// The row of spreading-group.
const SPREADING_GROUP: LintRow = LintRow {
    lint: Lint::SpreadingGroup,
    name: "spreading-group",
    level: Level::Deny,
    summary: "a setgid directory of the wrong group: everything made in it inherits the wrong group",
    fix: "safe",
    explanation: "\
Sees a setgid directory whose group is none of those that the policy accepts;
it is told instead of foreign-group.

It is the worse of the two, for it goes on: everything that is made in the
directory takes its group, and new directories take the setgid bit with it and
do the same. Mending files below it is no use while it stands.

It usually is a directory that was moved from one shared tree into another:
both its group and its setgid bit came along.

The fix is a chgrp, and goes first, from the top down, so that nothing new goes
wrong while the rest is mended. It is unsafe where foreign-group's is, and where
the directory looks like a share of its own, which root made, or somebody who
isn't in the intended group, for a group of people; so is that of all in it. A
rule of the policy whose `match` names it says whose it is to be.

See chgrp(1), mkdir(2), inode(7).",
    check: Check::Entry(check_spreading, describe_spreading),
};

/// Tells of a group that is none of the acceptable ones and doesn't spread.
fn check_foreign(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    check(Lint::ForeignGroup, subject, findings);
}

/// Tells of a group that is none of the acceptable ones and goes to whatever is made there.
fn check_spreading(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    check(Lint::SpreadingGroup, subject, findings);
}

fn check(lint: Lint, subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let ideal = subject.wanted.ideal;
    if subject.has_wrong_group() && lint == group_lint(subject.entry, ideal.mode, subject.levels) {
        let rule = subject.intent.group.map(|wish| wish.rule);
        findings.tell(lint, subject.chgrp, rule, Repair::Group(ideal.gid));
    }
}

/// Says what foreign-group saw.
fn describe_foreign(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let (actual, ideal) = (names.group_label(facts.actual.gid), names.group_label(facts.ideal.gid));
    format!("group is {actual}, should be {ideal}")
}

/// Says what spreading-group saw.
fn describe_spreading(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let actual = names.group_label(facts.actual.gid);
    format!("{}; everything made in it inherits {actual}", describe_foreign(facts, names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, USERS, entry, judged, seen, wish};
    use crate::lints::{Because, Fix};
    use crate::model::entry::Kind;
    use crate::model::intent::{Consent, GroupTerm, Intent};

    #[test]
    fn sees_a_group_that_is_not_acceptable() {
        let lab = Intent { group: wish(&[GroupTerm::Gid(LAB)][..]), ..Intent::default() };
        let outsider = Fix::Unsafe(Because::Outsider);
        for (kind, uid, gid, mode, expected) in [
            (Kind::Dir, ALICE, LAB, 0o755, None),
            (Kind::Dir, ALICE, USERS, 0o755, Some((Lint::ForeignGroup, Fix::Safe))),
            (Kind::Dir, ALICE, USERS, 0o2755, Some((Lint::SpreadingGroup, Fix::Safe))),
            (Kind::File, ALICE, USERS, 0o644, Some((Lint::ForeignGroup, Fix::Safe))),
            (Kind::File, ALICE, USERS, 0o600, Some((Lint::ForeignGroup, Fix::Unsafe(Because::Private)))),
            (Kind::Symlink, ALICE, USERS, 0o777, Some((Lint::ForeignGroup, Fix::Safe))),
            (Kind::Socket, ALICE, USERS, 0o755, Some((Lint::ForeignGroup, Fix::Safe))),
        ] {
            let found = seen(&entry(kind, uid, gid, mode), &lab);
            assert_eq!(found, Vec::from_iter(expected), "{kind} {uid} {gid} {mode:o}");
        }
        let other = Intent { group: wish(&[GroupTerm::Gid(0)][..]), ..Intent::default() };
        assert_eq!(seen(&entry(Kind::File, ALICE, LAB, 0o644), &other), [(Lint::ForeignGroup, outsider)]);
        let assumed = Intent { consent: Consent::Assumed, ..other };
        assert_eq!(seen(&entry(Kind::File, ALICE, LAB, 0o600), &assumed), [(Lint::ForeignGroup, Fix::Safe)]);
        assert_eq!(judged(&entry(Kind::File, ALICE, LAB, 0o600), &assumed).1.gid, 0);
    }

    #[test]
    fn a_directory_that_is_to_lose_setgid_takes_the_group_from_above() {
        let terms = [GroupTerm::Setgid];
        let intent = Intent { group: wish(&terms[..]), setgid: wish(false), ..Intent::default() };
        let dir = entry(Kind::Dir, ALICE, USERS, 0o2755);
        assert_eq!(judged(&dir, &intent).1, entry(Kind::Dir, ALICE, LAB, 0o755).state);
        let kept = Intent { setgid: None, ..intent };
        assert_eq!(judged(&dir, &kept).1, dir.state);
    }
}
