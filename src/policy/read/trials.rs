//! `[[test]]`: what a policy says of entries that needn't exist.

use super::accounts::id;
use super::acls;
use super::head;
use super::problems::Problems;
use super::table::Table;
use super::value::Value;
use crate::lints::Lint;
use crate::model::entry::Kind;
use crate::model::mode::{Mode, ModeExpression};
use crate::policy::model::{AccountText, DefaultAclText, Trial};

/// Every test of a policy.
pub(super) fn trials(value: &Value<'_>, problems: &mut Problems) -> Vec<Trial> {
    value.tables("[[test]]", problems).into_iter().filter_map(|table| trial(table, problems)).collect()
}

fn trial(mut table: Table<'_>, problems: &mut Problems) -> Option<Trial> {
    let (line, span) = (problems.line(table.span.start), table.span.clone());
    let path = table.require("path", "path = \"/srv/lab/data/\"", problems);
    let path = path.and_then(|value| value.nonempty("\"/srv/lab/data/\"", problems));
    if let Some(path) = path.as_ref().filter(|path| path.value.split('/').any(|name| matches!(name, "." | ".."))) {
        problems.add(path.span.clone(), "a path with `.` or `..` in it", "write the way as it is");
    }
    let kind = table.take("kind").and_then(|value| value.word(&Kind::ALL.map(Kind::name), Kind::from_name, problems));
    let is_directory = path.as_ref().is_some_and(|path| path.value.ends_with('/'));
    let kind = kind.unwrap_or(if is_directory { Kind::Dir } else { Kind::File });
    let group = table.take("group").and_then(|value| account(&value, problems));
    let owner = table.take("owner").and_then(|value| account(&value, problems));
    let mode = match table.take("mode") {
        Some(value) => mode(&value, kind, problems),
        None => {
            let hint = "a test says which mode the entry has, as `mode = \"2775\"`; group and owner may be left out";
            problems.add(span.clone(), "[[test]] without `mode`", hint);
            None
        }
    };
    let acl = table.take("acl").and_then(|value| acls::found(&value, problems));
    let default_acl = table.take("default-acl").and_then(|value| default_acl(&value, problems));
    let passes = table.take("passes").and_then(|value| value.flag(problems));
    let lints: Option<Vec<Lint>> = table.take("lints").map(|value| {
        let names = value.texts("[\"foreign-group\"]", problems);
        names.iter().filter_map(|name| head::lint(name, problems)).collect()
    });
    table.finish(problems);
    let hint = "write either `passes = true` or what it finds, `lints = [\"foreign-group\"]`";
    let expected = match (passes, lints) {
        (Some(true), None) => Some(Vec::new()),
        (None, Some(lints)) => Some(lints),
        (None, None) => {
            problems.add(span, "a [[test]] that expects nothing", hint);
            None
        }
        _ => {
            problems.add(span, "a [[test]] that expects two things, or neither", hint);
            None
        }
    };
    Some(Trial { line, path: path?, kind, group, owner, mode: mode?, acl, default_acl, expected: expected? })
}

/// The default ACL that there is, or none.
fn default_acl(value: &Value<'_>, problems: &mut Problems) -> Option<DefaultAclText> {
    match value.value.as_str() {
        Some("none") => Some(DefaultAclText::Absent),
        Some("@same") => {
            problems.add(value.span.clone(), "`@same` in a [[test]]", "say whom its default ACL names, or \"none\"");
            None
        }
        _ => acls::found(value, problems).map(DefaultAclText::These),
    }
}

/// A name, an id, or what an `@` form stands for.
fn account(value: &Value<'_>, problems: &mut Problems) -> Option<AccountText> {
    if value.value.is_integer() {
        return id(value, problems).map(AccountText::Id);
    }
    Some(AccountText::Text(value.nonempty("\"lab\"", problems)?.value))
}

fn mode(value: &Value<'_>, kind: Kind, problems: &mut Problems) -> Option<Mode> {
    if value.value.is_integer() {
        let hint = format!("quote it: `mode = \"{}\"`", problems.raw(&value.span));
        value.wrong_type("a string", hint, problems);
        return None;
    }
    let text = value.text("\"2775\"", problems)?;
    match ModeExpression::parse(&text.value) {
        Ok(expression) => Some(expression.apply(Mode::NONE, kind == Kind::Dir)),
        Err(error) => {
            problems.add(problems.inside(&text, error.span), error.message, "write octal digits, as in \"2775\"");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lints::Lint;
    use crate::policy::problem::Source;
    use crate::policy::read::read;
    use std::sync::Arc;

    /// Kind, mode and what is expected.
    type Read = (String, u32, Vec<Lint>);

    fn trials(text: &str) -> Result<Vec<Read>, Vec<String>> {
        let text = format!("format = 1\n[[tree]]\nroot = '/srv'\n[[test]]\n{text}");
        let model = read(Arc::new(Source { file: "test".into(), text }));
        let model =
            model.map_err(|problems| problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>())?;
        let trial = |trial: crate::policy::model::Trial| (trial.kind.to_string(), trial.mode.bits(), trial.expected);
        Ok(model.trials.into_iter().map(trial).collect())
    }

    #[test]
    fn a_test_says_what_there_is_and_what_is_found() {
        let passes = |kind: &str, mode| Ok(vec![(kind.to_owned(), mode, vec![])]);
        assert_eq!(trials("path = '/srv/a/'\nmode = '2775'\npasses = true"), passes("dir", 0o2775));
        assert_eq!(trials("path = '/srv/a'\nmode = '640'\npasses = true"), passes("file", 0o640));
        assert_eq!(
            trials("path = '/srv/a'\nkind = 'fifo'\nmode = '640'\nlints = 'unknown-id'"),
            Ok(vec![("fifo".into(), 0o640, vec![Lint::UnknownId])])
        );
    }

    #[test]
    fn what_cannot_be_tried_is_refused() {
        for (text, message) in [
            ("path = '/srv/a'\nmode = '640'", "a [[test]] that expects nothing"),
            ("path = '/srv/a'\nmode = '640'\npasses = false", "a [[test]] that expects two things, or neither"),
            (
                "path = '/srv/a'\nmode = '640'\npasses = true\nlints = 'conflict'",
                "a [[test]] that expects two things, or neither",
            ),
            ("path = '/srv/../a'\nmode = '640'\npasses = true", "a path with `.` or `..` in it"),
            ("path = '/srv/a'\nmode = 640\npasses = true", "`mode` is an integer, where a string should be"),
            ("path = '/srv/a'\nmode = '640'\ngroup = -1\npasses = true", "-1 is not an id"),
            ("path = '/srv/a'\npasses = true", "[[test]] without `mode`"),
        ] {
            assert_eq!(trials(text), Err(vec![message.to_owned()]), "{text}");
        }
    }
}
