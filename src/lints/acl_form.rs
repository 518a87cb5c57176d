//! ACLs that aren't what they look like: latent-acl-entry, malformed-acl and foreign-acl.

use super::finding::Fix;
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::IdNames;
use crate::model::acl::effective::Whom;
use crate::model::acl::{Acl, Tag};
use crate::model::entry::Extras;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 3] = [LATENT_ENTRY, MALFORMED, FOREIGN];

/// The row of latent-acl-entry.
const LATENT_ENTRY: LintRow = LintRow {
    lint: Lint::LatentAclEntry,
    name: "latent-acl-entry",
    level: Level::Warn,
    summary: "an ACL that gives somebody read or write which only its mask keeps from them",
    fix: "none",
    explanation: "\
Sees a directory or file whose ACL says that a user or group may read or write,
where the mask keeps it from them.

The next chmod of the group bits sets the mask, and they have it, though nobody
thought of them.

It usually is left by a chmod that was to close the entry. A file that is made
below a default ACL has execute in it that the mask keeps back; that is no
finding.

There is no fix, as everybody has what they should: `setfacl -m` takes it out of
the entry. A fix that rewrites the ACL for another reason cuts every entry to
what it really gives. It is found where the ACL is looked at: where the policy
says `acl`, or has another finding there.

See acl(5), getfacl(1), setfacl(1).",
    check: Check::Entry(check_latent, |_, _| {
        "its ACL gives somebody read or write that only the mask keeps back".into()
    }),
};

/// The row of malformed-acl.
const MALFORMED: LintRow = LintRow {
    lint: Lint::MalformedAcl,
    name: "malformed-acl",
    level: Level::Warn,
    summary: "an ACL that names somebody twice or out of order, or can't be read",
    fix: "none",
    explanation: "\
Sees a directory or file with an ACL whose users or groups are out of order or
named twice, which the kernel takes and setfacl(1) never writes; or with one
that can't be read as an ACL.

Of a user who is named twice the first entry counts, of a group all do. Programs
that show ACLs don't agree on that, so that nobody sees who has what.

It usually was written by a program of its own, or restored from a damaged
archive.

There is no fix, as everybody has what they should. A fix that rewrites the ACL
for another reason sorts it, and its undo brings back every byte. It is found
where the ACL is looked at: where the policy says `acl`, or has another finding
there.

See acl(5), getfacl(1).",
    check: Check::Entry(check_malformed, describe_malformed),
};

/// The row of foreign-acl.
const FOREIGN: LintRow = LintRow {
    lint: Lint::ForeignAcl,
    name: "foreign-acl",
    level: Level::Warn,
    summary: "an ACL of another kind than POSIX's, which the mode doesn't tell of",
    fix: "none",
    explanation: "\
Sees an entry with an ACL as NFSv4 has it that names somebody beside the classes
of its mode.

Who has access can't be told from it here: such ACLs have entries that deny, and
depend on their order. A chmod changes them as the server sees fit.

It usually lies on a mount by NFSv4, where the server keeps an ACL of one kind
or the other.

There is no fix: nfs4_getfacl(1) shows it, and on the server it can be changed.

See acl(5), nfs4_acl(5), nfs4_getfacl(1).",
    check: Check::Entry(check_foreign, |_, _| "it has an ACL of NFSv4's kind, which names somebody".into()),
};

/// Whether these lints need to look at it twice.
pub(super) fn is_suspect(extras: &Extras) -> bool {
    extras.malformed || extras.foreign || is_untidy(extras) || extras.access.as_deref().is_some_and(is_latent)
}

/// Whether one of its ACLs names somebody twice or out of order.
fn is_untidy(extras: &Extras) -> bool {
    [&extras.access, &extras.default].into_iter().flatten().any(|acl| !acl.is_tidy())
}

fn check_latent(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if subject.extras.access.as_deref().is_some_and(is_latent) {
        findings.tell(Lint::LatentAclEntry, Fix::None(None), None, Repair::Nothing);
    }
}

/// Whether somebody is named with a right to read or write that the mask keeps back.
fn is_latent(acl: &Acl) -> bool {
    let mask = acl.of(Tag::Mask).unwrap_or(7);
    acl.entries().iter().any(|entry| Whom::of(entry).is_some() && entry.permissions & !mask & 6 != 0)
}

fn check_malformed(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if subject.extras.malformed || is_untidy(subject.extras) {
        findings.tell(Lint::MalformedAcl, Fix::None(None), None, Repair::Nothing);
    }
}

fn describe_malformed(_: &Facts<'_>, _: &dyn IdNames) -> String {
    "an ACL of it names somebody twice or out of order, or can't be read".into()
}

fn check_foreign(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if subject.extras.foreign {
        findings.tell(Lint::ForeignAcl, Fix::None(None), None, Repair::Nothing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_mask_keeps_back_is_latent_but_for_execute() {
        for (text, latent) in [
            ("u::rw-,u:7:r-x,g::rwx,m::rw-,o::---", false),
            ("u::rw-,u:7:rw-,g::rwx,m::r--,o::---", true),
            ("u::rw-,g::rwx,g:7:r--,m::---,o::---", true),
            ("u::rw-,g::rwx,g:7:r--,m::r--,o::---", false),
        ] {
            assert_eq!(is_latent(&Acl::from_text(text).expect(text)), latent, "{text}");
        }
    }
}
