//! The sticky bit of directories: missing-sticky and stray-sticky.

use super::guard;
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::mode::Mode;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 2] = [MISSING_STICKY, STRAY_STICKY];

/// The row of missing-sticky.
const MISSING_STICKY: LintRow = LintRow {
    lint: Lint::MissingSticky,
    name: "missing-sticky",
    level: Level::Deny,
    summary: "a directory without the sticky bit that it should have",
    fix: "safe",
    explanation: "\
Sees a directory that has no sticky bit where the policy wants one, by `sticky`
or by a `dir-mode` that says so.

Whoever may write to a directory may delete and rename everything in it. With
the sticky bit (the restricted deletion flag) only the owner of an entry, that
of the directory, and root may.

It usually was never set: unlike setgid it isn't inherited, so each new
directory starts without it. A chmod with an octal mode clears it, too.

The fix is to set it; that takes nothing from anyone but the right to delete
what others own.

See chmod(1), unlink(2), inode(7).",
    check: Check::Entry(check_missing, describe_missing),
};

/// The row of stray-sticky.
const STRAY_STICKY: LintRow = LintRow {
    lint: Lint::StraySticky,
    name: "stray-sticky",
    level: Level::Deny,
    summary: "a directory with the sticky bit that it should not have",
    fix: "safe",
    explanation: "\
Sees a directory that has the sticky bit where the policy wants none.

Members of the group can make files in it, but not replace or delete each
other's: editors that save by renaming fail, and so do clean-up jobs and git.

It usually was set by hand to protect something, or came with a mode that was
copied from /tmp.

The fix is to clear it. As others may then delete what is not theirs, this is
widening: it is unsafe for a directory that its owner keeps private, or whose
owner is not a member of its group, unless `consent = \"assumed\"`.

See chmod(1), rename(2), inode(7).",
    check: Check::Entry(check_stray, describe_stray),
};

/// Tells of a directory's sticky bit that is wanted and not there.
fn check_missing(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if subject.entry.kind == Kind::Dir && subject.missing().has(Mode::STICKY) {
        let rule = subject.rule_of(subject.intent.sticky);
        findings.tell(Lint::MissingSticky, subject.any_change, rule, Repair::Set(Mode::STICKY));
    }
}

/// Tells of a directory's sticky bit that is there and not wanted.
fn check_stray(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if subject.entry.kind == Kind::Dir && subject.excess().has(Mode::STICKY) {
        let rule = subject.rule_of(subject.intent.sticky);
        let fix = subject.any_change.and(guard::thawing(subject.entry)).and(subject.opening);
        // A wrong group that stays is never given anything.
        let fix = if subject.has_wrong_group() { fix.and(subject.chgrp) } else { fix };
        findings.tell(Lint::StraySticky, fix, rule, Repair::Clear(Mode::STICKY));
    }
}

/// Says what missing-sticky saw.
fn describe_missing(_: &Facts<'_>, _: &dyn IdNames) -> String {
    "sticky is missing: whoever can write here can delete what others made".into()
}

/// Says what stray-sticky saw.
fn describe_stray(_: &Facts<'_>, _: &dyn IdNames) -> String {
    "sticky is set: members can't replace or delete what others made".into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, entry, modes, seen, wish};
    use crate::lints::{Because, Fix};
    use crate::model::intent::Intent;

    #[test]
    fn sees_a_bit_against_the_key() {
        for (kind, uid, mode, wanted, expected) in [
            (Kind::Dir, ALICE, 0o775, true, Some((Lint::MissingSticky, Fix::Safe))),
            (Kind::Dir, ALICE, 0o1775, true, None),
            (Kind::Dir, ALICE, 0o775, false, None),
            (Kind::Dir, ALICE, 0o1775, false, Some((Lint::StraySticky, Fix::Safe))),
            (Kind::Dir, ALICE, 0o1700, false, Some((Lint::StraySticky, Fix::Unsafe(Because::Private)))),
            (Kind::File, ALICE, 0o1644, false, None),
        ] {
            let intent = Intent { sticky: wish(wanted), ..Intent::default() };
            assert_eq!(seen(&entry(kind, uid, LAB, mode), &intent), Vec::from_iter(expected), "{kind} {mode:o}");
        }
        let lost = Intent { sticky: wish(false), ..Intent::default() };
        let outsider = (Lint::StraySticky, Fix::Unsafe(Because::Outsider));
        assert_eq!(seen(&entry(Kind::Dir, ALICE, 0, 0o1775), &lost), [outsider]);
    }

    #[test]
    fn a_mode_that_speaks_of_it_decides() {
        let modes = modes(&["+t"]);
        let intent = Intent { mode: wish(&modes[..]), mode_decides: Mode::STICKY, ..Intent::default() };
        assert_eq!(seen(&entry(Kind::Dir, ALICE, LAB, 0o770), &intent), [(Lint::MissingSticky, Fix::Safe)]);
        assert_eq!(seen(&entry(Kind::File, ALICE, LAB, 0o640), &intent), [(Lint::MissingPermission, Fix::Safe)]);
    }
}
