//! Runs on record: each a plan, written and synced before the first change, and what became of its changes.
//!
//! ```text
//!     runs/20261122T010203a.jsonl
//!         plan, change ..., end      written and synced before the first change; without its end line no run
//!         outcome ...                appended in batches; what a crash takes of them, undo finds out by looking
//!         settled                    the counts and the exit status; without it the run is running (it holds a lock on
//!                                    its record) or was interrupted
//! ```

mod counts;
mod emptied;
mod id;
mod later;
mod list;
mod outcome;
mod record;
mod relay;
mod sweep;
mod undone;
pub(crate) mod wording;

pub(crate) use counts::Counts;
pub(crate) use emptied::emptied;
pub(crate) use later::leave_to_later;
#[cfg(test)]
pub(crate) use list::{Illegible, Pruned};
pub(crate) use list::{Last, Needed, Old, RunSummary, Turn, cut_short, last_to, list, one, prune};
pub(crate) use outcome::{Capabilities, Cause, Done, Drift, FileSystem, Outcome, cause_of_refusal};
#[cfg(test)]
pub(crate) use record::Legible;
pub(crate) use record::{LoadError, Record, RunState, is_running, load, named};
pub(crate) use relay::{Recorder, Relay, relay};
pub(crate) use undone::{Undone, undone};

use crate::plan::{Header, Limited, Plan, RunKind};
use crate::store::state_file::StateFile;
use crate::store::{Folder, Store};
use crate::sys::root::exists;
use crate::sys::{SysError, host};
use outcome::OutcomeLine;
use record::{FOLDER, SettledLine};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// How many bytes of outcomes are written at once.
const BATCH: usize = 1 << 16;

/// The most bytes that a plan may have, where nothing else is said.
pub(crate) const PLAN_BYTES: u64 = 1 << 30;

/// Why a run can't be put on record, so that nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The plan is larger than it may be.
    #[error(
        "the plan has more than the {0} bytes that limits.plan-bytes allows, so nothing was changed; fix a part of the \
             tree at a time, or raise the limit"
    )]
    TooLarge(u64),
    /// It is larger than a tenth of what is free.
    #[error(
        "the plan has more than {0} bytes, a tenth of what is free in {1:?}, so nothing was changed; make room there, \
             or fix a part of the tree at a time"
    )]
    NoRoom(u64, PathBuf),
    /// It can't be written.
    #[error("the run can't be put on record in {0:?}, so nothing was changed: {1}")]
    Write(PathBuf, io::Error),
    /// The state folder can't be used.
    #[error("the run can't be put on record, so nothing was changed: {0}")]
    Sys(#[from] SysError),
}

/// The record of a run that is under way.
#[derive(Debug)]
pub(crate) struct Journal {
    id: String,
    file: StateFile,
    batch: Vec<u8>,
    counts: Counts,
    changes: u64,
    settles: Vec<String>,
}

/// Puts a plan on record, whole and synced. Nothing may be changed before this has returned.
///
/// `limit` bounds the size of what it changes (`limits.plan-bytes`, [`PLAN_BYTES`] where unsaid), and a tenth of the free
/// space that of the whole. An undo is as large as what it undoes, which was within bounds when there was more room.
pub(crate) fn begin(store: &Store, plan: &Plan, limit: Option<u64>) -> Result<Journal, JournalError> {
    let folder = store.folder(FOLDER)?;
    let is_undo = matches!(plan.header.kind, RunKind::Undo(_));
    let limit = if is_undo { u64::MAX } else { limit.unwrap_or(PLAN_BYTES) };
    let head = plan.head_bytes().map_err(|error| JournalError::Write(store.path().into(), error))?;
    let allowed = limit.saturating_add(head);
    let now = host::now();
    // Before the room is asked for: this may make some.
    sweep::sweep(&folder, now)?;
    let room = if is_undo { u64::MAX } else { room(store)? };
    let (id, mut file) = reserve(&folder, now)?;
    let part = sweep::file_name(&id);
    let path = folder.path_of(&id::file_name(&id));
    // A plan may have waited for somebody's answer: a run is of the time at which it begins.
    let header = Header { time: now.to_string(), ..plan.header.clone() };
    match write_synced(&mut file, (&header, plan), allowed.min(room)) {
        Ok(()) => folder.publish(&part, &id::file_name(&id))?,
        Err(error) => {
            folder.remove(&part)?;
            // The kernel's EFBIG (RLIMIT_FSIZE) is another limit than ours.
            let is_ours = error.kind() == io::ErrorKind::FileTooLarge && error.raw_os_error().is_none();
            return Err(match error {
                _ if is_ours && room < allowed => JournalError::NoRoom(room, store.path().into()),
                _ if is_ours => JournalError::TooLarge(limit),
                error => JournalError::Write(path, error),
            });
        }
    }
    let changes = plan.changes.len() as u64;
    Ok(Journal { id, file, batch: Vec::new(), counts: Counts::default(), changes, settles: Vec::new() })
}

