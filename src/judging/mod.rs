//! Which trees cover a path, what they want of an entry there, and what that makes of it; pure.

pub mod judge;
pub mod usage;
pub mod here;
pub mod ruling;
pub mod explain;
pub mod exclude;
pub mod bound;
pub mod cover;
pub mod regions;
pub mod selection;
pub mod target;
pub mod scope;
