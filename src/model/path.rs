//! Paths from a tree's root, and their order.

mod directory;

pub(crate) use directory::{Directory, SharedDirectory};

use directory::Way;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// No call takes a path of so many bytes, on Linux (path_resolution(7)); what lies deeper is reached step by step.
pub(crate) const PATH_MAX: usize = 4096;

/// The path of an entry from its tree's root; `.` is the root itself.
///
/// Entries of one directory share its path, so that each costs its name alone: there may be ten million findings. And
/// directories share theirs with those above: somebody may have made a chain of many thousands.
#[derive(Clone)]
pub struct TreePath {
    /// What stands before the last slash; the root where there is none.
    directory: Directory,
    name: Name,
}

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
    /// The path of an entry of this name in a directory.
    pub fn within(directory: Directory, name: &[u8]) -> TreePath {
        TreePath { directory, name: Name::new(name) }
    }

    /// The directory that it lies in; the root for itself and for what lies in it.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The last component.
    pub fn name(&self) -> &[u8] {
        self.name.bytes()
    }

    /// Whether it is the root's.
    pub fn is_root(&self) -> bool {
        self.directory.is_root() && self.name() == b"."
    }

    /// The whole of it, put together where it has more than one component.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self.directory.is_root() {
            true => self.name().into(),
            false => [&self.directory.bytes(), &b"/"[..], self.name()].concat().into(),
        }
    }

    /// How many bytes the whole of it has.
    pub fn length(&self) -> usize {
        match self.directory.is_root() {
            true => self.name().len(),
            false => self.directory.length() + 1 + self.name().len(),
        }
    }

    /// Whether no call could be given it, not even in its root.
    pub fn is_unnameable(&self) -> bool {
        self.length() >= PATH_MAX
    }

    /// The directory that it leads to, if it leads to one.
    pub fn as_directory(&self) -> Directory {
        if self.is_root() { Directory::default() } else { self.directory.child(self.name()) }
    }

    /// Whether the other lies right in the directory that this one leads to.
    pub fn holds(&self, other: &TreePath) -> bool {
        match (self.is_root(), other.is_root()) {
            (_, true) => false,
            (true, _) => other.directory.is_root(),
            _ => other.directory.is_child(&self.directory, self.name()),
        }
    }

    /// Whether both lie in one directory.
    pub fn is_neighbour(&self, other: &TreePath) -> bool {
        self.directory == other.directory
    }
}

impl From<&[u8]> for TreePath {
    fn from(path: &[u8]) -> TreePath {
        Neighbours::default().path(path)
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
        self.directory.hash(state);
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
            (true, _) => return Ordering::Less,
            (_, true) => return Ordering::Greater,
            _ => {}
        }
        match (self.directory.whole(), other.directory.whole()) {
            // A path that begins with a slash has an empty name first, which has no place in a tree.
            (Some([] | [b'/', ..]), Some([] | [b'/', ..])) => path_order(&self.bytes(), &other.bytes()),
            (Some(a), Some(b)) => compare((a, self.name()), (b, other.name())),
            _ => {
                let (a, b) = self.directory.parting(&other.directory);
                compare(segment(a, self.name()), segment(b, other.name()))
            }
        }
    }
}

/// The names of a segment, if there is one, and the name that follows: the first of the next segment, or an entry's own.
fn segment<'a>([names, next]: Way<'a>, own: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let first = |next: &'a [u8]| next.split(|&byte| byte == b'/').next().unwrap_or(next);
    (names.unwrap_or_default(), next.map_or(own, first))
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
pub(crate) struct Neighbours {
    last: Directory,
}

impl Neighbours {
    /// A path of these bytes.
    pub(crate) fn path(&mut self, path: &[u8]) -> TreePath {
        let Some(slash) = path.iter().rposition(|&byte| byte == b'/') else {
            return TreePath::within(Directory::default(), path);
        };
        let own = &path[..slash];
        if self.last.is_root() || *self.last.bytes() != *own {
            self.last = Directory::near(own, &self.last);
        }
        TreePath::within(self.last.clone(), &path[slash + 1..])
    }

    /// The path that goes on with these bytes from a directory.
    pub(crate) fn below(&mut self, directory: &Directory, path: &[u8]) -> TreePath {
        let (own, name) = match path.iter().rposition(|&byte| byte == b'/') {
            None => (directory.clone(), path),
            Some(slash) => (directory.join(&path[..slash]), &path[slash + 1..]),
        };
        if self.last != own {
            self.last = own;
        }
        TreePath::within(self.last.clone(), name)
    }
}

/// Compares paths component by component, names as bytes: a directory comes before what it contains, and all that it
/// contains before its next sibling.
pub(crate) fn path_order(a: &[u8], b: &[u8]) -> Ordering {
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

/// What of a path lies below a directory, both spelled plainly; empty for the directory itself. All lies below `.` and an
/// empty path.
pub(crate) fn below<'p>(directory: &[u8], path: &'p [u8]) -> Option<&'p [u8]> {
    match directory {
        b"" | b"." => return Some(path),
        b"/" => return path.strip_prefix(b"/"),
        _ => {}
    }
    match path.strip_prefix(directory)? {
        [] => Some(b""),
        [b'/', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Whether a path is `.`, or names one after the other: none of them empty, `.` or `..`.
pub(crate) fn is_plain(path: &[u8]) -> bool {
    path == b"." || path.split(|&byte| byte == b'/').all(is_name)
}

/// Whether an entry can be called so in its directory.
pub(crate) fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/')
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
        // Two of these take a piece of their own each.
        let longest = prop::sample::select(b"ab".to_vec()).prop_map(|byte| vec![byte; 200]);
        let name = prop_oneof![9 => name, 1 => long, 1 => longest];
        prop::collection::vec(name, 1..7).prop_map(|names| names.join(&b'/'))
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
            prop_assert_eq!((&*one.bytes(), one.length()), (a.as_slice(), a.len()));
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
        let shared = |one: &TreePath, other: &TreePath| match (one.directory.whole(), other.directory.whole()) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            _ => false,
        };
        assert!(shared(&a, &b) && !shared(&a, &c));
        assert_eq!((&*a.directory().bytes(), a.name()), (&b"d/e"[..], &b"a"[..]));
        assert_eq!((top.directory().is_root(), top.name(), top.is_root()), (true, &b"top"[..], false));
        assert!(TreePath::from(&b"."[..]).is_root());
        assert_eq!(size_of::<TreePath>(), 32);
    }
}
