//! What ACLs make of the mode: masked-by-acl and wide-default-acl.

use super::finding::Fix;
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::IdNames;
use crate::model::acl::AclSummary;
use crate::model::entry::{Entry, Kind, State};
use crate::model::mode::Mode;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 2] = [MASKED_BY_ACL, WIDE_DEFAULT_ACL];

/// The row of wide-default-acl.
const WIDE_DEFAULT_ACL: LintRow = LintRow {
    lint: Lint::WideDefaultAcl,
    name: "wide-default-acl",
    level: Level::Warn,
    summary: "a default ACL that grants beyond what the policy wants of the directory",
    fix: "none",
    explanation: "\
Sees a directory whose default ACL gives somebody more than the directory itself
is to give: others, the group, or users and groups that the policy doesn't name
and that are others to it.

Everything made in the directory gets that ACL as its own, whatever the umask.
The mode of the directory can be as wanted all the while.

It usually is left from a time when somebody was to have access, or comes with a
directory that was copied with its ACL from elsewhere.

There is no fix, as a mode can't say it: `setfacl -k DIR` takes the default ACL
away, `setfacl -d -m` changes it. ACLs are asked for where an entry has another
finding already, as each takes system calls of its own. To have every directory
asked, set this lint to `deny`.

See acl(5), setfacl(1), getfacl(1).",
    check: Check::Entry(check_default, describe_default),
};

/// The row of masked-by-acl.
const MASKED_BY_ACL: LintRow = LintRow {
    lint: Lint::MaskedByAcl,
    name: "masked-by-acl",
    level: Level::Warn,
    summary: "group bits that are really the mask of an ACL",
    fix: "none",
    explanation: "\
Sees a file or directory with an ACL whose group bits differ from what is
wanted, or from what its group really has: with an ACL those bits are the mask,
the most that any named user, any named group and the owning group can get.

The mode misleads: `rwx` for the group may mean that the group has nothing and
somebody else has all. A chmod of the group bits changes the mask, so widening
them can open the entry to people that nobody sees in the mode, and narrowing
them takes rights from all.

It usually comes from a setfacl somewhere above with a default ACL, or from a
copy that keeps ACLs (cp -a, rsync -A).

There is no fix: getfacl(1) shows who really has what, and `setfacl -b` makes
the mode mean what it says again. A fix never widens the group bits of such an
entry unless asked for unsafe fixes. It is found of each directory whose mode
the policy speaks of and whose group lacks bits that the mode seems to give; of
files, and where the ACL gives more, it is looked for like wide-default-acl:
where there is another finding, and at level `deny` in every directory.

See acl(5), getfacl(1), setfacl(1).",
    check: Check::Entry(check_mask, describe_mask),
};

/// Whether these lints need to look at it twice; ACLs are known only of what was asked for them.
pub(super) fn is_suspect(entry: &Entry) -> bool {
    entry.extras.acls.access.is_some() || entry.extras.acls.default.is_some()
}

/// Tells of an ACL that makes the group bits mean something else than the group has.
fn check_mask(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let Some(acl) = subject.entry.extras.acls.access else { return };
    let differs = (subject.missing() | subject.excess()).has_any(Mode::GROUP);
    if differs || acl.group() != group_bits(subject.entry.state.mode) {
        findings.tell(Lint::MaskedByAcl, Fix::None(None), None, Repair::Nothing);
    }
}

/// Tells of a default ACL that grants what the policy doesn't want.
fn check_default(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if let Some(acl) = subject.entry.extras.acls.default
        && subject.entry.kind == Kind::Dir
        && beyond(&acl, subject.wanted.ideal) != Beyond::Nobody
    {
        findings.tell(Lint::WideDefaultAcl, Fix::None(None), None, Repair::Nothing);
    }
}

/// Whom a default ACL gives more than they are to have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Beyond {
    Nobody,
    Others(u8),
    Group(u8),
    Named(u8),
}

fn beyond(acl: &AclSummary, ideal: State) -> Beyond {
    let (group, others) = (group_bits(ideal.mode), (ideal.mode.bits() & 7) as u8);
    let (own, strangers) = acl.group_and_strangers(ideal.gid);
    // Execute on a directory's default is what files lose by their own mode.
    match () {
        () if acl.others() & !others != 0 => Beyond::Others(acl.others()),
        () if strangers & !others != 0 => Beyond::Named(strangers),
        () if own & !group != 0 => Beyond::Group(own),
        () => Beyond::Nobody,
    }
}

fn group_bits(mode: Mode) -> u8 {
    ((mode.bits() >> 3) & 7) as u8
}

