//! Wishes bound to real roots.

use super::*;
use crate::compile::testing::{Names, at, compile, id, is, model, named, tree};
use crate::model::bits::BitSet;
use crate::model::entry::Kind;
use crate::model::intent::Intent;
use crate::policy::model::Wishes;

fn bound(wishes: Wishes, capture: &str, gid_min: Option<u32>) -> Result<Instance, Vec<Problem>> {
    let table = compile(model(tree(wishes, Vec::new()))).expect("a sound policy");
    let params = [("prefix", "proj-"), ("group", "lab"), ("form", "@setgid"), ("digits", "77"), ("at", "@")];
    let params = params.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let captures = [("project".to_owned(), capture.to_owned())];
    bind(table.tree(0, 0), Binding { root: "/srv/x".into(), params: &params, captures: &captures, gid_min }, &Names)
}

/// What the tree's own keys want of its root.
fn own(instance: &Instance) -> Intent<'_> {
    let mut keys = BitSet::new(instance.rules.count());
    keys.insert(0);
    let decision = instance.rules.decide(&keys, Kind::Dir).expect("something is wanted");
    instance.intent(&decision, Kind::Dir)
}

fn groups(names: &[&str], capture: &str) -> Result<Vec<GroupTerm>, String> {
    let found = bound(Wishes { group: named(names), ..Wishes::default() }, capture, Some(1000));
    match found {
        Ok(instance) => Ok(own(&instance).group.expect("a group").value.to_vec()),
        Err(problems) => Err(problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; ")),
    }
}

#[test]
fn names_digits_and_forms() {
    use GroupTerm::{Gid, Parent, Primary, Root, Setgid};
    for (names, expected) in [
        (&["lab"][..], &[Gid(3001)][..]),
        (&["42"], &[Gid(4200)]),
        (&["43"], &[Gid(43)]),
        (&["@root", "@parent", "@setgid", "@primary"], &[Root, Parent, Setgid, Primary]),
        (&["nobody", "lab", "gone"], &[Gid(3001)]),
        (&["{group}"], &[Gid(3001)]),
        (&["{form}"], &[Setgid]),
        (&["{digits}"], &[Gid(77)]),
        (&["bin"], &[Gid(27)]),
    ] {
        assert_eq!(groups(names, "lab").as_deref(), Ok(expected), "{names:?}");
    }
}

#[test]
fn a_captured_name_is_only_ever_a_name_of_an_ordinary_group() {
    for (name, capture, expected) in [
        ("{project}", "lab", Ok(3001)),
        ("{prefix}{project}", "lab", Ok(3001)),
        ("{project}", "gone", Err("no group is called `gone`")),
        ("{digits}{project}", "7", Err("no group is called `777`")),
        ("{at}{project}", "root", Err("no group is called `@root`")),
        ("{project}", "42", Ok(4200)),
        (
            "{project}",
            "bin",
            Err("the name of /srv/x makes `bin` its group, which is a system group: gid 27 is below 1000"),
        ),
    ] {
        let expected = expected.map(|gid| vec![GroupTerm::Gid(gid)]).map_err(str::to_owned);
        assert_eq!(groups(&[name], capture), expected, "{name} {capture}");
    }
    let wishes = Wishes { group: named(&["{project}"]), ..Wishes::default() };
    assert!(bound(wishes, "bin", None).is_ok());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (names, expected) in [
        (&["gone"][..], "no group is called `gone`"),
        (&["gone", "lost"], "no group is called any of `gone`, `lost`"),
        (&["@me"], "`@me` is no group"),
        (&["lab", "@any"], "`@any` is no group"),
        (&["4294967295"], "no group has an id of 4294967295 or more"),
        (&["99999999999"], "no group has an id of 4294967295 or more"),
        (&["{other}"], "`{other}` is neither a param nor a capture"),
        (&["lab", "broken"], "whether there is a group `broken` can't be told: getgrnam_r: EIO"),
    ] {
        assert_eq!(groups(names, "lab"), Err(expected.to_owned()), "{names:?}");
    }
    let place = |value: &str, span| At { value: AccountText::Text(value.into()), span };
    let two = Wishes { group: is(vec![place("a", 3..6), place("b", 8..11)]), ..Wishes::default() };
    let problem = &bound(two, "x", None).expect_err("no such groups")[0];
    assert_eq!(problem.span, 3..11);
    assert!(problem.source.is_some());
    let one = Wishes { group: named(&["gone"]), owner: named(&["gone"]), ..Wishes::default() };
    let problems = bound(one, "x", None).expect_err("neither is known");
    let hints: Vec<_> = problems.iter().filter_map(|problem| problem.hint.as_deref()).collect();
    assert_eq!(
        hints,
        [
            "`groupadd gone` makes one, `getent group` lists them",
            "`useradd gone` makes one, `getent passwd` lists them"
        ]
    );
}

#[test]
fn owners_and_ids() {
    let owner = is(["ann", "@name"].map(|name| at(AccountText::Text(name.into()))).to_vec());
    let instance = bound(Wishes { owner, group: id(5), ..Wishes::default() }, "x", None).expect("known names");
    let intent = own(&instance);
    assert_eq!(intent.owner.map(|wish| wish.value), Some(&[OwnerTerm::Uid(2001), OwnerTerm::Name][..]));
    assert_eq!(intent.group.map(|wish| wish.value), Some(&[GroupTerm::Gid(5)][..]));
}
