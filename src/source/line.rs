//! Where the tree begins that a path lies in, where no policy says it: at the top of a line of setgid directories.

use crate::judging::exclude::has_excluded_name;
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::sys::SysError;
use crate::sys::root::{ancestors, look_at_path};
use crate::sys::stat::Look;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How a root was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ToldBy {
    /// It is the topmost of the setgid directories that lead down to the path without a gap.
    Line,
    /// It is the directory that the path lies in: that isn't setgid.
    Parent,
}

/// The root of the tree that an absolute path without links lies in: the topmost setgid directory of an unbroken line of
/// them that ends at the path or right above it, else the directory that it lies in.
///
/// What lies in a directory that is left out by default lies in no tree that begins there.
pub(crate) fn root_above(path: &Path) -> Result<(PathBuf, ToldBy), SysError> {
    let is_left_out = |above: &&Path| above.file_name().is_some_and(|name| has_excluded_name(name.as_bytes()));
    let path = path.ancestors().filter(is_left_out).last().unwrap_or(path);
    let is_setgid = |look: &Look| look.entry.kind == Kind::Dir && look.entry.state.mode.has(Mode::SETGID);
    let above = ancestors(path)?;
    let line = above.iter().rev().take_while(|(_, look)| is_setgid(look)).last();
    if let Some((top, _)) = line {
        return Ok((top.clone(), ToldBy::Line));
    }
    if is_setgid(&look_at_path(path)?) {
        return Ok((path.to_path_buf(), ToldBy::Line));
    }
    Ok((path.parent().unwrap_or(path).to_path_buf(), ToldBy::Parent))
}

/// The nearest setgid directory above one that is taken for a root: above a gap in the line.
pub(crate) fn beyond_gap(root: &Path) -> Result<Option<PathBuf>, SysError> {
    let is_setgid = |look: &Look| look.entry.kind == Kind::Dir && look.entry.state.mode.has(Mode::SETGID);
    Ok(ancestors(root)?.into_iter().rev().find(|(_, look)| is_setgid(look)).map(|(path, _)| path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{DirBuilder, Permissions, set_permissions};
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

    #[test]
    fn the_root_is_the_top_of_an_unbroken_line() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let make = |path| DirBuilder::new().recursive(true).mode(0o755).create(top.join(path)).unwrap();
        ["share/a/b/c", "share/.ssh/old/.gnupg/keys"].into_iter().for_each(make);
        let set = |path: &str, mode| set_permissions(top.join(path), Permissions::from_mode(mode)).unwrap();
        let root = |path: &str| {
            let (root, by) = root_above(&top.join(path)).unwrap();
            (root.strip_prefix(&top).unwrap().to_str().unwrap().to_owned(), by)
        };
        assert_eq!(root("share/a/b"), ("share/a".into(), ToldBy::Parent));
        for path in ["share", "share/a", "share/a/b/c"] {
            set(path, 0o2775);
        }
        for (path, expected) in [
            ("share", ("share", ToldBy::Line)),
            ("share/a", ("share", ToldBy::Line)),
            ("share/a/b", ("share", ToldBy::Line)),
            // The line is broken at `b`, and begins anew at `c`.
            ("share/a/b/c", ("share/a/b/c", ToldBy::Line)),
            // What is left out by default begins no tree.
            ("share/.ssh", ("share", ToldBy::Line)),
            ("share/.ssh/old/.gnupg/keys", ("share", ToldBy::Line)),
        ] {
            assert_eq!(root(path), (expected.0.into(), expected.1), "{path}");
        }
        let beyond = |path: &str| beyond_gap(&top.join(path)).unwrap();
        assert_eq!(beyond("share/a/b/c"), Some(top.join("share/a")));
        assert_eq!(beyond("share"), None);
    }
}
