//! JSON that is safe to look at: what could fool a reader or a terminal is written `\u202e`, which means the same.

use crate::report::escape::is_hostile;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Compact JSON in which a string has no control, bidirectional or invisible character.
pub struct Visible;

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Serialize;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        text.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Visible)).unwrap();
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
