//! `log`: the runs on record.

use super::args::{Common, Format, Log};
use super::exit::{Exit, Failure};
use super::store;
use super::streams::Streams;
use crate::journal::{self, Needed, RunState, RunSummary};
use crate::model::text::numbers::{counted, sentence};
use crate::model::wire::write_line;
use crate::plan;
use crate::report::human::runs::{Run, RunKind, RunState as Ending, write_log};
use crate::report::human::tally::Tally;
use crate::sys::store::Store;
use jiff::{Span, Zoned};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// `sgidlint log`.
pub fn log(common: &Common, log: &Log, streams: &mut Streams) -> Result<Exit, Failure> {
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
        Format::Human => write_log(out, &runs.iter().map(told).collect::<Vec<_>>(), &palette),
        Format::Json => runs.iter().try_for_each(|run| write_json(out, run)),
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

fn told(run: &RunSummary) -> Run {
    let header = &run.header;
    let count = |name| run.counts.of(name);
    Run {
        id: run.id.clone(),
        when: to_the_second(&header.time),
        who: header.by.name.clone().unwrap_or_else(|| header.by.uid.to_string()),
        kind: match &header.kind {
            plan::RunKind::Fix | plan::RunKind::Plan => RunKind::Fix,
            plan::RunKind::Apply => RunKind::Apply,
            plan::RunKind::Undo(run) => RunKind::Undo(run.clone()),
        },
        policies: header.policies.iter().map(|policy| policy.name.clone()).collect(),
        changes: run.changes,
        tally: Tally {
            applied: count("applied"),
            already: count("already"),
            drifted: count("drifted"),
            gone: count("gone"),
            refused: count("refused"),
            failed: count("failed"),
            partial: count("partial"),
        },
        state: match run.state {
            RunState::Settled { .. } => Ending::Settled,
            RunState::Interrupted | RunState::Running => Ending::Interrupted,
        },
    }
}

/// A time as RFC 3339 has it, without its fraction of a second.
fn to_the_second(time: &str) -> String {
    match time.split_once('.') {
        Some((whole, _)) if time.ends_with('Z') => format!("{whole}Z"),
        _ => time.to_owned(),
    }
}

/// One run as a line of JSON.
#[derive(Serialize)]
struct RunLine<'a> {
    r#type: &'static str,
    id: &'a str,
    kind: &'static str,
    time: &'a str,
    uid: u32,
    user: Option<&'a str>,
    command: &'a str,
    policies: Vec<&'a str>,
    changes: u64,
    outcomes: BTreeMap<&'static str, u64>,
    state: &'static str,
}

fn write_json(out: &mut dyn Write, run: &RunSummary) -> io::Result<()> {
    let header = &run.header;
    let line = RunLine {
        r#type: "run",
        id: &run.id,
        kind: header.kind.name(),
        time: &header.time,
        uid: header.by.uid,
        user: header.by.name.as_deref(),
        command: &header.command,
        policies: header.policies.iter().map(|policy| policy.name.as_str()).collect(),
        changes: run.changes,
        outcomes: journal::Outcome::NAMES.into_iter().map(|name| (name, run.counts.of(name))).collect(),
        state: match run.state {
            RunState::Settled { .. } => "settled",
            RunState::Interrupted => "interrupted",
            RunState::Running => "running",
        },
    };
    write_line(&line, out)
}
