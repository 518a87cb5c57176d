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
    t.run("log").mentions("interrupted after 5 applied, settled by a later fix");
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

scenario!(a_root_that_fstab_mounts_and_that_is_not_mounted_is_no_good_night, own mounts, |t| {
    t.policy("lab.toml", &lab("root = ['$TREE/data/share', '$TREE/here']"));
    t.policy("without.toml", &lab("root = '$TREE/data/share'\nmounted = false"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 data\n dir 0:4242 0775 data/share\n dir 0:4242 2775 here");
    // This machine's own files are not touched.
    t.sh("mkdir ../etc; cp -r /etc/. ../etc 2>/dev/null || true; mount --bind ../etc /etc");
    let fstab = |options: &str| {
        t.file("etc/fstab", &format!("# disks\nUUID=7 {}/ ext4 {options} 0 2\n", t.path("data").display()));
    };
    fstab("defaults");
    t.run("check -q -p lab.toml").exits(3).mentions("$TREE/data/share").mentions("nothing is mounted on $TREE/data, though /etc/fstab");
    t.run("fix -y -q --trust-parents -p lab.toml").exits(3).mentions("`mounted = false`");
    t.holds_first_tree();
    // What the policy says of itself counts, and so does what is there; bound onto itself it is what lay there.
    t.run("check -q -p without.toml").exits(1).mentions("missing-setgid").never_mentions("mounted");
    t.sh("mount --bind data data");
    t.run("check -q -p lab.toml").exits(3).mentions("nothing is mounted");
    t.sh("umount data; mount -t tmpfs none data; mkdir -m 2775 data/share; chgrp 4242 data/share; chmod 2775 data/share");
    t.run("check -q -p lab.toml").succeeds().never_mentions("mounted");
    t.sh("umount data");
    // What is mounted by hand may be missing, and what no file names is only told.
    fstab("noauto,user");
    t.run("check -q -p lab.toml").exits(1).mentions("warning: ").mentions("`mounted = true` in a policy");
    t.sh("rm ../etc/fstab");
    t.run("check -q -p lab.toml").exits(1).never_mentions("mounted");
});

scenario!(a_root_that_is_bound_onto_itself_is_not_mounted, own mounts, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'\nmounted = true"));
    t.tree("dir 0:4242 2775 .");
    // As systemd does with the ReadWritePaths= of a service.
    t.sh("mount --bind . .");
    t.run("check -q -p lab.toml").exits(3).mentions("nothing is mounted here");
    t.sh("mkdir ../other; chgrp 4242 ../other; chmod 2775 ../other; mount --bind ../other .");
    t.run("check -q -p lab.toml").succeeds();
});

scenario!(a_root_that_emptied_is_told, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .");
    t.sh("for i in $(seq 30); do mkdir d$i; chmod 0775 d$i; chmod g-s d$i; done");
    t.run("fix -y -q -p lab.toml").succeeds();
    let check = "check -q -p lab.toml --report prometheus=$DIR/a.prom";
    t.run(check).succeeds().is_silent();
    t.sh("mkdir ../away; mv d* ../away");
    // By the metrics of the night before, once; by the record, as long as it stays so.
    t.run(check).succeeds().mentions("$TREE: 1 entry here, and 31 when").mentions("`mounted = true`");
    for command in [check, "check -q -p lab.toml", "fix -y -q -p lab.toml"] {
        let told = t.run(command);
        told.succeeds()
            .mentions("$TREE is empty, and run ")
            .mentions("changed 30 entries in it")
            .mentions("`mounted = true`");
        assert_eq!(told.stderr().lines().count(), 1, "{}", told.stderr());
    }
    t.sh("mv ../away/d1 .");
    t.run("check -q -p lab.toml").succeeds().is_silent();
});

scenario!(policies_that_are_written_for_mount_points_say_so, own mounts, |t| {
    t.tree("dir 0:0 2775 .\n dir 0:0 2775 disk\n dir 0:0 2775 plain");
    t.sh("mount -t tmpfs -o mode=2775 none disk");
    t.run("policy use setgid-share $TREE/disk").succeeds().mentions("mounted = true");
    t.run("policy use setgid-share $TREE/plain").succeeds().never_mentions("mounted = true");
    let both = t.run("policy use setgid-share $TREE/disk $TREE/plain -o $DIR/both.toml");
    both.succeeds();
    t.run("init $TREE/disk -o $DIR/disk.toml").succeeds();
    t.run("init $TREE/plain").succeeds().never_mentions("mounted ");
    t.policy("none.toml", "format = 1\n[[tree]]\nroot = '$TREE/disk'\nsetgid = true\n");
    t.run("generate cron -p none.toml").succeeds().mentions("$TREE/disk is a mount point: `mounted = true`");
    for file in ["disk.toml", "both.toml"] {
        t.run(&format!("generate cron -p $DIR/{file}")).succeeds().never_mentions("mount point");
        t.run(&format!("check -q -p $DIR/{file}")).succeeds();
    }
    t.sh("umount disk");
    for file in ["disk.toml", "both.toml"] {
        t.run(&format!("check -q -p $DIR/{file}")).exits(3).mentions("nothing is mounted here");
    }
});