/// Whether there is a folder of runs; to list them makes one.
pub(crate) fn has_runs(store: &Store) -> bool {
    exists(&store.path().join(FOLDER)).unwrap_or(false)
}

/// How many bytes a plan may have for the sake of the disk: a tenth of what is free.
pub(crate) fn room(store: &Store) -> Result<u64, SysError> {
    Ok(store.free_bytes()? / 10)
}

/// Makes the file of a new run under an id that no other run has, or is about to have.
fn reserve(folder: &Folder, now: jiff::Timestamp) -> Result<(String, StateFile), SysError> {
    reserve_from(folder, id::new(folder, now)?)
}

fn reserve_from(folder: &Folder, mut number: id::Number) -> Result<(String, StateFile), SysError> {
    loop {
        let id = number.text();
        let part = sweep::file_name(&id);
        match folder.create(&part) {
            // A run that began at the same time may have had the name of this file, and its own by now.
            Ok(file) if !folder.holds(&id::file_name(&id))? => return Ok((id, file)),
            Ok(_) => folder.remove(&part)?,
            Err(error) if error.errno == rustix::io::Errno::EXIST => {}
            Err(error) => return Err(error),
        }
        number = number.next();
    }
}

fn write_synced(file: &mut StateFile, (header, plan): (&Header, &Plan), limit: u64) -> io::Result<()> {
    // The claim shows that the run is under way, and ends with the process.
    file.claim().map_err(io::Error::other)?;
    let mut out = BufWriter::with_capacity(BATCH, Limited::new(&mut *file, limit));
    plan.write_as(header, &mut out)?;
    out.flush()?;
    drop(out);
    file.sync()
}

impl Journal {
    /// The id of the run.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Takes note that runs which were cut short are as good as ended by this one.
    pub(crate) fn settling(&mut self, runs: &[String]) {
        self.settles = runs.to_vec();
    }

    /// Closes the record: every outcome is written and synced.
    pub(crate) fn settle(mut self, exit: u8) -> io::Result<()> {
        let line = SettledLine {
            tag: "settled".into(),
            time: host::now().to_string(),
            exit,
            changes: self.changes,
            outcomes: self.counts,
            settles: std::mem::take(&mut self.settles),
        };
        self.append(&line)?;
        self.write_batch()?;
        self.file.sync()
    }

    /// Writes down the outcomes that are still in memory.
    pub(crate) fn write_batch(&mut self) -> io::Result<()> {
        // What a full disk doesn't take is kept: a record that lacks outcomes must not get its last line.
        while !self.batch.is_empty() {
            match self.file.write(&self.batch) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => drop(self.batch.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.batch, line)?;
        self.batch.push(b'\n');
        Ok(())
    }
}

impl Recorder for Journal {
    fn record(&mut self, change: usize, done: &Done) -> io::Result<()> {
        self.counts.add(&done.outcome);
        self.append(&OutcomeLine::of(change as u64, done))?;
        // A new identity can't be found out by looking, so it is not left to the next batch.
        if done.id.is_some() || self.batch.len() >= BATCH { self.write_batch() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
