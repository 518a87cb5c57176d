//! Text that people read or a shell reads back: hostile names made harmless, words quoted, numbers written out.

pub mod abbreviated;
pub mod account;
pub mod escape;
pub mod numbers;
pub mod quote;
