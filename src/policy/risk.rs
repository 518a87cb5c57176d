//! What a policy itself gets wrong, before any tree is looked at: risky-rule and empty-group.

use super::model::{AccountText, Attribute, Model, Rule, Tree, Wishes};
use super::model::{AclEntryText, AclText, At, RuleScope};
use crate::lints::{self, Lint};
use crate::model::acl::term::AclOperator;
use crate::model::mode::{Mode, ModeExpression};
use crate::pattern::placeholder::put_in;
use std::collections::BTreeMap;

/// Something that a policy gets wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Risk {
    /// The lint that it is.
    pub lint: Lint,
    /// The line of the table it stands in, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

/// What a policy gets wrong, in the order of the file. Groups are asked for by name, params put in; what only a capture
/// decides isn't known here.
pub(crate) fn risks(model: &Model, params: &BTreeMap<String, String>, is_empty: &dyn Fn(&str) -> bool) -> Vec<Risk> {
    let mut found = Vec::new();
    for tree in &model.trees {
        found.extend(shadowed(tree));
        let rules = tree.rules.iter().map(|rule| (rule.line, &rule.wishes));
        for (line, wishes) in std::iter::once((tree.line, &tree.wishes)).chain(rules) {
            let risky = risky(tree, wishes).into_iter().map(|message| (Lint::RiskyRule, message));
            let empty = empty(wishes, params, is_empty).into_iter().map(|message| (Lint::EmptyGroup, message));
            found.extend(risky.chain(empty).map(|(lint, message)| Risk { lint, line, message }));
        }
    }
    found.sort_by_key(|risk| risk.line);
    found
}

/// Rules of which a later one of the same pattern says every attribute again.
fn shadowed(tree: &Tree) -> impl Iterator<Item = Risk> {
    let mut alike: BTreeMap<(Vec<&str>, RuleScope), Vec<&Rule>> = BTreeMap::new();
    for rule in &tree.rules {
        let patterns = rule.patterns.iter().map(|pattern| pattern.value.as_str()).collect();
        alike.entry((patterns, rule.scope)).or_default().push(rule);
    }
    let says_all = |later: &Rule, rule: &Rule| {
        let (said, again) = (said(&rule.wishes), said(&later.wishes));
        let says_all = said.iter().zip(again).all(|(said, again)| !said || again);
        later.wishes.kinds == rule.wishes.kinds && said.contains(&true) && says_all
    };
    let of_some = move |((patterns, _), rules): ((Vec<&str>, _), Vec<&Rule>)| {
        let by = |at: usize| rules[at + 1..].iter().find(|later| says_all(later, rules[at]));
        let shadowed = (0..rules.len()).filter_map(|at| Some((rules[at].line, by(at)?.line)));
        let label = patterns.join(", ");
        let risk = |(line, by): (u32, u32)| {
            let message = format!("the rule of `{label}` decides nothing: the one in line {by} says all of it again");
            Risk { lint: Lint::ShadowedRule, line, message }
        };
        shadowed.map(risk).collect::<Vec<_>>()
    };
    alike.into_iter().flat_map(of_some)
}

/// Which attributes a rule says something of.
fn said(wishes: &Wishes) -> [bool; 12] {
    [
        wishes.group.is_said(),
        wishes.owner.is_said(),
        wishes.setgid.is_said(),
        wishes.sticky.is_said(),
        wishes.dir_mode.is_said(),
        wishes.file_mode.is_said(),
        wishes.special_mode.is_said(),
        wishes.acl.is_said(),
        wishes.default_acl.is_said(),
        wishes.hard_links.is_said(),
        wishes.consent.is_said(),
        wishes.private_dirs.is_said(),
    ]
}

fn risky(tree: &Tree, wishes: &Wishes) -> Vec<String> {
    let is_sticky = wishes.sticky.wish().or(tree.wishes.sticky.wish()) == Some(&true);
    let mut found = lints::risky([&wishes.dir_mode, &wishes.file_mode, &wishes.special_mode].map(modes), is_sticky);
    // What isn't said here may be said by the tree.
    let acl = wishes.acl.wish().map(|acl| (acl, if wishes.dir_mode.is_said() { wishes } else { &tree.wishes }));
    found.extend(acl.and_then(|(acl, with)| empty_mask(acl, with)));
    found
}

/// What is wrong with an ACL that gives nobody anything: its mask is empty then, and the kernel doesn't look at it
/// (acl_permission_check of fs/namei.c), so that whoever it names has what all others have.
fn empty_mask(acl: &AclText, wishes: &Wishes) -> Option<String> {
    let gives = |entry: &At<AclEntryText>| {
        let grant = entry.value.grant;
        grant.operator != AclOperator::Set || !grant.granted.is_nothing()
    };
    let closes = |attribute: &Attribute<std::sync::Arc<[ModeExpression]>>, is_directory| {
        modes(attribute).iter().any(|mode| !mode.apply(Mode::new(0o070), is_directory).has_any(Mode::GROUP))
    };
    let is_empty = !acl.entries.is_empty() && !acl.tolerates && !acl.entries.iter().any(gives);
    let is_closed = closes(&wishes.dir_mode, true) || closes(&wishes.file_mode, false);
    (is_empty && is_closed).then(|| {
        "`acl` gives nobody anything, nor does the mode give the group anything: the mask is empty, so whom it names has \
         what all others have"
            .into()
    })
}

