//! Findings, plans and outcomes as text, diff and JSON: data in, text out, no system call.

mod abbreviated;
mod acls;
pub mod escape;
pub mod quote;
pub mod style;
pub mod words;
pub mod advice;
pub mod account;
pub mod expectation;
pub mod outcome;
pub mod tally;
pub mod json;
pub mod human;
mod grouped;
mod phrases;
pub mod ended;
pub mod sarif;
pub mod junit;
pub mod github;
pub mod prometheus;
pub mod summary;
pub mod diff;
pub mod effect;
pub mod stat;
pub mod table;
pub mod runs;
pub mod policies;
pub mod answer;
pub mod schedule;
pub mod mend;
pub mod explain;
pub mod story;
pub mod proposal;
pub mod access;
#[cfg(test)]
mod samples;

pub use style::{Palette, Verbosity};
pub use words::Wording;

use crate::findings::Survey;
use std::os::unix::ffi::OsStrExt;

/// The path of a survey's root as bytes; empty where there is no such root.
fn root_bytes(survey: &Survey, root: u32) -> &[u8] {
    survey.roots.get(root as usize).map_or(b"", |root| root.path.as_os_str().as_bytes())
}
