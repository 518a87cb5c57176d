//! Roots into regions: each directory that is some tree's root is walked once, for every tree that covers it.

use crate::judging::bound::{Bound, View};
use crate::judging::scope::Region;
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
    let mut sorted: Vec<&Bound<'p>> = bounds.iter().collect();
    // Stable: of two with one root the later stays behind. In this order a root stands right behind the roots above it.
    sorted.sort_by(|a, b| a.instance.root().cmp(b.instance.root()));
    let mut placed: Vec<Placed<'p>> = Vec::new();
    let mut above: Vec<(usize, Deepest<'p>)> = Vec::new();
    for same in sorted.chunk_by(|a, b| a.instance.root() == b.instance.root()) {
        let path = same[0].instance.root();
        while above.last().is_some_and(|(region, _)| !path.starts_with(&placed[*region].path)) {
            above.pop();
        }
        let mut deepest = Deepest::new();
        if let Some((region, inherited)) = above.last() {
            deepest.clone_from(inherited);
            let outer = &mut placed[*region];
            outer.region.nested.extend(below(&outer.path, path));
        }
        deepest.extend(same.iter().map(|bound| (bound.instance.policy(), *bound)));
        let view = |bound: &&'p Bound<'p>| View {
            bound,
            prefix: below(bound.instance.root(), path).unwrap_or_default().into(),
        };
        let views = deepest.values().map(view).collect();
        above.push((placed.len(), deepest));
        placed.push(Placed { path: path.to_path_buf(), region: Region { views, nested: HashSet::new() } });
    }
    placed
}

/// The deepest tree of each policy at or above a directory.
type Deepest<'p> = BTreeMap<u32, &'p Bound<'p>>;

/// The path of `path` from `root`, if it lies at or below it.
pub fn below(root: &Path, path: &Path) -> Option<Vec<u8>> {
    path.strip_prefix(root).ok().map(|below| below.as_os_str().as_bytes().to_vec())
}
