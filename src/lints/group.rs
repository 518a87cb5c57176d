//! The group: foreign-group and spreading-group.

use super::message::{Subject, group_label};
use super::subject::{Case, Findings, Repair};
use super::{Level, Levels, Lint, Text};
use crate::model::accounts::{Accounts, IdNames};
use crate::model::entry::Entry;
use crate::model::intent::{Around, Intent, is_setgid_directory};
use crate::model::mode::Mode;

/// The texts of foreign-group.
pub const FOREIGN_GROUP: Text = Text {
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
};

/// The texts of spreading-group.
pub const SPREADING_GROUP: Text = Text {
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
wrong while the rest is mended. It is unsafe where foreign-group's is.

See chgrp(1), mkdir(2), inode(7).",
};

/// The group that it should have: its own, if that is acceptable, or else the first one that there is.
pub fn wanted(entry: &Entry, intent: &Intent<'_>, around: &Around<'_>, accounts: &dyn Accounts) -> u32 {
    let actual = entry.state.gid;
    let Some(wish) = intent.group else { return actual };
    let mut first = None;
    for term in wish.value {
        match term.resolve(entry, around, accounts) {
            Some(gid) if gid == actual => return actual,
            found => first = first.or(found),
        }
    }
    first.unwrap_or(actual)
}

/// Which lint sees a wrong group, where the mode is to be `mode`.
pub fn lint(entry: &Entry, mode: Mode, levels: &Levels) -> Lint {
    // A directory that is allowed to spread its group, but is to lose setgid, is a foreign one from then on.
    let spreads = mode.has(Mode::SETGID) || !levels.allow(Lint::SpreadingGroup);
    if is_setgid_directory(entry) && spreads { Lint::SpreadingGroup } else { Lint::ForeignGroup }
}

/// Tells of a group that is none of the acceptable ones.
pub fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if case.has_wrong_group() {
        let lint = lint(case.entry, case.ideal.mode, case.levels);
        let rule = case.intent.group.map(|wish| wish.rule);
        findings.tell(lint, case.chgrp, rule, Repair::Group(case.ideal.gid));
    }
}

/// Says what foreign-group saw.
pub fn describe_foreign(subject: &Subject<'_>, names: &dyn IdNames) -> String {
    let (actual, ideal) = (group_label(subject.actual.gid, names), group_label(subject.ideal.gid, names));
    format!("group is {actual}, should be {ideal}")
}

/// Says what spreading-group saw.
pub fn describe_spreading(subject: &Subject<'_>, names: &dyn IdNames) -> String {
    let actual = group_label(subject.actual.gid, names);
    format!("{}; everything made in it inherits {actual}", describe_foreign(subject, names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, AROUND, LAB, Table, USERS, entry, judged, seen, wish};
    use crate::lints::{Because, Fix};
    use crate::model::entry::Kind;
    use crate::model::intent::{Consent, GroupTerm};

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
    fn the_first_group_that_there_is_is_wanted() {
        let around = Around { root: None, setgid: Some(7), ..AROUND };
        for (terms, expected) in [
            (&[GroupTerm::Root, GroupTerm::Gid(4)][..], 4),
            (&[GroupTerm::Root], USERS),
            (&[], USERS),
            (&[GroupTerm::Gid(4), GroupTerm::Gid(USERS)], USERS),
            (&[GroupTerm::Parent, GroupTerm::Gid(4)], LAB),
            (&[GroupTerm::Setgid], 7),
            (&[GroupTerm::Gid(9), GroupTerm::Primary], USERS),
        ] {
            let intent = Intent { group: wish(terms), ..Intent::default() };
            let file = entry(Kind::File, ALICE, USERS, 0o644);
            assert_eq!(wanted(&file, &intent, &around, &Table), expected, "{terms:?}");
        }
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
