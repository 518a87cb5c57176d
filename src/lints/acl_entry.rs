//! Whom ACLs name, against what a policy wants: missing-acl-entry, excess-acl-entry, and the same of default ACLs.

use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::IdNames;
use crate::model::acl::effective::{Effective, Whom};
use crate::model::mode::Mode;
use crate::model::rights::Rights;
use crate::model::text::account;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 4] = [MISSING_ENTRY, EXCESS_ENTRY, MISSING_DEFAULT, EXCESS_DEFAULT];

/// The row of missing-acl-entry.
const MISSING_ENTRY: LintRow = LintRow {
    lint: Lint::MissingAclEntry,
    name: "missing-acl-entry",
    level: Level::Deny,
    summary: "a user or group that the policy's `acl` names lacks permissions",
    fix: "safe",
    explanation: "\
Sees a directory or file whose ACL doesn't name whom the policy's `acl` names,
or gives them less than it says. What counts is what they really have: their
entry within the mask.

They can't read, enter or change what they were to have, though all that the
mode shows may be right.

It usually is a copy: cp -r, tar and rsync without -A make files whose mask is
what the group had elsewhere, and mv and cp -a bring no ACL at all. A default
ACL (`default-acl`) helps what is made anew, and nothing else. Where a chmod
took a bit from the group, it took it from all whom the ACL names.

The fix writes the ACL that the policy wants: those entries, the mode's own, and
the mask that they come to. It is unsafe like missing-permission: for an entry
that its owner keeps private, or whose owner is not a member of the group, for
set-ID files, and for frozen directories.

See acl(5), getfacl(1), setfacl(1).",
    check: Check::Entry(check_missing_entry, describe_missing_entry),
};

/// The row of excess-acl-entry.
const EXCESS_ENTRY: LintRow = LintRow {
    lint: Lint::ExcessAclEntry,
    name: "excess-acl-entry",
    level: Level::Deny,
    summary: "an ACL names somebody whom the policy's `acl` doesn't, or gives them more",
    fix: "safe",
    explanation: "\
Sees a directory or file whose ACL names a user or group that the policy's `acl`
doesn't name, or gives somebody more than it says. With `@any` among the
entries, whoever else is named isn't looked at.

Nobody sees in the mode that they have access, and it outlives the reason for
which it was given.

It usually was given by hand with setfacl for a moment, or came with a directory
that was moved here.

The fix takes the entry, or what is too much of it, out of the ACL. The owning
group keeps what it really had: it never gets the bits of a mask that goes.

See acl(5), getfacl(1), setfacl(1).",
    check: Check::Entry(check_excess_entry, describe_excess_entry),
};

/// The row of missing-default-acl.
const MISSING_DEFAULT: LintRow = LintRow {
    lint: Lint::MissingDefaultAcl,
    name: "missing-default-acl",
    level: Level::Deny,
    summary: "a directory whose default ACL lacks what the policy's `default-acl` wants",
    fix: "safe",
    explanation: "\
Sees a directory without the default ACL that the policy's `default-acl` wants,
or whose default ACL gives somebody less than it says.

What is made in it gets the bits that the umask of its maker leaves, which for
most people closes it to the group or keeps the group from writing. The setgid
bit doesn't help against that; a default ACL does, whatever the umask.

It usually is a directory that was there before the policy, or one that was
moved or copied here.

The fix sets the default ACL. It is unsafe for a directory that its owner keeps
private, or whose owner is not a member of the group. What lies in the directory
already stays as it is.

See acl(5), setfacl(1), umask(2).",
    check: Check::Entry(check_missing_default, describe_missing_default),
};

/// The row of excess-default-acl.
const EXCESS_DEFAULT: LintRow = LintRow {
    lint: Lint::ExcessDefaultAcl,
    name: "excess-default-acl",
    level: Level::Deny,
    summary: "a directory whose default ACL gives more than the policy's `default-acl` wants",
    fix: "safe",
    explanation: "\
Sees a directory whose default ACL names somebody whom the policy's
`default-acl` doesn't, gives somebody more than it says, or is there though the
policy says that there is none.

Everything made in the directory is open to them from its first moment.

It usually is left from a time when somebody was to have access, or comes with a
directory that was copied with its ACL from elsewhere.

The fix takes it out of the default ACL, or takes that away. What was made under
it keeps what it got; `acl` sees that.

See acl(5), setfacl(1).",
    check: Check::Entry(check_excess_default, describe_excess_default),
};

/// Tells of those who are to be named and aren't, or have less.
fn check_missing_entry(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let Some(access) = &subject.acls.access else { return };
    if access.is.lacking(&access.ideal).next().is_some() {
        let rule = subject.intent.acl.map(|wish| wish.rule);
        findings.tell(Lint::MissingAclEntry, subject.granting, rule, Repair::Grant);
    }
}

/// Tells of those who are named and aren't to be, or have more.
fn check_excess_entry(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let Some(access) = &subject.acls.access else { return };
    if access.is.exceeding(&access.ideal).next().is_some() {
        let rule = subject.intent.acl.map(|wish| wish.rule);
        findings.tell(Lint::ExcessAclEntry, subject.revoking, rule, Repair::Revoke);
    }
}

