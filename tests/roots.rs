//! Plans of many roots, of which some are not what they were: each costs its own changes, and no others'.

use crate::lab::policy;
use crate::pty::Terminal;
use crate::run::Run;
use crate::scenario;
use crate::scenario::Scenario;

/// Each with one file of a foreign group.
const ROOTS: [&str; 3] = ["ann/data", "ben/data", "cat/data"];

/// What becomes of two of them: one is swapped for a link, and what leads to the other can be written by others.
const SPOIL: &str = "mv ben/data ben/real; ln -s real ben/data; chmod 0777 cat";

/// And back.
const MEND: &str = "rm ben/data; mv ben/real ben/data; chmod 0755 cat";

fn stage(t: &mut Scenario) {
    let tree =
        "[[tree]]\nroot = \"$TREE/*/data\"\ngroup = 4242\nsetgid = true\ndir-mode = \"g=u\"\nfile-mode = \"g=u\"";
    t.policy("many.toml", &policy(tree));
    let lines = ROOTS.map(|root| {
        let above = root.trim_end_matches("/data");
        format!("dir 0:0 0755 {above}\n dir 0:4242 2775 {root}\n file 0:0 0664 {root}/file\n")
    });
    t.tree(&format!("dir 0:0 0755 .\n {}", lines.join(" ")));
}

/// The groups of the files, by root; wherever they are now.
fn groups(t: &Scenario) -> String {
    t.sh("find . -name file -printf '%p %G\\n' | sort | cut -d' ' -f2").replace('\n', " ")
}

/// The errors of a run that are about roots, and what became of which root's changes.
#[track_caller]
fn tells(run: &Run, lost: &[&str], outcomes: &[(&str, &str)]) {
    let text = |line: &serde_json::Value, key: &str| line[key]["text"].as_str().unwrap_or_default().to_owned();
    let below = |root: &str, name: &str| root.ends_with(&format!("/{name}"));
    let errors = run.json_of("error");
    assert_eq!(errors.len(), lost.len(), "{run}");
    for name in lost {
        assert!(errors.iter().any(|error| below(&text(error, "root"), name)), "{name}: {run}");
        let told =
            |line: &&str| line.starts_with("sgidlint: error: ") && line.contains(name) && line.contains(", then ");
        assert_eq!(run.stderr().lines().filter(told).count(), 1, "{name}: {run}");
    }
    assert_eq!(run.end()["errors"], lost.len(), "{run}");
    let all = run.json_of("outcome");
    assert_eq!(all.len(), outcomes.len(), "{run}");
    for (name, outcome) in outcomes {
        let found = all.iter().find(|line| below(&text(line, "root"), name)).expect(name);
        assert_eq!(found["outcome"], *outcome, "{name}: {run}");
    }
}

const LEFT: [&str; 2] = ["ben/data", "cat/data"];
const ONE_APPLIED: [(&str, &str); 3] = [("ann/data", "applied"), ("ben/data", "drifted"), ("cat/data", "drifted")];

scenario!(an_undo_passes_over_roots_that_are_not_what_they_were, |t| {
    stage(t);
    t.run("fix -y -p many.toml").succeeds();
    let run = t.runs().pop().expect("a run is on record");
    t.sh(SPOIL);
    let look = t.run("undo -n --format json");
    tells(look.exits(3), &LEFT, &ONE_APPLIED[1..]);
    assert_eq!(groups(t), "4242 4242 4242 ");
    tells(t.run("undo -y --format json").exits(3), &LEFT, &ONE_APPLIED);
    assert_eq!(groups(t), "0 4242 4242 ");
    t.sh(MEND);
    let rest = t.run(&format!("undo -y --format json {run}"));
    tells(rest.succeeds(), &[], &[("ben/data", "applied"), ("cat/data", "applied")]);
    t.holds_first_tree();
});

