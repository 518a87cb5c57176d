//! Roots into regions: each directory that is some tree's root is walked once, for every tree that covers it.

use super::bound::{Bound, View};
use super::scope::Region;
use std::collections::{BTreeMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A region and where it lies.
pub struct Placed<'p> {
    /// The absolute path of its root.
    pub path: PathBuf,
    /// What it is judged by, and where it ends.
    pub region: Region<'p>,
}

/// Divides what the trees cover into regions, in path order.
///
/// Of the trees of one policy the deepest root at or above a region has it; of two with one root, the later in the
/// policy. Trees of other policies are judged in the same walk, from their own roots.
pub fn divide<'p>(bounds: &'p [Bound<'p>]) -> Vec<Placed<'p>> {
    let paths: BTreeMap<&Path, ()> = bounds.iter().map(|bound| (bound.instance.root(), ())).collect();
    paths.keys().map(|path| place(path, bounds, paths.keys().copied())).collect()
}

fn place<'p, 'r>(path: &'r Path, bounds: &'p [Bound<'p>], roots: impl Iterator<Item = &'r Path>) -> Placed<'p> {
    let mut deepest: BTreeMap<u32, &'p Bound<'p>> = BTreeMap::new();
    for bound in bounds.iter().filter(|bound| path.starts_with(bound.instance.root())) {
        let policy = bound.instance.policy();
        let known = deepest.get(&policy).map_or(0, |known| known.instance.root().components().count());
        if bound.instance.root().components().count() >= known {
            deepest.insert(policy, bound);
        }
    }
    let views = deepest
        .into_values()
        .map(|bound| View { bound, prefix: below(bound.instance.root(), path).unwrap_or_default().into() })
        .collect();
    let nested: HashSet<Vec<u8>> = roots.filter_map(|root| below(path, root)).filter(|path| !path.is_empty()).collect();
    Placed { path: path.to_path_buf(), region: Region { views, nested } }
}

/// The path of `path` from `root`, if it lies at or below it.
pub fn below(root: &Path, path: &Path) -> Option<Vec<u8>> {
    path.strip_prefix(root).ok().map(|below| below.as_os_str().as_bytes().to_vec())
}
