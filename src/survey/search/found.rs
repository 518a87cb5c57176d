//! What a search hands on: each entry held as it was found, whatever becomes of its name.

use crate::model::path::{Directory, TreePath};
use crate::survey::absolute::AbsolutePath;
use crate::sys::stat::Look;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A directory of a search: one above the root, the root, or one below it.
///
/// All that lies in it shares what it is and what came of it: a chain of directories costs the sum of its names.
pub(crate) struct Branch<K> {
    /// The directory it lies in; `None` for `/`.
    parent: Option<Arc<Branch<K>>>,
    /// Its path.
    pub path: AbsolutePath,
    /// The root that paths below it are counted from, and what they begin with.
    inside: (Arc<Path>, Directory),
    /// Its path, or that of the last above it which a call could be given.
    near: Arc<Path>,
    /// What was seen of it.
    pub look: Look,
    /// What whoever asks learnt of it, for all that lies in it.
    pub known: OnceLock<K>,
}

impl<K> Branch<K> {
    /// A directory above the root, or the root.
    pub(super) fn top(parent: Option<Arc<Branch<K>>>, path: &Path, look: Look) -> Arc<Branch<K>> {
        let near: Arc<Path> = path.into();
        let (path, inside) = (AbsolutePath::from(path), (Arc::clone(&near), Directory::default()));
        Arc::new(Branch { parent, path, inside, near, look, known: OnceLock::new() })
    }

    /// The directory of this name in it, which has this [near](Branch::near) path.
    pub(super) fn child(self: &Arc<Self>, name: &[u8], near: Arc<Path>, look: Look) -> Arc<Branch<K>> {
        let (root, inside) = &self.inside;
        let (path, inside) = (self.path_of(name), (Arc::clone(root), inside.child(name)));
        Arc::new(Branch { parent: Some(Arc::clone(self)), path, inside, near, look, known: OnceLock::new() })
    }

    /// The directory it lies in; `None` for `/`.
    pub(crate) fn parent(&self) -> Option<&Arc<Branch<K>>> {
        self.parent.as_ref()
    }

    /// The path of an entry of this name in it.
    pub(super) fn path_of(&self, name: &[u8]) -> AbsolutePath {
        let (root, inside) = &self.inside;
        AbsolutePath::below(root, TreePath::within(inside.clone(), name))
    }

    /// The path of an entry of this name in it, or of the last above it which a call could be given: what roots and
    /// PATHs go by, as none of them lies deeper.
    pub(super) fn near(&self, name: &[u8]) -> Arc<Path> {
        match self.path_of(name).is_unnameable() {
            true => Arc::clone(&self.near),
            false => self.near.join(OsStr::from_bytes(name)).into(),
        }
    }
}

impl<K> Drop for Branch<K> {
    // One above the other and not one within the other: a stack isn't as deep as a tree can be.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(mut above) = next.and_then(Arc::into_inner) {
            next = above.parent.take();
        }
    }
}

/// What was found, and what it was looked for by.
pub(crate) struct Found<K> {
    /// It itself where it is a directory, or else the directory that it lies in.
    pub directory: Arc<Branch<K>>,
    /// What it is where it is no directory.
    pub leaf: Option<Leaf>,
    /// It itself.
    pub held: Arc<OwnedFd>,
    /// Which of those that were sought take it, by index; none where it is only passed on the way.
    pub by: Vec<usize>,
}

/// An entry that is no directory.
pub(crate) struct Leaf {
    /// Its path.
    pub path: AbsolutePath,
    near: Arc<Path>,
    /// What was seen of it.
    pub look: Look,
    /// The directory that it lies in.
    pub parent: Arc<OwnedFd>,
}

impl Leaf {
    /// An entry of a directory, which is held.
    pub(super) fn new(path: AbsolutePath, near: Arc<Path>, look: Look, parent: Arc<OwnedFd>) -> Leaf {
        Leaf { path, near, look, parent }
    }
}

impl<K> Found<K> {
    /// Its path.
    pub(crate) fn path(&self) -> &AbsolutePath {
        self.leaf.as_ref().map_or(&self.directory.path, |leaf| &leaf.path)
    }

    /// Its path, or that of the last directory above it which a call could be given.
    pub(crate) fn near(&self) -> &Path {
        self.leaf.as_ref().map_or(&self.directory.near, |leaf| &leaf.near)
    }

    /// What was seen of it.
    pub(crate) fn look(&self) -> &Look {
        self.leaf.as_ref().map_or(&self.directory.look, |leaf| &leaf.look)
    }

    /// The directory that it lies in; `None` for `/`.
    pub(crate) fn parent(&self) -> Option<&Arc<Branch<K>>> {
        match &self.leaf {
            Some(_) => Some(&self.directory),
            None => self.directory.parent(),
        }
    }
}
