//! `plan` and `apply`: a plan is a file, and applying it trusts nothing that it says.

use crate::lab::{CHANGED, FLAWED, MENDED, lab};
use crate::run::{Run, path_bytes};
use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use serde_json::{Value, json};
use std::fs;

/// Makes the flawed tree and its plan.
fn planned(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
}

fn plan(t: &Scenario) -> String {
    fs::read_to_string(t.dir().join("plan")).unwrap()
}

fn outcome(run: &Run, path: &str) -> Value {
    let outcomes = run.json_of("outcome");
    let found = outcomes.iter().find(|outcome| path_bytes(&outcome["path"]) == path.as_bytes());
    found.unwrap_or_else(|| panic!("no outcome of {path}\n{run}"))["outcome"].clone()
}

scenario!(a_plan_says_what_would_change_and_changes_nothing, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let before = t.stamps();
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    assert_eq!(t.stamps(), before);
    let lines: Vec<Value> = plan(t).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["type"], &lines[0]["format"]), (&json!("plan"), &json!(1)));
    let end = lines.last().unwrap();
    assert_eq!((&end["type"], &end["changes"], &end["entries"]), (&json!("end"), &json!(CHANGED.len()), &json!(10)));
    let root = lines.iter().find(|line| line["type"] == "change" && line["path"]["text"] == ".").unwrap();
    assert_eq!(root["before"], json!({"uid": 0, "gid": 0, "mode": "0755"}));
    assert_eq!(root["after"], json!({"uid": 0, "gid": 4242, "mode": "2775"}));
    assert!(root["id"]["ino"].is_u64(), "{root}");
});

scenario!(planning_writes_its_plan_and_nothing_else, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let trace = t.strace("plan . -p lab.toml -o $DIR/plan");
    trace.run.exits(1);
    let tree = t.path(".").to_str().unwrap().to_owned();
    let in_tree = ["chmod", "chown", "xattr", "syscall_0x", "utime"];
    for call in trace.changing() {
        assert!(!call.contains(&tree) && !in_tree.iter().any(|name| call.contains(name)), "{call}");
    }
});

scenario!(a_plan_can_be_applied, |t| {
    planned(t);
    let before = plan(t);
    t.run("apply -y $DIR/plan").succeeds();
    t.holds(MENDED);
    assert_eq!(plan(t), before, "nothing is appended to somebody's plan");
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(applying_twice_changes_nothing_the_second_time, |t| {
    planned(t);
    t.run("apply -y $DIR/plan").succeeds();
    let before = t.stamps();
    let run = t.run("apply -y $DIR/plan --format json");
    run.succeeds();
    assert!(run.json_of("outcome").iter().all(|outcome| outcome["outcome"] == "already"), "{run}");
    assert_eq!(t.stamps(), before);
});

scenario!(what_is_no_longer_as_planned_is_left, |t| {
    planned(t);
    t.sh("chmod 0600 poor; touch new; chmod 0464 new; chgrp 4242 new; mv new odd; rm pipe");
    let run = t.run("apply -y $DIR/plan --format json");
    run.exits(3);
    assert_eq!(outcome(&run, "poor"), "drifted");
    assert_eq!(outcome(&run, "odd"), "drifted", "another inode in the same state");
    assert_eq!(outcome(&run, "pipe"), "gone");
    assert_eq!(outcome(&run, "spreading"), "applied");
    assert_eq!(t.sh("stat -c '%g %a' poor odd"), "4242 600\n4242 464\n");
});

scenario!(a_directory_swapped_for_a_link_leads_nowhere, |t| {
    planned(t);
    t.sh("mkdir ../outside; touch ../outside/b.c; chmod 0664 ../outside/b.c; ln -s b.c ../outside/link");
    t.sh("mv spreading ../moved; ln -s ../outside spreading");
    t.run("apply -y $DIR/plan").exits(3);
    assert_eq!(t.sh("stat -c '%g %a' ../outside ../outside/b.c ../moved/b.c"), "0 755\n0 664\n0 664\n");
});

scenario!(a_torn_plan_is_refused, |t| {
    planned(t);
    let whole = plan(t);
    let lines: Vec<&str> = whole.lines().collect();
    let (last, head) = lines.split_last().unwrap();
    let halved = format!("{}\n{}", head.join("\n"), &last[..last.len() / 2]);
    for torn in [head.join("\n") + "\n", halved, String::new()] {
        t.file("plan", &torn);
        t.run("apply -y $DIR/plan").exits(2);
        t.holds_first_tree();
    }
});

scenario!(a_plan_that_leads_out_of_its_root_is_refused, |t| {
    planned(t);
    t.file("outside", "");
    let whole = plan(t);
    for path in ["../outside", "/etc/passwd", "good/../../outside", "good//a.c", "./poor", "", "poor/"] {
        t.file("plan", &whole.replace("{\"text\":\"poor\"}", &format!("{{\"text\":\"{path}\"}}")));
        t.run("apply -y $DIR/plan").exits(2);
        t.holds_first_tree();
    }
});

scenario!(a_plan_that_others_can_write_is_refused, |t| {
    planned(t);
    t.sh("chmod 0666 ../plan");
    t.run("apply -y $DIR/plan").exits(2);
    t.sh("chmod 0600 ../plan; chown 2001 ../plan");
    t.run("apply -y $DIR/plan").exits(2);
    t.sh("chown 0 ../plan; mkdir -m 0777 ../open; cp ../plan ../open");
    t.run("apply -y $DIR/open/plan").exits(2);
    t.holds_first_tree();
});

scenario!(applying_asks_first, |t| {
    planned(t);
    let before = t.stamps();
    t.run("apply $DIR/plan").fails();
    t.run("apply -n $DIR/plan").exits(1);
    assert_eq!(t.stamps(), before);
});

scenario!(a_plan_of_nothing_is_a_plan, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(MENDED);
    t.run("plan . -p lab.toml -o $DIR/plan").succeeds();
    t.run("apply -y $DIR/plan").succeeds();
    t.holds_first_tree();
});

scenario!(only_undo_makes_undos, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 2001:4242 2775 .\n file 2001:4242 0600 a");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    // Only an undo may give to root what wasn't root's.
    let forged = plan(t).replace("\"kind\":\"plan\"", "\"kind\":\"undo\",\"undoes\":\"20300101T0000000\"");
    t.file("plan", &forged.replace("\"after\":{\"uid\":2001", "\"after\":{\"uid\":0"));
    t.run("apply -y $DIR/plan").exits(2).mentions("$DIR/plan:1").mentions("only `sgidlint undo`");
    t.run("apply -n $DIR/plan").exits(2);
    t.holds_first_tree();
    t.run("log").succeeds();
});

