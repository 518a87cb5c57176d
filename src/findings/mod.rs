//! The result of a survey: what was found, in which order, whose it is, and what of it was known before.

pub(crate) mod packed;
mod change;
mod rare;
pub(crate) mod found;
pub(crate) mod order;
pub(crate) mod links;
pub(crate) mod notices;
pub(crate) mod part;
pub(crate) mod summary;
pub(crate) mod totals;
pub(crate) mod baseline;

pub use found::Survey;
pub(crate) use found::{
    EntryError, EntryReport, Excused, Notice, PolicyLabel, Refused, Root, RulePlace, SkippedMount, Unmet,
};
pub(crate) use notices::{expired, folded, idle, risky, unused_exceptions};
pub(crate) use order::path_in_tree;
pub(crate) use totals::{Counts, Totals};
