//! One hunk of the diff: the entries of one directory, each line with its successor right below it.

use super::fold::Fold;
use super::listing::{Accounts, Columns, path_text};
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::path::Directory;
use crate::report::text::style::Palette;
use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, DiffOp, InlineChangeMode, InlineChangeOptions, TextDiff};
use std::io::{self, Write};

/// Writes the hunk of a directory, `start` lines into the listings of its root.
pub(super) fn write(
    out: &mut dyn Write,
    directory: &Directory,
    start: usize,
    folds: &[Fold<'_, '_>],
    names: &dyn IdNames,
    palette: &Palette,
) -> io::Result<()> {
    let mut columns = Columns::default();
    folds.iter().for_each(|fold| columns.fit(&Accounts::of(fold.first(), names)));
    let whole = DiffOp::Replace { old_index: start, old_len: folds.len(), new_index: start, new_len: folds.len() };
    let (style, directory) = (palette.hunk, path_text(&directory.as_path(), Kind::Dir));
    writeln!(out, "{style}{}{style:#} {directory}", UnifiedHunkHeader::new(&[whole]))?;
    for fold in folds {
        let row = fold.first();
        let [before, after] = columns.lines(row, &Accounts::of(row, names), &fold.label());
        write_pair(out, &before, &after, palette)?;
    }
    Ok(())
}

/// Writes one line and its successor.
///
/// They are compared by themselves: the comparison never grows with the directory, and the pair stays together.
fn write_pair(out: &mut dyn Write, before: &str, after: &str, palette: &Palette) -> io::Result<()> {
    let diff = TextDiff::from_lines(before, after);
    for op in diff.ops() {
        if *palette == Palette::PLAIN {
            diff.iter_changes(op).try_for_each(|change| write!(out, "{}{}", change.tag(), change.value()))?;
            continue;
        }
        let mut options = InlineChangeOptions::new();
        options.mode(InlineChangeMode::Chars);
        // Without a deadline, or a busy machine would emphasize other letters than an idle one.
        for change in diff.iter_inline_changes_with_options_deadline(op, options, None) {
            write_emphasized(out, change.tag(), change.values(), palette)?;
        }
    }
    Ok(())
}

fn write_emphasized(out: &mut dyn Write, tag: ChangeTag, parts: &[(bool, &str)], palette: &Palette) -> io::Result<()> {
    let (line, letters) = match tag {
        ChangeTag::Delete => (palette.removed, palette.removed_letters),
        ChangeTag::Insert => (palette.added, palette.added_letters),
        ChangeTag::Equal => Default::default(),
    };
    write!(out, "{line}{tag}{line:#}")?;
    for &(emphasized, text) in parts {
        let style = if emphasized { letters } else { line };
        // The line feed stays outside, or the colour would run on to the terminal's edge.
        match text.strip_suffix('\n') {
            Some("") => writeln!(out)?,
            Some(text) => writeln!(out, "{style}{text}{style:#}")?,
            None => write!(out, "{style}{text}{style:#}")?,
        }
    }
    Ok(())
}
