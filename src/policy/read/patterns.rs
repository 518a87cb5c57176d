//! `match` and `exclude`: gitignore patterns, tried out on the library that will match them.

use super::problems::Problems;
use super::value::Value;
use crate::policy::model::At;
use ignore::gitignore::GitignoreBuilder;
use std::ops::Range;

/// A list of patterns.
pub(super) fn patterns(value: &Value<'_>, problems: &mut Problems) -> Vec<At<String>> {
    let patterns = value.texts("\"incoming/\"", problems);
    for pattern in &patterns {
        check(pattern, problems);
    }
    patterns
}

/// The patterns of `exclude`, which leaves a tree its root.
pub(super) fn excludes(value: &Value<'_>, problems: &mut Problems) -> Vec<At<String>> {
    let patterns = patterns(value, problems);
    for pattern in patterns.iter().filter(|pattern| pattern.value == "/") {
        let hint = "leave it out, or leave out the tree";
        problems.add(pattern.span.clone(), "an exclude of the root itself leaves nothing of the tree", hint);
    }
    patterns
}

/// The patterns of `root-exclude`, which are of names.
pub(super) fn names(value: &Value<'_>, problems: &mut Problems) -> Vec<At<String>> {
    let patterns = patterns(value, problems);
    for pattern in &patterns {
        let name = pattern.value.strip_suffix('/').unwrap_or(&pattern.value);
        if let Some(slash) = name.find('/') {
            let at = problems.inside(pattern, slash..slash + 1);
            problems.add(
                at,
                "a path, where a name should be",
                "write the name of the directory alone, as in `\"*_old\"`",
            );
        } else if name.trim_start_matches('!').is_empty() {
            problems.add(pattern.span.clone(), "a pattern without a name", "write a name, as in `\"*_old\"`");
        }
    }
    patterns
}

/// Reports patterns that are the path of a root of their tree, or lie below one: they begin at the root, so that they
/// never match.
pub(super) fn check_roots(patterns: &[At<String>], roots: &[At<String>], problems: &mut Problems) {
    for pattern in patterns {
        let text = pattern.value.strip_prefix('!').unwrap_or(&pattern.value);
        let sign = &pattern.value[..pattern.value.len() - text.len()];
        let below = |root: &'_ At<String>| {
            let root = root.value.trim_end_matches('/');
            let rest = text.strip_prefix(root).filter(|_| root.starts_with('/'))?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        let Some(rest) = roots.iter().find_map(below) else { continue };
        let hint = match rest.trim_matches('/') {
            "" => "write what lies in it, as in `/incoming`; `/` is the root itself".to_owned(),
            _ => format!("write `{sign}{rest}`"),
        };
        let message = "a pattern begins at the root of its tree, so this never matches";
        problems.add(pattern.span.clone(), message, hint);
    }
}

fn check(pattern: &At<String>, problems: &mut Problems) {
    let text = &pattern.value;
    let bare = text.strip_prefix('!').unwrap_or(text);
    if let Some(rest) = bare.strip_prefix("~/").or_else(|| bare.strip_prefix("./")) {
        let (sign, start) = (&text[..text.len() - bare.len()], text.len() - bare.len());
        let message = format!("a pattern that begins with `{}` never matches", &bare[..2]);
        let hint = match rest.trim_matches('/') {
            "" => "write `/` for the root of the tree, or a name, as in `incoming/`".to_owned(),
            _ => format!("write `{sign}/{rest}`: a pattern with a `/` at its start begins at the root of the tree"),
        };
        return problems.add(problems.inside(pattern, start..start + 2), message, hint);
    }
    if text.trim().is_empty() {
        return problems.add(pattern.span.clone(), "an empty pattern", "say what it should match, as in `\"*.swp\"`");
    }
    if text.starts_with('#') {
        let hint = format!("write `'\\{text}'` to match a name that begins with `#`");
        return problems.add(pattern.span.clone(), "a comment, where a pattern should be", hint);
    }
    if let Some(at) = unclosed_class(text) {
        let hint = "close it with `]`, or write `\\[` for the letter itself";
        return problems.add(problems.inside(pattern, at), "`[` opens a class that nothing closes", hint);
    }
    if let Some(at) = too_deep(text) {
        let hint = format!("write it as several patterns; alternatives nest {DEEPEST} deep at most");
        return problems.add(problems.inside(pattern, at), "alternatives within alternatives, too many deep", hint);
    }
    if let Some(at) = foreign_letter_in_class(text) {
        let letter = &text[at.clone()];
        let hint = "classes are matched byte by byte: write a pattern for each of the letters";
        let message = format!("`{letter}` in a class never matches");
        return problems.add(problems.inside(pattern, at), message, hint);
    }
    if let Err(error) = GitignoreBuilder::new("/").add_line(None, text) {
        let hint = "patterns are those of gitignore(5); a `\\` before a letter takes it as it is";
        problems.add(pattern.span.clone(), format!("not a pattern: {}", reason(&error)), hint);
    }
}

/// How deep `{a,{b,c}}` may nest. `ignore` compiles alternatives by recursion, so that its stack would be the limit.
const DEEPEST: usize = 16;