fn modes(attribute: &Attribute<std::sync::Arc<[ModeExpression]>>) -> &[ModeExpression] {
    attribute.wish().map_or(&[], |modes| modes)
}

fn empty(wishes: &Wishes, params: &BTreeMap<String, String>, is_empty: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for text in wishes.group.wish().into_iter().flatten() {
        let AccountText::Text(text) = &text.value else { continue };
        let value =
            |name: &str| params.get(name).map(|value| (value.as_str(), crate::pattern::placeholder::Origin::Policy));
        let Ok((name, _)) = put_in(text, value) else { continue };
        found.extend(lints::empty_group(&name, is_empty));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::{is as said, model, modes, named, rule, tree};
    use super::*;

    fn told(own: Wishes, of_rule: Wishes) -> Vec<(Lint, u32, String)> {
        let mut tree = tree(own, vec![rule(&["a"], RuleScope::Tree, of_rule)]);
        (tree.line, tree.rules[0].line) = (1, 2);
        let params = [("team".to_owned(), "ghosts".to_owned())].into();
        let risks = risks(&model(tree), &params, &|name| name == "ghosts");
        risks.into_iter().map(|risk| (risk.lint, risk.line, risk.message)).collect()
    }

    #[test]
    fn others_write_is_risky_but_for_sticky_directories() {
        for (dir, file, expected) in [
            (Some("777"), None, Some("`dir-mode = \"777\"` lets everybody write, without the sticky bit")),
            (Some("g=u,o=g"), None, Some("`dir-mode = \"g=u,o=g\"` lets everybody write, without the sticky bit")),
            (Some("1777"), None, None),
            (Some("o+w,+t"), None, None),
            (Some("g=u,o-w"), None, None),
            (None, Some("666"), Some("`file-mode = \"666\"` lets everybody write")),
            (None, Some("2755"), Some("`file-mode = \"2755\"` makes files setgid")),
            (None, Some("u+s"), Some("`file-mode = \"u+s\"` makes files setuid")),
            (None, Some("g=u,o="), None),
        ] {
            let mode = |source: Option<&str>| source.map_or(Attribute::Unsaid, |source| modes(&[source]));
            let wishes = || Wishes { dir_mode: mode(dir), file_mode: mode(file), ..Wishes::default() };
            let expected: Vec<_> = expected.into_iter().map(str::to_owned).collect();
            let found = |told: Vec<(Lint, u32, String)>| told.into_iter().map(|risk| risk.2).collect::<Vec<_>>();
            assert_eq!(found(told(wishes(), Wishes::default())), expected, "{dir:?} {file:?}");
            assert_eq!(found(told(Wishes::default(), wishes())), expected, "{dir:?} {file:?}");
        }
        let special = Wishes { special_mode: modes(&["0622"]), ..Wishes::default() };
        assert_eq!(told(special, Wishes::default())[0].2, "`special-mode = \"0622\"` lets everybody write");
        let sticky = Wishes { sticky: said(true), dir_mode: modes(&["777"]), ..Wishes::default() };
        assert_eq!(told(sticky, Wishes::default()), []);
    }

    #[test]
    fn a_rule_that_is_said_again_is_seen_by_reading() {
        let lines = |first: Wishes, second: Wishes, pattern: &str| {
            let mut rules = vec![rule(&["a"], RuleScope::Tree, first), rule(&[pattern], RuleScope::Tree, second)];
            (rules[0].line, rules[1].line) = (2, 3);
            let risks = risks(&model(tree(Wishes::default(), rules)), &BTreeMap::new(), &|_| false);
            risks.into_iter().map(|risk| (risk.lint, risk.line)).collect::<Vec<_>>()
        };
        let group = |name: &str| Wishes { group: named(&[name]), ..Wishes::default() };
        let both = || Wishes { dir_mode: modes(&["770"]), ..group("b") };
        assert_eq!(lines(group("a"), both(), "a"), [(Lint::ShadowedRule, 2)]);
        assert_eq!(lines(both(), group("a"), "a"), []);
        assert_eq!(lines(group("a"), both(), "b"), []);
        assert_eq!(lines(Wishes::default(), both(), "a"), []);
    }

    #[test]
    fn groups_without_members_are_named_with_params_put_in() {
        let wishes = |name: &str| Wishes { group: named(&[name]), ..Wishes::default() };
        let empty = |line| vec![(Lint::EmptyGroup, line, "group `ghosts` has no members".to_owned())];
        assert_eq!(told(wishes("ghosts"), wishes("lab")), empty(1));
        assert_eq!(told(wishes("lab"), wishes("{team}")), empty(2));
        assert_eq!(told(wishes("@root"), wishes("{project}")), []);
    }
}
