//! `{name}` in roots, groups, owners, exceptions and expectations: params and captures, put in.

use std::ops::Range;

/// A part of a text with placeholders in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part<'t> {
    /// Text as it stands.
    Text(&'t str),
    /// `{name}`, and where in the text it stands, braces and all.
    Name(&'t str, Range<usize>),
}

/// Why the placeholders of a text can't be put in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct PlaceholderError {
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that is known.
    pub hint: Option<String>,
    /// The bytes of the text that are wrong.
    pub span: Range<usize>,
}

/// Where a text that was put together came from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Origin {
    /// The policy, and those who set its params.
    Policy,
    /// In part from a capture: from the name of a directory that somebody made.
    Capture,
}

/// The parts of a text.
pub(crate) fn parts(text: &str) -> Result<Vec<Part<'_>>, PlaceholderError> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while let Some(brace) = text[at..].find(['{', '}']).map(|offset| at + offset) {
        if brace > at {
            parts.push(Part::Text(&text[at..brace]));
        }
        if text[brace..].starts_with('}') {
            return Err(error(brace..brace + 1, "a `}` without its `{`".into(), None));
        }
        let Some(end) = text[brace..].find('}').map(|offset| brace + offset) else {
            return Err(error(brace..text.len(), "a `{` without its `}`".into(), Some("write `{name}`")));
        };
        let name = &text[brace + 1..end];
        if !is_name(name) {
            let hint = "names begin with a-z or `_` and go on with a-z, 0-9, `_` and `-`";
            return Err(error(brace..end + 1, format!("`{{{}}}` is no name", name.escape_debug()), Some(hint)));
        }
        parts.push(Part::Name(name, brace..end + 1));
        at = end + 1;
    }
    if at < text.len() {
        parts.push(Part::Text(&text[at..]));
    }
    Ok(parts)
}

/// A text with all placeholders put in, and whether a capture had part in it.
pub(crate) fn put_in<'v>(
    text: &str,
    value: impl Fn(&str) -> Option<(&'v str, Origin)>,
) -> Result<(String, Origin), PlaceholderError> {
    let (mut whole, mut origin) = (String::new(), Origin::Policy);
    for part in parts(text)? {
        match part {
            Part::Text(text) => whole.push_str(text),
            Part::Name(name, span) => {
                let unknown = || {
                    let hint = format!("declare it in [params], or capture it in the tree's root: `/srv/{{{name}}}`");
                    error(span, format!("`{{{name}}}` is neither a param nor a capture"), Some(&hint))
                };
                let (value, from) = value(name).ok_or_else(unknown)?;
                whole.push_str(value);
                origin = origin.max(from);
            }
        }
    }
    Ok((whole, origin))
}

/// Whether a text can name a param or capture: `[a-z_][a-z0-9_-]*`.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-')
}

/// Whether a capture may hold a text: `[A-Za-z0-9_][A-Za-z0-9_.-]*`, as groups and users are called; digits alone are an id.
pub(super) fn can_be_captured(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().next().is_some_and(is_letter)
        && text.bytes().all(|byte| is_letter(byte) || byte == b'.' || byte == b'-')
        && !text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn error(span: Range<usize>, message: String, hint: Option<&str>) -> PlaceholderError {
    PlaceholderError { message, hint: hint.map(Into::into), span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_never_ids_are_captured() {
        for (text, expected) in [
            ("apollo", true),
            ("Apollo.Eleven-2", true),
            ("3d-lab", true),
            ("_x", true),
            ("2024a", true),
            ("2024", false),
            ("", false),
            (".x", false),
            ("-x", false),
            ("a b", false),
            ("a:b", false),
            ("@root", false),
            ("\u{e4}", false),
        ] {
            assert_eq!(can_be_captured(text), expected, "{text}");
        }
    }

    #[test]
    fn puts_in_and_remembers_captures() {
        let value = |name: &str| match name {
            "prefix" => Some(("proj-", Origin::Policy)),
            "project" => Some(("x", Origin::Capture)),
            _ => None,
        };
        for (text, expected) in [
            ("lab", Ok(("lab", Origin::Policy))),
            ("{prefix}a", Ok(("proj-a", Origin::Policy))),
            ("{prefix}{project}", Ok(("proj-x", Origin::Capture))),
            ("a{project}b", Ok(("axb", Origin::Capture))),
            ("", Ok(("", Origin::Policy))),
            ("{other}", Err(0..7)),
            ("a{b", Err(1..3)),
            ("a}b", Err(1..2)),
            ("{}", Err(0..2)),
            ("x{Big}", Err(1..6)),
        ] {
            let expected = expected.map(|(text, origin): (&str, _)| (text.to_owned(), origin));
            assert_eq!(put_in(text, value).map_err(|error| error.span), expected, "{text}");
        }
    }
}