/// Says what wide-default-acl saw.
fn describe_default(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let group = names.group_label(facts.ideal.gid);
    match facts.acls.default.map_or(Beyond::Nobody, |acl| beyond(&acl, facts.ideal)) {
        Beyond::Others(bits) => format!("its default ACL gives others {} of all that is made in it", letters(bits)),
        Beyond::Named(bits) => {
            format!(
                "its default ACL gives users or groups other than {group} {} of all that is made in it",
                letters(bits)
            )
        }
        Beyond::Group(bits) => {
            format!("its default ACL gives group {group} {} of all that is made in it", letters(bits))
        }
        Beyond::Nobody => "its default ACL grants beyond the policy".into(),
    }
}

/// Says what masked-by-acl saw.
fn describe_mask(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let group = names.group_label(facts.actual.gid);
    let Some(acl) = facts.acls.access else {
        return "its group bits are the mask of an ACL".into();
    };
    let named = match acl.named() {
        0 => "no named user or group has anything".into(),
        bits => format!("named users or groups have up to {}", letters(bits)),
    };
    let mask = letters(group_bits(facts.actual.mode));
    format!("its group bits {mask} are the mask of an ACL: group {group} really has {}, {named}", letters(acl.group()))
}

fn letters(bits: u8) -> String {
    [(4, 'r'), (2, 'w'), (1, 'x')].map(|(bit, letter)| if bits & bit == 0 { '-' } else { letter }).iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, entry, modes, seen, wish};
    use crate::model::acl::{Acl, AclEntry, Acls, Tag};
    use crate::model::intent::{GroupTerm, Intent};

    fn acl(group: u8, named: &[(Tag, u32, u8)], mask: u8, other: u8) -> Option<AclSummary> {
        let entry = |tag, id, permissions| AclEntry { tag, id, permissions };
        let mut entries = vec![entry(Tag::Owner, None, 7)];
        entries.extend(named.iter().filter(|it| it.0 == Tag::User).map(|&(tag, id, bits)| entry(tag, Some(id), bits)));
        entries.push(entry(Tag::OwningGroup, None, group));
        entries.extend(named.iter().filter(|it| it.0 == Tag::Group).map(|&(tag, id, bits)| entry(tag, Some(id), bits)));
        entries.extend([entry(Tag::Mask, None, mask), entry(Tag::Other, None, other)]);
        Acl::new(entries).expect("an ACL of a test").summary()
    }

    #[test]
    fn sees_masks_that_mislead() {
        let (lab, modes) = ([GroupTerm::Gid(LAB)], modes(&["g=rwx,o="]));
        let intent = Intent { group: wish(&lab[..]), mode: wish(&modes[..]), ..Intent::default() };
        for (mode, access, told) in [
            (0o770, acl(7, &[(Tag::User, 7, 7)], 7, 0), false),
            (0o770, acl(0, &[(Tag::User, 7, 7)], 7, 0), true),
            (0o770, acl(7, &[(Tag::User, 7, 7)], 5, 0), true),
            (0o750, acl(5, &[(Tag::User, 7, 7)], 5, 0), true),
            (0o770, None, false),
        ] {
            let mut dir = entry(Kind::Dir, ALICE, LAB, mode);
            dir.extras.acls = Acls { access, default: None };
            let found = seen(&dir, &intent).iter().any(|(lint, _)| *lint == Lint::MaskedByAcl);
            assert_eq!(found, told, "{mode:o} {access:?}");
        }
    }

    #[test]
    fn sees_defaults_that_grant_too_much() {
        let (lab, modes) = ([GroupTerm::Gid(LAB)], modes(&["g=rwx,o="]));
        let intent = Intent { group: wish(&lab[..]), mode: wish(&modes[..]), ..Intent::default() };
        for (default, told) in [
            (acl(7, &[], 7, 0), false),
            (acl(7, &[], 7, 4), true),
            (acl(7, &[(Tag::User, 7, 6)], 7, 0), true),
            (acl(7, &[(Tag::User, 7, 6)], 1, 0), false),
            (acl(7, &[(Tag::Group, LAB, 7)], 7, 0), false),
            (acl(7, &[(Tag::Group, 4444, 5)], 7, 0), true),
        ] {
            let mut dir = entry(Kind::Dir, ALICE, LAB, 0o770);
            dir.extras.acls = Acls { access: None, default };
            let expected = told.then_some((Lint::WideDefaultAcl, Fix::None(None)));
            assert_eq!(seen(&dir, &intent), Vec::from_iter(expected), "{default:?}");
        }
    }
}
