use super::super::instance::steps;
use super::super::model::{Tree, Wishes};
use super::super::testing::{id, instance, is, modes, rule, taken_back, texts, tree};
use super::*;
use crate::intent::Intent;
use crate::mode::Mode;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use proptest::prelude::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// The ruling on a path, walking down to it; `None` if something above it is excluded.
fn walk<'p>(instance: &'p Instance, path: &[u8], kind: Kind) -> Option<Ruling<'p>> {
    let (root, mut here) = instance.at_root();
    let mut ruling = root.map_or(Ruling::Unwanted, Ruling::Wanted);
    let mut scratch = Scratch::default();
    let count = steps(path).count();
    for (number, (above, name)) in steps(path).enumerate() {
        let last = number + 1 == count;
        let above = if here.needs_path() { above } else { b"" };
        ruling = here.ruling(instance, above, name, if last { kind } else { Kind::Dir }, &mut scratch);
        if !last {
            if ruling == Ruling::Excluded {
                return None;
            }
            here = here.enter(instance, above, name, &mut scratch);
        }
    }
    Some(ruling)
}

fn intent<'p>(instance: &'p Instance, path: &str, kind: Kind) -> Intent<'p> {
    match walk(instance, path.as_bytes(), kind) {
        Some(Ruling::Wanted(intent)) => intent,
        other => panic!("{path}: {other:?}"),
    }
}

/// Whether the only rule of a tree applies, told by its mark on everything.
fn applies(patterns: &[&str], scope: Scope, path: &str, kind: Kind) -> bool {
    let marked = Wishes { group: id(7), ..Wishes::default() };
    let instance = instance(tree(Wishes::default(), vec![rule(patterns, scope, marked)]));
    walk(&instance, path.as_bytes(), kind) != Some(Ruling::Unwanted)
}

#[test]
fn patterns_and_scopes() {
    use Kind::{Dir, File};
    use Scope::{Below, Own, Tree};
    for (patterns, scope, path, kind, expected) in [
        (&["/"][..], Tree, ".", Dir, true),
        (&["/"], Own, ".", Dir, true),
        (&["/"], Below, ".", Dir, false),
        (&["/"], Tree, "a/b", File, true),
        (&["/"], Own, "a", Dir, false),
        (&["/"], Below, "a", Dir, true),
        (&["*"], Tree, ".", Dir, false),
        (&["**"], Tree, ".", Dir, false),
        (&["*/"], Tree, "f", File, false),
        (&["/", "!a"], Tree, "a/b", File, false),
        (&["/", "!a"], Tree, "b/c", File, true),
        (&["in/"], Tree, "x/in/f", File, true),
        (&["in/"], Tree, "in", File, false),
        (&["in/"], Own, "in", Dir, true),
        (&["in/"], Own, "in/f", File, false),
        (&["in/"], Below, "in", Dir, false),
        (&["in/"], Below, "in/in", Dir, true),
        (&["in/"], Below, "in/f", File, true),
        (&["*"], Below, "a", Dir, false),
        (&["*"], Below, "a/b", Dir, true),
        (&["/in"], Tree, "x/in", Dir, false),
        (&["a/b"], Tree, "a/b/c", File, true),
        (&["a/b"], Tree, "x/a/b", Dir, false),
        (&["a/**"], Own, "a", Dir, false),
        (&["a/**"], Own, "a/b/c", File, true),
        (&["a/**/z"], Own, "a/z", File, true),
        (&["a/**/z"], Own, "a/b/c/z", File, true),
        (&["*.c", "!keep.c"], Tree, "d/keep.c", File, false),
        (&["!keep.c", "*.c"], Tree, "d/keep.c", File, true),
        (&["d/", "!d/e/"], Tree, "d/e/f", File, false),
        (&["d/", "!d/e/"], Below, "d/e", Dir, false),
        (&["d/", "!d/e/", "f"], Tree, "d/e/f", File, true),
        (&["*"], Tree, "dev", Kind::Block, false),
        (&["*"], Tree, "s", Kind::Socket, true),
    ] {
        assert_eq!(applies(patterns, scope, path, kind), expected, "{patterns:?} {scope:?} {path} {kind}");
    }
}

