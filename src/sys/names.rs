//! Users and groups as the system's name service (NSS) knows them, each asked once.

mod cache;
mod members;
pub(crate) mod nsswitch;

use super::SysError;
use crate::model::accounts::{Accounts, IdNames};
use cache::{CACHED_AT_MOST, Cache};
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::CString;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The system's users and groups, for all threads.
///
/// A lookup that failed is not the same as an unknown name: it answers what changes least (an id counts as known, a
/// user as no member), and is kept for [`NameService::failures`].
#[derive(Default)]
pub(crate) struct NameService {
    users: Cache<u32, Option<CachedUser>>,
    groups: Cache<u32, Option<Arc<str>>>,
    uids: Cache<String, Option<u32>>,
    gids: Cache<String, Option<u32>>,
    memberships: Cache<u32, Arc<[u32]>>,
    members: Cache<u32, Vec<u32>>,
    primaries: Cache<(), Arc<[(u32, u32)]>>,
    failures: Mutex<HashMap<Lookup, SysError>>,
}

/// What is kept of a user.
#[derive(Clone)]
struct CachedUser {
    name: Arc<str>,
    primary_gid: u32,
}

/// What a name service was asked.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Lookup {
    /// The user of this id.
    Uid(u32),
    /// The group of this id.
    Gid(u32),
    /// The user of this name.
    User(Box<str>),
    /// The groups of the user of this id.
    GroupsOf(u32),
}

/// A lookup that failed, so that the run is incomplete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LookupFailure {
    /// What was asked.
    pub question: Lookup,
    /// What the call answered.
    pub error: SysError,
}

impl fmt::Display for LookupFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.question {
            Lookup::Uid(uid) => write!(f, "can't look up user {uid}"),
            Lookup::Gid(gid) => write!(f, "can't look up group {gid}"),
            Lookup::User(name) => write!(f, "can't look up user `{}`", name.escape_default()),
            Lookup::GroupsOf(uid) => write!(f, "can't look up the groups of user {uid}"),
        }?;
        write!(f, ": {}", self.error)
    }
}

impl NameService {
    /// The group of this name; `None` where there is none.
    pub(crate) fn gid(&self, name: &str) -> Result<Option<u32>, SysError> {
        self.gids.ask(name, || {
            let group = retried("getgrnam_r", || Group::from_name(name))?;
            Ok(group.map(|group| group.gid.as_raw()))
        })
    }

    /// The user of this name; `None` where there is none.
    pub(crate) fn uid(&self, name: &str) -> Result<Option<u32>, SysError> {
        self.uids.ask(name, || {
            let user = retried("getpwnam_r", || User::from_name(name))?;
            Ok(user.map(|user| user.uid.as_raw()))
        })
    }

    /// The primary group and all groups of a user; `None` where there is no such user.
    pub(crate) fn membership(&self, uid: u32) -> Result<Option<(u32, Vec<u32>)>, SysError> {
        let Some(account) = self.user(uid)? else { return Ok(None) };
        Ok(Some((account.primary_gid, self.groups_of(uid)?.to_vec())))
    }

    /// Whether there is a group of this name that nobody is known to be a member of: none is listed, and neither the
    /// user of its name nor one of /etc/passwd has it as the primary group. What can't be asked has members.
    pub(crate) fn is_empty_group(&self, name: &str) -> bool {
        let Ok(Some(group)) = retried("getgrnam_r", || Group::from_name(name)) else { return false };
        let Ok(namesake) = retried("getpwnam_r", || User::from_name(name)) else { return false };
        let is_primary = |line: &[u8]| {
            let gid = line.split(|&byte| byte == b':').nth(3).and_then(|gid| std::str::from_utf8(gid).ok());
            gid.and_then(|gid| gid.parse().ok()) == Some(group.gid.as_raw())
        };
        let Ok(passwd) = std::fs::read("/etc/passwd") else { return false };
        group.mem.is_empty()
            && namesake.is_none_or(|user| user.gid != group.gid)
            && !passwd.split(|&byte| byte == b'\n').any(is_primary)
    }

