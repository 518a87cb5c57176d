//! `check`: what it finds, what it leaves out, and with which exit status.

use crate::lab::{CHANGED, FLAWED, FLAWS, MENDED, lab, policy};
use crate::run::path_bytes;
use crate::stage::{ALICE, EVE};
use crate::{needs_program, scenario};
use serde_json::json;

scenario!(everything_wrong_is_found_in_path_order, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let run = t.run("check . -p lab.toml --format json");
    run.exits(1).finds(FLAWS);
    let end = run.end();
    for (key, value) in [("entries", 10), ("findings", 9), ("changes", CHANGED.len()), ("errors", 0), ("exit", 1)] {
        assert_eq!(end[key], value, "{key}: {end}");
    }
});

scenario!(nothing_wrong_is_nothing_said, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(MENDED);
    t.run("check . -p lab.toml").succeeds();
    t.run("check . -p lab.toml -q").is_silent();
    t.run("check . -p lab.toml --format json").succeeds().finds("");
});

scenario!(people_read_the_path_and_the_lint, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("check . -p lab.toml")
        .exits(1)
        .mentions("spreading/b.c")
        .mentions("foreign-group")
        .never_mentions("read-only");
    t.run("check . -p lab.toml -q").exits(1).mentions("spreading/b.c");
});

scenario!(a_finding_says_what_is_what_should_be_and_who_says_so, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:0 0755 a");
    let run = t.run("check . -p lab.toml --format json");
    let finding = &run.exits(1).json_of("finding")[0];
    assert_eq!(finding["root"], json!({"text": "$TREE"}));
    assert_eq!(finding["path"], json!({"text": "a"}));
    assert_eq!(finding["kind"], "dir");
    for (state, gid, mode) in [("actual", 0, "0755"), ("desired", 4242, "2775")] {
        assert_eq!((&finding[state]["uid"], &finding[state]["gid"]), (&json!(0), &json!(gid)), "{finding}");
        assert_eq!(finding[state]["mode"], mode, "{finding}");
        assert_eq!(finding[state]["owner"], "root", "{finding}");
    }
    assert_eq!(finding["desired"].get("group"), None, "nobody knows 4242");
    assert_eq!(finding["rule"]["policy"], "lab");
    assert_eq!(finding["rule"]["file"], "$DIR/lab.toml");
    assert_eq!(finding["rule"]["line"], 7);
    assert!(finding["message"].is_string());
    let begin = &run.json()[0];
    assert_eq!((&begin["type"], &begin["format"], &begin["tool"]), (&json!("begin"), &json!(1), &json!("sgidlint")));
});

scenario!(a_check_changes_nothing, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let before = t.stamps();
    t.run("check . -p lab.toml").exits(1);
    assert_eq!(t.stamps(), before);
});

scenario!(a_check_makes_no_changing_call, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let trace = t.strace("check . -p lab.toml");
    trace.run.exits(1);
    assert_eq!(trace.changing(), Vec::<&str>::new());
});

scenario!(warnings_fail_only_where_they_are_told_to, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:4242 0666 a");
    let check = "check . -p lab.toml --format json";
    t.run(check).succeeds().finds("warn world-writable a none");
    t.run(&format!("{check} --strict")).exits(1);
    t.run(&format!("{check} --deny world-writable")).exits(1).finds("deny world-writable a none");
    t.run(&format!("{check} --strict --allow world-writable")).succeeds().finds("");
    t.run("check . -p lab.toml -q").is_silent();
    t.run("check . -p lab.toml -q --strict").exits(1).mentions("world-writable");
    t.run(&format!("{check} --deny no-such-lint")).exits(2);
});

scenario!(hostile_names_reach_no_terminal, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(
        r"dir 0:4242 2775 .
        file 0:0 0664 a\x1b[31m\nb\xc2\x9b\xe2\x80\xae\xff",
    );
    let run = t.run("check . -p lab.toml --color never");
    run.exits(1);
    let hostile = |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
    assert!(!run.to_string().contains(hostile), "{:?}", run.to_string());
    assert!(!run.stdout().lines().any(|line| line.starts_with('b')), "a name made a line of its own: {run}");
    let run = t.run("check . -p lab.toml --format json");
    let finding = &run.exits(1).json_of("finding")[0];
    assert_eq!(path_bytes(&finding["path"]), b"a\x1b[31m\nb\xc2\x9b\xe2\x80\xae\xff");
});

