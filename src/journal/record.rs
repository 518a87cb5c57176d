//! Reading the record of one run.

use super::id;
use super::list::RunState;
use super::outcome::{Done, OutcomeLine};
use super::{FOLDER, SettledLine};
use crate::plan::{Line, Lines, Plan, ReadError, parse};
use crate::sys::SysError;
use crate::sys::store::Store;
use serde::Deserialize;
use std::io::{BufRead, BufReader};

/// A run on record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// What it was to change.
    pub plan: Plan,
    /// What became of each change, as far as it was written down.
    pub outcomes: Vec<Option<Done>>,
    /// How it ended.
    pub state: RunState,
    /// Whether some outcomes can't be read, so that a change without one may have been tried all the same.
    pub legible: Legible,
}

/// Whether the outcomes of a record can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Legible {
    /// Every one of them.
    All,
    /// Some were damaged, as by a crash.
    Some,
}

/// Why a run can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none.
    #[error("no run is called {0:?}; `sgidlint log` lists them")]
    Unknown(String),
    /// Its record can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// Its record can't be opened.
    #[error("the record of the run can't be opened: {0}")]
    Sys(#[from] SysError),
}

/// Loads the run with this id.
pub fn load(store: &Store, run: &str) -> Result<Record, LoadError> {
    let folder = store.folder(FOLDER)?;
    if !id::is_valid(run) {
        return Err(LoadError::Unknown(run.into()));
    }
    let file = folder
        .open(&id::file_name(run))
        .map_err(|error| if error.is_absence() { LoadError::Unknown(run.into()) } else { LoadError::Sys(error) })?;
    let running = file.is_claimed();
    let path = folder.path_of(&id::file_name(run));
    let mut record = read(BufReader::new(file), run, &path.to_string_lossy())?;
    if running && record.state == RunState::Interrupted {
        record.state = RunState::Running;
    }
    Ok(record)
}

/// A line after the plan.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum After {
    Outcome,
    Settled,
}

fn read(reader: impl BufRead, run: &str, file: &str) -> Result<Record, ReadError> {
    let mut lines = Lines::new(reader, file);
    let plan = Plan::read_lines(&mut lines)?;
    let outcomes = vec![None; plan.changes.len()];
    let mut record = Record { id: run.into(), plan, outcomes, state: RunState::Interrupted, legible: Legible::All };
    loop {
        match lines.advance()? {
            Line::End => return Ok(record),
            Line::Whole(line) if record.take(line).is_some() => {}
            // A crash can tear a line, or leave zeros where lines should be. The plan is whole, and undo looks at
            // every entry whose outcome is missing.
            Line::Whole(_) | Line::Torn(_) => record.legible = Legible::Some,
        }
    }
}

impl Record {
    fn take(&mut self, line: &[u8]) -> Option<()> {
        match parse::<After>(line).ok()? {
            After::Outcome => {
                let line = parse::<OutcomeLine>(line).ok()?;
                let index = usize::try_from(line.change).ok()?;
                *self.outcomes.get_mut(index)? = Some(line.value().ok()?);
            }
            After::Settled => {
                let line = parse::<SettledLine>(line).ok()?;
                if line.outcomes.iter().sum::<u64>() != self.outcomes.iter().flatten().count() as u64 {
                    self.legible = Legible::Some;
                }
                self.state = RunState::Settled { time: line.time, exit: line.exit };
            }
        }
        Some(())
    }

    /// Whether the change of this index may have been made, in whole or in part.
    pub fn may_have_changed(&self, index: usize) -> bool {
        match (&self.outcomes[index], &self.state, self.legible) {
            (Some(done), ..) => done.outcome.may_have_changed(),
            // A run that came to its end wrote down all that it tried.
            (None, RunState::Settled { .. }, Legible::All) => false,
            (None, ..) => true,
        }
    }
}
