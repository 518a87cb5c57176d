//! From a reply to findings: what isn't as the policy expects, as notices that name the entry.

use crate::access::expectation::{Deed, can_but_should_not, cannot, kind_is_not, unasked};
use crate::access::expected::BoundExpectation;
use crate::access::probe::inquiry::{Blind, Reply, Why};
use crate::compile::expectations::Expected;
use crate::findings::{EntryError, Notice, Root, Survey, Unmet, path_in_tree};
use crate::judging::cover::Cover;
use crate::judging::selection::Selection;
use crate::lints::{Lint, Miss, misses};
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::operation::Operation;
use crate::model::path::{Neighbours, TreePath};
use crate::model::text::escape::{escape, join};
use crate::policy::Loaded;
use crate::source::roots::{Rooted, Roots};
use crate::survey::absolute::AbsolutePath;
use crate::survey::search::Found;
use crate::sys::SysError;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
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
    /// What the run is about.
    pub selection: &'a Selection,
    /// Users and groups.
    pub names: &'a dyn IdNames,
    /// Is told of what an exception leaves out.
    pub note: &'a dyn Fn(&str),
    /// What reads alike so far.
    pub alike: AlikeFinds,
}

/// What was said of finds, each with the number that those have which read alike.
#[derive(Default)]
pub(crate) struct AlikeFinds {
    /// By tree, policy, and line.
    numbers: HashMap<(usize, usize, u32, String), u32>,
    /// The last path that was counted from another root than it was found from.
    paths: Neighbours,
}

/// The entry that is spoken of.
#[derive(Clone, Copy)]
pub(crate) struct Spoken<'a> {
    path: &'a AbsolutePath,
    /// Its path, or that of the last directory above it which a call could be given: no root lies deeper.
    near: &'a Path,
    /// Whether a pattern found it.
    is_found: bool,
}

impl<'a> Spoken<'a> {
    /// The entry of a path.
    pub(crate) fn of(path: &'a AbsolutePath, near: &'a Path) -> Spoken<'a> {
        Spoken { path, near, is_found: false }
    }

    /// What a pattern found.
    pub(crate) fn found<K>(find: &'a Found<K>) -> Spoken<'a> {
        Spoken { path: find.path(), near: find.near(), is_found: true }
    }
}

