//! Text that people read or a shell reads back: hostile names made harmless, words quoted, numbers written out.

pub(crate) mod abbreviated;
pub(crate) mod account;
pub(crate) mod escape;
pub(crate) mod numbers;
pub(crate) mod quote;
