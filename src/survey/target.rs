//! Where walks start: the regions' roots, or what PATHs limit a run to.

use super::regions::{Placed, below};
use std::path::{Path, PathBuf};

/// A place to start at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Its region, by index.
    pub region: usize,
    /// Its path from the region's root; empty for the root itself.
    pub path: Vec<u8>,
}

/// The places to start at, each once; or the PATH that no tree covers.
pub fn targets(placed: &[Placed<'_>], limits: &[PathBuf]) -> Result<Vec<Target>, PathBuf> {
    if limits.is_empty() {
        return Ok((0..placed.len()).map(|region| Target { region, path: Vec::new() }).collect());
    }
    let outermost: Vec<&PathBuf> = limits
        .iter()
        .enumerate()
        .filter(|(at, limit)| !limits.iter().enumerate().any(|(other, above)| covers((other, above), (*at, limit))))
        .map(|(_, limit)| limit)
        .collect();
    let mut targets = Vec::new();
    for limit in outermost {
        let first = targets.len();
        let inside = placed.iter().enumerate().filter(|(_, placed)| placed.path.starts_with(limit));
        targets.extend(inside.map(|(region, _)| Target { region, path: Vec::new() }));
        if !placed.iter().any(|placed| placed.path == *limit) {
            targets.extend(within(placed, limit));
        }
        if targets.len() == first {
            return Err(limit.clone());
        }
    }
    Ok(targets)
}

/// Whether another PATH makes this one say nothing new.
fn covers((other, above): (usize, &PathBuf), (at, limit): (usize, &PathBuf)) -> bool {
    other != at && limit.starts_with(above) && (limit != above || other < at)
}

/// The place in the deepest region that a PATH lies in.
fn within(placed: &[Placed<'_>], limit: &Path) -> Option<Target> {
    let regions = placed.iter().enumerate();
    let covering = regions.filter_map(|(region, placed)| Some(Target { region, path: below(&placed.path, limit)? }));
    covering.min_by_key(|target| target.path.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::scope::Region;

    fn regions(paths: &[&str]) -> Vec<Placed<'static>> {
        let region = || Region { views: Vec::new(), nested: Default::default() };
        paths.iter().map(|path| Placed { path: path.into(), region: region() }).collect()
    }

    fn found(limits: &[&str]) -> Result<Vec<(usize, String)>, PathBuf> {
        let placed = regions(&["/srv/a", "/srv/a/in/nested", "/srv/b"]);
        let limits: Vec<PathBuf> = limits.iter().map(PathBuf::from).collect();
        let text = |target: Target| (target.region, String::from_utf8(target.path).expect("a path of this test"));
        targets(&placed, &limits).map(|targets| targets.into_iter().map(text).collect())
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
    fn a_path_that_no_tree_covers_is_told() {
        assert_eq!(found(&["/srv/b", "/srv/c"]), Err("/srv/c".into()));
        assert_eq!(found(&["/srv/ab"]), Err("/srv/ab".into()));
    }
}
