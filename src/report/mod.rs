//! Findings, plans and outcomes as text, diff and JSON: data in, text out, no system call.

pub mod escape;
pub mod quote;
pub mod style;
