//! Answers for programs: what `policy list`, `policy test`, `explain` and `log` say, as lines of JSON.

use crate::access::passing::{Waypoint, passers};
use crate::journal::{RunSummary, undone};
use crate::lints::Lint;
use crate::model::accounts::IdNames;
use crate::model::text::account::acl_text;
use crate::model::wire::{WirePath, write_line};
use crate::report::human::explain::{EntryView, Explained, LintText};
use crate::report::human::policies::Listed;
use crate::report::json::JsonState;
use crate::survey::trial::Tried;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

/// Writes a line for each policy.
pub(crate) fn write_list(out: &mut dyn Write, policies: &[Listed<'_>]) -> io::Result<()> {
    policies.iter().try_for_each(|policy| {
        let params: Vec<Value> = policy
            .params
            .iter()
            .map(|param| json!({"name": param.name.value, "default": param.default, "help": param.help}))
            .collect();
        write_line(&json!({"type": "policy", "name": policy.name, "summary": policy.summary, "params": params}), out)
    })
}

/// Writes a line for a policy's own test.
pub(crate) fn write_test(out: &mut dyn Write, file: &str, tried: &Tried) -> io::Result<()> {
    let names = |lints: &[Lint]| lints.iter().map(|lint| lint.name()).collect::<Vec<_>>();
    let line = json!({
        "type": "test", "file": file, "line": tried.line, "path": WirePath::new(tried.path.as_bytes()),
        "passed": tried.passed(), "expected": names(&tried.expected), "found": tried.found.as_deref().map(names),
    });
    write_line(&line, out)
}

/// Writes what a lint means.
pub(crate) fn write_lint(out: &mut dyn Write, lint: &LintText<'_>) -> io::Result<()> {
    let LintText { name, level, fix, summary, explanation } = *lint;
    let level = level.name();
    let line = json!({
        "type": "lint", "name": name, "level": level, "fix": fix, "summary": summary, "explanation": explanation,
    });
    write_line(&line, out)
}

/// Writes a line for each policy that covers an entry: which rules decide it, and what it should be.
pub(crate) fn write_entry(out: &mut dyn Write, explained: &Explained<'_>, names: &dyn IdNames) -> io::Result<()> {
    explained.views.iter().try_for_each(|view| write_line(&entry_line(explained, view, names), out))
}

fn entry_line(explained: &Explained<'_>, view: &EntryView<'_>, names: &dyn IdNames) -> Value {
    let said = |said: &crate::report::human::explain::Said<'_>| json!({"value": said.wanted, "file": said.file, "line": said.line, "match": said.pattern});
    // The last word decides; those before it were overruled.
    let attributes = view.attributes.iter().map(|attribute| {
        let said: Vec<Value> = attribute.said.iter().map(said).collect();
        json!({"attribute": attribute.key, "actual": attribute.actual, "said": said})
    });
    let findings = view.findings.iter().map(
        |told| json!({"lint": told.lint, "level": told.level.name(), "fix": told.fix.name(), "message": told.message}),
    );
    let exceptions = view.exceptions.iter().map(|excepted| {
        let found = excepted.found.iter().map(|(lint, message)| json!({"lint": lint, "message": message}));
        json!({
            "file": excepted.file, "line": excepted.line, "lints": excepted.lints, "reason": excepted.reason,
            "findings": found.collect::<Vec<_>>(),
        })
    });
    json!({
        "type": "explanation",
        "policy": view.policy,
        "root": WirePath::new(view.root),
        "path": WirePath::new(explained.path),
        "kind": explained.kind.name(),
        "actual": JsonState::new(explained.actual, names),
        "ideal": JsonState::new(view.ideal, names),
        "fixed": JsonState::new(view.fixed.state, names).with_acls(view.fixed.acls.as_deref()),
        "fixed_unsafely": JsonState::new(view.fixed_unsafely.state, names).with_acls(view.fixed_unsafely.acls.as_deref()),
        "refused": view.refused,
        "passed_over": view.passed_over,
        "attributes": attributes.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
        "exceptions": exceptions.collect::<Vec<_>>(),
        "cause": view.cause,
        "notes": explained.notes,
        "acl": explained.acl.as_ref().map(|acl| acl_text(acl, names)),
        "way": explained.way.iter().map(|point| way_line(point, names)).collect::<Vec<_>>(),
    })
}

fn way_line(point: &Waypoint, names: &dyn IdNames) -> Value {
    let acl = point.listed.acl();
    json!({
        "path": WirePath::new(&point.path),
        "actual": JsonState::new(point.state, names),
        "acl": acl.map(|acl| acl_text(acl, names)),
        "passers": passers(point.state, acl, names),
    })
}

/// One run.
#[derive(Serialize)]
struct RunLine<'a> {
    r#type: &'static str,
    id: &'a str,
    kind: &'static str,
    time: &'a str,
    uid: u32,
    user: Option<&'a str>,
    command: &'a str,
    policies: Vec<&'a str>,
    trees: Vec<WirePath<'a>>,
    changes: u64,
    outcomes: BTreeMap<&'static str, u64>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    undone: Option<UndoneText<'a>>,
}

/// What of a run was taken back.
#[derive(Serialize)]
struct UndoneText<'a> {
    by: &'a str,
    left: u64,
}

/// Writes a line for each of these runs, of all that are on record.
pub(crate) fn write_log(out: &mut dyn Write, runs: &[RunSummary], all: &[RunSummary]) -> io::Result<()> {
    let undone = undone(all);
    runs.iter().try_for_each(|run| {
        let header = &run.header;
        let line = RunLine {
            r#type: "run",
            id: &run.id,
            kind: header.kind.name(),
            time: &header.time,
            uid: header.by.uid,
            user: header.by.name.as_deref(),
            command: &header.command,
            policies: header.policies.iter().map(|policy| policy.name.as_str()).collect(),
            changes: run.changes,
            outcomes: run.counts.by_name().into(),
            state: run.state.name(),
            trees: header.roots.iter().map(|root| WirePath::new(root.path.as_os_str().as_bytes())).collect(),
            undone: undone.get(run.id.as_str()).map(|undone| UndoneText { by: undone.by, left: undone.left }),
        };
        write_line(&line, out)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::Level;
    use crate::report::samples::text;

    #[test]
    fn each_answer_is_a_line_of_json() {
        let lint = LintText {
            name: "x",
            level: Level::Deny,
            fix: "safe",
            summary: "a \u{1b}[31mred\u{9b}\u{202e}",
            explanation: "b\nc",
        };
        let line = text(|out| write_lint(out, &lint));
        let read: Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!(
            (read["type"].as_str(), read["summary"].as_str()),
            (Some("lint"), Some("a \u{1b}[31mred\u{9b}\u{202e}"))
        );
        assert!(line.ends_with('\n') && !line.trim_end().contains(crate::model::wire::is_hostile), "{line:?}");
        let listed = Listed { name: "p", summary: None, params: &[] };
        let line = text(|out| write_list(out, &[listed]));
        let read: Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!((read["name"].as_str(), read["params"].as_array().map(Vec::len)), (Some("p"), Some(0)));
    }
}
