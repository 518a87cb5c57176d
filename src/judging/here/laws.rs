//! Rulings agree with the `ignore` crate, asked about every directory on the way.

use super::super::ruling::steps;
use super::tests::walk;
use super::*;
use crate::compile::testing::{id, instance, is, modes, rule, taken_back, texts, tree};
use crate::policy::model::{Attribute, Tree, Wishes};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use proptest::prelude::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

const NAMES: [&[u8]; 17] = [
    b"a",
    b"b",
    b"ab",
    b"ba",
    b"a.c",
    b"b.c",
    b".a",
    b"a.",
    b"..c",
    b"x",
    b"xay",
    b"abab",
    b"\xff",
    b"a\xffb",
    b"a b",
    b"a\nb",
    b"bbbbbbbbbb.c",
];

fn pattern() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "ab",
        "a.c",
        "*",
        "*",
        "*.c",
        "a*",
        "*b",
        "a*b",
        "?",
        "??",
        "[ab]",
        "{a,b}",
        "{a,*.c}",
        "**",
        "**",
        "x[!b]y",
        "a[!x]b",
        "a?",
        "[!b]*",
        "*[!b]",
        "a[!b]*",
        "[!a][!b]",
        "[]a]",
        "[a-]b",
        "[a-b-x]b",
        "[--a]*",
        "*[.-a]*",
        "{[!a],b}",
        "*a*",
        ".a",
        "a.",
        "**a",
        "*b*",
        "[+-9]a",
        "\\a",
        "bbbbbbbb*",
        "*bbbbbbb.c",
        "[a",
        "",
    ]);
    let odd = prop::sample::select(vec!["{a/b,x}", "a[/]b", "\\!a", "a/", "a\\/", "**/**", "/**", "a b ", "!", "\\#"]);
    let plain = (prop::sample::select(vec!["", "", "/", "!", "!/"]), prop::collection::vec(piece, 1..4), any::<bool>())
        .prop_map(|(start, pieces, slash)| format!("{start}{}{}", pieces.join("/"), if slash { "/" } else { "" }));
    prop_oneof![20 => plain, 1 => odd.prop_map(Into::into), 1 => Just("/".to_owned())]
}

fn scope() -> impl Strategy<Value = RuleScope> {
    prop::sample::select(vec![RuleScope::Tree, RuleScope::Own, RuleScope::Below])
}

fn wishes() -> impl Strategy<Value = Wishes> {
    (any::<[bool; 4]>(), prop::sample::select(vec![None, None, Some(vec![Kind::Dir]), Some(vec![Kind::File])]))
        .prop_map(|([group, owner, setgid, mode], kinds)| {
            let said = |said: bool, wish| if said { wish } else { Attribute::Unsaid };
            Wishes {
                group: said(group, id(1)),
                owner: said(owner, id(2)),
                setgid: if setgid { is(true) } else { taken_back() },
                file_mode: if mode { modes(&["g=u"]) } else { taken_back() },
                kinds,
                ..Wishes::default()
            }
        })
}

/// A matcher of each list by the `ignore` crate alone; `None` if it can't read it.
fn authority(list: &[String]) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    for line in list.iter().filter(|line| *line != "/") {
        builder.add_line(None, line).ok()?;
    }
    builder.build().ok()
}

fn say(matcher: &Gitignore, path: &[u8], is_directory: bool) -> Option<bool> {
    match matcher.matched(OsStr::from_bytes(path), is_directory) {
        Match::None => None,
        Match::Ignore(_) => Some(true),
        Match::Whitelist(_) => Some(false),
    }
}

/// Whether a rule applies, by asking `ignore` about every directory on the way.
fn naive(list: &[String], matcher: &Gitignore, scope: RuleScope, path: &[&[u8]], kind: Kind) -> bool {
    let (mut state, mut above, mut itself) = (list.iter().any(|line| line == "/"), false, None);
    for length in 1..=path.len() {
        let is_directory = length < path.len() || kind == Kind::Dir;
        above = state;
        itself = say(matcher, &path[..length].join(&b'/'), is_directory);
        state = itself.unwrap_or(state);
    }
    match scope {
        RuleScope::Tree => state,
        RuleScope::Own => itself == Some(true),
        RuleScope::Below => above && itself != Some(false),
    }
}

