//! The policy of the project that a run is started in: found, not named, and so taken only from who may say what is done.

use super::exit::Failure;
use super::paths;
use crate::args::Common;
use crate::model::entry::Entry;
use crate::model::mode::Mode;
use crate::source::project::find;
use crate::source::roots::doubt_about_file;
use crate::sys::host;
use crate::sys::root::resolve;
use std::path::{Path, PathBuf};

/// The policy of the project that the run is started in, where the command line names none.
pub(super) fn found(common: &Common) -> Result<Option<PathBuf>, Failure> {
    if !common.policies.is_empty() {
        return Ok(None);
    }
    // Who can't tell where they are works in no project.
    let Some((path, entry)) = resolve(Path::new(".")).ok().and_then(|here| find(&here)) else { return Ok(None) };
    rely(common, &path, &entry)?;
    Ok(Some(path))
}

/// Refuses a policy that was found, where somebody else could have put it there or could write it: as root anybody but
/// root, else anybody but root and the caller.
pub(super) fn rely(common: &Common, path: &Path, entry: &Entry) -> Result<(), Failure> {
    let uid = host::effective_uid();
    let doubt = if uid == 0 {
        doubt_about_file(path, Some(entry), common.vouched_uid()).map(|doubt| doubt.to_string())
    } else if ![0, uid].contains(&entry.state.uid) {
        Some(format!("it belongs to uid {}, neither to you nor to root", entry.state.uid))
    } else if entry.state.mode.has_any(Mode::OTHER_WRITE) {
        Some(format!("everybody can write it (mode {})", entry.state.mode))
    } else {
        None
    };
    let Some(doubt) = doubt else { return Ok(()) };
    let shown = paths::shown(path);
    Err(Failure::usage(format!("{shown} was found here, but not taken: {doubt}"))
        .hinted(format!("name it with -p {shown} if you mean it, another policy with -p, or start somewhere else")))
}

/// The directory that all of these PATHs are written relative to, if they are.
pub(super) fn here(named: &[PathBuf]) -> Option<PathBuf> {
    let are_relative = !named.is_empty() && named.iter().all(|path| path.is_relative());
    are_relative.then(|| resolve(Path::new(".")).ok()).flatten()
}
