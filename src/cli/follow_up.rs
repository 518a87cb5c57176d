//! The command that comes next, written so that it can be copied: it finds what this one found.

use crate::args::{Check, Common, Listing};
use crate::findings::{PolicyLabel, Survey};
use crate::model::text::quote::shell_quote;
use crate::policy::builtin::FALLBACK;
use crate::policy::load::FOLDER;
use crate::process::exit::Failure;
use crate::process::paths;
use crate::session::project;
use crate::session::store;
use crate::source::line::{ToldBy, root_above};
use crate::sys::file::files_with_extension;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `sgidlint diff` or `sgidlint fix` of the same trees by the same policies, quoted for a shell.
pub(super) fn follow_up(name: &str, common: &Common, check: &Check, survey: &Survey) -> String {
    follow_up_listed(name, common, (check, &Listing::default()), survey)
}

/// The same of what may be listed by another program.
pub(super) fn follow_up_listed(
    name: &str,
    common: &Common,
    (check, listing): (&Check, &Listing),
    survey: &Survey,
) -> String {
    let quote = |text: &OsStr| shell_quote(text.as_bytes());
    let mut words = vec![format!("sgidlint {name}")];
    words.extend(common.policies.iter().map(|policy| format!("-p {}", quote(policy))));
    let is_fallback = survey.policies.iter().all(|policy| policy.file.starts_with("builtin:"));
    let is_fallback = is_fallback && common.policies.is_empty();
    // What changes things never falls back to a policy that nobody named.
    if is_fallback && changes(name) {
        let fallback = survey.policies.iter().filter_map(|policy| policy.file.strip_prefix("builtin:"));
        words.extend(fallback.map(|name| format!("-p {name}")));
    }
    words.extend(common.set.iter().map(|(key, value)| format!("-s {}", quote(format!("{key}={value}").as_ref()))));
    words.extend(listing.from.iter().map(|origin| format!("--from {}", quote(&origin.text))));
    words.extend(Some(listing.strip_components).filter(|&count| count > 0).map(|n| format!("--strip-components {n}")));
    words.extend(listing.numeric_owner.then(|| "--numeric-owner".into()));
    words.extend(roots(check, survey, is_fallback).map(|root| format!("--root {}", quote(root.as_os_str()))));
    words.extend(common.allow.iter().map(|lint| format!("--allow {}", quote(lint.as_ref()))));
    words.extend(check.unsafe_option().filter(|_| name != "check"));
    words.extend(common.trust_parents.then(|| "--trust-parents".into()));
    words.extend(common.no_preserve_root.then(|| "--no-preserve-root".into()));
    words.extend(check.paths.iter().map(|path| quote(path.as_os_str())));
    let option = if changes(name) { store::option(common) } else { String::new() };
    words.join(" ") + &option
}

/// Whether a command changes what it finds, or plans that.
fn changes(name: &str) -> bool {
    !matches!(name, "check" | "diff")
}

/// Refuses to change what no policy is named for, with the command that names the one that `check` goes by.
pub(super) fn refuse_unnamed(name: &str, common: &Common, check: &Check) -> Result<(), Failure> {
    let is_named = !common.policies.is_empty() || !check.root.is_empty() || check.paths.is_empty();
    // What is wrong with those that are there is told where they are read.
    let is_there = || files_with_extension(Path::new(FOLDER), "toml").is_ok_and(|files| files.is_empty());
    if is_named || project::found(common, true).is_ok_and(|found| found.is_some()) || !is_there() {
        return Ok(());
    }
    let policies = vec![PolicyLabel { name: FALLBACK.into(), file: format!("builtin:{FALLBACK}"), base: None }];
    let found = |path: &PathBuf| {
        let path = paths::resolved(&paths::absolute(path)?)?;
        Ok(root_above(&path).ok().filter(|(share, by)| *by == ToldBy::Line && *share != path).map(|(share, _)| share))
    };
    let shares = check.paths.iter().map(found).collect::<Result<Vec<_>, Failure>>()?;
    let shares: BTreeSet<PathBuf> = shares.into_iter().flatten().collect();
    let check = Check { root: shares.into_iter().collect(), ..check.clone() };
    let told = follow_up(name, common, &check, &Survey { policies, ..Survey::default() });
    Err(Failure::usage(format!("no policy is named, and {FOLDER} has none"))
        .hinted(format!("what changes things needs one to be named, as in: {told}")))
}

/// What templates are to be bound to, where PATHs don't say it letter by letter: they may be parts of the shares that they
/// were judged as. Nothing of a tree is looked at for it: who writes this has given up no right that isn't needed there.
fn roots<'a>(check: &'a Check, survey: &'a Survey, is_fallback: bool) -> impl Iterator<Item = &'a Path> {
    let named = check.root.iter().map(PathBuf::as_path);
    let places: Vec<PathBuf> = check.paths.iter().filter_map(|path| std::path::absolute(path).ok()).collect();
    let found = || survey.roots.iter().map(|root| root.path.as_path());
    let is_above =
        is_fallback && check.root.is_empty() && found().any(|root| !places.iter().any(|place| place == root));
    named.chain(found().filter(move |_| is_above))
}
