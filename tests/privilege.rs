//! What the program's threads may do, seen from outside: procfs while it runs, strace(1) afterwards.

use crate::lab::{FLAWED, lab};
use crate::process::{Traced, until};
use crate::scenario::Scenario;
use crate::stage::ALICE;
use crate::{needs_program, scenario};
use rustix::process::Signal;
use snapbox::str;
use std::collections::{HashMap, HashSet};
use std::fs;

/// CAP_DAC_READ_SEARCH, and with it CAP_CHOWN, CAP_FOWNER and CAP_FSETID.
const LOOK: &str = "0000000000000004";
const CHANGE: &str = "000000000000001d";

/// Stops a run in its first call of this name, and holds what its threads hold there.
#[track_caller]
fn holds_while_running(t: &Scenario, call: &str, line: &str, capabilities: &str) {
    let strace = format!("strace -f -qq -o /dev/null -e trace={call} -e inject={call}:delay_enter=60000000");
    let child = t.start(&strace, line);
    let traced = Traced::below(&child);
    let tree = t.path(".");
    until("it has the tree open", || traced.holds_open(tree.to_str().unwrap()));
    let keys = ["CapPrm", "CapEff", "CapInh", "CapBnd", "NoNewPrivs", "Seccomp"];
    let bounded = |thread: &[String]| thread[3..] == [capabilities, "1", "2"];
    let confined =
        |thread: &[String]| thread[..3] == [capabilities, capabilities, "0000000000000000"] && bounded(thread);
    // The one that watches for calls that hang needs no more than to look.
    let watches = |thread: &[String]| thread[..3] == [LOOK, LOOK, "0000000000000000"] && bounded(thread);
    until("all of its threads are confined", || {
        let threads = traced.threads(&keys);
        let Some((main, others)) = threads.split_first() else { return false };
        let working = others.iter().filter(|thread| confined(thread)).count();
        bounded(main) && working > 0 && others.iter().all(|thread| confined(thread) || watches(thread))
    });
    traced.send(Signal::KILL);
    let _ = t.ended(line, child);
}

scenario!(threads_hold_what_is_promised_while_they_run, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    holds_while_running(t, "getdents64", "check . -p lab.toml --threads 2", LOOK);
    holds_while_running(t, "fchownat", "fix -y . -p lab.toml --threads 2", CHANGE);
});

/// The calls by which a tree is looked at or changed.
const REACHING: [&str; 22] = [
    "open",
    "openat",
    "openat2",
    "stat",
    "lstat",
    "statx",
    "newfstatat",
    "fstat",
    "getdents64",
    "fstatfs",
    "statfs",
    "readlink",
    "readlinkat",
    "access",
    "faccessat2",
    "fchownat",
    "fchown",
    "fchmod",
    "fchmodat",
    "fgetxattr",
    "getxattr",
    "name_to_handle_at",
];

/// Traces a run from a directory outside the tree; gives each thread's calls, and the main thread.
fn threads_of(t: &Scenario, line: &str) -> (String, HashMap<String, Vec<String>>) {
    let _ = t.run_under("env -C / strace -f -y -qq -s 4096 -o $DIR/strace", line);
    let text = fs::read_to_string(t.dir().join("strace")).unwrap();
    let mut threads: HashMap<String, Vec<String>> = HashMap::new();
    let mut main = None;
    for line in text.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        main.get_or_insert_with(|| thread.to_owned());
        threads.entry(thread.to_owned()).or_default().push(call.trim_start().to_owned());
    }
    (main.unwrap(), threads)
}

/// Holds that only threads that have given up all else reach into the tree, and never the main thread.
#[track_caller]
fn keeps_trees_and_outputs_apart(t: &Scenario, line: &str, capabilities: &str) {
    let (main, threads) = threads_of(t, line);
    let tree = t.path(".").to_str().unwrap().to_owned();
    let mut reached = HashSet::new();
    for (thread, calls) in &threads {
        let (mut confined, mut unprivileged) = (false, false);
        for call in calls {
            let name = call.split('(').next().unwrap_or_default();
            confined |= name == "capset" && call.contains(&format!("permitted={capabilities}, inheritable=0"));
            unprivileged |= call.starts_with("prctl(PR_SET_NO_NEW_PRIVS, 1");
            if REACHING.contains(&name) && (call.contains(&format!("<{tree}")) || call.contains(&format!("\"{tree}"))) {
                assert_ne!(*thread, main, "{line}: the main thread: {call}");
                assert!(confined && unprivileged, "{line}: a thread that isn't confined: {call}");
                reached.insert(name.to_owned());
            }
        }
    }
    assert!(reached.contains("statx"), "{line}: {reached:?}");
}

