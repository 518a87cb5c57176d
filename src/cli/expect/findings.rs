//! From a reply to findings: what isn't as the policy expects, as notices that name the entry.

use super::super::judged::{Judged, Probed};
use super::super::session::Session;
use super::super::streams;
use super::BoundExpectations;
use crate::access::expectation::{Deed, can_but_should_not, cannot};
use crate::access::probe::inquiry::{Blind, Reply};
use crate::findings::{EntryError, Notice, Root, Survey, Unmet, path_in_tree};
use crate::judging::cover::Cover;
use crate::lints::{Lint, Miss, misses};
use crate::model::operation::Operation;
use crate::model::path::TreePath;
use crate::source::roots::{Rooted, Roots};
use std::cmp::Ordering;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Puts what isn't as expected among the findings, and what couldn't be asked among the errors.
pub(super) fn judge(
    session: &Session<'_>,
    judged: &mut Judged,
    cover: &Cover<usize>,
    bound: &BoundExpectations,
    reply: &Result<Reply, Blind>,
) -> Probed {
    let principal = bound.expected.principal.to_string();
    let tree = tree_of(&judged.roots, cover, bound);
    match reply {
        Ok(reply) => {
            let found = unmet(session, &principal, bound, reply);
            found
                .into_iter()
                .for_each(|(act, message)| tell(session, judged, (bound, tree), (&principal, act), reply, message));
            Probed::Whole
        }
        Err(Blind::Interrupted) => Probed::InPart,
        Err(Blind::Failed(error)) => {
            let message = format!("can't ask what {principal} can do here: {error}");
            let (call, errno) = (Some(error.call), Some(error.errno.raw_os_error()));
            add_error(
                judged,
                (bound, tree),
                EntryError { root: None, path: TreePath::from(&b""[..]), call, errno, message },
            );
            Probed::InPart
        }
        Err(Blind::Link(link)) => {
            let file = &judged.loaded[bound.policy].model.source.file;
            let message = format!(
                "can't ask what {principal} can do here: {} is a symbolic link, and none is followed; name what is behind it \
                 in {file}:{}",
                link.display(),
                bound.expected.line
            );
            add_error(
                judged,
                (bound, tree),
                EntryError { root: None, path: TreePath::from(&b""[..]), call: None, errno: None, message },
            );
            Probed::InPart
        }
    }
}

/// What differs from the expectation, act by act.
fn unmet(session: &Session<'_>, principal: &str, bound: &BoundExpectations, reply: &Reply) -> Vec<(Operation, String)> {
    let expected = &bound.expected;
    let deed = |act| Deed { principal, act, path: &expected.path, kind: reply.kind };
    let message = |act: Operation, miss: Miss| match miss {
        Miss::Cannot => {
            let why = reply.lacks.iter().find(|(lacking, _)| *lacking == act).map(|(_, why)| why)?;
            Some(cannot(deed(act), why, &session.names))
        }
        Miss::Can => Some(can_but_should_not(deed(act))),
    };
    let missed = misses(expected.can, expected.cannot, reply.acts);
    missed.filter_map(|(act, miss)| Some((act, message(act, miss)?))).collect()
}

fn tell(
    session: &Session<'_>,
    judged: &mut Judged,
    (bound, tree): (&BoundExpectations, Option<usize>),
    (principal, act): (&str, Operation),
    reply: &Reply,
    message: String,
) {
    let (lint, line) = (Lint::UnmetExpectation, bound.expected.line);
    let (root, path) = place(judged, tree, &bound.expected.path);
    if let Some(reason) = excepted(&judged.roots, bound, tree) {
        streams::note(session.common, format_args!("excepted ({reason}): {message}"));
        judged.survey.counts.suppressed += 1;
        return;
    }
    let unmet = Unmet { root, path, kind: reply.kind, principal: principal.to_owned(), act };
    let (level, policy, unmet) = (bound.level, bound.policy as u32, Some(Box::new(unmet)));
    judged.survey.notices.push(Notice { lint, level, policy, line, rule: None, message, unmet });
}