    /// The lookups that failed while judging and naming, in order.
    pub(crate) fn failures(&self) -> Vec<LookupFailure> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failures: Vec<_> = failures
            .iter()
            .map(|(question, error)| LookupFailure { question: question.clone(), error: *error })
            .collect();
        failures.sort_by(|one, other| one.question.cmp(&other.question));
        failures
    }

    fn user(&self, uid: u32) -> Result<Option<CachedUser>, SysError> {
        self.users.ask(&uid, || {
            let user = retried("getpwuid_r", || User::from_uid(Uid::from_raw(uid)))?;
            Ok(user.map(|user| CachedUser { name: user.name.into(), primary_gid: user.gid.as_raw() }))
        })
    }

    fn group(&self, gid: u32) -> Result<Option<Arc<str>>, SysError> {
        self.groups.ask(&gid, || {
            let group = retried("getgrgid_r", || Group::from_gid(Gid::from_raw(gid)))?;
            Ok(group.map(|group| group.name.into()))
        })
    }

    /// All groups of a user, none where the user is unknown.
    ///
    /// getgrouplist(3) does not tell a failed service from one that knows of no group: then the groups are too few,
    /// and whoever asks takes the user for an outsider, which changes less.
    fn groups_of(&self, uid: u32) -> Result<Arc<[u32]>, SysError> {
        let Some(account) = self.user(uid)? else { return Ok(Arc::default()) };
        self.memberships.ask(&uid, || {
            let name =
                CString::new(&*account.name).map_err(|_| SysError { call: "getgrouplist", errno: Errno::INVAL })?;
            let groups = retried("getgrouplist", || getgrouplist(&name, Gid::from_raw(account.primary_gid)).map(Some))?;
            Ok(groups.into_iter().flatten().map(Gid::as_raw).collect())
        })
    }

    /// Keeps a failure; gives the answer where there is one.
    fn kept<V>(&self, answer: Result<V, SysError>, question: impl FnOnce() -> Lookup) -> Option<V> {
        match answer {
            Ok(value) => Some(value),
            Err(error) => {
                let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
                if failures.len() < CACHED_AT_MOST {
                    failures.insert(question(), error);
                }
                None
            }
        }
    }
}

impl Accounts for NameService {
    fn knows_uid(&self, uid: u32) -> bool {
        self.kept(self.user(uid), || Lookup::Uid(uid)).is_none_or(|user| user.is_some() || nsswitch::may_be_known())
    }

    fn knows_gid(&self, gid: u32) -> bool {
        self.kept(self.group(gid), || Lookup::Gid(gid)).is_none_or(|group| group.is_some() || nsswitch::may_be_known())
    }

    fn is_member(&self, uid: u32, gid: u32) -> bool {
        self.kept(self.groups_of(uid), || Lookup::GroupsOf(uid)).is_some_and(|groups| groups.contains(&gid))
    }

    fn primary_gid(&self, uid: u32) -> Option<u32> {
        Some(self.kept(self.user(uid), || Lookup::Uid(uid))??.primary_gid)
    }

    fn uid_of(&self, name: &[u8]) -> Option<u32> {
        let name = std::str::from_utf8(name).ok()?;
        self.kept(self.uid(name), || Lookup::User(name.into()))?
    }

    fn is_private_group(&self, gid: u32) -> bool {
        let user = self.group_name(gid).and_then(|name| self.uid_of(name.as_bytes()));
        user.is_some_and(|uid| self.primary_gid(uid) == Some(gid))
    }
}

impl IdNames for NameService {
    fn user_name(&self, uid: u32) -> Option<String> {
        Some(self.kept(self.user(uid), || Lookup::Uid(uid))??.name.as_ref().into())
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        Some(self.kept(self.group(gid), || Lookup::Gid(gid))??.as_ref().into())
    }
}

/// Asks a lookup of NSS; "not found" comes as no error, or as ENOENT or ESRCH (getpwnam(3)).
fn retried<T>(call: &'static str, lookup: impl Fn() -> nix::Result<Option<T>>) -> Result<Option<T>, SysError> {
    loop {
        match lookup() {
            Ok(answer) => return Ok(answer),
            Err(nix::Error::EINTR) => {}
            Err(nix::Error::ENOENT | nix::Error::ESRCH) => return Ok(None),
            Err(errno) => return Err(SysError { call, errno: Errno::from_raw_os_error(errno as i32) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: u32 = 4_000_000_123;

    #[test]
    fn knows_root_and_not_just_anybody() {
        let names = NameService::default();
        for _ in 0..2 {
            assert!(names.knows_uid(0) && names.knows_gid(0));
            assert!(!names.knows_uid(NOBODY) && !names.knows_gid(NOBODY));
            assert!(names.is_member(0, 0) && !names.is_member(0, NOBODY) && !names.is_member(NOBODY, 0));
            assert_eq!((names.primary_gid(0), names.primary_gid(NOBODY)), (Some(0), None));
            assert_eq!(
                (names.uid_of(b"root"), names.uid_of(b"no such user"), names.uid_of(b"\xff")),
                (Some(0), None, None)
            );
            assert_eq!(
                (names.uid("root"), names.gid("root"), names.gid("no such group")),
                (Ok(Some(0)), Ok(Some(0)), Ok(None))
            );
            assert_eq!((names.user_name(0), names.group_name(NOBODY)), (Some("root".into()), None));
        }
        assert_eq!(names.failures(), []);
    }

    #[test]
    fn a_failed_lookup_changes_least_and_is_kept() {
        let names = NameService::default();
        let error = SysError { call: "getpwuid_r", errno: Errno::IO };
        assert_eq!(names.users.ask(&7, || Err(error)).err(), Some(error));
        assert!(names.knows_uid(7) && !names.is_member(7, 0));
        assert_eq!(names.primary_gid(7), None);
        let failures: Vec<_> = names.failures().iter().map(LookupFailure::to_string).collect();
        assert_eq!(
            failures,
            [format!("can't look up user 7: {error}"), format!("can't look up the groups of user 7: {error}"),]
        );
    }

    #[test]
    fn is_shared_between_threads() {
        fn shared<T: Sync>(_: &T) {}
        shared(&NameService::default());
    }
}