scenario!(the_night_of_a_killed_repair_says_so_in_one_mail, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree(FLAWED);
    t.sh("mkdir ../out");
    let generated = t.run("generate cron --fix -p lab.toml --report prometheus=$DIR/out/lab.prom --max-findings 1");
    let line = generated.succeeds().stdout().lines().find(|line| line.starts_with("17 ")).expect("a line").to_owned();
    assert_eq!(generated.stdout().lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count(), 1);
    let (_, command) = line.split_once("root  ").expect("a command");
    let dir = t.dir().display().to_string();
    let command = command.replace("$TREE", &format!("{dir}/tree")).replace("$DIR", &dir).replace(r"\%", "%");
    let mail = |command: &str| t.sh(&format!("{{ {command}; }} 2>&1 || true"));
    assert_eq!(mail(&command).lines().count(), 1, "one line of what was changed");
    let metrics = |name: &str| std::fs::read_to_string(t.dir().join("out").join(name)).unwrap_or_default();
    assert!(metrics("lab-fix.prom").contains("outcome=\"applied\"} 5\n"), "{}", metrics("lab-fix.prom"));
    assert!(metrics("lab.prom").contains("sgidlint_interrupted_runs{policy=\"lab\",report=\"lab\"} 0\n"));
    assert_eq!(mail(&command), "");
    // The repair of this night was killed: the check behind it says so, in the same mail.
    cut_short(t);
    let told = mail(&command.replacen("fix -y -q", "no-such-command", 1));
    assert!(told.contains("was interrupted") && told.contains("sgidlint undo"), "{told}");
    // What both see is told once; leftovers have as many lines as were asked for.
    t.sh("mkfifo x; chgrp 0 x; touch y z; chown 2001:2001 y z; chmod 600 y z");
    let told = mail(&command);
    assert_eq!(told.matches("[foreign-group]").count(), 1, "{told}");
    assert!(metrics("lab.prom").contains("lint=\"foreign-group\",level=\"deny\"} 2\n"), "{}", metrics("lab.prom"));
});

scenario!(metrics_of_a_repair_count_what_became_of_its_changes, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree(FLAWED);
    let file = t.dir().join("fix.prom");
    let metrics = || std::fs::read_to_string(&file).unwrap();
    let fix = "fix -y -q -p lab.toml --report prometheus=$DIR/fix.prom";
    t.run(&format!("{fix} --max-changes 2")).exits(3);
    assert!(
        metrics().contains("outcome=\"untried\"} 5\n")
            && metrics().contains("sgidlint_fix_exit_status{policy=\"lab\",report=\"fix\"} 3\n")
    );
    t.run(fix).succeeds();
    assert!(
        metrics().contains("outcome=\"applied\"} 5\n") && metrics().contains("outcome=\"untried\"} 0\n"),
        "{}",
        metrics()
    );
    t.policy("lab.toml", "format = 1\n[[tree\n");
    t.run(fix).exits(2);
    assert!(metrics().contains("sgidlint_fix_exit_status{policy=\"lab\",report=\"fix\"} 2\n"), "{}", metrics());
    t.run("fix -y -p lab.toml --report sarif=$DIR/x").exits(2).mentions("only metrics");
    t.run("fix -n -p lab.toml --report prometheus=$DIR/x").exits(2);
    assert!(!t.dir().join("x").exists());
});

