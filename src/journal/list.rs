//! The log: all runs on record, and which was the last to change something.

use super::counts::Counts;
use super::id;
use super::outcome::{Done, Outcome};
use super::record::{FOLDER, Legible, LoadError, RunState, SettledLine, load};
use crate::plan::{Change, Header, Lines, RunKind, parse, read_header};
use crate::store::state_file::StateFile;
use crate::store::{Folder, Store};
use crate::sys::SysError;
use std::collections::BTreeSet;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::atomic::AtomicBool;

/// More than a settled line ever has.
const TAIL: u64 = 4096;

/// One run, in short.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RunSummary {
    /// Its id.
    pub id: String,
    /// Who, when, what, and by which policies.
    pub header: Header,
    /// How many changes it was to make.
    pub changes: u64,
    /// What became of them, as far as it was written down.
    pub counts: Counts,
    /// How it ended.
    pub state: RunState,
    /// Whether it took an undo back.
    pub is_redo: bool,
    /// The runs that were cut short before it, and that it settled.
    pub settles: Vec<String>,
}

/// A run whose record can't be read.
#[derive(Debug)]
pub(crate) struct Illegible {
    /// Its id.
    pub id: String,
    /// Why.
    pub error: LoadError,
}

impl RunSummary {
    /// Whether it may have changed something, so that there is something to undo.
    pub(crate) fn changed_something(&self) -> bool {
        self.counts.may_have_changed() || (self.changes > 0 && !matches!(self.state, RunState::Settled { .. }))
    }
}

/// All runs on record, oldest first; with a reason, those that can't be read.
pub(crate) fn list(store: &Store) -> Result<Vec<Result<RunSummary, Illegible>>, SysError> {
    let folder = store.folder(FOLDER)?;
    let ids = id::all(&folder)?;
    Ok(ids
        .into_iter()
        .map(|id| summary(store, &folder, &id, &AtomicBool::new(false)).map_err(|error| Illegible { id, error }))
        .collect())
}

/// The runs that did not come to their end, but for those that a later undo took back as a whole, and those that a later
/// fix of the same trees settled.
pub(crate) fn cut_short<'r>(
    runs: impl Iterator<Item = &'r RunSummary> + Clone,
) -> impl Iterator<Item = &'r RunSummary> {
    let undone = |run: &'r RunSummary| match &run.header.kind {
        RunKind::Undo(of) => {
            let is_whole = matches!(run.state, RunState::Settled { .. }) && run.counts.total() >= run.changes;
            (is_whole && !run.header.partial).then_some(of.as_str())
        }
        _ => None,
    };
    let undone: BTreeSet<&str> = runs.clone().filter_map(undone).collect();
    let settled: BTreeSet<&str> = runs.clone().flat_map(|run| run.settles.iter().map(String::as_str)).collect();
    runs.filter(move |run| {
        // An undo that was cut short is gone on with by another of the same run.
        let of = if let RunKind::Undo(of) = &run.header.kind { of } else { &run.id };
        let is_over = |id: &str| undone.contains(id) || settled.contains(id);
        run.state == RunState::Interrupted && !is_over(&run.id) && !undone.contains(of.as_str())
    })
}

/// Which run is looked for, to be turned round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// The last that changed something and hasn't been undone.
    Undo,
    /// The last undo that hasn't been taken back, if nothing else was changed since.
    Redo,
}

/// The run that `undo` or `redo` turns round where none is named.
#[derive(Debug, Default)]
pub(crate) struct Last {
    /// Its id; it may still be running.
    pub run: Option<String>,
    /// Later runs, whose records can't be read: what they changed is known to nobody any more.
    pub illegible: Vec<Illegible>,
}

/// The last run that is to be turned round. An undo that was cut short is gone on with, so then it is the run that it was
/// to undo.
pub(crate) fn last_to(turn: Turn, store: &Store, stop: &AtomicBool) -> Result<Last, SysError> {
    let folder = store.folder(FOLDER)?;
    let ids = id::all(&folder)?;
    let mut last = Last::default();
    // What later runs have turned round. A run among these is as if it had never been, and so is what it turned round.
    let mut turned: BTreeSet<String> = BTreeSet::new();
    for id in ids.iter().rev() {
        if turned.contains(id) {
            continue;
        }
        let run = match summary(store, &folder, id, stop) {
            Err(error) => {
                last.illegible.push(Illegible { id: id.clone(), error });
                continue;
            }
            Ok(run) if !run.changed_something() || left_all_as_it_was(store, &run, stop) => continue,
            Ok(run) => run,
        };
        let RunKind::Undo(of) = &run.header.kind else {
            last.run = (turn == Turn::Undo).then(|| id.clone());
            break;
        };
        let is_cut_short = run.counts.total() < run.changes && ids.contains(of);
        if is_cut_short && !run.header.partial && !turned.contains(of) {
            last.run = Some(if turn == Turn::Undo { of.clone() } else { id.clone() });
            break;
        }
        if turn == Turn::Redo && !run.is_redo {
            last.run = Some(id.clone());
            break;
        }
        if !run.header.partial {
            turned.insert(of.clone());
        }
    }
    Ok(last)
}

