//! Directories as paths have them: what many of them begin with is in memory once.

use super::{PATH_MAX, TreePath};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem::take;
use std::sync::{Arc, OnceLock};

/// A directory's path has so many bytes in one piece; what lies deeper shares that piece with all that lies there.
///
/// Nearly every path is shorter, and is compared as one piece. A chain of directories, however deep, takes little more
/// than the sum of its names: somebody may have made one to fill the memory.
const SEGMENT: usize = 256;

/// So many segments count in a hash: all of a path that a call could be given.
const HASHED: usize = PATH_MAX / SEGMENT;

/// The path of a directory from its tree's root.
///
/// ```text
///     a/b/c ◀── above ── d/e ◀── above ── f/g     is a/b/c/d/e/f/g
/// ```
///
/// The segments follow from the path alone: as many whole names as fit, from the root on.
#[derive(Clone, Default)]
pub struct Directory(Option<Arc<Segment>>);

/// Some of the names on the way to a directory, the last ones.
struct Segment {
    above: Directory,
    /// Whole names with slashes between.
    names: Box<[u8]>,
    /// The bytes of the whole path.
    length: usize,
    /// How many segments stand above it.
    depth: u32,
    /// How many names the whole path has.
    count: u32,
}

/// From where the ways to two directories part: the names of the next segment, where there is one, and of that below it.
pub(crate) type Way<'a> = [Option<&'a [u8]>; 2];

/// A directory on the way up from another, and the two segments below it on that way.
struct Climb<'a> {
    at: &'a Directory,
    below: Way<'a>,
}

impl<'a> Climb<'a> {
    /// What has so many segments.
    fn new(from: &'a Directory, level: u32) -> Climb<'a> {
        let mut climb = Climb { at: from, below: [None, None] };
        while let Some(last) = climb.at.last().filter(|last| last.depth >= level) {
            climb = climb.up(last);
        }
        climb
    }

    /// One segment up, which is its last.
    fn up(self, last: &'a Segment) -> Climb<'a> {
        Climb { at: &last.above, below: [Some(&last.names), self.below[0]] }
    }
}

/// The path of one directory, in memory once something that lies in it needs it, and for all of that.
#[derive(Clone, Default, Debug)]
pub(crate) struct SharedDirectory(OnceLock<Directory>);

impl SharedDirectory {
    /// The path, where it was needed before.
    pub(crate) fn get(&self) -> Option<&Directory> {
        self.0.get()
    }

    /// The path, which is made where it wasn't needed before.
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> Directory) -> &Directory {
        self.0.get_or_init(make)
    }
}

impl Directory {
    /// A directory of this name in it.
    pub fn child(&self, name: &[u8]) -> Directory {
        match self.last() {
            Some(last) if last.names.len() + 1 + name.len() <= SEGMENT => {
                Directory::segment(last.above.clone(), [&last.names, &b"/"[..], name].concat())
            }
            _ => Directory::segment(self.clone(), name.to_vec()),
        }
    }

    /// The directory of this path, which shares with another what both begin with.
    pub fn near(path: &[u8], other: &Directory) -> Directory {
        let known = other.segments();
        let mut known = known.iter();
        let mut made = Directory::default();
        for names in pieces(path) {
            // Once they part, nothing is shared any more: the other's segments have other ones above.
            let shared = known.next().filter(|other| *other.names == *names && other.above == made);
            made = match shared {
                Some(shared) => Directory(Some((*shared).clone())),
                None => Directory::segment(made, names.to_vec()),
            };
        }
        made
    }

    /// The directory of a path that goes on from this one.
    pub fn join(&self, path: &[u8]) -> Directory {
        path.split(|&byte| byte == b'/').fold(self.clone(), |directory, name| directory.child(name))
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it is this one, or lies below it.
    pub fn is_within(&self, above: &Directory) -> bool {
        let Some(end) = above.last() else { return true };
        let mut own = self;
        while let Some(last) = own.last() {
            if last.depth == end.depth {
                let rest = last.names.strip_prefix(&*end.names);
                return rest.is_some_and(|rest| matches!(rest, [] | [b'/', ..])) && last.above == end.above;
            }
            own = &last.above;
        }
        false
    }

    /// Whether it is this one, or one that its [parts](Directory::parts) are counted from, theirs, and so on.
    pub fn is_counted_from(&self, above: &Directory) -> bool {
        let depth = |directory: &Directory| directory.last().map_or(0, |last| last.depth + 1);
        let mut own = self;
        while let Some(last) = own.last().filter(|_| depth(own) > depth(above)) {
            own = &last.above;
        }
        own == above
    }

    /// Its path; empty for the root.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self.whole() {
            Some(path) => path.into(),
            None => self.segments().iter().map(|segment| &*segment.names).collect::<Vec<_>>().join(&b'/').into(),
        }
    }

