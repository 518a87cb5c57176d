//! What prevails in a real tree, and the policy that fits most of it: counting, then pure inference.
//!
//! ```text
//!     walk ──▶ census: how many entries have which group and mode, place by place ──▶ proposal: what prevails, who differs
//! ```

mod acls;
mod census;
mod drift;
mod group;
mod modes;
mod proposal;
pub mod schedule;
mod surveyor;
pub mod toml;

pub use acls::AclCounts;
pub use census::{Census, CensusPlace, Count, Role, Sort};
pub use group::GroupWish;
pub use modes::{ModeFit, prevailing_mode};
pub use proposal::{Fit, Outlier, PlaceWishes, Proposal, ROOT, TopWishes};
pub use surveyor::{Counting, Surroundings};
