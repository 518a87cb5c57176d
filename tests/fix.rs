//! `fix`: what it changes, what it leaves, and what stops it.

use crate::lab::{CHANGED, FLAWED, MENDED, lab, policy};
use crate::scenario::Scenario;
use crate::stage::{ALICE, EVE, skip};
use crate::xattr::{self, ACCESS_ACL, CAPABILITY};
use crate::{needs_program, scenario, test_name};
use serde_json::{Value, json};

scenario!(a_fix_mends_what_check_finds, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    t.holds(MENDED);
    t.run("check . -p lab.toml -q").is_silent();
});

scenario!(every_change_has_its_outcome, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let run = t.run("fix -y . -p lab.toml --format json");
    let mut applied: Vec<Value> = run.succeeds().json_of("outcome");
    assert!(applied.iter().all(|outcome| outcome["outcome"] == "applied"), "{run}");
    applied.sort_by_key(|outcome| outcome["path"]["text"].to_string());
    let paths: Vec<&str> = applied.iter().filter_map(|outcome| outcome["path"]["text"].as_str()).collect();
    assert_eq!(paths, CHANGED);
    let root = &applied[0];
    assert_eq!((&root["root"], &root["state"]["gid"]), (&json!({"text": "$TREE"}), &json!(4242)));
    assert_eq!(root["state"]["mode"], "2775");
});

scenario!(a_second_fix_changes_nothing, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    let before = t.stamps();
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("fix -y . -p lab.toml -q").is_silent();
    assert_eq!(t.stamps(), before);
});

scenario!(only_what_differs_is_written, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let before = t.stamps();
    t.run("fix -y . -p lab.toml").succeeds();
    let after = t.stamps();
    let touched = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
    let touched: Vec<&str> = touched.filter_map(|(line, _)| line.split(' ').next()).collect();
    assert_eq!(touched, CHANGED);
});

scenario!(without_a_yes_nothing_is_changed, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let before = t.stamps();
    t.run("fix . -p lab.toml").fails();
    t.run("fix -n . -p lab.toml").exits(1);
    assert_eq!(t.stamps(), before);
});

scenario!(a_dry_run_makes_no_changing_call, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let trace = t.strace("fix -n . -p lab.toml");
    trace.run.exits(1);
    assert_eq!(trace.changing(), Vec::<&str>::new());
});

scenario!(a_policy_must_be_named_to_change_things, |t| {
    t.tree(FLAWED);
    t.run("fix -y .").exits(2);
    t.run("plan . -o $DIR/plan").exits(2);
    t.holds_first_tree();
});

scenario!(set_id_files_are_changed_only_when_told_and_lose_their_bits, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 2755 a\n file 0:4242 2745 b\n file 0:4242 2775 fine");
    t.run("fix -y . -p lab.toml").exits(1);
    t.holds_first_tree();
    t.run("fix -y . -p lab.toml --unsafe-fixes").succeeds();
    t.holds("dir 0:4242 2775 .\n file 0:4242 0775 a\n file 0:4242 0775 b\n file 0:4242 0775 fine");
});

scenario!(file_capabilities_are_not_lost_by_a_safe_fix, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0775 a");
    if !xattr::set(&t.path("a"), CAPABILITY, &xattr::net_raw()) {
        return skip(&test_name!(), "a file system with file capabilities");
    }
    t.run("check . -p lab.toml --format json").exits(1).finds("deny foreign-group a unsafe:capabilities");
    t.run("fix -y . -p lab.toml").exits(1);
    t.holds_first_tree();
    assert!(xattr::has(&t.path("a"), CAPABILITY));
});

scenario!(an_acls_mask_is_never_widened_by_a_safe_fix, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:4242 0644 a");
    if !xattr::set(&t.path("a"), ACCESS_ACL, &xattr::acl(4, Some(2001), 4, 4)) {
        return skip(&test_name!(), "a file system with ACLs");
    }
    let before = t.stamps();
    t.run("fix -y . -p lab.toml").exits(1);
    assert_eq!(t.stamps(), before);
});

scenario!(private_entries_are_opened_only_where_consent_is_assumed, |t| {
    t.policy("lab.toml", &lab(""));
    t.policy("ours.toml", &lab("consent = 'assumed'"));
    t.tree("dir 0:4242 2775 .\n file 2001:4242 0600 mine\n file 2003:2003 0644 foreign\n file 0:0 0644 roots");
    t.run("fix -y . -p lab.toml").exits(1);
    t.holds("dir 0:4242 2775 .\n file 2001:4242 0600 mine\n file 2003:2003 0644 foreign\n file 0:4242 0664 roots");
    t.run("fix -y . -p ours.toml").succeeds();
    t.holds("dir 0:4242 2775 .\n file 2001:4242 0660 mine\n file 2003:4242 0664 foreign\n file 0:4242 0664 roots");
});