#[test]
fn the_last_rule_that_applies_wins_attribute_by_attribute() {
    let own = Wishes { group: id(1), owner: id(1), file_mode: modes(&["g=u"]), ..Wishes::default() };
    let instance = instance(tree(
        own,
        vec![
            rule(&["a/"], Scope::Tree, Wishes { group: id(2), ..Wishes::default() }),
            rule(&["*.c"], Scope::Tree, Wishes { owner: taken_back(), ..Wishes::default() }),
            rule(&["x.c"], Scope::Tree, Wishes { group: taken_back(), file_mode: taken_back(), ..Wishes::default() }),
        ],
    ));
    let rules = |path, kind| {
        let intent = intent(&instance, path, kind);
        (
            intent.group.map(|wish| wish.rule.0),
            intent.owner.map(|wish| wish.rule.0),
            intent.mode.map(|wish| wish.rule.0),
        )
    };
    assert_eq!(rules(".", Kind::Dir), (Some(0), Some(0), None));
    assert_eq!(rules("f", Kind::File), (Some(0), Some(0), Some(0)));
    assert_eq!(rules("a/f", Kind::File), (Some(1), Some(0), Some(0)));
    assert_eq!(rules("a/f.c", Kind::File), (Some(1), None, Some(0)));
    assert_eq!(walk(&instance, b"a/x.c", Kind::File), Some(Ruling::Unwanted));
    assert_eq!(rules("a/l", Kind::Symlink), (Some(1), Some(0), None));
}

#[test]
fn kinds_limit_the_tree_or_a_rule() {
    let kinds = |kinds: &[Kind]| Some(kinds.to_vec());
    let both = Wishes { group: id(2), ..Wishes::default() };
    let own = Wishes { group: id(1), kinds: kinds(&[Kind::Dir, Kind::Fifo]), ..Wishes::default() };
    let limited = Wishes { group: id(3), kinds: kinds(&[Kind::Dir, Kind::File]), ..Wishes::default() };
    let instance = instance(tree(own, vec![rule(&["a*"], Scope::Tree, both), rule(&["ab"], Scope::Tree, limited)]));
    let group = |path: &str, kind| match walk(&instance, path.as_bytes(), kind) {
        Some(Ruling::Wanted(intent)) => intent.group.map(|wish| wish.rule.0),
        _ => None,
    };
    assert_eq!(group("x", Kind::Dir), Some(0));
    assert_eq!(group("a", Kind::File), None);
    assert_eq!(group("ab", Kind::Dir), Some(2));
    assert_eq!(group("ab", Kind::Fifo), Some(1));
    assert_eq!(group("ab", Kind::File), None);
    let here = instance.at_root().1;
    assert!(here.wants_kind(&instance, Kind::Dir) && !here.wants_kind(&instance, Kind::File));
}

type Decided = Option<(bool, u32)>;

/// The special bits of an entry `d` that a tree's keys and a rule for everything decide: setgid, sticky, and those that
/// the mode decides.
fn special(tables: Vec<Wishes>, kind: Kind) -> (Decided, Decided, u32) {
    let mut tables = tables.into_iter();
    let own = tables.next().expect("the tree's own keys");
    let instance = instance(tree(own, tables.map(|wishes| rule(&["*"], Scope::Tree, wishes)).collect()));
    let Some(Ruling::Wanted(intent)) = walk(&instance, b"d", kind) else { return (None, None, 0) };
    let bit = |wish: Option<crate::intent::Wish<bool>>| wish.map(|wish| (wish.value, wish.rule.0));
    (bit(intent.setgid), bit(intent.sticky), intent.mode_decides.bits())
}

#[test]
fn setgid_and_sticky_are_decided_by_the_last_word_of_a_key_or_a_mode() {
    let dir = |dir: &[&str]| Wishes { dir_mode: modes(dir), ..Wishes::default() };
    let setgid = |value| Wishes { setgid: is(value), ..Wishes::default() };
    let back = || Wishes { dir_mode: taken_back(), ..Wishes::default() };
    let setgid_back = || Wishes { setgid: taken_back(), ..Wishes::default() };
    let both = || Wishes { setgid: is(true), dir_mode: modes(&["g=u,g+s"]), ..Wishes::default() };
    for (number, (tables, expected)) in [
        (vec![dir(&["2775"])], (None, None, 0o7000)),
        (vec![dir(&["775"])], (None, None, 0)),
        (vec![dir(&["2775"]), setgid(false)], (Some((false, 1)), None, 0o5000)),
        (vec![setgid(true), dir(&["0775"])], (None, None, 0o7000)),
        (vec![setgid(true), dir(&["775"])], (Some((true, 0)), None, 0)),
        (vec![dir(&["2775"]), setgid_back()], (None, None, 0o5000)),
        (vec![dir(&["3775"]), dir(&["g=u"])], (Some((true, 0)), Some((true, 0)), 0)),
        (vec![dir(&["g+s"]), dir(&["+t"])], (Some((true, 0)), None, 0o1000)),
        (vec![dir(&["2775", "3775"]), dir(&["g=u"])], (Some((true, 0)), None, 0)),
        (vec![dir(&["2775", "775"]), dir(&["g=u"])], (None, None, 0)),
        (vec![dir(&["2775", "775"])], (None, None, 0o7000)),
        (vec![dir(&["2775"]), back(), dir(&["g=u"])], (None, None, 0)),
        (vec![dir(&["2775"]), back()], (None, None, 0)),
        (vec![setgid(true), back()], (Some((true, 0)), None, 0)),
        (vec![setgid(false), dir(&["g+s"]), dir(&["g=u"])], (Some((true, 1)), None, 0)),
        (vec![both()], (Some((true, 0)), None, 0)),
        (vec![both(), dir(&["g-s"])], (None, None, 0o2000)),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(special(tables, Kind::Dir), expected, "case {number}");
    }
    let file = Wishes { file_mode: modes(&["0664"]), setgid: is(true), sticky: is(true), ..Wishes::default() };
    assert_eq!(special(vec![file], Kind::File), (None, None, 0o7000));
}

