//! What a policy expects of people at one real root, with params and captures put in.

pub(crate) use crate::pattern::placeholder::Origin;

use crate::model::mode::Mode;
use crate::model::operation::Operations;
use crate::model::principal::Principal;
use crate::pattern::placeholder::put_in;
use crate::policy::model::{At, Expectation, Model, Search};
use crate::policy::problem::Problem;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// What a root is, to the expectations that speak of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectationScope<'a> {
    /// The absolute path of the real root: relative paths start there, unless the policy's folder is known.
    pub root: &'a Path,
    /// The params of the policy that expects.
    pub params: &'a BTreeMap<String, String>,
    /// What the root's pattern captured.
    pub captures: &'a [(String, String)],
}

/// What one is expected to be able to do with one entry, and what not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Expected {
    /// The line of the table's head, from 1.
    pub line: u32,
    /// The entry, absolute and without `.` and `..`.
    pub path: PathBuf,
    /// Who.
    pub principal: Principal,
    /// Where that name came from.
    pub origin: Origin,
    /// The bytes of the file that say who.
    pub span: Range<usize>,
    /// What they can do.
    pub can: Operations,
    /// What they can't do.
    pub cannot: Operations,
    /// The umask that they make files with, where the policy says one.
    pub umask: Option<Mode>,
    /// What else than the path it is about: all that these patterns take at and below it.
    pub search: Option<Arc<Search>>,
    /// Whether symbolic links are followed.
    pub follow: bool,
    /// Whether it may be missing.
    pub optional: bool,
}

/// What a policy expects at a root; what speaks of another tree's captures isn't about it.
pub(crate) fn expected(model: &Model, scope: ExpectationScope<'_>) -> Result<Vec<Expected>, Vec<Problem>> {
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for expectation in &model.expectations {
        let mut kept = |found: Result<Vec<Expected>, Problem>| match found {
            Ok(found) => all.extend(found),
            Err(problem) => problems.push(Problem { source: Some(model.source.clone()), ..problem }),
        };
        for text in &expectation.principal {
            kept(of_one(expectation, text, scope, model.folder.as_deref()));
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

/// What one of those that it names is expected to do; paths of a project's policy begin in its folder.
fn of_one(
    expectation: &Expectation,
    text: &At<String>,
    scope: ExpectationScope<'_>,
    folder: Option<&Path>,
) -> Result<Vec<Expected>, Problem> {
    let Some((name, origin)) = put(&text.value, scope) else { return Ok(Vec::new()) };
    let principal =
        Principal::parse(&name).map_err(|message| problem(text, message, "see what is put in for the braces"))?;
    let at = |path: PathBuf| Expected {
        line: expectation.line,
        path,
        principal: principal.clone(),
        origin,
        span: text.span.clone(),
        can: expectation.can,
        cannot: expectation.cannot,
        umask: expectation.umask,
        search: expectation.search.clone(),
        follow: expectation.follow,
        optional: expectation.optional,
    };
    if expectation.search.is_some() {
        return Ok(vec![at(scope.root.to_path_buf())]);
    }
    let mut all = Vec::new();
    for path in &expectation.paths {
        let Some((place, _)) = put(&path.value, scope) else { continue };
        let base = folder.filter(|_| !place.is_empty()).unwrap_or(scope.root);
        all.push(at(entry(path, &place, base)?));
    }
    Ok(all)
}

/// A text with all names put in; `None` where one is of another tree.
fn put(text: &str, scope: ExpectationScope<'_>) -> Option<(String, Origin)> {
    let value = |name: &str| {
        let capture = scope.captures.iter().find(|(capture, _)| capture == name);
        let capture = capture.map(|(_, value)| (value.as_str(), Origin::Capture));
        capture.or_else(|| scope.params.get(name).map(|value| (value.as_str(), Origin::Policy)))
    };
    // Braces were checked when the policy was read.
    put_in(text, value).ok()
}

/// An absolute path by its names alone; what a param puts in could hold more than the text that was checked.
fn entry(path: &At<String>, place: &str, base: &Path) -> Result<PathBuf, Problem> {
    let whole = base.join(place);
    let names = whole.components().filter(|component| *component != Component::CurDir);
    let is_sound = !place.contains('\0') && names.clone().all(|component| component != Component::ParentDir);
    match is_sound {
        true => Ok(names.collect()),
        false => Err(problem(path, format!("nothing can lie at `{}`", place.escape_debug()), "see what is put in")),
    }
}

fn problem(text: &At<String>, message: String, hint: &str) -> Problem {
    Problem { source: None, span: text.span.clone(), message, hint: Some(hint.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::testing::{model, texts, tree};
    use crate::model::operation::Operation;
    use crate::policy::model::Wishes;

    /// `WHOM PATH` of each, and whether a capture named them, at the root /srv/apollo with team = lab.
    fn bound(principal: &str, path: &str) -> Result<Vec<(String, Origin)>, String> {
        let mut policy = model(tree(Wishes::default(), Vec::new()));
        let (principal, paths) = (texts(&[principal]), texts(&[path]));
        let can = [Operation::Enter].into_iter().collect();
        policy.expectations = vec![Expectation {
            line: 7,
            principal,
            paths,
            search: None,
            follow: false,
            optional: false,
            can,
            cannot: Operations::NONE,
            umask: None,
        }];
        let params = [("team", "lab"), ("up", "a/../b"), ("odd", "a:b:c")];
        let params = params.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let captures = [("project".to_owned(), "apollo".to_owned())];
        let scope = ExpectationScope { root: "/srv/apollo".as_ref(), params: &params, captures: &captures };
        let found = expected(&policy, scope).map_err(|problems| problems[0].message.clone())?;
        Ok(found.into_iter().map(|one| (format!("{} {}", one.principal, one.path.display()), one.origin)).collect())
    }

    #[test]
    fn names_are_put_in_and_paths_start_at_the_root() {
        for (principal, path, text, origin) in [
            ("alice", ".", "alice /srv/apollo", Origin::Policy),
            ("alice", "incoming/", "alice /srv/apollo/incoming", Origin::Policy),
            ("alice", "./a//b/.", "alice /srv/apollo/a/b", Origin::Policy),
            (":{team}", "/home/{project}/", ":lab /home/apollo", Origin::Policy),
            (":proj-{project}", "{team}", ":proj-apollo /srv/apollo/lab", Origin::Capture),
            ("@others", "/", "@others /", Origin::Policy),
        ] {
            assert_eq!(bound(principal, path), Ok(vec![(text.to_owned(), origin)]), "{principal} {path}");
        }
    }

    #[test]
    fn what_speaks_of_another_trees_captures_is_not_about_this_one() {
        assert_eq!((bound("{other}", "."), bound("alice", "/home/{other}")), (Ok(vec![]), Ok(vec![])));
    }

    #[test]
    fn what_a_param_puts_in_is_checked_again() {
        assert_eq!(bound("alice", "{up}"), Err("nothing can lie at `a/../b`".into()));
        assert_eq!(bound("{odd}", "."), Err("`a:b:c` is neither USER, USER:GROUP, :GROUP nor @others".into()));
    }
}
