//! Errors of the TOML itself: which of them let the rest be read, and how they are told.

use super::problems::Problems;
use std::ops::Range;
use toml::de::Error;

/// How many syntax errors are told; one mistake makes the parser stumble over all that follows.
const TOLD: usize = 3;

/// Errors after which the tables are still what the author meant: keys said twice, integers with leading zeros.
///
/// `None` where there are others; then the first of those are reported, and nothing else can be known.
pub(super) fn tolerable(errors: Vec<Error>, problems: &mut Problems) -> Option<Vec<Error>> {
    let (mild, mut grave): (Vec<_>, Vec<_>) = errors.into_iter().partition(|error| is_mild(error.message()));
    if grave.is_empty() {
        return Some(mild);
    }
    grave.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    grave.iter().take(TOLD).for_each(|error| report(error, problems));
    None
}

/// Reports the errors at whose place nothing better was said.
pub(super) fn report_rest(errors: Vec<Error>, problems: &mut Problems) {
    let mut rest = errors;
    rest.retain(|error| problems.at(&error.span().unwrap_or_default()).next().is_none());
    rest.iter().for_each(|error| report(error, problems));
}

fn is_mild(message: &str) -> bool {
    message.starts_with("duplicate key") || message.starts_with("unexpected leading zero")
}

fn report(error: &Error, problems: &mut Problems) {
    let (message, expected) = match error.message().split_once(", expected ") {
        Some((message, "nothing")) => (message, None),
        Some((message, expected)) => (message, Some(expected)),
        None => (error.message(), None),
    };
    let span = at_a_letter(error.span().unwrap_or_default(), problems);
    let hint = match (message, expected) {
        ("duplicate key", _) => format!("`{}` is said before in the same table: leave one", problems.raw(&span)),
        ("unexpected leading zero", _) => "leave out the zero; a mode is a string, in quotes".into(),
        _ if let Some(word) = bare_word(&span, problems) => match word {
            "yes" | "no" | "on" | "off" => "write `true` or `false`".into(),
            word => format!("quote it: `\"{word}\"`"),
        },
        (_, Some(expected)) => format!("here belongs {expected}"),
        _ => "policies are TOML: see https://toml.io".into(),
    };
    problems.add(span, format!("not TOML: {message}").replace("not TOML: duplicate key", "duplicate key"), hint);
}

/// The word that stands where a value belongs, without the quotes that TOML wants around it.
fn bare_word<'p>(span: &Range<usize>, problems: &'p Problems) -> Option<&'p str> {
    let (_, value) = problems.line_at(span.start).split_once('=')?;
    let value = value.split('#').next()?.trim();
    let begins_so = value.starts_with(|first: char| first.is_alphabetic() || "@/".contains(first));
    let is_word = begins_so && value.chars().all(|letter| letter.is_alphanumeric() || "_-.@+=,/".contains(letter));
    is_word.then_some(value)
}

/// The span, or where it is empty, the letter before it on the line, so that there is something to point at.
fn at_a_letter(span: Range<usize>, problems: &Problems) -> Range<usize> {
    if !span.is_empty() {
        return span;
    }
    let before = problems.raw(&(0..span.start));
    match before.chars().next_back() {
        Some(letter) if letter != '\n' => span.start - letter.len_utf8()..span.start,
        _ => span,
    }
}