fn add_error(judged: &mut Judged, (bound, tree): (&BoundExpectations, Option<usize>), error: EntryError) {
    let (root, path) = place(judged, tree, &bound.expected.path);
    judged.survey.errors.push(EntryError { root, path, ..error });
}

/// The tree that an entry lies in: that of the policy which the expectation was bound to a root of, or else the one
/// with the longest root.
fn tree_of(roots: &Roots, cover: &Cover<usize>, bound: &BoundExpectations) -> Option<usize> {
    let instance = |tree: usize| &roots.trees[tree].instance;
    let policy = instance(bound.tree).policy();
    let covering = || cover.covering(&bound.expected.path).copied();
    let own = covering().find(|&tree| instance(tree).policy() == policy);
    own.or_else(|| covering().max_by_key(|&tree| instance(tree).root().components().count()))
}

/// Why nothing is found of what isn't as expected, if an exception says so: one of the tree that the entry lies in, or
/// of the one that the expectation was bound to.
fn excepted<'r>(roots: &'r Roots, bound: &BoundExpectations, tree: Option<usize>) -> Option<&'r str> {
    [Some(bound.tree), tree].into_iter().flatten().find_map(|tree| {
        let Rooted { instance, exceptions, .. } = &roots.trees[tree];
        let path = tree_path(instance.root(), &bound.expected.path)?;
        let lint = Lint::UnmetExpectation;
        exceptions.suppressed(&path).contains(lint).then(|| exceptions.reason(&path, lint))
    })
}

/// The path of an entry from a root that it lies at or below.
fn tree_path(root: &Path, path: &Path) -> Option<TreePath> {
    let below = path.strip_prefix(root).ok()?.as_os_str().as_bytes();
    Some(TreePath::from(if below.is_empty() { b"." } else { below }))
}

/// An entry as reports name it: by its root and its path from there, or else by its absolute path.
fn place(judged: &Judged, tree: Option<usize>, path: &Path) -> (Option<u32>, TreePath) {
    let root = |tree: usize| judged.roots.trees[tree].instance.root();
    match tree.and_then(|tree| Some((root_of(judged, tree)?, tree_path(root(tree), path)?))) {
        Some((index, below)) => (Some(index), below),
        None => (None, path.as_os_str().as_bytes().into()),
    }
}

/// The root of a tree, as the survey counts them.
pub(super) fn root_of(judged: &Judged, tree: usize) -> Option<u32> {
    let instance = &judged.roots.trees[tree].instance;
    let is_it = |root: &Root| root.policy == instance.policy() && root.path == instance.root();
    judged.survey.roots.iter().position(is_it).map(|at| at as u32)
}

/// Puts what was added in the order of all output: by path, then as the policies have it.
pub(super) fn sort(judged: &mut Judged) {
    let Survey { roots, errors, notices, .. } = &mut judged.survey;
    errors.sort_by(|a, b| path_in_tree((base(roots, a.root), &a.path), (base(roots, b.root), &b.path)));
    let added = notices.partition_point(|notice| notice.unmet.is_none());
    notices[added..].sort_by(|a, b| entry_order(roots, a, b));
}

/// The path of a root; empty where there is none.
fn base(roots: &[Root], root: Option<u32>) -> &[u8] {
    root.and_then(|root| roots.get(root as usize)).map_or(b"", |root| root.path.as_os_str().as_bytes())
}

/// The order of the entries that two notices are about.
fn entry_order(roots: &[Root], a: &Notice, b: &Notice) -> Ordering {
    match (a.unmet.as_deref(), b.unmet.as_deref()) {
        (Some(a), Some(b)) => path_in_tree((base(roots, a.root), &a.path), (base(roots, b.root), &b.path)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
