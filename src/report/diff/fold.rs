//! Like changes in one directory, folded into one pair of lines with a count.

use super::listing::{DiffRow, path_text};
use crate::model::entry::{Kind, State};
use crate::model::text::numbers::counted;
use std::collections::HashMap;

/// Whether like changes are folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Folding {
    /// Every entry has its own lines.
    Full,
    /// More than a handful of one kind, from one state to one other, share theirs.
    Folded,
}

/// So many like changes stand each for itself.
const HANDFUL: usize = 5;

/// Rows that share a pair of lines.
#[derive(Clone, Debug)]
pub(super) struct Fold<'r, 'a> {
    rows: Vec<&'r DiffRow<'a>>,
}

impl<'r, 'a> Fold<'r, 'a> {
    /// The row that the lines are those of.
    pub(super) fn first(&self) -> &'r DiffRow<'a> {
        self.rows[0]
    }

    /// What the lines are about. No path has two slashes, or begins with one: no name can pass for a count.
    pub(super) fn label(&self) -> String {
        let DiffRow { path, kind, .. } = *self.first();
        match self.rows.len() as u64 {
            1 => path_text(path, kind),
            count => format!("// {} like {}", kinds(count, kind), path_text(path, kind)),
        }
    }
}

/// Folds the rows of one hunk; each fold stands where its first row stood.
pub(super) fn fold<'r, 'a>(rows: &'r [DiffRow<'a>], folding: Folding) -> Vec<Fold<'r, 'a>> {
    let mut counts: HashMap<(Kind, State, State), usize> = HashMap::new();
    let key = |row: &DiffRow<'_>| (row.kind, row.before, row.after);
    rows.iter().for_each(|row| *counts.entry(key(row)).or_default() += 1);
    let mut places: HashMap<(Kind, State, State), usize> = HashMap::new();
    let mut folds: Vec<Fold<'r, 'a>> = Vec::new();
    for row in rows {
        let alike = folding == Folding::Folded && counts[&key(row)] > HANDFUL;
        match places.get(&key(row)).filter(|_| alike) {
            Some(&place) => folds[place].rows.push(row),
            None => {
                places.insert(key(row), folds.len());
                folds.push(Fold { rows: vec![row] });
            }
        }
    }
    folds
}

fn kinds(count: u64, kind: Kind) -> String {
    let (one, many) = match kind {
        Kind::Dir => ("directory", "directories"),
        Kind::File => ("file", "files"),
        Kind::Symlink => ("symbolic link", "symbolic links"),
        Kind::Fifo => ("FIFO", "FIFOs"),
        Kind::Socket => ("socket", "sockets"),
        Kind::Block | Kind::Char => ("device", "devices"),
    };
    counted(count, one, many)
}
