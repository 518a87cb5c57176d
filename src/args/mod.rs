//! The command line as clap reads it: values only, nothing looked up; its manual, and what shells complete of it.

mod changing;
mod command;
mod common;
pub(crate) mod completions;
mod generate;
mod judging;
pub(crate) mod manual;
mod meant;
mod policy;
mod reporting;
mod sharing;
mod taken;

pub(crate) use changing::{Agreement, Apply, Fix, Ids, Limit, Log, Plan, Redo, Suspects, Undo};
pub(crate) use command::{Arguments, Command, Init, ask_for_json};
pub(crate) use common::{Common, Format, Progress};
pub(crate) use generate::{Cluster, Generate, Scheduled, UnitKind};
pub(crate) use judging::{Check, Diff, Explain, Eyes, Listing, Probe};
pub(crate) use policy::{Import, Policy};
pub(crate) use reporting::{CheckCommand, ReportFormat, Reporting};
pub(crate) use sharing::{Merge, Units};
