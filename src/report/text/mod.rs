//! What reports share: colours, tables, words for findings, names of accounts.

pub mod account;
pub mod outcome;
pub mod style;
pub mod table;
pub mod words;