scenario!(a_plan_is_applied_below_the_roots_that_are_what_they_were, |t| {
    stage(t);
    t.run("plan -p many.toml -o $DIR/plan").exits(1);
    t.sh(SPOIL);
    tells(t.run("apply -n $DIR/plan --format json").exits(3), &LEFT, &ONE_APPLIED[1..]);
    assert_eq!(groups(t), "0 0 0 ");
    tells(t.run("apply -y $DIR/plan --format json").exits(3), &LEFT, &ONE_APPLIED);
    assert_eq!(groups(t), "4242 0 0 ");
    // The record says what became of each.
    let run = t.runs().pop().expect("a run is on record");
    t.sh(MEND);
    tells(t.run(&format!("undo -y --format json {run}")).succeeds(), &[], &[("ann/data", "applied")]);
    t.holds_first_tree();
    let again = t.run("apply -y $DIR/plan --format json");
    tells(again.succeeds(), &[], &ROOTS.map(|root| (root, "applied")));
});

scenario!(a_fix_goes_on_below_the_roots_that_are_what_they_were, |t| {
    stage(t);
    let mut terminal = Terminal::run(t, 300, "fix -p many.toml --color never");
    terminal.wait_for("[y,n");
    // What was judged is swapped before it is changed.
    t.sh(SPOIL);
    for _ in 0..3 {
        terminal.answer("?] ", "a");
    }
    terminal.answer("Apply? [y/N] ", "y");
    let lines = terminal.ends(3).join("\n");
    assert_eq!(lines.matches(", then run fix again").count(), 2, "{lines}");
    assert_eq!(groups(t), "4242 0 0 ");
    // Roots that are found so cost their own findings alone.
    t.sh("chgrp 0 ann/data/file");
    t.run("fix -y -p many.toml").exits(3);
    assert_eq!(groups(t), "4242 0 0 ");
});

scenario!(another_directory_and_none_cost_their_own_changes, |t| {
    stage(t);
    t.run("fix -y -p many.toml").succeeds();
    t.sh("mv ben/data ben/real; mkdir ben/data; mv cat/data cat/real");
    tells(t.run("undo -y --format json").exits(3), &LEFT, &ONE_APPLIED);
    assert_eq!(groups(t), "0 4242 4242 ");
});

scenario!(a_link_is_no_root_however_much_is_vouched_for, |t| {
    stage(t);
    t.run("fix -y -p many.toml").succeeds();
    t.sh(SPOIL);
    let outcomes = [("ann/data", "applied"), ("ben/data", "drifted"), ("cat/data", "applied")];
    tells(t.run("undo -y --trust-parents --format json").exits(3), &LEFT[..1], &outcomes);
    assert_eq!(groups(t), "0 4242 0 ");
});

scenario!(where_no_root_can_be_relied_on_nothing_is_done, |t| {
    stage(t);
    t.run("fix -y -p many.toml").succeeds();
    t.sh("chmod 0777 ann ben cat");
    let runs = t.runs().len();
    for line in ["undo -n", "undo -y"] {
        t.run(line).exits(3).mentions("--trust-parents").mentions("nothing was changed");
    }
    assert_eq!((groups(t), t.runs().len()), ("4242 4242 4242 ".into(), runs));
    t.run("undo -y --trust-parents").succeeds();
    t.run("plan -p many.toml --trust-parents -o $DIR/plan").exits(1);
    for line in ["apply -n $DIR/plan", "apply -y $DIR/plan"] {
        t.run(line).exits(3).mentions("--trust-parents").mentions("nothing was changed");
    }
    assert_eq!((groups(t), t.runs().len()), ("0 0 0 ".into(), runs + 1));
});

scenario!(a_root_without_changes_is_of_no_account, |t| {
    stage(t);
    t.sh("chgrp 4242 ben/data/file cat/data/file");
    t.run("fix -y -p many.toml").succeeds();
    t.sh(SPOIL);
    tells(t.run("undo -y --format json").succeeds(), &[], &ONE_APPLIED[..1]);
});

