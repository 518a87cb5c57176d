//! One hunk of the diff: the entries of one directory, each line with its successor right below it.

use super::DiffManner;
use super::acls::{AclLines, lengths};
use super::fold::{Fold, more_alike};
use super::listing::{Accounts, Columns, Part, path_text};
use crate::model::entry::Kind;
use crate::model::path::Directory;
use crate::screen::style::Palette;
use crate::screen::wrap::shortened;
use anstyle::Style;
use similar::udiff::UnifiedHunkHeader;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices};
use std::io::{self, Write};

/// Writes the hunk of a directory and so many more that are like it, so many lines into the listings of its root before
/// and after; gives how many lines of each it has.
pub(super) fn write(
    out: &mut dyn Write,
    (directory, more): (&Directory, u64),
    [old_index, new_index]: [usize; 2],
    folds: &[Fold<'_, '_>],
    manner: DiffManner<'_>,
) -> io::Result<[usize; 2]> {
    let DiffManner { names, palette, columns: screen, .. } = manner;
    let mut columns = Columns::default();
    folds.iter().for_each(|fold| columns.fit(fold.first(), &Accounts::of(fold.first(), names)));
    let lengths = folds.iter().map(|fold| lengths(fold.first(), names));
    let [old_len, new_len] = lengths.fold([0, 0], |[old, new], one| [old + one[0], new + one[1]]);
    let whole = DiffOp::Replace { old_index, old_len, new_index, new_len };
    let head = UnifiedHunkHeader::new(&[whole]).to_string();
    let directory = path_text(&directory.as_path(), Kind::Dir);
    let more = more_alike(more);
    let directory = match screen {
        Some(screen) => shortened(&directory, screen.saturating_sub(head.len() + 1 + more.len())),
        None => directory,
    };
    let about = format!("{directory}{more}");
    writeln!(out, "{0}{head}{0:#} {1}", palette.hunk, about.trim_start_matches(' '))?;
    for fold in folds {
        let row = fold.first();
        let label = fold.label(screen.map(|screen| screen.saturating_sub(columns.head())));
        let acls = AclLines::of(row, names);
        let [before, after] = columns.lines(row, &Accounts::of(row, names), acls.marks, &label);
        match before == after {
            // The ACL alone changes.
            true => writeln!(out, " {}", plain_text(&before))?,
            false => write_pair(out, [&before, &after], palette)?,
        }
        for (sign, style, lines) in [('-', palette.removed, &acls.lines[0]), ('+', palette.added, &acls.lines[1])] {
            lines.iter().try_for_each(|line| writeln!(out, "{style}{sign}    {line}{style:#}"))?;
        }
    }
    Ok([old_len, new_len])
}

fn plain_text(line: &[Part]) -> String {
    line.iter().map(|part| part.text.clone() + &part.gap()).collect()
}

/// Writes a line and its successor; each word that differs is emphasized, a triad of the mode like one.
fn write_pair(out: &mut dyn Write, [before, after]: [&[Part]; 2], palette: &Palette) -> io::Result<()> {
    if *palette == Palette::PLAIN {
        return write!(out, "-{}\n+{}\n", plain_text(before), plain_text(after));
    }
    // A word is the same where it stands in the same column.
    let words = |line: &[Part]| line.iter().enumerate().map(|(at, part)| (at, part.text.clone())).collect::<Vec<_>>();
    let ops = capture_diff_slices(Algorithm::Myers, &words(before), &words(after));
    let removed = ops.iter().map(|op| (op.tag(), &before[op.old_range()]));
    write_line(out, '-', removed, (palette.removed, palette.removed_words))?;
    let added = ops.iter().map(|op| (op.tag(), &after[op.new_range()]));
    write_line(out, '+', added, (palette.added, palette.added_words))
}

fn write_line<'l>(
    out: &mut dyn Write,
    sign: char,
    stretches: impl Iterator<Item = (DiffTag, &'l [Part])>,
    (style, emphasis): (Style, Style),
) -> io::Result<()> {
    write!(out, "{style}{sign}")?;
    for (tag, parts) in stretches {
        for part in parts {
            match tag == DiffTag::Equal {
                true => write!(out, "{}{}", part.text, part.gap())?,
                false => write!(out, "{style:#}{emphasis}{}{emphasis:#}{style}{}", part.text, part.gap())?,
            }
        }
    }
    // The line feed stays outside, or the colour would run on to the terminal's edge.
    writeln!(out, "{style:#}")
}
