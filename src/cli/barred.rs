//! What isn't the caller's to change: planned for nobody, counted, and told by who could do it, with the command.

use crate::args::{Check, Common};
use crate::findings::Survey;
use crate::model::accounts::{Caller, IdNames};
use crate::model::text::numbers::counted;
use crate::model::text::quote::shell_quote;
use crate::plan::ability::{self, Barrier};
use crate::process::exit::Failure;
use crate::process::streams::Streams;
use crate::sys::identity::caller;
use crate::sys::names::NameService;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Changes that are left to others.
pub(super) struct Barred(ability::Barred);

/// Takes the changes that the caller can't make out of what a survey would have changed.
pub(super) fn bar(survey: &mut Survey, names: &NameService) -> Result<Barred, Failure> {
    Ok(Barred(ability::bar(survey, &who_asks()?, names)))
}

/// As whom the run acts.
pub(super) fn who_asks() -> Result<Caller, Failure> {
    caller().map_err(|error| Failure::incomplete(format!("can't tell what this user may do: {error}")))
}

impl Barred {
    /// Tells who would have to do what, on standard error.
    pub(super) fn tell(&self, common: &Common, check: &Check, names: &NameService, streams: &Streams) {
        let total: u64 = self.0.values().sum();
        if total == 0 {
            return;
        }
        let are = if total == 1 { "is" } else { "are" };
        streams.status(format_args!("{} {are} not yours to make:", counted(total, "change", "changes")));
        let command = command(common, check);
        for (&(uid, barrier), &count) in &self.0 {
            let who = names.user_name(uid).unwrap_or_else(|| format!("uid {uid}"));
            let files = counted(count, "entry", "entries");
            streams.status(format_args!("  {who}: {files} ({}): {command}", reason(barrier)));
        }
    }
}

const fn reason(barrier: Barrier) -> &'static str {
    match barrier {
        Barrier::NotOwner => "only the owner can change them",
        Barrier::NewOwner => "only root can give them to another owner",
        Barrier::NotInGroup => "you are not in the group that they are to have",
        Barrier::SetgidDropped => "you are not in their group, so the kernel would drop setgid in silence",
    }
}

/// The command by which another user would fix the same, wherever they are.
fn command(common: &Common, check: &Check) -> String {
    let mut words = vec!["sgidlint".to_owned(), "fix".to_owned()];
    for policy in &common.policies {
        let is_file = policy.as_bytes().contains(&b'/') || policy.as_bytes().ends_with(b".toml");
        words.push("-p".into());
        words.push(if is_file { absolute(policy) } else { shell_quote(policy.as_bytes()) });
    }
    for (key, value) in &common.set {
        words.push("-s".into());
        words.push(shell_quote(format!("{key}={value}").as_bytes()));
    }
    words.extend(check.unsafe_option());
    words.extend(check.paths.iter().map(|path| absolute(path.as_os_str())));
    words.join(" ")
}

fn absolute(path: &OsStr) -> String {
    // Not looked up: this thread touches no tree.
    let absolute = std::path::absolute(Path::new(path)).unwrap_or_else(|_| path.into());
    shell_quote(absolute.as_os_str().as_bytes())
}
