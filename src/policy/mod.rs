//! Policies: TOML files read into a model, all problems at once, and compiled into what the walk asks.

mod authority;
mod bits;
mod matching;
pub mod model;
mod name_index;
mod pattern;
pub mod problem;
