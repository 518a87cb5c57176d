//! What a survey is asked for.

use super::live::Sink;
use crate::compile::rule_table::RuleTable;
use crate::findings::part::Part;
use crate::findings::{EntryError, PolicyLabel, Root};
use crate::judging::judge::Options;
use crate::judging::selection::Selection;
use crate::judging::usage::Usage;
use crate::parts::Unit;
use crate::source::roots::{Roots, TrustOptions};
use crate::sys::SysError;
use crate::sys::features::KernelFeatures;
use crate::sys::names::NameService;
use crate::walk::{Counters, Time};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// What a survey is to look at, and by what.
pub(crate) struct Request<'a> {
    /// The roots of the policies.
    pub roots: &'a Roots,
    /// What each policy is called.
    pub policies: Vec<PolicyLabel>,
    /// Levels and fixes, by policy.
    pub options: Vec<Options>,
    /// Where the rules stand.
    pub table: &'a RuleTable,
    /// What of it is meant.
    pub selection: &'a Selection,
    /// How far roots are trusted.
    pub trust: TrustOptions,
    /// Users and groups.
    pub names: &'a NameService,
    /// How entries are held on this kernel.
    pub features: &'a KernelFeatures,
    /// Where what is found comes from.
    pub source: Source<'a>,
    /// How it runs.
    pub conduct: Conduct<'a>,
}

/// Where what a survey finds comes from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// Trees, all that is meant of them.
    Trees,
    /// Some units of a check that is shared out; what is found goes to the sink of the survey, and what is known of the rules
    /// is as far as this goes.
    Share(&'a Share<'a>),
    /// Parts, of those who had the shares: told the roots and the units that all of it comes to.
    Parts(&'a (dyn Fn(&[Root], Vec<Unit>) -> FromParts + Sync)),
}

/// What one machine does of a check that is shared out.
pub(crate) struct Share<'a> {
    /// The units, in order.
    pub units: &'a [Unit],
    /// How long it may take.
    pub time: Time<'a>,
    /// Where all of it goes.
    pub sink: &'a Sink,
}

/// What parts hold.
#[derive(Default)]
pub(crate) struct FromParts {
    /// What was found.
    pub parts: Vec<Part>,
    /// What the rules did.
    pub usage: Usage,
    /// What is missing of them, or in the way.
    pub errors: Vec<EntryError>,
}

/// How a survey runs.
#[derive(Clone, Copy)]
pub(crate) struct Conduct<'a> {
    /// How many threads walk.
    pub threads: usize,
    /// How many descriptors may be open.
    pub descriptors: usize,
    /// Run on each thread before it touches a directory.
    pub setup: &'a (dyn Fn() -> Result<(), SysError> + Sync),
    /// Ends it soon after it is set.
    pub stop: &'a AtomicBool,
    /// Counts names.
    pub counters: &'a Counters,
    /// How deep it goes.
    pub depth: Depth,
}

/// How deep a survey goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Depth {
    /// All the way down.
    All,
    /// No deeper than where walks would start.
    Start,
}

/// Why there was no survey.
#[derive(Debug)]
pub(crate) enum SurveyError {
    /// No tree covers this PATH.
    Uncovered(PathBuf),
    /// A thread couldn't be made fit to touch directories.
    Setup(SysError),
}
