//! Which run is to be turned round, and how much of it.

use super::Session;
use super::telling;
use crate::journal::{self, Last, Record, Turn};
use crate::process::exit::Failure;
use crate::process::paths;
use crate::screen::progress;
use crate::store::Store;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Leaves of a record what lies at or below these paths, if there are any: the rest isn't to be undone.
pub(crate) fn narrow(record: &mut Record, paths: &[PathBuf]) -> Result<(), Failure> {
    for path in paths {
        let absolute = paths::absolute(path)?;
        if !record.changed_below(&absolute) {
            return Err(Failure::usage(format!(
                "run {} changed nothing at or below {}",
                record.id,
                paths::shown(path)
            ))
            .hinted(format!("`sgidlint log {}` shows what it changed", record.id)));
        }
    }
    let paths = paths.iter().map(|path| paths::absolute(path)).collect::<Result<Vec<_>, _>>()?;
    if !paths.is_empty() {
        record.narrow_to(&paths);
    }
    Ok(())
}

/// The run that is to be turned round: the one that is called so, or the last.
pub(crate) fn meant(session: &Session<'_>, store: &Store, turn: Turn, name: Option<&str>) -> Result<Last, Failure> {
    match name {
        Some(name) => {
            let run = journal::named(store, name).map_err(|error| {
                let failure = Failure::usage(error);
                // Whoever wants a part of the last run back names that part first of all.
                match name.contains('/') {
                    true => failure.hinted("a run is named before its PATHs: sgidlint undo RUN PATH"),
                    false => failure,
                }
            })?;
            Ok(Last { run: Some(run), ..Last::default() })
        }
        None => {
            let last = progress::while_busy(telling::of(session.common), "looking for the last run", || {
                journal::last_to(turn, store, &session.stop).map_err(Failure::incomplete)
            });
            if session.stop.load(Ordering::Relaxed) { Err(Failure::interrupted("nothing was changed")) } else { last }
        }
    }
}