    /// Its path as that of an entry.
    pub fn as_path(&self) -> TreePath {
        let Some(last) = self.last() else { return TreePath::from(&b"."[..]) };
        match last.names.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => {
                let directory = Directory::segment(last.above.clone(), last.names[..slash].to_vec());
                TreePath::within(directory, &last.names[slash + 1..])
            }
            None => TreePath::within(last.above.clone(), &last.names),
        }
    }

    /// How many bytes its path has.
    pub fn length(&self) -> usize {
        self.last().map_or(0, |last| last.length)
    }

    /// How many names its path has.
    pub fn count(&self) -> usize {
        self.last().map_or(0, |last| last.count as usize)
    }

    /// The last segment's names, and the directory that they are counted from.
    pub fn parts(&self) -> Option<(&Directory, &[u8])> {
        self.last().map(|last| (&last.above, &*last.names))
    }

    /// The first segment's names: what the path begins with.
    pub fn head(&self) -> &[u8] {
        let mut own = self;
        while let Some((above, names)) = own.parts() {
            if above.is_root() {
                return names;
            }
            own = above;
        }
        b""
    }

    /// Whether it is the directory `name` of another.
    pub(crate) fn is_child(&self, parent: &Directory, name: &[u8]) -> bool {
        let Some(last) = self.last() else { return false };
        match last.names.iter().rposition(|&byte| byte == b'/') {
            _ if parent.is_root() => last.above.is_root() && *last.names == *name,
            None => *last.names == *name && last.above == *parent,
            Some(slash) => {
                let (above, own) = (&last.names[..slash], &last.names[slash + 1..]);
                own == name && parent.last().is_some_and(|end| *end.names == *above && end.above == last.above)
            }
        }
    }

    /// Its path, where that is in one piece.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        match self.last() {
            None => Some(b""),
            Some(last) => last.above.is_root().then_some(&last.names),
        }
    }

    /// Where the ways to two directories part: the first segments in which they differ, each with the one below it.
    pub(crate) fn parting<'a>(&'a self, other: &'a Directory) -> (Way<'a>, Way<'a>) {
        let depth = |directory: &Directory| directory.last().map_or(0, |last| last.depth + 1);
        let level = depth(self).min(depth(other));
        let (mut a, mut b) = (Climb::new(self, level), Climb::new(other, level));
        let mut parted = (a.below, b.below);
        while let (Some(x), Some(y)) = (a.at.last(), b.at.last())
            && !Arc::ptr_eq(x, y)
        {
            let is_alike = x.names == y.names;
            (a, b) = (a.up(x), b.up(y));
            if !is_alike {
                parted = (a.below, b.below);
            }
        }
        parted
    }

    fn last(&self) -> Option<&Arc<Segment>> {
        self.0.as_ref()
    }

    fn segment(above: Directory, names: Vec<u8>) -> Directory {
        let (mut length, mut depth, mut count) = (names.len(), 0, 1);
        if let Some(last) = above.last() {
            (length, depth, count) = (last.length + 1 + length, last.depth + 1, last.count.saturating_add(1));
        }
        let slashes = names.iter().filter(|&&byte| byte == b'/').count();
        count = count.saturating_add(u32::try_from(slashes).unwrap_or(u32::MAX));
        Directory(Some(Arc::new(Segment { above, names: names.into(), length, depth, count })))
    }

    fn segments(&self) -> Vec<&Arc<Segment>> {
        let mut segments = Vec::new();
        let mut own = self;
        while let Some(last) = own.last() {
            segments.push(last);
            own = &last.above;
        }
        segments.reverse();
        segments
    }
}

/// Cuts a path into segments.
fn pieces(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let path = rest?;
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut end = None;
        for slash in slashes.chain([path.len()]) {
            if end.is_some() && slash > SEGMENT {
                break;
            }
            end = Some(slash);
        }
        let end = end.unwrap_or(path.len());
        rest = path.get(end + 1..);
        Some(&path[..end])
    })
}

impl From<&[u8]> for Directory {
    fn from(path: &[u8]) -> Directory {
        Directory::near(path, &Directory::default())
    }
}

