//! `log`: the runs on record.

use super::args::{Common, Format, Log};
use super::exit::{Exit, Failure};
use super::store;
use super::streams::Streams;
use crate::journal::{self, Needed};
use crate::model::text::numbers::{counted, sentence};
use crate::report::human::runs::write_log;
use crate::report::json::answer;
use crate::sys::store::Store;
use jiff::{Span, Zoned};

/// `sgidlint log`.
pub(super) fn log(common: &Common, log: &Log, streams: &mut Streams) -> Result<Exit, Failure> {
    let store = store::open(common)?;
    if let Some(age) = log.prune_older_than {
        return prune(&store, age, if log.force { Needed::Remove } else { Needed::Keep }, streams);
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
    let palette = streams.palette();
    streams.write_results(|out| match common.format {
        Format::Human => write_log(out, &runs, &palette),
        Format::Json => answer::write_log(out, &runs),
    })?;
    Ok(exit)
}

fn prune(store: &Store, age: Span, needed: Needed, streams: &Streams) -> Result<Exit, Failure> {
    // Days, months and years are those of the calendar here.
    let bound = Zoned::now().checked_sub(age).map_err(|error| Failure::usage(format!("no such age: {error}")))?;
    let pruned = journal::prune(store, bound.timestamp(), needed)
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
