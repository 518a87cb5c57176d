//! The mode: missing-permission and excess-permission.

use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use super::wanted::own_bits;
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::mode::Mode;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 2] = [MISSING_PERMISSION, EXCESS_PERMISSION];

/// The row of missing-permission.
const MISSING_PERMISSION: LintRow = LintRow {
    lint: Lint::MissingPermission,
    name: "missing-permission",
    level: Level::Deny,
    summary: "mode bits that the policy wants and the entry lacks",
    fix: "safe",
    explanation: "\
Sees a directory, file, FIFO or socket to which the policy's `dir-mode`,
`file-mode` or `special-mode` would add a permission: applied to the entry's
mode, as chmod(1) would, it sets bits that are not there.

The group can't work with it: it can't read a file, can't make one in a
directory, or can't enter it.

It usually comes from a umask: with 022 everything new lacks group write, and
the setgid bit doesn't help against that; a default ACL does. Files that were
made with mktemp(1), or that ssh-like tools insist on, have no group bits at
all.

The fix is to set the bits. It is unsafe for group and other bits of an entry
that its owner keeps private, or whose owner is not a member of the group it
ends in (unless `consent = \"assumed\"`), for group bits where an ACL makes them
a mask or where the group is wrong and excepted, and where the group is wrong
and its chgrp is unsafe. It is unsafe for a
directory that its owner can't write, which is frozen on purpose. Making a file
set-ID is always unsafe.

See chmod(1), umask(2), acl(5).",
    check: Check::Entry(check_missing, describe_missing),
};

/// The row of excess-permission.
const EXCESS_PERMISSION: LintRow = LintRow {
    lint: Lint::ExcessPermission,
    name: "excess-permission",
    level: Level::Deny,
    summary: "mode bits that the entry has and the policy does not want",
    fix: "safe",
    explanation: "\
Sees a directory, file, FIFO or socket from which the policy's `dir-mode`,
`file-mode` or `special-mode` would take a permission: applied to the entry's
mode, as chmod(1) would, it clears bits that are there.

Somebody can do more than was meant, most often others can read what only the
group should see.

It usually comes from a umask of 002 or 022 in a tree that is closed to others,
from a chmod -R 777 that was to help for a moment, or from archives and
transfers that keep the modes of elsewhere.

The fix is to clear the bits. Narrowing needs nobody's consent. It is unsafe for
files with set-ID bits or file capabilities; where it would cut off the intended
group, since the chgrp by which its members would have their own bits is unsafe;
and where the mask of an ACL would take from whom the ACL names.

See chmod(1), umask(2), inode(7).",
    check: Check::Entry(check_excess, describe_excess),
};

/// Tells of bits that are wanted and not there.
fn check_missing(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let missing = subject.missing() & own_bits(subject.entry.kind);
    if !missing.is_empty() {
        let rule = subject.intent.mode.map(|wish| wish.rule);
        let keeps = missing.has_any(Mode::GROUP | Mode::OTHER) && subject.keeps_wrong_group(findings.options());
        let repair = if keeps { Repair::Nothing } else { Repair::Set(missing) };
        findings.tell(Lint::MissingPermission, subject.widening, rule, repair);
    }
}

/// Tells of bits that are there and not wanted.
fn check_excess(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let excess = subject.excess() & own_bits(subject.entry.kind);
    if !excess.is_empty() {
        let rule = subject.intent.mode.map(|wish| wish.rule);
        findings.tell(Lint::ExcessPermission, subject.narrowing, rule, Repair::Clear(excess));
    }
}

/// Says what missing-permission saw.
fn describe_missing(facts: &Facts<'_>, _: &dyn IdNames) -> String {
    let bits = facts.ideal.mode.without(facts.actual.mode) & own_bits(facts.kind);
    let classes = CLASSES.map(|(class, shift)| (class, "can't", "or", (bits.bits() >> shift) & 7));
    format!("{}: {}", modes(facts), details(facts.kind, classes, bits, "missing"))
}

/// Says what excess-permission saw.
fn describe_excess(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let bits = facts.actual.mode.without(facts.ideal.mode) & own_bits(facts.kind);
    let classes = CLASSES.map(|(class, shift)| (class, "may", "and", (bits.bits() >> shift) & 7));
    let told = format!("{}: {}", modes(facts), details(facts.kind, classes, bits, "set"));
    match facts.losers.describe(names) {
        Some(losers) if bits.has_any(Mode::GROUP) => {
            format!("{told}; narrowed, the mask of its ACL takes from {losers}")
        }
        _ => told,
    }
}

/// What each class is called, and where its bits are.
const CLASSES: [(&str, u32); 3] = [("its owner", 6), ("the group", 3), ("others", 0)];

