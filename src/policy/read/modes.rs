//! `dir-mode`, `file-mode` and `special-mode`: chmod's language, and its agreement with `setgid` and `sticky`.

use super::problems::Problems;
use super::value::Value;
use crate::model::mode::{Mode, ModeExpression};
use crate::policy::model::{At, Attribute};
use std::ops::Range;

/// Mode expressions, each with its place.
pub(super) type Modes = Vec<At<ModeExpression>>;

/// The acceptable modes, of directories or of what is none.
pub(super) fn modes(value: &Value<'_>, is_directory: bool, problems: &mut Problems) -> Option<Modes> {
    let values = value.one_or_more(problems);
    let modes: Modes = values.iter().filter_map(|value| one(value, is_directory, problems)).collect();
    (!modes.is_empty()).then_some(modes)
}

fn one(value: &Value<'_>, is_directory: bool, problems: &mut Problems) -> Option<At<ModeExpression>> {
    let raw = problems.raw(&value.span).to_owned();
    if value.value.is_integer() || value.value.is_float() {
        let hint = format!("quote it: `{} = \"{}\"`", value.key, octal_digits(&raw));
        value.wrong_type("a string", hint, problems);
        return None;
    }
    let text = value.text("\"g=u,o=\"", problems)?;
    if text.value == "@any" {
        problems.add(text.span, "`@any` in a list", "write it alone, to take an earlier wish back");
        return None;
    }
    let expression = match ModeExpression::parse(&text.value) {
        Ok(expression) => expression,
        Err(error) => {
            let hint = error.hint.unwrap_or_else(|| "modes are those of chmod(1): `u=rwx,g=u,o=`, `2770`".into());
            problems.add(problems.inside(&text, error.span), error.message, hint);
            return None;
        }
    };
    check_stable(&expression, &text.span, is_directory, problems);
    Some(At { value: expression, span: text.span })
}

fn check_stable(expression: &ModeExpression, span: &Range<usize>, is_directory: bool, problems: &mut Problems) {
    let Some(mode) = expression.unstable_at(is_directory) else { return };
    let once = expression.apply(mode, is_directory);
    let twice = expression.apply(once, is_directory);
    let message = format!("a mode that never comes to rest: it makes {mode} into {once}, and that into {twice}");
    problems.add(span.clone(), message, "take each class from one that doesn't change, as in `g=u,o=`");
}

/// The octal digits of an integer that was meant as a mode.
fn octal_digits(raw: &str) -> &str {
    let digits = raw.strip_prefix("0o").unwrap_or(raw);
    match digits.len() {
        0..=4 => digits,
        _ => digits.trim_start_matches('0'),
    }
}

/// Reports a `dir-mode` that asks for another value of `bit` than the `key` of the same table.
pub(super) fn check_agreement(
    key: &str,
    bit: Mode,
    wish: &Attribute<bool>,
    modes: &Attribute<Modes>,
    problems: &mut Problems,
) {
    let Attribute::Is(modes) = modes else { return };
    let (wish, said) = match wish {
        Attribute::Unsaid => return,
        Attribute::Any(_) => (None, "\"@any\"".to_owned()),
        Attribute::Is(flag) => (Some(flag.value), flag.value.to_string()),
    };
    for mode in modes.value.iter().filter(|mode| mode.value.speaks_of().has(bit)) {
        // A special bit never depends on the mode before: spoken of, it is set or cleared.
        let asked = mode.value.apply(Mode::NONE, true).has(bit);
        if wish != Some(asked) {
            let does = if asked { "sets" } else { "clears" };
            let message = format!("`dir-mode` {does} {key}, but `{key}` of this table is {said}");
            problems.add(mode.span.clone(), message, format!("say it once: leave out `{key}`, or the bit of the mode"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::octal_digits;

    #[test]
    fn integers_are_quoted_as_they_were_meant() {
        for (raw, digits) in
            [("2775", "2775"), ("0o2775", "2775"), ("02775", "2775"), ("0775", "0775"), ("775", "775"), ("0o0", "0")]
        {
            assert_eq!(octal_digits(raw), digits);
        }
    }
}
