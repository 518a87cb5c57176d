//! What a policy says so that a directory of another group stays that group's: a rule, or an exception where the rules are somebody else's.

use super::toml::{group_text, pattern, quoted};
use crate::model::accounts::IdNames;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The rule of a tree that says whose a directory is; `None` where its name isn't text.
pub(crate) fn rule(path: &[u8], gid: u32, names: &dyn IdNames) -> Option<String> {
    Some(format!("\n[[tree.rule]]\nmatch = {}\ngroup = {}\n", quoted(pattern(path)?), group_text(gid, names)))
}

/// The exception that leaves a directory to its group; `None` where its name isn't text, or has braces, which stand for
/// other names there.
pub(crate) fn exception(root: &Path, path: &[u8], gid: u32, names: &dyn IdNames) -> Option<String> {
    let path = [root.as_os_str().as_bytes(), b"/", path].concat();
    let path = std::str::from_utf8(&path).ok().filter(|path| !path.contains(['{', '}']))?;
    let reason = format!("the share of {}", names.group_label(gid));
    Some(format!(
        "\n[[exception]]\npath = {}\nlints = [\"foreign-group\"]\nreason = {}\n",
        quoted(path),
        quoted(reason)
    ))
}
