//! Where places are told from: the top of the repository that a check is started in, if it is started in one, so that what
//! other programs read of two checkouts is alike, and is found in theirs.

use crate::model::entry::Kind;
use crate::model::path::TreePath;
use crate::model::text::escape::{entry_path, escape};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// The top of a repository, and the directory in it that a check is started in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Base {
    places: Option<(PathBuf, PathBuf)>,
}

impl Base {
    /// Places are told from `/`.
    pub(crate) const NOWHERE: Base = Base { places: None };

    /// They are told from `top`; what is written relative begins in `here`, at or below it. Both are without links.
    pub(crate) fn of(top: PathBuf, here: PathBuf) -> Base {
        Base { places: Some((top, here)) }
    }

    /// The directory that places are told from, if it isn't `/`.
    pub(crate) fn top(&self) -> Option<&Path> {
        self.places.as_ref().map(|(top, _)| top.as_path())
    }

    /// The path of a root from there, empty for the base itself; `None` where it lies elsewhere.
    pub(crate) fn below<'p>(&self, root: &'p [u8]) -> Option<&'p [u8]> {
        let rest = root.strip_prefix(self.top()?.as_os_str().as_bytes())?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b"/") }
    }

    /// The place of an entry, for people.
    pub(crate) fn entry(&self, root: &[u8], path: &TreePath, kind: Option<Kind>) -> String {
        let below = self.below(root).unwrap_or(root);
        let text = entry_path(below, path, kind);
        // The base itself.
        if below.is_empty() && ["", "/"].contains(&&*text) { format!(".{text}") } else { text }
    }

    /// The place of a root, for people.
    pub(crate) fn root(&self, root: &[u8]) -> String {
        match self.below(root) {
            Some(b"") => ".".into(),
            below => escape(below.unwrap_or(root)).into_owned(),
        }
    }

    /// The place of a policy's file, as it was named, from there; `None` where it lies elsewhere.
    pub(crate) fn file(&self, named: &str) -> Option<String> {
        let (top, here) = self.places.as_ref()?;
        if named.starts_with("builtin:") {
            return None;
        }
        let mut path = PathBuf::new();
        for component in here.join(named).components() {
            match component {
                // What it is started in has no links, and behind a name nobody writes `..`.
                Component::ParentDir => drop(path.pop()),
                component => path.push(component),
            }
        }
        Some(path.strip_prefix(top).ok()?.to_str()?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_repository_is_told_from_its_top() {
        let base = Base::of("/srv/shop".into(), "/srv/shop/site/a".into());
        for (root, path, dir, file) in [
            ("/srv/shop", ".", "./", "."),
            ("/srv/shop", "a/b", "a/b/", "a/b"),
            ("/srv/shop/site", ".", "site/", "site"),
            ("/srv/shop/site", "a\n", r"site/a\n/", r"site/a\n"),
            ("/srv/shopping", "a", "/srv/shopping/a/", "/srv/shopping/a"),
            ("/srv", "shop/site", "/srv/shop/site/", "/srv/shop/site"),
            ("", "/srv", "/srv/", "/srv"),
        ] {
            let told = |kind| base.entry(root.as_bytes(), &path.as_bytes().into(), kind);
            assert_eq!((told(Some(Kind::Dir)), told(None)), (dir.to_owned(), file.to_owned()), "{root} {path}");
        }
        assert_eq!(base.root(b"/srv/shop"), ".");
        assert_eq!(base.root(b"/srv/shop/site"), "site");
        assert_eq!(base.root(b"/srv/other"), "/srv/other");
        assert_eq!(Base::NOWHERE.entry(b"/srv/shop", &b"a".as_slice().into(), None), "/srv/shop/a");
    }

    #[test]
    fn a_policys_file_is_told_from_there_however_it_was_named() {
        let base = Base::of("/srv/shop".into(), "/srv/shop/site/a".into());
        for (named, told) in [
            ("/srv/shop/sgidlint.toml", Some("sgidlint.toml")),
            ("../../sgidlint.toml", Some("sgidlint.toml")),
            ("./x.toml", Some("site/a/x.toml")),
            ("../../../x.toml", None),
            ("/etc/sgidlint/x.toml", None),
            ("builtin:x", None),
        ] {
            assert_eq!(base.file(named).as_deref(), told, "{named}");
        }
        assert_eq!(Base::NOWHERE.file("x.toml"), None);
    }
}
