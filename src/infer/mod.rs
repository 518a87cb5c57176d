//! What prevails in a real tree, and the policy that fits most of it: counting, then pure inference.
//!
//! ```text
//!     walk ──▶ census: how many entries have which group and mode, place by place ──▶ proposal: what prevails, who differs
//! ```

mod acl_wishes;
mod acls;
mod census;
pub(crate) mod cluster;
mod drift;
mod fit;
mod group;
pub(crate) mod keeping;
mod modes;
mod proposal;
pub(crate) mod schedule;
mod surveyor;
pub(crate) mod toml;
pub(crate) mod use_file;

pub(crate) use acl_wishes::{AclWish, DefaultWish, Grant};
pub(crate) use acls::AclCounts;
pub(crate) use census::{Count, ROOT};
pub(crate) use fit::Fit;
pub(crate) use group::GroupWish;
pub(crate) use proposal::{Outlier, PlaceWishes, Proposal};
pub(crate) use surveyor::{Counting, Surroundings};
