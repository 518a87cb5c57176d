//! Names as patterns: what gitignore(5) takes for more than itself, escaped.

/// The pattern that means these names and nothing else, slashes between them. What it ends in is for who puts it somewhere:
/// blanks at the end of a whole pattern are trimmed, escaped or not, but for a space.
pub(crate) fn escaped(names: &str) -> String {
    let mut pattern = String::with_capacity(names.len());
    for letter in names.chars() {
        match letter {
            // `ignore` takes a backslash before a slash away, escaped or not: a class holds it in any place.
            '\\' => pattern.push_str("[\\]"),
            '*' | '?' | '[' | ']' | '{' | '}' | ' ' | '!' | '#' => pattern.extend(['\\', letter]),
            letter => pattern.push(letter),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_mean_more_are_escaped() {
        assert_eq!(escaped("a b/[c]*\\d#!{?}"), "a\\ b/\\[c\\]\\*[\\]d\\#\\!\\{\\?\\}");
    }
}
