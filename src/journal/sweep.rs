//! What is left of runs that were killed before their plan was whole on record: nothing was changed by them.

use crate::store::Folder;
use crate::store::state_file::StateFile;
use crate::sys::SysError;
use jiff::Timestamp;
use rustix::io::Errno;
use std::time::Duration;

/// What the file of a plan ends in that is still being written.
const ENDING: &str = ".part";

/// A file counts as left behind only after this long: one that was just made may not be claimed yet.
const LONG_AGO: Duration = Duration::from_secs(60 * 60);

/// The file that the plan of a run is written to before it has its final name.
pub(super) fn file_name(id: &str) -> String {
    format!("{id}{ENDING}")
}

/// Removes plans that were never finished, which would take the room of those to come: each can have a gigabyte.
pub(super) fn sweep(folder: &Folder, now: Timestamp) -> Result<(), SysError> {
    for name in folder.names()?.iter().filter(|name| name.ends_with(ENDING)) {
        match folder.open(name).and_then(|file| is_left_behind(&file, now)) {
            Ok(false) => {}
            Ok(true) => gone(folder.remove(name))?,
            Err(error) => gone(Err(error))?,
        }
    }
    Ok(())
}

/// One of the future was made before the clock was set back.
fn is_left_behind(file: &StateFile, now: Timestamp) -> Result<bool, SysError> {
    let is_fresh = file.modified()?.duration_since(now).unsigned_abs() < LONG_AGO;
    Ok(!is_fresh && !file.is_claimed())
}

/// Another run may have swept at the same time.
fn gone(removed: Result<(), SysError>) -> Result<(), SysError> {
    match removed {
        Err(error) if error.errno == Errno::NOENT => Ok(()),
        other => other,
    }
}
