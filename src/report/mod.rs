//! Findings, plans and outcomes as text, diff and JSON: data in, text out, no system call.

pub mod text;
pub mod ended;
pub mod human;
pub mod json;
pub mod sarif;
pub mod junit;
pub mod github;
pub mod prometheus;
pub mod diff;
pub mod access;
#[cfg(test)]
mod samples;

pub use text::style::{Palette, Verbosity};
pub use text::words::Wording;

use crate::findings::Survey;
use std::os::unix::ffi::OsStrExt;

/// The path of a survey's root as bytes; empty where there is no such root.
fn root_bytes(survey: &Survey, root: u32) -> &[u8] {
    survey.roots.get(root as usize).map_or(b"", |root| root.path.as_os_str().as_bytes())
}
