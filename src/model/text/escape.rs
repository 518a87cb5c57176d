//! Hostile names made harmless for people: nothing that moves the cursor, turns the text round or can't be seen.

use crate::model::entry::Kind;
use crate::model::path::TreePath;
use crate::model::text::abbreviated::Abbreviated;
pub(crate) use crate::model::wire::is_hostile;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// A name or path for people: control, bidirectional and invisible characters, bytes that are not UTF-8 and the
/// backslash itself are escaped, so that no two names read alike.
pub(crate) fn escape(name: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(name) {
        Ok(text) if is_plain(name) || !text.chars().any(|c| c == '\\' || is_hostile(c)) => text.into(),
        _ => escape_bytes(name).into(),
    }
}

/// A message for people that may have names in it: as [`escape`], but a backslash stays what it is.
pub(crate) fn escape_message(message: &str) -> Cow<'_, str> {
    if is_plain(message.as_bytes()) || !message.chars().any(is_hostile) {
        return message.into();
    }
    let mut text = String::with_capacity(message.len() + 16);
    message.chars().for_each(|c| push_escaped(&mut text, c));
    text.into()
}

/// Whether it is of ASCII's letters, digits and signs alone, but for the backslash: what nearly every name is, told many
/// bytes at a time.
fn is_plain(text: &[u8]) -> bool {
    text.iter().fold(true, |plain, &byte| plain & (0x20..0x7f).contains(&byte) & (byte != b'\\'))
}

/// An entry's absolute path for people; that of a directory ends in a slash.
pub(crate) fn full_path(root: &[u8], path: &[u8], kind: Option<Kind>) -> String {
    let bytes = join(root, path);
    let mut text = match escape(&bytes) {
        Cow::Owned(text) => text,
        // What needs no escape is text as it is.
        Cow::Borrowed(_) => String::from_utf8(bytes).unwrap_or_else(|error| escape_bytes(error.as_bytes())),
    };
    if kind == Some(Kind::Dir) && !text.ends_with('/') {
        text.push('/');
    }
    text
}

/// Writes [`full_path`], without building it where nothing in it has to be escaped.
pub(crate) fn write_full_path(out: &mut dyn Write, root: &[u8], path: &[u8], kind: Option<Kind>) -> io::Result<()> {
    if !is_plain(root) || !is_plain(path) {
        return out.write_all(full_path(root, path, kind).as_bytes());
    }
    let (head, slash, rest) = joined(root, path);
    [head, slash, rest].into_iter().try_for_each(|part| out.write_all(part))?;
    let last = [rest, slash, head].into_iter().find_map(|part| part.last());
    if kind == Some(Kind::Dir) && last != Some(&b'/') { out.write_all(b"/") } else { Ok(()) }
}

/// An entry's absolute path for people, as [`full_path`]; one that no call could be given is abbreviated.
pub(crate) fn entry_path(root: &[u8], path: &TreePath, kind: Option<Kind>) -> String {
    match Abbreviated::of(path) {
        None => full_path(root, &path.bytes(), kind),
        Some(short) => {
            let slash = if kind == Some(Kind::Dir) { "/" } else { "" };
            format!("{}{short}{slash}", full_path(root, b".", Some(Kind::Dir)))
        }
    }
}

/// Writes [`entry_path`].
pub(crate) fn write_entry_path(
    out: &mut dyn Write,
    root: &[u8],
    path: &TreePath,
    kind: Option<Kind>,
) -> io::Result<()> {
    match path.is_unnameable() {
        false => write_full_path(out, root, &path.bytes(), kind),
        true => out.write_all(entry_path(root, path, kind).as_bytes()),
    }
}

/// The path of an entry from `/`, as bytes; `.` is the root itself.
pub(crate) fn join(root: &[u8], path: &[u8]) -> Vec<u8> {
    let (head, slash, rest) = joined(root, path);
    [head, slash, rest].concat()
}

