//! The colours of a report, and its numbers: thousands separated, plurals right.

use crate::lints::Level;
use anstyle::{AnsiColor, Style};
use std::time::Duration;

/// What is coloured in which way; [`Palette::PLAIN`] colours nothing.
///
/// A style is written before its text, and with `{:#}` behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Palette {
    /// The level deny, and errors.
    pub deny: Style,
    /// The level warn.
    pub warn: Style,
    /// Heads of tables and files.
    pub head: Style,
    /// What is of less weight: names of lints, places.
    pub aside: Style,
    /// What is taken away.
    pub removed: Style,
    /// What is put in its place.
    pub added: Style,
    /// The letters that differ in a line taken away.
    pub removed_letters: Style,
    /// The letters that differ in the line put in its place.
    pub added_letters: Style,
    /// The head of a hunk.
    pub hunk: Style,
}

impl Palette {
    /// No colour at all: for pipes and files.
    pub const PLAIN: Palette = Palette {
        deny: Style::new(),
        warn: Style::new(),
        head: Style::new(),
        aside: Style::new(),
        removed: Style::new(),
        added: Style::new(),
        removed_letters: Style::new(),
        added_letters: Style::new(),
        hunk: Style::new(),
    };

    /// The sixteen colours that every terminal has.
    pub const COLORED: Palette = Palette {
        deny: AnsiColor::Red.on_default().bold(),
        warn: AnsiColor::Yellow.on_default().bold(),
        head: Style::new().bold(),
        aside: Style::new().dimmed(),
        removed: AnsiColor::Red.on_default(),
        added: AnsiColor::Green.on_default(),
        removed_letters: AnsiColor::Red.on_default().invert(),
        added_letters: AnsiColor::Green.on_default().invert(),
        hunk: AnsiColor::Cyan.on_default(),
    };

    /// The colour of a level.
    pub fn level(&self, level: Level) -> Style {
        match level {
            Level::Deny => self.deny,
            Level::Warn => self.warn,
            Level::Allow => self.aside,
        }
    }
}

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum Verbosity {
    /// What fails only: nothing wrong, nothing at all.
    Quiet,
    /// Findings and a summary.
    #[default]
    Normal,
    /// What went as planned too, and all that was passed over by name.
    Verbose,
}

/// A number with its thousands separated: `1,234,567`.
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 change`, `1,234 changes`, `no entries`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", number(count)),
    }
}

/// A clause as a sentence of its own: capital first letter, period last.
pub fn sentence(clause: &str) -> String {
    format!("{}.", capitalized(clause))
}

/// A clause with a capital first letter.
pub fn capitalized(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// How long something took, in the units that a person would take: `12 ms`, `1.2 s`, `3 min 20 s`, `1 h 5 min`.
pub fn time(took: Duration) -> String {
    match took.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        // Not rounded by the formatter, which would make 10.0 s of 9.99.
        millis @ 1000..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        millis @ 10_000..60_000 => format!("{} s", millis / 1000),
        millis @ 60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis / 1000 % 60),
        millis => format!("{} h {} min", number((millis / 3_600_000) as u64), millis / 60_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_separated() {
        for (count, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (100_000, "100,000"), (u64::MAX, "18,446,744,073,709,551,615")]
        {
            assert_eq!(number(count), text);
        }
    }

    #[test]
    fn counts_have_their_plural() {
        for (count, text) in [(0, "no entries"), (1, "1 entry"), (2, "2 entries"), (1500, "1,500 entries")] {
            assert_eq!(counted(count, "entry", "entries"), text);
        }
    }

    #[test]
    fn times_are_told_as_a_person_would() {
        for (millis, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1000, "1.0 s"),
            (9_999, "9.9 s"),
            (10_000, "10 s"),
            (59_999, "59 s"),
            (200_000, "3 min 20 s"),
            (3_900_000, "1 h 5 min"),
        ] {
            assert_eq!(time(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn a_plain_palette_writes_nothing() {
        let style = Palette::PLAIN.deny;
        assert_eq!(format!("{style}deny{style:#}"), "deny");
        let style = Palette::COLORED.level(Level::Deny);
        assert_eq!(format!("{style}deny{style:#}"), "\u{1b}[1m\u{1b}[31mdeny\u{1b}[0m");
    }
}
