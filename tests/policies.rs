//! Policies from outside: the shipped ones, the contract's sample, and one with ten mistakes.

use proptest::prelude::*;
use sgidlint::Policy;
use sgidlint::internals::BUILT_IN;
use sgidlint::internals::draw;
use sgidlint::internals::{Attribute, MaxChanges};
use sgidlint::read_policy;
use sgidlint::{Problem, Source};
use snapbox::{assert_data_eq, str};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read_text(file: &str, text: &str) -> Result<Policy, Vec<Problem>> {
    read_policy(Arc::new(Source { file: file.into(), text: text.into() }))
}

fn fixture(name: &str) -> Result<Policy, Vec<Problem>> {
    read_text(name, &fs::read_to_string(folder("fixtures/policies").join(name)).expect("the fixture is there"))
}

#[test]
fn every_file_of_policies_is_built_in_and_reads() {
    let files = fs::read_dir(folder("policies")).expect("the folder is there");
    let names = files.map(|file| file.expect("listed").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned())).collect();
    names.sort();
    assert_eq!(names, BUILT_IN.map(|built_in| built_in.name));
    for built_in in BUILT_IN {
        let model = read_policy(built_in.source()).unwrap_or_else(|problems| panic!("{}", draw(&problems, false)));
        assert_eq!(model.name, built_in.name);
        assert!(model.summary.is_some(), "{} says in a sentence what it is", built_in.name);
    }
}

#[test]
fn the_sample_of_the_contract_reads() {
    let model = fixture("lab-share.toml").unwrap_or_else(|problems| panic!("{}", draw(&problems, false)));
    assert_eq!((model.name.as_str(), model.params[0].default.as_deref()), ("lab-share", Some("proj-")));
    assert_eq!(model.limits.max_changes, Some(MaxChanges::Percent(5.0)));
    let [tree] = model.trees.as_slice() else { panic!("one tree") };
    assert_eq!((tree.line, tree.roots[0].value.as_str(), tree.exclude.len()), (14, "/srv/projects/{project}", 2));
    assert!(matches!(&tree.rules[0].wishes.sticky, Attribute::Is(sticky) if sticky.value));
    assert_eq!(model.exceptions[0].until.map(|day| day.to_string()).as_deref(), Some("2027-03-01"));
    assert_eq!(model.uses[0].params[0].1.value, "sales");
}

#[test]
fn every_example_of_the_readme_reads() {
    let readme = include_str!("../policies/README.md");
    let examples: Vec<&str> =
        readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert!(examples.len() >= 2, "README has lost its examples");
    for (at, example) in examples.into_iter().enumerate() {
        if let Err(problems) = read_text(&format!("README example {at}"), example) {
            panic!("{}", draw(&problems, false));
        }
    }
}

#[test]
fn twenty_mistakes_are_told_as_the_readme_shows() {
    let problems = fixture("twenty-mistakes.toml").expect_err("there are twenty mistakes");
    assert_eq!(problems.len(), 20);
    assert!(problems.iter().all(|problem| problem.hint.is_some()), "each has a hint");
    let readme = include_str!("../policies/README.md");
    let drawn = draw(&problems, false);
    let shown = drawn.split("\n\n").filter(|problem| readme.contains(problem.lines().next().unwrap_or("?")));
    assert_eq!(shown.count(), 3);
}