scenario!(a_root_that_is_lost_needs_no_descriptor_and_no_lock, |t| {
    stage(t);
    t.run("fix -y -p many.toml").succeeds();
    t.sh(SPOIL);
    // So few descriptors that roots are opened anew for each use.
    let undo = t.run_under("prlimit --nofile=24 --", "undo -y --threads 1 --format json");
    tells(undo.exits(3), &LEFT, &ONE_APPLIED);
    assert_eq!(groups(t), "0 4242 4242 ");
});

scenario!(a_root_that_moves_before_it_is_locked_is_left, |t| {
    stage(t);
    t.run("fix -y -p many.toml").succeeds();
    let mut terminal = Terminal::run(t, 300, "undo --color never");
    terminal.wait_for("Apply? ");
    // It is held open by now, but what leads to it can't be locked any more.
    t.sh("mv ben benno");
    terminal.answer("[y/N] ", "y");
    let lines = terminal.ends(3).join("\n");
    assert!(lines.contains("the lock of") && lines.contains(" again"), "{lines}");
    assert_eq!(groups(t), "0 4242 0 ");
    t.sh("mv benno ben");
    let run = t.runs().into_iter().min().expect("runs are on record");
    t.run(&format!("undo -y {run}")).succeeds();
    t.holds_first_tree();
});

/// What every command says of a root: how many changes it would make, how many are refused, and of its one file whether
/// explain has commands.
fn said(t: &Scenario, file: &str, options: &str) -> (u64, u64, bool) {
    let end = |line: &str| t.run(&format!("{line} -p one.toml {options} --format json")).end();
    let number = |end: &serde_json::Value, key: &str| end[key].as_u64().unwrap_or(0);
    let check = end("check");
    let (changes, refused) = (number(&check, "changes"), number(&check, "refused"));
    for line in ["check --mine", "diff", "fix -n"] {
        assert_eq!(number(&end(line), "changes"), changes, "{line} {options}");
    }
    for line in ["check --mine", "diff"] {
        assert_eq!(number(&end(line), "refused"), refused, "{line} {options}");
    }
    let plan = t.run(&format!("plan -p one.toml {options}"));
    assert_eq!((plan.json_of("change").len() as u64, number(&plan.end(), "changes")), (changes, changes), "{plan}");
    let text = t.run(&format!("explain {file} -p one.toml {options}"));
    let told = t.run(&format!("explain {file} -p one.toml {options} --format json")).json_of("explanation").remove(0);
    assert_eq!(told["refused"].is_string(), refused > 0, "{told}");
    assert_eq!(told["fixed"] == told["actual"], changes == 0, "{told}");
    assert_eq!(text.stdout().contains("which refuses the tree's root"), refused > 0, "{text}");
    (changes, refused, text.stdout().contains("By hand it is mended as by fix"))
}

scenario!(every_command_says_the_same_of_a_root_that_fix_refuses, |t| {
    stage(t);
    t.sh("chmod 0777 ben; ln -s ann lee");
    for (root, reason, what) in [
        (
            "ben",
            "can be written by others",
            "take the right to write from others, or vouch for it with --trust-parents",
        ),
        ("lee", "is a symbolic link", "name the real path, or vouch for it with --trust-parents"),
    ] {
        let tree = format!("[[tree]]\nroot = '$TREE/{root}/data'\ngroup = 4242");
        t.policy("one.toml", &policy(&tree));
        let (file, before) = (if root == "lee" { "./ann/data/file" } else { "./ben/data/file" }, groups(t));
        assert_eq!(said(t, file, ""), (0, 1, false));
        let text = "fix would refuse this root, so 1 change is left out: root can't rely on this path: ";
        for line in ["check", "diff", "diff --stat"] {
            let run = t.run(&format!("{line} -p one.toml"));
            run.exits(1).mentions(text).mentions(reason).mentions(what).never_mentions("Fix would make");
            run.mentions("none can be fixed");
            assert_eq!(run.stderr().matches("refuse").count(), 1, "{run}");
        }
        t.run(&format!("explain {file} -p one.toml")).succeeds().mentions(reason).mentions(what);
        for line in ["fix -y", "fix -n", "plan"] {
            t.run(&format!("{line} -p one.toml")).exits(3).mentions(reason).mentions(what);
        }
        assert_eq!(groups(t), before, "nothing was changed");
        assert_eq!(said(t, file, "--trust-parents"), (1, 0, true));
        t.run("check -p one.toml --trust-parents").exits(1).never_mentions("refuse");
        t.run("fix -y -p one.toml --trust-parents").succeeds().mentions("1 change applied");
        assert_ne!(groups(t), before);
        // Where nothing is to be changed, the way there is told of all the same, unless others can't alter where it leads.
        let run = t.run("check -q -p one.toml");
        assert_eq!(run.succeeds().stderr().contains("fix would refuse this root: "), root == "ben", "{run}");
    }
});