/// The parts of that path.
fn joined<'a>(root: &'a [u8], path: &'a [u8]) -> (&'a [u8], &'a [u8], &'a [u8]) {
    match path {
        b"." => (root, b"", b""),
        _ if root.is_empty() || path.starts_with(b"/") => (path, b"", b""),
        _ => (root.strip_suffix(b"/").unwrap_or(root), b"/", path),
    }
}

/// How many columns of a terminal a text takes that was escaped before.
pub(crate) fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

fn escape_bytes(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len() + 16);
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => text.push_str(r"\\"),
                c => push_escaped(&mut text, c),
            }
        }
        chunk.invalid().iter().for_each(|&byte| push_hex(&mut text, byte));
    }
    text
}

fn push_escaped(text: &mut String, c: char) {
    match c {
        '\n' => text.push_str(r"\n"),
        '\r' => text.push_str(r"\r"),
        '\t' => text.push_str(r"\t"),
        c if !is_hostile(c) => text.push(c),
        // Only a byte that is no character is written `\x80` and up: a character there is `\u{80}`.
        c if c.is_ascii() => push_hex(text, c as u8),
        c => write!(text, "\\u{{{:x}}}", u32::from(c)).expect("a String takes any text"),
    }
}

fn push_hex(text: &mut String, byte: u8) {
    write!(text, "\\x{byte:02x}").expect("a String takes any text");
}