/// The first `{` that nests too deep.
fn too_deep(text: &str) -> Option<Range<usize>> {
    let (mut depth, mut letters) = (0usize, text.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '[' => skip_class(&mut letters),
            '{' if depth == DEEPEST => return Some(at..at + 1),
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The first `[` whose class has no end: to git such a pattern matches nothing, to `ignore` it is a letter.
fn unclosed_class(text: &str) -> Option<Range<usize>> {
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        let behind = letters.as_str().len();
        match letter {
            '\\' => {
                letters.next();
            }
            '[' => skip_class(&mut letters),
            _ => {}
        }
        if letter == '[' && letters.as_str().len() == behind {
            return Some(at..at + 1);
        }
    }
    None
}

/// Goes on behind the class whose `[` was just read, if it is one.
fn skip_class(letters: &mut std::str::CharIndices<'_>) {
    let inside = letters.as_str();
    let inside = inside.strip_prefix(['!', '^']).unwrap_or(inside);
    // Right behind the opening bracket, a closing one is a letter of the class.
    let first = inside.chars().next().map_or(0, char::len_utf8);
    if let Some(end) = inside[first..].find(']') {
        let behind = &inside[first + end..];
        while letters.as_str().len() > behind.len() {
            letters.next();
        }
    }
}

/// Why a pattern was refused, without repeating the pattern.
fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        ignore::Error::WithPath { err, .. } | ignore::Error::WithLineNumber { err, .. } => reason(err),
        other => other.to_string(),
    }
}

/// The first letter beyond ASCII within `[...]`: globset matches bytes, so that it would match half a letter or none.
fn foreign_letter_in_class(text: &str) -> Option<Range<usize>> {
    let mut letters = text.char_indices().peekable();
    while let Some((_, letter)) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '[' => {
                letters.next_if(|(_, letter)| matches!(letter, '!' | '^'));
                // Right behind the opening bracket, a closing one is a letter of the class.
                letters.next_if(|(_, letter)| *letter == ']');
                if let Some(foreign) = foreign_letter_before_bracket(&mut letters) {
                    return Some(foreign);
                }
            }
            _ => {}
        }
    }
    None
}

/// The first letter beyond ASCII before the closing bracket; without one it is no class.
fn foreign_letter_before_bracket(letters: &mut impl Iterator<Item = (usize, char)>) -> Option<Range<usize>> {
    let mut foreign = None;
    for (at, letter) in letters {
        match letter {
            ']' => return foreign,
            _ if letter.is_ascii() => {}
            _ => foreign = foreign.or(Some(at..at + letter.len_utf8())),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_nest_so_deep_and_no_deeper() {
        let nested = |depth: usize| format!("x{}y{}", "{a,".repeat(depth), "}".repeat(depth));
        assert_eq!(too_deep(&nested(DEEPEST)), None);
        assert!(GitignoreBuilder::new("/").add_line(None, &nested(DEEPEST)).is_ok());
        assert_eq!(too_deep(&nested(DEEPEST + 1)), Some(1 + 3 * DEEPEST..2 + 3 * DEEPEST));
        assert_eq!(too_deep(&"\\{".repeat(100)), None);
        assert_eq!(too_deep(&"{a,b}".repeat(100)), None);
        assert_eq!(too_deep(&"[{][!{][]{]".repeat(100)), None);
        assert!(too_deep(&format!("[{}", "{".repeat(100))).is_some(), "a bracket that opens no class");
    }

    #[test]
    fn what_never_matches_is_told_with_what_was_meant() {
        let told = |roots: &[&str], text: &str| {
            let source = crate::policy::problem::Source { file: "x.toml".into(), text: String::new() };
            let mut problems = Problems::new(std::sync::Arc::new(source));
            let at = |text: &str| At { value: text.to_owned(), span: 0..0 };
            let roots: Vec<_> = roots.iter().map(|root| at(root)).collect();
            check(&at(text), &mut problems);
            check_roots(&[at(text)], &roots, &mut problems);
            problems.settle(()).err().map(|list| list[0].hint.clone().unwrap_or_default())
        };
        for (roots, text, hint) in [
            (&["."][..], "~/mail", "write `/mail`: "),
            (&["."], "!./a/b", "write `!/a/b`: "),
            (&["."], "./", "write `/` for"),
            (&["/data", "/srv/lab/"], "/srv/lab/x/*.o", "write `/x/*.o`"),
            (&["/srv/{p}"], "!/srv/{p}/x", "write `!/x`"),
            (&["/srv/lab"], "/srv/lab/", "write what lies in it"),
        ] {
            let told = told(roots, text).unwrap_or_default();
            assert!(told.starts_with(hint), "{text}: {told}");
        }
        for (roots, text) in [
            (&["/"][..], "/usr"),
            (&["/srv/lab"], "/srv/lab2"),
            (&["/srv/lab"], "/srv"),
            (&["."], "/srv/lab"),
            (&["/srv/lab"], "~x"),
            (&["/srv/lab"], ".x/"),
            (&["/srv/lab"], "../x"),
        ] {
            assert_eq!(told(roots, text), None, "{text}");
        }
    }

    #[test]
    fn a_class_has_an_end() {
        for (pattern, at) in [
            ("[bad", Some(0..1)),
            ("a/[!x", Some(2..3)),
            ("x[]", Some(1..2)),
            ("[^]", Some(0..1)),
            ("[a][b", Some(3..4)),
            ("é[b", Some(2..3)),
            ("[]]", None),
            ("[a]", None),
            ("[!]]x", None),
            (r"\[bad", None),
            ("[[]", None),
            ("bad]", None),
        ] {
            assert_eq!(unclosed_class(pattern), at, "{pattern}");
        }
    }

    #[test]
    fn classes_are_told_from_the_rest() {
        for (pattern, letter) in [
            ("[ä]", Some("ä")),
            ("x[a-zé]y", Some("é")),
            ("[!ü]", Some("ü")),
            ("[]ö]", Some("ö")),
            ("ä[a]ö", None),
            ("\\[ä]", None),
            ("[a]ä]", None),
            ("[ä", None),
            ("ä", None),
        ] {
            assert_eq!(foreign_letter_in_class(pattern).map(|at| &pattern[at]), letter, "{pattern}");
        }
    }
}
