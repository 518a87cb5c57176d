//! What policies expect of people at the real roots of a run.

use crate::compile::expectations::{ExpectationScope, Expected, expected};
use crate::judging::selection::Selection;
use crate::lints::{Level, Levels, Lint};
use crate::policy::Loaded;
use crate::policy::model::Expectation;
use crate::policy::problem::Problem;
use crate::source::roots::Roots;
use std::collections::HashSet;
use std::sync::Arc;

/// An expectation at one root.
#[derive(Clone, Debug)]
pub(crate) struct BoundExpectation {
    /// The policy that says it, by index.
    pub policy: usize,
    /// The tree whose root it is, by index.
    pub tree: usize,
    /// The level of what isn't as it says.
    pub level: Level,
    /// What it says.
    pub expected: Expected,
}

/// What wasn't asked of anybody, in words.
#[derive(Default)]
pub(crate) struct Unasked {
    /// What somebody relies on, and has to know.
    pub warnings: Vec<String>,
    /// What may be so.
    pub remarks: Vec<String>,
}

/// Policies, and the roots that were found for them.
#[derive(Clone, Copy)]
pub(crate) struct PolicyRoots<'a> {
    /// The policies.
    pub loaded: &'a [Loaded],
    /// The levels of lints, by policy.
    pub levels: &'a [Levels],
    /// Their roots.
    pub roots: &'a Roots,
    /// What of them the run is about.
    pub selection: &'a Selection,
}

impl PolicyRoots<'_> {
    /// Everything that is expected at some root within the limits of the run, each once.
    pub(crate) fn expectations(&self) -> Result<Vec<BoundExpectation>, Vec<Problem>> {
        let (mut all, mut problems, mut known) = (Vec::new(), Vec::new(), HashSet::new());
        for (tree, rooted) in self.roots.trees.iter().enumerate() {
            for policy in speakers(self.loaded, rooted.instance.policy() as usize) {
                let (loaded, level) = (&self.loaded[policy], self.levels[policy].of(Lint::UnmetExpectation));
                if level == Level::Allow {
                    continue;
                }
                let (root, captures) = (rooted.instance.root(), &*rooted.captures);
                let scope = ExpectationScope { root, params: &loaded.params, captures };
                let found = expected(&loaded.model, scope).unwrap_or_else(|more| {
                    let new: Vec<Problem> = more.into_iter().filter(|problem| !problems.contains(problem)).collect();
                    problems.extend(new);
                    Vec::new()
                });
                let is_meant = |expected: &Expected| {
                    let root = expected.search.as_ref().map(|_| root);
                    self.selection.selects(&expected.path)
                        || root.is_some_and(|root| self.selection.outermost().any(|path| path.starts_with(root)))
                };
                let file = loaded.model.source.file.as_str();
                for expected in found.into_iter().filter(is_meant) {
                    // A root that two trees have, and a policy that is used twice.
                    if known.insert((file, expected.line, expected.path.clone(), expected.principal.clone())) {
                        all.push(BoundExpectation { policy, tree, level, expected });
                    }
                }
            }
        }
        if problems.is_empty() { Ok(all) } else { Err(problems) }
    }

    /// What is expected and wasn't asked, because no root is what it speaks of: to be known, unless it may be missing, and
    /// else to be said where more is said.
    pub(crate) fn unasked(&self, bound: &[BoundExpectation]) -> Unasked {
        let remarked = |remark: &str| Unasked { remarks: vec![remark.into()], ..Unasked::default() };
        if self.loaded.iter().all(|loaded| loaded.model.expectations.is_empty()) {
            return remarked("no policy here has an [[expect]], so nothing was asked of anybody");
        }
        if !self.selection.is_all() {
            let is_silent = bound.is_empty() && !self.levels.iter().all(|levels| levels.allow(Lint::UnmetExpectation));
            let remark =
                "no [[expect]] here is about what lies at or below these PATHs, so nothing was asked of anybody";
            return if is_silent { remarked(remark) } else { Unasked::default() };
        }
        let mut unasked = Unasked::default();
        for (loaded, levels) in self.loaded.iter().zip(self.levels) {
            let file = &loaded.model.source.file;
            for &Expectation { line, optional, .. } in &loaded.model.expectations {
                let is_it = |bound: &BoundExpectation| {
                    bound.expected.line == line && self.loaded[bound.policy].model.source.file == *file
                };
                let remark =
                    format!("{file}:{line}: no root here is what this [[expect]] is about, so it wasn't asked");
                let known = if optional { &mut unasked.remarks } else { &mut unasked.warnings };
                if !levels.allow(Lint::UnmetExpectation) && !bound.iter().any(is_it) && !known.contains(&remark) {
                    known.push(remark);
                }
            }
        }
        unasked
    }
}

/// The policies whose expectations hold for the trees of one: itself, and those that use it.
fn speakers(loaded: &[Loaded], policy: usize) -> Vec<usize> {
    let users = loaded[policy].used_by.iter().filter_map(|user| {
        // Who uses a policy is loaded before it, the last of the same model.
        loaded[..policy].iter().rposition(|before| Arc::ptr_eq(&before.model, user))
    });
    std::iter::once(policy).chain(users).collect()
}
