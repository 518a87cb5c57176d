//! What reports share: colours, tables, words for findings.

pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod words;