scenario!(only_confined_threads_reach_into_trees, |t| {
    needs_program!("strace");
    let (look, change) = ("1<<CAP_DAC_READ_SEARCH", "1<<CAP_CHOWN|1<<CAP_DAC_READ_SEARCH|1<<CAP_FOWNER|1<<CAP_FSETID");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    for line in ["check", "diff", "check --format json", "explain"] {
        keeps_trees_and_outputs_apart(t, &format!("{line} $TREE/spreading/../poor -p lab.toml"), look);
    }
    // Where nobody named a policy, it is bound to the share that a PATH lies in, and the command that fixes that is told.
    keeps_trees_and_outputs_apart(t, "diff $TREE/spreading/../poor", look);
    keeps_trees_and_outputs_apart(t, "fix -n $TREE -p lab.toml", look);
    keeps_trees_and_outputs_apart(t, "plan $TREE -p lab.toml -o $DIR/plan", look);
    keeps_trees_and_outputs_apart(t, "apply -n $DIR/plan", look);
    keeps_trees_and_outputs_apart(t, "apply -y $DIR/plan", change);
    keeps_trees_and_outputs_apart(t, "undo -y", change);
    t.holds_first_tree();
    keeps_trees_and_outputs_apart(t, "fix -y $TREE -p lab.toml", change);
});

scenario!(a_kernel_without_filters_is_told_of_and_no_hindrance, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let without = "strace -f -qq -o /dev/null -e trace=seccomp -e inject=seccomp:error=EINVAL";
    t.run_under(without, "check -v . -p lab.toml").exits(1).mentions("can't be filtered here");
    t.run_under(without, "check . -p lab.toml").exits(1).never_mentions("filtered");
    let broken = "strace -f -qq -o /dev/null -e trace=seccomp -e inject=seccomp:error=ENOMEM";
    t.run_under(broken, "check . -p lab.toml").exits(3).mentions("seccomp: ENOMEM");
});

scenario!(another_account_sees_what_it_may, own mounts, |t| {
    t.accounts("");
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2770 ours\n dir 0:0 0700 closed\n dir 2003:4242 2700 eves");
    let errors = |line: &str| {
        let run = t.run(&format!("check . -p lab.toml --format json {line}"));
        let errors = run.json_of("error");
        errors.iter().map(|error| format!("{} {}", error["path"]["text"], error["errno"])).collect::<Vec<_>>()
    };
    assert_eq!(errors(""), Vec::<String>::new());
    assert_eq!(errors("--run-as alice"), [r#""closed" "EACCES""#, r#""eves" "EACCES""#]);
    assert_eq!(errors("--run-as eve"), [r#""closed" "EACCES""#, r#""ours" "EACCES""#]);
    assert_eq!(errors("--run-as eve:lab"), [r#""closed" "EACCES""#]);
    assert_eq!(errors("--run-as 2002"), [r#""closed" "EACCES""#, r#""eves" "EACCES""#]);
    t.run("explain ./closed -p lab.toml --run-as alice").succeeds();
    t.run("diff . -p lab.toml --run-as alice").exits(3);
    t.sh("chmod 0600 ../lab.toml");
    t.run("check . -p lab.toml --run-as alice").exits(2).mentions("EACCES");
});

scenario!(becoming_somebody_else_is_verified, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let line = "check . -p lab.toml --run-as 2001:4242";
    t.run(line).exits(1);
    let with =
        |injection: &str| t.run_under(&format!("strace -f -qq -o /dev/null -e trace=/set -e inject={injection}"), line);
    with("setresuid:retval=0").exits(2).mentions("can't become `2001:4242`");
    with("setresgid:retval=0").exits(2).mentions("can't become");
    with("setgroups:retval=0").exits(2).mentions("can't become");
    with("setresuid:error=EPERM").exits(2).mentions("lacks CAP_SETUID");
    with("setresgid:error=EINVAL").exits(2).mentions("user namespace");
    t.run("check . -p lab.toml --run-as 2001").exits(2).mentions("2001:GROUP");
    t.run("fix -y . -p lab.toml --run-as 2001:4242").exits(2);
    t.run_as(ALICE, "check . -p lab.toml --run-as 2003:2003").exits(2).mentions("only root can become somebody else");
    t.holds_first_tree();
});

scenario!(nothing_of_a_policy_is_read_as_root_for_another_account, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let trace = t.strace("check . -p lab.toml --run-as 2001:4242");
    trace.run.exits(1);
    let at = |text: &str| trace.calls.iter().position(|call| call.contains(text)).expect(text);
    assert!(at("setgroups(") < at("setresgid("));
    assert!(at("setresgid(") < at("setresuid("));
    let opened = trace.calls.iter().position(|call| call.starts_with("open") && call.contains("lab.toml"));
    assert!(at("setresuid(") < opened.expect("the policy is read"));
});

scenario!(usage_tells_who_may_run_as_another, |t| {
    t.tree("dir 0:0 0755 .");
    t.run("check . --run-as no-such-user").exits(2).prints(str![[r#"
------- stderr -------
sgidlint: error: no user is called `no-such-user`
  hint: name a user or a uid
[exit 2]

"#]]);
});
