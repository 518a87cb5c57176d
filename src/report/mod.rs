//! Findings, plans and outcomes as text, diff and JSON: data in, text out, no system call.

pub(crate) mod text;
pub(crate) mod manner;
pub(crate) mod base;
pub(crate) mod check;
pub(crate) mod human;
pub(crate) mod json;
#[cfg(test)]
pub(crate) mod samples;

pub(crate) use crate::screen::style::{Palette, Verbosity};
pub(crate) use check::Check;
