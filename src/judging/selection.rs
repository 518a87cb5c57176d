//! The PATHs that a run is about, and what lies at or below them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a run is limited to, by absolute paths without symbolic links.
#[derive(Clone, Default, Debug)]
pub(crate) struct Selection {
    outermost: Vec<PathBuf>,
    all: BTreeSet<PathBuf>,
    /// Directories that it is about without what lies in them.
    alone: BTreeSet<PathBuf>,
    /// Whether it is limited at all.
    is_limited: bool,
}

impl Selection {
    /// A run about what lies at and below these paths; about everything where there is none.
    pub(crate) fn of(paths: Vec<PathBuf>) -> Selection {
        if paths.is_empty() { Selection::default() } else { Selection::only(paths) }
    }

    /// A run about what lies at and below these paths, and nothing else.
    pub(crate) fn only(paths: Vec<PathBuf>) -> Selection {
        let all: BTreeSet<PathBuf> = paths.iter().cloned().collect();
        let is_outermost = |path: &PathBuf| path.parent().is_none_or(|above| !is_covered(above, &all));
        let mut told = BTreeSet::new();
        let outermost = paths.iter().filter(|path| is_outermost(path) && told.insert(*path)).cloned().collect();
        Selection { outermost, all, alone: BTreeSet::new(), is_limited: true }
    }

    /// The same, and these directories themselves, without what lies in them.
    #[must_use]
    pub(crate) fn with_alone(mut self, directories: BTreeSet<PathBuf>) -> Selection {
        self.alone = directories;
        self.alone.retain(|directory| !is_covered(directory, &self.all));
        self
    }

    /// Whether it is about all that its policies cover.
    pub(crate) fn is_all(&self) -> bool {
        !self.is_limited
    }

    /// What of this lies at or below a path: the path itself, or what is named below it.
    pub(crate) fn narrowed(&self, path: &Path) -> Vec<PathBuf> {
        match self.selects(path) {
            true => vec![path.to_path_buf()],
            false => {
                let below = self.all.range(path.to_path_buf()..).take_while(|named| named.starts_with(path));
                below.cloned().collect()
            }
        }
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

    /// The directories that it is about without what lies in them, each once; none lies at or below one of the outermost.
    pub(crate) fn alone(&self) -> impl Iterator<Item = &Path> {
        self.alone.iter().map(PathBuf::as_path)
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
        let nothing = Selection::only(Vec::new());
        assert!(!nothing.is_all() && !nothing.selects(Path::new("/")) && !nothing.touches(Path::new("/")));
        for (path, narrowed) in [("/srv", &["/srv/b"][..]), ("/srv/b/x", &["/srv/b/x"]), ("/srv/c", &[])] {
            assert_eq!(
                some.narrowed(Path::new(path)),
                narrowed.iter().map(PathBuf::from).collect::<Vec<_>>(),
                "{path}"
            );
        }
        assert!(!some.selects(Path::new("/srv/bc")) && !some.selects(Path::new("/srv")));
        assert!(selection(&[]).selects(Path::new("/anything")));
    }
}
