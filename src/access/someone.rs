//! `--as`: from names to ids, and to what the kernel lets us be.

use super::names::{member_label, spare};
use super::probe::Someone;
use crate::model::accounts::{Account, Accounts, IdNames};
use crate::model::mode::Mode;
use crate::model::principal::Principal;
use crate::sys::access::random;
use crate::sys::impersonation::Impersonation;
use crate::sys::names::NameService;
use crate::sys::{SysError, host, identity};
use rustix::io::Errno;
use std::fmt::Display;
use std::sync::OnceLock;

/// Why nobody can be asked as.
#[derive(Debug)]
pub(crate) struct PrincipalError {
    /// Whether it is a mistake in what was asked for; else something couldn't be found out.
    pub is_mistake: bool,
    /// What was wanted and what happened.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl PrincipalError {
    fn usage(message: impl Display) -> PrincipalError {
        PrincipalError { is_mistake: true, message: message.to_string(), hint: None }
    }

    fn incomplete(message: impl Display) -> PrincipalError {
        PrincipalError { is_mistake: false, ..PrincipalError::usage(message) }
    }

    fn hinted(self, hint: impl Display) -> PrincipalError {
        PrincipalError { hint: Some(hint.to_string()), ..self }
    }
}

/// Looks somebody up.
pub(crate) fn someone(principal: &Principal, names: &NameService) -> Result<Someone, PrincipalError> {
    let label = principal.to_string();
    if host::effective_uid() == 0 {
        let account = as_root(principal, &label, names)?;
        return Ok(Someone { label, impersonation: Impersonation::Account(account.clone()), account });
    }
    let own = own_account(&label)?;
    let (impersonation, gid) = match principal {
        Principal::User { .. } => match account(&label, names)? {
            asked if asked.uid != own.uid => return Err(only_root(&label)),
            asked if asked.gid == own.gid => (Impersonation::Oneself, own.gid),
            asked => (Impersonation::InGroup(asked.gid), asked.gid),
        },
        Principal::Member(group) => {
            let gid = gid_of(group, group, names)?;
            (Impersonation::InGroup(gid), gid)
        }
        Principal::Others => return Err(only_root(&label)),
    };
    Ok(Someone { label, impersonation, account: Account { gid, ..own } })
}

/// Looks up each of those that somebody stands for: the members of a group, as far as the name service knows any, who are
/// called by their own names; else somebody alone.
pub(crate) fn each(principal: &Principal, names: &NameService) -> Result<Vec<Someone>, PrincipalError> {
    let Principal::Member(group) = principal else { return Ok(vec![someone(principal, names)?]) };
    let unanswered =
        |error: SysError| PrincipalError::incomplete(format!("can't look up the members of `{group}`: {error}"));
    let members = names.members(gid_of(group, group, names)?).map_err(unanswered)?;
    let oneself = host::effective_uid();
    // What root can do, permissions don't tell.
    let members: Vec<u32> = members.into_iter().filter(|&uid| uid != 0).collect();
    match oneself {
        0 if !members.is_empty() => {
            let each = members.into_iter().map(|uid| {
                let (gid, groups) = names.membership(uid).map_err(unanswered)?.unwrap_or((uid, Vec::new()));
                let account = Account { uid, gid, groups };
                let (label, impersonation) = (names.user_label(uid), Impersonation::Account(account.clone()));
                Ok(Someone { label, impersonation, account })
            });
            each.collect()
        }
        _ if members.iter().any(|&uid| uid != oneself) && oneself != 0 => Err(only_root(&principal.to_string())),
        _ => Ok(vec![someone(principal, names)?]),
    }
}

/// Each of those that somebody stands for, or oneself: whoever can ask as themselves alone says so by the group that they
/// take.
pub(crate) fn each_or_oneself(principal: &Principal, names: &NameService) -> Result<Vec<Someone>, PrincipalError> {
    if host::effective_uid() == 0 { each(principal, names) } else { Ok(vec![someone(principal, names)?]) }
}

/// Each of those that somebody stands for, and what they are called in a table.
pub(crate) fn called(principal: &Principal, names: &NameService) -> Result<Vec<(Someone, String)>, PrincipalError> {
    let label = principal.to_string();
    let mut each = each_or_oneself(principal, names)?;
    spare(&mut each);
    let is_one = each.len() == 1;
    let called = |someone: Someone| {
        let called = if is_one { label.clone() } else { member_label(&label, &someone.label) };
        (someone, called)
    };
    Ok(each.into_iter().map(called).collect())
}

