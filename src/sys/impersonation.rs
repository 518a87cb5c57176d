//! Being somebody else for a while: a thread of its own takes an account, shows that it has it, and asks as it.
//!
//! ```text
//!     thread ──▶ own umask ──▶ groups ──▶ group ──▶ user ──▶ capabilities away ──▶ all read back ──▶ Impersonating: may ask
//! ```
//!
//! Everything is asked of the kernel for the calling thread alone: the C library's wrappers would change every thread
//! (nptl(7)). Of the user ids only that for file systems becomes the account's, which is what setfsuid(2) is for: a
//! thread that had its real or saved id could be sent signals by that user (kill(2)), one that had its effective id could
//! be slowed down (setpriority(2), sched_setaffinity(2)). The thread ends afterwards; no other changes.
#![allow(unsafe_code)]

use super::SysError;
use super::privilege::{forbid_gains, give_up_all, is_powerless, may_become_others};
use crate::model::accounts::Account;
use crate::model::mode::Mode;
use nix::unistd::{getegid, geteuid, getgroups, getresgid, getresuid};
use rustix::io::Errno;
use rustix::process::Gid;
use rustix::thread::{UnshareFlags, set_thread_groups, set_thread_res_gid, unshare_unsafe};
use std::marker::PhantomData;

/// Whom the kernel is to take a thread for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Impersonation {
    /// This account, which takes root (CAP_SETUID and CAP_SETGID).
    Account(Account),
    /// Whoever runs the program.
    Oneself,
    /// Whoever runs the program, with this effective group.
    InGroup(u32),
}

/// Proof that this thread is somebody else; what only they should ask is asked through it.
pub struct Impersonating {
    /// It holds for the thread that made it.
    not_send: PhantomData<*const ()>,
}

impl Impersonation {
    /// Becomes this, for the rest of the thread's life, with this umask; EDEADLK on the thread that the process began
    /// with, which has to stay who it is.
    ///
    /// EPERM and EINVAL are the kernel's of setegid(2): no right to that id, and no such id in this user namespace.
    /// ENOTRECOVERABLE: every call succeeded, and yet the thread is not who it should be, so it may ask nothing.
    pub fn impersonate(&self, umask: Mode) -> Result<Impersonating, SysError> {
        if rustix::thread::gettid() == rustix::process::getpid() {
            return Err(SysError { call: "gettid", errno: Errno::DEADLK });
        }
        // umask(2) is the process's; this thread gets one of its own, and with it a working directory of its own.
        // SAFETY: the table of descriptors stays shared.
        unsafe { unshare_unsafe(UnshareFlags::FS) }.map_err(SysError::of("unshare"))?;
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask.bits()));
        forbid_gains()?;
        let effective = geteuid().as_raw();
        let wanted = match self {
            Impersonation::Account(account) => {
                become_account(account)?;
                account.clone()
            }
            Impersonation::Oneself => current()?,
            Impersonation::InGroup(gid) => {
                become_member(*gid)?;
                Account { gid: *gid, ..current()? }
            }
        };
        give_up_all()?;
        verify(&wanted, effective).map(|()| Impersonating { not_send: PhantomData })
    }
}

/// The id that means "leave it" to the calls.
const NO_ID: u32 = u32::MAX;

/// Groups first, for only root sets them; the group before the user for the same reason (credentials(7)).
fn become_account(account: &Account) -> Result<(), SysError> {
    if account.uid == NO_ID || account.gid == NO_ID {
        return Err(SysError { call: "setfsuid", errno: Errno::INVAL });
    }
    let groups: Vec<Gid> = account.groups.iter().map(|&gid| Gid::from_raw_unchecked(gid)).collect();
    set_thread_groups(&groups).map_err(SysError::of("setgroups"))?;
    let gid = Gid::from_raw_unchecked(account.gid);
    set_thread_res_gid(gid, gid, gid).map_err(SysError::of("setresgid"))?;
    set_file_system_id(FileSystemId::Gid, account.gid)?;
    // setfsuid(2) says nothing of why it fails.
    if !may_become_others()? {
        return Err(SysError { call: "setfsuid", errno: Errno::PERM });
    }
    set_file_system_id(FileSystemId::Uid, account.uid)
}

/// setegid(2) for this thread: a group of one's own list, or EPERM before the kernel is asked.
fn become_member(gid: u32) -> Result<(), SysError> {
    let is_member = current()?.groups.contains(&gid) || getegid().as_raw() == gid;
    if !is_member {
        return Err(SysError { call: "getgroups", errno: Errno::PERM });
    }
    set_thread_res_gid(None, Gid::from_raw_unchecked(gid), None).map_err(SysError::of("setresgid"))?;
    set_file_system_id(FileSystemId::Gid, gid)
}

/// Which of the ids that file systems go by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FileSystemId {
    Uid,
    Gid,
}

impl FileSystemId {
    const fn call(self) -> (libc::c_long, &'static str) {
        match self {
            FileSystemId::Uid => (libc::SYS_setfsuid, "setfsuid"),
            FileSystemId::Gid => (libc::SYS_setfsgid, "setfsgid"),
        }
    }

    /// Sets it, and returns what it was: that is all the answer there ever is (setfsuid(2)).
    fn exchange(self, id: u32) -> u32 {
        // SAFETY: the call takes a number, and touches no memory of ours.
        let before = unsafe { libc::syscall(self.call().0, libc::c_ulong::from(id)) };
        before as u32
    }

    /// What it is: no id is -1, so setting that fails, and tells.
    fn now(self) -> u32 {
        self.exchange(NO_ID)
    }
}

fn set_file_system_id(which: FileSystemId, id: u32) -> Result<(), SysError> {
    which.exchange(id);
    match which.now() == id {
        true => Ok(()),
        // Whoever may and yet can't names an id that this user namespace doesn't have.
        false => Err(SysError { call: which.call().1, errno: Errno::INVAL }),
    }
}

/// As whom this thread acts.
fn current() -> Result<Account, SysError> {
    let groups =
        getgroups().map_err(SysError::of_nix("getgroups"))?.into_iter().map(nix::unistd::Gid::as_raw).collect();
    Ok(Account { uid: geteuid().as_raw(), gid: getegid().as_raw(), groups })
}

fn verify(wanted: &Account, effective: u32) -> Result<(), SysError> {
    let (uids, gids) =
        (getresuid().map_err(SysError::of_nix("getresuid"))?, getresgid().map_err(SysError::of_nix("getresgid"))?);
    let is_user = uids.effective.as_raw() == effective && FileSystemId::Uid.now() == wanted.uid;
    let is_group = gids.effective.as_raw() == wanted.gid && FileSystemId::Gid.now() == wanted.gid;
    let in_groups = current()?.plain().groups == wanted.plain().groups;
    match is_user && is_group && in_groups && is_powerless()? {
        true => Ok(()),
        // Not an errno of the kernel's: the calls succeeded, and it is not so.
        false => Err(SysError { call: "setfsuid", errno: Errno::NOTRECOVERABLE }),
    }
}

#[cfg(test)]
#[path = "impersonation_tests.rs"]
mod tests;