scenario!(hard_links_are_changed_as_the_policy_allows, |t| {
    let run = |t: &Scenario, name: &str| t.run(&format!("fix -y . -p {name}.toml")).stdout().to_owned();
    for name in ["refuse", "inside", "allow"] {
        t.policy(&format!("{name}.toml"), &lab(&format!("hard-links = '{name}'")));
    }
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 both\n hard both2 => both\n file 0:0 0664 half");
    std::fs::hard_link(t.path("half"), t.dir().join("outside")).unwrap();
    let is = |gids: &str| assert_eq!(t.sh("stat -c %g both half | xargs"), format!("{gids}\n"));
    run(t, "refuse");
    is("0 0");
    run(t, "inside");
    is("4242 0");
    run(t, "allow");
    is("4242 4242");
});

scenario!(links_are_changed_and_never_followed, |t| {
    t.policy("lab.toml", &lab(""));
    t.file("outside", "");
    t.tree("dir 0:4242 2775 .\n link 0:0 a -> ../outside\n link 0:0 b -> .. \n link 0:0 c -> no-such");
    t.run("fix -y . -p lab.toml").succeeds();
    t.holds("dir 0:4242 2775 .\n link 0:4242 a -> ../outside\n link 0:4242 b -> .. \n link 0:4242 c -> no-such");
    assert_eq!(t.sh("stat -c '%g %a' ../outside .."), "0 644\n0 755\n");
});

scenario!(devices_are_nobodys_business, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n char 0:0 0666 null\n block 0:0 0600 ram\n sock 0:0 0755 s");
    t.run("fix -y . -p lab.toml").succeeds();
    t.holds("dir 0:4242 2775 .\n char 0:0 0666 null\n block 0:0 0600 ram\n sock 0:4242 0755 s");
});

scenario!(a_limit_stops_a_fix_before_it_starts, |t| {
    t.policy("lab.toml", &lab(""));
    t.policy("limited.toml", &format!("{}\n[limits]\nmax-changes = '5%'\n", lab("")));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml --max-changes 6").exits(3);
    t.run("fix -y . -p lab.toml --max-changes 69%").exits(3);
    t.run("fix -y . -p limited.toml").exits(3);
    t.holds_first_tree();
    t.run("fix -y . -p limited.toml --max-changes 7").succeeds();
    t.holds(MENDED);
});

scenario!(a_policy_that_others_can_write_changes_nothing, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.sh("chmod 0666 ../lab.toml");
    t.run("fix -y . -p lab.toml").exits(2).mentions("lab.toml");
    t.holds_first_tree();
    let run = t.run("check . -p lab.toml");
    run.exits(1);
    assert!(run.stderr().contains("lab.toml"), "{run}");
});

scenario!(a_root_behind_a_link_is_refused_unless_trusted, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.sh("ln -s tree ../link");
    t.run("fix -y $DIR/link -p lab.toml").fails();
    t.holds_first_tree();
    t.run("fix -y $DIR/link -p lab.toml --trust-parents").succeeds();
    t.holds(MENDED);
});

scenario!(a_root_below_what_others_can_write_is_refused, |t| {
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE/open/d'\ngroup = 4242"));
    t.tree("dir 0:4242 2775 open\n dir 0:0 0755 open/d");
    t.run("fix -y -p lab.toml").fails();
    t.holds_first_tree();
    t.run("fix -y -p lab.toml --trust-parents").succeeds();
    t.holds("dir 0:4242 2775 open\n dir 0:4242 0755 open/d");
});

scenario!(policies_that_disagree_leave_the_entry, |t| {
    t.policy("a.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242"));
    t.policy("b.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 4243"));
    t.tree("dir 0:0 0755 .");
    t.run("fix -y -p a.toml -p b.toml").exits(3).mentions("conflict");
    t.holds_first_tree();
});