/// The umask that people have where none is named: that of whoever started this.
pub(crate) fn own_umask() -> Result<Mode, PrincipalError> {
    host::umask().map_err(|error| {
        PrincipalError::incomplete(format!("can't tell the umask: {error}")).hinted("name it, as in --umask 022")
    })
}

/// What couldn't be asked as somebody, because the thread could not become them.
pub(crate) fn not_posed(someone: &Someone, error: SysError) -> PrincipalError {
    let failure = PrincipalError::usage(format!("can't ask as `{}`, so nothing was asked: {error}", someone.label));
    match (error.errno, &someone.impersonation) {
        _ if error.call == "faccessat2" => failure.hinted(
            "it takes Linux 5.8 or later, and a container whose seccomp filter allows faccessat2(2)",
        ),
        (Errno::PERM, Impersonation::InGroup(_)) if error.call == "getgroups" => {
            failure.hinted("you are not a member of that group (see id(1)), so nothing would be learnt by it")
        }
        (Errno::PERM, Impersonation::InGroup(_)) => failure.hinted(
            "the kernel lets only root take a group that is merely on one's list: start it by `sg GROUP -c '...'` or after \
             `newgrp GROUP`, or as root",
        ),
        (Errno::PERM, _) => failure.hinted("CAP_SETUID and CAP_SETGID are needed: let the container have them"),
        (Errno::INVAL, _) => failure.hinted(
            "this id, or one of its groups, doesn't exist in this user namespace (see /proc/self/uid_map and gid_map)",
        ),
        _ => failure.hinted("start it as that user instead"),
    }
}

fn as_root(principal: &Principal, label: &str, names: &NameService) -> Result<Account, PrincipalError> {
    let unmapped = |error: SysError| PrincipalError::incomplete(format!("can't tell which ids there are: {error}"));
    let stranger = || {
        let top = identity::highest_uid().map_err(unmapped)?;
        Ok::<u32, PrincipalError>(unknown_from(anywhere(top)?, |uid| names.knows_uid(uid)))
    };
    let account = match principal {
        Principal::User { .. } => account(label, names)?,
        Principal::Member(group) => {
            let gid = gid_of(group, group, names)?;
            Account { uid: stranger()?, gid, groups: vec![gid] }
        }
        Principal::Others => {
            let top = identity::highest_gid().map_err(unmapped)?;
            let gid = unknown_from(anywhere(top)?, |gid| names.knows_gid(gid));
            Account { uid: stranger()?, gid, groups: Vec::new() }
        }
    };
    match account.uid {
        0 => Err(PrincipalError::usage(format!("`{label}` is root, whom permissions don't stop"))
            .hinted("name who is to work in the tree")),
        _ => Ok(account),
    }
}

/// An id in the upper half of those that there are: the same throughout a run, and another in the next. An ACL can say
/// something else of one user or of one group than of all others, so nobody may know beforehand who asks for them.
fn anywhere(top: u32) -> Result<u32, PrincipalError> {
    static RANDOM: OnceLock<Result<[u8; 16], SysError>> = OnceLock::new();
    let random = RANDOM.get_or_init(random);
    let random =
        random.map_err(|error| PrincipalError::incomplete(format!("can't choose an id that nobody has: {error}")))?;
    Ok(top - (u128::from_ne_bytes(random) % u128::from(top / 2 + 1)) as u32)
}

/// The highest id that nobody has, from this one down.
fn unknown_from(top: u32, knows: impl Fn(u32) -> bool) -> u32 {
    (1..=top).rev().take(100).find(|&id| !knows(id)).unwrap_or(top)
}

fn own_account(label: &str) -> Result<Account, PrincipalError> {
    let own = identity::caller();
    let own = own
        .map_err(|error| PrincipalError::incomplete(format!("can't tell who you are, to ask as `{label}`: {error}")))?;
    Ok(Account { uid: own.uid, gid: own.gid, groups: own.groups })
}

