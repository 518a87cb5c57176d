//! `[limits]`: counts, percentages, sizes and durations.

use super::problems::Problems;
use super::table::Table;
use super::value::Value;
use crate::policy::model::{Limits, MaxChanges};
use std::str::FromStr;

/// `[limits]`.
pub(super) fn limits(table: &mut Table<'_>, problems: &mut Problems) -> Limits {
    let hint = "write `[limits]`, and below it as in `max-changes = \"5%\"`";
    let Some(mut table) = table.take("limits").and_then(|value| value.table("[limits]", hint, problems)) else {
        return Limits::default();
    };
    let max_changes = table.take("max-changes").and_then(|value| max_changes(&value, problems));
    let plan_bytes = table
        .take("plan-bytes")
        .and_then(|value| amount(&value, "a size", "`plan-bytes = \"1GiB\"`, or a number of bytes", bytes, problems));
    let stall = table.take("stall").and_then(|value| {
        amount(&value, "a duration", "`stall = \"60s\"` or `\"2min\"`, or a number of seconds", seconds, problems)
    });
    table.finish(problems);
    Limits { max_changes, plan_bytes, stall }
}

impl FromStr for MaxChanges {
    type Err = &'static str;

    /// Reads `100` or `5%`.
    fn from_str(text: &str) -> Result<MaxChanges, &'static str> {
        let hint = "write a count, or a percentage from 0% to 100%";
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(MaxChanges::Count).map_err(|_| hint);
        };
        match percent.trim_end().parse() {
            Ok(percent) if (0.0..=100.0).contains(&percent) && is_number(text.trim_end_matches([' ', '%'])) => {
                Ok(MaxChanges::Percent(percent))
            }
            _ => Err(hint),
        }
    }
}

fn max_changes(value: &Value<'_>, problems: &mut Problems) -> Option<MaxChanges> {
    let hint = "write a count, or a percentage in quotes: `max-changes = \"5%\"`";
    if let Some(count) = value.count() {
        return Some(MaxChanges::Count(count));
    }
    let Some(text) = value.value.as_str() else {
        value.wrong_type("a count or a percentage", hint, problems);
        return None;
    };
    let parsed = text.parse();
    if parsed.is_err() {
        problems.add(value.span.clone(), format!("`{text}` is neither a count nor a percentage"), hint);
    }
    parsed.ok()
}

/// A number or a string with a unit, of at least 1.
fn amount(
    value: &Value<'_>,
    what: &str,
    hint: &str,
    parse: fn(&str) -> Option<u64>,
    problems: &mut Problems,
) -> Option<u64> {
    let hint = format!("write as in {hint}");
    let parsed = value.count().or_else(|| value.value.as_str().and_then(parse));
    match parsed {
        Some(0) => problems.add(value.span.clone(), format!("`{}` of nothing", value.key), hint),
        Some(_) => {}
        None if value.value.is_str() || value.value.is_integer() => {
            let raw = problems.raw(&value.span).to_owned();
            problems.add(value.span.clone(), format!("{raw} is not {what}"), hint);
        }
        None => value.wrong_type(what, hint, problems),
    }
    parsed.filter(|&parsed| parsed > 0)
}

/// Reads `1GiB`, `512 MiB`, `4096`.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let shift = match text[digits..].trim_start() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        "TiB" => 40,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Reads `60s`, `2min`, `90`; a bare `m` is as little taken as in the ages of `log`, where it could be months.
fn seconds(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    if text.split(|c: char| !c.is_ascii_alphabetic()).any(|unit| unit.eq_ignore_ascii_case("m")) {
        return None;
    }
    let duration: jiff::SignedDuration = text.parse().ok()?;
    u64::try_from(duration.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_percentages() {
        for (text, expected) in [
            ("0", Ok(MaxChanges::Count(0))),
            ("100", Ok(MaxChanges::Count(100))),
            ("5%", Ok(MaxChanges::Percent(5.0))),
            ("2.5 %", Ok(MaxChanges::Percent(2.5))),
            ("100%", Ok(MaxChanges::Percent(100.0))),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
        for text in ["", "%", "101%", "-1%", "-1", "nan%", "inf%", "1e1%", "+5%", "five", "5%%"] {
            assert!(text.parse::<MaxChanges>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_and_durations() {
        for (text, expected) in [
            ("1GiB", Some(1 << 30)),
            ("512 MiB", Some(512 << 20)),
            ("4096", Some(4096)),
            ("1GB", None),
            ("GiB", None),
            ("99999999TiB", None),
            ("-1KiB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        for (text, expected) in [
            ("60s", Some(60)),
            ("2min", Some(120)),
            ("2m", None),
            ("1h5M", None),
            ("1h", Some(3600)),
            ("90", Some(90)),
            ("-1s", None),
            ("soon", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
