//! Policies: TOML files read into a model, all problems at once.

pub(crate) mod model;
pub(crate) mod problem;
mod nearest;
mod read;
pub(crate) mod builtin;
pub(crate) mod load;
pub(crate) mod schema;
pub(crate) mod risk;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use load::{Loaded, Request, load};
pub(crate) use nearest::nearest;
pub use read::read;
