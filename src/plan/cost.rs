//! What the changes of a plan cost: the bytes of their lines, and whose entries they are about.

use super::line::ChangeLine;
use super::model::{Change, Plan};
use crate::model::path::TreePath;
use crate::model::target::Links;
use crate::model::wire::{Trail, write_visible};
use crate::plan::line::HeaderLine;
use std::io::{self, Write};

/// What one change costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cost {
    /// Who owns the entry: nobody can make files in somebody else's name.
    pub owner: u32,
    /// The bytes of all its names: the deeper it lies, the more.
    pub names: u64,
    /// The bytes of its line, and of those of directories that stand before it for its sake.
    pub bytes: u64,
    /// The bytes of its line alone.
    pub line: u64,
}

/// A line has so many bytes at most without its names and lints: fields, numbers, file handle.
const FIELDS: u64 = 768;

/// The name of a lint takes so many at most.
const LINT: u64 = 32;

/// A byte of a name takes at most so many: six as `\u001b`, and its part of the lines of directories.
const ESCAPED: u64 = 8;

/// No change for the sake of so many lints has more bytes than this, wherever it stands in a plan; for little work.
pub(crate) fn most_bytes(path: &TreePath, links: &Links, lints: usize) -> u64 {
    FIELDS + lints as u64 * LINT + names(path, links) * ESCAPED
}

impl Cost {
    /// The same of a change that shares no line of a directory with others.
    #[must_use]
    pub(super) fn alone(self) -> Cost {
        Cost { bytes: self.line + self.names * ESCAPED, ..self }
    }
}

/// What each of these changes costs, in this order.
pub(super) fn costs<'a>(changes: impl IntoIterator<Item = &'a Change>) -> io::Result<Vec<Cost>> {
    let mut trail = Trail::default();
    let cost = |change: &Change| {
        let mut above = Counter::default();
        let line = ChangeLine::of(change, |path| {
            trail.path(path, |directory| {
                above.0 += 1;
                write_visible(directory, &mut above)
            })
        })?;
        let mut own = Counter(1);
        write_visible(&line, &mut own)?;
        let names = names(&change.path, &change.links);
        Ok(Cost { owner: change.before.uid, names, bytes: above.0 + own.0, line: own.0 })
    };
    changes.into_iter().map(cost).collect()
}

impl Plan {
    /// How many bytes its first line has: what is known of it before anything is found.
    pub fn head_bytes(&self) -> io::Result<u64> {
        let mut counter = Counter(1);
        write_visible(&HeaderLine::of(&self.header, self.has_acls()), &mut counter)?;
        Ok(counter.0)
    }
}

fn names(path: &TreePath, links: &Links) -> u64 {
    // With the braces that a path stands in.
    let bytes = |path: &TreePath| path.length() as u64 + 16;
    let others = match links {
        Links::Inside(others) => others.iter().map(bytes).sum(),
        Links::None | Links::Any => 0,
    };
    bytes(path) + others
}

/// Counts what is written.
#[derive(Default)]
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
