//! Reading the record of one run.

use super::counts::Counts;
use super::id;
use super::outcome::{Done, Outcome, OutcomeLine};
use crate::plan::{BadLine, Line, Lines, Plan, ReadError, parse};
use crate::store::Store;
use crate::sys::SysError;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The folder of the records in the state folder.
pub(super) const FOLDER: &str = "runs";

/// A run on record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
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
    /// The lines of its plan that can't be used: what they stood for is known to nobody any more.
    pub bad: Vec<BadLine>,
}

/// How a run ended, if it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum RunState {
    /// It came to its end.
    Settled {
        /// When.
        time: String,
        /// Its exit status.
        exit: u8,
    },
    /// It was cut short: a kill, a crash. Undo restores what it changed.
    Interrupted,
    /// It is under way: its process holds the lock on its record.
    Running,
}

impl RunState {
    /// Its name in the log.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            RunState::Settled { .. } => "settled",
            RunState::Interrupted => "interrupted",
            RunState::Running => "running",
        }
    }
}

/// The last line of a record.
#[derive(Serialize, Deserialize)]
pub(super) struct SettledLine {
    #[serde(rename = "type")]
    pub tag: String,
    pub time: String,
    pub exit: u8,
    pub changes: u64,
    pub outcomes: Counts,
    /// The runs that were cut short before it, and whose trees it brought to what their policies say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settles: Vec<String>,
}

/// Whether the outcomes of a record can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Legible {
    /// Every one of them.
    All,
    /// Some were damaged, as by a crash.
    Some,
}

/// Why a run can't be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// There is none.
    #[error("no run is called {0:?}; `sgidlint log` lists them")]
    Unknown(String),
    /// There are several.
    #[error("{0:?} begins the ids of several runs: {1}; `sgidlint log` lists them")]
    Ambiguous(String, String),
    /// Its record can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// Its record can't be opened.
    #[error("the record of the run can't be opened: {0}")]
    Sys(#[from] SysError),
}

/// The id of the run that is called so: by its id, or by what no other id begins with.
pub(crate) fn named(store: &Store, name: &str) -> Result<String, LoadError> {
    let ids = id::all(&store.folder(FOLDER)?)?;
    if ids.iter().any(|id| id == name) {
        return Ok(name.into());
    }
    let meant: Vec<&String> = ids.iter().filter(|id| id::is_valid(name) && id.starts_with(name)).collect();
    match meant[..] {
        [] => Err(LoadError::Unknown(name.into())),
        [id] => Ok(id.clone()),
        [first, second] => Err(LoadError::Ambiguous(name.into(), format!("{first}, {second}"))),
        [first, .., last] => Err(LoadError::Ambiguous(name.into(), format!("{first} to {last}"))),
    }
}

/// Loads the run with this id, unless `stop` is set meanwhile: a large record takes its time.
pub(crate) fn load(store: &Store, run: &str, stop: &AtomicBool) -> Result<Record, LoadError> {
    let folder = store.folder(FOLDER)?;
    if !id::is_valid(run) {
        return Err(LoadError::Unknown(run.into()));
    }
    let file = folder
        .open(&id::file_name(run))
        .map_err(|error| if error.is_absence() { LoadError::Unknown(run.into()) } else { LoadError::Sys(error) })?;
    let running = file.is_claimed();
    let path = folder.path_of(&id::file_name(run));
    let mut record = read(BufReader::new(Stoppable { file, stop }), run, &path.to_string_lossy())?;
    if running && record.state == RunState::Interrupted {
        record.state = RunState::Running;
    }
    Ok(record)
}

/// A file that can be read until somebody asks for an end.
struct Stoppable<'s, F> {
    file: F,
    stop: &'s AtomicBool,
}

impl<F: Read> Read for Stoppable<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // An error that is called an interrupt would be tried again (std::io::Read).
        if self.stop.load(Ordering::Relaxed) { Err(io::Error::other("interrupted")) } else { self.file.read(buffer) }
    }
}

/// Whether the run with this id is under way; one whose record is gone isn't.
pub(crate) fn is_running(store: &Store, run: &str) -> Result<bool, SysError> {
    match store.folder(FOLDER)?.open(&id::file_name(run)) {
        Ok(file) => Ok(file.is_claimed()),
        Err(error) if error.is_absence() => Ok(false),
        Err(error) => Err(error),
    }
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
    let (plan, bad) = Plan::read_record(&mut lines)?;
    let outcomes = vec![None; plan.changes.len()];
    let (state, legible) = (RunState::Interrupted, Legible::All);
    let mut record = Record { id: run.into(), plan, outcomes, state, legible, bad };
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
                let number = usize::try_from(line.change).ok()?;
                let done = line.value().ok()?;
                match self.bad.binary_search_by_key(&number, |bad| bad.number) {
                    Ok(_) => {}
                    Err(bad_before) => *self.outcomes.get_mut(number - bad_before)? = Some(done),
                }
            }
            After::Settled => {
                let line = parse::<SettledLine>(line).ok()?;
                // With bad lines in the plan there is no telling which outcomes are missing.
                let known = self.outcomes.iter().flatten().count() as u64;
                if line.outcomes.total() != known || !self.bad.is_empty() {
                    self.legible = Legible::Some;
                }
                self.state = RunState::Settled { time: line.time, exit: line.exit };
            }
        }
        Some(())
    }

    /// Whether the run may have changed something at or below a path.
    pub(crate) fn changed_below(&self, path: &Path) -> bool {
        (0..self.plan.changes.len()).any(|index| self.may_have_changed(index) && self.path(index).starts_with(path))
    }

    /// Takes out of it what lies at or below none of these paths: to an undo it is as if that hadn't been changed.
    pub(crate) fn narrow_to(&mut self, paths: &[PathBuf]) {
        for index in 0..self.plan.changes.len() {
            let path = self.path(index);
            if !paths.iter().any(|meant| path.starts_with(meant)) {
                self.outcomes[index] = Some(Done::of(Outcome::Already));
            }
        }
    }

    fn path(&self, index: usize) -> PathBuf {
        let change = &self.plan.changes[index];
        let root = &self.plan.header.roots[change.root as usize].path;
        match &*change.path.bytes() {
            b"." => root.clone(),
            below => root.join(OsStr::from_bytes(below)),
        }
    }

    /// Whether the change of this index may have been made, in whole or in part.
    pub(crate) fn may_have_changed(&self, index: usize) -> bool {
        match (&self.outcomes[index], &self.state, self.legible) {
            (Some(done), ..) => done.outcome.may_have_changed(),
            // A run that came to its end wrote down all that it tried.
            (None, RunState::Settled { .. }, Legible::All) => false,
            (None, ..) => true,
        }
    }
}
