//! Plans: ordered changes, before → after, each of one entry; the one format of plan, journal and undo.

pub(crate) mod ability;
mod acl_steps;
mod check;
pub(crate) mod commands;
mod cost;
pub(crate) mod effects;
mod found;
mod invert;
mod line;
mod make;
mod merge;
mod model;
mod names;
mod read;
pub(crate) mod remedy;
mod room;
mod share;
mod steps;
mod write;

pub(crate) use acl_steps::{AclCall, AclStep, acl_steps, between as acl_steps_between};
pub(crate) use cost::most_bytes;
pub(crate) use invert::Present;
pub(crate) use line::{IdText, LineError};
pub(crate) use make::Unfit;
pub use merge::MergeError;
#[cfg(test)]
pub(crate) use model::PlanPolicy;
pub use model::{Change, Plan};
pub(crate) use model::{Extent, Fixes, Header, PlanRoot, RunKind, Who};
pub(crate) use names::Names;
pub(crate) use read::LONGEST_LINE;
pub use read::ReadError;
pub(crate) use read::{BadLine, Line, Lines};
pub(crate) use read::{parse, read_header};
pub(crate) use room::PlanRoom;
pub(crate) use steps::Steps;
#[cfg(test)]
pub(crate) use steps::order;
pub(crate) use write::Limited;

#[cfg(test)]
mod tests;
