//! The colours of a report, and how much it says.

use crate::lints::Level;
use anstyle::{AnsiColor, Style};

/// What is coloured in which way; [`Palette::PLAIN`] colours nothing.
///
/// A style is written before its text, and with `{:#}` behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Palette {
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
    /// The words that differ in a line taken away.
    pub removed_words: Style,
    /// The words that differ in the line put in its place.
    pub added_words: Style,
    /// The head of a hunk.
    pub hunk: Style,
}

impl Palette {
    /// No colour at all: for pipes and files.
    pub(crate) const PLAIN: Palette = Palette {
        deny: Style::new(),
        warn: Style::new(),
        head: Style::new(),
        aside: Style::new(),
        removed: Style::new(),
        added: Style::new(),
        removed_words: Style::new(),
        added_words: Style::new(),
        hunk: Style::new(),
    };

    /// The sixteen colours that every terminal has. Who can't tell red from green can tell red from cyan, and a word or
    /// sign says the same.
    pub(crate) const COLORED: Palette = Palette {
        deny: AnsiColor::Red.on_default().bold(),
        warn: AnsiColor::Yellow.on_default().bold(),
        head: Style::new().bold(),
        aside: Style::new().dimmed(),
        removed: AnsiColor::Red.on_default(),
        added: AnsiColor::Cyan.on_default(),
        removed_words: AnsiColor::Red.on_default().invert(),
        added_words: AnsiColor::Cyan.on_default().invert(),
        hunk: AnsiColor::Magenta.on_default(),
    };

    /// The colour of a level.
    pub(crate) fn level(&self, level: Level) -> Style {
        match level {
            Level::Deny => self.deny,
            Level::Warn => self.warn,
            Level::Allow => self.aside,
        }
    }
}

/// What something is written on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen<'a> {
    /// Its colours.
    pub palette: &'a Palette,
    /// How many columns it has; none where nobody counts them.
    pub columns: Option<usize>,
}

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) enum Verbosity {
    /// What fails only: nothing wrong, nothing at all.
    Quiet,
    /// Findings and a summary.
    #[default]
    Normal,
    /// What went as planned too, and all that was passed over by name.
    Verbose,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_palette_writes_nothing() {
        let style = Palette::PLAIN.deny;
        assert_eq!(format!("{style}deny{style:#}"), "deny");
        let style = Palette::COLORED.level(Level::Deny);
        assert_eq!(format!("{style}deny{style:#}"), "\u{1b}[1m\u{1b}[31mdeny\u{1b}[0m");
    }
}
