//! Every shipped policy on two trees of `fixtures/shipped/NAME.trees`: one that passes, one that fails and is mended.
//!
//! ```text
//! set group=lab        given as `-s`; `lab` is 4242
//! unfixed              the policy is for checking alone
//! passes               a tree without findings at level deny
//!     dir 0:4242 2770 .
//! fails                a tree with findings; `finds` follows
//!     dir 0:4242 0770 .
//!     setfacl -m g:33:rx .       run in the tree once it is there
//! finds                what they are, as `Run::finds` has it
//!     deny missing-setgid . safe
//! ```

use crate::scenario;
use crate::scenario::Scenario;
use crate::stage::installed;
use sgidlint::internals::{BUILT_IN, BuiltIn};
use std::fs;

/// The text of a policy, its fixed places put into the tree.
fn in_the_tree(text: &str) -> String {
    let names_places = |line: &&str| ["root ", "when ", "unless ", "    \"/"].iter().any(|head| line.starts_with(head));
    let lines = text.lines().map(|line| match Some(line).filter(names_places) {
        Some(line) => line.replace("\"/", "\"$TREE/"),
        None => line.into(),
    });
    lines.map(|line| line + "\n").collect()
}

/// The sections of a fixture.
#[derive(Default)]
struct Trees {
    sets: Vec<String>,
    unfixed: bool,
    passes: String,
    fails: String,
    finds: String,
}

fn fixture(name: &str) -> String {
    format!("{}/fixtures/shipped/{name}.trees", env!("CARGO_MANIFEST_DIR"))
}

impl Trees {
    #[track_caller]
    fn of(name: &str) -> Trees {
        let text = fs::read_to_string(fixture(name)).unwrap_or_else(|error| panic!("{}: {error}", fixture(name)));
        let mut trees = Trees::default();
        let mut section = String::new();
        for line in text.lines() {
            match (line.split_once(' ').unwrap_or((line, "")), section.as_str()) {
                (("set", set), _) => trees.sets.push(set.into()),
                (("unfixed", ""), _) => trees.unfixed = true,
                ((head @ ("passes" | "fails" | "finds"), ""), _) => section = head.into(),
                (_, "passes") => trees.passes += &format!("{line}\n"),
                (_, "fails") => trees.fails += &format!("{line}\n"),
                (_, "finds") => trees.finds += &format!("{line}\n"),
                _ => panic!("{name}: `{line}` stands in no section"),
            }
        }
        assert!(!trees.passes.is_empty() && !trees.fails.is_empty(), "{name} has a passing and a failing tree");
        trees
    }
}

/// Users and groups that the policies name, besides those of every scenario.
fn accounts(t: &Scenario) {
    let groups = "mail:x:8:\nwww-data:x:33:\nstaff:x:50:\nusers:x:100:\nftp:x:120:\npostfix:x:107:\npostdrop:x:113:\n\
        systemd-journal:x:190:\nadm:x:4:\nvmail:x:5000:\njupyterhub-users:x:4400:\nnixbld:x:30000:\njovyan:x:1000:\napp:x:1001:\n\
        grp-apollo:x:4301:\ngrp-gemini:x:4302:\n";
    t.accounts(groups);
    let users = "root:x:0:0::/:/bin/sh\nalice:x:2001:2001::/:/bin/sh\nbob:x:2002:2002::/:/bin/sh\n\
        www-data:x:33:33::/:/bin/sh\nftp:x:120:120::/:/bin/sh\npostfix:x:107:107::/:/bin/sh\n\
        vmail:x:5000:5000::/:/bin/sh\njovyan:x:1000:1000::/:/bin/sh\napp:x:1001:1001::/:/bin/sh\n";
    t.shadow("/etc/passwd", users);
}

