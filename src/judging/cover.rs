//! Which tree of each policy covers a path: the deepest root at or above it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The roots of a run's policies, and the tree that each policy has there.
///
/// A root that can't be used bars what lies there from the policy's trees above it: what one of them was to judge
/// is nothing to another, which would want it like its own.
#[derive(Clone, Debug)]
pub(crate) struct Cover<T> {
    /// By path and policy; `None` where the policy's root can't be used.
    roots: BTreeMap<PathBuf, BTreeMap<u32, Option<T>>>,
}

impl<T> Default for Cover<T> {
    fn default() -> Cover<T> {
        Cover { roots: BTreeMap::new() }
    }
}

impl<T> Cover<T> {
    /// Adds a tree of a policy at one of its roots; of several there the last is taken.
    pub(crate) fn add(&mut self, root: &Path, policy: u32, tree: T) {
        self.roots.entry(root.to_path_buf()).or_default().insert(policy, Some(tree));
    }

    /// Adds a root of a policy that can't be used; one that another tree of it can use, it has.
    pub(crate) fn bar(&mut self, root: &Path, policy: u32) {
        self.roots.entry(root.to_path_buf()).or_default().entry(policy).or_insert(None);
    }

    /// All roots, in path order.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Path> {
        self.roots.keys().map(PathBuf::as_path)
    }

    /// The trees that judge what lies at a path, in the order of their policies; by its own length, whatever the
    /// number of roots.
    pub(crate) fn covering(&self, path: &Path) -> impl Iterator<Item = &T> + use<'_, T> {
        let mut deepest: BTreeMap<u32, Option<&T>> = BTreeMap::new();
        for trees in path.ancestors().filter_map(|above| self.roots.get(above)) {
            for (&policy, tree) in trees {
                deepest.entry(policy).or_insert(tree.as_ref());
            }
        }
        deepest.into_values().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_root_of_each_policy_covers_and_one_that_cant_be_used_bars() {
        let mut cover = Cover::default();
        cover.bar(Path::new("/srv/a"), 0);
        for (root, policy, tree) in
            [("/srv", 0, "0 srv"), ("/srv/a", 0, "0 first"), ("/srv/a", 0, "0 a"), ("/srv/a", 1, "1 a")]
        {
            cover.add(Path::new(root), policy, tree);
        }
        cover.bar(Path::new("/srv/a"), 0);
        cover.bar(Path::new("/srv/a/barred"), 0);
        cover.add(Path::new("/srv/a/barred/in"), 0, "0 in");
        cover.bar(Path::new("/mnt"), 1);
        for (path, expected) in [
            ("/", &[][..]),
            ("/srv", &["0 srv"]),
            ("/srv/ab", &["0 srv"]),
            ("/srv/a", &["0 a", "1 a"]),
            ("/srv/a/f", &["0 a", "1 a"]),
            ("/srv/a/barred", &["1 a"]),
            ("/srv/a/barred/f", &["1 a"]),
            ("/srv/a/barred/in/f", &["0 in", "1 a"]),
            ("/mnt/x", &[]),
        ] {
            assert_eq!(cover.covering(Path::new(path)).copied().collect::<Vec<_>>(), expected, "{path}");
        }
        let roots: Vec<_> = cover.roots().map(|root| root.display().to_string()).collect();
        assert_eq!(roots, ["/mnt", "/srv", "/srv/a", "/srv/a/barred", "/srv/a/barred/in"]);
    }
}