/// The bytes that octal escapes stand for, as `\040` in tables of mounts and dumps of ACLs, and a backslash that two stand
/// for; other backslashes stand for themselves.
pub(crate) fn unescape_octal(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        let digits =
            after.get(..3).filter(|digits| *byte == b'\\' && digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
        let value = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match (value, after) {
            (Some(value), _) => {
                plain.push(value);
                rest = &after[3..];
            }
            (None, [b'\\', after @ ..]) if *byte == b'\\' => {
                plain.push(b'\\');
                rest = after;
            }
            (None, _) => {
                plain.push(*byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escapes(name: &[u8], text: &str) {
        assert_eq!(escape(name), text);
    }

    #[test]
    fn harmless_names_stay_as_they_are() {
        for name in ["run1", "with space", "Übung", "数据", "e\u{301}tude", "\u{a0}", "🧪", "a'b\"c$"] {
            assert_eq!(escape(name.as_bytes()), name);
        }
    }

    #[test]
    fn a_path_is_written_as_it_is_built() {
        let kinds = [None, Some(Kind::Dir), Some(Kind::File)];
        for root in ["", "/", "/srv/lab", "/srv/lab/", "/srv/\x1b", "/srv/\u{6570}"] {
            for path in [".", "a", "a/b", "/abs", "/abs/", "a\nb", "\u{6570}", "a\\b", ""] {
                for kind in kinds {
                    let mut written = Vec::new();
                    write_full_path(&mut written, root.as_bytes(), path.as_bytes(), kind).unwrap();
                    let built = full_path(root.as_bytes(), path.as_bytes(), kind);
                    assert_eq!(String::from_utf8(written).unwrap(), built, "{root:?} {path:?} {kind:?}");
                }
            }
        }
    }

    #[test]
    fn no_line_is_forged_and_no_terminal_obeys() {
        for (name, text) in [
            (&b"x\n/etc/shadow: deny: world-writable"[..], r"x\n/etc/shadow: deny: world-writable"),
            (b"a\rb\tc", r"a\rb\tc"),
            (b"\x1b]0;pwned\x07", r"\x1b]0;pwned\x07"),
            (b"\x1b[2J\x1b[31m", r"\x1b[2J\x1b[31m"),
            (b"\x08\x08\x7f", r"\x08\x08\x7f"),
            // C1 controls, as characters and as bytes.
            ("\u{9b}31m".as_bytes(), r"\u{9b}31m"),
            (b"\x9b31m", r"\x9b31m"),
            ("\u{85}".as_bytes(), r"\u{85}"),
            // What is not UTF-8, byte by byte; and what is an escape already.
            (b"caf\xe9", r"caf\xe9"),
            (b"\xc0\xaf \xed\xa0\x80 \xff", r"\xc0\xaf \xed\xa0\x80 \xff"),
            (br"a\n", r"a\\n"),
            (br"\xff", r"\\xff"),
        ] {
            escapes(name, text);
        }
    }

    #[test]
    fn text_is_not_turned_round() {
        escapes("cod\u{202e}txt.exe".as_bytes(), r"cod\u{202e}txt.exe");
        for mark in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{2066}\u{2067}\u{2068}\u{2069}".chars() {
            escapes(mark.to_string().as_bytes(), &format!("\\u{{{:x}}}", mark as u32));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        for (name, text) in [
            ("lab\u{200b}", r"lab\u{200b}"),
            ("la\u{200d}b", r"la\u{200d}b"),
            ("\u{2060}\u{feff}\u{ad}", r"\u{2060}\u{feff}\u{ad}"),
            ("\u{3164}\u{2800}", r"\u{3164}\u{2800}"),
            // Line breaks of Unicode break no line, and its tags smuggle no text.
            ("a\u{2028}b\u{2029}c", r"a\u{2028}b\u{2029}c"),
            ("lab\u{e0041}\u{e0042}", r"lab\u{e0041}\u{e0042}"),
        ] {
            escapes(name.as_bytes(), text);
        }
    }

    #[test]
    fn messages_keep_their_backslashes_and_lose_their_commands() {
        assert_eq!(escape_message(r"pattern `\*` of lab"), r"pattern `\*` of lab");
        assert_eq!(escape_message("group \u{1b}[31m\u{202e}"), r"group \x1b[31m\u{202e}");
    }

    #[test]
    fn paths_are_joined_and_directories_end_in_a_slash() {
        for (root, path, kind, text) in [
            ("/srv", "a/b", Some(Kind::File), "/srv/a/b"),
            ("/srv", "a/b", Some(Kind::Dir), "/srv/a/b/"),
            ("/srv", ".", Some(Kind::Dir), "/srv/"),
            ("/", ".", Some(Kind::Dir), "/"),
            ("/", "a", Some(Kind::File), "/a"),
            ("/srv", "/elsewhere", None, "/elsewhere"),
            ("", "a", None, "a"),
        ] {
            assert_eq!(full_path(root.as_bytes(), path.as_bytes(), kind), text);
        }
    }

    #[test]
    fn width_counts_columns() {
        for (text, columns) in [("lab", 3), ("数据", 4), ("e\u{301}", 1), ("", 0)] {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    /// Reads back what [`escape`] writes.
    fn unescape(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            if c != '\\' {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            let kind = rest.chars().next().expect("a character behind the backslash");
            rest = &rest[1..];
            match kind {
                'n' => bytes.push(b'\n'),
                'r' => bytes.push(b'\r'),
                't' => bytes.push(b'\t'),
                '\\' => bytes.push(b'\\'),
                'x' => {
                    bytes.push(u8::from_str_radix(&rest[..2], 16).unwrap());
                    rest = &rest[2..];
                }
                'u' => {
                    let end = rest.find('}').unwrap();
                    let c = char::from_u32(u32::from_str_radix(&rest[1..end], 16).unwrap()).unwrap();
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = &rest[end + 1..];
                }
                other => panic!("unknown escape \\{other}"),
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn any_bytes_come_back_and_nothing_hostile_is_left(name in proptest::collection::vec(any::<u8>(), 0..40)) {
            let text = escape(&name);
            prop_assert!(!text.chars().any(is_hostile));
            prop_assert_eq!(unescape(&text), name);
        }

        #[test]
        fn any_characters_come_back_and_nothing_hostile_is_left(name in any::<String>()) {
            let text = escape(name.as_bytes());
            prop_assert!(!text.chars().any(is_hostile));
            prop_assert_eq!(unescape(&text), name.as_bytes());
        }
    }

    #[test]
    fn octal_escapes_stand_for_bytes() {
        assert_eq!(unescape_octal(b"a\\040b\\134\\\\c\\9\\777\\"), b"a b\\\\c\\9\\777\\");
    }
}