scenario!(a_dry_apply_looks_at_the_tree, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0644 due\n file 0:0 0644 off\n file 0:0 0644 lost\n file 0:0 0644 done");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    t.sh("chmod 0600 off; rm lost; chgrp 4242 done; chmod 0664 done");
    let before = t.stamps();
    let run = t.run("apply -n $DIR/plan");
    run.exits(3).mentions("off: drifted").mentions("lost: gone").mentions("1 change would be made, 3 not");
    assert!(run.stdout().contains("due") && !run.stdout().contains("done"), "only what would be done is shown\n{run}");
    let run = t.run("apply -n --format json $DIR/plan");
    run.exits(3);
    assert_eq!((outcome(&run, "off"), outcome(&run, "lost")), ("drifted".into(), "gone".into()));
    assert_eq!(outcome(&run, "done"), "already");
    assert!(!run.json_of("outcome").iter().any(|outcome| outcome["path"]["text"] == "due"), "{run}");
    assert_eq!(run.json_of("end")[0]["changes"], 1);
    assert_eq!(t.stamps(), before);
    t.sh("rm off");
    t.run("apply -n $DIR/plan").exits(1);
    t.sh("rm due");
    t.run("apply -n $DIR/plan").exits(0).mentions("Nothing to change");
    t.run("log --format json").succeeds();
    assert!(t.runs().is_empty(), "a dry run is no run");
});

/// What the groups are called.
fn groups(t: &Scenario, text: &str) {
    t.file("-etc-group", &format!("root:x:0:\n{text}"));
}

scenario!(who_is_called_otherwise_now_gets_nothing, own mounts, |t| {
    t.accounts("press:x:4243:\n");
    let tree = "[[tree]]\ngroup = \"lab\"\nfile-mode = \"g=u\"\n";
    t.policy("lab.toml", &crate::lab::policy(tree));
    t.tree("dir 0:4242 2775 .\n file 0:4243 0644 a\n file 0:0 0644 b");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    assert!(plan(t).contains("\"4242\":\"lab\"") && plan(t).contains("\"4243\":\"press\""), "{}", plan(t));
    // The number of one group was given to another.
    groups(t, "lab:x:4242:alice,bob\nspies:x:4243:\n");
    let run = t.run("apply -y $DIR/plan");
    run.exits(3).mentions("group 4243 was press").mentions("is spies now").mentions("--numeric-ids").mentions("a: drifted");
    assert_eq!(t.sh("stat -c '%g %a' a b"), "4243 644\n4242 664\n");
    t.run("apply -n $DIR/plan").exits(3).mentions("is spies now");
    t.run("apply -y --numeric-ids $DIR/plan").succeeds();
    assert_eq!(t.sh("stat -c '%g %a' a b"), "4242 664\n4242 664\n");
    let run = t.runs().pop().expect("a run is on record");
    // Undo gives nothing to who has the number by now, nor takes one name for another.
    groups(t, "lab:x:4242:alice,bob\npress:x:4243:\n");
    t.run(&format!("undo -y {run}")).exits(3).mentions("group 4243 was spies").mentions("is press now");
    groups(t, "lab:x:4242:alice,bob\nspies:x:4244:\n");
    t.run(&format!("undo -y {run}")).exits(3).mentions("and spies is 4244 now").mentions("a: drifted");
    t.run(&format!("undo -n {run}")).exits(3).mentions("and spies is 4244 now");
    assert_eq!(t.sh("stat -c '%g %a' a"), "4242 664\n");
    t.run(&format!("undo -y --numeric-ids {run}")).succeeds();
    assert_eq!(t.sh("stat -c '%g %a' a"), "4243 644\n");
});
