//! What a survey goes by, found before anything of a tree is looked at.

use super::levels;
use crate::args::Check;
use crate::compile::rule_table::RuleTable;
use crate::judging::selection::Selection;
use crate::lints::{Level, Levels, Lint, LintSet};
use crate::policy::Loaded;
use crate::policy::problem::Problem;
use crate::process::exit::Failure;
use crate::source::roots::{Roots, TrustOptions};

/// What a survey goes by, found before it.
pub(crate) struct Ready {
    /// The policies.
    pub loaded: Vec<Loaded>,
    /// What is wrong with those that are passed over.
    pub passed_over: Vec<Problem>,
    /// Their rules.
    pub table: RuleTable,
    /// Their roots.
    pub roots: Roots,
    /// What of them the run is about.
    pub selection: Selection,
    /// The level of each lint, by policy.
    pub levels: Vec<Levels>,
    /// The lints whose unsafe fixes are planned too, by policy.
    pub unsafe_fixes: Vec<LintSet>,
    /// How far roots are trusted.
    pub trust: TrustOptions,
}

/// Policies, and what is wrong with those that are passed over.
pub(crate) type Policies = (Vec<Loaded>, Vec<Problem>);

impl Ready {
    /// The same with the levels of lints and the fixes that the command line and the policies ask for.
    pub(crate) fn leveled(
        check: &Check,
        command_line: &[(Lint, Level)],
        ((loaded, passed_over), table): (Policies, RuleTable),
        (roots, selection): (Roots, Selection),
        trust: TrustOptions,
    ) -> Result<Ready, Failure> {
        let asked = levels::unsafe_of_command_line(check)?;
        let unsafe_fixes = loaded.iter().map(|loaded| levels::unsafe_of_policy(loaded, asked)).collect();
        let levels = loaded.iter().map(|loaded| levels::of_policy(loaded, command_line)).collect();
        Ok(Ready { loaded, passed_over, table, roots, selection, levels, unsafe_fixes, trust })
    }
}