/// Tells of a default ACL that isn't there, or gives less.
fn check_missing_default(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let Some(default) = &subject.acls.default else { return };
    let is_missing = match (&default.is, &default.ideal) {
        (None, Some(_)) => true,
        (Some(is), Some(ideal)) => is.lacking(ideal).next().is_some() || !is.differing(ideal).0.is_empty(),
        (_, None) => false,
    };
    if is_missing {
        let rule = subject.intent.default_acl.map(|wish| wish.rule);
        let fix = subject.any_change.and(subject.opening);
        findings.tell(Lint::MissingDefaultAcl, fix, rule, Repair::GrantDefault);
    }
}

/// Tells of a default ACL that gives more, or isn't to be there.
fn check_excess_default(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let Some(default) = &subject.acls.default else { return };
    let exceeds = match (&default.is, &default.ideal) {
        (Some(_), None) => true,
        (Some(is), Some(ideal)) => is.exceeding(ideal).next().is_some() || !is.differing(ideal).1.is_empty(),
        (None, _) => false,
    };
    if exceeds {
        let rule = subject.intent.default_acl.map(|wish| wish.rule);
        findings.tell(Lint::ExcessDefaultAcl, subject.any_change, rule, Repair::RevokeDefault);
    }
}

/// Says what missing-acl-entry saw.
fn describe_missing_entry(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let access = facts.judged.and_then(|judged| judged.access.as_ref());
    let Some(access) = access else { return "its ACL lacks what is wanted".into() };
    let told = access.is.lacking(&access.ideal).map(|(whom, lacks)| {
        let wanted = letters(access.ideal.has(whom).unwrap_or_default());
        let name = name(whom, names);
        match access.is.has(whom) {
            None => format!("{name} isn't named, should have {wanted}"),
            Some(has) => format!("{name} lacks {}: has {}, should have {wanted}", short(lacks), letters(has)),
        }
    });
    listed(told)
}

/// Says what excess-acl-entry saw.
fn describe_excess_entry(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let access = facts.judged.and_then(|judged| judged.access.as_ref());
    let Some(access) = access else { return "its ACL gives more than is wanted".into() };
    let told = access.is.exceeding(&access.ideal).map(|(whom, exceeds)| {
        let (name, has) = (name(whom, names), letters(access.is.has(whom).unwrap_or_default()));
        match access.ideal.has(whom) {
            None => format!("{name} is named and has {has}, should not be"),
            Some(wanted) => format!("{name} has {} too much: {has}, should be {}", short(exceeds), letters(wanted)),
        }
    });
    listed(told)
}

/// Says what missing-default-acl saw.
fn describe_missing_default(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let default = facts.judged.and_then(|judged| judged.default.as_ref());
    match default.map(|default| (&default.is, &default.ideal)) {
        Some((Some(is), Some(ideal))) => {
            let classes = classes(is.differing(ideal).0).map(|(class, bits)| format!("{class} {}", short(bits)));
            let named = is.lacking(ideal).map(|(whom, bits)| match is.has(whom) {
                Some(_) => format!("{} {}", name(whom, names), short(bits)),
                None => format!("{} (not named, should have {})", name(whom, names), letters(bits)),
            });
            format!("its default ACL lacks {}", listed(classes.chain(named)))
        }
        Some((None, Some(ideal))) => format!("it has no default ACL, should be {}", acl_text(ideal, names)),
        _ => "its default ACL lacks what is wanted".into(),
    }
}

/// Says what excess-default-acl saw.
fn describe_excess_default(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let default = facts.judged.and_then(|judged| judged.default.as_ref());
    match default.map(|default| (&default.is, &default.ideal)) {
        Some((Some(is), Some(ideal))) => {
            let classes = classes(is.differing(ideal).1).map(|(class, bits)| format!("{class} {}", short(bits)));
            let named = is.exceeding(ideal).map(|(whom, bits)| match ideal.has(whom) {
                Some(_) => format!("{} {}", name(whom, names), short(bits)),
                None => format!("{} {} (should not be named)", name(whom, names), letters(bits)),
            });
            format!("its default ACL gives too much: {}", listed(classes.chain(named)))
        }
        Some((Some(is), None)) => format!("it has a default ACL, {}, and should have none", acl_text(is, names)),
        _ => "its default ACL gives more than is wanted".into(),
    }
}

/// So many are named; whoever can name thousands in an ACL gets no more of a report.
const NAMED: usize = 5;

fn listed(told: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = told.collect();
    let more = all.len().saturating_sub(NAMED);
    let named = all[..all.len() - more].join("; ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

fn classes(mode: Mode) -> impl Iterator<Item = (&'static str, u8)> {
    let classes = [("the owner", 6), ("the group", 3), ("others", 0)];
    classes.into_iter().map(move |(class, shift)| (class, ((mode.bits() >> shift) & 7) as u8)).filter(|one| one.1 != 0)
}

fn acl_text(acl: &Effective, names: &dyn IdNames) -> String {
    acl.to_acl().map_or_else(String::new, |acl| account::acl_text(&acl, names))
}

fn name(whom: Whom, names: &dyn IdNames) -> String {
    match whom {
        Whom::User(id) => format!("user {}", names.user_label(id)),
        Whom::Group(id) => format!("group {}", names.group_label(id)),
    }
}

fn letters(bits: u8) -> String {
    Rights::new(bits.into()).to_string()
}

fn short(bits: u8) -> String {
    Rights::new(bits.into()).letters()
}