#[test]
fn ten_mistakes_are_told_at_once() {
    let problems = fixture("ten-mistakes.toml").expect_err("there are ten mistakes");
    assert_eq!(problems.len(), 10);
    assert!(problems.iter().all(|problem| problem.hint.is_some()));
    assert_data_eq!(
        draw(&problems, false),
        str![[r#"
error: unknown key `nmae` in the policy
 --> ten-mistakes.toml:4:1
  |
4 | nmae   = "lab-share"
  | ^^^^
  |
  = help: did you mean `name`?

error: `5 percent` is neither a count nor a percentage
 --> ten-mistakes.toml:7:15
  |
7 | max-changes = "5 percent"
  |               ^^^^^^^^^^^
  |
  = help: write a count, or a percentage in quotes: `max-changes = "5%"`

error: no lint is called `wrold-writable`
  --> ten-mistakes.toml:10:1
   |
10 | wrold-writable = "deny"
   | ^^^^^^^^^^^^^^
   |
   = help: did you mean `world-writable`?

error: `{projekt}` is neither a param nor a capture
  --> ten-mistakes.toml:14:14
   |
14 | group     = "{projekt}"
   |              ^^^^^^^^^
   |
   = help: did you mean `project`?

error: `setgid` is a string, where true or false should be
  --> ten-mistakes.toml:15:13
   |
15 | setgid    = "yes"
   |             ^^^^^
   |
   = help: write `setgid = true`, without quotes

error: `dir-mode` is an integer, where a string should be
  --> ten-mistakes.toml:16:13
   |
16 | dir-mode  = 2775
   |             ^^^^
   |
   = help: quote it: `dir-mode = "2775"`

error: `z` in a mode
  --> ten-mistakes.toml:17:20
   |
17 | file-mode = "g=u,o=z"
   |                    ^
   |
   = help: modes are those of chmod(1): `u=rwx,g=u,o=`, `2770`

error: `ö` in a class never matches
  --> ten-mistakes.toml:18:27
   |
18 | exclude   = ["*.swp", "[a-ö]*"]
   |                           ^
   |
   = help: classes are matched byte by byte: write a pattern for each of the letters

error: `only` is not a value of `scope`
  --> ten-mistakes.toml:22:9
   |
22 | scope = "only"
   |         ^^^^^^
   |
   = help: write one of: `tree`, `self`, `below`

error: [[exception]] without `reason`
  --> ten-mistakes.toml:24:1
   |
24 | [[exception]]
   | ^^^^^^^^^^^^^
   |
   = help: say as in `reason = "owner on leave, ticket 4711"`
"#]]
    );
}

#[test]
fn each_ill_formed_acl_names_its_place_and_what_to_write() {
    // The line, where its fault begins, what is told, and what to write.
    for (line, column, told, hint) in [
        ("acl = ['backup']", 9, "`backup` is no entry of an ACL", "write as setfacl(1) does"),
        ("acl = ['d:u:ann:rx']", 9, "a default entry", "say it with `default-acl`"),
        ("acl = ['m::rx']", 9, "the mask of an ACL", "leave it out"),
        ("acl = ['mask::rwx']", 9, "the mask of an ACL", "computed from what is wanted"),
        ("acl = ['o::r']", 9, "an entry of all others", "`dir-mode` and `file-mode`"),
        ("acl = ['x:ann:r']", 9, "`x` is neither `u` nor `g`", "`u:NAME:rX`"),
        ("acl = ['u:ann']", 9, "`u:ann` says no permissions", "`---` is nothing"),
        ("acl = ['u::rwx']", 9, "an entry of the owner", "`u=rwX`"),
        ("acl = ['g::rx']", 9, "an entry of the owning group", "`g=rwX`"),
        ("acl = ['u:ann:7']", 15, "`7` in the permissions", "write letters"),
        ("acl = ['u:ann:rz']", 16, "`z` in the permissions", "`r`, `w`, `x`, `X` and `-`"),
        ("acl = ['u:@owner:r']", 11, "`@owner` in an entry", "name a user or a group"),
        ("acl = ['none', 'u:ann:r']", 8, "`none` in a list", "write it alone"),
        ("default-acl = ['@same']", 16, "`@same` in a list", "`default-acl = \"@same\"`"),
        ("acl = ['u:ann:r', 'u:ann:rw']", 19, "somebody is named twice", "say once"),
        ("acl = ['']", 8, "empty", "u:backup=rX"),
        ("acl = 5", 7, "`acl` is an integer", "acl"),
        ("acl = []", 7, "", ""),
        ("acl = ['g:{labb}-ro:r']", 11, "`{labb}` is neither a param nor a capture", ""),
        ("default-acl = '@parent'", 16, "`@parent` is no entry of an ACL", "write as setfacl(1) does"),
        ("kinds = ['symlink']\nacl = ['u:ann:r']", 7, "`acl` never applies", "take the key out"),
    ] {
        let problems =
            read_text("acl.toml", &format!("format = 1\nname = 'a'\n[[tree]]\nroot = '/srv/{{lab}}'\n{line}\n"));
        let problems = problems.expect_err(line);
        let drawn = draw(&problems, false);
        let row = 5 + line.matches('\n').count();
        assert!(problems.iter().all(|problem| problem.hint.is_some()), "{line}: {drawn}");
        assert!(drawn.contains(told) && drawn.contains(hint), "{line}: {drawn}");
        let places = [format!("--> acl.toml:{row}:{column}"), format!("--> acl.toml:{row}:{}", column + 1)];
        assert!(places.iter().any(|place| drawn.contains(place)) || drawn.contains("acl.toml:5:"), "{line}: {drawn}");
    }
    for line in [
        "acl = ['u:ann=', 'g:ops-ro:r-X']",
        "acl = ['u:ann+r', 'u:ann+w']",
        "acl = 'none'",
        "acl = '@any'",
        "default-acl = '@same'",
    ] {
        let read = read_text("acl.toml", &format!("format = 1\nname = 'a'\n[[tree]]\nroot = '/srv/{{lab}}'\n{line}\n"));
        assert!(read.is_ok(), "{line}: {}", draw(&read.unwrap_err(), false));
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*") {
        let _ = read_text("a.toml", &text).map_err(|problems| draw(&problems, true));
    }

    #[test]
    fn no_mutation_makes_the_reader_panic(at in 0usize..2000, length in 0usize..40, with in "[\\PC\\s{}\\[\\]\"'=.@0-9-]{0,8}") {
        for name in ["lab-share.toml", "ten-mistakes.toml"] {
            let mut text = fs::read_to_string(folder("fixtures/policies").join(name)).expect("the fixture is there");
            let start = text.floor_char_boundary(at % text.len());
            let end = text.floor_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end.max(start), &with);
            if let Err(problems) = read_text(name, &text) {
                prop_assert!(!problems.is_empty());
                prop_assert!(problems.iter().all(|problem| problem.hint.is_some()));
                draw(&problems, false);
            }
        }
    }
}
