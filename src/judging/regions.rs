//! Roots into regions: each directory that is some tree's root is walked once, for every tree that covers it.

use crate::judging::bound::{Bound, View};
use crate::judging::cover::Cover;
use crate::judging::scope::Region;
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A region and where it lies.
pub(crate) struct Placed<'p> {
    /// The absolute path of its root.
    pub path: PathBuf,
    /// What it is judged by, and where it ends.
    pub region: Region<'p>,
}

/// Divides what the trees cover into regions, in path order.
///
/// A region is judged by the trees that cover it, of each policy one, in one walk and each from its own root. One that
/// a root which can't be used bars from all of them has no views, and isn't walked.
pub(crate) fn divide<'p>(cover: &Cover<&'p Bound<'p>>) -> Vec<Placed<'p>> {
    let mut placed: Vec<Placed<'p>> = Vec::new();
    // In path order a root stands right behind the roots above it.
    let mut above: Vec<usize> = Vec::new();
    for path in cover.roots() {
        while above.last().is_some_and(|&region| !path.starts_with(&placed[region].path)) {
            above.pop();
        }
        let view = |bound: &&'p Bound<'p>| View {
            bound,
            prefix: below(bound.instance.root(), path).unwrap_or_default().into(),
        };
        let views: Vec<_> = cover.covering(path).map(view).collect();
        let outer = above.last().map(|&region| &mut placed[region]);
        let outer_views = outer.as_ref().map_or(&[][..], |outer| &outer.region.views);
        // A root that can't be used is no border to those that judge on both sides of it.
        if outer_views.iter().map(View::index).eq(views.iter().map(View::index)) {
            continue;
        }
        if let Some(outer) = outer {
            outer.region.nested.extend(below(&outer.path, path));
        }
        above.push(placed.len());
        let region = Region { root: path.into(), views, nested: HashSet::new() };
        placed.push(Placed { path: path.to_path_buf(), region });
    }
    placed
}

/// The path of `path` from `root`, if it lies at or below it.
pub(crate) fn below(root: &Path, path: &Path) -> Option<Vec<u8>> {
    path.strip_prefix(root).ok().map(|below| below.as_os_str().as_bytes().to_vec())
}