scenario!(paths_come_component_by_component, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:0 2775 a\n file 0:0 0664 a/z\n file 0:0 0664 a-b\n file 0:0 0664 a.c");
    let run = t.run("check . -p lab.toml --format json --threads 4");
    let paths: Vec<Vec<u8>> =
        run.exits(1).json_of("finding").iter().map(|finding| path_bytes(&finding["path"])).collect();
    assert_eq!(paths, [&b"a"[..], b"a/z", b"a-b", b"a.c"]);
});

scenario!(excluded_entries_are_counted_and_not_entered, |t| {
    t.policy("lab.toml", &lab("exclude = ['*.swp', 'scratch/']"));
    t.tree(
        "
        dir  0:4242 2775 .
        file 0:0    0600 a.swp
        dir  0:4242 2775 d
        dir  0:0    0700 d/scratch
        file 0:0    0600 d/scratch/f
        dir  2001:2001 0700 d/.ssh
        file 0:0    0664 scratch
        ",
    );
    let run = t.run("check . -p lab.toml --format json");
    run.exits(1).finds("deny foreign-group scratch safe");
    assert_eq!(run.end()["excluded"], 3);
});

// A member of the group renames a directory of root's to a name that isn't looked into.
scenario!(what_others_could_have_named_so_is_left_out_and_said, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:0 0755 .snapshots\n file 0:0 0666 .snapshots/f\n dir 0:0 0755 closed\n dir 0:0 0755 closed/.zfs");
    let run = t.run("check -q . -p lab.toml");
    let told = run.to_string();
    assert!(told.contains("/.snapshots: nothing in it was looked at"), "{told}");
    assert!(!told.contains("closed/.zfs"), "only root can have given that name: {told}");
    t.policy("all.toml", &lab("default-excludes = false"));
    let run = t.run("check -q . -p all.toml --format json");
    assert!(run.exits(1).to_string().contains(".snapshots/f"), "{run}");
    assert!(!run.to_string().contains("nothing in it was looked at"), "{run}");
});

scenario!(a_snapshot_folder_is_excluded_only_where_root_alone_writes, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree(
        "
        dir  0:4242 2775 .
        dir  0:0    0755 .snapshot
        file 0:0    0600 .snapshot/f
        dir  0:4242 2775 d
        dir  2001:4242 2775 d/.snapshot
        file 2001:2001 0664 d/.snapshot/hidden
        ",
    );
    t.run("check . -p lab.toml --format json").exits(1).finds("deny foreign-group d/.snapshot/hidden safe");
});

scenario!(nested_trees_belong_to_the_longest_root, |t| {
    t.policy(
        "lab.toml",
        &policy(
            "
            [[tree]]
            root = '$TREE'
            group = 4242
            exclude = ['hidden/']
            [[tree]]
            root = '$TREE/hidden/inner'
            group = 4243
            ",
        ),
    );
    t.tree(
        "
        dir  0:4242 0755 .
        dir  0:0    0755 hidden
        dir  0:4242 0755 hidden/inner
        file 0:4243 0644 hidden/inner/a
        ",
    );
    let run = t.run("check -p lab.toml --format json");
    run.exits(1).finds("deny foreign-group . safe");
    assert_eq!(run.json_of("finding")[0]["root"], json!({"text": "$TREE/hidden/inner"}));
});

scenario!(paths_limit_a_run_and_rules_still_match_from_the_root, |t| {
    t.policy(
        "lab.toml",
        &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242\n[[tree.rule]]\nmatch = '/a/in/'\ngroup = 4243"),
    );
    t.tree("dir 0:0 0755 a\n dir 0:4242 0755 a/in\n file 0:4243 0644 a/in/f\n dir 0:0 0755 b");
    let run = t.run("check a/in -p lab.toml --format json");
    run.exits(1).finds("deny foreign-group a/in safe");
    assert_eq!(run.end()["entries"], 2);
    t.run("check $DIR/home -p lab.toml").exits(2);
    t.run("check no-such -p lab.toml").fails();
});

scenario!(policies_that_are_wrong_say_so_all_at_once, |t| {
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\ngruop = 4242\ndir-mode = 2775\nfile-mode = 'g=z'"));
    let run = t.run("check -p lab.toml");
    run.exits(2).mentions("group").mentions("quote").mentions("g=z").mentions("lab.toml");
    t.policy("empty.toml", "");
    t.run("check . -p empty.toml").exits(2);
    t.run("check . -p no-such.toml").exits(2);
    t.run("check . -p ./no-such.toml").exits(2);
    t.run("check . -p no-such-builtin").exits(2);
    t.run("check --no-such-flag").exits(2);
});

