//! What would alter somebody's answer: how an act stands by modes and ACLs, the smallest change of that, and proposals that
//! add up.

pub(crate) mod case;
pub(crate) mod smallest;
mod after;
pub(crate) mod proposals;
