//! Numbers and clauses as a person would write them: thousands separated, plurals right, sentences.

use std::time::Duration;

/// A number with its thousands separated: `1,234,567`.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 change`, `1,234 changes`, `no entries`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", number(count)),
    }
}

/// A clause as a sentence of its own: capital first letter, period last.
pub(crate) fn sentence(clause: &str) -> String {
    format!("{}.", capitalized(clause))
}

/// A clause with a capital first letter.
pub(crate) fn capitalized(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// How long something took, in the units that a person would take: `12 ms`, `1.2 s`, `3 min 20 s`, `1 h 5 min`.
pub(crate) fn time(took: Duration) -> String {
    match took.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        // Not rounded by the formatter, which would make 10.0 s of 9.99.
        millis @ 1000..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        millis @ 10_000..60_000 => format!("{} s", millis / 1000),
        millis @ 60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis / 1000 % 60),
        millis => format!("{} h {} min", number((millis / 3_600_000) as u64), millis / 60_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_separated() {
        for (count, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (100_000, "100,000"), (u64::MAX, "18,446,744,073,709,551,615")]
        {
            assert_eq!(number(count), text);
        }
    }

    #[test]
    fn counts_have_their_plural() {
        for (count, text) in [(0, "no entries"), (1, "1 entry"), (2, "2 entries"), (1500, "1,500 entries")] {
            assert_eq!(counted(count, "entry", "entries"), text);
        }
    }

    #[test]
    fn times_are_told_as_a_person_would() {
        for (millis, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1000, "1.0 s"),
            (9_999, "9.9 s"),
            (10_000, "10 s"),
            (59_999, "59 s"),
            (200_000, "3 min 20 s"),
            (3_900_000, "1 h 5 min"),
        ] {
            assert_eq!(time(Duration::from_millis(millis)), text);
        }
    }
}