/// The account that `USER[:GROUP]` names.
pub(crate) fn account(text: &str, names: &NameService) -> Result<Account, PrincipalError> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let unanswered = |error: SysError| PrincipalError::incomplete(format!("can't look up `{text}`: {error}"));
    let uid = id_of(user, names.uid(user).map_err(unanswered)?)
        .ok_or_else(|| PrincipalError::usage(format!("no user is called `{user}`")).hinted("name a user or a uid"))?;
    let gid = group.map(|group| gid_of(group, text, names)).transpose()?;
    let known = names.membership(uid).map_err(unanswered)?;
    match (known, gid) {
        (Some((primary, groups)), gid) => Ok(Account { uid, gid: gid.unwrap_or(primary), groups }),
        // Nobody knows a user of that number, so there are no groups to take but the one that was named.
        (None, Some(gid)) => Ok(Account { uid, gid, groups: vec![gid] }),
        (None, None) => Err(PrincipalError::usage(format!("uid {uid} has no name, so its groups aren't known"))
            .hinted(format!("name its group too: {uid}:GROUP"))),
    }
}

/// The gid of a group that is named in `text`.
pub(crate) fn gid_of(group: &str, text: &str, names: &NameService) -> Result<u32, PrincipalError> {
    let known = names.gid(group);
    let known = known.map_err(|error| PrincipalError::incomplete(format!("can't look up `{text}`: {error}")))?;
    id_of(group, known)
        .ok_or_else(|| PrincipalError::usage(format!("no group is called `{group}`")).hinted("name a group or a gid"))
}

/// A name's id; all digits and no such name: the number, as chown has it.
fn id_of(text: &str, known: Option<u32>) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // The highest number means "leave it" to the calls.
    known.or_else(|| text.parse().ok().filter(|&id| digits && id != u32::MAX))
}

fn only_root(label: &str) -> PrincipalError {
    PrincipalError::usage(format!("only root can ask as `{label}`"))
        .hinted("run it as root, or ask as yourself: `--as \"$(id -un)\"`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Account, String> {
        let principal = Principal::parse(text).unwrap();
        someone(&principal, &NameService::default()).map(|one| one.account).map_err(|failure| failure.message)
    }

    #[test]
    fn root_asks_as_anybody_but_root() {
        if host::effective_uid() != 0 {
            eprintln!("skipped: root_asks_as_anybody needs root");
            return;
        }
        assert_eq!(asked("4000001:4000002"), Ok(Account { uid: 4_000_001, gid: 4_000_002, groups: vec![4_000_002] }));
        let names = NameService::default();
        let (others, member) = (asked("@others").unwrap(), asked(":4000002").unwrap());
        assert!(!names.knows_uid(others.uid) && !names.knows_gid(others.gid) && others.groups.is_empty());
        assert_eq!((member.gid, member.groups, member.uid), (4_000_002, vec![4_000_002], others.uid));
        for wrong in ["root", "0:5", "no such user", ":no such group", "4000001"] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nobody_foresees_who_asks_for_strangers() {
        for top in [1, 10, 65_535, u32::MAX - 1] {
            let id = anywhere(top).unwrap();
            assert!(id <= top && id >= top / 2, "{id} of {top}");
            assert_eq!(anywhere(top).unwrap(), id, "it is one throughout a run");
        }
        assert_ne!(anywhere(u32::MAX - 1).unwrap(), u32::MAX - 1, "but once in two billion runs");
    }

    #[test]
    fn strangers_are_found_from_the_top() {
        assert_eq!(unknown_from(10, |id| id > 7), 7);
        assert_eq!(unknown_from(10, |_| true), 10);
        assert_eq!(unknown_from(u32::MAX - 1, |_| false), u32::MAX - 1);
    }

    #[test]
    fn accounts_are_names_or_numbers() {
        let names = NameService::default();
        let of = |text| account(text, &names).map_err(|failure| failure.message);
        assert_eq!(of("root").map(|root| (root.uid, root.gid)), Ok((0, 0)));
        assert_eq!(of("4000000123:7"), Ok(Account { uid: 4_000_000_123, gid: 7, groups: vec![7] }));
        assert_eq!(of("root:4000000123").map(|root| root.gid), Ok(4_000_000_123));
        for wrong in ["no such user", "", ":", "root:", "root:no such group", "-1", "+5", "4294967295:0", "4000000123"]
        {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
