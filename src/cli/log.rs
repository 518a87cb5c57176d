//! `log`: the runs on record, or one of them.

use super::apply;
use super::execute::{settled_one, tell};
use crate::args::{Common, Format, Log};
use crate::journal::{self, Done, Needed, Old, Outcome, RunSummary};
use crate::model::text::numbers::{capitalized, counted, sentence};
use crate::plan::Plan;
use crate::process::exit::{Exit, Failure};
use crate::process::streams::Streams;
use crate::report::human::runs::{write_log, write_run};
use crate::report::json::answer;
use crate::session::Session;
use crate::session::store;
use crate::store::Store;
use crate::sys::host;
use crate::sys::purpose::Purpose;
use jiff::Zoned;

/// `sgidlint log`.
pub(super) fn log(common: &Common, log: &Log, streams: &mut Streams) -> Result<Exit, Failure> {
    let store = store::open(common)?;
    if let Some(run) = &log.run {
        return show(common, &store, run, streams);
    }
    if let Some(old) = old(log)? {
        return prune(&store, old, if log.force { Needed::Remove } else { Needed::Keep }, streams);
    }
    let listed = journal::list(&store).map_err(|error| Failure::incomplete(format!("can't list the runs: {error}")))?;
    let mut exit = Exit::Clean;
    let mut runs = Vec::new();
    for run in listed {
        match run {
            Ok(run) => runs.push(run),
            Err(illegible) => {
                streams.complain(format_args!("run {} can't be read: {}", illegible.id, illegible.error));
                exit = Exit::Incomplete;
            }
        }
    }
    let (palette, columns) = (streams.palette(), streams.columns());
    streams.write_results(|out| match common.format {
        Format::Human => {
            write_log(out, &runs, &crate::session::store::option(common), &palette, (columns, host::now()))
        }
        Format::Json => answer::write_log(out, &runs, &runs),
    })?;
    Ok(exit)
}

/// One run: who made it, what it changed, and what it didn't.
fn show(common: &Common, store: &Store, name: &str, streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, Purpose::Plan)?;
    let run = journal::named(store, name).map_err(Failure::usage)?;
    let (summary, record) = store::reading(&session, &run, || {
        let summary = journal::one(store, &run, &session.stop)?;
        Ok((summary, journal::load(store, &run, &session.stop)?))
    })?;
    for bad in &record.bad {
        streams.complain(format_args!("a change of run {run} can't be read: {}", bad.error));
    }
    // What of the others can't be read took nothing back that is known of.
    let all = journal::list(store).unwrap_or_default();
    let all: Vec<RunSummary> = all.into_iter().flatten().collect();
    streams.write_results(|out| match common.format {
        Format::Human => write_run(out, &summary, &all),
        Format::Json => answer::write_log(out, std::slice::from_ref(&summary), &all),
    })?;
    let is_made = |done: &Option<Done>| matches!(done, Some(Done { outcome: Outcome::Applied | Outcome::Partial, .. }));
    if common.format == Format::Human {
        let changes = record.plan.changes.iter().zip(&record.outcomes);
        let made = changes.filter(|(_, done)| is_made(done)).map(|(change, _)| change.clone()).collect();
        let made = Plan { changes: made, header: record.plan.header.clone(), entries: record.plan.entries };
        apply::show(&session, &made, streams)?;
    }
    let outcomes = record.plan.changes.iter().zip(&record.outcomes);
    let outcomes = outcomes.filter_map(|(change, done)| Some(settled_one(&record.plan, change, done.clone()?)));
    tell(&session, streams, outcomes.collect())?;
    let is_untold = |at: &usize| record.outcomes[*at].is_none();
    let open = (0..record.outcomes.len()).filter(is_untold);
    // A run that came to its end, an interrupted one too, wrote down all that it tried.
    let (unknown, untried): (Vec<usize>, Vec<usize>) = open.partition(|&at| record.may_have_changed(at));
    if !untried.is_empty() {
        let (count, verb) = (untried.len() as u64, if untried.len() == 1 { "was" } else { "were" });
        streams.status(format_args!("{} {verb} not tried.", capitalized(&counted(count, "change", "changes"))));
    }
    if !unknown.is_empty() {
        let count = counted(unknown.len() as u64, "change", "changes");
        streams.status(format_args!("What became of {count} isn't on record."));
    }
    Ok(if record.bad.is_empty() { Exit::Clean } else { Exit::Incomplete })
}

/// Which records are to go.
fn old(log: &Log) -> Result<Option<Old>, Failure> {
    let Some(age) = log.prune_older_than else { return Ok(log.keep_last.map(Old::AllBut)) };
    // Days, months and years are those of the calendar here.
    let bound = Zoned::now().checked_sub(age).map_err(|error| Failure::usage(format!("no such age: {error}")))?;
    Ok(Some(Old::Before(bound.timestamp())))
}

fn prune(store: &Store, old: Old, needed: Needed, streams: &Streams) -> Result<Exit, Failure> {
    let pruned = journal::prune(store, old, needed)
        .map_err(|error| Failure::incomplete(format!("can't remove old runs: {error}")))?;
    streams.status(sentence(&format!("{} removed", counted(pruned.removed, "run", "runs"))));
    for run in &pruned.kept {
        streams.status(format_args!(
            "sgidlint: note: run {run} was kept: it was cut short or can't be read, so it may still have to be undone; \
             remove it with --force"
        ));
    }
    Ok(Exit::Clean)
}
