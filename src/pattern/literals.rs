//! Patterns that are plain paths, as a tree of names: a directory costs one step in it, and a name one look, however many
//! paths a policy lists.

use super::components::Pattern;
use super::matching::Touch;
use super::{Name, Word};
use std::collections::HashMap;

/// The paths of those matchers that have no other patterns.
#[derive(Debug)]
pub(super) struct Literals {
    /// The root comes first.
    nodes: Vec<Node>,
}

/// A directory on the way to a path, or the end of one.
#[derive(Default, Debug)]
struct Node {
    children: HashMap<Box<[u8]>, u32>,
    /// The matchers that name it, upwards.
    ends: Vec<End>,
    /// Whether a child is an end for files and the like, and for directories.
    names_files: bool,
    names_directories: bool,
    /// Whether a rule's path goes on below it; what is excluded leads nowhere.
    leads_on: bool,
}

#[derive(Clone, Copy, Debug)]
struct End {
    matcher: u32,
    directories: bool,
}

/// The names of a pattern, if it is a path from the root and nothing else.
pub(super) fn names(pattern: &Pattern) -> Option<Vec<&[u8]>> {
    let is_plain = !pattern.negated && !pattern.components.is_empty();
    let names = pattern.components.iter().map(|component| match component.anywhere {
        true => None,
        false => component.name.literal(),
    });
    if is_plain { names.collect() } else { None }
}

impl Literals {
    pub(super) fn new() -> Literals {
        Literals { nodes: vec![Node::default()] }
    }

    /// Puts in a path of a matcher; matchers come in order.
    pub(super) fn insert(&mut self, matcher: usize, names: &[&[u8]], directories: bool) {
        let mut at = 0;
        for (depth, &name) in names.iter().enumerate() {
            let next = self.nodes.len() as u32;
            let node = &mut self.nodes[at];
            node.leads_on |= matcher > 0;
            if depth + 1 == names.len() {
                node.names_files |= !directories;
                node.names_directories = true;
            }
            let child = *node.children.entry(name.into()).or_insert(next);
            if child == next {
                self.nodes.push(Node::default());
            }
            at = child as usize;
        }
        let ends = &mut self.nodes[at].ends;
        match ends.last_mut().filter(|end| end.matcher == matcher as u32) {
            Some(end) => end.directories &= directories,
            None => ends.push(End { matcher: matcher as u32, directories }),
        }
    }

    /// Where the root stands, if a path goes on from there.
    pub(super) fn start(&self) -> Option<u32> {
        self.stand(0)
    }

    /// Where the directory `name` stands in one that stands at `at`, if a path goes on from there.
    pub(super) fn descend(&self, at: Option<u32>, name: &[u8]) -> Option<u32> {
        self.child(at, name).and_then(|child| self.stand(child))
    }

    /// Whether a path ends at some name here.
    pub(super) fn is_open(&self, at: Option<u32>, is_directory: bool) -> bool {
        self.node(at).is_some_and(|node| if is_directory { node.names_directories } else { node.names_files })
    }

    /// Whether a path ends at this name, or one that would if it were a directory.
    pub(super) fn may_touch(&self, at: Option<u32>, name: &[u8]) -> bool {
        self.child(at, name).is_some_and(|child| !self.nodes[child as usize].ends.is_empty())
    }

    /// Whether a rule's path goes on from here.
    pub(super) fn leads_on(&self, at: Option<u32>) -> bool {
        self.node(at).is_some_and(|node| node.leads_on)
    }

    /// Finds the matchers that have a path which ends at this name, upwards.
    pub(super) fn touch(&self, at: Option<u32>, name: Name<'_>, touches: &mut Vec<Touch>) {
        let Some(child) = self.child(at, name.name) else { return };
        let ends = self.nodes[child as usize].ends.iter().filter(|end| name.is_directory || !end.directories);
        touches.extend(ends.map(|end| Touch { matcher: end.matcher as usize, word: Word::On }));
    }

    fn node(&self, at: Option<u32>) -> Option<&Node> {
        at.map(|at| &self.nodes[at as usize])
    }

    fn child(&self, at: Option<u32>, name: &[u8]) -> Option<u32> {
        self.node(at)?.children.get(name).copied()
    }

    fn stand(&self, at: u32) -> Option<u32> {
        (!self.nodes[at as usize].children.is_empty()).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_from_the_root_are_taken() {
        for (line, expected) in [
            ("/a", Some(vec!["a"])),
            ("/a/b/", Some(vec!["a", "b"])),
            ("a/b", Some(vec!["a", "b"])),
            ("/a\\*b", Some(vec!["a*b"])),
            ("a", None),
            ("!/a", None),
            ("/a/*", None),
            ("/**/a", None),
            ("/a/**", None),
            ("/[a]", None),
        ] {
            let pattern = Pattern::parse(line);
            let found = names(&pattern).map(|names| names.into_iter().map(String::from_utf8_lossy).collect::<Vec<_>>());
            assert_eq!(
                found.as_deref(),
                expected.map(|names| names.into_iter().map(Into::into).collect::<Vec<_>>()).as_deref(),
                "{line}"
            );
        }
    }

    #[test]
    fn leads_only_where_a_path_goes_on() {
        let mut literals = Literals::new();
        literals.insert(0, &[b"a", b"out"], false);
        literals.insert(1, &[b"a", b"b"], true);
        literals.insert(1, &[b"a", b"b"], false);
        literals.insert(2, &[b"a", b"b", b"c"], true);
        let touched = |at, name: &[u8], is_directory| {
            let mut touches = Vec::new();
            literals.touch(at, Name { directory: b"", name, is_directory }, &mut touches);
            touches.into_iter().map(|touch| touch.matcher).collect::<Vec<_>>()
        };
        let root = literals.start();
        let a = literals.descend(root, b"a");
        let b = literals.descend(a, b"b");
        assert_eq!(
            (touched(root, b"a", true), touched(a, b"out", false), touched(a, b"b", false)),
            (vec![], vec![0], vec![1])
        );
        assert_eq!((touched(b, b"c", true), touched(b, b"c", false)), (vec![2], vec![]));
        assert_eq!([root, a, b].map(|at| literals.leads_on(at)), [true; 3]);
        assert_eq!(
            (literals.descend(a, b"out"), literals.descend(b, b"c"), literals.descend(root, b"x")),
            (None, None, None)
        );
        assert!(!literals.is_open(root, true) && literals.is_open(a, false) && literals.is_open(b, true));
        assert!(!literals.is_open(b, false) && literals.may_touch(b, b"c") && !literals.may_touch(root, b"a"));
    }
}
