//! Patterns of a policy and what they say of names and paths: gitignore patterns below a root, and roots themselves.

mod authority;
pub(crate) mod branch;
mod components;
pub(crate) mod escape;
pub(crate) mod left_out;
mod literals;
pub(crate) mod matching;
mod name_filter;
mod name_index;
pub(crate) mod placeholder;
pub(crate) mod root;

pub(crate) use authority::{Name, PatternError, Word};

use std::ops::Range;

/// A value and the bytes of the file that say it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Range<usize>,
}
