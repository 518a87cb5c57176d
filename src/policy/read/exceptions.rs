//! `[[exception]]` and `[[use]]`.

use super::head;
use super::names::Names;
use super::paths;
use super::problems::Problems;
use super::table::Table;
use super::value::Value;
use crate::lints::{EVERY_LINT, Lint};
use crate::policy::model::{At, Exception, Param, Places, Use};
use jiff::civil::Date;

/// What relative paths of exceptions start at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// What the template is bound to.
    Template,
    /// Nothing: every root is absolute, and so must they be.
    Absent,
}

/// Every exception of a policy.
pub(super) fn exceptions(value: &Value<'_>, base: Base, names: &Names<'_>, problems: &mut Problems) -> Vec<Exception> {
    let tables = value.tables("[[exception]]", problems);
    tables.into_iter().filter_map(|table| exception(table, base, names, problems)).collect()
}

fn exception(mut table: Table<'_>, base: Base, names: &Names<'_>, problems: &mut Problems) -> Option<Exception> {
    let line = problems.line(table.span.start);
    let example = "\"/srv/projects/legacy\"";
    let path = table.require("path", "path = \"/srv/projects/legacy\"", problems);
    let path = path.and_then(|value| value.text(example, problems));
    if let Some(path) = &path {
        match base {
            Base::Template => paths::check_path(path, problems),
            Base::Absent => paths::absolute(path, "an exception's path", problems),
        }
        names.check(path, problems);
    }
    let lints = table.require("lints", "lints = [\"foreign-group\"]", problems).map(|value| {
        let names = value.texts("[\"foreign-group\"]", problems);
        names.iter().flat_map(|name| lints_of(name, problems)).collect()
    });
    let reason = table.require("reason", "reason = \"owner on leave, ticket 4711\"", problems);
    let reason = reason.and_then(|value| value.nonempty("\"owner on leave, ticket 4711\"", problems));
    let until = table.take("until").and_then(|value| date(&value, problems));
    table.finish(problems);
    Some(Exception { line, path: path?, lints: lints?, reason: reason?.value, until })
}

/// The lints of a name: one, or every one.
fn lints_of(name: &At<String>, problems: &mut Problems) -> Vec<Lint> {
    match name.value.as_str() {
        EVERY_LINT => Lint::ALL.to_vec(),
        _ => head::lint(name, problems).into_iter().collect(),
    }
}

/// A date without time and zone.
fn date(value: &Value<'_>, problems: &mut Problems) -> Option<Date> {
    let hint = "write a date without quotes and time: `until = 2027-03-01`";
    let Some(moment) = value.value.as_datetime() else {
        value.wrong_type("a date", hint, problems);
        return None;
    };
    let (Some(date), None) = (moment.date, moment.time) else {
        problems.add(value.span.clone(), format!("`{}` is not a plain date", value.key), hint);
        return None;
    };
    let narrow = |part: u8| i8::try_from(part).ok();
    let date = i16::try_from(date.year).ok().zip(narrow(date.month)).zip(narrow(date.day));
    let date = date.and_then(|((year, month), day)| Date::new(year, month, day).ok());
    if date.is_none() {
        problems.add(value.span.clone(), "no such day", hint);
    }
    date
}

/// Every use of another policy.
pub(super) fn uses(value: &Value<'_>, params: &[Param], problems: &mut Problems) -> Vec<Use> {
    value.tables("[[use]]", problems).into_iter().filter_map(|table| a_use(table, params, problems)).collect()
}

fn a_use(mut table: Table<'_>, params: &[Param], problems: &mut Problems) -> Option<Use> {
    let line = problems.line(table.span.start);
    let policy = table.require("policy", "policy = \"setgid-share\"", problems);
    let policy = policy.and_then(|value| value.nonempty("\"setgid-share\"", problems));
    let roots = table.take("root").map(|value| paths::places(&value, params, problems));
    let hint = "write `params = { group = \"sales\" }`";
    let given = table.take("params").and_then(|value| value.table("params", hint, problems));
    let given = given.map(|mut table| table.take_all().filter_map(|value| setting(&value, problems)).collect());
    let mut flag = |key| table.take(key).and_then(|value| value.flag(problems));
    let places = Places { optional: flag("optional").unwrap_or_default(), mounted: flag("mounted") };
    table.finish(problems);
    Some(Use { line, policy: policy?, roots: roots.unwrap_or_default(), params: given.unwrap_or_default(), places })
}

fn setting(value: &Value<'_>, problems: &mut Problems) -> Option<(At<String>, At<String>)> {
    let quoted = format!("\"{}\"", problems.raw(&value.span).trim_matches(['"', '\'']));
    let text = value.text(&quoted, problems)?;
    Some((At { value: value.key.into(), span: value.key_span.clone() }, text))
}
