//! What a source says, path by path, in the words of a policy; and what of it no policy can say.

use crate::model::entry::Kind;
use std::sync::Arc;

/// A file that is read, whole.
#[derive(Clone, Debug)]
pub(crate) struct SourceText {
    /// What it is called.
    pub name: Arc<str>,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A line of a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    pub(super) file: Arc<str>,
    pub(super) line: u64,
}

/// What a source says of some entries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Said {
    pub(super) place: Place,
    pub(super) target: Target,
    pub(super) scope: Scope,
    /// The kinds that it is about; all, where none is said.
    pub(super) kinds: Vec<Kind>,
    pub(super) wishes: Wishes,
}

/// Which entries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Target {
    /// That of a path, absolute, without `.`, `..` and empty names.
    Path(Vec<u8>),
    /// Those below a directory that a gitignore pattern matches, which begins with a slash.
    Matching { above: Vec<u8>, pattern: String },
}

/// How much of what lies there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Scope {
    /// The entry alone.
    Own,
    /// It, and all below it.
    Tree,
    /// All below it.
    Below,
    /// A tree of its own.
    Root,
}

/// Keys of a policy and what they are, as TOML has it; each key once.
pub(super) type Wishes = Vec<(&'static str, String)>;

/// What somebody is expected to be able to do in a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Expected {
    pub(super) place: Place,
    pub(super) path: Vec<u8>,
    pub(super) whom: Vec<String>,
    pub(super) can: Vec<&'static str>,
    pub(super) cannot: Vec<&'static str>,
}

/// A line, or a part of it, that no policy says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Lost {
    pub(super) place: Place,
    why: String,
}

impl Lost {
    /// `FILE:LINE: WHY`.
    pub(crate) fn text(&self) -> String {
        format!("{}:{}: {}", self.place.file, self.place.line, self.why)
    }
}

/// What was read.
#[derive(Default, Debug)]
pub(crate) struct Imported {
    pub(super) said: Vec<Said>,
    pub(super) expected: Vec<Expected>,
    /// What no policy says, in the order of the lines.
    pub(super) lost: Vec<Lost>,
    /// Whether it lists all that lies in one tree, and not only what it is about.
    pub(super) is_listing: bool,
}

impl Imported {
    pub(super) fn lose(&mut self, place: &Place, why: impl Into<String>) {
        self.lost.push(Lost { place: place.clone(), why: why.into() });
    }

    /// What no policy says, in the order of the lines.
    pub(crate) fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// Whether it lists what lies in one tree.
    pub(crate) fn is_of_a_tree(&self) -> bool {
        self.is_listing
    }

    /// Whether nothing was said at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.said.is_empty()
    }
}

/// The lines of files, each with its place; what ends in a carriage return is taken without it.
pub(super) fn lines(sources: &[SourceText]) -> impl Iterator<Item = (Place, &[u8])> {
    sources.iter().flat_map(|source| {
        let lines = source.bytes.split(|&byte| byte == b'\n').enumerate();
        lines.map(|(at, line)| {
            let place = Place { file: Arc::clone(&source.name), line: at as u64 + 1 };
            (place, line.strip_suffix(b"\r").unwrap_or(line))
        })
    })
}

impl Said {
    /// What it is about, for an order and for telling doubles.
    pub(super) fn target_bytes(&self) -> Vec<u8> {
        match &self.target {
            Target::Path(path) => path.clone(),
            Target::Matching { above, pattern } => [above, pattern.as_bytes()].concat(),
        }
    }
}
