//! JSON that is safe to look at: what could fool a reader or a terminal is written `\u202e`, which means the same.

use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Compact JSON in which a string has no control, bidirectional or invisible character.
pub(crate) struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_hostile) {
            let (clean, hostile) = rest.split_at(at);
            out.write_all(clean.as_bytes())?;
            let c = hostile.chars().next().expect("find found a character");
            // Beyond U+FFFF JSON has no escape but that of the two UTF-16 surrogates.
            c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}"))?;
            rest = &hostile[c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

/// Writes a value as JSON that is safe to look at, without the end of its line.
pub(crate) fn write_visible(value: &impl Serialize, out: impl Write) -> io::Result<()> {
    Ok(value.serialize(&mut serde_json::Serializer::with_formatter(out, Visible))?)
}

/// Writes a value likewise, and the end of its line.
pub(crate) fn write_line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write_visible(value, &mut *out)?;
    out.write_all(b"\n")
}

/// Whether a character could fool a reader or a terminal: it is no letter but a command, or it can't be seen.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control() || is_bidirectional(c) || is_invisible(c)
}

/// Marks that turn the direction of text round: "Trojan Source", CVE-2021-42574.
fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters without ink, by which two names can look alike, and those that break a line.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write_visible(&text, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        for (text, json) in [
            ("a/ü", r#""a/ü""#),
            ("\u{1b}\n\"\\", r#""\u001b\n\"\\""#),
            ("\u{7f}\u{9b}31m", r#""\u007f\u009b31m""#),
            ("cod\u{202e}txt", r#""cod\u202etxt""#),
            ("\u{e0041}", r#""\udb40\udc41""#),
        ] {
            assert_eq!(written(text), json);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            prop_assert_eq!(serde_json::from_str::<String>(&written(&text)).unwrap(), text);
        }
    }
}