/// Whether a walk would not get to a path: nothing is wanted of what lies in a directory on the way, as far as that tells.
pub(super) fn is_left_unread(instance: &Instance, path: &[u8], kind: Kind) -> bool {
    let (mut here, mut scratch) = (Here::at_root(instance).1, Scratch::default());
    let mut steps = steps(path).peekable();
    while let Some((above, name)) = steps.next() {
        let is_directory = steps.peek().is_some() || kind == Kind::Dir;
        if here.is_over(instance) || (is_directory && here.is_over_in(instance, name, &mut scratch)) {
            return true;
        }
        here = here.enter(instance, if here.needs_path() { above } else { b"" }, name, &mut scratch);
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_ignore_crate(
        rules in prop::collection::vec((prop::collection::vec(pattern(), 1..4), scope(), wishes()), 0..5),
        exclude in prop::collection::vec(pattern(), 0..2),
        paths in prop::collection::vec(prop::collection::vec(prop::sample::select(NAMES.to_vec()), 1..6), 1..12),
        own in wishes(),
    ) {
        let Some(matchers) = rules.iter().map(|(list, ..)| authority(list)).collect::<Option<Vec<_>>>() else {
            return Ok(());
        };
        let Some(excluded) = authority(&exclude) else { return Ok(()) };
        let all = rules.iter().flat_map(|(list, ..)| list).chain(&exclude);
        if all.clone().any(|line| line.trim_end().trim_start_matches('!').is_empty() || line == "!/")
            || exclude.iter().any(|line| line == "/")
        {
            return Ok(());
        }
        let strs = |list: &[String]| texts(&list.iter().map(String::as_str).collect::<Vec<_>>());
        let mut policy: Tree = tree(own, Vec::new());
        policy.exclude = strs(&exclude);
        policy.rules = rules.iter().map(|(list, scope, wishes)| {
            let mut rule = rule(&[], *scope, wishes.clone());
            rule.patterns = strs(list);
            rule
        }).collect();
        let instance = instance(policy);
        for path in &paths {
            for kind in [Kind::Dir, Kind::File, Kind::Symlink] {
                let prefixes = 1..=path.len();
                let out = prefixes.clone().find(|&length| {
                    let is_directory = length < path.len() || kind == Kind::Dir;
                    say(&excluded, &path[..length].join(&b'/'), is_directory) == Some(true)
                });
                let mut expected = BitSet::new(rules.len() + 1);
                expected.insert(0);
                for (number, (list, scope, _)) in rules.iter().enumerate() {
                    if naive(list, &matchers[number], *scope, path, kind) {
                        expected.insert(number + 1);
                    }
                }
                let found = walk(&instance, &path.join(&b'/'), kind);
                if is_left_unread(&instance, &path.join(&b'/'), kind) {
                    prop_assert!(!matches!(found, Some(Ruling::Wanted(_))), "{:?}", path);
                }
                match out {
                    Some(length) if length < path.len() => prop_assert_eq!(found, None),
                    // Of a kind that nothing is wanted of, no name is looked at.
                    Some(_) if kind != Kind::Dir && !instance.rules.wants(kind) => {}
                    Some(_) => prop_assert_eq!(found, Some(Ruling::Excluded)),
                    None => {
                        let decision = instance.rules.decide(&expected, kind);
                        prop_assert_eq!(found, Some(ruling(&instance, decision.as_ref(), kind)), "{:?}", path);
                    }
                }
            }
        }
    }

    #[test]
    fn a_rule_for_a_tree_is_what_ignore_says_of_a_path_or_any_parent(
        list in prop::collection::vec(pattern(), 1..4),
        path in prop::collection::vec(prop::sample::select(NAMES.to_vec()), 1..6),
        is_directory in any::<bool>(),
    ) {
        let Some(matcher) = authority(&list) else { return Ok(()) };
        let root = list.iter().any(|line| line == "/");
        let bad = |line: &String| line.trim_end().trim_start_matches('!').is_empty() || line == "!/";
        // `ignore` asks about the empty path too, which `*/` matches; here no pattern but `/` matches the root.
        if root || list.iter().any(bad) || say(&matcher, b"", true).is_some() {
            return Ok(());
        }
        let kind = if is_directory { Kind::Dir } else { Kind::File };
        let joined = path.join(&b'/');
        let said = matcher.matched_path_or_any_parents(OsStr::from_bytes(&joined), is_directory).is_ignore();
        let strs: Vec<_> = list.iter().map(String::as_str).collect();
        let marked = Wishes { group: id(7), ..Wishes::default() };
        let instance = instance(tree(Wishes::default(), vec![rule(&strs, RuleScope::Tree, marked)]));
        let found = walk(&instance, &joined, kind) != Some(Ruling::Unwanted);
        prop_assert_eq!(found, said);
    }
}
