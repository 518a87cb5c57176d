//! Paths in a policy: roots with their captures, and plain absolute ones.

use super::names::{check_braces, placeholders};
use super::problems::Problems;
use super::value::Value;
use crate::policy::model::{At, Param, is_of_project};
use std::ops::Range;
use std::path::Path;

/// The roots of a tree: patterns.
pub(super) fn roots(value: &Value<'_>, params: &[Param], problems: &mut Problems) -> Vec<At<String>> {
    let roots = value.texts("\"/srv/projects\"", problems);
    for root in &roots {
        check_path(root, problems);
        check_braces(root, problems);
        check_captures(root, params, problems);
        if let Some(at) = root.value.split('/').find_map(|name| name.contains("**").then(|| offset(root, name))) {
            let at = problems.inside(root, at);
            problems.add(at, "`**` in a root", "a root lies at a fixed depth: write a `*` for each directory of it");
        }
    }
    roots
}

/// An absolute path without `..`.
pub(super) fn absolute(text: &At<String>, what: &str, problems: &mut Problems) {
    check_path(text, problems);
    if !text.value.is_empty() && !text.value.starts_with('/') {
        problems.add(text.span.clone(), format!("{what} that is not absolute"), "begin it with `/`");
    }
}

/// A path without `..`: in a project's file it may begin where that lies, in all others at `/`.
pub(super) fn of_project_or_absolute(text: &At<String>, what: &str, problems: &mut Problems) {
    match is_of_project(Path::new(&problems.source().file)) {
        true => check_path(text, problems),
        false => absolute(text, what, problems),
    }
}

/// The roots that a template is bound to: places, not patterns; params may stand in them.
pub(super) fn places(value: &Value<'_>, params: &[Param], problems: &mut Problems) -> Vec<At<String>> {
    let roots = value.texts("\"/srv/sales\"", problems);
    for root in &roots {
        check_braces(root, problems);
        of_project_or_absolute(root, "a place to bind to", problems);
        let star = root.value.find('*').map(|at| at..at + 1);
        let is_param = |name: &str| params.iter().any(|param| param.name.value == name);
        let capture = placeholders(&root.value).find(|(name, _)| !is_param(name)).map(|(_, span)| span);
        if let Some(at) = star.or(capture) {
            let hint = "name each place; patterns belong in the `root` of a [[tree]]";
            problems.add(problems.inside(root, at), "a template is bound to places, not to patterns", hint);
        }
    }
    roots
}

/// Reports what no path in a policy may hold: nothing at all, NUL, and `..`.
pub(super) fn check_path(path: &At<String>, problems: &mut Problems) {
    if path.value.is_empty() {
        problems.add(path.span.clone(), "an empty path", "write a path, as in `\"/srv/projects\"`");
    }
    if path.value == "~" || path.value.starts_with("~/") {
        let hint = "write the path in full: `~` is the shell's, and everybody's homes are `/home/{user}`";
        problems.add(problems.inside(path, 0..1), "`~` in a path", hint);
    }
    if path.value.contains('\0') {
        problems.add(path.span.clone(), "a NUL in a path", "no path on Linux has one: take it out");
    }
    if let Some(dots) = path.value.split('/').find(|name| *name == "..") {
        let at = problems.inside(path, offset(path, dots));
        problems.add(at, "`..` in a path", "write the path that is meant: `..` is never followed");
    }
}

fn check_captures(root: &At<String>, params: &[Param], problems: &mut Problems) {
    let mut seen: Vec<&str> = Vec::new();
    let mut wild_until = None;
    for (name, Range { start, end }) in placeholders(&root.value) {
        if params.iter().any(|param| param.name.value == name) {
            continue;
        }
        let at = problems.inside(root, start..end);
        if seen.contains(&name) {
            let message = format!("`{{{name}}}` is captured twice in one root");
            problems.add(at, message, "give the two captures different names");
        } else if wild_until == Some(start) || root.value[..start].ends_with('*') || root.value[end..].starts_with('*')
        {
            let hint = "put a letter between them that tells where one ends and the other begins";
            problems.add(at, format!("`{{{name}}}` stands right beside another pattern"), hint);
        }
        seen.push(name);
        wild_until = Some(end);
    }
}

/// The bytes of a text that are this part of it.
fn offset(text: &At<String>, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - text.value.as_ptr() as usize;
    start..start + part.len()
}
