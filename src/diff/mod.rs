//! A plan as a unified diff of listings: what ls(1) would print before and after.

mod acls;
mod fold;
mod hunk;
mod listing;
pub(crate) mod stat;
mod sums;

pub(crate) use fold::{Folding, likeness};
pub(crate) use listing::DiffRow;
pub(crate) use sums::sums;

use crate::model::accounts::IdNames;
use crate::model::path::Directory;
use crate::model::text::escape::escape;
use crate::screen::style::Palette;
use std::collections::HashMap;
use std::io::{self, Write};

/// A root as the head of its part of the diff names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head<'a> {
    /// Its absolute path.
    pub path: &'a [u8],
    /// The policy that wants the changes; `None` where a plan doesn't say.
    pub policy: Option<&'a str>,
}

/// How a diff looks, beside what it tells.
#[derive(Clone, Copy)]
pub(crate) struct DiffManner<'a> {
    /// Users and groups.
    pub names: &'a dyn IdNames,
    /// Colours.
    pub palette: &'a Palette,
    /// Whether like changes are folded.
    pub folding: Folding,
    /// How many columns a line has; none where nobody counts them.
    pub columns: Option<usize>,
}

/// The rows of one directory that stand together.
#[derive(Clone, Debug)]
pub(crate) struct Hunk<'r, 'a> {
    /// The directory's path from its root.
    pub directory: Directory,
    /// Its rows, and how many stand before the first.
    pub rows: &'r [DiffRow<'a>],
    /// The index of the first row.
    pub start: usize,
}

/// Cuts rows in path order, each of them a change, into hunks.
pub(crate) fn hunks_of<'r, 'a>(rows: &'r [DiffRow<'a>]) -> Vec<Hunk<'r, 'a>> {
    let mut all = Vec::new();
    let mut start = 0;
    for of_root in rows.chunk_by(|a, b| a.root == b.root) {
        for (directory, rows) in hunks(of_root) {
            all.push(Hunk { directory, rows, start });
            start += rows.len();
        }
    }
    all
}

impl Hunk<'_, '_> {
    /// Writes the head of its root.
    pub(crate) fn write_head(&self, out: &mut dyn Write, heads: &[Head<'_>], manner: DiffManner<'_>) -> io::Result<()> {
        write_head(out, self.rows.first().and_then(|row| heads.get(row.root as usize)), manner.palette)
    }

    /// Writes at most `limit` pairs of lines; gives the number of pairs left out.
    pub(crate) fn write(&self, out: &mut dyn Write, manner: DiffManner<'_>, limit: usize) -> io::Result<usize> {
        let folds = fold::fold(self.rows, manner.folding);
        let shown = &folds[..limit.min(folds.len())];
        hunk::write(out, (&self.directory, 0), [self.start; 2], shown, manner)?;
        Ok(folds.len() - shown.len())
    }
}

/// Writes the diff of rows in path order; `heads` are the roots that their indices mean.
///
/// A root's two listings hold the changed entries only, and have a hunk for each directory. Each row takes the time of
/// its own two lines, however many there are in one directory.
pub(crate) fn write_folded(
    out: &mut dyn Write,
    rows: &[DiffRow<'_>],
    heads: &[Head<'_>],
    manner: DiffManner<'_>,
) -> io::Result<()> {
    let rows: Vec<DiffRow<'_>> = rows.iter().copied().filter(DiffRow::is_change).collect();
    // Where each root's listings have got to: those before and those after.
    let mut lines: HashMap<u32, [usize; 2]> = HashMap::new();
    for of_root in rows.chunk_by(|a, b| a.root == b.root) {
        let root = of_root[0].root;
        write_head(out, heads.get(root as usize), manner.palette)?;
        let start = lines.entry(root).or_default();
        for alike in fold::alike(hunks(of_root).collect(), manner.folding) {
            let folds = alike.folds(manner.folding);
            let written = hunk::write(out, (&alike.directory, alike.more()), *start, &folds, manner)?;
            *start = [start[0] + written[0], start[1] + written[1]];
        }
    }
    Ok(())
}

fn write_head(out: &mut dyn Write, head: Option<&Head<'_>>, palette: &Palette) -> io::Result<()> {
    let style = palette.head;
    let path = escape(head.map_or(b"?", |head| head.path));
    writeln!(out, "{style}--- {path}{style:#}")?;
    match head.and_then(|head| head.policy) {
        Some(policy) => writeln!(out, "{style}+++ {path} (policy {}){style:#}", escape(policy.as_bytes())),
        None => writeln!(out, "{style}+++ {path}{style:#}"),
    }
}

/// Cuts the rows of one root into hunks, each of one directory, in the order they have.
///
/// A directory heads its own hunk where something below it changes too, and else stands among its neighbours. What
/// path order puts behind a subdirectory's contents gets another hunk.
fn hunks<'r, 'a>(rows: &'r [DiffRow<'a>]) -> impl Iterator<Item = (Directory, &'r [DiffRow<'a>])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let of = directory(rows, start)?;
        while directory(rows, at).as_ref() == Some(&of) {
            at += 1;
        }
        Some((of, &rows[start..at]))
    })
}

/// The directory in whose hunk a row stands.
fn directory(rows: &[DiffRow<'_>], at: usize) -> Option<Directory> {
    let path = rows.get(at)?.path;
    let heads = rows.get(at + 1).is_some_and(|next| path.holds(next.path));
    Some(if heads { path.as_directory() } else { path.directory().clone() })
}

#[cfg(test)]
mod tests;
