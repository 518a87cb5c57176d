//! Policies: TOML files read into a model, all problems at once, and compiled into what the walk asks.

mod authority;
mod bits;
mod matching;
pub mod model;
mod name_index;
mod pattern;
pub mod problem;
pub mod nearest;
pub mod placeholder;
pub mod diagnostic;
pub mod read;
pub mod builtin;
pub mod load;

pub use load::{Loaded, Request, load};
pub use nearest::nearest;
pub use read::read;
