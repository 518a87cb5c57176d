//! Words of printed commands, quoted so that a shell reads them back byte for byte and a terminal shows them.

use crate::model::text::escape::is_hostile;
use std::fmt::Write;

/// Quotes one word for a shell: bare where nothing is special, else `'...'`.
///
/// What can't be shown as it is becomes `$'...'`, which bash, zsh, ksh and POSIX.1-2024 know.
pub(crate) fn shell_quote(word: &[u8]) -> String {
    match std::str::from_utf8(word) {
        Ok(text) if is_plain(text) => text.into(),
        Ok(text) if !text.chars().any(is_hostile) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => quote_escaped(word),
    }
}

/// Whether no shell sees anything in it but letters.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./:,@%+".contains(&b))
}

fn quote_escaped(word: &[u8]) -> String {
    let mut text = String::from("$'");
    for chunk in word.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => text.push_str(r"\n"),
                '\t' => text.push_str(r"\t"),
                '\r' => text.push_str(r"\r"),
                '\'' | '\\' => text.extend(['\\', c]),
                c if is_hostile(c) => push_octal(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => text.push(c),
            }
        }
        push_octal(&mut text, chunk.invalid());
    }
    text.push('\'');
    text
}

/// Writes bytes in octal: three digits are the longest such escape, while shells differ in how far `\x` reads on.
fn push_octal(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        write!(text, "\\{byte:03o}").expect("a String takes any text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    /// What a shell makes of a quoted word.
    fn read_by(shell: &str, quoted: &str) -> Vec<u8> {
        let script = [b"printf %s ", quoted.as_bytes()].concat();
        Command::new(shell).arg("-c").arg(OsStr::from_bytes(&script)).output().unwrap().stdout
    }

    #[test]
    fn quotes_only_what_needs_it() {
        for (word, quoted) in [
            (&b"/srv/lab/run-1_a.txt"[..], "/srv/lab/run-1_a.txt"),
            (b"", "''"),
            (b"a b", "'a b'"),
            (b"it's", r"'it'\''s'"),
            (b"$(reboot)", "'$(reboot)'"),
            (b"~root", "'~root'"),
            (b"back\\slash", r"'back\slash'"),
            ("Übung".as_bytes(), "'Übung'"),
            (b"a\nb", r"$'a\nb'"),
            (b"\x1b[2J'", r"$'\033[2J\''"),
            (b"caf\xe90", r"$'caf\3510'"),
            ("\u{202e}".as_bytes(), r"$'\342\200\256'"),
        ] {
            assert_eq!(shell_quote(word), quoted);
        }
    }

    #[test]
    fn any_shell_reads_plain_and_single_quoted_words_back() {
        for word in ["a b", "it's", "''", "`id`", "$HOME \"*\" ;&|<>(){}[]?#!~=^", "-n", r"\n\\", "Übung 数据"] {
            assert_eq!(read_by("sh", &shell_quote(word.as_bytes())), word.as_bytes(), "{word}");
        }
    }

    proptest! {
        #![proptest_config(crate::model::samples::cases(64))]
        #[test]
        fn bash_reads_any_bytes_back(word in proptest::collection::vec(1u8.., 0..40)) {
            prop_assert_eq!(read_by("bash", &shell_quote(&word)), word);
        }

        #[test]
        fn bash_reads_any_characters_back(word in "[\u{1}-\u{10ffff}]{0,20}") {
            prop_assert_eq!(read_by("bash", &shell_quote(word.as_bytes())), word.as_bytes());
        }
    }
}
