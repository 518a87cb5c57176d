//! Who can do what: told from modes and ACLs as the kernel tells it, asked of the kernel as somebody, and mended.

pub mod after;
pub mod making;
pub mod trace;
pub mod remedy;
pub mod proposals;
pub mod commands;
pub mod expectation;
pub mod wording;
pub mod ability;
pub mod probe;