#[test]
fn a_mode_that_is_taken_back_wants_nothing() {
    let own = Wishes { dir_mode: modes(&["2775"]), ..Wishes::default() };
    let back = Wishes { dir_mode: taken_back(), ..Wishes::default() };
    let instance = instance(tree(own, vec![rule(&["d/"], Scope::Tree, back)]));
    assert_eq!(walk(&instance, b"d", Kind::Dir), Some(Ruling::Unwanted));
    assert_eq!(intent(&instance, "e", Kind::Dir).mode_decides, Mode::SPECIAL);
}

#[test]
fn excludes_prune_and_can_take_back() {
    let mut policy = tree(Wishes { group: id(1), ..Wishes::default() }, vec![]);
    policy.exclude = texts(&["*.swp", "!keep.swp", "/scratch/"]);
    let instance = instance(policy);
    for (path, kind, excluded) in [
        ("a.swp", Kind::File, true),
        ("d/a.swp", Kind::Dir, true),
        ("keep.swp", Kind::File, false),
        ("scratch", Kind::Dir, true),
        ("scratch", Kind::File, false),
        ("d/scratch", Kind::Dir, false),
    ] {
        assert_eq!(walk(&instance, path.as_bytes(), kind) == Some(Ruling::Excluded), excluded, "{path} {kind}");
    }
    let mut scratch = Scratch::default();
    assert!(instance.here_at(b"scratch/x", &mut scratch).is_none());
    assert!(instance.here_at(b"d/scratch", &mut scratch).is_some());
    assert!(instance.here_at(b".", &mut scratch).is_some());
}

#[test]
fn directories_that_say_the_same_share_it_however_deep() {
    let wishes = || Wishes { group: id(2), ..Wishes::default() };
    let rules = vec![rule(&["a/**"], Scope::Tree, wishes()), rule(&["/x/{y,z}*"], Scope::Own, wishes())];
    let instance = instance(tree(Wishes::default(), rules));
    let (mut scratch, root) = (Scratch::default(), instance.at_root().1);
    assert!(!root.needs_path());
    assert!(root.enter(&instance, b"", b"x", &mut scratch).needs_path());
    let mut here = root.enter(&instance, b"", b"a", &mut scratch).enter(&instance, b"", b"b", &mut scratch);
    for _ in 0..1000 {
        let deeper = here.enter(&instance, b"", b"a", &mut scratch);
        assert!(Arc::ptr_eq(&here.0, &deeper.0) && !deeper.needs_path() && !deeper.is_open(Kind::File));
        here = deeper;
    }
}

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

fn scope() -> impl Strategy<Value = Scope> {
    prop::sample::select(vec![Scope::Tree, Scope::Own, Scope::Below])
}

fn wishes() -> impl Strategy<Value = Wishes> {
    (any::<[bool; 4]>(), prop::sample::select(vec![None, None, Some(vec![Kind::Dir]), Some(vec![Kind::File])]))
        .prop_map(|([group, owner, setgid, mode], kinds)| {
            let said = |said: bool, wish| if said { wish } else { super::super::model::Attribute::Unsaid };
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
fn naive(list: &[String], matcher: &Gitignore, scope: Scope, path: &[&[u8]], kind: Kind) -> bool {
    let (mut state, mut above, mut itself) = (list.iter().any(|line| line == "/"), false, None);
    for length in 1..=path.len() {
        let is_directory = length < path.len() || kind == Kind::Dir;
        above = state;
        itself = say(matcher, &path[..length].join(&b'/'), is_directory);
        state = itself.unwrap_or(state);
    }
    match scope {
        Scope::Tree => state,
        Scope::Own => itself == Some(true),
        Scope::Below => above && itself != Some(false),
    }
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
        let instance = instance(tree(Wishes::default(), vec![rule(&strs, Scope::Tree, marked)]));
        let found = walk(&instance, &joined, kind) != Some(Ruling::Unwanted);
        prop_assert_eq!(found, said);
    }
}
