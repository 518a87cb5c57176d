//! Paths that no call could be given, as JSON has them: counted from directories that earlier lines give numbers to.
//!
//! ```text
//!     {"type":"directory","directory":1,"path":{"text":"a/b"}}
//!     {"type":"directory","directory":2,"path":{"below":{"directory":1,"path":{"text":"c/d"}}}}
//!     ... "path":{"below":{"directory":2,"path":{"text":"e/f"}}} ...     is a/b/c/d/e/f
//! ```
//!
//! A chain of directories, each with something to tell of, so takes the sum of its names, and not their square.

use super::{WirePath, read_base64, write_base64};
use crate::model::path::{Directory, Neighbours, TreePath};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

/// An entry's path: as [`WirePath`], or counted from a directory of that number where no call could be given the whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EntryPath<'a> {
    /// UTF-8.
    #[serde(borrow)]
    Text(Cow<'a, str>),
    /// Any bytes.
    #[serde(serialize_with = "write_base64", deserialize_with = "read_base64", borrow)]
    Bytes(Cow<'a, [u8]>),
    /// The rest of a path that begins with a directory's.
    #[serde(borrow)]
    Below(Below<'a>),
}

/// The rest of a path.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Below<'a> {
    /// The number of the directory that it goes on from.
    directory: u64,
    /// The names from there.
    #[serde(borrow)]
    path: WirePath<'a>,
}

/// A line that gives a directory a number, for the lines that follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct DirectoryLine<'a> {
    #[serde(rename = "type", borrow)]
    tag: Cow<'a, str>,
    directory: u64,
    #[serde(borrow)]
    path: EntryPath<'a>,
}

impl EntryPath<'_> {
    /// The names that it adds to what it is counted from, and whether that is a directory.
    pub(crate) fn own(&self) -> (&[u8], bool) {
        match self {
            EntryPath::Text(text) => (text.as_bytes(), false),
            EntryPath::Bytes(bytes) => (bytes, false),
            EntryPath::Below(below) => (below.path.as_bytes(), true),
        }
    }
}

impl DirectoryLine<'_> {
    /// The names that it adds to what it is counted from.
    pub(crate) fn own(&self) -> &[u8] {
        self.path.own().0
    }
}

impl<'a> From<WirePath<'a>> for EntryPath<'a> {
    fn from(path: WirePath<'a>) -> EntryPath<'a> {
        match path {
            WirePath::Text(text) => EntryPath::Text(text),
            WirePath::Bytes(bytes) => EntryPath::Bytes(bytes),
        }
    }
}

/// Numbers directories while paths are written, those on the way to the last one.
#[derive(Default)]
pub(crate) struct Trail {
    line: Vec<(Directory, u64)>,
    last: u64,
}

/// A directory that got a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'a> {
    /// The number.
    pub number: u64,
    /// That of the directory that it lies below; `None` for the root.
    pub above: Option<u64>,
    /// The names from there.
    pub names: &'a [u8],
}

