//! A policy's own tests: the survey of each test's entry, held against what the test says is found.

use super::assess::Context;
use super::listing::gathered;
use super::live::Live;
use super::surveyor::Surveyor;
use super::told::Listener;
use crate::compile::bind::{Binding, bind};
use crate::compile::instance::Instance;
use crate::compile::rule_table::RuleTable;
use crate::judging::bound::Bound;
use crate::judging::cover::Cover;
use crate::judging::exceptions::Exceptions;
use crate::judging::exclude::has_excluded_name;
use crate::judging::judge::Options;
use crate::judging::memo::Memo;
use crate::judging::regions::divide;
use crate::lints::{Levels, Lint};
use crate::model::entry::{Entry, Extras, Identity, Kind, State};
use crate::model::intent::Around;
use crate::model::mode::Mode;
use crate::pattern::branch::{Branch, Lead};
use crate::pattern::left_out::LeftOut;
use crate::pattern::root::RootPattern;
use crate::policy::model::{Model, Trial};
use crate::policy::problem::Problem;
use crate::source::mounts::Mounts;
use crate::source::policy_test::{Interned, TestEntry};
use crate::sys::features::KernelFeatures;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where templates are bound for their tests.
const PLACE: &str = "/template";

/// What came of one test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tried {
    /// The line of the test's table, from 1.
    pub line: u32,
    /// The path it is about.
    pub path: String,
    /// What was to be found.
    pub expected: Vec<Lint>,
    /// What was found; `None` where no tree covers the path.
    pub found: Option<Vec<Lint>>,
}

impl Tried {
    /// Whether exactly what was expected was found.
    pub(crate) fn passed(&self) -> bool {
        self.found.as_ref() == Some(&self.expected)
    }
}

/// Runs the tests of a policy. Every tree holds, whatever its `when` and `unless` say; every name is known, and every
/// owner a member of every group; exceptions play no part.
pub(crate) fn try_all(model: &Arc<Model>, params: &BTreeMap<String, String>) -> Result<Vec<Tried>, Vec<Problem>> {
    let table = RuleTable::compile(&[Arc::clone(model)])?;
    let names = Interned::default();
    let try_one = |trial: &Trial| {
        let path = Path::new(PLACE).join(trial.path.value.trim_end_matches('/'));
        let instance = covering(model, &table, params, &path, &names)?;
        let found = instance.and_then(|instance| found(trial, &instance, &path, &names));
        let expected = sorted(trial.expected.iter().copied());
        Ok(Tried { line: trial.line, path: trial.path.value.clone(), expected, found })
    };
    model.trials.iter().map(try_one).collect()
}

/// The tree that covers a path, bound to the root that it has there; the path needn't exist, nor any root.
fn covering(
    model: &Arc<Model>,
    table: &RuleTable,
    params: &BTreeMap<String, String>,
    path: &Path,
    names: &Interned,
) -> Result<Option<Instance>, Vec<Problem>> {
    let (mut cover, mut found) = (Cover::default(), BTreeMap::<PathBuf, (Vec<usize>, Vec<_>)>::new());
    for (at, tree) in model.trees.iter().enumerate() {
        for root in &tree.roots {
            let pattern = RootPattern::parse(&root.value, Some(Path::new(PLACE)), params).map_err(|error| {
                let (source, span) = (Some(Arc::clone(&model.source)), root.span.clone());
                vec![Problem { source, span, message: error.message, hint: error.hint }]
            })?;
            // Its patterns were tried out when the policy was read.
            let pattern = pattern.leaving_out(LeftOut::new(&tree.root_exclude).unwrap_or_default());
            match pattern.lead(path, has_excluded_name) {
                Lead::Nowhere => {}
                Lead::Rejected(root) => cover.bar(&root, 0),
                Lead::Root(Branch { path: root, captures, .. }) => {
                    let (trees, known) = found.entry(root).or_default();
                    trees.push(at);
                    known.extend(captures);
                }
            }
        }
    }
    for (root, (mut trees, captures)) in found {
        trees.dedup();
        cover.add(&root.clone(), 0, (trees, root, captures));
    }
    let Some((trees, root, captures)) = cover.covering(path).next() else { return Ok(None) };
    let binding = Binding { root: root.clone(), params, captures, gid_min: None };
    bind(&table.merged(0, trees)?, binding, names).map(Some)
}

/// Surveys the entry of a test; `None` where no tree covers it.
fn found(trial: &Trial, instance: &Instance, path: &Path, names: &Interned) -> Option<Vec<Lint>> {
    let mut levels = Levels::default();
    instance.model().lints.iter().for_each(|&(lint, level)| levels.set(lint, level));
    let (options, exceptions) = (Options { levels, ..Options::default() }, Exceptions::default());
    let root_gid = Some(root_gid(instance, names));
    let bound = Bound { index: 0, instance, exceptions: &exceptions, options, root_gid };
    let mut cover = Cover::default();
    cover.add(instance.root(), 0, &bound);
    let placed = divide(&cover);
    let (mounts, features, live) = (Mounts::default(), KernelFeatures::for_looking(), Live::default());
    let context = Context {
        accounts: Memo::of(names),
        bsd_groups: Vec::new(),
        nfs: Vec::new(),
        read_only: Vec::new(),
        plans: false,
    };
    let mut source = TestEntry::new(trial, path, names);
    let surveyor = Surveyor::new(context, &features, &mounts, live.outlet());
    let mut listener = Listener::new(&mut source, &placed, surveyor);
    let Ok(()) = listener.listen();
    let (surveyor, uncovered, _) = listener.into_parts();
    let survey = gathered(surveyor, &placed);
    let lints = survey.reports.iter().flat_map(|report| report.findings.iter().map(|finding| finding.lint));
    (uncovered.count == 0).then(|| sorted(lints))
}

/// The group of a root: the one that is wanted of it, and else one without another name.
fn root_gid(instance: &Instance, names: &Interned) -> u32 {
    let root = names.id("@root");
    let id = Identity { dev: 0, ino: 0, btime: None };
    let state = State { uid: 0, gid: root, mode: Mode::new(0o755) };
    let entry = Entry { kind: Kind::Dir, id, nlink: 1, state, mount: 0, extras: Extras::default() };
    let around = Around { root: Some(root), parent: Some(root), setgid: Some(root), in_share: false, name: b"." };
    let wish = instance.at_root().0.and_then(|intent| intent.group);
    wish.and_then(|wish| wish.value.first()?.resolve(&entry, &around, names)).unwrap_or(root)
}

fn sorted(lints: impl Iterator<Item = Lint>) -> Vec<Lint> {
    lints.collect::<BTreeSet<_>>().into_iter().collect()
}
