//! Guards: the system's own roots, limits, locks, interrupts; and records that are no longer wanted.

use crate::hold::{Held, Hold, Waiting};
use crate::lab::{FLAWED, lab};
use crate::process::{Traced, until};
use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::{File, metadata};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};

/// A policy of one tree, on every file system, that wishes for nothing: whatever it is let loose on, it changes nothing.
fn idle(root: &str) -> String {
    format!("format = 1\nname = \"idle\"\n\n[[tree]]\nroot = '{root}'\ngroup = '@any'\nmounts = 'all'\n")
}

// No run here could change anything if the guard weren't there: the policy wishes for nothing.
scenario!(the_systems_own_directories_are_refused_before_any_walk, |t| {
    t.tree(FLAWED);
    for (root, reason) in [
        ("/", "the root of the whole system"),
        ("/proc/sys/kernel", "a file system of the kernel's own (proc)"),
        ("/sys/kernel", "a file system of the kernel's own (sysfs)"),
    ] {
        t.policy("idle.toml", &idle(root));
        let path = if root == "/" { "$TREE" } else { root };
        for line in ["fix -y", "fix -n", "plan -o $DIR/plan"] {
            let run = t.run(&format!("{line} {path} -p idle.toml"));
            run.exits(3).mentions(reason).mentions("--no-preserve-root").mentions("in no entries");
        }
        t.run(&format!("check {path} -p idle.toml")).succeeds();
        t.run(&format!("fix -n {path} -p idle.toml --no-preserve-root")).succeeds();
    }
    t.holds_first_tree();
});

// The plan holds changes of this tree alone.
scenario!(a_plan_for_the_systems_own_root_is_refused_too, |t| {
    t.policy("lab.toml", &lab("root = '/'\nmounts = 'all'"));
    t.tree(FLAWED);
    t.run("plan $TREE -p lab.toml --no-preserve-root -o $DIR/plan").exits(1);
    t.run("apply -y $DIR/plan").exits(3).mentions("the root of the whole system").mentions("--no-preserve-root");
    t.holds_first_tree();
});

scenario!(a_limit_that_one_tree_exceeds_says_which, own mounts, |t| {
    t.policy("lab.toml", &lab("root = ['$TREE/a', '$TREE/b']"));
    t.tree("dir 0:0 0755 .\n dir 0:4242 2775 a\n dir 0:4242 2775 b\n file 0:0 0664 a/f\n file 0:0 0664 b/f\n file 0:0 0664 b/g");
    let run = t.run("fix -y -p lab.toml --max-changes 2");
    run.exits(3).mentions("2 of them are below $TREE/b; the limit counts all trees of a run together");
    t.holds_first_tree();
    t.run("fix -y -p lab.toml --max-changes 2 b").succeeds();
    t.run("fix -y -p lab.toml --max-changes 0").exits(3).never_mentions("of them are below");
});

scenario!(a_limit_says_the_number, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml --max-changes 6").exits(3).mentions("7 changes are more than the 6");
    t.run("plan . -p lab.toml --max-changes 6 -o $DIR/plan").exits(1);
    t.run("apply -y $DIR/plan").exits(3).mentions("7 changes are more than the 6");
    t.holds_first_tree();
});

scenario!(another_run_is_waited_for_as_long_as_is_said, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("undo -y").succeeds();
    let root = metadata(t.path(".")).unwrap();
    // Root's locks are in one place, whatever state folder a run has.
    let path = format!("/run/sgidlint/locks/{}-guards", std::process::id());
    let claim = format!("{}\nalone inode {:x}-{}\nend", std::process::id(), root.dev(), root.ino());
    let held = || loop {
        let mut file = File::options().create(true).truncate(true).write(true).open(&path).unwrap();
        file.try_lock().unwrap();
        std::io::Write::write_all(&mut file, claim.as_bytes()).unwrap();
        // Another run may have taken it for left behind before it was held.
        if metadata(&path).is_ok_and(|data| data.ino() == file.metadata().unwrap().ino()) {
            break file;
        }
    };
    let file = held();
    let holder = format!("process {}", std::process::id());
    t.run("fix -y . -p lab.toml").exits(3).mentions(&holder).mentions("--wait");
    t.holds_first_tree();
    let line = "fix -y . -p lab.toml --wait 600";
    for interrupted in [true, false] {
        let mut child = t.start("env", line);
        // The pipe's other end goes back, so that the program can go on writing to it.
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        stderr.read_line(&mut said).unwrap();
        assert!(said.contains("Waiting for another run") && said.contains(&holder), "{said}");
        if interrupted {
            Traced::of(&child).send(Signal::INT);
            t.ended(FIX_FIVE, child).exits(130);
            t.holds_first_tree();
        } else {
            file.unlock().unwrap();
            t.ended(line, child).succeeds();
        }
        drop(stderr);
    }
    t.run("check . -p lab.toml -q").is_silent();
    let again = held();
    t.run("undo -y").exits(3).mentions(&holder);
    drop(again);
    t.run("undo -y").succeeds();
});

