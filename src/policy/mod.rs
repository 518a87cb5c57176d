//! Policies: TOML files read into a model, all problems at once, and compiled into what the walk asks.

pub mod model;
pub mod problem;
