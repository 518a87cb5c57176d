//! The other names of an entry.

use super::path::TreePath;

/// The other names that an entry may have when it is changed; directories have none.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Links {
    /// None (`hard-links = "refuse"`).
    #[default]
    None,
    /// These and no others, from the same root (`hard-links = "inside"`).
    ///
    /// Behind one word: of millions of changes few have other names.
    Inside(Box<Box<[TreePath]>>),
    /// Any (`hard-links = "allow"`).
    Any,
}

impl Links {
    /// These and no others.
    pub fn inside(names: impl IntoIterator<Item = TreePath>) -> Links {
        Links::Inside(Box::new(names.into_iter().collect()))
    }
}
