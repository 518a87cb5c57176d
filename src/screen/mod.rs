//! What text for people is made of wherever it is shown: colours, and lines and tables that fit a terminal.

pub(crate) mod progress;
pub(crate) mod entries;
pub(crate) mod journal;
pub(crate) mod style;
pub(crate) mod wrap;
pub(crate) mod table;
