//! Paths from a tree's root, and their order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

/// The path of an entry from its tree's root; `.` is the root itself.
///
/// Entries of one directory can share its path, so that each costs its name alone: there may be ten million findings.
#[derive(Clone)]
pub struct TreePath {
    /// What stands before the last slash; `None` where there is none.
    directory: Option<Arc<[u8]>>,
    name: Name,
}

/// The path of one directory, in memory once something that lies in it needs it, and for all of that.
#[derive(Clone, Default, Debug)]
pub struct SharedDirectory(OnceLock<Arc<[u8]>>);

/// The longest name that needs no memory of its own: with its length it fits where a longer one has its pointer.
const SHORT: usize = 22;

/// The last component of a path.
#[derive(Clone)]
enum Name {
    Short(u8, [u8; SHORT]),
    Long(Box<[u8]>),
}

impl Name {
    fn new(name: &[u8]) -> Name {
        let mut short = [0; SHORT];
        match short.get_mut(..name.len()) {
            Some(start) => {
                start.copy_from_slice(name);
                Name::Short(name.len() as u8, short)
            }
            None => Name::Long(name.into()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Name::Short(length, bytes) => &bytes[..usize::from(*length)],
            Name::Long(bytes) => bytes,
        }
    }
}

impl TreePath {
    /// The path of an entry that lies in this directory.
    pub fn within(directory: &SharedDirectory, path: &[u8]) -> TreePath {
        TreePath::shared(path, |own| {
            let shared = directory.0.get_or_init(|| own.into());
            if **shared == *own { shared.clone() } else { own.into() }
        })
    }

    /// A path of these bytes, with its directory's as `share` gives it.
    fn shared(path: &[u8], share: impl FnOnce(&[u8]) -> Arc<[u8]>) -> TreePath {
        match path.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => TreePath { directory: Some(share(&path[..slash])), name: Name::new(&path[slash + 1..]) },
            None => TreePath { directory: None, name: Name::new(path) },
        }
    }

    /// The path of the directory that it lies in; empty for the root and for what lies in it.
    pub fn directory(&self) -> &[u8] {
        self.directory.as_deref().map_or(b"", |directory| directory)
    }

    /// The last component.
    pub fn name(&self) -> &[u8] {
        self.name.bytes()
    }

    /// Whether it is the root's.
    pub fn is_root(&self) -> bool {
        self.directory.is_none() && self.name() == b"."
    }

    /// The whole of it, put together where it has more than one component.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match &self.directory {
            None => self.name().into(),
            Some(directory) => [directory, &b"/"[..], self.name()].concat().into(),
        }
    }

    /// Whether the other lies right in the directory that this one leads to.
    pub fn holds(&self, other: &TreePath) -> bool {
        let (directory, name) = (other.directory(), self.name());
        match &self.directory {
            _ if other.is_root() => false,
            None if self.is_root() => directory.is_empty(),
            None => directory == name,
            Some(own) => directory.strip_prefix(&**own).and_then(|rest| rest.strip_prefix(b"/")) == Some(name),
        }
    }

    /// Whether both lie in one directory.
    pub fn is_neighbour(&self, other: &TreePath) -> bool {
        match (&self.directory, &other.directory) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl From<&[u8]> for TreePath {
    fn from(path: &[u8]) -> TreePath {
        TreePath::shared(path, |own| own.into())
    }
}

impl PartialEq for TreePath {
    fn eq(&self, other: &TreePath) -> bool {
        self.name() == other.name() && self.is_neighbour(other)
    }
}

impl Eq for TreePath {}

impl Hash for TreePath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.directory().hash(state);
        self.name().hash(state);
    }
}

impl PartialOrd for TreePath {
    fn partial_cmp(&self, other: &TreePath) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By [`path_order`].
impl Ord for TreePath {
    fn cmp(&self, other: &TreePath) -> Ordering {
        if self.is_neighbour(other) {
            // A directory that is shared need not be looked at, and neighbours nearly always share it.
            return path_order(self.name(), other.name());
        }
        match (self.is_root(), other.is_root()) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => compare((self.directory(), self.name()), (other.directory(), other.name())),
        }
    }
}

/// Compares two paths that lie in different directories.
fn compare((directory_a, name_a): (&[u8], &[u8]), (directory_b, name_b): (&[u8], &[u8])) -> Ordering {
    let same = common_prefix(directory_a, directory_b);
    match (&directory_a[same..], &directory_b[same..]) {
        // One directory lies in the other, or a name only begins like the other's.
        ([], rest) => compare_below(name_a, way_on(directory_a, rest)),
        (rest, []) => compare_below(name_b, way_on(directory_b, rest)).reverse(),
        ([a, ..], [b, ..]) => sort_key(*a).cmp(&sort_key(*b)),
    }
}

/// What follows the path of a directory in that of another that begins with it: the other's way on, if it lies within.
fn way_on<'r>(directory: &[u8], rest: &'r [u8]) -> Option<&'r [u8]> {
    if directory.is_empty() { Some(rest) } else { rest.strip_prefix(b"/") }
}

