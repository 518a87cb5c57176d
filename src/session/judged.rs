//! A survey with what it was made by, and what it means for the exit status.

use crate::args::Common;
use crate::compile::rule_table::{RuleSite, RuleTable};
use crate::findings::Survey;
use crate::judging::cover::Cover;
use crate::judging::selection::Selection;
use crate::lints::Level;
use crate::policy::Loaded;
use crate::process::exit::Exit;
use crate::source::roots::Roots;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

/// What was judged.
pub(crate) struct Judged {
    /// What was found.
    pub survey: Survey,
    /// The policies.
    pub loaded: Vec<Loaded>,
    /// Their rules.
    pub table: Arc<RuleTable>,
    /// Their roots.
    pub roots: Arc<Roots>,
    /// What of them it was about.
    pub selection: Arc<Selection>,
    /// What was asked of what they expect of people.
    pub probed: Probed,
    /// Whether it was given up, as a call hung: it is only what was found until then.
    pub stalled: bool,
}

/// How much of what policies expect of people was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Probed {
    /// Nothing.
    Nothing,
    /// Some of it.
    InPart,
    /// All of it.
    Whole,
}

impl Judged {
    /// The line of the tree that a rule stands in; its own keys are a rule too.
    pub(crate) fn tree_line(&self, site: &RuleSite) -> u32 {
        self.loaded[site.policy as usize].model.trees[site.tree as usize].line
    }

    /// Which tree covers what, as the survey had it; each by its index among the roots.
    pub(crate) fn cover(&self) -> Cover<usize> {
        let mut cover = Cover::default();
        let unusable = self.survey.roots.iter().filter(|root| root.id.is_none());
        let unusable: HashSet<_> = unusable.map(|root| (root.policy, root.path.as_path())).collect();
        unusable.iter().for_each(|(policy, root)| cover.bar(root, *policy));
        for (at, tree) in self.roots.trees.iter().enumerate() {
            let (policy, root) = (tree.instance.policy(), tree.instance.root());
            if !unusable.contains(&(policy, root)) {
                cover.add(root, policy, at);
            }
        }
        cover
    }

    /// The roots, by index and in order, of which PATHs left out a part or all that they were opened for.
    pub(crate) fn partial_roots(&self) -> Vec<u32> {
        let roots = (0..).zip(&self.survey.roots).filter(|(_, root)| root.id.is_some());
        roots.filter(|(_, root)| !self.selection.selects(&root.path)).map(|(at, _)| at).collect()
    }

    /// Whether a PATH means less than a root, or a list of them nothing at all.
    pub(crate) fn is_of_less_than_roots(&self) -> bool {
        let roots: BTreeSet<&Path> = self.survey.roots.iter().map(|root| root.path.as_path()).collect();
        let holds_a_root = |path: &Path| roots.range(path..).next().is_some_and(|root| root.starts_with(path));
        let mut paths = self.selection.outermost().peekable();
        !self.selection.is_all() && (paths.peek().is_none() || !paths.all(holds_a_root))
    }

    /// The exit status of a run that only looked.
    pub(crate) fn exit(&self, common: &Common) -> Exit {
        exit_of(&self.survey, common)
    }
}

/// The exit status that findings and errors stand for.
pub(crate) fn exit_of(survey: &Survey, common: &Common) -> Exit {
    let findings = survey.reports.iter().flat_map(|report| &report.findings).map(|finding| finding.level);
    let mut levels = findings.chain(survey.notices.iter().map(|notice| notice.level));
    let failing = if levels.any(|level| fails(level, common)) { Exit::Findings } else { Exit::Clean };
    let complete = if survey.errors.is_empty() { Exit::Clean } else { Exit::Incomplete };
    failing.or_worse(complete)
}

/// Whether a finding of this level fails a run.
pub(crate) fn fails(level: Level, common: &Common) -> bool {
    level == Level::Deny || (common.strict && level == Level::Warn)
}
