//! The sticky bit of directories: missing-sticky and stray-sticky.

use super::subject::{Case, Findings, Repair};
use super::{Level, Lint, Text, guard};
use crate::model::entry::Kind;
use crate::model::mode::Mode;

/// The texts of missing-sticky.
pub const MISSING_STICKY: Text = Text {
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
};

/// The texts of stray-sticky.
pub const STRAY_STICKY: Text = Text {
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
};

/// Tells of a directory's sticky bit that differs from what is wanted.
pub fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if case.entry.kind != Kind::Dir {
        return;
    }
    let rule = case.rule_of(case.intent.sticky);
    if case.missing().has(Mode::STICKY) {
        findings.tell(Lint::MissingSticky, case.any_change, rule, Repair::Set(Mode::STICKY));
    }
    if case.excess().has(Mode::STICKY) {
        let fix = case.any_change.and(guard::thawing(case.entry)).and(case.opening);
        // A wrong group that stays is never given anything.
        let fix = if case.has_wrong_group() { fix.and(case.chgrp) } else { fix };
        findings.tell(Lint::StraySticky, fix, rule, Repair::Clear(Mode::STICKY));
    }
}

/// Says what missing-sticky saw.
pub fn describe_missing() -> String {
    "sticky is missing: whoever can write here can delete what others made".into()
}

/// Says what stray-sticky saw.
pub fn describe_stray() -> String {
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
