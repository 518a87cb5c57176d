//! What reports share: colours, tables, words for findings and outcomes.

pub mod outcome;
pub mod style;
pub mod table;
pub mod words;
