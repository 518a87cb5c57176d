//! A policy's own tests: entries that needn't exist, judged by it without a tree and without the system's accounts.

use crate::judging::cover::Cover;
use crate::judging::exclude::has_excluded_name;
use crate::judging::judge::{Options, judge};
use crate::lints::{Levels, Lint};
use crate::model::accounts::Accounts;
use crate::model::entry::{Entry, Extras, Identity, Kind, State};
use crate::model::intent::{Around, Intent};
use crate::model::pattern::branch::{Branch, Lead};
use crate::model::pattern::root::RootPattern;
use crate::policy::compile::bind::{Binding, Lookup, LookupError, bind};
use crate::policy::compile::instance::Instance;
use crate::policy::compile::rule_table::RuleTable;
use crate::policy::model::{AccountText, Model, Trial};
use crate::policy::problem::Problem;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
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
/// owner a member of every group; `@root` in a test is the group of the root, and so is `@parent`.
pub(crate) fn run(model: &Arc<Model>, params: &BTreeMap<String, String>) -> Result<Vec<Tried>, Vec<Problem>> {
    let table = RuleTable::compile(&[Arc::clone(model)])?;
    let names = Interned::default();
    let try_one = |trial: &Trial| {
        let path = Path::new(PLACE).join(trial.path.value.trim_end_matches('/'));
        let instance = covering(model, &table, params, &path, &names)?;
        let found = instance.map(|instance| found(trial, &instance, &path, &names));
        let expected = trial.expected.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
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
    let mut cover = Cover::default();
    for (at, tree) in model.trees.iter().enumerate() {
        for root in &tree.roots {
            let pattern = RootPattern::parse(&root.value, Some(Path::new(PLACE)), params).map_err(|error| {
                let (source, span) = (Some(Arc::clone(&model.source)), root.span.clone());
                vec![Problem { source, span, message: error.message, hint: error.hint }]
            })?;
            match pattern.lead(path, has_excluded_name) {
                Lead::Nowhere => {}
                Lead::Rejected(root) => cover.bar(&root, 0),
                Lead::Root(Branch { path: root, captures, .. }) => cover.add(&root.clone(), 0, (at, root, captures)),
            }
        }
    }
    let Some((tree, root, captures)) = cover.covering(path).next() else { return Ok(None) };
    let binding = Binding { root: root.clone(), params, captures, gid_min: None };
    bind(table.tree(0, *tree), binding, names).map(Some)
}

fn found(trial: &Trial, instance: &Instance, path: &Path, names: &Interned) -> Vec<Lint> {
    let below = path.strip_prefix(instance.root()).unwrap_or(Path::new(""));
    let Some(intent) = intent(trial, instance, below) else { return Vec::new() };
    let root = Some(names.id("@root"));
    let name = path.file_name().map_or(&b"."[..], |name| name.as_bytes());
    let around = Around { root, parent: root, setgid: root, name };
    let mut entry = Entry {
        kind: trial.kind,
        id: Identity { dev: 0, ino: 0, btime: None },
        nlink: 1,
        state: State { uid: 0, gid: 0, mode: trial.mode },
        mount: 0,
        extras: Extras::default(),
    };
    let wanted = |terms: Option<u32>| terms.unwrap_or_default();
    entry.state.uid = match &trial.owner {
        Some(owner) => names.of(owner),
        None => wanted(intent.owner.and_then(|wish| wish.value.first()?.resolve(&around, names))),
    };
    entry.state.gid = match &trial.group {
        Some(group) => names.of(group),
        None => wanted(intent.group.and_then(|wish| wish.value.first()?.resolve(&entry, &around, names))),
    };
    let mut levels = Levels::default();
    instance.model().lints.iter().for_each(|&(lint, level)| levels.set(lint, level));
    let verdict = judge(&entry, &intent, &around, &Options { levels, ..Options::default() }, names);
    let lints: BTreeSet<Lint> = verdict.findings.iter().map(|finding| finding.lint).collect();
    lints.into_iter().collect()
}

/// What is wanted; `None` where the entry is excluded, or nobody cares.
fn intent<'i>(trial: &Trial, instance: &'i Instance, below: &Path) -> Option<Intent<'i>> {
    let (Some(above), Some(name)) = (below.parent(), below.file_name()) else { return instance.at_root().0 };
    let is_hidden = |name: &[u8]| instance.has_default_excludes() && has_excluded_name(name);
    let is_below_hidden = above.iter().any(|name| is_hidden(name.as_bytes()));
    if is_below_hidden || (trial.kind == Kind::Dir && is_hidden(name.as_bytes())) {
        return None;
    }
    instance.wanted_at(below.as_os_str().as_bytes(), trial.kind)
}

/// Names that are all known, each with an id of its own; digits are the id.
#[derive(Default)]
struct Interned(RefCell<Vec<String>>);

impl Interned {
    /// Ids that nobody writes into a policy.
    const FIRST: u32 = 0xf000_0000;

    fn id(&self, name: &str) -> u32 {
        if name == "root" {
            return 0;
        }
        if let Ok(id) = name.parse() {
            return id;
        }
        let mut names = self.0.borrow_mut();
        let at = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        });
        Interned::FIRST + at as u32
    }

    fn of(&self, account: &AccountText) -> u32 {
        match account {
            AccountText::Id(id) => *id,
            AccountText::Text(name) if matches!(&**name, "@parent" | "@setgid") => self.id("@root"),
            AccountText::Text(name) => self.id(name),
        }
    }
}

impl Lookup for Interned {
    fn gid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        Ok(Some(self.id(name)))
    }

    fn uid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        Ok(Some(self.id(name)))
    }
}

impl Accounts for Interned {
    fn knows_uid(&self, _: u32) -> bool {
        true
    }

    fn knows_gid(&self, _: u32) -> bool {
        true
    }

    fn is_member(&self, _: u32, _: u32) -> bool {
        true
    }

    fn primary_gid(&self, _: u32) -> Option<u32> {
        Some(self.id("@primary"))
    }

    fn uid_of(&self, name: &[u8]) -> Option<u32> {
        std::str::from_utf8(name).ok().map(|name| self.id(name))
    }
}
