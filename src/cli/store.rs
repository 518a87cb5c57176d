//! Where the state folder is.

use super::args::Common;
use super::exit::Failure;
use crate::sys::host;
use crate::sys::store::{Missing, Store};
use std::path::PathBuf;

/// Where root's runs are on record.
const OF_ROOT: &str = "/var/lib/sgidlint";

/// Opens the state folder; one that was named must exist.
pub fn open(common: &Common) -> Result<Store, Failure> {
    let (path, missing) = match &common.state_dir {
        Some(path) => (path.clone(), Missing::Refuse),
        None => (default_path()?, Missing::Make),
    };
    Store::open(&path, missing).map_err(Failure::usage)
}

/// `/var/lib/sgidlint` for root, else below the XDG base directory for state.
fn default_path() -> Result<PathBuf, Failure> {
    if host::effective_uid() == 0 {
        return Ok(OF_ROOT.into());
    }
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state = state.or_else(home).ok_or_else(|| {
        Failure::usage("neither XDG_STATE_HOME nor HOME says where runs are put on record")
            .hinted("name a folder with --state-dir")
    })?;
    Ok(state.join("sgidlint"))
}
