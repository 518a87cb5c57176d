//! What reports share: colours, tables, words for findings and outcomes.

pub(crate) mod outcome;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod words;