/// Five files of the wrong group: five calls of fchownat, in path order.
const FIVE: &str =
    "dir 0:4242 2775 .\n file 0:0 0664 a\n file 0:0 0664 b\n file 0:0 0664 c\n file 0:0 0664 d\n file 0:0 0664 e";

/// A fix of the five, of one thread, in a process group of its own.
const FIX_FIVE: &str = "fix -y . -p lab.toml --threads 1";

/// Starts it, and holds it before the third change.
fn held_in_the_middle(t: &mut Scenario) -> (Child, Held, Waiting) {
    t.policy("lab.toml", &lab(""));
    t.tree(FIVE);
    let hold = Hold::at(libc::SYS_fchownat);
    let mut command = t.program(FIX_FIVE);
    hold.set_before(&mut command);
    let child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let held = hold.started();
    let third = held.after(2);
    (child, held, third)
}

scenario!(the_first_interrupt_finishes_the_entry_in_hand, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FIVE);
    for signal in ["SIGINT", "SIGTERM"] {
        let strace = format!("strace -f -qq -o /dev/null -e trace=fchownat -e inject=fchownat:signal={signal}:when=3");
        let run = t.run_under(&strace, "fix -y . -p lab.toml --format json");
        let outcomes = run.exits(130).json_of("outcome");
        let paths: Vec<_> = outcomes.iter().map(|one| one["path"]["text"].as_str().unwrap_or("?")).collect();
        assert_eq!(paths, ["a", "b", "c"]);
        assert!(outcomes.iter().all(|one| one["outcome"] == "applied"), "{run}");
        run.mentions("3 changes applied in $TIME, leaving 2 findings").mentions("2 changes were not tried");
        assert_eq!(t.sh("find . -type f -gid 4242 | sort | xargs"), "./a ./b ./c\n");
        t.run("log").succeeds().never_mentions("interrupted");
        t.run("undo -y").succeeds();
        t.holds_first_tree();
    }
});

scenario!(an_interrupt_is_told_also_when_quiet, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FIVE);
    let strace = "strace -f -qq -o /dev/null -e trace=fchownat,getdents64 -e inject";
    let run = t.run_under(&format!("{strace}=fchownat:signal=SIGTERM:when=2"), "fix -y -q . -p lab.toml");
    run.exits(130).mentions("Interrupted: 3 changes were not tried.");
    let run = t.run_under(&format!("{strace}=getdents64:signal=SIGTERM:when=1"), "check -q . -p lab.toml");
    run.exits(130).mentions("Interrupted ");
});

scenario!(what_is_to_undo_is_said_with_the_state_folder_that_was_named, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FIVE);
    t.sh("install -d -m 700 '../my runs'");
    let run = t.run("fix -y . -p lab.toml --state-dir '$DIR/my runs'");
    let told = run.succeeds().stderr().to_owned();
    let (_, command) = told.trim_end().rsplit_once("undo with: sgidlint ").expect("a command");
    assert!(command.contains(" --state-dir '"), "{command}");
    t.run(&format!("{command} -y")).succeeds();
    t.holds_first_tree();
    t.run("fix -y . -p lab.toml").never_mentions("--state-dir");
});

