//! The setgid bit of directories: missing-setgid and stray-setgid.

use super::finding::{Because, Fix};
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::mode::Mode;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 2] = [MISSING_SETGID, STRAY_SETGID];

/// The row of missing-setgid.
const MISSING_SETGID: LintRow = LintRow {
    lint: Lint::MissingSetgid,
    name: "missing-setgid",
    level: Level::Deny,
    summary: "a directory without the setgid bit that it should have",
    fix: "safe",
    explanation: "\
Sees a directory that has no setgid bit where the policy wants one, by `setgid`
or by a `dir-mode` that says so.

What is made in it takes its maker's primary group instead of the directory's,
and a new directory has no setgid bit either: from here down the tree stops
being shared, one file at a time.

The bit usually went with a chmod by program: chmod(2) with 0755 clears it,
though chmod(1) keeps it. The kernel drops it in silence when an owner who is
not in the directory's group sets a mode or an ACL. Moved directories, archives
and copies come without it.

The fix is to set it, once the group is right: where the group is wrong and may
not be changed, setting it would spread that group, so the fix is no safer than
the chgrp. File systems mounted with grpid behave as if every directory had the
bit; there a missing one is no fault.

See chmod(2), inode(7), mount(8).",
    check: Check::Entry(check_missing, describe_missing),
};

/// The row of stray-setgid.
const STRAY_SETGID: LintRow = LintRow {
    lint: Lint::StraySetgid,
    name: "stray-setgid",
    level: Level::Deny,
    summary: "a directory with the setgid bit that it should not have",
    fix: "safe",
    explanation: "\
Sees a directory that has the setgid bit where the policy wants none.

What is made in it takes the directory's group, which its maker may not expect
and may not even be a member of; new directories take the bit along.

It usually was inherited: everything made below a setgid directory has it, and
keeps it when it is moved to where nothing is shared.

The fix is to clear it. What was made in the meantime keeps its group;
foreign-group finds that, where the policy wishes for one.

See chmod(1), mkdir(2), inode(7).",
    check: Check::Entry(check_stray, describe_stray),
};

/// Tells of a directory's setgid bit that is wanted and not there.
fn check_missing(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if subject.entry.kind == Kind::Dir && subject.missing().has(Mode::SETGID) {
        let rule = subject.rule_of(subject.intent.setgid);
        let keeps = subject.keeps_wrong_group(findings.options());
        let repair = if keeps { Repair::Nothing } else { Repair::Set(Mode::SETGID) };
        findings.tell(Lint::MissingSetgid, spreading_fix(subject), rule, repair);
    }
}

/// Tells of a directory's setgid bit that is there and not wanted.
fn check_stray(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if subject.entry.kind == Kind::Dir && subject.excess().has(Mode::SETGID) {
        let rule = subject.rule_of(subject.intent.setgid);
        findings.tell(Lint::StraySetgid, subject.any_change, rule, Repair::Clear(Mode::SETGID));
    }
}

/// What setting the bit must heed: that it spreads the directory's group.
fn spreading_fix(subject: &Subject<'_>) -> Fix {
    if subject.has_wrong_group() {
        return subject.chgrp;
    }
    // The group may be wrong where it does not spread; set here, the bit would make it spreading-group. Where it may
    // spread too, nobody asked for more of it.
    if subject.wanted.group_is_excused {
        let may_spread = subject.levels.allow(Lint::SpreadingGroup);
        let because = Because::ForeignGroup;
        return subject.any_change.and(if may_spread { Fix::Unsafe(because) } else { Fix::None(Some(because)) });
    }
    subject.any_change
}

/// Says what missing-setgid saw.
fn describe_missing(_: &Facts<'_>, _: &dyn IdNames) -> String {
    "setgid is missing: new entries take their maker's group".into()
}

/// Says what stray-setgid saw.
fn describe_stray(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    format!("setgid is set: new entries take group {}, not their maker's", names.group_label(facts.actual.gid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, USERS, entry, judged, modes, seen, wish};
    use crate::model::intent::{GroupTerm, Intent, RuleId, Wish};

    #[test]
    fn sees_a_bit_against_the_key() {
        for (kind, mode, wanted, expected) in [
            (Kind::Dir, 0o755, true, Some(Lint::MissingSetgid)),
            (Kind::Dir, 0o2755, true, None),
            (Kind::Dir, 0o2755, false, Some(Lint::StraySetgid)),
            (Kind::Dir, 0o755, false, None),
            (Kind::Dir, 0o700, true, Some(Lint::MissingSetgid)),
            (Kind::File, 0o755, true, None),
            (Kind::Fifo, 0o644, true, None),
        ] {
            let intent = Intent { setgid: wish(wanted), ..Intent::default() };
            let expected = expected.map(|lint| (lint, Fix::Safe));
            assert_eq!(seen(&entry(kind, ALICE, LAB, mode), &intent), Vec::from_iter(expected), "{kind} {mode:o}");
        }
    }

    #[test]
    fn a_mode_that_speaks_of_it_decides_unless_a_later_rule_does() {
        let modes = modes(&["2755"]);
        let by_mode = Intent { mode: wish(&modes[..]), mode_decides: Mode::SETGID, ..Intent::default() };
        let dir = entry(Kind::Dir, ALICE, LAB, 0o755);
        assert_eq!(seen(&dir, &by_mode), [(Lint::MissingSetgid, Fix::Safe)]);
        assert_eq!(seen(&dir, &Intent { mode_decides: Mode::NONE, ..by_mode }), []);
        let key = Some(Wish { value: false, rule: RuleId::new(8) });
        let by_key = Intent { setgid: key, mode_decides: Mode::NONE, ..by_mode };
        assert_eq!(seen(&dir, &by_key), []);
        let stray = judged(&entry(Kind::Dir, ALICE, LAB, 0o2755), &by_key).0;
        assert_eq!((stray[0].lint, stray[0].rule), (Lint::StraySetgid, Some(RuleId::new(8))));
    }

    #[test]
    fn a_wrong_group_is_not_made_to_spread() {
        let (lab, other) = ([GroupTerm::Gid(LAB)], [GroupTerm::Gid(4444)]);
        for (uid, mode, terms, because) in [
            (ALICE, 0o755, &lab, None),
            (ALICE, 0o755, &other, Some(Because::Outsider)),
            (ALICE, 0o700, &lab, Some(Because::Private)),
            (0, 0o755, &other, None),
        ] {
            let intent = Intent { group: wish(&terms[..]), setgid: wish(true), ..Intent::default() };
            let fix = because.map_or(Fix::Safe, Fix::Unsafe);
            let found = seen(&entry(Kind::Dir, uid, USERS, mode), &intent);
            assert_eq!(found, [(Lint::ForeignGroup, fix), (Lint::MissingSetgid, fix)], "{uid} {mode:o}");
        }
    }
}
