//! All rules of a run's policies, each with its id, and the trees they are compiled into.

use super::rules::{TreePart, TreeRules};
use crate::model::intent::RuleId;
use crate::pattern::matching::Matching;
use crate::policy::model::{At, Model, Tree};
use crate::policy::problem::Problem;
use std::sync::Arc;

/// Every tree of a run's policies with its rules compiled, to be bound to any number of roots.
#[derive(Debug)]
pub(crate) struct RuleTable {
    trees: Vec<Vec<Arc<TreeRules>>>,
    sites: Vec<RuleSite>,
}

/// Where a rule stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RuleSite {
    /// The index of its policy.
    pub policy: u32,
    /// The index of its tree in the policy.
    pub tree: u32,
    /// The line of its table in the file, from 1.
    pub line: u32,
    /// What it is about, as written: the tree's roots, or the rule's patterns.
    pub label: String,
}

impl RuleTable {
    /// Compiles all trees of all policies; ids follow the order of policies, trees and rules.
    pub(crate) fn compile(models: &[Arc<Model>]) -> Result<RuleTable, Vec<Problem>> {
        let mut table = RuleTable { trees: Vec::new(), sites: Vec::new() };
        let mut problems = Vec::new();
        for model in models {
            let mut trees = Vec::new();
            for tree in 0..model.trees.len() {
                match table.add(model, tree) {
                    Ok(rules) => trees.push(Arc::new(rules)),
                    Err(more) => problems.extend(more),
                }
            }
            table.trees.push(trees);
        }
        if problems.is_empty() { Ok(table) } else { Err(problems) }
    }

    /// The rules of a tree, by the indexes of its policy and of the tree in it.
    pub(crate) fn tree(&self, policy: u32, tree: usize) -> &Arc<TreeRules> {
        &self.trees[policy as usize][tree]
    }

    /// Where a rule stands.
    pub(crate) fn site(&self, rule: RuleId) -> &RuleSite {
        &self.sites[rule.index()]
    }

    /// Where each rule stands, by its id.
    pub(crate) fn sites(&self) -> &[RuleSite] {
        &self.sites
    }

    /// The rules of several trees of a policy that have one root, in the order of the file: together they are one tree.
    pub(crate) fn merged(&self, policy: u32, trees: &[usize]) -> Result<Arc<TreeRules>, Vec<Problem>> {
        if let [tree] = trees {
            return Ok(Arc::clone(self.tree(policy, *tree)));
        }
        let parts: Vec<TreePart> = trees.iter().flat_map(|&tree| self.tree(policy, tree).parts()).copied().collect();
        let Some(model) = trees.first().map(|&tree| self.tree(policy, tree).model()) else { return Err(Vec::new()) };
        let matching = matching(model, &parts)?;
        Ok(Arc::new(TreeRules::new(model, policy, parts, matching)))
    }

    fn add(&mut self, model: &Arc<Model>, tree: usize) -> Result<TreeRules, Vec<Problem>> {
        let part = TreePart { tree: tree as u32, first: self.sites.len() as u32 };
        let (matching, policy) = (matching(model, &[part])?, self.trees.len() as u32);
        self.sites.extend(sites(&model.trees[tree], policy, part.tree));
        Ok(TreeRules::new(model, policy, vec![part], matching))
    }
}

fn sites(tree: &Tree, policy: u32, index: u32) -> impl Iterator<Item = RuleSite> + '_ {
    let site = move |line, texts: &[At<String>]| {
        let texts: Vec<_> = texts.iter().map(|text| text.value.as_str()).collect();
        RuleSite { policy, tree: index, line, label: texts.join(", ") }
    };
    let own = site(tree.line, &tree.roots);
    std::iter::once(own).chain(tree.rules.iter().map(move |rule| site(rule.line, &rule.patterns)))
}

/// The matchers of trees that have one root: what they exclude and each rule's patterns, so that matcher and rule have
/// the same number; the own keys of a tree behind the first have no patterns.
fn matching(model: &Model, parts: &[TreePart]) -> Result<Matching, Vec<Problem>> {
    let trees: Vec<&Tree> = parts.iter().map(|part| &model.trees[part.tree as usize]).collect();
    let exclude: Vec<At<String>> = trees.iter().flat_map(|tree| tree.exclude.iter().cloned()).collect();
    let problem = |span, message, hint| Problem { source: Some(Arc::clone(&model.source)), span, message, hint };
    if let Some(root) = exclude.iter().find(|pattern| pattern.value == "/") {
        let message = "a tree can't exclude its own root".to_owned();
        let hint = "take the tree out of the policy, or say `exclude = [\"*\"]` to judge the root alone".to_owned();
        return Err(vec![problem(root.span.clone(), message, Some(hint))]);
    }
    let rules = |tree: &'_ Tree| tree.rules.iter().map(|rule| rule.patterns.clone()).collect::<Vec<_>>();
    let of_tree = trees.iter().enumerate().flat_map(|(at, tree)| {
        let own = if at == 0 { exclude.clone() } else { Vec::new() };
        std::iter::once(own).chain(rules(tree))
    });
    let lists: Vec<Vec<At<String>>> = of_tree.collect();
    let lists: Vec<&[At<String>]> = lists.iter().map(Vec::as_slice).collect();
    let errors = |errors: Vec<crate::pattern::PatternError>| {
        errors.into_iter().map(|error| problem(error.span, error.message, error.hint)).collect()
    };
    Matching::new(&lists).map_err(errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::testing::{at, compile, model, rule, texts, tree};
    use crate::policy::model::{RuleScope, Wishes};

    #[test]
    fn ids_follow_the_order_of_policies_trees_and_rules() {
        let own = || tree(Wishes::default(), vec![rule(&["a", "b/"], RuleScope::Tree, Wishes::default())]);
        let mut two = model(own());
        two.trees.push(own());
        let table = RuleTable::compile(&[Arc::new(model(own())), Arc::new(two)]).expect("sound policies");
        let sites: Vec<_> = table.sites().iter().map(|site| (site.policy, site.tree, site.label.as_str())).collect();
        let expected = [(0, 0), (1, 0), (1, 1)];
        let expected: Vec<_> = expected.into_iter().flat_map(|(p, t)| [(p, t, "/srv"), (p, t, "a, b/")]).collect();
        assert_eq!(sites, expected);
        assert_eq!(table.tree(1, 1).id(1), RuleId::new(5));
        assert_eq!(table.site(RuleId::new(5)).label, "a, b/");
    }

    #[test]
    fn all_bad_patterns_are_reported_at_once() {
        let patterns = ["#x", "", "  ", "!", "!/", "{a", "a", "[z-a]"];
        let mut policy = tree(Wishes::default(), vec![rule(&patterns, RuleScope::Tree, Wishes::default())]);
        policy.rules[0].patterns.iter_mut().enumerate().for_each(|(place, pattern)| pattern.span = place..place);
        let places = |policy| {
            let problems = compile(model(policy)).expect_err("bad patterns");
            problems.into_iter().map(|problem| problem.span.start).collect::<Vec<_>>()
        };
        assert_eq!(places(policy.clone()), [0, 1, 2, 3, 4, 5, 7]);
        policy.rules.clear();
        policy.exclude = texts(&["x"]);
        policy.exclude.push(at("/".to_owned()));
        assert_eq!(places(policy), [0]);
    }
}