scenario!(what_cannot_be_read_makes_a_run_incomplete, |t| {
    t.policy("lab.toml", &policy("[[tree]]\ngroup = 4242"));
    t.tree("dir 0:4242 0755 .\n dir 0:4242 0700 closed\n file 0:0 0644 seen");
    let run = t.run_as(EVE, "check . -p lab.toml --format json");
    run.exits(3).finds("deny foreign-group seen safe");
    let errors = run.json_of("error");
    assert_eq!(errors.len(), 1);
    assert_eq!((&errors[0]["path"], &errors[0]["errno"]), (&json!({"text": "closed"}), &json!("EACCES")));
    assert_eq!(run.end()["errors"], 1);
    t.run_as(EVE, "check . -p lab.toml").exits(3).mentions("closed");
});

scenario!(entries_with_several_names_are_reported_and_left, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a\n hard b => a");
    let run = t.run("check . -p lab.toml --format json");
    let findings = run.exits(1).json_of("finding");
    for path in ["a", "b"] {
        let of = |lint: &str| {
            let mut found = findings.iter().filter(|found| found["lint"] == lint && found["path"]["text"] == path);
            found.next().unwrap_or_else(|| panic!("no {lint} of {path}\n{run}"))
        };
        assert_eq!(
            (&of("foreign-group")["fix"], &of("foreign-group")["because"]),
            (&json!("none"), &json!("hard-linked"))
        );
        assert_eq!(of("hard-linked")["level"], "warn");
    }
    assert_eq!(run.end()["changes"], 0);
});

scenario!(what_its_owner_keeps_private_is_opened_only_where_that_is_asked_for, |t| {
    t.policy("lab.toml", &lab(""));
    t.policy("ours.toml", &lab("consent = 'assumed'"));
    t.tree("dir 0:4242 2775 .\n file 2001:4242 0600 mine\n file 2003:2003 0664 foreign");
    let owner = "deny foreign-group foreign unsafe:outsider\n deny missing-permission mine unsafe:private";
    t.run("check . -p lab.toml --format json").exits(1).finds(owner);
    let assumed = "deny foreign-group foreign safe\n deny missing-permission mine safe";
    t.run("check . -p ours.toml --format json").exits(1).finds(assumed);
});

scenario!(captures_are_guarded, own mounts, |t| {
    t.accounts("proj-a:x:4301:\nproj-low:x:300:\n");
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE/{project}'\ngroup = 'proj-{project}'"));
    t.tree(
        "
        dir  0:4301 0755 a
        file 0:0    0644 a/f
        dir  0:300  0755 low
        dir  0:0    0755 nobody
        dir  0:0    0755 .hidden
        dir  0:0    0755 UPPER
        dir  0:0    0755 12
        link 0:0    link -> a
        ",
    );
    let run = t.run("check -p lab.toml --format json");
    run.exits(3).finds("deny foreign-group f safe");
    let errors = run.json_of("error");
    let about = |root: &str| errors.iter().any(|error| error.to_string().contains(root));
    assert!(about("$TREE/low") && about("$TREE/nobody") && about("$TREE/12"), "{run}");
    assert!(!about("$TREE/.hidden") && !about("$TREE/link"), "{run}");
    t.sh("chmod 0775 .; chgrp 4301 .");
    t.run("check -p lab.toml").exits(3).never_mentions("foreign-group");
});

scenario!(parameters_are_put_in_or_missed, |t| {
    let tables = "[params]\ngroup = { help = 'whose it is' }\n[[tree]]\ngroup = '{group}'";
    t.policy("lab.toml", &policy(tables));
    t.tree("dir 0:4242 0755 .");
    t.run("check . -p lab.toml").exits(2).mentions("group");
    t.run("check . -p lab.toml -s group=4242 --format json").succeeds().finds("");
    t.run("check . -p lab.toml -s group=4243 --format json").exits(1).finds("deny foreign-group . safe");
    t.run("check . -p lab.toml -s group=4242 -s other=1").exits(2);
});

scenario!(exceptions_cover_until_their_day_is_over, |t| {
    let exception = |until: &str| {
        let tables = "[[tree]]\nroot = '$TREE'\ngroup = 4242\n[[exception]]\npath = '$TREE/legacy'";
        policy(&format!("{tables}\nlints = ['foreign-group']\nreason = 'owner on leave'\nuntil = {until}"))
    };
    t.policy("now.toml", &exception("2999-01-01"));
    t.policy("past.toml", &exception("2001-01-01"));
    t.tree("dir 0:4242 0755 .\n dir 0:0 2755 legacy\n file 0:0 0644 legacy/f");
    t.run("check -p now.toml --format json").succeeds().finds("");
    let expired = "warn expired-exception - none\n deny foreign-group legacy/f safe\n deny spreading-group legacy safe";
    t.run("check -p past.toml --format json").exits(1).finds(expired);
});

