//! One hunk of the diff: the entries of one directory, each line with its successor right below it.

use super::DiffManner;
use super::fold::Fold;
use super::listing::{Accounts, Columns, Part, path_text};
use crate::model::entry::Kind;
use crate::model::path::Directory;
use crate::model::text::numbers::number;
use crate::screen::style::Palette;
use crate::screen::wrap::shortened;
use anstyle::Style;
use std::io::{self, Write};

/// Writes the hunk of a directory and so many more that are like it, `start` lines into the listings of its root.
pub(super) fn write(
    out: &mut dyn Write,
    (directory, more): (&Directory, u64),
    start: usize,
    folds: &[Fold<'_, '_>],
    manner: DiffManner<'_>,
) -> io::Result<()> {
    let DiffManner { names, palette, columns: screen, .. } = manner;
    let mut columns = Columns::default();
    folds.iter().for_each(|fold| columns.fit(&Accounts::of(fold.first(), names)));
    let range = match folds.len() {
        1 => (start + 1).to_string(),
        lines => format!("{},{lines}", start + 1),
    };
    let head = format!("@@ -{range} +{range} @@");
    let directory = path_text(&directory.as_path(), Kind::Dir);
    let more = match more {
        0 => String::new(),
        more => format!(" // {} more like it", number(more)),
    };
    let directory = match screen {
        Some(screen) => shortened(&directory, screen.saturating_sub(head.len() + 1 + more.len())),
        None => directory,
    };
    let about = format!("{directory}{more}");
    writeln!(out, "{0}{head}{0:#} {1}", palette.hunk, about.trim_start_matches(' '))?;
    for fold in folds {
        let row = fold.first();
        let label = fold.label(screen.map(|screen| screen.saturating_sub(columns.head())));
        let [before, after] = columns.lines(row, &Accounts::of(row, names), &label);
        write_line(out, '-', &before, &after, (palette.removed, palette.removed_words), palette)?;
        write_line(out, '+', &after, &before, (palette.added, palette.added_words), palette)?;
    }
    Ok(())
}

/// Writes one line; each word of it that differs from the other line's is emphasized, a triad of the mode like one.
fn write_line(
    out: &mut dyn Write,
    tag: char,
    line: &[Part],
    other: &[Part],
    (style, emphasis): (Style, Style),
    palette: &Palette,
) -> io::Result<()> {
    if *palette == Palette::PLAIN {
        write!(out, "{tag}")?;
        line.iter().try_for_each(|part| write!(out, "{}{}", part.text, part.gap()))?;
        return writeln!(out);
    }
    write!(out, "{style}{tag}")?;
    for (part, other) in line.iter().zip(other) {
        match part.text == other.text {
            true => write!(out, "{}{}", part.text, part.gap())?,
            false => write!(out, "{style:#}{emphasis}{}{emphasis:#}{style}{}", part.text, part.gap())?,
        }
    }
    // The line feed stays outside, or the colour would run on to the terminal's edge.
    writeln!(out, "{style:#}")
}
