//! What can't be judged of a source's entries, as nothing is known of them or no tree covers them: counted, the first named.

use crate::judging::regions::Placed;
use crate::judging::scope::Wanted;
use crate::model::path::TreePath;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

/// Entries that no tree covers.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Uncovered {
    /// How many.
    pub count: u64,
    /// The first.
    pub first: Option<PathBuf>,
}

/// Entries of which more is wanted than is known.
#[derive(Default)]
pub(super) struct Unknown {
    /// How many there are, and the first, by the index of their root.
    by_root: BTreeMap<u32, (u64, TreePath)>,
    /// Those that count there, by hash: a path alone may lead through thousands that nobody lists.
    noted: HashSet<u64>,
    hasher: RandomState,
}

impl Unknown {
    /// Takes note of an entry that is unknown, by its path from the region's root; of each once.
    pub(super) fn note(&mut self, placed: &Placed<'_>, path: &[u8], all_wanted: &[Wanted<'_>]) {
        if !self.noted.insert(self.hasher.hash_one((&placed.path, path))) {
            return;
        }
        for wanted in all_wanted.iter().filter(|wanted| !wanted.intent.is_empty()) {
            let view = &placed.region.views[wanted.view];
            let path = if path.is_empty() { b"." } else { path };
            let first = || (0, TreePath::from(&*view.path(path)));
            self.by_root.entry(view.bound.index).or_insert_with(first).0 += 1;
        }
    }

    /// How many there are of each root, by its index, and the first of them.
    pub(super) fn into_roots(self) -> BTreeMap<u32, (u64, TreePath)> {
        self.by_root
    }
}
