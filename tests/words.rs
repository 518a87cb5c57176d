//! The words of a command line in a scenario, quoted as for a shell.

/// The words of a line, `'single'` and `"double"` quotes taken off; nothing else means anything.
pub fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None;
    let mut quote = None;
    for letter in line.chars() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_with(String::new);
            }
            (' ' | '\n', None) => words.extend(word.take()),
            _ => word.get_or_insert_with(String::new).push(letter),
        }
    }
    assert_eq!(quote, None, "an open quote in `{line}`");
    words.extend(word);
    words
}

#[test]
fn lines_split_like_a_shells() {
    assert_eq!(split("fix -y  'a b' \"c'd\" e\"f g\"h ''"), ["fix", "-y", "a b", "c'd", "ef gh", ""]);
}
