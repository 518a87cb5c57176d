//! Where the state folder is.

use super::Session;
use super::telling;
use crate::args::Common;
use crate::findings::{Root, Survey};
use crate::journal::{self, LoadError, RunSummary};
use crate::model::text::quote::shell_quote;
use crate::process::exit::Failure;
use crate::screen::progress;
use crate::store::{Missing, Store, StoreError};
use crate::sys::SysError;
use crate::sys::host;
use crate::sys::root::exists;
use rustix::io::Errno;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Where root's runs are on record.
const OF_ROOT: &str = "/var/lib/sgidlint";

/// Where root's locks are: one place, whatever state folder a run has, or runs would exclude each other at will only.
const LOCKS_OF_ROOT: &str = "/run/sgidlint";

/// Opens the folder that locks are kept in; where there is no `/run` to have it, that is the state folder.
pub(crate) fn open_for_locks(common: &Common) -> Result<Store, Failure> {
    if host::effective_uid() != 0 || !exists(Path::new("/run")).unwrap_or(false) {
        return open(common);
    }
    match Store::open(Path::new(LOCKS_OF_ROOT), Missing::Make) {
        Err(StoreError::Sys(_, SysError { errno: Errno::ROFS, .. })) => open(common),
        // The root of a user namespace that has no `/run` of its own.
        Err(StoreError::Unmapped(..)) => open(common),
        opened => opened.map_err(Failure::usage),
    }
}

/// Opens the state folder; one that was named must exist.
pub(crate) fn open(common: &Common) -> Result<Store, Failure> {
    let (path, missing) = match &common.state_dir {
        Some(path) => (path.clone(), Missing::Refuse),
        None => (default_path()?, Missing::Make),
    };
    Store::open_vouched(&path, missing, common.vouched_uid()).map_err(Failure::usage)
}

/// Reads the record of a run, which a terminal is told where it takes long; an interrupt ends it.
pub(crate) fn reading<T>(
    session: &Session<'_>,
    run: &str,
    read: impl FnOnce() -> Result<T, LoadError>,
) -> Result<T, Failure> {
    let what = format!("reading the record of run {run}");
    let record = progress::while_busy(telling::of(session.common), &what, read);
    record.map_err(|error| match session.stop.load(Ordering::Relaxed) {
        true => Failure::interrupted("the record was not read"),
        false => Failure::usage(error),
    })
}

/// The interrupted runs on record that changed something at, above or below these roots; nothing where that can't be told.
/// No folder is made for it.
pub(crate) fn interrupted(common: &Common, survey: &Survey) -> Option<Vec<RunSummary>> {
    let path = common.state_dir.clone().map_or_else(|| default_path().ok(), Some)?;
    let store = match Store::open_vouched(&path, Missing::Refuse, common.vouched_uid()) {
        Err(StoreError::Missing(_)) => return Some(Vec::new()),
        opened => opened.ok()?,
    };
    if !journal::has_runs(&store) {
        return Some(Vec::new());
    }
    let runs = journal::list(&store).ok()?;
    let is_near = |one: &Path, other: &Path| one.starts_with(other) || other.starts_with(one);
    // Those of other trees are another job's to tell of.
    let concerns = |run: &&RunSummary| {
        let mut roots = run.header.roots.iter();
        roots.any(|root| survey.roots.iter().any(|seen| is_near(&root.path, &seen.path)))
    };
    Some(journal::cut_short(runs.iter().flatten()).filter(concerns).cloned().collect())
}

/// What is said of roots that are empty, and in which runs on record changed something: one that isn't mounted looks so.
pub(crate) fn emptied(session: &Session<'_>, survey: &Survey) -> Vec<String> {
    let is_empty = |(at, root): &(u32, &Root)| root.id.is_some() && survey.entries.get(at) == Some(&1);
    let empty: Vec<&Path> = (0..).zip(&survey.roots).filter(is_empty).map(|(_, root)| root.path.as_path()).collect();
    let path = session.common.state_dir.clone().or_else(|| default_path().ok()).filter(|_| !empty.is_empty());
    let vouched = session.common.vouched_uid();
    let store = path.and_then(|path| Store::open_vouched(&path, Missing::Refuse, vouched).ok());
    store.map(|store| journal::emptied(&store, &empty, &session.stop)).unwrap_or_default()
}

/// What is said of a run that was interrupted and that nothing has settled.
pub(crate) fn told_interrupted(common: &Common, run: &RunSummary) -> String {
    let (id, option) = (&run.id, option(common));
    format!(
        "run {id} of {} was interrupted, so its trees may be changed in part: a fix of them that comes to its end settles it, \
         or take it back with: sgidlint undo {id}{option}",
        run.header.time.split('.').next().unwrap_or_default().trim_end_matches('Z')
    )
}

/// The option that lets a command find the runs of this one, with a space before it; empty where it finds them anyway.
pub(crate) fn option(common: &Common) -> String {
    let is_of_environment = |path: &PathBuf| std::env::var_os("SGIDLINT_STATE_DIR").is_some_and(|set| set == *path);
    let Some(path) = common.state_dir.as_ref().filter(|path| !is_of_environment(path)) else { return String::new() };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    format!(" --state-dir {}", shell_quote(path.as_os_str().as_bytes()))
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
