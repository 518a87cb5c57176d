//! What a policy excepts from its lints: the exceptions that matter below one root, and those that have expired.

use crate::lints::{Lint, LintSet, has_expired};
use crate::model::path::{TreePath, below};
use crate::pattern::placeholder::Origin;
use crate::pattern::placeholder::put_in;
use crate::policy::model::{Exception, Model};
use crate::policy::problem::Source;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};
use std::sync::Arc;

/// The exceptions that hold today and cover something below one root.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Exceptions {
    covered: Vec<Covered>,
}

/// A path below the root, empty for all of it, and the lints that aren't found there.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Covered {
    path: Vec<u8>,
    lints: LintSet,
    reason: Box<str>,
    /// The policy that says so, and the line of its table.
    place: (Arc<Source>, u32),
}

/// What a root is, to those exceptions that speak of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExceptionScope<'a> {
    /// The absolute path of the real root.
    pub root: &'a Path,
    /// What a template is bound to: relative exceptions start there. The root itself, where it is no template.
    pub base: &'a Path,
    /// The policy's params.
    pub params: &'a BTreeMap<String, String>,
    /// What the root's pattern captured.
    pub captures: &'a [(String, String)],
}

impl Exceptions {
    /// The exceptions of a policy that hold on this day and cover something below this root.
    pub(crate) fn of(model: &Model, scope: ExceptionScope<'_>, today: Date) -> Exceptions {
        let scope = ExceptionScope { base: model.folder.as_deref().unwrap_or(scope.base), ..scope };
        let holding = model.exceptions.iter().filter(|exception| !is_expired(exception, today));
        let covered = holding.filter_map(|exception| {
            let path = below_root(exception, scope)?;
            let (lints, reason) = (LintSet::named(&exception.lints), exception.reason.as_str().into());
            Some(Covered { path, lints, reason, place: (Arc::clone(&model.source), exception.line) })
        });
        Exceptions { covered: covered.collect() }
    }

    /// These exceptions and those of another policy that holds for the same root.
    #[must_use]
    pub(crate) fn and(mut self, other: Exceptions) -> Exceptions {
        self.covered.extend(other.covered);
        self
    }

    /// The lints that aren't found at a path below the root, or at the root itself (`.`).
    pub(crate) fn suppressed(&self, path: &TreePath) -> LintSet {
        if self.covered.is_empty() {
            return LintSet::default();
        }
        let path = path.bytes();
        let covering = self.covered.iter().filter(|covered| below(&covered.path, &path).is_some());
        covering.fold(LintSet::default(), |all, covered| all.with(covered.lints))
    }

    /// The exceptions that cover a path: their files and lines, the lints, and the reasons.
    pub(crate) fn covering(&self, path: &TreePath) -> impl Iterator<Item = (&str, u32, LintSet, &str)> {
        let path = path.bytes();
        let covering = self.covered.iter().filter(move |covered| below(&covered.path, &path).is_some());
        covering.map(|one| (one.place.0.file.as_str(), one.place.1, one.lints, &*one.reason))
    }

    /// The files and lines of all exceptions that cover a lint at a path.
    pub(crate) fn places(&self, path: &TreePath, lint: Lint) -> impl Iterator<Item = (&str, u32)> {
        let path = path.bytes();
        let covering =
            self.covered.iter().filter(move |one| one.lints.contains(lint) && below(&one.path, &path).is_some());
        covering.map(|one| (one.place.0.file.as_str(), one.place.1))
    }

    /// The reason of the first exception that covers a lint at a path; empty where none does.
    pub(crate) fn reason(&self, path: &TreePath, lint: Lint) -> &str {
        let path = path.bytes();
        let covering =
            self.covered.iter().find(|covered| covered.lints.contains(lint) && below(&covered.path, &path).is_some());
        covering.map_or("", |covered| &covered.reason)
    }
}

/// The exceptions of a policy that still hold.
pub(crate) fn holding(model: &Model, today: Date) -> impl Iterator<Item = &Exception> {
    model.exceptions.iter().filter(move |exception| !is_expired(exception, today))
}

/// The exceptions of a policy whose last day has passed.
pub(crate) fn expired(model: &Model, today: Date) -> impl Iterator<Item = &Exception> {
    model.exceptions.iter().filter(move |exception| is_expired(exception, today))
}

fn is_expired(exception: &Exception, today: Date) -> bool {
    has_expired(exception.until, today)
}

