//! One line an entry, by a template: what parallel file systems and databases of file systems print.

use super::place::{Placing, items};
use super::template::Template;
use super::{Item, LONGEST_PATH, Listing, ListingError};
use std::io::{BufRead, Read};

/// A listing of that format.
pub(crate) struct Lines<R> {
    input: R,
    template: Template,
    placing: Placing,
    line: Vec<u8>,
    /// Its number, from 1.
    number: u64,
}

/// No line is longer.
const LONGEST: u64 = LONGEST_PATH as u64 + 1024;

impl<R: BufRead> Lines<R> {
    /// Reads it from here.
    pub(crate) fn new(input: R, template: Template, placing: Placing) -> Lines<R> {
        Lines { input, template, placing, line: Vec::new(), number: 0 }
    }
}

impl<R: BufRead> Listing for Lines<R> {
    fn next(&mut self) -> Result<Option<Item>, ListingError> {
        self.line.clear();
        self.number += 1;
        let error = |message: String| ListingError::at(format!("line {}", self.number), message);
        let read = (&mut self.input).take(LONGEST).read_until(b'\n', &mut self.line);
        read.map_err(|failed| error(format!("can't read on: {failed}")))?;
        if self.line.is_empty() {
            return Ok(None);
        }
        let Some((b'\n', line)) = self.line.split_last() else {
            let why = if self.line.len() as u64 == LONGEST {
                "it is too long"
            } else {
                "it has no end: the listing is cut off"
            };
            return Err(error(why.into()));
        };
        let (path, record) = self.template.read(line).ok_or_else(|| {
            error("it isn't as the template says; a name with a newline takes two lines (find0 can tell those)".into())
        })?;
        let placed = self.placing.place(path).map_err(error)?;
        Ok(Some(items(placed, path, record).0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, told};
    use super::*;

    #[test]
    fn a_line_that_is_no_entry_is_told_by_its_number() {
        let read = |text: &str| {
            let placing = Placing { base: Some(b"/srv".to_vec()), strip: 0 };
            let template = Template::of("lfs").expect("a template");
            let (items, error) = all(&mut Lines::new(text.as_bytes(), template, placing));
            (items.iter().map(told).collect::<Vec<_>>(), error.map_or_else(String::new, |error| error.to_string()))
        };
        assert_eq!(read("755 0 0 d /srv\n644 1 1 f /srv/a b\n").0, ["dir 0:0 0755 1 []", "file 1:1 0644 1 [a b]"]);
        for (text, error) in [
            ("755 0 0 d /srv\n644 1 1 f /srv/a\nb\n", "line 3: it isn't"),
            ("755 0 0 d /srv\n644 1 1 f /srv/a", "line 2: it has no end"),
            ("\n", "line 1: it isn't"),
        ] {
            assert!(read(text).1.starts_with(error), "{text:?} {}", read(text).1);
        }
        assert!(read(&"a".repeat(1 << 18)).1.contains("too long"));
    }
}
