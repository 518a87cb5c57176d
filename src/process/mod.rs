//! What every command stands in as a process: exit statuses, streams and files that it writes, the pager, calls that hang.

pub(crate) mod exit;
pub(crate) mod paged;
pub(crate) mod pager;
pub(crate) mod paths;
pub(crate) mod priority;
pub(crate) mod stall;
pub(crate) mod created;
pub(crate) mod streams;
pub(crate) mod reports;