/// A policy as an administrator copies it, where its places are; the words that name it on the command line.
fn copied(t: &mut Scenario, name: &str, trees: &Trees) -> String {
    let shown = t.run(&format!("policy show {name}"));
    shown.succeeds();
    let (text, file) = (in_the_tree(shown.stdout()), format!("{name}.toml"));
    let place = if text == shown.stdout() { "." } else { "" };
    t.policy(&file, &text);
    let sets: String = trees.sets.iter().map(|set| format!(" -s {set}")).collect();
    // A small tree has no use for every rule, and its groups need no members.
    format!("{place} -p {file}{sets} --threads 1 --allow unused-rule --allow shadowed-rule --allow empty-group")
}

/// All policies, but where nothing makes ACLs those that are about ACLs.
fn playable() -> impl Iterator<Item = BuiltIn> {
    let has_acls = |name| fs::read_to_string(fixture(name)).unwrap().contains("setfacl ");
    BUILT_IN.into_iter().filter(move |built_in| installed("setfacl") || !has_acls(built_in.name))
}

/// A fresh tree in the place of the one before.
fn plant(t: &mut Scenario, text: &str) {
    let (acls, tree): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.trim().starts_with("setfacl "));
    t.sh("find . -mindepth 1 -delete; test ! -x /usr/bin/setfacl || setfacl -b -k .");
    t.tree(&tree.join("\n"));
    t.sh(&acls.join("\n"));
}

#[track_caller]
fn passes(t: &mut Scenario, name: &str) {
    let trees = Trees::of(name);
    let words = copied(t, name, &trees);
    plant(t, &trees.passes);
    t.run(&format!("check {words} --strict --format json")).succeeds().finds("");
}

#[track_caller]
fn fails_and_is_mended(t: &mut Scenario, name: &str) {
    let trees = Trees::of(name);
    let words = copied(t, name, &trees);
    plant(t, &trees.fails);
    let found = t.run(&format!("check {words} --format json"));
    if std::env::var("SNAPSHOTS").is_ok_and(|action| action == "overwrite") {
        let text = fs::read_to_string(fixture(name)).unwrap();
        let kept = text.split_once("finds\n").map_or(text.as_str(), |(kept, _)| kept);
        let lines: String = found.finding_lines().lines().map(|line| format!("    {line}\n")).collect();
        fs::write(fixture(name), format!("{kept}finds\n{lines}")).unwrap();
    } else {
        // Not `finds`: that holds the order of paths, which is of each root.
        let expected: String = trees.finds.lines().map(|line| line.trim().to_owned() + "\n").collect();
        snapbox::assert_data_eq!(found.exits(1).finding_lines(), snapbox::IntoData::raw(expected));
    }
    if trees.unfixed {
        let before = t.stamps();
        t.run(&format!("fix -y {words}")).exits(3).mentions("max-changes");
        return assert_eq!(t.stamps(), before);
    }
    // What a safe fix leaves was asked for with its reason; the rest of it is as the policy says.
    let fixed = t.run(&format!("fix -y {words} --unsafe-fixes --format json"));
    let left = t.run(&format!("check {words} --format json"));
    let safe: Vec<_> = left.json_of("finding").into_iter().filter(|found| found["fix"] != "none").collect();
    assert!(safe.is_empty(), "{name}\n{fixed}\n{left}");
}

scenario!(each_policy_passes_the_tree_that_it_is_for, own mounts, |t| {
    accounts(t);
    playable().for_each(|built_in| passes(t, built_in.name));
});

scenario!(each_policy_finds_and_mends_what_is_wrong, own mounts, |t| {
    accounts(t);
    playable().for_each(|built_in| fails_and_is_mended(t, built_in.name));
});

#[test]
fn no_tree_is_left_without_its_policy() {
    for entry in fs::read_dir(fixture("x").replace("x.trees", "")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = BUILT_IN.iter().any(|built_in| format!("{}.trees", built_in.name) == name);
        assert!(known, "fixtures/shipped/{name} is of no policy");
    }
}
