//! Findings about the policies themselves.

use crate::compile::rule_table::RuleTable;
use crate::findings::found::{Excused, Notice, Survey};
use crate::judging::exceptions;
use crate::judging::usage::Usage;
use crate::lints::{self, Check, Level, Levels, Lint, describe_expired, describe_unused};
use crate::model::intent::RuleId;
use crate::policy::Loaded;
use crate::policy::load::Origin;
use crate::policy::model::Exception;
use crate::policy::risk::{Risk, risks};
use crate::source::roots::Rooted;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

/// Exceptions whose last day has passed, each told once, by the levels of its policy.
pub(crate) fn expired(loaded: &[Loaded], levels: &[Levels], today: Date) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    for (policy, (loaded, levels)) in loaded.iter().zip(levels).enumerate() {
        let level = levels.of(Lint::ExpiredException);
        if level == Level::Allow {
            continue;
        }
        for exception in exceptions::expired(&loaded.model, today) {
            let message = describe_expired(&exception.path.value, exception.until, &exception.reason);
            let policy = policy as u32;
            let notice = Notice {
                lint: Lint::ExpiredException,
                level,
                policy,
                line: exception.line,
                rule: None,
                message,
                unmet: None,
            };
            let known = notices.iter().any(|known| known.line == notice.line && known.message == notice.message);
            if !known {
                notices.push(notice);
            }
        }
    }
    notices
}

/// Exceptions that hold and covered nothing in a run that read all, by the levels of their policies.
pub(crate) fn unused_exceptions(
    loaded: &[Loaded],
    levels: &[Levels],
    trees: &[Rooted],
    survey: &Survey,
    today: Date,
) -> Vec<Notice> {
    let place = |tree: &'_ Rooted| (tree.instance.policy(), tree.instance.root().to_path_buf());
    let trees: HashMap<(u32, PathBuf), &Rooted> = trees.iter().map(|tree| (place(tree), tree)).collect();
    let mut used: HashSet<(&str, u32)> = HashSet::new();
    for Excused { report, .. } in &survey.excused {
        let root = &survey.roots[report.root as usize];
        let Some(tree) = trees.get(&(root.policy, root.path.clone())) else { continue };
        let of = |finding: &'_ lints::Finding| tree.exceptions.places(&report.path, finding.lint);
        report.findings.iter().for_each(|finding| used.extend(of(finding)));
    }
    let mut notices: Vec<Notice> = Vec::new();
    for (policy, (loaded, levels)) in loaded.iter().zip(levels).enumerate() {
        let level = levels.of(Lint::UnusedException);
        // Some are asked with `--probe` alone, and what keeps a group from a root is looked for above it.
        let is_told = |lint: &Lint| *lint != Lint::Unreachable && matches!(lint.row().check, Check::Entry(..));
        let is_idle = |exception: &&Exception| {
            let lints = &exception.lints;
            !used.contains(&(loaded.model.source.file.as_str(), exception.line))
                && lints.iter().all(is_told)
                && !lints.iter().all(|&lint| levels.allow(lint))
        };
        for exception in exceptions::holding(&loaded.model, today).filter(is_idle).filter(|_| level != Level::Allow) {
            let message = describe_unused(&exception.path.value, &exception.reason);
            let (lint, line, policy) = (Lint::UnusedException, exception.line, policy as u32);
            if !notices.iter().any(|known| known.line == line && known.message == message) {
                notices.push(Notice { lint, level, policy, line, rule: None, message, unmet: None });
            }
        }
    }
    notices
}

/// Rules that did nothing, of trees that have a root here. Of a built-in policy nothing is told: it serves many places.
pub(crate) fn idle(
    loaded: &[Loaded],
    levels: &[Levels],
    table: &RuleTable,
    trees: &[Rooted],
    usage: &Usage,
) -> Vec<Notice> {
    let of = |tree: &'_ Rooted| tree.instance.trees().map(|at| (tree.instance.policy(), at)).collect::<Vec<_>>();
    let bound: BTreeSet<(u32, u32)> = trees.iter().flat_map(of).collect();
    // A policy that is used in two places has each rule twice, and is well served where one of them does something.
    let mut rules: BTreeMap<(&str, u32), Vec<RuleId>> = BTreeMap::new();
    for (rule, site) in table.sites().iter().enumerate().filter(|(_, site)| bound.contains(&(site.policy, site.tree))) {
        let loaded = &loaded[site.policy as usize];
        if !is_built_in(loaded) {
            rules.entry((&loaded.model.source.file, site.line)).or_default().push(RuleId::new(rule as u32));
        }
    }
    let mut notices = Vec::new();
    for ((_, line), ids) in rules {
        let site = table.site(ids[0]);
        let is_own = loaded[site.policy as usize].model.trees[site.tree as usize].line == line;
        let label = (!is_own).then_some(&*site.label);
        let is_unused = ids.iter().all(|&id| usage.is_unused(id));
        let is_shadowed = ids.iter().all(|&id| usage.is_shadowed(id));
        let Some((lint, message)) = lints::idle(label, is_unused, is_shadowed) else { continue };
        let (policy, rule) = (site.policy, Some(ids[0]));
        let level = levels[policy as usize].of(lint);
        if level != Level::Allow {
            notices.push(Notice { lint, level, policy, line, rule, message, unmet: None });
        }
    }
    notices
}

/// What is risky in policies themselves, whatever lies in their trees; `is_empty` knows of groups without members.
pub(crate) fn risky(loaded: &[Loaded], levels: &[Levels], is_empty: &dyn Fn(&str) -> bool) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    for (policy, (loaded, levels)) in
        loaded.iter().zip(levels).enumerate().filter(|(_, (loaded, _))| !is_built_in(loaded))
    {
        for Risk { lint, line, message } in risks(&loaded.model, &loaded.params, is_empty) {
            let level = levels.of(lint);
            if level != Level::Allow && !notices.iter().any(|known| known.line == line && known.message == message) {
                notices.push(Notice { lint, level, policy: policy as u32, line, rule: None, message, unmet: None });
            }
        }
    }
    notices
}

fn is_built_in(loaded: &Loaded) -> bool {
    matches!(loaded.origin, Origin::BuiltIn(_))
}
/// Findings about policies, each with how many more follow that read like it but for the path.
pub(crate) fn folded<'a>(notices: impl Iterator<Item = &'a Notice>) -> Vec<(&'a Notice, u64)> {
    let (mut all, mut places): (Vec<(&Notice, u64)>, HashMap<u32, usize>) = (Vec::new(), HashMap::new());
    for notice in notices {
        let alike = notice.unmet.as_deref().and_then(|unmet| unmet.alike);
        match alike.and_then(|alike| places.get(&alike)) {
            Some(&at) => all[at].1 += 1,
            None => {
                places.extend(alike.map(|alike| (alike, all.len())));
                all.push((notice, 0));
            }
        }
    }
    all
}
