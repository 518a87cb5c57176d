//! The policies of a survey, each bound to a real root, with what judging by it takes.

use crate::compile::instance::Instance;
use crate::judging::exceptions::Exceptions;
use crate::judging::judge::Options;

/// One tree at one real root, ready to judge by.
pub(crate) struct Bound<'p> {
    /// The index of its root in the survey.
    pub index: u32,
    /// Its rules.
    pub instance: &'p Instance,
    /// What its exceptions cover.
    pub exceptions: &'p Exceptions,
    /// Levels and fixes.
    pub options: Options,
    /// What `@root` stands for; `None` where the root's group can't be trusted.
    pub root_gid: Option<u32>,
}

/// A tree as it is seen from a region: the region's root is the tree's, or lies below it.
pub(crate) struct View<'p> {
    /// The tree.
    pub bound: &'p Bound<'p>,
    /// The path from the tree's root to the region's; empty where they are one.
    pub prefix: Box<[u8]>,
}

impl View<'_> {
    /// The index of the tree's root in the survey, which no other has.
    pub(crate) fn index(&self) -> u32 {
        self.bound.index
    }

    /// A path from the region's root, as one from the tree's root.
    pub(crate) fn path(&self, below: &[u8]) -> Vec<u8> {
        match (&*self.prefix, below) {
            (b"", below) => below.to_vec(),
            (prefix, b"." | b"") => prefix.to_vec(),
            (prefix, below) => [prefix, b"/", below].concat(),
        }
    }
}
