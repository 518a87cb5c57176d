//! Policies for tests, made without reading TOML.

use super::model::{AccountText, At, Attribute, Limits, Model, Rule, RuleScope, Tree, Wishes};
use super::problem::Source;
use crate::model::mode::ModeExpression;
use std::sync::Arc;

/// A value that stands nowhere.
pub(crate) fn at<T>(value: T) -> At<T> {
    At { value, span: 0..0 }
}

/// An attribute that is this.
pub(crate) fn is<T>(value: T) -> Attribute<T> {
    Attribute::Is(at(value))
}

/// `"@any"`.
pub(crate) fn taken_back<T>() -> Attribute<T> {
    Attribute::Any(0..0)
}

pub(crate) fn texts(texts: &[&str]) -> Vec<At<String>> {
    texts.iter().map(|text| at(text.to_string())).collect()
}

/// Groups or owners by name.
pub(crate) fn named(names: &[&str]) -> Attribute<Vec<At<AccountText>>> {
    is(names.iter().map(|name| at(AccountText::Text(name.to_string()))).collect())
}

/// A group or owner by id.
pub(crate) fn id(id: u32) -> Attribute<Vec<At<AccountText>>> {
    is(vec![at(AccountText::Id(id))])
}

pub(crate) fn modes(modes: &[&str]) -> Attribute<Arc<[ModeExpression]>> {
    is(modes.iter().map(|mode| ModeExpression::parse(mode).expect(mode)).collect())
}

pub(crate) fn rule(patterns: &[&str], scope: RuleScope, wishes: Wishes) -> Rule {
    Rule { line: 0, patterns: texts(patterns), scope, wishes }
}

pub(crate) fn tree(wishes: Wishes, rules: Vec<Rule>) -> Tree {
    Tree {
        line: 0,
        span: 0..0,
        roots: texts(&["/srv"]),
        root_exclude: Vec::new(),
        when: None,
        unless: None,
        optional: false,
        mounted: None,
        optional_accounts: false,
        mounts: None,
        exclude: Vec::new(),
        default_excludes: None,
        wishes,
        rules,
    }
}

pub(crate) fn model(tree: Tree) -> Model {
    Model {
        folder: None,
        source: Arc::new(Source { file: "test".into(), text: String::new() }),
        name: "test".into(),
        summary: None,
        params: Vec::new(),
        limits: Limits::default(),
        lints: Vec::new(),
        trees: vec![tree],
        exceptions: Vec::new(),
        uses: Vec::new(),
        expectations: Vec::new(),
        trials: Vec::new(),
        unsafe_fixes: Vec::new(),
    }
}
