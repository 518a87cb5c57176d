//! Which trees cover a path, what they want of an entry there, and what that makes of it; pure.

pub mod judge;
pub mod bound;
pub mod regions;
pub mod selection;
pub mod target;
pub mod scope;
