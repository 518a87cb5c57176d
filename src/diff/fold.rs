//! Like changes in one directory, folded into one pair of lines with a count.

use super::listing::{DiffRow, path_text};
use crate::model::entry::{Kind, State};
use crate::model::path::Directory;
use crate::model::target::AclTurn;
use crate::model::text::escape::width;
use crate::model::text::numbers::number;
use crate::screen::entries::entries;
use crate::screen::wrap::shortened;
use std::collections::{BTreeSet, HashMap};

/// Whether like changes are folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Folding {
    /// Every entry has its own lines.
    Full,
    /// More than a handful of one kind, from one state to one other, share theirs.
    Folded,
}

/// So many like changes stand each for itself.
pub(super) const HANDFUL: usize = 5;

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

    /// What the lines are about, in so many columns where somebody counts them. No path has two slashes, or begins with
    /// one: no name can pass for a count.
    pub(super) fn label(&self, room: Option<usize>) -> String {
        let DiffRow { path, kind, .. } = *self.first();
        let count = match self.rows.len() as u64 {
            1 => String::new(),
            count => format!("// {} like ", entries(kind, count)),
        };
        let path = path_text(path, kind);
        let Some(room) = room else { return count + &path };
        let is_wide = width(&count) + width(&path) > room;
        // The line's first letter tells the kind as well.
        let brief = match self.rows.len() as u64 {
            many if many > 1 && is_wide => format!("// {} like ", number(many)),
            _ => count.clone(),
        };
        match shortened(&path, room.saturating_sub(brief.len())) {
            // The number tells more than a few letters of a name.
            short if short.is_empty() => count.trim_end_matches(" like ").into(),
            short => brief + &short,
        }
    }
}

/// What is alike about rows that can share lines.
pub(crate) type Likeness<'a> = (Kind, State, State, Option<&'a AclTurn>);

pub(crate) fn likeness<'a>(row: &DiffRow<'a>) -> Likeness<'a> {
    (row.kind, row.before, row.after, row.acls)
}

/// Folds the rows of one hunk; each fold stands where its first row stood.
pub(super) fn fold<'r, 'a>(rows: &'r [DiffRow<'a>], folding: Folding) -> Vec<Fold<'r, 'a>> {
    let mut counts: HashMap<Likeness<'a>, usize> = HashMap::new();
    rows.iter().for_each(|row| *counts.entry(likeness(row)).or_default() += 1);
    fold_where(rows, |row| folding == Folding::Folded && counts[&likeness(row)] > HANDFUL)
}

/// Folds all that is alike of rows that may belong to several hunks.
pub(super) fn fold_all<'r, 'a: 'r>(rows: impl IntoIterator<Item = &'r DiffRow<'a>>) -> Vec<Fold<'r, 'a>> {
    fold_where(rows, |_| true)
}

fn fold_where<'r, 'a: 'r>(
    rows: impl IntoIterator<Item = &'r DiffRow<'a>>,
    may_share: impl Fn(&DiffRow<'a>) -> bool,
) -> Vec<Fold<'r, 'a>> {
    let mut places: HashMap<Likeness<'a>, usize> = HashMap::new();
    let mut folds: Vec<Fold<'r, 'a>> = Vec::new();
    for row in rows {
        match places.get(&likeness(row)).filter(|_| may_share(row)) {
            Some(&place) => folds[place].rows.push(row),
            None => {
                places.insert(likeness(row), folds.len());
                folds.push(Fold { rows: vec![row] });
            }
        }
    }
    folds
}

/// A change as far as others can be like it: the kind, and what it was and will be.
pub(crate) type Shape = (u8, [u32; 3], [u32; 3]);

/// What is alike about hunks that change alike, however many entries of each kind they have.
pub(super) fn shape(rows: &[DiffRow<'_>]) -> BTreeSet<Shape> {
    let numbers = |state: State| [state.uid, state.gid, state.mode.bits()];
    rows.iter().map(|row| (row.kind as u8, numbers(row.before), numbers(row.after))).collect()
}

/// The hunks of one root in groups of those that change alike, each where its first stood; what is no more than a
/// handful stands each for itself.
pub(super) fn alike<'r, 'a>(hunks: Vec<(Directory, &'r [DiffRow<'a>])>, folding: Folding) -> Vec<LikeHunks<'r, 'a>> {
    let shapes: Vec<_> = match folding {
        Folding::Full => Vec::new(),
        Folding::Folded => hunks.iter().map(|(_, rows)| shape(rows)).collect(),
    };
    let mut counts: HashMap<_, usize> = HashMap::new();
    shapes.iter().for_each(|shape| *counts.entry(shape).or_default() += 1);
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut all: Vec<LikeHunks<'r, 'a>> = Vec::new();
    for (at, (directory, rows)) in hunks.into_iter().enumerate() {
        let shape = shapes.get(at).filter(|shape| counts[shape] > HANDFUL);
        match shape.and_then(|shape| places.get(shape)) {
            Some(&place) => all[place].rows.push(rows),
            None => {
                if let Some(shape) = shape {
                    places.insert(shape, all.len());
                }
                all.push(LikeHunks { directory, rows: vec![rows] });
            }
        }
    }
    all
}

/// Hunks that change alike.
pub(super) struct LikeHunks<'r, 'a> {
    /// The directory of the first.
    pub directory: Directory,
    /// The rows of each.
    pub rows: Vec<&'r [DiffRow<'a>]>,
}

impl<'r, 'a> LikeHunks<'r, 'a> {
    /// Their lines.
    pub(super) fn folds(&self, folding: Folding) -> Vec<Fold<'r, 'a>> {
        match self.rows.as_slice() {
            [one] => fold(one, folding),
            several => fold_all(several.iter().copied().flatten()),
        }
    }

    /// How many there are beside the first.
    pub(super) fn more(&self) -> u64 {
        self.rows.len() as u64 - 1
    }
}

/// How many more are like one that stands for them all, behind its path; nothing where there are none.
pub(super) fn more_alike(more: u64) -> String {
    if more == 0 { String::new() } else { format!(" // {} more like it", number(more)) }
}
