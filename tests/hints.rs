//! What is said to who is new here: a name that is nearly right, a path one level too high, an option of another program.

use crate::lab::{lab, policy};
use crate::run::Run;
use crate::scenario;
use crate::scenario::Scenario;

/// A run that is started in another directory.
fn started_in(t: &Scenario, directory: &str, line: &str) -> Run {
    t.run_under(&format!("sh -c 'cd {directory} && exec \"$0\" \"$@\"'"), line)
}

scenario!(a_root_that_nothing_is_bound_to_is_refused, |t| {
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 a");
    t.policy("own.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242"));
    for line in ["check --root a -p own.toml", "fix -y --root a -p own.toml", "explain --root a ./a -p own.toml"] {
        t.run(line)
            .exits(2)
            .mentions("--root binds a template, and `lab` is none")
            .mentions("name what the run is to be limited to as a PATH");
    }
    t.run("explain ./a -p own.toml").succeeds();
    t.policy("lab.toml", &lab(""));
    // One of several takes it.
    t.run("check --root a -p own.toml -p lab.toml").never_mentions("binds a template");
});

scenario!(a_misspelt_group_is_the_command_lines, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2770 .");
    let told = "-s group=labb: no group is called `labb`";
    t.run("check . -p samba-share -s group=labb")
        .exits(2)
        .mentions(told)
        .mentions("did you mean `lab`?")
        .never_mentions("builtin:");
    let used = t.run("policy use samba-share -s group=labb $TREE");
    used.succeeds().mentions(told).mentions("did you mean `lab`?");
    t.run("policy use samba-share -s group=lab $TREE").succeeds().never_mentions("warning");
    t.run("policy use samba-share -s group=lab $TREE/gone").succeeds().mentions("$TREE/gone isn't there");
    t.policy("used.toml", used.stdout());
    t.run("check -p used.toml").exits(2).mentions("did you mean `lab`?").mentions("used.toml:9");
    t.run("check . -p samba-share -s group=nobodys").exits(2).mentions("`groupadd nobodys` makes one");
});

scenario!(a_name_that_is_no_policy_has_a_hint, |t| {
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 empty\n file 0:4242 0664 pol.toml\n dir 0:4242 2775 many\n file 0:4242 0664 many/x.toml");
    for (line, hint) in [
        ("policy show samba", "did you mean `samba-share` or `samba-share-readable`?"),
        ("check . -p sambashare", "did you mean `samba-share`?"),
        ("check . -p pol", "did you mean the file pol.toml?"),
        ("check . -p many/x", "did you mean the file many/x.toml?"),
        ("check . -p many", "name the files in it, as in -p many/x.toml"),
        ("check . -p empty/", "it is a directory, with no policy in it"),
        ("check . -p nothing-like-it", "`sgidlint policy list` lists them"),
    ] {
        t.run(line).exits(2).mentions(hint);
    }
    // A policy that is named as a PATH.
    t.run("check pol.toml").mentions("a policy is named with -p $TREE/pol.toml");
    t.policy("own.toml", &policy("[[tree]]\nroot = '$TREE/empty'\ngroup = 4242"));
    t.run("check pol.toml -p own.toml").exits(2).mentions("no tree covers").mentions("a policy is named with -p");
    t.run("check gone.toml").exits(2).never_mentions("is judged as");
});

scenario!(a_directory_above_shares_is_told_before_all_else, |t| {
    t.accounts("devs:x:4243:alice\n");
    t.tree("dir 0:0 0755 .\n dir 0:4242 2775 lab\n file 0:4242 0644 lab/f\n dir 0:4243 2775 devs\n dir 0:4243 2775 devs/in");
    let told = "is no share itself, as it isn't setgid, but holds 2 shares: devs/ (devs), lab/ (lab); check what you share: sgidlint check $TREE/devs $TREE/lab\n";
    let check = t.run("check .");
    check.exits(1).mentions(told).never_mentions("look at them by themselves");
    assert!(check.stderr().starts_with("sgidlint: note: $TREE is no share"), "{check}");
    t.run("diff .").mentions(told);
    // Each of several is told of, and nothing of them at the end.
    t.sh("mkdir -m 755 x y; cp -a lab devs x/; cp -a lab y/");
    t.run("check x y").exits(1).mentions("$TREE/x is no share itself").mentions("$TREE/y is no share itself");
    t.run("check devs lab").exits(1).mentions("lab/f: deny").never_mentions("is no share");
});

scenario!(what_changes_things_prints_the_whole_command, |t| {
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 a\n file 0:0 0644 a/f");
    for (line, told) in [
        ("fix .", "as in: sgidlint fix -p setgid-share ."),
        ("fix -y a", "as in: sgidlint fix -p setgid-share --root $TREE a"),
        ("plan a -o $DIR/F", "as in: sgidlint plan -o FILE -p setgid-share --root $TREE a"),
        ("fix . -p setgid-share", "agree with -y: sgidlint fix -y -p setgid-share ."),
    ] {
        t.run(line).exits(2).mentions(told).never_mentions("what a file says");
    }
    let told = t.run("diff a").stderr().to_owned();
    assert!(told.contains("sgidlint fix -p setgid-share --root $TREE a"), "{told}");
    t.run("fix -y -p setgid-share --root $TREE a").exits(0);
});

scenario!(a_path_from_a_root_on_is_named_in_full, |t| {
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 q3");
    t.policy("own.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242"));
    let line = "explain q3 -p $DIR/own.toml";
    started_in(t, "/", line).exits(2).mentions("there is no lint `q3`").mentions("sgidlint explain $TREE/q3");
    t.run(line).exits(2).mentions("a path is named with a `/`: ./q3");
    started_in(t, "/", "explain q4 -p $DIR/own.toml").exits(2).mentions("the lints are");
});

scenario!(policies_are_checked_and_tested_where_they_are_found, |t| {
    t.tree("dir 0:0 0755 .\n dir 0:0 0755 .git\n dir 0:0 0755 sub");
    t.run("policy check").exits(2).mentions("there is no sgidlint.toml here");
    let text = "format = 1\nname = 'shop'\n[[tree]]\nroot = '.'\ngroup = 0\n[[test]]\npath = 'a'\nmode = '644'\ngroup = 0\npasses = true\n";
    std::fs::write(t.path("sgidlint.toml"), text).unwrap();
    started_in(t, "sub", "policy check")
        .succeeds()
        .mentions("this is about $TREE/sgidlint.toml")
        .mentions("no problems");
    started_in(t, "sub", "policy test").succeeds().mentions("1 passed");
    std::fs::write(t.path("sgidlint.toml"), text.replace("group = 0\n[[test", "group = 'nobodys'\n[[test")).unwrap();
    t.run("policy check").succeeds().mentions("no group is called");
    t.run("policy check --strict").exits(1).mentions("No problems, but 1 warning, which fails with --strict.");
});
