//! `policy`: listing, showing and checking policies.

use super::args::{Common, Policy};
use super::exit::{Exit, Failure};
use super::session::Session;
use super::streams::Streams;
use crate::policy::builtin::BUILT_IN;
use crate::policy::load::document;
use crate::policy::rule_table::RuleTable;
use crate::report::policies::{Listed, write_list};
use crate::roots::Purpose;
use std::ffi::OsString;
use std::sync::Arc;

/// `sgidlint policy`.
pub fn policy(common: &Common, policy: &Policy, streams: &mut Streams) -> Result<Exit, Failure> {
    match policy {
        Policy::List => list(streams),
        Policy::Show { policy } => show(policy, streams),
        Policy::Check { files } => check(common, files, streams),
    }
}

fn list(streams: &mut Streams) -> Result<Exit, Failure> {
    let names: Vec<OsString> = BUILT_IN.iter().map(|built_in| built_in.name.into()).collect();
    let documents = names.iter().map(|name| document(name)).collect::<Result<Vec<_>, _>>().map_err(Failure::policy)?;
    let listed: Vec<Listed<'_>> = documents
        .iter()
        .map(|document| Listed {
            name: &document.model.name,
            summary: document.model.summary.as_deref(),
            params: &document.model.params,
        })
        .collect();
    let palette = streams.palette();
    streams.write_results(|out| write_list(out, &listed, &palette))?;
    Ok(Exit::Clean)
}

fn show(name: &OsString, streams: &mut Streams) -> Result<Exit, Failure> {
    let document = document(name).map_err(Failure::policy)?;
    streams.write_results(|out| out.write_all(document.model.source.text.as_bytes()))?;
    Ok(Exit::Clean)
}

/// Every problem of every file; what they use is read too, and their rules are compiled.
fn check(common: &Common, files: &[OsString], streams: &mut Streams) -> Result<Exit, Failure> {
    Session::begin(common, Purpose::Read)?;
    let mut problems = Vec::new();
    for file in files {
        match document(file) {
            Ok(document) => {
                problems.extend(RuleTable::compile(&[Arc::clone(&document.model)]).err().into_iter().flatten())
            }
            Err(more) => problems.extend(more),
        }
    }
    if !problems.is_empty() {
        return Err(Failure::policy(problems));
    }
    streams.status(match files {
        [_] => "The policy has no problems.".to_owned(),
        _ => format!("The {} policies have no problems.", files.len()),
    });
    Ok(Exit::Clean)
}