// Nothing could be changed there: the policy's one wish is for a group that the kernel's own files never take.
scenario!(every_command_says_the_same_of_a_root_of_the_systems_own, |t| {
    t.policy("one.toml", &policy("[[tree]]\nroot = '/proc/sys/kernel/random'\ngroup = 4242\nmounts = 'all'"));
    let run = t.run("check -p one.toml --format json");
    let (changes, refused) = (run.end()["changes"].as_u64(), run.end()["refused"].as_u64());
    assert!(changes == Some(0) && refused > Some(0), "{run}");
    for line in ["check", "diff"] {
        let run = t.run(&format!("{line} -p one.toml"));
        run.exits(1).mentions("fix would refuse this root, so ").mentions("file system of the kernel's own (proc)");
        run.mentions("insist with --no-preserve-root").never_mentions("Fix would make");
    }
    t.run("plan -p one.toml").exits(3).mentions("--no-preserve-root").never_mentions("\"type\":\"change\"");
    t.run("explain /proc/sys/kernel/random/uuid -p one.toml").succeeds().mentions("which refuses the tree's root");
    let all = t.run("check -p one.toml --no-preserve-root --format json");
    assert_eq!((all.end()["changes"].as_u64(), &all.end()["refused"]), (refused, &serde_json::Value::Null), "{all}");
});

scenario!(a_path_below_a_root_that_is_refused_is_told_so, |t| {
    stage(t);
    t.sh("ln -s ann lee");
    t.policy("one.toml", &policy("[[tree]]\nroot = '$TREE/lee/data'\ngroup = 4242"));
    for line in ["fix -y", "fix -n", "plan"] {
        let run = t.run(&format!("{line} $TREE/ann/data/file -p one.toml"));
        run.exits(3).mentions("is a symbolic link; name the real path").never_mentions("no tree covers");
    }
});

scenario!(what_is_no_share_is_not_given_to_roots_group, own mounts, |t| {
    // As /etc is, or the directory above some shares.
    t.tree("dir 0:0 0755 .\n dir 0:4242 2775 share\n file 0:0 0644 share/f\n file 0:4243 0640 secret");
    for line in ["fix -y -p setgid-share .", "plan -p setgid-share ."] {
        t.run(line).exits(3).mentions("it is no share: its group is root's and it has no setgid");
    }
    t.run("check .").exits(1).mentions("fix would refuse this root");
    t.holds_first_tree();
    // It is one as soon as it has a group or setgid, or a policy of the administrator's says so.
    t.run("fix -y -p setgid-share share").succeeds();
    t.policy("meant.toml", &policy("[[use]]\npolicy = 'setgid-share'\nroot = '$TREE'"));
    t.run("fix -n -p meant.toml").never_mentions("it is no share: its");
    t.sh("chmod g+s .");
    t.run("fix -n -p setgid-share .").never_mentions("it is no share: its");
});