/// Compares a name in a directory with the way from there to another directory, in which the other entry lies.
fn compare_below(name: &[u8], way: Option<&[u8]>) -> Ordering {
    // An entry of a directory comes before what another has whose name only begins like that directory's.
    let Some(way) = way else { return Ordering::Less };
    let end = way.iter().position(|&byte| byte == b'/').unwrap_or(way.len());
    // A directory comes before its contents.
    name.cmp(&way[..end]).then(Ordering::Less)
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

/// Makes paths, each of which shares its directory with the one before where it lies in the same: for what is read in
/// path order.
#[derive(Default)]
pub struct Neighbours {
    last: Option<Arc<[u8]>>,
}

impl Neighbours {
    /// A path of these bytes.
    pub fn path(&mut self, path: &[u8]) -> TreePath {
        TreePath::shared(path, |own| {
            let directory = self.last.take().filter(|last| **last == *own).unwrap_or_else(|| own.into());
            self.last.insert(directory).clone()
        })
    }
}

/// Compares paths component by component, names as bytes: a directory comes before what it contains, and all that it
/// contains before its next sibling.
pub fn path_order(a: &[u8], b: &[u8]) -> Ordering {
    match (a == b".", b == b".") {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => {
            let same = common_prefix(a, b);
            let next = |path: &[u8]| path.get(same).copied().map(sort_key);
            next(a).cmp(&next(b))
        }
    }
}

/// No name has a NUL, so it can stand for the slash and sort below every byte of one.
fn sort_key(byte: u8) -> u8 {
    if byte == b'/' { 0 } else { byte }
}

/// How many bytes two paths begin with alike; in words at a time, for neighbours differ at their ends.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const WORD: usize = 16;
    let words = a.chunks_exact(WORD).zip(b.chunks_exact(WORD)).take_while(|(a, b)| a == b).count() * WORD;
    words + a[words..].iter().zip(&b[words..]).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paths() -> impl Strategy<Value = Vec<u8>> {
        // Few letters, so that names begin alike, and bytes on both sides of the slash.
        let name = prop::collection::vec(prop::sample::select(b"ab!~\xff".to_vec()), 1..4);
        let long = prop::collection::vec(prop::sample::select(b"ab".to_vec()), 20..26);
        prop::collection::vec(prop_oneof![9 => name, 1 => long], 1..5).prop_map(|names| names.join(&b'/'))
    }

    proptest! {
        #[test]
        fn paths_are_in_the_order_of_their_components(a in paths(), b in paths()) {
            let split = |path: &[u8]| path.split(|&byte| byte == b'/').map(<[u8]>::to_vec).collect::<Vec<_>>();
            prop_assert_eq!(path_order(&a, &b), split(&a).cmp(&split(&b)));
            prop_assert_eq!(path_order(b".", &a), Ordering::Less);
        }

        #[test]
        fn a_path_in_two_parts_is_ordered_and_read_as_the_whole(a in paths(), b in paths()) {
            let mut neighbours = Neighbours::default();
            let (one, other) = (neighbours.path(&a), neighbours.path(&b));
            prop_assert_eq!(&*one.bytes(), &a);
            prop_assert_eq!(one.cmp(&other), path_order(&a, &b));
            prop_assert_eq!(one == other, a == b);
            prop_assert_eq!(&one, &TreePath::from(a.as_slice()));
            let parent = a.iter().rposition(|&byte| byte == b'/').map_or(&b"."[..], |slash| &a[..slash]);
            prop_assert_eq!(other.holds(&one), parent == b);
            prop_assert!(TreePath::from(parent).holds(&one));
            let root = TreePath::from(&b"."[..]);
            prop_assert!(!root.holds(&root) && !one.holds(&root));
            prop_assert_eq!((root.cmp(&one), one.cmp(&root)), (Ordering::Less, Ordering::Greater));
        }
    }

    #[test]
    fn entries_of_one_directory_share_its_path() {
        let mut neighbours = Neighbours::default();
        let [a, b, top, c] = ["d/e/a", "d/e/b", "top", "d/a"].map(|path| neighbours.path(path.as_bytes()));
        let directory = SharedDirectory::default();
        let [x, y, other] = ["d/x", "d/y", "e/x"].map(|path| TreePath::within(&directory, path.as_bytes()));
        let shared = |one: &TreePath, other: &TreePath| match (&one.directory, &other.directory) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        assert!(shared(&a, &b) && !shared(&a, &c));
        assert!(shared(&x, &y) && !shared(&x, &other));
        assert_eq!(&*other.bytes(), b"e/x", "whatever it was told to lie in");
        assert_eq!((a.directory(), a.name()), (&b"d/e"[..], &b"a"[..]));
        assert_eq!((top.directory(), top.name(), top.is_root()), (&b""[..], &b"top"[..], false));
        assert!(TreePath::from(&b"."[..]).is_root());
        assert_eq!(size_of::<TreePath>(), 40);
    }
}
