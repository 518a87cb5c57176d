//! `--run-as USER[:GROUP]`: root is given up for good, so that a check sees what that account sees.
//!
//! It comes before policies are read and before any tree is touched. The file of `-o` was opened before: it is the
//! caller's.

use crate::access::someone::account;
use crate::args::Eyes;
use crate::process::exit::Failure;
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
