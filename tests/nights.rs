//! What is mailed in the morning: of nights that found nothing, that repaired, that were stopped, and that were interrupted.

use crate::lab::{lab, policy};
use crate::scenario;
use crate::scenario::Scenario;

const FLAWED: &str = "dir 0:4242 2775 .\n dir 0:4242 0775 a\n dir 0:4242 0775 b\n dir 0:4242 0775 c\n dir 0:4242 0775 d\n file 0:0 0664 f";

/// Makes the last run look as one that was killed: its record has no end.
fn cut_short(t: &Scenario) {
    t.sh("f=$(ls ../state/runs/*.jsonl | tail -n 1); grep -v '\"type\":\"settled\"' $f >../x; cat ../x >$f");
}

scenario!(a_repaired_night_says_what_and_where_in_one_line, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree(FLAWED);
    let told = t.run("fix -y -q -p lab.toml");
    told.succeeds()
        .mentions("5 changes applied (4 missing-setgid, 1 foreign-group; at $TREE/")
        .mentions(" and 2 more) in ");
    assert_eq!(told.stderr().lines().count(), 1, "{}", told.stderr());
    t.run("fix -y -q -p lab.toml").succeeds().is_silent();
});

scenario!(a_night_over_its_limit_says_what_and_where, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree(FLAWED);
    let told = t.run("fix -y -q --max-changes 2 -p lab.toml");
    told.exits(3)
        .mentions("5 changes are more than the 2")
        .mentions("4 directories: setgid is missing")
        .mentions("a/, b/, c/ and 1 more");
    told.mentions("f: group is").mentions("[foreign-group]");
    t.holds_first_tree();
    // Who isn't quiet has seen the diff.
    t.run("fix -y --max-changes 2 -p lab.toml").exits(3).never_mentions("[foreign-group]");
});

scenario!(an_interrupted_run_is_told_of_until_a_fix_of_its_trees_ends, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.policy("half.toml", &lab("root = '$TREE/a'"));
    t.policy("else.toml", &lab("root = '$DIR/else'"));
    t.tree(FLAWED);
    t.sh("mkdir -m 2775 ../else; chgrp 4242 ../else");
    t.run("fix -y -q -p lab.toml").succeeds();
    cut_short(t);
    let count = |policy: &str| {
        let metrics = t.run(&format!("check -p {policy} --format prometheus"));
        let line =
            metrics.stdout().lines().find(|line| line.starts_with("sgidlint_interrupted_runs{")).map(str::to_owned);
        line.and_then(|line| Some(line.rsplit_once(' ')?.1.to_owned())).expect("a count")
    };
    assert_eq!((count("lab.toml"), count("half.toml"), count("else.toml")), ("1".into(), "1".into(), "0".into()));
    t.run("check -q -p lab.toml").succeeds().mentions("was interrupted").mentions("sgidlint undo");
    t.run("check -q -p else.toml").succeeds().is_silent();
    // Neither a fix of a part, nor one that may not start, nor one by another policy ends it.
    t.run("fix -y -q -p lab.toml a").succeeds().mentions("was interrupted").mentions("sgidlint undo");
    t.run("fix -y -q --trust-parents -p half.toml").succeeds().mentions("was interrupted");
    t.sh("chmod g-s b c");
    t.run("fix -y -q -p lab.toml --max-changes 1").exits(3).mentions("was interrupted");
    assert_eq!(count("lab.toml"), "1");
    let runs = t.runs().len();
    t.run("log --prune-older-than 1s -q").succeeds();
    t.sh("chmod g+s b c");
    // With nothing left to change it is the end all the same, which is put on record.
    t.run("fix -y -q -p lab.toml").succeeds().mentions("has made what was left of it").mentions("sgidlint log");
    assert_eq!((count("lab.toml"), t.runs().len() > runs), ("0".into(), true));
    t.run("fix -y -q -p lab.toml").succeeds().is_silent();
    t.run("check -q -p lab.toml").succeeds().is_silent();
    // It can be taken back, and goes with old records.
    t.run("log --keep-last 0").succeeds().never_mentions("was kept");
    assert_eq!(t.runs().len(), 0);
});

scenario!(an_interrupted_run_is_ended_by_the_changes_of_the_next, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree(FLAWED);
    t.run("fix -y -q -p lab.toml").succeeds();
    cut_short(t);
    t.sh("chmod g-s b");
    t.run("fix -y -q -p lab.toml").succeeds().mentions("1 change applied").mentions("has made what was left of it");
    t.run("check -q -p lab.toml").succeeds().is_silent();
    t.run("undo -y").succeeds();
    t.run("undo -y").succeeds();
    t.sh("test ! -g a -a ! -g d");
});

