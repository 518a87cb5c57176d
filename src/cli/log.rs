//! `log`: the runs on record.

use super::args::{Common, Format};
use super::exit::{Exit, Failure};
use super::store;
use super::streams::Streams;
use crate::journal::{self, RunState, RunSummary};
use crate::plan;
use crate::report::runs::{Run, RunKind, RunState as Ending, write_log};
use crate::report::tally::Tally;
use serde_json::json;
use std::io::Write;

/// `sgidlint log`.
pub fn log(common: &Common, streams: &mut Streams) -> Result<Exit, Failure> {
    let store = store::open(common)?;
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

fn write_json(out: &mut dyn Write, run: &RunSummary) -> std::io::Result<()> {
    let state = match run.state {
        RunState::Settled { .. } => "settled",
        RunState::Interrupted => "interrupted",
        RunState::Running => "running",
    };
    let outcomes: serde_json::Map<String, serde_json::Value> =
        journal::Outcome::NAMES.iter().map(|name| ((*name).to_owned(), run.counts.of(name).into())).collect();
    let line = json!({
        "type": "run", "id": run.id, "kind": run.header.kind.name(), "time": run.header.time,
        "uid": run.header.by.uid, "user": run.header.by.name, "command": run.header.command,
        "policies": run.header.policies.iter().map(|policy| &policy.name).collect::<Vec<_>>(),
        "changes": run.changes, "outcomes": outcomes, "state": state,
    });
    writeln!(out, "{line}")
}
