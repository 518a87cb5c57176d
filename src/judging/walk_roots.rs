//! Where walks start: the regions' roots, or what PATHs limit a run to.

use crate::judging::regions::{Placed, below};
use crate::judging::selection::{Selection, is_covered};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A place to start at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct WalkRoot {
    /// Its region, by index.
    pub region: usize,
    /// Its path from the region's root; empty for the root itself.
    pub path: Vec<u8>,
    /// How much of it is meant.
    pub extent: Extent,
}

/// How much is meant of what lies where a walk starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// It, and all that lies below it.
    Whole,
    /// The directory itself.
    Alone,
}

/// The places to start at, each once; or the PATH that no tree covers. One that only roots cover which can't be used,
/// told elsewhere with the reason, leads nowhere.
pub(crate) fn walk_roots(
    placed: &[Placed<'_>],
    unusable: &BTreeSet<PathBuf>,
    selection: &Selection,
) -> Result<Vec<WalkRoot>, PathBuf> {
    if selection.is_all() {
        return Ok(walked(placed, 0..placed.len()).map(whole).collect());
    }
    let regions: Sorted<'_> = placed.iter().map(|placed| placed.path.as_path()).collect();
    let mut targets = Vec::new();
    for limit in selection.outermost() {
        let first = targets.len();
        let inside = regions.below(limit);
        targets.extend(walked(placed, inside).map(whole));
        if !regions.contain(limit) {
            targets.extend(within(&regions, limit).filter(|target| is_walked(&placed[target.region])));
        }
        let is_told = || unusable.range(limit.to_path_buf()..).next().is_some_and(|root| root.starts_with(limit));
        if targets.len() == first && !is_told() && !is_covered(limit, unusable) {
            return Err(limit.to_path_buf());
        }
    }
    let alone = selection.alone().filter_map(|directory| within(&regions, directory));
    targets.extend(alone.filter(|at| is_walked(&placed[at.region])).map(|at| WalkRoot { extent: Extent::Alone, ..at }));
    Ok(targets)
}

fn whole(region: usize) -> WalkRoot {
    WalkRoot { region, path: Vec::new(), extent: Extent::Whole }
}

/// Those of some regions that anybody judges.
fn walked<'r>(placed: &'r [Placed<'_>], regions: Range<usize>) -> impl Iterator<Item = usize> + use<'r> {
    regions.filter(|&region| is_walked(&placed[region]))
}

fn is_walked(placed: &Placed<'_>) -> bool {
    !placed.region.views.is_empty()
}

/// The place in the deepest region that a PATH lies in.
fn within(regions: &Sorted<'_>, limit: &Path) -> Option<WalkRoot> {
    limit.ancestors().find_map(|above| {
        let region = regions.paths.binary_search(&above).ok()?;
        Some(WalkRoot { region, path: below(above, limit)?, extent: Extent::Whole })
    })
}

/// The paths of the regions, in path order, in which what lies below a path stands right behind it.
struct Sorted<'r> {
    paths: Vec<&'r Path>,
}

impl<'r> FromIterator<&'r Path> for Sorted<'r> {
    fn from_iter<I: IntoIterator<Item = &'r Path>>(paths: I) -> Sorted<'r> {
        let paths: Vec<_> = paths.into_iter().collect();
        debug_assert!(paths.is_sorted());
        Sorted { paths }
    }
}

