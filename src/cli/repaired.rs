//! The metrics of a repair, in files, whatever it came to.

use crate::args::{Common, Fix};
use crate::findings::Survey;
use crate::formats::Repair;
use crate::journal::Counts;
use crate::process::exit::{Exit, Failure};
use crate::process::reports::Files;
use crate::process::streams::Streams;
use crate::report::check::Ended;
use crate::report::manner::Strictness;
use crate::sys::host;
use std::collections::BTreeSet;
use std::time::Instant;

/// What a repair has come to so far.
#[derive(Default)]
pub(super) struct Repaired {
    policies: Vec<String>,
    /// How many changes it is to make.
    pub planned: u64,
    /// What became of them.
    pub counts: Counts,
}

impl Repaired {
    /// It is about these policies.
    pub(super) fn begin(&mut self, survey: &Survey) {
        let names: BTreeSet<&String> = survey.policies.iter().map(|policy| &policy.name).collect();
        self.policies = names.into_iter().cloned().collect();
    }
}

/// Makes a repair, and writes what it came to.
pub(super) fn reporting(
    common: &Common,
    fix: &Fix,
    streams: &mut Streams,
    make: impl FnOnce(&mut Repaired, &mut Streams) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let (began, clock) = (host::now(), Instant::now());
    // They are the caller's own, and opened before anything is looked at.
    let mut files = Files::default();
    let mut repaired = Repaired::default();
    let told = files.open_for_repair(common, &fix.report).and_then(|()| make(&mut repaired, streams));
    let exit = match &told {
        Ok(exit) => *exit as u8,
        Err(failure) => failure.exit as u8,
    };
    let ended = Ended {
        exit,
        began,
        took: clock.elapsed(),
        is_whole: true,
        strictness: Strictness::default(),
        last_success: None,
        interrupted: None,
    };
    let Repaired { policies, planned, counts } = repaired;
    let written = files.write_repair(&Repair { policies: &policies, planned, counts, ended, file: None, before: "" });
    match (told, written) {
        (Err(failure), Err(unwritten)) => {
            streams.complain(&unwritten.message);
            Err(failure)
        }
        (told, written) => told.and_then(|exit| written.map(|()| exit)),
    }
}