scenario!(a_report_can_go_into_a_file, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let run = t.run("check . -p lab.toml --format json -o $DIR/report");
    assert_eq!(run.exits(1).stdout(), "");
    let report = std::fs::read_to_string(t.dir().join("report")).unwrap();
    assert_eq!(report.lines().filter(|line| line.contains("\"finding\"")).count(), FLAWS.trim().lines().count());
});

scenario!(without_a_policy_the_root_sets_the_group, |t| {
    t.tree("dir 0:4242 2775 .\n file 0:0 0644 a");
    let run = t.run("check . --format json --allow unknown-id");
    run.exits(1).finds("deny foreign-group a safe\n deny missing-permission a safe");
    assert_eq!(run.json_of("finding")[0]["desired"]["gid"], 4242);
    assert_eq!(run.json_of("finding")[0]["rule"]["policy"], "setgid-share");
});

scenario!(exceptions_that_covered_nothing_are_told, |t| {
    let exception = |path: &str, lints: &str, until: &str| {
        format!("[[exception]]\npath = '$TREE/{path}'\nlints = [{lints}]\nreason = 'ticket 9'\n{until}\n")
    };
    let tables = [
        "[[tree]]\nroot = '$TREE'\ngroup = 4242\n".to_owned(),
        exception("used", "'foreign-group', 'hard-linked'", ""),
        exception("mended", "'foreign-group'", "until = 2999-01-01"),
        exception("used", "'world-writable'", ""),
        exception("asked", "'unmet-expectation'", ""),
        exception("allowed", "'missing-setgid'", ""),
    ];
    t.policy("lab.toml", &policy(&tables.concat()).replace("unknown-id", "missing-setgid = 'allow'\nunknown-id"));
    t.tree("dir 0:4242 0755 .\n dir 0:0 2755 used\n file 0:0 0644 used/f\n file 0:4242 0644 mended");
    let run = t.run("check -p lab.toml --format json");
    run.succeeds().finds("warn unused-exception - none\n warn unused-exception - none");
    let lines: Vec<_> = run.json_of("finding").iter().filter_map(|found| found["rule"]["line"].as_u64()).collect();
    assert_eq!(lines, [16, 21], "{run}");
    run.mentions("the exception of $TREE/mended covered nothing: ticket 9");
    // A run that didn't read all can't tell.
    t.run("check -p lab.toml --format json mended").succeeds().finds("");
    t.run("check -p lab.toml --format json --allow unused-exception").succeeds().finds("");
});

scenario!(a_policy_of_a_few_paths_opens_no_other_directories, |t| {
    t.policy(
        "few.toml",
        &policy("[[tree]]\nroot = '$TREE'\n[[tree.rule]]\nmatch = ['/a/b', '/c/*']\nscope = 'self'\ngroup = 4242"),
    );
    t.tree("dir 0:0 0755 .\n dir 0:0 0755 a\n dir 0:4242 0700 a/b\n dir 0:0 0700 a/shut\n dir 0:0 0755 c\n file 0:4242 0600 c/f\n dir 0:0 0700 shut");
    // They would be errors, had they been opened.
    t.run_as(ALICE, "check -p few.toml --format json").succeeds();
    t.sh("chgrp 0 a/b c/f");
    t.run_as(ALICE, "check -p few.toml --format json")
        .exits(1)
        .finds("deny foreign-group a/b unsafe:private\n deny foreign-group c/f unsafe:private");
});

scenario!(a_path_that_is_left_out_is_said_to_be_with_why, |t| {
    let root = t.path(".").display().to_string();
    t.policy("lab.toml", &lab(&format!("root = \"{root}\"\nexclude = [\"*.tmp\"]")));
    t.tree(
        "dir 0:4242 2775 .
        dir 0:0 0755 .ssh
        file 0:0 0600 .ssh/key
        dir 0:0 0755 cache.tmp
        file 0:0 0600 cache.tmp/x
        dir 0:4242 2775 open",
    );
    for (path, why) in [
        (".ssh", "`.ssh` here) are left out unless the tree says `default-excludes = false`"),
        (".ssh/key", "(`.ssh` here) are left out unless"),
        ("cache.tmp/x", "a pattern of `exclude` matches it, or a directory above it"),
    ] {
        let run = t.run(&format!("check {path} -p lab.toml"));
        run.succeeds().mentions(&format!("{path} was left out: ")).mentions(why);
    }
    t.run("check open -p lab.toml").succeeds().never_mentions("left out");
});
