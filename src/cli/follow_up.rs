//! The command that comes next, written so that it can be copied: it finds what this one found.

use super::store;
use crate::args::{Check, Common};
use crate::findings::Survey;
use crate::model::text::quote::shell_quote;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `sgidlint diff` or `sgidlint fix` of the same trees by the same policies, quoted for a shell.
pub(super) fn follow_up(name: &str, common: &Common, check: &Check, survey: &Survey) -> String {
    let quote = |text: &OsStr| shell_quote(text.as_bytes());
    let mut words = vec![format!("sgidlint {name}")];
    words.extend(common.policies.iter().map(|policy| format!("-p {}", quote(policy))));
    let is_fallback = survey.policies.iter().all(|policy| policy.file.starts_with("builtin:"));
    let is_fallback = is_fallback && common.policies.is_empty();
    // What changes things never falls back to a policy that nobody named.
    if is_fallback && name == "fix" {
        let fallback = survey.policies.iter().filter_map(|policy| policy.file.strip_prefix("builtin:"));
        words.extend(fallback.map(|name| format!("-p {name}")));
    }
    words.extend(common.set.iter().map(|(key, value)| format!("-s {}", quote(format!("{key}={value}").as_ref()))));
    words.extend(roots(check, survey, is_fallback).map(|root| format!("--root {}", quote(root.as_os_str()))));
    words.extend(common.allow.iter().map(|lint| format!("--allow {}", quote(lint.as_ref()))));
    words.extend(check.unsafe_option().filter(|_| name != "check"));
    words.extend(common.trust_parents.then(|| "--trust-parents".into()));
    words.extend(common.no_preserve_root.then(|| "--no-preserve-root".into()));
    words.extend(check.paths.iter().map(|path| quote(path.as_os_str())));
    let option = if name == "fix" { store::option(common) } else { String::new() };
    words.join(" ") + &option
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
