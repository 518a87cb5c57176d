//! The other names of an entry.

use super::path::TreePath;

/// The other names that an entry may have when it is changed; directories have none.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Links {
    /// None (`hard-links = "refuse"`).
    #[default]
    None,
    /// These and no others, from the same root (`hard-links = "inside"`).
    Inside(Box<[TreePath]>),
    /// Any (`hard-links = "allow"`).
    Any,
}