/// Whether every change of a run that came to its end failed or was refused, and was seen to leave its entry as it had been.
fn left_all_as_it_was(store: &Store, run: &RunSummary, stop: &AtomicBool) -> bool {
    if run.counts.made() > 0 || !matches!(run.state, RunState::Settled { .. }) {
        return false;
    }
    let untouched = |(change, done): (&Change, &Option<Done>)| match done {
        Some(Done { outcome: Outcome::Failed { .. } | Outcome::Refused(_), state, .. }) => {
            *state == Some(change.before)
        }
        _ => true,
    };
    // One that can't be read may have changed something.
    load(store, &run.id, stop).is_ok_and(|record| {
        record.legible == Legible::All && record.plan.changes.iter().zip(&record.outcomes).all(untouched)
    })
}

/// What to do about old records that may still be needed: of runs that were cut short, and such as can't be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Needed {
    /// They stay: nothing else knows what these runs changed.
    Keep,
    /// They go too.
    Remove,
}

/// What became of old records.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Pruned {
    /// How many were removed.
    pub removed: u64,
    /// The ids of those that were kept, since they may still be needed.
    pub kept: Vec<String>,
}

/// Which records are old.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Old {
    /// Those of runs that began before this moment.
    Before(jiff::Timestamp),
    /// All but so many, the last ones.
    AllBut(usize),
}

/// Removes old records, but for those of runs under way.
pub(crate) fn prune(store: &Store, old: Old, needed: Needed) -> Result<Pruned, SysError> {
    let folder = store.folder(FOLDER)?;
    let mut pruned = Pruned::default();
    let all = list(store)?;
    let open: BTreeSet<&str> = cut_short(all.iter().flatten()).map(|run| run.id.as_str()).collect();
    let mut ids = id::all(&folder)?;
    if let Old::AllBut(kept) = old {
        ids.truncate(ids.len().saturating_sub(kept));
    }
    for id in ids {
        let name = id::file_name(&id);
        let run = summary(store, &folder, &id, &AtomicBool::new(false));
        let is_old = match old {
            Old::Before(moment) => began_before(run.as_ref().ok(), &id, moment),
            Old::AllBut(_) => true,
        };
        if !is_old || folder.open(&name)?.is_claimed() {
            continue;
        }
        // Of one that was undone or settled since nothing is open, though it was cut short.
        let settled = run.is_ok() && !open.contains(id.as_str());
        if settled || needed == Needed::Remove {
            folder.remove(&name)?;
            pruned.removed += 1;
        } else {
            pruned.kept.push(id);
        }
    }
    Ok(pruned)
}

/// Whether a run began before this moment, as it says itself; its id may be that of another time (see there).
fn began_before(run: Option<&RunSummary>, id: &str, moment: jiff::Timestamp) -> bool {
    match run.and_then(|run| run.header.time.parse::<jiff::Timestamp>().ok()) {
        Some(began) => began < moment,
        None => *id < *id::Number::at(moment).text(),
    }
}

/// One run on record, in short.
pub(crate) fn one(store: &Store, id: &str, stop: &AtomicBool) -> Result<RunSummary, LoadError> {
    summary(store, &store.folder(FOLDER)?, id, stop)
}

fn summary(store: &Store, folder: &Folder, id: &str, stop: &AtomicBool) -> Result<RunSummary, LoadError> {
    let mut file = folder.open(&id::file_name(id))?;
    let (header, changes, counts, state, settles) = match settled(&mut file)? {
        Some(settled) => {
            let state = RunState::Settled { time: settled.time, exit: settled.exit };
            (header(folder, id)?, settled.changes, settled.outcomes, state, settled.settles)
        }
        None => {
            let record = load(store, id, stop)?;
            let mut counts = Counts::default();
            record.outcomes.iter().flatten().for_each(|done| counts.add(&done.outcome));
            (record.plan.header, record.plan.changes.len() as u64, counts, record.state, Vec::new())
        }
    };
    let is_undo = |header: &Header| matches!(header.kind, RunKind::Undo(_));
    let is_redo = || matches!(&header.kind, RunKind::Undo(of) if self::header(folder, of).is_ok_and(|of| is_undo(&of)));
    let is_redo = header.redo.unwrap_or_else(is_redo);
    Ok(RunSummary { id: id.into(), header, changes, counts, state, is_redo, settles })
}

/// What the record of a run begins with.
fn header(folder: &Folder, id: &str) -> Result<Header, LoadError> {
    let name = id::file_name(id);
    let file = folder.open(&name)?;
    Ok(read_header(&mut Lines::new(BufReader::new(file), folder.path_of(&name).to_string_lossy()))?)
}

/// The last line of a record, where it is a settled one: then the rest needn't be read for the log.
fn settled(file: &mut StateFile) -> Result<Option<SettledLine>, SysError> {
    let length = file.seek(SeekFrom::End(0)).map_err(SysError::of_io("lseek"))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).map_err(SysError::of_io("lseek"))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).map_err(SysError::of_io("read"))?;
    let Some(lines) = tail.strip_suffix(b"\n") else { return Ok(None) };
    let last = lines.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    Ok(parse::<SettledLine>(last).ok().filter(|line| line.tag == "settled"))
}
