//! As whom the process acts: what it is, and becoming somebody else for good.

use super::SysError;
use super::privilege::{is_powerless, powers};
use crate::model::accounts::{Account, Caller};
use nix::unistd::{
    Gid, Uid, getegid, geteuid, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid, setuid,
};
use rustix::io::Errno;

/// As whom the process acts now.
pub(crate) fn caller() -> Result<Caller, SysError> {
    let groups = getgroups().map_err(SysError::of_nix("getgroups"))?;
    Ok(Caller {
        uid: geteuid().as_raw(),
        gid: getegid().as_raw(),
        groups: groups.into_iter().map(Gid::as_raw).collect(),
        powers: powers()?,
    })
}

/// The highest user id of this user namespace (user_namespaces(7)).
pub(crate) fn highest_uid() -> Result<u32, SysError> {
    read_highest("/proc/self/uid_map")
}

/// The highest group id of this user namespace.
pub(crate) fn highest_gid() -> Result<u32, SysError> {
    read_highest("/proc/self/gid_map")
}

fn read_highest(map: &str) -> Result<u32, SysError> {
    let text = std::fs::read_to_string(map).map_err(SysError::of_io("read(/proc/self/uid_map)"))?;
    highest(&text).ok_or(SysError { call: "read(/proc/self/uid_map)", errno: Errno::NOMSG })
}

/// The highest id that a map has: lines of the first id inside, the first outside, and how many.
fn highest(map: &str) -> Option<u32> {
    let last = |line: &str| {
        let mut fields = line.split_whitespace().map(|field| field.parse::<u64>().ok());
        let (first, _, count) = (fields.next()??, fields.next()??, fields.next()??);
        // The highest number of all means "leave it" to the calls.
        u32::try_from((first + count).checked_sub(1)?.min(u64::from(u32::MAX - 1))).ok()
    };
    map.lines().filter_map(last).max()
}

/// Becomes a user, on every thread and for good: groups first, for only root can set them, then the group, then the
/// user; all of it is read back, since nothing else is to be relied on.
pub(crate) fn become_account(account: &Account) -> Result<(), SysError> {
    let groups: Vec<Gid> = account.groups.iter().copied().map(Gid::from_raw).collect();
    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    setgroups(&groups).map_err(SysError::of_nix("setgroups"))?;
    setresgid(gid, gid, gid).map_err(SysError::of_nix("setresgid"))?;
    setresuid(uid, uid, uid).map_err(SysError::of_nix("setresuid"))?;
    verify(account)
}

fn verify(account: &Account) -> Result<(), SysError> {
    let (uids, gids) =
        (getresuid().map_err(SysError::of_nix("getresuid"))?, getresgid().map_err(SysError::of_nix("getresgid"))?);
    let is_user = [uids.real, uids.effective, uids.saved].iter().all(|uid| uid.as_raw() == account.uid);
    let is_group = [gids.real, gids.effective, gids.saved].iter().all(|gid| gid.as_raw() == account.gid);
    let groups = getgroups().map_err(SysError::of_nix("getgroups"))?.into_iter().map(Gid::as_raw).collect();
    let in_groups = Account { groups, ..*account }.plain() == account.plain();
    // Whoever isn't root must have no capability left, and no way back.
    let is_for_good = account.uid == 0 || (is_powerless()? && setuid(Uid::from_raw(0)).is_err());
    match is_user && is_group && in_groups && is_for_good {
        true => Ok(()),
        // Not an errno of the kernel's: the calls succeeded, and it is not so.
        false => Err(SysError { call: "setresuid", errno: Errno::NOTRECOVERABLE }),
    }
}

/// Whether a test runs as root, as it needs; else it is skipped by name.
#[cfg(test)]
pub(crate) fn is_root(test: &str) -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        eprintln!("skipped: {test} needs root");
    }
    is_root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_id_is_that_of_the_last_range() {
        for (map, top) in [
            ("         0          0 4294967295\n", Some(4_294_967_294)),
            ("0 1000 1\n1 100000 65536\n", Some(65_536)),
            ("5 5 4294967295\n", Some(4_294_967_294)),
            ("", None),
            ("a b c\n", None),
        ] {
            assert_eq!(highest(map), top, "{map}");
        }
    }
}