impl PartialEq for Directory {
    fn eq(&self, other: &Directory) -> bool {
        let (mut a, mut b) = (self, other);
        while let (Some(x), Some(y)) = (a.last(), b.last()) {
            if Arc::ptr_eq(x, y) {
                return true;
            }
            if x.length != y.length || x.names != y.names {
                return false;
            }
            (a, b) = (&x.above, &y.above);
        }
        a.is_root() && b.is_root()
    }
}

impl Eq for Directory {}

impl Hash for Directory {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The last names are enough to tell directories apart; whole paths could be long.
        let mut own = self;
        for _ in 0..HASHED {
            let Some((above, names)) = own.parts() else { break };
            names.hash(state);
            own = above;
        }
        self.length().hash(state);
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

impl Drop for Segment {
    /// Lets go of what stands above one after another: a hundred thousand nested drops would overflow the stack.
    fn drop(&mut self) {
        let mut above = take(&mut self.above);
        while let Some(mut segment) = above.0.take().and_then(Arc::into_inner) {
            above = take(&mut segment.above);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::path_order;
    use super::*;
    use proptest::prelude::*;

    /// Names so long that two or three fill a segment, and short ones.
    fn names() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let long = (prop::sample::select(b"ab".to_vec()), 80usize..=255).prop_map(|(byte, length)| vec![byte; length]);
        let short = prop::collection::vec(prop::sample::select(b"ab!\xff".to_vec()), 1..3);
        prop::collection::vec(prop_oneof![long, short], 1..9)
    }

    proptest! {
        #[test]
        fn a_directory_is_its_names_however_it_was_made(a in names(), b in names(), cut in 0usize..9) {
            let whole = |names: &[Vec<u8>]| names.join(&b'/');
            let by_steps = |names: &[Vec<u8>]| {
                names.iter().fold(Directory::default(), |directory, name| directory.child(name))
            };
            let (one, path) = (by_steps(&a), whole(&a));
            prop_assert_eq!(&*one.bytes(), &path);
            prop_assert_eq!((one.length(), one.count()), (path.len(), a.len()));
            prop_assert!(one == Directory::from(path.as_slice()));
            let cut = cut.min(a.len() - 1);
            let other = by_steps(&[&a[..cut], &b[..]].concat());
            prop_assert!(one == Directory::near(&path, &other));
            prop_assert_eq!(one == other, a[cut..] == b[..]);
            prop_assert!(one == by_steps(&a[..cut]).join(&whole(&a[cut..])));
            prop_assert!(one.is_within(&by_steps(&a[..cut])));
            let lies_within = a.starts_with(&[&a[..cut], &b[..]].concat());
            prop_assert_eq!(one.is_within(&other), lies_within);
            for (x, y) in [(&b"ab"[..], &b"a!"[..]), (&a[cut], &b[0]), (&b[0], &a[cut])] {
                let (x, y) = (TreePath::within(one.clone(), x), TreePath::within(other.clone(), y));
                prop_assert_eq!(x.cmp(&y), path_order(&x.bytes(), &y.bytes()));
            }
            let as_path = one.as_path();
            prop_assert_eq!(&*as_path.bytes(), &path);
            prop_assert!(as_path.as_directory() == one);
            let (last, parent) = a.split_last().unwrap();
            prop_assert!(one.is_child(&by_steps(parent), last));
            prop_assert_eq!(one.is_child(&other, last), by_steps(parent) == other);
        }

        #[test]
        fn any_bytes_come_back(path in prop::collection::vec(prop::sample::select(b"a/\0\xff".to_vec()), 0..600)) {
            let directory = Directory::from(path.as_slice());
            prop_assert_eq!(&*directory.bytes(), &path);
        }
    }

    #[test]
    fn a_chain_costs_the_sum_of_its_names() {
        let name = [b'n'; 255];
        let mut chain = vec![Directory::default()];
        for depth in 0..3000 {
            chain.push(chain[depth].child(&name));
        }
        let bytes: usize = chain.iter().filter_map(|one| one.parts()).map(|(_, names)| names.len()).sum();
        assert_eq!(bytes, 3000 * 255);
        let read = Directory::near(&chain[3000].bytes(), &chain[2999]);
        assert!(Arc::ptr_eq(read.segments()[2998], chain[2999].last().unwrap()));
    }

    #[test]
    fn a_deep_chain_is_let_go_of_without_a_deep_stack() {
        let chain = (0..300_000).fold(Directory::default(), |directory, _| directory.child(&[b'n'; 200]));
        assert_eq!(chain.count(), 300_000);
    }
}