fn modes(facts: &Facts<'_>) -> String {
    format!("mode is {}, should be {}", facts.actual.mode, facts.ideal.mode)
}

/// `the group can't read or write, others can't read`, and the special bits that are missing or set.
fn details(kind: Kind, classes: [(&str, &str, &str, u32); 3], bits: Mode, special: &str) -> String {
    let rights = if kind == Kind::Dir { ["list", "write", "enter"] } else { ["read", "write", "execute"] };
    let mut parts = Vec::new();
    for (class, verb, conjunction, bits) in classes {
        let rights: Vec<_> =
            rights.into_iter().zip([4, 2, 1]).filter(|(_, bit)| bits & bit != 0).map(|(right, _)| right).collect();
        match rights.as_slice() {
            [] => {}
            [one] => parts.push(format!("{class} {verb} {one}")),
            [head @ .., last] => parts.push(format!("{class} {verb} {} {conjunction} {last}", head.join(", "))),
        }
    }
    for (bit, name) in [(Mode::SETUID, "setuid"), (Mode::SETGID, "setgid"), (Mode::STICKY, "sticky")] {
        if bits.has(bit) {
            parts.push(format!("{name} is {special}"));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, USERS, entry, judged, modes, seen, wish};
    use crate::lints::{Because, Fix};
    use crate::model::entry::Extras;
    use crate::model::intent::{GroupTerm, Intent};

    const MISSING: (Lint, Fix) = (Lint::MissingPermission, Fix::Safe);
    const EXCESS: (Lint, Fix) = (Lint::ExcessPermission, Fix::Safe);

    #[test]
    fn sees_bits_against_the_mode() {
        for (kind, mode, sources, expected) in [
            (Kind::Dir, 0o755, &["g=u"][..], &[MISSING][..]),
            (Kind::Dir, 0o2775, &["g=u"], &[]),
            (Kind::Dir, 0o777, &["u=rwx,g=u,o="], &[EXCESS, (Lint::WorldWritable, Fix::None(None))]),
            (Kind::File, 0o644, &["g=u,o="], &[MISSING, EXCESS]),
            (Kind::File, 0o644, &["664", "644"], &[]),
            (Kind::File, 0o640, &["664", "644"], &[MISSING]),
            (Kind::Symlink, 0o777, &["600"], &[]),
            (Kind::Fifo, 0o644, &["600"], &[EXCESS]),
        ] {
            let modes = modes(sources);
            let intent = Intent { mode: wish(&modes[..]), ..Intent::default() };
            assert_eq!(seen(&entry(kind, ALICE, LAB, mode), &intent), expected, "{kind} {mode:o} {sources:?}");
        }
    }

    #[test]
    fn widening_needs_consent_and_no_acl_and_the_right_group() {
        let modes = modes(&["u=rw,g=u,o="]);
        let group = [GroupTerm::Gid(LAB)];
        let intent = Intent { mode: wish(&modes[..]), ..Intent::default() };
        let with_group = Intent { group: wish(&group[..]), ..intent };
        let acl = Extras { acl: true, ..Extras::default() };
        for (uid, gid, mode, extras, intent, because) in [
            (ALICE, LAB, 0o640, Extras::default(), &intent, None),
            (ALICE, LAB, 0o640, acl.clone(), &intent, Some(Because::Acl)),
            (ALICE, LAB, 0o600, acl.clone(), &intent, Some(Because::Private)),
            (ALICE, 0, 0o640, Extras::default(), &intent, Some(Because::Outsider)),
            (ALICE, 0, 0o640, Extras::default(), &with_group, None),
            (9999, LAB, 0o640, Extras::default(), &with_group, Some(Because::Outsider)),
            (ALICE, LAB, 0o460, acl, &intent, None),
        ] {
            let mut file = entry(Kind::File, uid, gid, mode);
            file.extras = extras;
            let (findings, _) = judged(&file, intent);
            let missing = findings.iter().find(|finding| finding.lint == Lint::MissingPermission).expect("it is told");
            assert_eq!(missing.fix, because.map_or(Fix::Safe, Fix::Unsafe), "{uid} {gid} {mode:o}");
        }
    }

    #[test]
    fn the_intended_group_is_not_cut_off_where_its_chgrp_is_withheld() {
        let (group, private) = ([GroupTerm::Gid(LAB)], modes(&["g=u,o="]));
        let intent = Intent { group: wish(&group[..]), mode: wish(&private[..]), ..Intent::default() };
        for (kind, uid, gid, mode, after) in [
            // Members of LAB have an outsider's as others do, until it is theirs.
            (Kind::File, 9999, USERS, 0o646, 0o646),
            (Kind::Dir, 9999, USERS, 0o755, 0o755),
            (Kind::File, 9999, USERS, 0o660, 0o660),
            (Kind::File, 9999, LAB, 0o664, 0o660),
            // What the mode takes from the group too is taken from all.
            (Kind::File, 9999, USERS, 0o601, 0o600),
            (Kind::File, ALICE, USERS, 0o644, 0o660),
        ] {
            let found = entry(kind, uid, gid, mode);
            let (findings, desired) = judged(&found, &intent);
            assert_eq!(desired.mode.bits(), after, "{kind} {uid} {gid} {mode:o}");
            let excess = findings.iter().find(|finding| finding.lint == Lint::ExcessPermission);
            if mode == after && mode != 0o660 {
                assert_eq!(excess.map(|finding| finding.fix), Some(Fix::Unsafe(Because::Outsider)), "{mode:o}");
            }
        }
    }

    #[test]
    fn a_group_that_has_less_than_others_is_not_made_the_intended_one() {
        let group = [GroupTerm::Gid(LAB)];
        let intent = Intent { group: wish(&group[..]), ..Intent::default() };
        let others_have_more = [(Lint::ForeignGroup, Fix::Unsafe(Because::OthersHaveMore))];
        assert_eq!(seen(&entry(Kind::File, ALICE, USERS, 0o604), &intent), others_have_more);
        assert_eq!(seen(&entry(Kind::File, ALICE, USERS, 0o644), &intent), [(Lint::ForeignGroup, Fix::Safe)]);
    }

    #[test]
    fn a_directory_that_its_owner_cannot_write_stays_closed() {
        let modes = modes(&["u=rwx,g=u,o="]);
        let intent = Intent { mode: wish(&modes[..]), sticky: wish(false), ..Intent::default() };
        let frozen = Fix::Unsafe(Because::Frozen);
        for (kind, mode, missing, after) in [
            (Kind::Dir, 0o550, frozen, 0o550),
            (Kind::Dir, 0o2575, frozen, 0o2570),
            (Kind::Dir, 0o500, frozen, 0o500),
            (Kind::Dir, 0o750, Fix::Safe, 0o770),
            (Kind::File, 0o440, Fix::Safe, 0o770),
        ] {
            let (findings, desired) = judged(&entry(kind, ALICE, LAB, mode), &intent);
            let found = findings.iter().find(|finding| finding.lint == Lint::MissingPermission).expect("it is told");
            assert_eq!((found.fix, desired.mode.bits()), (missing, after), "{kind} {mode:o}");
        }
        let sticky = seen(&entry(Kind::Dir, ALICE, LAB, 0o1570), &intent);
        assert!(sticky.contains(&(Lint::StraySticky, frozen)), "{sticky:?}");
    }

    #[test]
    fn of_several_modes_the_one_counts_that_permissions_comply_with() {
        for (sources, setgid, mode, after) in [
            (&["g=u", "go="][..], Some(true), 0o700, 0o2700),
            (&["2770", "2700"], None, 0o700, 0o2700),
            (&["g=u", "go="], Some(true), 0o750, 0o2770),
            (&["1777", "0770"], None, 0o770, 0o770),
            (&["1777", "0770"], None, 0o777, 0o1777),
        ] {
            let modes = modes(sources);
            let mode_decides = if setgid.is_some() { Mode::NONE } else { Mode::SETGID | Mode::STICKY };
            let setgid = setgid.map(|value| wish(value).expect("a wish"));
            let consent = crate::model::intent::Consent::Assumed;
            let intent = Intent { mode: wish(&modes[..]), setgid, mode_decides, consent, ..Intent::default() };
            let desired = judged(&entry(Kind::Dir, ALICE, LAB, mode), &intent).1.mode.bits();
            assert_eq!(desired, after, "{sources:?} {mode:o}");
        }
    }

    #[test]
    fn special_bits_of_files_are_the_modes_own() {
        let set_id = Fix::Unsafe(Because::SetId);
        for (source, mode, expected) in [
            ("2755", 0o755, &[(Lint::MissingPermission, set_id)][..]),
            ("2755", 0o2755, &[]),
            ("0755", 0o2755, &[(Lint::ExcessPermission, set_id), (Lint::SetgidFile, set_id)]),
            ("755", 0o1755, &[]),
            ("0755", 0o1755, &[EXCESS]),
        ] {
            let modes = modes(&[source]);
            let intent = Intent { mode: wish(&modes[..]), ..Intent::default() };
            assert_eq!(seen(&entry(Kind::File, ALICE, LAB, mode), &intent), expected, "{source} {mode:o}");
        }
    }
}
