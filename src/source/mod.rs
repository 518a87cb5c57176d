//! Where entries come from, and how far what leads there can be relied on.

pub mod trust;
pub mod roots;
pub mod walk;
pub mod policy_test;