impl Sorted<'_> {
    /// The regions whose roots lie at or below a path.
    fn below(&self, path: &Path) -> Range<usize> {
        let first = self.paths.partition_point(|region| *region < path);
        first..first + self.paths[first..].partition_point(|region| region.starts_with(path))
    }

    fn contain(&self, path: &Path) -> bool {
        self.paths.binary_search(&path).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::testing::{instance, tree};
    use crate::judging::bound::{Bound, View};
    use crate::judging::judge::Options;
    use crate::judging::scope::Region;
    use crate::policy::model::Wishes;

    /// Regions with these roots, judged by some tree, but for one that nobody judges.
    fn regions(paths: &[&str]) -> Vec<Placed<'static>> {
        let instance = Box::leak(Box::new(instance(tree(Wishes::default(), Vec::new()))));
        let exceptions = Box::leak(Box::default());
        let bound =
            Box::leak(Box::new(Bound { index: 0, instance, exceptions, options: Options::default(), root_gid: None }));
        let region = |path: &str| {
            let views = (!path.ends_with("barred")).then(|| View { bound: &*bound, prefix: Box::default() });
            Region { root: Path::new(path).into(), views: views.into_iter().collect(), nested: Default::default() }
        };
        paths.iter().map(|path| Placed { path: path.into(), region: region(path) }).collect()
    }

    fn found(limits: &[&str]) -> Result<Vec<(usize, String)>, PathBuf> {
        let placed = regions(&["/srv/a", "/srv/a/in/nested", "/srv/b", "/srv/b/barred"]);
        let limits: Vec<PathBuf> = limits.iter().map(PathBuf::from).collect();
        let text = |target: WalkRoot| (target.region, String::from_utf8(target.path).expect("a path of this test"));
        let unusable = ["/mnt/gone".into(), "/srv/b/barred".into()].into();
        walk_roots(&placed, &unusable, &Selection::of(limits)).map(|targets| targets.into_iter().map(text).collect())
    }

    #[test]
    fn each_path_leads_to_the_deepest_region_and_to_all_below() {
        let at = |region: usize, path: &str| (region, path.to_owned());
        for (limits, expected) in [
            (&[][..], vec![at(0, ""), at(1, ""), at(2, "")]),
            (&["/srv/a/x/y"], vec![at(0, "x/y")]),
            (&["/srv/a"], vec![at(0, ""), at(1, "")]),
            (&["/srv/a/in"], vec![at(1, ""), at(0, "in")]),
            (&["/srv/a/in/nested/f"], vec![at(1, "f")]),
            (&["/srv"], vec![at(0, ""), at(1, ""), at(2, "")]),
            (&["/"], vec![at(0, ""), at(1, ""), at(2, "")]),
            (&["/srv/b", "/srv/b/c", "/srv/b"], vec![at(2, "")]),
        ] {
            assert_eq!(found(limits), Ok(expected), "{limits:?}");
        }
    }

    #[test]
    fn what_is_meant_alone_leads_to_its_own_region_and_is_no_reason_to_complain() {
        let placed = regions(&["/srv/a", "/srv/a/in/nested", "/srv/b/barred"]);
        let ways = ["/srv", "/srv/a", "/srv/a/in", "/srv/a/in/nested", "/srv/a/in/nested/d", "/srv/b/barred"];
        let selection = Selection::only(vec!["/srv/a/in/nested/d/f".into(), "/srv/a/x".into()]);
        let selection =
            selection.with_alone(ways.into_iter().chain(["/srv/a/x", "/srv/a/x/y"]).map(PathBuf::from).collect());
        let targets = walk_roots(&placed, &BTreeSet::new(), &selection).expect("all are covered");
        let of = |extent| {
            let some = targets.iter().filter(move |target| target.extent == extent);
            some.map(|target| (target.region, String::from_utf8_lossy(&target.path).into_owned())).collect::<Vec<_>>()
        };
        let at = |region: usize, path: &str| (region, path.to_owned());
        assert_eq!(of(Extent::Whole), [at(1, "d/f"), at(0, "x")]);
        assert_eq!(of(Extent::Alone), [at(0, ""), at(0, "in"), at(1, ""), at(1, "d")]);
    }

    #[test]
    fn a_path_that_no_tree_covers_is_told() {
        assert_eq!(found(&["/srv/b", "/srv/c"]), Err("/srv/c".into()));
        assert_eq!(found(&["/srv/ab"]), Err("/srv/ab".into()));
        assert_eq!(found(&["/mnt/gone-too"]), Err("/mnt/gone-too".into()));
        for told in ["/mnt", "/mnt/gone", "/mnt/gone/below", "/srv/b/barred", "/srv/b/barred/below"] {
            assert_eq!(found(&[told]), Ok(vec![]), "{told}");
        }
    }
}
