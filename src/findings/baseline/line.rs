//! The lines of a baseline, each read as strictly as it is written.

use super::{BaselineSubject, Known};
use crate::lints::Lint;
use crate::model::path::{TreePath, is_plain};
use crate::model::wire::{DirectoryLine, EntryPath, Numbered, Trail, WirePath, write_line};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::{self, Write};

/// The format: the first one held the places and ids of one machine.
const FORMAT: u32 = 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    lint: Cow<'a, str>,
    #[serde(borrow)]
    policy: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    root: Option<WirePath<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    path: Option<EntryPath<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'a, str>>,
}

/// Writes the first line.
pub(super) fn write_head(out: &mut dyn Write) -> io::Result<()> {
    write_line(&Head { kind: "baseline".into(), format: FORMAT }, out)
}

/// Writes the line of a finding.
pub(super) fn write_known(known: &Known, trail: &mut Trail, out: &mut dyn Write) -> io::Result<()> {
    let lint = known.lint.name().into();
    let kind = "known".into();
    let line = match &known.subject {
        BaselineSubject::Entry { policy, root, path } => {
            let path = trail.path(path, |line| write_line(line, out))?;
            let (root, path) = (Some(WirePath::new(root)), Some(path));
            Line { kind, lint, policy: (&**policy).into(), root, path, message: None }
        }
        BaselineSubject::Policy { policy, message } => {
            let message = Some((&**message).into());
            Line { kind, lint, policy: (&**policy).into(), root: None, path: None, message }
        }
    };
    write_line(&line, out)
}

/// Reads the first line.
pub(super) fn read_head(text: &[u8]) -> Result<(), String> {
    let head: Head<'_> = serde_json::from_slice(text).map_err(|error| not_read("the head of a baseline", &error))?;
    match (&*head.kind, head.format) {
        ("baseline", FORMAT) => Ok(()),
        ("baseline", format) => Err(format!(
            "a baseline of format {format}, this program knows {FORMAT} only: write it anew with --write-baseline"
        )),
        (kind, _) => Err(format!("`{}`, where `baseline` should be: this is no baseline", kind.escape_debug())),
    }
}

/// Reads a line: a finding, or a number for a directory, which is taken down.
pub(super) fn read(text: &[u8], numbered: &mut Numbered) -> Result<Option<Known>, String> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err("an empty line: remove it".into());
    }
    match serde_json::from_slice::<DirectoryLine<'_>>(text) {
        Ok(line) => numbered.take(&line).map(|_| None),
        Err(_) => read_known(text, numbered).map(Some),
    }
}

fn read_known(text: &[u8], numbered: &mut Numbered) -> Result<Known, String> {
    let line: Line<'_> = serde_json::from_slice(text).map_err(|error| not_read("a known finding", &error))?;
    if line.kind != "known" {
        return Err(format!("`{}`, where `known` should be", line.kind.escape_debug()));
    }
    let lint = Lint::from_name(&line.lint);
    let lint = lint.ok_or_else(|| format!("there is no lint `{}`: remove the line", line.lint.escape_debug()))?;
    let policy = line.policy.into();
    let subject = match (line.root, line.path, line.message) {
        (Some(root), Some(path), None) => entry(policy, &root, numbered.path(&path)?)?,
        (None, None, Some(message)) => BaselineSubject::Policy { policy, message: message.into() },
        _ => return Err("a known finding has `policy`, and `root` and `path`, or else `message`".into()),
    };
    Ok(Known { lint, subject })
}

/// An entry, by the paths that a report would name it by: another spelling would never be met.
fn entry(policy: Box<str>, root: &WirePath<'_>, path: TreePath) -> Result<BaselineSubject, String> {
    let root = root.as_bytes();
    let is_there = match root.strip_prefix(b"/") {
        Some(names) => names.is_empty() || names != b"." && is_plain(names),
        None => is_plain(root),
    };
    if !is_there || root.contains(&0) {
        return Err("`root` is not a plain path".into());
    }
    let names = path.bytes();
    if names.contains(&0) || (!path.is_root() && !is_plain(&names)) {
        return Err("`path` is not a plain path from the root".into());
    }
    drop(names);
    Ok(BaselineSubject::Entry { policy, root: root.into(), path })
}

fn not_read(what: &str, error: &serde_json::Error) -> String {
    // The reader counts lines from where it began, which is not the line of the file.
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default();
    format!(
        "not {what}: {reason} (column {}); remove the line, or write the file anew with --write-baseline",
        error.column()
    )
}