impl Trail {
    /// The path as it is to be written; `write` is given the lines that have to stand before.
    pub(crate) fn path<'a>(
        &mut self,
        path: &'a TreePath,
        mut write: impl FnMut(&DirectoryLine<'_>) -> io::Result<()>,
    ) -> io::Result<EntryPath<'a>> {
        let cut = self.cut(path, |step| {
            let path = WirePath::new(step.names);
            let path = match step.above {
                None => path.into(),
                Some(directory) => EntryPath::Below(Below { directory, path }),
            };
            write(&DirectoryLine { tag: "directory".into(), directory: step.number, path })
        })?;
        Ok(match cut {
            None => WirePath::of(path).into(),
            Some((directory, rest)) => EntryPath::Below(Below { directory, path: WirePath::owned(rest) }),
        })
    }

    /// The number of a directory, and the names from there to the entry, where no call could be given the whole path;
    /// `tell` is told of the numbers that this takes.
    pub(crate) fn cut<E>(
        &mut self,
        path: &TreePath,
        tell: impl FnMut(Step<'_>) -> Result<(), E>,
    ) -> Result<Option<(u64, Vec<u8>)>, E> {
        match path.directory().parts() {
            Some((above, names)) if path.is_unnameable() && !above.is_root() => {
                self.extend_to(above, tell)?;
                Ok(self.end().map(|number| (number, [names, b"/", path.name()].concat())))
            }
            _ => Ok(None),
        }
    }

    /// Forgets the way to the last path, for one from another root; numbers go on.
    pub(crate) fn leave(&mut self) {
        self.line.clear();
    }

    fn extend_to<E>(
        &mut self,
        directory: &Directory,
        mut tell: impl FnMut(Step<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while self.line.last().is_some_and(|(known, _)| !directory.is_counted_from(known)) {
            self.line.pop();
        }
        let mut missing = Vec::new();
        let mut next = directory;
        while let Some((above, names)) = next.parts() {
            if self.line.last().is_some_and(|(known, _)| known == next) {
                break;
            }
            missing.push((next, names));
            next = above;
        }
        for (directory, names) in missing.into_iter().rev() {
            self.last += 1;
            tell(Step { number: self.last, above: self.end(), names })?;
            self.line.push((directory.clone(), self.last));
        }
        Ok(())
    }

    fn end(&self) -> Option<u64> {
        self.line.last().map(|(_, number)| *number)
    }
}

/// The directories that lines gave numbers to, as they are read.
#[derive(Default)]
pub(crate) struct Numbered {
    directories: HashMap<u64, Directory>,
    neighbours: Neighbours,
}

impl Numbered {
    /// Takes a number down; an earlier directory of that number is forgotten.
    pub(crate) fn take(&mut self, line: &DirectoryLine<'_>) -> Result<&Directory, String> {
        let directory = match &line.path {
            EntryPath::Text(text) => Directory::from(text.as_bytes()),
            EntryPath::Bytes(bytes) => Directory::from(&**bytes),
            EntryPath::Below(below) => self.base(below)?.join(below.path.as_bytes()),
        };
        Ok(self.directories.entry(line.directory).insert_entry(directory).into_mut())
    }

    /// The path that a line has; it shares its directory with the one before where it lies in the same.
    pub(crate) fn path(&mut self, path: &EntryPath<'_>) -> Result<TreePath, String> {
        match path {
            EntryPath::Text(text) => Ok(self.neighbours.path(text.as_bytes())),
            EntryPath::Bytes(bytes) => Ok(self.neighbours.path(bytes)),
            EntryPath::Below(below) => {
                let base = self.base(below)?.clone();
                Ok(self.neighbours.below(&base, below.path.as_bytes()))
            }
        }
    }

    fn base(&self, below: &Below<'_>) -> Result<&Directory, String> {
        let number = below.directory;
        self.directories.get(&number).ok_or_else(|| format!("no line before gives a directory the number {number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Writes paths as lines, and reads them back; gives them with the bytes that the lines took.
    fn round(paths: &[TreePath]) -> (Vec<TreePath>, usize) {
        let mut lines: Vec<String> = Vec::new();
        let mut trail = Trail::default();
        for path in paths {
            let mut before = Vec::new();
            let path = trail
                .path(path, |line| {
                    before.push(serde_json::to_string(line).unwrap());
                    Ok(())
                })
                .unwrap();
            lines.append(&mut before);
            lines.push(serde_json::to_string(&path).unwrap());
        }
        let mut numbered = Numbered::default();
        let mut read = Vec::new();
        for line in &lines {
            match serde_json::from_str::<DirectoryLine<'_>>(line) {
                Ok(line) => drop(numbered.take(&line).unwrap().clone()),
                Err(_) => read.push(numbered.path(&serde_json::from_str(line).unwrap()).unwrap()),
            }
        }
        (read, lines.iter().map(String::len).sum())
    }

    fn names() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let name = (any::<u8>(), 1usize..=255, prop::collection::vec(any::<u8>(), 1..4));
        let name = name.prop_map(|(byte, length, end)| {
            let name = [vec![byte; length], end].concat();
            name.into_iter().map(|byte| if byte == b'/' { b'|' } else { byte }).collect()
        });
        prop::collection::vec(name, 1..60)
    }

    proptest! {
        #[test]
        fn any_paths_of_any_depth_come_back(a in names(), b in names(), cuts in prop::collection::vec(0usize..60, 1..9)) {
            let mut paths: Vec<TreePath> = Vec::new();
            for cut in cuts {
                // Up and down two chains that begin alike.
                let cut = cut.min(a.len());
                let all = [[&a[..cut], &b[..]].concat(), a[..cut.max(1)].to_vec(), a.clone()];
                paths.extend(all.iter().map(|names| TreePath::from(names.join(&b'/').as_slice())));
            }
            prop_assert_eq!(round(&paths).0, paths);
        }

        #[test]
        fn any_bytes_come_back(paths in prop::collection::vec(
            prop::collection::vec(prop::sample::select(b"ab/\0\xff".to_vec()), 0..9000), 1..4,
        )) {
            let paths: Vec<TreePath> = paths.iter().map(|path| TreePath::from(path.as_slice())).collect();
            prop_assert_eq!(round(&paths).0, paths);
        }
    }

    #[test]
    fn a_chain_takes_the_sum_of_its_names_in_either_order() {
        let mut chain: Vec<TreePath> = Vec::new();
        let mut directory = Directory::default();
        for _ in 0..2000 {
            let name = [b'n'; 255];
            chain.push(TreePath::within(directory.clone(), &name));
            directory = directory.child(&name);
        }
        let (read, bytes) = round(&chain);
        assert!(read == chain && bytes < 4 << 20, "{bytes}");
        chain.reverse();
        let (read, bytes) = round(&chain);
        assert!(read == chain && bytes < 4 << 20, "{bytes}");
    }

    #[test]
    fn usual_paths_keep_their_form_and_no_number_is_made_up() {
        let usual = TreePath::from([&b"d/"[..], &[b'n'; 4093]].concat().as_slice());
        let mut trail = Trail::default();
        let path = trail.path(&usual, |line| panic!("{line:?}")).unwrap();
        assert_eq!(path, WirePath::of(&usual).into());
        let below = serde_json::from_str(r#"{"below":{"directory":7,"path":{"text":"a"}}}"#).unwrap();
        assert!(Numbered::default().path(&below).is_err());
    }
}
