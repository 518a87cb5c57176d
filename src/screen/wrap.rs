//! Text laid out in the columns of a terminal: paragraphs, words that hang below their first, ends of paths.

use crate::model::text::escape::width;
use std::io::{self, Write};

/// Breaks a paragraph into lines; lines of it that are indented stay as they are.
pub(crate) fn wrap(paragraph: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut flows = false;
    for source in paragraph.lines() {
        if source.starts_with([' ', '\t']) {
            lines.push(source.into());
            flows = false;
            continue;
        }
        for word in source.split_whitespace() {
            match lines.last_mut() {
                Some(line) if flows && width(line) + 1 + width(word) <= columns => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.into()),
            }
            flows = true;
        }
    }
    lines
}

/// Where the lines of something begin, and how far they may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// How many columns there are; none where nobody counts them.
    pub columns: Option<usize>,
    /// How far the first line stands in.
    pub first: usize,
    /// How far those below it do.
    pub below: usize,
}

impl Layout {
    /// Writes pieces that nothing breaks with a space between them, in as many lines as it takes.
    pub(crate) fn write<T: AsRef<str>>(
        self,
        out: &mut dyn Write,
        pieces: impl IntoIterator<Item = T>,
    ) -> io::Result<()> {
        let columns = self.columns.unwrap_or(usize::MAX);
        write!(out, "{:1$}", "", self.first)?;
        let (mut at, mut is_first) = (self.first, true);
        for piece in pieces {
            let piece = piece.as_ref();
            // Nobody asks how wide a line is that never ends.
            let wide = if self.columns.is_some() { width(piece) } else { 0 };
            match (is_first, at + 1 + wide <= columns) {
                (true, _) => at += wide,
                (false, true) => {
                    write!(out, " ")?;
                    at += 1 + wide;
                }
                (false, false) => {
                    write!(out, "\n{:1$}", "", self.below)?;
                    at = self.below + wide;
                }
            }
            out.write_all(piece.as_bytes())?;
            is_first = false;
        }
        writeln!(out)
    }
}

/// Breaks the lines of a text that are too wide between words, and lets what is below them stand in; but for commands, and
/// for those that point into a file, which are drawn.
pub(crate) fn refitted(text: &str, columns: usize) -> String {
    let mut out = Vec::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let (told, stands_in) = (line.trim(), line.len() - line.trim_start_matches(' ').len());
        let gutter = told.trim_start_matches(|letter: char| letter.is_ascii_digit()).trim_start();
        if width(line.trim_end()) <= columns || gutter.starts_with('|') || told.starts_with("sgidlint ") {
            out.extend_from_slice(line.as_bytes());
            continue;
        }
        // Memory doesn't fail.
        let _ = Layout { columns: Some(columns), first: stands_in, below: stands_in + 2 }.write(&mut out, pieces(told));
    }
    String::from_utf8(out).unwrap_or_else(|_| text.into())
}

/// The words of a sentence; a command at its end is one, as it is copied in one piece.
pub(crate) fn pieces(sentence: &str) -> impl Iterator<Item = &str> {
    let (words, command) = match sentence.find(": sgidlint ") {
        Some(at) => (&sentence[..=at], Some(&sentence[at + 2..])),
        None => (sentence, None),
    };
    words.split(' ').chain(command)
}

/// The end of a path, which tells most; empty where there is no room for any of it.
pub(crate) fn shortened(path: &str, columns: usize) -> String {
    if width(path) <= columns {
        return path.into();
    }
    let mut tail = path;
    while width(tail) + 3 > columns {
        let mut letters = tail.chars();
        if letters.next().is_none() {
            return String::new();
        }
        tail = letters.as_str();
    }
    if tail.is_empty() { String::new() } else { format!("...{tail}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::text;

    #[test]
    fn paragraphs_are_broken_and_what_is_indented_is_not() {
        assert_eq!(wrap("a /very/long/path b", 5), ["a", "/very/long/path", "b"]);
        assert_eq!(wrap("one two\n  $ three four five", 8), ["one two", "  $ three four five"]);
        assert_eq!(wrap("", 5), [""; 0]);
    }

    #[test]
    fn words_hang_below_the_first_and_colours_take_no_room() {
        let pieces = ["\u{1b}[1mdeny\u{1b}[0m:", "数据 x:", "mode", "is", "0644"];
        let set = |columns| text(|out| Layout { columns, first: 1, below: 3 }.write(out, pieces));
        assert_eq!(set(None), " \u{1b}[1mdeny\u{1b}[0m: 数据 x: mode is 0644\n");
        assert_eq!(set(Some(14)), " \u{1b}[1mdeny\u{1b}[0m: 数据 x:\n   mode is\n   0644\n");
        assert_eq!(set(Some(13)), " \u{1b}[1mdeny\u{1b}[0m:\n   数据 x:\n   mode is\n   0644\n");
    }

    #[test]
    fn only_what_is_too_wide_is_broken_anew() {
        let text =
            "sgidlint: error: it can't be\n  hint: do this: sgidlint undo r1 -y\n2 | group = 7 of nine\n\nshort\n";
        assert_eq!(refitted(text, 60), text);
        assert_eq!(refitted("sgidlint check /srv/lab /srv/sales\n", 20), "sgidlint check /srv/lab /srv/sales\n");
        assert_eq!(
            refitted(text, 20),
            "sgidlint: error: it\n  can't be\n  hint: do this:\n    sgidlint undo r1 -y\n2 | group = 7 of nine\n\nshort\n"
        );
    }

    #[test]
    fn a_command_is_never_broken() {
        let told = "1 change; undo with: sgidlint undo r1 -y";
        assert_eq!(pieces(told).collect::<Vec<_>>(), ["1", "change;", "undo", "with:", "sgidlint undo r1 -y"]);
        assert_eq!(pieces("a: b").collect::<Vec<_>>(), ["a:", "b"]);
    }

    #[test]
    fn the_end_of_a_path_is_kept() {
        let shortened = |columns| shortened("data/长长/run1", columns);
        assert_eq!([14, 13, 8, 3, 0].map(shortened), ["data/长长/run1", ".../长长/run1", ".../run1", "", ""]);
    }
}