scenario!(every_signal_ends_a_run_in_order_but_one_that_the_caller_ignores, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FIVE);
    for (signal, ignored) in [("SIGUSR2", "USR1"), ("SIGHUP", "USR1"), ("SIGHUP", "HUP"), ("SIGRT_5", "HUP")] {
        let strace = "strace -f -qq -o /dev/null -e trace=fchownat -e inject=fchownat:signal";
        let line = format!("sh -c 'trap \"\" {ignored}; exec \"$@\"' sh {strace}={signal}:when=3");
        let run = t.run_under(&line, "fix -y . -p lab.toml --format json");
        let is_ignored = signal.ends_with(ignored);
        assert_eq!(run.exits(if is_ignored { 0 } else { 130 }).end()["changes"], if is_ignored { 5 } else { 3 });
        t.run("undo -y").succeeds();
        t.holds_first_tree();
    }
});

scenario!(the_second_interrupt_ends_a_run_at_once_and_undo_still_works, |t| {
    let (child, _held, _third) = held_in_the_middle(t);
    let running = Traced::of(&child);
    assert_eq!(t.sh("find . -type f -gid 4242 | sort | xargs"), "./a ./b\n");
    running.send(Signal::INT);
    until("the first interrupt is taken", || running.is_at_rest());
    assert_eq!(metadata(t.path("c")).unwrap().gid(), 0);
    running.send(Signal::INT);
    t.ended(FIX_FIVE, child).exits(130).never_mentions("applied");
    t.run("log").succeeds().mentions("did not come to its end");
    t.run("undo -y").succeeds();
    t.run("log").succeeds().mentions("interrupted").never_mentions("did not come to its end");
    t.holds_first_tree();
});

// As timeout(1), `kill %1` and systemd do it: the supervisor gets it and the worker too, which then gets it once more.
scenario!(a_signal_to_a_whole_process_group_asks_once, |t| {
    let (child, held, third) = held_in_the_middle(t);
    let (running, supervisor) = (Traced::of(&child), Traced { pid: child.id() });
    kill_process_group(Pid::from_child(&child), Signal::TERM).unwrap();
    until("both have taken it", || supervisor.is_at_rest() && running.is_at_rest());
    held.release(third);
    t.ended(FIX_FIVE, child).exits(130).mentions("3 changes applied").mentions("2 changes were not tried");
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(old_records_go_and_needed_ones_stay, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FIVE);
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("undo -y").succeeds();
    let killed = "strace -f -qq -o /dev/null -e trace=fchownat -e inject=fchownat:signal=SIGKILL:when=3";
    t.run_under(killed, "fix -y . -p lab.toml").fails();
    // Locks lie beside them, and are called by numbers too.
    let records = || t.sh("ls ../state/runs").lines().map(str::to_owned).collect::<Vec<_>>();
    let runs = records();
    assert_eq!(runs.len(), 3);
    t.run("log --prune-older-than 90d").succeeds().mentions("No runs removed.");
    assert_eq!(records(), runs);
    for wrong in ["yesterday", "0d", "'-3d'", "''"] {
        t.run(&format!("log --prune-older-than={wrong}")).exits(2);
    }
    t.run("log --force").exits(2);
    t.run("log --prune-older-than 1ns").succeeds().mentions("2 runs removed.").mentions("was kept");
    assert_eq!(records(), runs[2..]);
    t.run("undo -y").succeeds();
    t.holds_first_tree();
    t.run("log --prune-older-than 1ns --force").succeeds().never_mentions("was kept");
    assert_eq!(records(), Vec::<String>::new());
});

// SIGSTOP can't be passed on: the work stops by itself, and goes on with whoever was stopped.
scenario!(who_is_stopped_from_outside_stops_the_work_too, |t| {
    let (child, held, third) = held_in_the_middle(t);
    let (running, supervisor) = (Traced::of(&child), Traced { pid: child.id() });
    for stopping in [Signal::STOP, Signal::TSTP] {
        supervisor.send(stopping);
        // The call that the test holds ends first, as one in the kernel would: of a thread in it nothing is to be seen.
        until("the work stands", || running.threads(&["State"])[0][0].starts_with('T') && supervisor.is_stopped());
        supervisor.send(Signal::CONT);
        until("the work goes on", || !running.threads(&["State"])[0][0].starts_with('T') && !supervisor.is_stopped());
    }
    held.release(third);
    t.ended(FIX_FIVE, child).succeeds();
});
