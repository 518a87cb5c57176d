//! `check --probe` from below: who asks the kernel, when it is interrupted, and when the kernel doesn't answer.

use crate::lab::policy;
use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use std::collections::HashMap;
use std::fs;

const LINE: &str = "check -p lab.toml --probe --format json";

/// Two people, each with a umask of their own.
fn set(t: &mut Scenario) {
    set_for(t, "'alice'");
}

fn set_for(t: &mut Scenario, principal: &str) {
    t.accounts("");
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2770 in");
    let tables = format!(
        "[[tree]]\nroot = '$TREE'\n[[expect]]\nas = {principal}\npath = ['.', 'in']\ncan = 'create'\numask = '077'\n\
         [[expect]]\nas = 'eve'\npath = 'in'\ncannot = 'create'\numask = '002'"
    );
    t.policy("lab.toml", &policy(&tables));
}

scenario!(only_threads_that_are_somebody_else_ask_and_no_other_changes, own mounts, |t| {
    needs_program!("strace");
    // By whatever name: to the kernel they are one.
    set_for(t, "['alice', '2001', 'alice:2001']");
    t.run(LINE).succeeds();
    t.strace(LINE).run.succeeds();
    let text = fs::read_to_string(t.dir().join("strace")).unwrap();
    let calls = text.lines().filter_map(|line| line.split_once(' ').map(|(thread, call)| (thread, call.trim_start())));
    let mut threads: HashMap<&str, Vec<&str>> = HashMap::new();
    calls.for_each(|(thread, call)| threads.entry(thread).or_default().push(call));
    let main = text.split(' ').next().unwrap();
    let mut masks = Vec::new();
    for (thread, calls) in &threads {
        let first = |name: &str| calls.iter().position(|call| call.starts_with(&format!("{name}(")));
        if first("setfsuid").or(first("setgroups")).or(first("umask")).is_some() {
            assert_ne!(*thread, main, "{calls:#?}");
        }
        let Some(asks) = first("faccessat2") else { continue };
        let powerless = calls.iter().position(|call| call.starts_with("capset(") && call.contains("effective=0, permitted=0"));
        let order = [first("unshare"), first("umask"), first("setgroups"), first("setresgid"), first("setfsuid"), powerless];
        assert!(order.is_sorted() && order.iter().all(|at| at.is_some_and(|at| at < asks)), "{calls:#?}");
        // Where another thread came between, strace(1) writes `umask(077 <unfinished ...>`.
        let said = calls.iter().filter_map(|call| call.strip_prefix("umask("));
        masks.extend(said.filter_map(|rest| rest.split([')', ' ']).next()));
    }
    masks.sort();
    assert_eq!(masks, ["002", "077"], "{text}");
});

scenario!(an_interrupt_ends_the_asking, own mounts, |t| {
    needs_program!("strace");
    set(t);
    let made = |injection: &str| {
        let strace = format!("strace -f -qq -o $DIR/calls -e trace=faccessat2,openat {injection}");
        let run = t.run_under(&strace, LINE);
        let calls = fs::read_to_string(t.dir().join("calls")).unwrap();
        (run, calls.matches("O_TMPFILE").count(), calls)
    };
    let (run, whole, calls) = made("");
    run.succeeds();
    assert_eq!(whole, 2, "{calls}");
    let (run, part, calls) = made("-e inject=faccessat2:signal=SIGINT:when=1");
    run.exits(130);
    assert_eq!(part, 1, "{calls}");
});

scenario!(a_question_that_fails_is_an_error_and_no_answer, own mounts, |t| {
    needs_program!("strace");
    set(t);
    let strace = "strace -f -qq -o /dev/null -e trace=faccessat2 -e inject=faccessat2:error=EIO";
    let run = t.run_under(strace, LINE);
    let errors = run.exits(3).json_of("error");
    let told: Vec<String> = errors.iter().map(|one| format!("{} {} {}", one["path"]["text"], one["call"], one["errno"])).collect();
    assert_eq!(told, [r#""." "faccessat2" "EIO""#, r#""in" "faccessat2" "EIO""#, r#""in" "faccessat2" "EIO""#], "{run}");
    assert!(run.json_of("finding").is_empty(), "{run}");
});

scenario!(a_question_that_hangs_is_named_and_ends_the_run, own mounts, |t| {
    needs_program!("strace");
    t.accounts("");
    t.tree("dir 0:4242 2775 .");
    let tables = "[limits]\nstall = 1\n[[tree]]\nroot = '$TREE'\n[[expect]]\nas = 'alice'\ncan = 'create'";
    t.policy("lab.toml", &policy(tables));
    // Strace may sit all of it out after the process is gone.
    let strace = "strace -f -qq -o /dev/null -e trace=faccessat2 -e inject=faccessat2:delay_enter=5000000:when=1";
    t.run_under(strace, LINE).exits(3).mentions("faccessat2 has not answered for $TIME");
});

scenario!(whoever_cannot_be_become_is_told_before_anything_is_looked_at, own mounts, |t| {
    needs_program!("strace");
    set(t);
    let with = |injection: &str| {
        let strace = format!("strace -f -y -qq -o $DIR/calls -e trace=getdents64,setfsuid,setgroups {injection}");
        let run = t.run_under(&strace, LINE);
        let calls = fs::read_to_string(t.dir().join("calls")).unwrap();
        let tree = format!("<{}>", t.path(".").display());
        (run, calls.lines().any(|call| call.contains("getdents64") && call.contains(&tree)))
    };
    let (run, is_read) = with("");
    run.succeeds();
    assert!(is_read);
    for (injection, message) in [
        ("setfsuid:retval=0", "user namespace"),
        ("setgroups:retval=0", "ENOTRECOVERABLE"),
        ("setgroups:error=EPERM", "CAP_SETUID and CAP_SETGID are needed"),
        ("setgroups:error=EINVAL", "user namespace"),
    ] {
        let (run, is_read) = with(&format!("-e inject={injection}"));
        run.exits(2).mentions("can't ask as `alice`, so nothing was asked").mentions(message);
        assert_eq!((&run.end()["entries"], is_read), (&0.into(), false), "{injection}");
    }
});

scenario!(root_without_the_right_to_be_others_is_told_so, own mounts, |t| {
    needs_program!("setpriv");
    set(t);
    let run = t.run_under("setpriv --bounding-set=-setuid", LINE);
    run.exits(2).mentions("setfsuid: EPERM").mentions("CAP_SETUID and CAP_SETGID are needed");
});
