//! The survey: walk x judge, giving findings, changes and errors in path order.

mod found;

pub use found::{Counts, Flaw, Notice, PolicyLabel, Root, RulePlace, SkippedMount, Survey, Trouble};
