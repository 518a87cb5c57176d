//! The members of a group: those that it lists, and those whose primary group it is.
#![allow(unsafe_code)]

use super::{NameService, retried};
use crate::sys::SysError;
use nix::unistd::{Gid, Group};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

impl NameService {
    /// The users who are in a group: each that it lists, and each whose primary group it is, as far as the name service
    /// tells of all its users (sssd.conf(5), `enumerate`). What is asked a second time was kept.
    pub(crate) fn members(&self, gid: u32) -> Result<Vec<u32>, SysError> {
        self.members.ask(&gid, || {
            let group = retried("getgrgid_r", || Group::from_gid(Gid::from_raw(gid)))?;
            let mut members = BTreeSet::new();
            for name in group.iter().flat_map(|group| &group.mem) {
                members.extend(self.uid(name)?);
            }
            let primary = self.primaries.ask(&(), || Ok(primaries()))?;
            members.extend(primary.iter().filter(|(_, primary)| *primary == gid).map(|(uid, _)| *uid));
            Ok(members.into_iter().collect())
        })
    }
}

/// Every user that is told of, with their primary group.
fn primaries() -> std::sync::Arc<[(u32, u32)]> {
    // The place in the list is the process's (getpwent(3)).
    static LIST: Mutex<()> = Mutex::new(());
    let _alone = LIST.lock().unwrap_or_else(PoisonError::into_inner);
    let mut users = Vec::new();
    // SAFETY: nobody else goes through the list meanwhile, and what it gives is read before the next call.
    unsafe {
        libc::setpwent();
        while let Some(user) = libc::getpwent().as_ref() {
            users.push((user.pw_uid, user.pw_gid));
        }
        libc::endpwent();
    }
    users.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_in_its_own_group_and_nobody_in_one_that_is_not_there() {
        let names = NameService::default();
        assert!(names.members(0).unwrap().contains(&0));
        assert_eq!(names.members(4_000_000_123), Ok(Vec::new()));
    }
}