scenario!(a_conflict_says_who_wants_what, |t| {
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242\nsetgid = true\ndir-mode = 'g=rwx'"));
    t.policy("web.toml", &policy("[[tree]]\nroot = '$TREE/d'\ngroup = 4242\nsetgid = true\ndir-mode = 'g=rx'"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2755 d\n dir 0:4242 2770 d/e");
    for (policies, dir, file) in [
        (
            "-p lab.toml -p web.toml",
            "lab ($DIR/lab.toml:7) wants root:4242 2775",
            "lab ($DIR/web.toml:7) wants root:4242 2755",
        ),
        (
            "-p web.toml -p lab.toml",
            "lab ($DIR/lab.toml:7) wants root:4242 2770",
            "lab ($DIR/web.toml:7) wants root:4242 2750",
        ),
    ] {
        let run = t.run(&format!("check {policies}"));
        run.exits(1).mentions("two policies want different states of it: ").mentions(dir).mentions(file);
        let json = t.run(&format!("check {policies} --format json"));
        let told = json.json_of("finding").into_iter().filter(|finding| finding["lint"] == "conflict");
        assert_eq!(told.count(), 2, "{json}");
    }
    // Where they differ in a flag or an owner, it is the rule of that.
    t.policy(
        "a.toml",
        &policy("[[tree]]\nroot = '$TREE'\nsetgid = true\nsticky = false\n[[tree.rule]]\nmatch = 'd'\nsticky = true"),
    );
    t.policy("b.toml", &policy("[[tree]]\nroot = '$TREE'\nsetgid = true\nsticky = false"));
    let run = t.run("check -p a.toml -p b.toml");
    run.mentions("lab ($DIR/a.toml:11) wants root:4242 3755").mentions("lab ($DIR/b.toml:7) wants root:4242 2755");
});

scenario!(what_its_user_may_not_change_is_left_and_the_rest_is_done, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 2001:4242 2775 .\n file 2001:2001 0644 mine\n file 0:0 0644 roots");
    let run = t.run_as(ALICE, "fix -y . -p lab.toml --format json");
    let outcomes = run.exits(1).json_of("outcome");
    assert_eq!(outcomes.len(), 1, "{run}");
    assert_eq!((&outcomes[0]["path"]["text"], &outcomes[0]["outcome"]), (&json!("mine"), &json!("applied")));
    t.holds("dir 2001:4242 2775 .\n file 2001:4242 0664 mine\n file 0:0 0644 roots");
});

// A plan of somebody else's is tried as it is: what the kernel answers is told.
scenario!(what_its_user_may_not_change_fails_where_a_plan_asks_for_it, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 2001:4242 2775 .\n file 2001:2001 0644 mine\n file 0:0 0644 roots");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    let run = t.run_as(ALICE, "apply -y $DIR/plan --format json");
    let outcomes = run.exits(3).json_of("outcome");
    let of = |path: &str| outcomes.iter().find(|outcome| outcome["path"]["text"] == path).expect(path);
    assert_eq!(of("mine")["outcome"], "applied");
    assert_eq!((&of("roots")["outcome"], &of("roots")["errno"]), (&json!("failed"), &json!("EPERM")));
    t.holds("dir 2001:4242 2775 .\n file 2001:4242 0664 mine\n file 0:0 0644 roots");
});

scenario!(a_bit_that_the_kernel_drops_in_silence_is_told, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 2003:4242 0775 .");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    let run = t.run_as(EVE, "apply -y $DIR/plan --format json");
    let outcomes = run.exits(3).json_of("outcome");
    assert_eq!(outcomes[0]["outcome"], "refused", "{run}");
    t.holds_first_tree();
});

scenario!(no_one_but_root_reads_what_is_on_record, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    assert_eq!(t.sh("find ../state -perm /077 -type d; stat -c %a ../state"), "700\n");
    t.run("fix -y . -p lab.toml --state-dir $DIR/no-such").exits(2);
});

scenario!(what_a_change_cleared_by_the_way_is_not_told_as_left, |t| {
    t.policy("lab.toml", "format = 1\n[lints]\nworld-writable = 'deny'\n[[tree]]\ngroup = 4242\ndir-mode = 'g=u,o='\nfile-mode = 'g=u,o='");
    t.tree("dir 0:4242 2777 .\n file 0:4242 0666 a");
    t.run("check . -p lab.toml --format json").exits(1).mentions("world-writable");
    let run = t.run("fix -y . -p lab.toml");
    run.succeeds().never_mentions("world-writable");
    t.run("check -q . -p lab.toml").is_silent();
});

scenario!(the_record_is_of_who_applies_not_of_who_planned, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    t.sh(r#"sed -i '1s/"command":"[^"]*"/"command":"a lie"/' ../plan"#);
    t.run("apply -y $DIR/plan").succeeds();
    let log = t.run("log --format json");
    assert!(log.json()[0]["command"].as_str().unwrap().contains("apply"), "{log}");
    log.never_mentions("a lie");
});

scenario!(a_sticky_directory_is_no_place_for_captures, own mounts, |t| {
    t.policy("lab.toml", "format = 1\n[[tree]]\nroot = '$TREE/{group}'\ngroup = '{group}'\nsetgid = true");
    t.accounts("");
    t.tree("dir 0:0 1777 .\n dir 0:0 0755 lab");
    t.run("fix -y -p lab.toml").exits(3).mentions("can be written by others");
    t.holds_first_tree();
});

scenario!(a_quiet_fix_says_how_to_undo_what_it_did_and_else_nothing, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a");
    let run = t.run("fix -y -q . -p lab.toml");
    let lines: Vec<&str> = run.succeeds().stderr().lines().collect();
    assert!(run.stdout().is_empty() && lines.len() == 1 && lines[0].contains("undo with: sgidlint undo "), "{run}");
    t.run("fix -y -q . -p lab.toml").is_silent();
});

// What is left can't be foreseen there: the change of one tree opens the way to another.
scenario!(a_way_that_the_fix_opened_is_not_told_of_as_shut, own mounts, |t| {
    t.accounts("");
    let trees = "[[tree]]\nroot = '$TREE/top'\ngroup = 'lab'\ndir-mode = '2750'\n[[tree]]\nroot = '$TREE/top/lab'\ngroup = 'lab'\ndir-mode = '2770'";
    t.policy("lab.toml", &policy(trees));
    t.tree("dir 0:0 0755 .\n dir 0:0 0750 top\n dir 0:4242 2770 top/lab");
    t.run("check -p lab.toml").exits(1).mentions("unreachable");
    t.run("fix -y --strict -p lab.toml").succeeds().never_mentions("unreachable").mentions("leaving no findings");
    t.run("check -q --strict -p lab.toml").is_silent();
});
