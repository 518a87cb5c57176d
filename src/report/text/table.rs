//! Tables for people: columns as wide as their widest cell, the last one as long as it likes.

use crate::model::text::escape::width;
use crate::report::text::style::Palette;
use std::io::{self, Write};

/// A table of `N` columns; what its cells say must be escaped already.
pub(crate) struct Table<const N: usize> {
    head: [&'static str; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// An empty table with these heads.
    pub(crate) fn new(head: [&'static str; N]) -> Table<N> {
        Table { head, rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: [String; N]) {
        self.rows.push(row);
    }

    /// Writes the heads and the rows.
    pub(crate) fn write(&self, out: &mut dyn Write, palette: &Palette) -> io::Result<()> {
        let widths = self.widths();
        let style = palette.head;
        writeln!(out, "{style}{}{style:#}", line(&self.head, &widths))?;
        self.rows.iter().try_for_each(|row| writeln!(out, "{}", line(row, &widths)))
    }

    fn widths(&self) -> [usize; N] {
        let mut widths = self.head.map(width);
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = width(cell).max(*widest);
            }
        }
        widths
    }
}

fn line(cells: &[impl AsRef<str>], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, &widest) in cells.iter().zip(widths) {
        let cell = cell.as_ref();
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', widest - width(cell) + 2));
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::text;
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let mut table = Table::new(["NAME", "N", "SUMMARY"]);
        table.push(["lab-share".into(), "1".into(), "one".into()]);
        table.push(["数据".into(), "1000".into(), String::new()]);
        assert_data_eq!(
            text(|out| table.write(out, &Palette::PLAIN)),
            str![[r#"
NAME       N     SUMMARY
lab-share  1     one
数据       1000

"#]]
            .raw()
        );
    }
}
