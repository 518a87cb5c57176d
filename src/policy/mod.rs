//! Policies: TOML files read into a model, all problems at once, and compiled into what the walk asks.

pub mod model;
pub mod problem;
mod nearest;
pub mod diagnostic;
mod read;
pub mod builtin;
pub mod compile;
pub mod load;
pub mod schema;
pub mod risk;
#[cfg(test)]
pub(crate) mod testing;

pub use load::{Loaded, Request, load};
pub use nearest::nearest;
pub use read::read;
