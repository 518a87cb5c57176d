//! What the reader makes of every key, right and wrong.

mod head;
mod tree;

use super::read;
use crate::lints::{Level, Lint};
use crate::model::entry::Kind;
use crate::model::intent::{Consent, HardLinks};
use crate::policy::model::{AccountText, Attribute, Limits, MaxChanges, Model, Mounts, PrivateDirs, RuleScope};
use crate::policy::problem::{Problem, Source};
use std::sync::Arc;

fn of(text: &str) -> Result<Model, Vec<Problem>> {
    read(Arc::new(Source { file: "/etc/sgidlint/lab.toml".into(), text: text.into() }))
}

fn right(text: &str) -> Model {
    of(text).unwrap_or_else(|problems| panic!("{text}\n{}", told(&problems)))
}

/// The problems, one a line: `LINE:COLUMN MESSAGE; HINT`.
fn told(problems: &[Problem]) -> String {
    let tell = |problem: &Problem| {
        let (line, column) = problem.source.as_ref().expect("read from a file").place(problem.span.start);
        format!("{line}:{column} {}; {}", problem.message, problem.hint.as_deref().expect("every problem has a hint"))
    };
    problems.iter().map(tell).collect::<Vec<_>>().join("\n")
}

fn wrong(text: &str) -> String {
    told(&of(text).map(|_| ()).expect_err(text))
}

/// Each text, as keys of the only tree on line 3, and what is wrong with it.
fn wrong_in_tree(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(wrong(&format!("format = 1\n[[tree]]\n{text}")), *expected, "{text}");
    }
}

#[test]
fn the_smallest_policy_takes_its_name_from_its_file() {
    let model = right("format = 1\n[[tree]]\n");
    assert_eq!((model.name.as_str(), model.summary), ("lab", None));
    let [tree] = model.trees.as_slice() else { panic!("one tree") };
    assert_eq!((tree.roots[0].value.as_str(), tree.line, tree.default_excludes), (".", 2, None));
    assert_eq!((tree.optional, tree.mounts, tree.rules.len()), (false, None, 0));
}

#[test]
fn every_key_of_a_tree_is_read() {
    let model = right(
        r#"
        format = 1
        [[tree]]
        root = ["/srv/a", "/srv/b/*"]
        root-exclude = "old*"
        when = "/etc/yes"
        unless = "/etc/no"
        optional = true
        mounted = true
        mounts = "local"
        exclude = "*.swp"
        default-excludes = false
        group = ["lab", 3001, "@setgid"]
        owner = "@name"
        setgid = true
        sticky = "@any"
        dir-mode = ["u=rwx,g=rwxs,o=", "770"]
        file-mode = "g=u"
        special-mode = "660"
        hard-links = "inside"
        consent = "assumed"
        private-dirs = "allow"
        kinds = ["dir", "file", "socket"]
        [[tree.rule]]
        match = ["incoming/", "/"]
        scope = "self"
        kinds = "@any"
        "#,
    );
    let tree = &model.trees[0];
    let wishes = &tree.wishes;
    assert_eq!(tree.roots.iter().map(|root| root.value.as_str()).collect::<Vec<_>>(), ["/srv/a", "/srv/b/*"]);
    assert_eq!((tree.optional, tree.mounts, tree.default_excludes), (true, Some(Mounts::Local), Some(false)));
    let groups = value(&wishes.group).iter().map(|group| group.value.clone()).collect::<Vec<_>>();
    let text = |text: &str| AccountText::Text(text.into());
    assert_eq!(groups, [text("lab"), AccountText::Id(3001), text("@setgid")]);
    assert!(*value(&wishes.setgid) && matches!(wishes.sticky, Attribute::Any(_)));
    assert_eq!(value(&wishes.dir_mode).len(), 2);
    assert_eq!(*value(&wishes.hard_links), HardLinks::Inside);
    assert_eq!(*value(&wishes.consent), Consent::Assumed);
    assert_eq!(*value(&wishes.private_dirs), PrivateDirs::Allow);
    assert_eq!(wishes.kinds, Some(vec![Kind::Dir, Kind::File, Kind::Socket]));
    let rule = &tree.rules[0];
    assert_eq!((rule.line, rule.scope, rule.patterns.len(), &rule.wishes.kinds), (24, RuleScope::Own, 2, &None));
}

fn value<T: std::fmt::Debug>(attribute: &Attribute<T>) -> &T {
    let Attribute::Is(is) = attribute else { panic!("{attribute:?}") };
    &is.value
}

#[test]
fn limits_and_lints_are_read() {
    let model = right(
        "format = 1\n[limits]\nmax-changes = 100\nplan-bytes = \"1GiB\"\nstall = \"60s\"\n\
         [lints]\nworld-writable = \"deny\"\nforeign-group = \"allow\"\n[[tree]]\n",
    );
    let Limits { max_changes, plan_bytes, stall } = model.limits;
    assert_eq!((max_changes, plan_bytes, stall), (Some(MaxChanges::Count(100)), Some(1 << 30), Some(60)));
    assert_eq!(model.lints, [(Lint::WorldWritable, Level::Deny), (Lint::ForeignGroup, Level::Allow)]);
}