impl Settling<'_> {
    /// Puts what isn't as expected among the findings, and what couldn't be asked among the errors; whether it was asked
    /// of all of those whom it speaks of, each of whom comes with a name.
    pub(crate) fn settle(
        &mut self,
        bound: &BoundExpectation,
        at: Spoken<'_>,
        replies: &[(&str, &Result<Reply, Blind>)],
    ) -> bool {
        let told: Vec<(&str, &Reply)> =
            replies.iter().filter_map(|(label, reply)| Some((*label, reply.as_ref().ok()?))).collect();
        let blind = replies.iter().find_map(|(_, reply)| reply.as_ref().err());
        if let Some(why) = blind.and_then(|blind| self.reason(bound, blind)) {
            self.fail(bound, at, why);
        }
        let Some((_, first)) = told.first() else { return false };
        if first.absent.is_some() && bound.expected.optional {
            return true;
        }
        let acts = bound.expected.can.and(bound.expected.cannot);
        if let Some((kind, act)) = first.kind.and_then(|kind| Some((kind, acts.iter().find(|act| !act.fits(kind))?))) {
            let file = &self.loaded[bound.policy].model.source.file;
            let why = format!(
                "`{act}` can't be asked of it: it is {}; correct {file}:{}",
                kind_is_not(kind, act),
                bound.expected.line
            );
            self.fail(bound, at, (None, None, why));
            return false;
        }
        let is_all = told.len() == replies.len();
        for miss in unmet(bound, at, &told, is_all, self.names) {
            self.tell(bound, at, first.kind, miss);
        }
        blind.is_none()
    }

    /// Why something couldn't be asked; nothing where the run was interrupted.
    fn reason(&self, bound: &BoundExpectation, blind: &Blind) -> Option<Reason> {
        match blind {
            Blind::Interrupted => None,
            Blind::Failed(error) => Some((Some(error.call), Some(error.errno.raw_os_error()), error.to_string())),
            Blind::Link(link) => {
                let file = &self.loaded[bound.policy].model.source.file;
                let why = format!(
                    "{} is a symbolic link, and none is followed; name what is behind it in {file}:{line}, or say \
                     `follow = true` there",
                    link.display(),
                    line = bound.expected.line
                );
                Some((None, None, why))
            }
        }
    }

    fn fail(&mut self, bound: &BoundExpectation, at: Spoken<'_>, (call, errno, why): Reason) {
        let (root, path) = self.place(self.tree_of(bound, at), at);
        let message = format!("can't ask what {} can do here: {why}", bound.expected.principal);
        self.survey.errors.push(EntryError { root, path, call, errno, message, owner: None });
    }

    /// Says of a search that it found nothing to ask about.
    pub(crate) fn add_unmatched(&mut self, bound: &BoundExpectation) {
        let Expected { principal, can, cannot, path, search, .. } = &bound.expected;
        if bound.expected.optional {
            return;
        }
        let patterns = search.iter().flat_map(|search| &*search.patterns);
        let patterns: Vec<String> = patterns.map(|pattern| format!("`{}`", escape(pattern.value.as_bytes()))).collect();
        let (patterns, root) = (patterns.join(", "), escape(path.as_os_str().as_bytes()));
        for act in can.and(*cannot).iter() {
            let message = format!("whether {principal} can {act} wasn't asked: nothing in {root} matches {patterns}");
            let miss = Missed { act, message, likeness: String::new() };
            self.tell(bound, Spoken::of(&path.as_path().into(), path), Some(Kind::Dir), miss);
        }
    }

    /// Says of directories that they couldn't be read, so that nothing was asked about what lies in them.
    pub(crate) fn add_unread(&mut self, tree: usize, unread: Vec<(TreePath, SysError)>) {
        let root = self.root_of(tree);
        let new = {
            // The survey may have said so.
            let of_root = self.survey.errors.iter().filter(|error| error.root == root);
            let known: HashSet<&TreePath> = of_root.map(|error| &error.path).collect();
            let new = unread.into_iter().filter(|(path, _)| !known.contains(path));
            new.map(|(path, error)| EntryError::of(root, path, error)).collect::<Vec<_>>()
        };
        self.survey.errors.extend(new);
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
        // Of several people the same may be said.
        errors.dedup();
        let added = notices.partition_point(|notice| notice.unmet.is_none());
        notices[added..].sort_by(|a, b| entry_order(roots, a, b));
    }

    fn tell(&mut self, bound: &BoundExpectation, at: Spoken<'_>, kind: Option<Kind>, miss: Missed) {
        let Missed { act, message, likeness } = miss;
        let (lint, line, tree) = (Lint::UnmetExpectation, bound.expected.line, self.tree_of(bound, at));
        if let Some(reason) = excepted(self.roots, bound, tree, at) {
            (self.note)(&format!("excepted ({reason}): {message}"));
            self.survey.counts.suppressed += 1;
            return;
        }
        let (root, path) = self.place(tree, at);
        let principal = bound.expected.principal.to_string();
        let next = self.alike.numbers.len() as u32;
        let number = || *self.alike.numbers.entry((bound.tree, bound.policy, line, likeness)).or_insert(next);
        let unmet = Unmet { root, path, kind, principal, act, alike: at.is_found.then(number) };
        let (level, policy, unmet) = (bound.level, bound.policy as u32, Some(Box::new(unmet)));
        self.survey.notices.push(Notice { lint, level, policy, line, rule: None, message, unmet });
    }

    /// The tree that an entry lies in: that of the policy which the expectation was bound to a root of, or else the one
    /// with the longest root.
    fn tree_of(&self, bound: &BoundExpectation, at: Spoken<'_>) -> Option<usize> {
        let instance = |tree: usize| &self.roots.trees[tree].instance;
        let policy = instance(bound.tree).policy();
        let covering = || self.cover.covering(at.near).copied();
        let own = covering().find(|&tree| instance(tree).policy() == policy);
        own.or_else(|| covering().max_by_key(|&tree| instance(tree).root().components().count()))
    }

    /// An entry as reports name it: by its root and its path from there, or else by its absolute path.
    fn place(&mut self, tree: Option<usize>, at: Spoken<'_>) -> (Option<u32>, TreePath) {
        let root = |tree: usize| self.roots.trees[tree].instance.root();
        let known = tree.and_then(|tree| Some((tree, self.root_of(tree)?)));
        match known {
            Some((tree, index)) if root(tree) == at.path.root() => (Some(index), at.path.tree_path().clone()),
            Some((tree, index)) if at.near.starts_with(root(tree)) => {
                let whole = join(at.path.root().as_os_str().as_bytes(), &at.path.tree_path().bytes());
                let below = Path::new(OsStr::from_bytes(&whole)).strip_prefix(root(tree)).unwrap_or(at.near);
                let below = below.as_os_str().as_bytes();
                (Some(index), self.alike.paths.path(if below.is_empty() { b"." } else { below }))
            }
            _ => (None, at.near.as_os_str().as_bytes().into()),
        }
    }

    /// The root of a tree, as the survey counts them.
    fn root_of(&self, tree: usize) -> Option<u32> {
        let instance = &self.roots.trees[tree].instance;
        let is_it = |root: &Root| root.policy == instance.policy() && root.path == instance.root();
        self.survey.roots.iter().position(is_it).map(|at| at as u32)
    }
}

