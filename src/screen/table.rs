//! Tables for people: columns as wide as their widest cell, the last one as long as it likes.

use crate::model::text::escape::width;
use crate::screen::style::Palette;
use crate::screen::wrap::{Layout, wrap};
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

    /// Writes the heads and the rows, in so many columns of a screen where somebody counts them: columns of words get
    /// narrower, and where that isn't enough, each row is told line by line.
    pub(crate) fn write(&self, out: &mut dyn Write, palette: &Palette, columns: Option<usize>) -> io::Result<()> {
        let columns = columns.unwrap_or(usize::MAX);
        let Some(widths) = self.fitted(columns) else { return self.write_upright(out, palette, columns) };
        let style = palette.head;
        writeln!(out, "{style}{}{style:#}", line(&self.head, &widths))?;
        self.rows.iter().try_for_each(|row| write_row(out, row, &widths))
    }

    /// How wide the columns are on such a screen; none where there is no room for their longest words.
    fn fitted(&self, columns: usize) -> Option<[usize; N]> {
        let mut widths = self.widths(width);
        let least = self.widths(|cell| cell.split(' ').map(width).max().unwrap_or(0));
        let total = |widths: &[usize; N]| widths.iter().sum::<usize>() + GAP * (N - 1);
        while total(&widths) > columns {
            let over = total(&widths) - columns;
            // The one that has most room to give.
            let at = (0..N).max_by_key(|&at| widths[at] - least[at])?;
            let given = (widths[at] - least[at]).min(over);
            if given == 0 {
                return None;
            }
            widths[at] -= given;
        }
        Some(widths)
    }

    fn widths(&self, of: impl Fn(&str) -> usize) -> [usize; N] {
        let mut widths = self.head.map(width);
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = of(cell).max(*widest);
            }
        }
        widths
    }

    /// Writes each row as lines of their own, headed by what the first column says.
    fn write_upright(&self, out: &mut dyn Write, palette: &Palette, columns: usize) -> io::Result<()> {
        let style = palette.head;
        for row in &self.rows {
            for (at, (head, cell)) in self.head.iter().zip(row).enumerate().filter(|(_, (_, cell))| !cell.is_empty()) {
                let head = format!("{style}{}:{style:#}", head.trim());
                let pieces = std::iter::once(&*head).chain(cell.trim().split(' '));
                let (first, below) = if at == 0 { (0, 4) } else { (2, 6) };
                Layout { columns: Some(columns), first, below }.write(out, pieces)?;
            }
        }
        Ok(())
    }
}

/// How many columns stand between two of a table.
const GAP: usize = 2;

/// Writes a row, in as many lines as its longest cell takes.
fn write_row<const N: usize>(out: &mut dyn Write, row: &[String; N], widths: &[usize; N]) -> io::Result<()> {
    let mut cells: Vec<Vec<String>> = Vec::with_capacity(N);
    for (cell, &columns) in row.iter().zip(widths) {
        cells.push(if width(cell) <= columns { vec![cell.clone()] } else { wrap(cell.trim(), columns) });
    }
    let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
    (0..lines).try_for_each(|at| {
        let texts: Vec<&str> = cells.iter().map(|cell| cell.get(at).map_or("", String::as_str)).collect();
        writeln!(out, "{}", line(&texts, widths))
    })
}

fn line(cells: &[impl AsRef<str>], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, &widest) in cells.iter().zip(widths) {
        let cell = cell.as_ref();
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', widest.saturating_sub(width(cell)) + GAP));
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::text;
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let mut table = Table::new(["NAME", "N", "SUMMARY"]);
        table.push(["lab-share".into(), "1".into(), "one".into()]);
        table.push(["数据".into(), "1000".into(), String::new()]);
        assert_data_eq!(
            text(|out| table.write(out, &Palette::PLAIN, None)),
            str![[r#"
NAME       N     SUMMARY
lab-share  1     one
数据       1000

"#]]
            .raw()
        );
    }
    #[test]
    fn a_table_fits_the_screen_or_stands_upright() {
        let mut table = Table::new(["RUN", "WHO", "OUTCOME"]);
        table.push(["20261122T010203a".into(), "root".into(), "1,199 applied, 1 drifted".into()]);
        table.push(["20261122T010204b".into(), "数据".into(), String::new()]);
        let told = |columns| text(|out| table.write(out, &Palette::PLAIN, Some(columns)));
        assert_eq!(told(48), text(|out| table.write(out, &Palette::PLAIN, None)));
        for columns in 20..48 {
            let told = told(columns);
            assert!(told.lines().all(|line| width(line) <= columns), "{columns}: {told}");
        }
        assert_data_eq!(
            told(40),
            str![[r#"
RUN               WHO   OUTCOME
20261122T010203a  root  1,199 applied, 1
                        drifted
20261122T010204b  数据

"#]]
            .raw()
        );
        assert_data_eq!(
            told(24),
            str![[r#"
RUN: 20261122T010203a
  WHO: root
  OUTCOME: 1,199
      applied, 1 drifted
RUN: 20261122T010204b
  WHO: 数据

"#]]
            .raw()
        );
    }
}
