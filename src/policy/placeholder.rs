//! `{name}` in a policy's texts: finding it, and putting in what it stands for.

use std::ops::Range;

/// A `{name}` in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placeholder<'t> {
    /// The name.
    pub name: &'t str,
    /// The bytes of the text that it takes up, braces included.
    pub span: Range<usize>,
}

/// Every `{name}` of a text, in order. Braces around anything that isn't a name are just letters.
pub fn placeholders(text: &str) -> impl Iterator<Item = Placeholder<'_>> {
    text.match_indices('{').filter_map(|(start, _)| {
        let rest = &text[start + 1..];
        let name = &rest[..rest.bytes().take_while(|&b| is_name_byte(b)).count()];
        let is_whole = is_name(name) && rest[name.len()..].starts_with('}');
        is_whole.then(|| Placeholder { name, span: start..start + name.len() + 2 })
    })
}

/// The text with every `{name}` replaced that `value` knows; the others stay. What is put in is not looked at again.
pub fn put_in<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for placeholder in placeholders(text) {
        if let Some(value) = value(placeholder.name) {
            result.push_str(&text[at..placeholder.span.start]);
            result.push_str(value);
            at = placeholder.span.end;
        }
    }
    result + &text[at..]
}

/// Whether it can name a param or capture: `[a-z_][a-z0-9_-]*`, as group names go.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_') && name.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names_in_braces_and_nothing_else() {
        for (text, names) in [
            ("{a}", vec![("a", 0..3)]),
            ("/srv/{team}/{x-1}", vec![("team", 5..11), ("x-1", 12..17)]),
            ("{prefix}{project}", vec![("prefix", 0..8), ("project", 8..17)]),
            ("{", vec![]),
            ("{}", vec![]),
            ("{A}{1a}{a b}", vec![]),
            ("{{a}}", vec![("a", 1..4)]),
            ("{ä}{a", vec![]),
        ] {
            let found: Vec<_> = placeholders(text).map(|p| (p.name, p.span)).collect();
            assert_eq!(found, names, "{text}");
        }
    }

    #[test]
    fn puts_in_once() {
        let value = |name: &str| match name {
            "a" => Some("{b}"),
            "b" => Some("x"),
            _ => None,
        };
        assert_eq!(put_in("-{a}{c}{b}-", value), "-{b}{c}x-");
    }
}
