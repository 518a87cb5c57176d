//! Which trees cover a path, what they want of an entry there, and what that makes of it; pure.

pub(crate) mod exceptions;
pub(crate) mod judge;
pub(crate) mod memo;
pub(crate) mod usage;
pub(crate) mod here;
pub(crate) mod ruling;
pub(crate) mod explain;
pub(crate) mod exclude;
pub(crate) mod bound;
pub(crate) mod cover;
pub(crate) mod regions;
pub(crate) mod selection;
pub(crate) mod walk_roots;
pub(crate) mod scope;
