//! Values without a system call: what is said of entries, of people, and of what is wanted.

pub(crate) mod mode;
pub(crate) mod acl;
pub(crate) mod entry;
pub(crate) mod path;
pub(crate) mod accounts;
pub(crate) mod rights;
pub(crate) mod operation;
pub(crate) mod principal;
pub(crate) mod intent;
pub(crate) mod bits;
pub(crate) mod target;
pub(crate) mod wire;
pub(crate) mod text;
#[cfg(test)]
pub(crate) mod samples;
