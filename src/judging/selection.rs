//! The PATHs that a run is about, and what lies at or below them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a run is limited to, by absolute paths without symbolic links; to nothing where there is none.
#[derive(Clone, Default, Debug)]
pub(crate) struct Selection {
    outermost: Vec<PathBuf>,
    all: BTreeSet<PathBuf>,
}

impl Selection {
    /// A run about what lies at and below these paths.
    pub(crate) fn of(paths: Vec<PathBuf>) -> Selection {
        let all: BTreeSet<PathBuf> = paths.iter().cloned().collect();
        let is_outermost = |path: &PathBuf| path.parent().is_none_or(|above| !is_covered(above, &all));
        let mut told = BTreeSet::new();
        let outermost = paths.iter().filter(|path| is_outermost(path) && told.insert(*path)).cloned().collect();
        Selection { outermost, all }
    }

    /// Whether it is about all that its policies cover.
    pub(crate) fn is_all(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether what lies at a path is part of it.
    pub(crate) fn selects(&self, path: &Path) -> bool {
        self.is_all() || is_covered(path, &self.all)
    }

    /// Whether a path lies at, above or below something that is part of it.
    pub(crate) fn touches(&self, path: &Path) -> bool {
        self.selects(path) || self.all.range(path.to_path_buf()..).next().is_some_and(|next| next.starts_with(path))
    }

    /// The paths that no other one says already, each once, in the order they were named.
    pub(crate) fn outermost(&self) -> impl Iterator<Item = &Path> {
        self.outermost.iter().map(PathBuf::as_path)
    }
}

/// Whether a path is one of these, or lies below one. By the path's own length, whatever their number.
pub(crate) fn is_covered(path: &Path, above: &BTreeSet<PathBuf>) -> bool {
    path.ancestors().any(|path| above.contains(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_path_says_already_is_left_out() {
        let selection = |paths: &[&str]| Selection::of(paths.iter().map(PathBuf::from).collect());
        for (paths, outermost) in [
            (&[][..], &[][..]),
            (&["/srv/b", "/srv/b/c", "/srv/b"], &["/srv/b"]),
            (&["/srv/b/c", "/srv/bc", "/srv/b"], &["/srv/bc", "/srv/b"]),
            (&["/a", "/"], &["/"]),
        ] {
            let expected: Vec<&Path> = outermost.iter().map(Path::new).collect();
            assert_eq!(selection(paths).outermost().collect::<Vec<_>>(), expected, "{paths:?}");
        }
        let some = selection(&["/srv/b"]);
        assert!(some.selects(Path::new("/srv/b/x")) && some.selects(Path::new("/srv/b")));
        assert!(some.touches(Path::new("/srv/b/x")) && some.touches(Path::new("/srv")) && some.touches(Path::new("/")));
        assert!(!some.touches(Path::new("/srv/a")) && !some.touches(Path::new("/srv/bc")));
        assert!(selection(&[]).touches(Path::new("/anything")));
        assert!(!some.selects(Path::new("/srv/bc")) && !some.selects(Path::new("/srv")));
        assert!(selection(&[]).selects(Path::new("/anything")));
    }
}
