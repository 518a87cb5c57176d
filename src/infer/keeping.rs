//! What a policy says so that the share of another group stays as it is.

use super::toml::quoted;
use crate::lints::EVERY_LINT;
use crate::model::accounts::IdNames;
use std::path::Path;

/// The exception that leaves a directory to its group, with all that lies in it: a rule that says no more than its group
/// would have its modes made what they are to be around it. Its path is written from `base` on, where it lies in there.
/// `None` where its name isn't text, or has braces, which stand for other names there.
pub(crate) fn exception(place: &Path, base: Option<&Path>, gid: u32, names: &dyn IdNames) -> Option<String> {
    let path = base.and_then(|base| place.strip_prefix(base).ok()).unwrap_or(place);
    let path = path.to_str().filter(|path| !path.contains(['{', '}']))?;
    let reason = format!("the share of {}", names.group_label(gid));
    Some(format!(
        "\n[[exception]]\npath = {}\nlints = [{}]\nreason = {}\n",
        quoted(path),
        quoted(EVERY_LINT),
        quoted(reason)
    ))
}
