//! Values without a system call: what is said of entries, of people, and of what is wanted.

pub mod mode;
pub mod acl;
pub mod entry;
pub mod path;
pub mod links;
pub mod accounts;
pub mod rights;
pub mod operation;
pub mod principal;
pub mod intent;
pub(crate) mod bits;
pub mod pattern;
pub mod target;
pub mod wire;
pub mod text;
#[cfg(test)]
pub mod samples;
