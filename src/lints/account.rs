//! Owners and groups that there are not: unknown-id.

use super::finding::Fix;
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::{Accounts, IdNames};
use crate::model::acl::effective::Whom;
use crate::model::acl::judged::JudgedAcls;
use crate::model::entry::{Entry, State};
use crate::model::intent::{GroupTerm, Intent, OwnerTerm};

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 1] = [UNKNOWN_ID];

/// The row of unknown-id.
const UNKNOWN_ID: LintRow = LintRow {
    lint: Lint::UnknownId,
    name: "unknown-id",
    level: Level::Warn,
    summary: "a uid or gid that no name service knows",
    fix: "none",
    explanation: "\
Sees an entry whose owner or group is a number that the system's name service
(passwd, group, LDAP, SSSD) has no name for, or whose ACL names such a number,
where the policy speaks of ACLs.

Ids are given out again: whoever gets this number next owns the entry, or is in
its group, with all that is in it. Until then nobody answers for it.

It usually is left over from an account or a group that was deleted, or was
unpacked from an archive of another machine, or belongs to a container with a
mapping of its own.

There is no fix, as nobody can guess whose it should be; a policy that wishes
for a group, or an owner, mends it as foreign-group or foreign-owner. An
account that a name service could not be asked about counts as known, and so
does one that the policy itself wishes for by its number.

See passwd(5), group(5), nsswitch.conf(5).",
    check: Check::Entry(check, describe),
};

/// Whether its owner or its group is unknown, and isn't one that the policy itself names by its number.
pub(super) fn is_unknown(entry: &Entry, intent: &Intent<'_>, accounts: &dyn Accounts) -> bool {
    let State { uid, gid, .. } = entry.state;
    let names_uid = || intent.owner.is_some_and(|wish| wish.value.contains(&OwnerTerm::Uid(uid)));
    let names_gid = || intent.group.is_some_and(|wish| wish.value.contains(&GroupTerm::Gid(gid)));
    (!names_uid() && !accounts.knows_uid(uid)) || (!names_gid() && !accounts.knows_gid(gid))
}

/// Whether an ACL that the policy speaks of names somebody unknown, whom the policy doesn't name itself.
pub(super) fn names_unknown(judged: &JudgedAcls, accounts: &dyn Accounts) -> bool {
    unknown(judged, |uid| accounts.knows_uid(uid), |gid| accounts.knows_gid(gid)).next().is_some()
}

/// Those whom ACLs name and nobody knows.
fn unknown(
    judged: &JudgedAcls,
    knows_uid: impl Fn(u32) -> bool,
    knows_gid: impl Fn(u32) -> bool,
) -> impl Iterator<Item = Whom> {
    let is_wanted = |whom| judged.access.as_ref().is_some_and(|access| access.ideal.named.contains_key(&whom));
    judged.everybody().filter(move |&whom| match whom {
        Whom::User(uid) => !knows_uid(uid) && !is_wanted(whom),
        Whom::Group(gid) => !knows_gid(gid) && !is_wanted(whom),
    })
}

/// Tells of an owner, a group, or somebody named in an ACL that is unknown.
pub(super) fn check(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let by_acl = || names_unknown(&subject.acls, subject.accounts);
    if is_unknown(subject.entry, subject.intent, subject.accounts) || by_acl() {
        findings.tell(Lint::UnknownId, Fix::None(None), None, Repair::Nothing);
    }
}

/// Says what unknown-id saw.
fn describe(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let (uid, gid) = (facts.actual.uid, facts.actual.gid);
    let named = facts.judged.and_then(|judged| {
        unknown(judged, |uid| names.user_name(uid).is_some(), |gid| names.group_name(gid).is_some()).next()
    });
    if let Some(whom) = named.filter(|_| names.user_name(uid).is_some() && names.group_name(gid).is_some()) {
        return format!("{whom}, whom an ACL of it names, is unknown");
    }
    match (names.user_name(uid), names.group_name(gid)) {
        (None, Some(_)) => format!("no user has its owner's uid {uid}"),
        (Some(_), None) => format!("no group has its gid {gid}"),
        _ => format!("no user has its owner's uid {uid}, and no group its gid {gid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, entry, seen, wish};
    use crate::model::entry::Kind;

    #[test]
    fn sees_ids_without_an_account() {
        let told = [(Lint::UnknownId, Fix::None(None))];
        for (kind, uid, gid, expected) in [
            (Kind::Dir, ALICE, LAB, &[][..]),
            (Kind::Dir, 0, 0, &[]),
            (Kind::Dir, 4711, LAB, &told),
            (Kind::File, ALICE, 4711, &told),
            (Kind::Symlink, 4711, 4711, &told),
            (Kind::Socket, ALICE, 4711, &told),
        ] {
            let intent = Intent { sticky: wish(false), ..Intent::default() };
            assert_eq!(seen(&entry(kind, uid, gid, 0o755), &intent), expected, "{kind} {uid} {gid}");
        }
    }

    #[test]
    fn what_the_policy_names_by_number_is_known() {
        let (group, owner) = ([GroupTerm::Gid(4711)], [OwnerTerm::Uid(4711)]);
        let told = [(Lint::UnknownId, Fix::None(None))];
        let by_group = Intent { group: wish(&group[..]), ..Intent::default() };
        let by_owner = Intent { owner: wish(&owner[..]), ..Intent::default() };
        assert_eq!(seen(&entry(Kind::Dir, ALICE, 4711, 0o755), &by_group), []);
        assert_eq!(seen(&entry(Kind::Dir, 4711, LAB, 0o755), &by_owner), []);
        assert_eq!(seen(&entry(Kind::Dir, 4711, 4711, 0o755), &by_group), told);
        assert_eq!(seen(&entry(Kind::Dir, 4711, 4711, 0o755), &by_owner), told);
    }
}
