//! `[[tree]]` and `[[tree.rule]]`.

use super::names::{Names, captures};
use super::paths;
use super::patterns;
use super::problems::Problems;
use super::table::Table;
use super::value::Value;
use super::wishes::wishes;
use crate::model::entry::Kind;
use crate::policy::model::{At, Mounts, Param, Rule, RuleScope, Tree};

/// The kinds that policies can be about: devices are never judged.
const JUDGED: [Kind; 5] = [Kind::Dir, Kind::File, Kind::Symlink, Kind::Fifo, Kind::Socket];

/// Every tree of a policy.
pub(super) fn trees(value: &Value<'_>, params: &[Param], problems: &mut Problems) -> Vec<Tree> {
    value.tables("[[tree]]", problems).into_iter().map(|table| tree(table, params, problems)).collect()
}

fn tree(mut table: Table<'_>, params: &[Param], problems: &mut Problems) -> Tree {
    let span = table.span.clone();
    let roots = match table.take("root") {
        Some(value) => paths::roots(&value, params, problems),
        None => vec![At { value: ".".into(), span: span.clone() }],
    };
    let names = Names::of_roots(params, &roots);
    let root_exclude = table.take("root-exclude").map(|value| root_exclude(&value, params, &roots, problems));
    let when = condition(&mut table, "when", &names, problems);
    let unless = condition(&mut table, "unless", &names, problems);
    let optional = table.take("optional").and_then(|value| value.flag(problems));
    let mounted = table.take("mounted").and_then(|value| value.flag(problems));
    let accounts = table.take("accounts");
    let accounts = accounts.and_then(|value| value.word(&["required", "optional"], optional_accounts, problems));
    let mounts = table.take("mounts").and_then(|value| value.word(&["stay", "local", "all"], mounts, problems));
    let exclude = table.take("exclude").map(|value| patterns::excludes(&value, problems));
    let default_excludes = table.take("default-excludes").and_then(|value| value.flag(problems));
    let wishes = wishes(&mut table, &JUDGED, &names, problems);
    let is_meant = |kind: &Kind| wishes.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind));
    let about: Vec<Kind> = JUDGED.into_iter().filter(is_meant).collect();
    let rules = table.take("rule").map(|value| rules(&value, &about, &names, problems));
    table.finish(problems);
    let own = exclude.iter().flatten();
    let patterns = own.chain(rules.iter().flatten().flat_map(|rule| &rule.patterns)).cloned().collect::<Vec<_>>();
    patterns::check_roots(&patterns, &roots, problems);
    Tree {
        line: problems.line(span.start),
        span,
        root_exclude: root_exclude.unwrap_or_default(),
        when,
        unless,
        optional: optional.unwrap_or_default(),
        mounted,
        optional_accounts: accounts.unwrap_or_default(),
        mounts,
        exclude: exclude.unwrap_or_default(),
        default_excludes,
        wishes,
        rules: rules.unwrap_or_default(),
        roots,
    }
}

/// Names that the captures and `*` of these roots don't take.
fn root_exclude(value: &Value<'_>, params: &[Param], roots: &[At<String>], problems: &mut Problems) -> Vec<At<String>> {
    let is_wild = |root: &At<String>| root.value.contains('*') || captures(&root.value, params).next().is_some();
    if !roots.iter().any(is_wild) {
        let hint = "leave it out: only names that a `*` or a capture of the root would take can be left out";
        problems.add(value.key_span.clone(), "`root-exclude` never applies: the tree's root names one directory", hint);
    }
    patterns::names(value, problems)
}

fn condition(
    table: &mut Table<'_>,
    key: &'static str,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<At<String>> {
    let path = table.take(key)?.text("\"/etc/staff-group-for-usr-local\"", problems)?;
    paths::of_project_or_absolute(&path, "a condition", problems);
    names.check(&path, problems);
    Some(path)
}

fn optional_accounts(word: &str) -> Option<bool> {
    match word {
        "required" => Some(false),
        "optional" => Some(true),
        _ => None,
    }
}

fn mounts(word: &str) -> Option<Mounts> {
    match word {
        "stay" => Some(Mounts::Stay),
        "local" => Some(Mounts::Local),
        "all" => Some(Mounts::All),
        _ => None,
    }
}

fn rules(value: &Value<'_>, about: &[Kind], names: &Names<'_>, problems: &mut Problems) -> Vec<Rule> {
    value.tables("[[tree.rule]]", problems).into_iter().map(|table| rule(table, about, names, problems)).collect()
}

fn rule(mut table: Table<'_>, about: &[Kind], names: &Names<'_>, problems: &mut Problems) -> Rule {
    let line = problems.line(table.span.start);
    let patterns = table.require("match", "match = \"incoming/\"", problems);
    let patterns = patterns.map(|value| patterns::patterns(&value, problems));
    let scope = table.take("scope").and_then(|value| value.word(&["tree", "self", "below"], scope, problems));
    let (patterns, scope) = (patterns.unwrap_or_default(), scope.unwrap_or_default());
    // What ends in `/` matches directories alone; the root is one.
    let is_of_dirs =
        scope == RuleScope::Own && !patterns.is_empty() && patterns.iter().all(|pattern| pattern.value.ends_with('/'));
    let dirs = if about.contains(&Kind::Dir) { &[Kind::Dir][..] } else { about };
    let wishes = wishes(&mut table, if is_of_dirs { dirs } else { about }, names, problems);
    table.finish(problems);
    Rule { line, patterns, scope, wishes }
}

pub(super) fn scope(word: &str) -> Option<RuleScope> {
    match word {
        "tree" => Some(RuleScope::Tree),
        "self" => Some(RuleScope::Own),
        "below" => Some(RuleScope::Below),
        _ => None,
    }
}