scenario!(a_bad_file_of_the_folder_stops_no_check_of_the_others, own mounts, |t| {
    t.tree("dir 0:4242 2755 .\n dir 0:4242 0755 a");
    // This machine's own files are not touched.
    t.sh("mkdir ../etc; cp -r /etc/. ../etc 2>/dev/null || true; mount --bind ../etc /etc");
    let folder = |files: &[(&str, &str)]| {
        t.sh("rm -rf /etc/sgidlint; mkdir /etc/sgidlint");
        for (name, text) in files {
            t.file("policy", text);
            t.sh(&format!("install -m 644 ../policy /etc/sgidlint/{name}"));
        }
    };
    let good = policy("[[tree]]\nroot = '$TREE'\ngroup = 4242\nsetgid = true\ndir-mode = '755'");
    let unknown = "format = 1\n[[use]]\npolicy = 'samba-share'\nroot = '$TREE/a'\nparams = { group = 'no-such-group' }\n";
    for (bad, why) in [
        ("format = 1\n[[tree]\n", "/etc/sgidlint/bad.toml: line 2: "),
        ("format = 1\n[[tree]]\nroot = '/srv'\ngruop = 'x'\n", "/etc/sgidlint/bad.toml: line 4: "),
        (unknown, "/etc/sgidlint/bad.toml: line 5: "),
    ] {
        folder(&[("bad.toml", bad), ("good.toml", &good)]);
        let told = t.run("check -q");
        told.exits(3).mentions(why).mentions("passed over, and the others judged").mentions("$TREE/a/: deny: ");
        for command in ["fix -y", "plan", "diff"] {
            t.run(command).exits(2).never_mentions("missing-setgid");
        }
        t.run("fix -y").mentions("nothing was changed: what a file says");
        t.holds_first_tree();
        // Named, it is what was asked for.
        t.run("check -q -p /etc/sgidlint/bad.toml -p /etc/sgidlint/good.toml").exits(2);
        folder(&[("bad.toml", bad)]);
        t.run("check -q").exits(2);
    }
});

scenario!(names_that_nobody_has_are_told_where_they_can_be_mended, own mounts, |t| {
    t.tree("dir 0:4242 2775 .");
    let used = "format = 1\n[[use]]\npolicy = 'samba-share'\nroot = '$TREE'\nparams = { group = 'no-such-group' }\n";
    t.policy("used.toml", used);
    t.policy("own.toml", "format = 1\n[[tree]]\nroot = '$TREE/{x}'\ngroup = '{x}'\nowner = 'no-such-user'\n");
    t.policy("template.toml", "format = 1\n[params]\ngroup = { help = 'who' }\n[[tree]]\ngroup = '{group}'\n");
    t.run("check -p used.toml").exits(2).mentions("used.toml:5:").never_mentions("builtin:");
    let checked = t.run("policy check used.toml");
    checked.succeeds().mentions("warning: ").mentions("used.toml:5: ").mentions("no-such-group").never_mentions("builtin:");
    t.run("policy check --strict used.toml").exits(1);
    t.run("policy check own.toml").succeeds().mentions("own.toml:5: ").mentions("no-such-user").never_mentions("own.toml:4");
    t.run("policy check --strict template.toml").succeeds();
    t.run("policy check --strict template.toml -s group=no-such-group").exits(1).mentions("no-such-group");
});

scenario!(a_use_says_of_its_places_what_a_tree_can, own mounts, |t| {
    t.tree("dir 0:4242 2775 .");
    let use_of = |root: &str, more: &str| format!("format = 1\n[[use]]\npolicy = 'setgid-share'\nroot = '{root}'\n{more}\n");
    t.policy("gone.toml", &use_of("$TREE/gone", ""));
    t.policy("optional.toml", &use_of("$TREE/gone", "optional = true"));
    t.policy("mounted.toml", &use_of("$TREE", "mounted = true"));
    t.run("check -q -p gone.toml").exits(3).mentions("optional = true");
    t.run("check -q -p optional.toml").succeeds();
    t.run("check -q -p mounted.toml").exits(3).mentions("nothing is mounted here");
    t.sh("mount -t tmpfs -o mode=2775 none .; chgrp 4242 .; chmod 2775 .");
    t.run("check -q -p mounted.toml").never_mentions("nothing is mounted here");
});

scenario!(an_age_without_a_clear_unit_is_refused, |t| {
    for wrong in ["3m", "1h30M", "3 m", "P3M"] {
        t.run(&format!("log --prune-older-than '{wrong}'")).exits(2).mentions("for months write `90d`");
    }
    for right in ["90d", "3mo", "180min", "12h", "1y6w"] {
        t.run(&format!("log --prune-older-than {right}")).succeeds();
    }
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .");
    t.run("generate cron --fix --prune-older-than 3m -p lab.toml").exits(2).mentions("for months write `90d`");
    t.run("generate cron --state-dir $DIR/none -p lab.toml").exits(2).mentions("$DIR/none");
    t.run("generate pre-deploy -p lab.toml none").exits(2).mentions("none");
});

scenario!(tests_of_policies_are_told_to_ci_servers, |t| {
    t.tree("dir 0:4242 2775 .");
    let test = |mode: &str, end: &str| format!("[[test]]\npath = 'd/'\nmode = '{mode}'\n{end}\n");
    let wrong = test("0700", "passes = true");
    t.policy(
        "tested.toml",
        &format!("format = 1\n[[tree]]\ndir-mode = '0755'\n{}{wrong}", test("0755", "passes = true")),
    );
    let told = t.run("policy test --format junit tested.toml");
    told.exits(1)
        .mentions("tests=\"2\" failures=\"1\"")
        .mentions("name=\"line 4: d/\"")
        .mentions("<failure type=\"policy-test\"");
    t.run("policy test --format sarif tested.toml").exits(2);
    t.run("policy check --format junit tested.toml").exits(2);
});