/// Where an exception lies, from the root: empty where it covers all of it, `None` where it covers nothing of it.
fn below_root(exception: &Exception, scope: ExceptionScope<'_>) -> Option<Vec<u8>> {
    let value = |name: &str| {
        let capture = scope.captures.iter().find(|(capture, _)| capture == name).map(|(_, value)| value);
        // Where a text came from matters to groups alone.
        capture.or_else(|| scope.params.get(name)).map(|value| (value.as_str(), Origin::Policy))
    };
    // A capture of another tree's root: then it isn't about this one.
    let (text, _) = put_in(&exception.path.value, value).ok()?;
    let path = scope.base.join(text);
    let (path, root) = (names(&path)?, names(scope.root)?);
    if root.starts_with(&path) {
        return Some(Vec::new());
    }
    Some(path.strip_prefix(root.as_slice())?.join(&b'/'))
}

/// The names of a path; `None` if it goes through `..`, and so by another way than its text says.
fn names(path: &Path) -> Option<Vec<&[u8]>> {
    let steps = path.components().filter(|step| !matches!(step, Component::RootDir | Component::CurDir));
    steps.map(|step| if let Component::Normal(name) = step { Some(name.as_bytes()) } else { None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::testing::{at, model, tree};
    use crate::policy::model::Wishes;

    fn exception(path: &str, lint: Lint, until: Option<Date>) -> Exception {
        Exception { line: 0, path: at(path.to_owned()), lints: vec![lint], reason: "a test".into(), until }
    }

    fn holding(path: &str, root: &str, base: &str) -> Exceptions {
        let mut policy = model(tree(Wishes::default(), Vec::new()));
        policy.exceptions = vec![exception(path, Lint::WorldWritable, None)];
        let params = [("site".to_owned(), "old".to_owned())].into();
        let captures = [("project".to_owned(), "alpha".to_owned())];
        let scope = ExceptionScope { root: root.as_ref(), base: base.as_ref(), params: &params, captures: &captures };
        Exceptions::of(&policy, scope, jiff::civil::date(2027, 3, 1))
    }

    #[test]
    fn covers_whole_components_at_and_below_its_path() {
        for (exception, root, path, expected) in [
            ("/srv/lab/a", "/srv/lab", "a", true),
            ("/srv/lab/a", "/srv/lab", "a/b/c", true),
            ("/srv/lab/a", "/srv/lab", "ab", false),
            ("/srv/lab/a", "/srv/lab", ".", false),
            ("/srv/lab/a/", "/srv/lab", "a/x", true),
            ("/srv/./lab//a", "/srv/lab", "a", true),
            ("/srv/lab", "/srv/lab", ".", true),
            ("/srv/lab", "/srv/lab", "x", true),
            ("/srv", "/srv/lab", "x", true),
            ("/", "/srv/lab", ".", true),
            ("/srv/la", "/srv/lab", "x", false),
            ("/srv/{project}/old", "/srv/alpha", "old/x", true),
            ("/srv/{project}/old", "/srv/beta", "old/x", false),
            ("/srv/{other}/old", "/srv/alpha", "old/x", false),
            ("/srv/lab/{site}", "/srv/lab", "old", true),
            ("/srv/lab/../lab", "/srv/lab", "x", false),
        ] {
            let suppressed = holding(exception, root, root).suppressed(&path.as_bytes().into());
            assert_eq!(suppressed.contains(Lint::WorldWritable), expected, "{exception} {root} {path}");
        }
    }

    #[test]
    fn a_relative_one_starts_at_what_the_template_is_bound_to() {
        let at =
            |path| holding(path, "/srv/alpha", "/srv").suppressed(&b"old"[..].into()).contains(Lint::WorldWritable);
        assert!(at("alpha/old") && at("{project}") && at(".") && !at("old"));
    }

    #[test]
    fn holds_on_its_last_day_and_covers_spreading_with_foreign_groups() {
        let mut policy = model(tree(Wishes::default(), Vec::new()));
        let last = jiff::civil::date(2027, 3, 1);
        policy.exceptions =
            vec![exception("/srv", Lint::ForeignGroup, Some(last)), exception("/srv", Lint::UnknownId, None)];
        let none = BTreeMap::new();
        let scope = ExceptionScope { root: "/srv".as_ref(), base: "/srv".as_ref(), params: &none, captures: &[] };
        let lints = |today| Exceptions::of(&policy, scope, today).suppressed(&b"x"[..].into());
        let (held, passed) = (lints(last), lints(jiff::civil::date(2027, 3, 2)));
        assert_eq!(held, [Lint::ForeignGroup, Lint::SpreadingGroup, Lint::UnknownId].into_iter().collect());
        assert_eq!(passed, [Lint::UnknownId].into_iter().collect());
        assert!(!held.is_empty() && LintSet::default().is_empty());
        assert_eq!(expired(&policy, last).count(), 0);
        assert_eq!(expired(&policy, jiff::civil::date(2027, 3, 2)).count(), 1);
    }
}
