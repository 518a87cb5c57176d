//! The head of a policy: format, name, params and lints.

use super::problems::Problems;
use super::table::Table;
use super::value::Value;
use crate::lints::{Level, Lint};
use crate::pattern::placeholder::is_name;
use crate::policy::model::{At, Param};
use crate::policy::nearest::did_you_mean;

/// The only format there is.
const FORMAT: u64 = 1;

/// Checks `format`.
pub(super) fn format(table: &mut Table<'_>, problems: &mut Problems) {
    let hint = format!("begin the file with `format = {FORMAT}`");
    let Some(value) = table.take("format") else {
        return problems.add(0..0, "no `format`", hint);
    };
    match value.count() {
        Some(FORMAT) => {}
        Some(_) => {
            let message = format!("unknown format {}", problems.raw(&value.span));
            problems.add(value.span, message, format!("this sgidlint reads format {FORMAT}; a newer one may read it"));
        }
        None => value.wrong_type("the number 1", format!("write `format = {FORMAT}`"), problems),
    }
}

/// `name`.
pub(super) fn name(table: &mut Table<'_>, problems: &mut Problems) -> Option<String> {
    let name = table.take("name")?.nonempty("\"lab-share\"", problems)?;
    if name.value.chars().any(char::is_control) {
        problems.add(name.span.clone(), "a control character in the policy's name", "use letters, digits and `-`");
    }
    Some(name.value)
}

/// `[params]`.
pub(super) fn params(table: &mut Table<'_>, problems: &mut Problems) -> Vec<Param> {
    let hint = "write `[params]`, and below it as in `group = { help = \"who shares it\" }`";
    let Some(mut table) = table.take("params").and_then(|value| value.table("[params]", hint, problems)) else {
        return Vec::new();
    };
    table.take_all().filter_map(|value| param(&value, problems)).collect()
}

fn param(value: &Value<'_>, problems: &mut Problems) -> Option<Param> {
    if !is_name(value.key) {
        let hint = "begin with a small letter or `_`, and go on with small letters, digits, `_` and `-`";
        problems.add(value.key_span.clone(), format!("`{}` can't be put in as a {{name}}", value.key), hint);
    }
    let raw = problems.raw(&value.span).trim_matches(['"', '\'']).to_owned();
    let hint = format!("write `{} = {{ default = \"{raw}\" }}`", value.key);
    let mut table = value.table("a param", &hint, problems)?;
    let default = table.take("default").and_then(|value| {
        let quoted = format!("\"{}\"", problems.raw(&value.span).trim_matches(['"', '\'']));
        value.text(&quoted, problems)
    });
    let help = table.take("help").and_then(|value| value.nonempty("\"what it is for\"", problems));
    table.finish(problems);
    Some(Param {
        name: At { value: value.key.into(), span: value.key_span.clone() },
        default: default.map(|default| default.value),
        help: help.map(|help| help.value),
    })
}

/// `[lints]`.
pub(super) fn lints(table: &mut Table<'_>, problems: &mut Problems) -> Vec<(Lint, Level)> {
    let hint = "write `[lints]`, and below it as in `world-writable = \"deny\"`";
    let Some(mut table) = table.take("lints").and_then(|value| value.table("[lints]", hint, problems)) else {
        return Vec::new();
    };
    let levels = Level::ALL.map(Level::name);
    let mut lints = Vec::new();
    for value in table.take_all() {
        let lint = lint(&At { value: value.key.into(), span: value.key_span.clone() }, problems);
        let level = value.word(&levels, Level::from_name, problems);
        lints.extend(lint.zip(level));
    }
    lints
}

/// `[fixes]`: the lints whose unsafe fixes are meant.
pub(super) fn fixes(table: &mut Table<'_>, problems: &mut Problems) -> Vec<Lint> {
    let hint = "write `[fixes]`, and below it as in `unsafe = [\"missing-permission\"]`";
    let Some(mut table) = table.take("fixes").and_then(|value| value.table("[fixes]", hint, problems)) else {
        return Vec::new();
    };
    let names = table.take("unsafe").map(|value| value.texts("[\"missing-permission\"]", problems));
    let lints = names.iter().flatten().filter_map(|name| fixable(name, problems)).collect();
    table.finish(problems);
    lints
}

/// The lint of that name, which must have a fix.
fn fixable(name: &At<String>, problems: &mut Problems) -> Option<Lint> {
    let lint = lint(name, problems)?;
    if !lint.has_fix() {
        let hint = "name lints that have one: `sgidlint explain LINT` says so";
        problems.add(name.span.clone(), format!("`{lint}` has no fix, safe or unsafe"), hint);
    }
    Some(lint)
}

/// The lint of that name.
pub(super) fn lint(name: &At<String>, problems: &mut Problems) -> Option<Lint> {
    let lint = Lint::from_name(&name.value);
    if lint.is_none() {
        let hint = did_you_mean(&name.value, &Lint::ALL.map(Lint::name), "the lints are");
        problems.add(name.span.clone(), format!("no lint is called `{}`", name.value), hint);
    }
    lint
}
