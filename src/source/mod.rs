//! Where entries come from, and how far what leads there can be relied on.

pub(crate) mod trust;
pub(crate) mod mounts;
pub(crate) mod fstab;
pub(crate) mod system;
pub(crate) mod login_defs;
pub(crate) mod line;
pub(crate) mod project;
pub(crate) mod roots;
pub(crate) mod policy_test;
pub(crate) mod told;
pub(crate) mod listed;
