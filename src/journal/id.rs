//! The ids of runs: they sort by time, and no two are the same.

use crate::sys::SysError;
use crate::sys::store::Folder;
use jiff::Timestamp;

/// What the file of a record ends in.
const ENDING: &str = ".jsonl";

/// A new id: the moment, and the process.
///
/// It sorts after every id that is there, also where the clock was set back: undo takes the last run.
pub(super) fn new(folder: &Folder, now: Timestamp, pid: u32) -> Result<String, SysError> {
    let last = all(folder)?.pop().unwrap_or_default();
    let moment = moment(now);
    if moment > last {
        return Ok(format!("{moment}-{pid}"));
    }
    Ok(format!("{last}-{pid}"))
}

/// A moment as ids begin with it.
pub(super) fn moment(moment: Timestamp) -> String {
    moment.strftime("%Y%m%dT%H%M%S%.6fZ").to_string()
}

/// The file of a run.
pub(super) fn file_name(id: &str) -> String {
    format!("{id}{ENDING}")
}

/// Whether this can be the id of a run, and no way out of the folder.
pub(super) fn is_valid(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    id.starts_with(|first: char| first.is_ascii_digit()) && id.bytes().all(plain)
}

/// The ids of all runs, oldest first.
pub(super) fn all(folder: &Folder) -> Result<Vec<String>, SysError> {
    let names = folder.names()?;
    let mut ids: Vec<String> =
        names.iter().filter_map(|name| name.strip_suffix(ENDING)).filter(|id| is_valid(id)).map(String::from).collect();
    ids.sort_unstable();
    Ok(ids)
}
