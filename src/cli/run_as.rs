//! `--run-as USER[:GROUP]`: root is given up for good, so that a check sees what that account sees.
//!
//! It comes before policies are read and before any tree is touched. The file of `-o` was opened before: it is the
//! caller's.

use super::args::Eyes;
use super::exit::Failure;
use crate::model::accounts::Account;
use crate::sys::identity::become_account;
use crate::sys::names::NameService;
use crate::sys::{SysError, host, supervise};
use rustix::io::Errno;

/// Becomes the user that the command line names, if it names one.
pub(super) fn run_as(eyes: &Eyes) -> Result<(), Failure> {
    let Some(text) = &eyes.run_as else { return Ok(()) };
    let account = account(text, &NameService::default())?;
    become_account(&account).map_err(|error| refused(text, error))?;
    supervise::end_with_supervisor();
    Ok(())
}

/// The account that `USER[:GROUP]` names.
pub(super) fn account(text: &str, names: &NameService) -> Result<Account, Failure> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let unanswered = |error: SysError| Failure::incomplete(format!("can't look up `{text}`: {error}"));
    let uid = id_of(user, names.uid(user).map_err(unanswered)?)
        .ok_or_else(|| Failure::usage(format!("no user is called `{user}`")).hinted("name a user or a uid"))?;
    let gid = group.map(|group| gid_of(group, text, names)).transpose()?;
    let known = names.membership(uid).map_err(unanswered)?;
    match (known, gid) {
        (Some((primary, groups)), gid) => Ok(Account { uid, gid: gid.unwrap_or(primary), groups }),
        // Nobody knows a user of that number, so there are no groups to take but the one that was named.
        (None, Some(gid)) => Ok(Account { uid, gid, groups: vec![gid] }),
        (None, None) => Err(Failure::usage(format!("uid {uid} has no name, so its groups aren't known"))
            .hinted(format!("name its group too: {uid}:GROUP"))),
    }
}

/// The gid of a group that is named in `text`.
pub(super) fn gid_of(group: &str, text: &str, names: &NameService) -> Result<u32, Failure> {
    let known = names.gid(group);
    let known = known.map_err(|error| Failure::incomplete(format!("can't look up `{text}`: {error}")))?;
    id_of(group, known)
        .ok_or_else(|| Failure::usage(format!("no group is called `{group}`")).hinted("name a group or a gid"))
}

/// A name's id; all digits and no such name: the number, as chown has it.
fn id_of(text: &str, known: Option<u32>) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // The highest number means "leave it" to the calls.
    known.or_else(|| text.parse().ok().filter(|&id| digits && id != u32::MAX))
}

fn refused(text: &str, error: SysError) -> Failure {
    let failure = Failure::usage(format!("can't become `{text}`, so nothing was read: {error}"));
    match error.errno {
        Errno::PERM if host::effective_uid() == 0 => failure
            .hinted("root lacks CAP_SETUID or CAP_SETGID here: let the container have them, or start as that user"),
        Errno::PERM => {
            failure.hinted("only root can become somebody else: run it as root, or as that user without --run-as")
        }
        Errno::INVAL => failure.hinted(
            "this id, or one of its groups, doesn't exist in this user namespace (see /proc/self/uid_map and gid_map)",
        ),
        _ => failure.hinted("start it as that user instead"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