scenario!(one_roots_error_hides_no_other_root_in_the_metrics, |t| {
    t.policy("lab.toml", &lab("root = ['$TREE/a', '$TREE/b', '$TREE/none']"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 0775 a\n dir 0:4242 2775 b\n file 0:4242 0664 b/f");
    t.run("check -q -p lab.toml --report prometheus=$DIR/a.prom").exits(3);
    let text = std::fs::read_to_string(t.dir().join("a.prom")).unwrap().replace(t.dir().to_str().unwrap(), "");
    for line in [
        r#"sgidlint_findings{policy="lab",report="a",root="/tree/a",lint="missing-setgid",level="deny"} 1"#,
        r#"sgidlint_findings{policy="lab",report="a",root="/tree/b",lint="missing-setgid",level="deny"} 0"#,
        r#"sgidlint_root_entries{policy="lab",report="a",root="/tree/b"} 2"#,
        r#"sgidlint_root_errors{policy="lab",report="a",root="/tree/b"} 0"#,
        r#"sgidlint_root_errors{policy="lab",report="a",root="/tree/none"} 1"#,
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    assert!(
        !text.contains("sgidlint_entries{") && !text.contains("root=\"\"") && !text.contains("none\",lint"),
        "{text}"
    );
});

scenario!(each_root_counts_all_that_lies_below_it, |t| {
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 a\n dir 0:4242 2775 a/in\n dir 0:4242 2775 b");
    t.sh("for d in a a/in b; do (cd $d; touch $(seq 1 30)); done; ln -s x b/link; chmod 664 a/[0-9]* a/in/* b/[0-9]*; chgrp 0 a/7 b/3");
    for keys in ["file-mode = 'g=u'", "kinds = ['dir']", "[[tree.rule]]\nmatch = '*7'\nfile-mode = '0664'"] {
        let tree = |roots: &str| policy(&format!("[[tree]]\nroot = {roots}\ngroup = 4242\n{keys}"));
        t.policy("lab.toml", &tree("['$TREE/a', '$TREE/b']"));
        t.policy("all.toml", &tree("'$TREE'").replace("\"lab\"", "\"all\""));
        let run = t.run("check -q -p lab.toml -p all.toml --format prometheus");
        let text = run.stdout().replace(t.dir().to_str().unwrap(), "");
        for line in [
            "sgidlint_root_entries{policy=\"lab\",root=\"/tree/a\"} 62",
            "sgidlint_root_entries{policy=\"lab\",root=\"/tree/b\"} 32",
            "sgidlint_root_entries{policy=\"all\",root=\"/tree\"} 95",
            "sgidlint_entries{policy=\"all,lab\"} 95",
        ] {
            assert!(text.lines().any(|told| told.replace("$TREE", "/tree") == line), "{keys}: {line}: {text}");
        }
    }
});

scenario!(a_tree_that_is_lost_is_told_of_though_its_entries_were_alike, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    t.sh("touch $(seq 1 50); chgrp 4242 *; chmod 664 *");
    let night = "check -q . -p lab.toml --report prometheus=$DIR/a.prom";
    t.run(night).succeeds().is_silent();
    t.sh("rm [0-9]*");
    t.run(night).succeeds().mentions("1 entry here, and 51 when the last report was written");
});

scenario!(metrics_of_a_part_say_nothing_of_the_whole, |t| {
    t.policy("lab.toml", &lab("root = ['$TREE/a', '$TREE/b']"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 a\n dir 0:4242 0775 a/x\n dir 0:4242 2775 a/y\n dir 0:4242 0775 b");
    let file = t.dir().join("a.prom");
    let before = "sgidlint_last_success_timestamp_seconds 1234567890\n";
    let run = |words: &str| {
        std::fs::write(&file, before).unwrap();
        let run = t.run(&format!("check -q -p lab.toml --report prometheus=$DIR/a.prom {words}"));
        (run, std::fs::read_to_string(&file).unwrap().replace(t.dir().to_str().unwrap(), ""))
    };
    t.sh("printf '' >../none; printf 'a/y\\0' >../part; printf 'b\\0' >../whole");
    for (words, exit) in
        [("a/y", 0), ("a/x", 1), ("--paths-from $DIR/part", 0), ("--paths-from $DIR/none", 0), ("b/ a/y", 1)]
    {
        let (run, text) = run(words);
        run.exits(exit);
        assert!(
            text.contains("last_success_timestamp_seconds{policy=\"lab\",report=\"a\"} 1234567890\n"),
            "{words}: {text}"
        );
        for untold in ["root=\"/tree/a\"", "root=\"\"", "sgidlint_entries{", "sgidlint_known"] {
            assert!(!text.contains(untold), "{words}: {untold}: {text}");
        }
        assert_eq!(text.contains("sgidlint_findings{"), words.contains("b/"), "{words}: {text}");
        assert!(
            text.contains(&format!("sgidlint_exit_status{{policy=\"lab\",report=\"a\"}} {exit}\n")),
            "{words}: {text}"
        );
    }
    // A whole root has its own numbers, and is all that such a job looks at.
    for words in ["b", "--paths-from $DIR/whole", ""] {
        let (run, text) = run(words);
        run.exits(1);
        let told = "sgidlint_findings{policy=\"lab\",report=\"a\",root=\"/tree/b\",lint=\"missing-setgid\",level=\"deny\"} 1\n";
        assert!(text.contains(told) && text.contains("root=\"/tree/b\"} 1\n"), "{words}: {text}");
        assert!(!text.contains("} 1234567890"), "{words}: {text}");
        assert_eq!(text.contains("/tree/a\""), words.is_empty(), "{words}: {text}");
    }
});
