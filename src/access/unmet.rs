//! From a reply to findings: what isn't as the policy expects, as notices that name the entry.

use crate::access::expectation::{Deed, can_but_should_not, cannot};
use crate::access::expected::BoundExpectation;
use crate::access::probe::inquiry::{Blind, Reply};
use crate::findings::{EntryError, Notice, Root, Survey, Unmet, path_in_tree};
use crate::judging::cover::Cover;
use crate::lints::{Lint, Miss, misses};
use crate::model::accounts::IdNames;
use crate::model::operation::Operation;
use crate::model::path::TreePath;
use crate::policy::Loaded;
use crate::source::roots::{Rooted, Roots};
use std::cmp::Ordering;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A survey that what isn't as expected is put into, and what it was made by.
pub(crate) struct Settling<'a> {
    /// What was found.
    pub survey: &'a mut Survey,
    /// The policies.
    pub loaded: &'a [Loaded],
    /// Their roots.
    pub roots: &'a Roots,
    /// Which of them covers what, each by its index.
    pub cover: Cover<usize>,
    /// Users and groups.
    pub names: &'a dyn IdNames,
    /// Is told of what an exception leaves out.
    pub note: &'a dyn Fn(&str),
}

impl Settling<'_> {
    /// Puts what isn't as expected among the findings, and what couldn't be asked among the errors; whether it was asked.
    pub(crate) fn settle(&mut self, bound: &BoundExpectation, reply: &Result<Reply, Blind>) -> bool {
        let principal = bound.expected.principal.to_string();
        let tree = self.tree_of(bound);
        let (call, errno, why) = match reply {
            Ok(reply) => {
                for (act, message) in unmet(&principal, bound, reply, self.names) {
                    self.tell((bound, tree), (&principal, act), reply, message);
                }
                return true;
            }
            Err(Blind::Interrupted) => return false,
            Err(Blind::Failed(error)) => (Some(error.call), Some(error.errno.raw_os_error()), error.to_string()),
            Err(Blind::Link(link)) => {
                let file = &self.loaded[bound.policy].model.source.file;
                let why = format!(
                    "{} is a symbolic link, and none is followed; name what is behind it in {file}:{}",
                    link.display(),
                    bound.expected.line
                );
                (None, None, why)
            }
        };
        let (root, path) = self.place(tree, &bound.expected.path);
        let message = format!("can't ask what {principal} can do here: {why}");
        self.survey.errors.push(EntryError { root, path, call, errno, message, owner: None });
        false
    }

    /// Says of a tree that somebody who is expected to do something there isn't known.
    pub(crate) fn add_unknown(&mut self, tree: usize, message: String) {
        let (root, path) = (self.root_of(tree), TreePath::from(&b"."[..]));
        self.survey.errors.push(EntryError::told(root, path, message));
    }

    /// Puts what was added in the order of all output: by path, then as the policies have it.
    pub(crate) fn sort(&mut self) {
        let Survey { roots, errors, notices, .. } = &mut *self.survey;
        errors.sort_by(|a, b| path_in_tree((base(roots, a.root), &a.path), (base(roots, b.root), &b.path)));
        let added = notices.partition_point(|notice| notice.unmet.is_none());
        notices[added..].sort_by(|a, b| entry_order(roots, a, b));
    }

    fn tell(
        &mut self,
        (bound, tree): (&BoundExpectation, Option<usize>),
        (principal, act): (&str, Operation),
        reply: &Reply,
        message: String,
    ) {
        let (lint, line) = (Lint::UnmetExpectation, bound.expected.line);
        if let Some(reason) = excepted(self.roots, bound, tree) {
            (self.note)(&format!("excepted ({reason}): {message}"));
            self.survey.counts.suppressed += 1;
            return;
        }
        let (root, path) = self.place(tree, &bound.expected.path);
        let unmet = Unmet { root, path, kind: reply.kind, principal: principal.to_owned(), act };
        let (level, policy, unmet) = (bound.level, bound.policy as u32, Some(Box::new(unmet)));
        self.survey.notices.push(Notice { lint, level, policy, line, rule: None, message, unmet });
    }

    /// The tree that an entry lies in: that of the policy which the expectation was bound to a root of, or else the one
    /// with the longest root.
    fn tree_of(&self, bound: &BoundExpectation) -> Option<usize> {
        let instance = |tree: usize| &self.roots.trees[tree].instance;
        let policy = instance(bound.tree).policy();
        let covering = || self.cover.covering(&bound.expected.path).copied();
        let own = covering().find(|&tree| instance(tree).policy() == policy);
        own.or_else(|| covering().max_by_key(|&tree| instance(tree).root().components().count()))
    }

    /// An entry as reports name it: by its root and its path from there, or else by its absolute path.
    fn place(&self, tree: Option<usize>, path: &Path) -> (Option<u32>, TreePath) {
        let root = |tree: usize| self.roots.trees[tree].instance.root();
        match tree.and_then(|tree| Some((self.root_of(tree)?, tree_path(root(tree), path)?))) {
            Some((index, below)) => (Some(index), below),
            None => (None, path.as_os_str().as_bytes().into()),
        }
    }

    /// The root of a tree, as the survey counts them.
    fn root_of(&self, tree: usize) -> Option<u32> {
        let instance = &self.roots.trees[tree].instance;
        let is_it = |root: &Root| root.policy == instance.policy() && root.path == instance.root();
        self.survey.roots.iter().position(is_it).map(|at| at as u32)
    }
}

/// What differs from the expectation, act by act.
fn unmet(principal: &str, bound: &BoundExpectation, reply: &Reply, names: &dyn IdNames) -> Vec<(Operation, String)> {
    let expected = &bound.expected;
    let deed = |act| Deed { principal, act, path: &expected.path, kind: reply.kind };
    let message = |act: Operation, miss: Miss| match miss {
        Miss::Cannot => {
            let why = reply.lacks.iter().find(|(lacking, _)| *lacking == act).map(|(_, why)| why)?;
            Some(cannot(deed(act), why, names))
        }
        Miss::Can => Some(can_but_should_not(deed(act))),
    };
    let missed = misses(expected.can, expected.cannot, reply.acts);
    missed.filter_map(|(act, miss)| Some((act, message(act, miss)?))).collect()
}

/// Why nothing is found of what isn't as expected, if an exception says so: one of the tree that the entry lies in, or
/// of the one that the expectation was bound to.
fn excepted<'r>(roots: &'r Roots, bound: &BoundExpectation, tree: Option<usize>) -> Option<&'r str> {
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
