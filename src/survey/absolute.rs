//! Absolute paths of entries, however deep they lie: each shares with others what both begin with.

use crate::model::path::TreePath;
use crate::model::text::escape::entry_path;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// An absolute path: that of a root, and the way on from there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AbsolutePath {
    root: Arc<Path>,
    below: TreePath,
}

impl AbsolutePath {
    /// The path that goes on so from a root.
    pub(crate) fn below(root: &Arc<Path>, below: TreePath) -> AbsolutePath {
        AbsolutePath { root: Arc::clone(root), below }
    }

    /// The root that it was counted from.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// How it goes on from that root.
    pub(crate) fn tree_path(&self) -> &TreePath {
        &self.below
    }

    /// Whether the other lies right in the directory that this one leads to, both counted from one root.
    pub(crate) fn holds(&self, other: &AbsolutePath) -> bool {
        self.root == other.root && self.below.holds(&other.below)
    }

    /// Whether no call could be given what it goes on with from its root.
    pub(crate) fn is_unnameable(&self) -> bool {
        self.below.is_unnameable()
    }

    /// It for people: escaped, and abbreviated where no call could be given it.
    pub(crate) fn shown(&self) -> String {
        entry_path(self.root.as_os_str().as_bytes(), &self.below, None)
    }
}

/// A path that is told as a whole.
impl From<&Path> for AbsolutePath {
    fn from(path: &Path) -> AbsolutePath {
        AbsolutePath::below(&path.into(), TreePath::from(&b"."[..]))
    }
}