/// A call, its errno, and why something couldn't be asked.
type Reason = (Option<&'static str>, Option<i32>, String);

/// An act that isn't as expected.
struct Missed {
    act: Operation,
    message: String,
    /// The message without the path: what reads alike is told together.
    likeness: String,
}

/// What differs from the expectation, act by act; whether those who were told are all that it speaks of.
fn unmet(
    bound: &BoundExpectation,
    at: Spoken<'_>,
    told: &[(&str, &Reply)],
    is_all: bool,
    names: &dyn IdNames,
) -> Vec<Missed> {
    let (expected, mut all) = (&bound.expected, Vec::new());
    let wanted = expected.principal.to_string();
    let (path, is_found, shown) = (at.path, at.is_found, OnceCell::new());
    let missed = |who: &str, act, kind, say: &dyn Fn(Deed<'_>) -> String| {
        let shown = shown.get_or_init(|| path.shown());
        let deed = |shown| Deed { principal: who, act, path, shown, is_found, kind };
        let likeness = if is_found { say(deed("")) } else { String::new() };
        Missed { act, message: say(deed(shown)), likeness }
    };
    if let Some((_, Reply { absent: Some(absent), .. })) = told.first() {
        let why = Why::Absent(absent.clone());
        let say = |act, deed: Deed<'_>| match expected.can.has(act) {
            true => cannot(deed, &why, names),
            false => unasked(deed, absent),
        };
        let acts = expected.can.and(expected.cannot);
        return acts.iter().map(|act| missed(&wanted, act, None, &|deed| say(act, deed))).collect();
    }
    for act in Operation::ALL {
        let miss = |reply: &Reply| {
            misses(expected.can, expected.cannot, reply.acts).find(|(missed, _)| *missed == act).map(|(_, miss)| miss)
        };
        let missing: Vec<_> = told.iter().filter_map(|(label, reply)| Some((*label, *reply, miss(reply)?))).collect();
        let Some(&(_, reply, miss)) = missing.first() else { continue };
        let labels: Vec<&str> = missing.iter().map(|(label, ..)| *label).collect();
        let who = if is_all && labels.len() == told.len() { wanted.clone() } else { some_of(&wanted, &labels) };
        match miss {
            Miss::Cannot => {
                let why = reply.lacks.iter().find(|(lacking, _)| *lacking == act).map(|(_, why)| why);
                all.extend(why.map(|why| missed(&who, act, reply.kind, &|deed| cannot(deed, why, names))));
            }
            Miss::Can => all.push(missed(&who, act, reply.kind, &can_but_should_not)),
        }
    }
    all
}

/// `bob, carol and 3 more (of :lab)`.
fn some_of(wanted: &str, labels: &[&str]) -> String {
    const TOLD: usize = 3;
    let told = labels.iter().take(TOLD).copied().collect::<Vec<_>>().join(", ");
    match labels.len().saturating_sub(TOLD) {
        0 => format!("{told} (of {wanted})"),
        more => format!("{told} and {more} more (of {wanted})"),
    }
}

/// Why nothing is found of what isn't as expected, if an exception says so: one of the tree that the entry lies in, or
/// of the one that the expectation was bound to.
fn excepted<'r>(roots: &'r Roots, bound: &BoundExpectation, tree: Option<usize>, at: Spoken<'_>) -> Option<&'r str> {
    [Some(bound.tree), tree].into_iter().flatten().find_map(|tree| {
        let Rooted { instance, exceptions, .. } = &roots.trees[tree];
        let path = tree_path(instance.root(), at.near)?;
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
