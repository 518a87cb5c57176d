//! The result of a survey: what was found, in which order, whose it is, and what of it was known before.

pub mod packed;
pub mod found;
pub mod order;
pub mod links;
pub mod notices;
pub mod summary;
pub mod totals;
pub mod baseline;

pub use found::{
    EntryError, EntryReport, Excused, Notice, PolicyLabel, Prospect, Rare, Root, RulePlace, SkippedMount, Survey, Unmet,
};
pub use notices::{expired, idle, risky};
pub use order::{in_tree, path_in_tree};
pub use packed::Findings;
pub use totals::{Counts, Totals};
