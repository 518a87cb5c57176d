//! Policies: TOML files read into a model, all problems at once, and compiled into what the walk asks.

pub mod bind;
pub mod exceptions;
mod exclude;
pub mod expectations;
pub mod explain;
pub mod here;
pub mod instance;
pub mod model;
pub mod problem;
mod nearest;
pub mod diagnostic;
mod read;
pub mod builtin;
pub mod load;
pub mod rule_table;
pub mod rules;
pub mod usage;
pub mod schema;
pub mod risk;
#[cfg(test)]
mod testing;

pub use exclude::{DefaultExclude, default_exclude, has_excluded_name};
pub use load::{Loaded, Request, load};
pub use nearest::nearest;
pub use read::read;
