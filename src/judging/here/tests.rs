//! Rulings as tables.

use super::super::ruling::steps;
use super::*;
use crate::compile::testing::{id, instance, is, modes, rule, taken_back, texts, tree};
use crate::model::intent::Intent;
use crate::model::mode::Mode;
use crate::policy::model::{Tree, Wishes};

/// The ruling on a path, walking down to it; `None` if something above it is excluded.
pub(super) fn walk<'p>(instance: &'p Instance, path: &[u8], kind: Kind) -> Option<Ruling<'p>> {
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
fn applies(patterns: &[&str], scope: RuleScope, path: &str, kind: Kind) -> bool {
    let marked = Wishes { group: id(7), ..Wishes::default() };
    let instance = instance(tree(Wishes::default(), vec![rule(patterns, scope, marked)]));
    walk(&instance, path.as_bytes(), kind) != Some(Ruling::Unwanted)
}

#[test]
fn patterns_and_scopes() {
    use Kind::{Dir, File};
    use RuleScope::{Below, Own, Tree};
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
            rule(&["a/"], RuleScope::Tree, Wishes { group: id(2), ..Wishes::default() }),
            rule(&["*.c"], RuleScope::Tree, Wishes { owner: taken_back(), ..Wishes::default() }),
            rule(
                &["x.c"],
                RuleScope::Tree,
                Wishes { group: taken_back(), file_mode: taken_back(), ..Wishes::default() },
            ),
        ],
    ));
    let rules = |path, kind| {
        let intent = intent(&instance, path, kind);
        (
            intent.group.map(|wish| wish.rule.index()),
            intent.owner.map(|wish| wish.rule.index()),
            intent.mode.map(|wish| wish.rule.index()),
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
    let instance =
        instance(tree(own, vec![rule(&["a*"], RuleScope::Tree, both), rule(&["ab"], RuleScope::Tree, limited)]));
    let group = |path: &str, kind| match walk(&instance, path.as_bytes(), kind) {
        Some(Ruling::Wanted(intent)) => intent.group.map(|wish| wish.rule.index()),
        _ => None,
    };
    assert_eq!(group("x", Kind::Dir), Some(0));
    assert_eq!(group("a", Kind::File), None);
    assert_eq!(group("ab", Kind::Dir), Some(2));
    assert_eq!(group("ab", Kind::Fifo), Some(1));
    assert_eq!(group("ab", Kind::File), None);
    let here = instance.at_root().1;
    assert!(here.wants_kind(Kind::Dir) && !here.wants_kind(Kind::File));
}

type Decided = Option<(bool, usize)>;

/// The special bits of an entry `d` that a tree's keys and a rule for everything decide: setgid, sticky, and those that
/// the mode decides.
fn special(tables: Vec<Wishes>, kind: Kind) -> (Decided, Decided, u32) {
    let mut tables = tables.into_iter();
    let own = tables.next().expect("the tree's own keys");
    let instance = instance(tree(own, tables.map(|wishes| rule(&["*"], RuleScope::Tree, wishes)).collect()));
    let Some(Ruling::Wanted(intent)) = walk(&instance, b"d", kind) else { return (None, None, 0) };
    let bit = |wish: Option<crate::model::intent::Wish<bool>>| wish.map(|wish| (wish.value, wish.rule.index()));
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
    let instance = instance(tree(own, vec![rule(&["d/"], RuleScope::Tree, back)]));
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
    let rules = vec![rule(&["a/**"], RuleScope::Tree, wishes()), rule(&["/x/{y,z}*"], RuleScope::Own, wishes())];
    let instance = instance(tree(Wishes::default(), rules));
    let (mut scratch, root) = (Scratch::default(), instance.at_root().1);
    assert!(!root.needs_path());
    assert!(root.enter(&instance, b"", b"x", &mut scratch).needs_path());
    let mut here = root.enter(&instance, b"", b"a", &mut scratch).enter(&instance, b"", b"b", &mut scratch);
    for _ in 0..1000 {
        let deeper = here.enter(&instance, b"", b"a", &mut scratch);
        assert!(Arc::ptr_eq(&here.0, &deeper.0) && !deeper.needs_path() && deeper.open(Kind::File) == Open::None);
        here = deeper;
    }
}

#[test]
fn threads_can_share_it() {
    fn shared<T: Send + Sync>() {}
    shared::<Here>();
    shared::<Instance>();
}

#[test]
fn nothing_is_read_but_the_way_to_what_rules_name() {
    use super::laws::is_left_unread;
    use Kind::{Dir, File};
    let marked = || Wishes { group: id(7), ..Wishes::default() };
    let rules = || {
        vec![rule(&["/var/lib/a", "/srv/*/b"], RuleScope::Own, marked()), rule(&["/etc/c"], RuleScope::Tree, marked())]
    };
    let of = |own, exclude: &[&str]| instance(Tree { exclude: texts(exclude), ..tree(own, rules()) });
    let sparse = of(Wishes::default(), &["*.swp"]);
    for (path, kind, expected) in [
        ("usr", Dir, true),
        ("usr/bin/x", File, true),
        ("var", Dir, false),
        ("var/log", Dir, true),
        ("var/lib/a", Dir, false),
        ("var/lib/a/x", File, true),
        ("var/lib/b", Dir, true),
        ("srv/x/b", Dir, false),
        ("srv/x/c", Dir, true),
        ("etc/c/d/e", File, false),
        // A file's name is listed with those that are looked for.
        ("var/x", File, false),
    ] {
        assert_eq!(is_left_unread(&sparse, path.as_bytes(), kind), expected, "{path}");
    }
    assert!(!is_left_unread(&of(marked(), &[]), b"usr/bin/x", File), "the tree's own keys are about everything");
}
