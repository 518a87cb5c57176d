//! Two runs that change one tree, or one within the other, exclude each other.

use crate::lab::lab;
use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A tree with something wrong at three levels and beside them.
fn nested(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:0 0755 a\n dir 0:0 0755 a/b\n dir 0:0 0755 a/b/c\n dir 0:0 0755 beside");
}

/// A fix that strace(1) has stopped before its first change, holding its locks.
struct Stopped<'t> {
    t: &'t Scenario,
    strace: Child,
}

impl Stopped<'_> {
    fn before_its_first_change<'t>(t: &'t Scenario, path: &str) -> Stopped<'t> {
        Stopped::at_its_first_change(t, &format!("fix -y {path} -p lab.toml"))
    }

    /// The same of any command that changes something.
    fn at_its_first_change<'t>(t: &'t Scenario, line: &str) -> Stopped<'t> {
        let wrapper = "strace -f -qq -o $DIR/strace -e trace=fchownat -e inject=fchownat:signal=STOP:when=1";
        let mut command = t.program_under(wrapper, line);
        let strace = command.stdout(Stdio::null()).spawn().unwrap();
        let mut stopped = Stopped { t, strace };
        while !t.run("log --format json").json().iter().any(|run| run["state"] == "running") {
            assert_eq!(stopped.strace.try_wait().unwrap(), None, "it wasn't stopped");
        }
        stopped
    }

    /// The process that holds the locks: it does the work of strace's child.
    fn pid(&self) -> String {
        let child = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        child(child(&self.strace.id().to_string()).trim()).trim().to_owned()
    }

    fn goes_on(mut self) {
        // It may not have come to its stop yet.
        while self.strace.try_wait().unwrap().is_none() {
            self.t.sh(&format!("kill -CONT {} 2>&1 || true", self.pid()));
        }
        assert!(self.strace.wait().unwrap().success());
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        // Where the test failed: strace takes its child along.
        if let Ok(None) = self.strace.try_wait() {
            self.t.sh(&format!("kill -KILL {} 2>&1 || true", self.pid()));
            self.strace.wait().unwrap();
        }
    }
}

scenario!(a_second_fix_of_a_tree_is_refused_and_told_by_whom, |t| {
    needs_program!("strace");
    nested(t);
    let first = Stopped::before_its_first_change(t, "a/b");
    let holder = format!("process {}", first.pid());
    t.sh("mkdir -m 0700 ../other");
    for path in ["a/b", "a", ".", "a/b/c"] {
        for state in ["state", "other"] {
            let run = t.run(&format!("fix -y {path} -p lab.toml --state-dir $DIR/{state}"));
            run.exits(3).mentions(&holder).mentions("nothing was changed");
        }
    }
    t.run("fix -y beside -p lab.toml --state-dir $DIR/other").succeeds();
    t.run("undo -y").exits(3).mentions(&holder);
    first.goes_on();
    assert_eq!(t.sh("stat -c '%g %a' a a/b a/b/c beside"), "0 755\n4242 2775\n4242 2775\n4242 2775\n");
    t.run("fix -y . -p lab.toml").succeeds();
});

scenario!(no_lock_lies_where_members_could_hold_it, |t| {
    nested(t);
    t.run("fix -y . -p lab.toml").succeeds();
    assert_eq!(t.sh("find . -type f"), "");
    assert_eq!(t.sh("stat -c '%u %a' /run/sgidlint /run/sgidlint/locks"), "0 700\n0 700\n");
});

scenario!(a_tree_reached_through_a_mount_of_a_part_is_the_same, own mounts, |t| {
    needs_program!("strace");
    nested(t);
    t.sh("mkdir ../bound ../out; mount --bind a/b ../bound; mkdir ../out/m; mount --bind beside ../out/m");
    let first = Stopped::before_its_first_change(t, "a");
    // Below what is locked, and reached by a way that doesn't lead through it.
    for path in ["$DIR/bound", "$DIR/bound/c"] {
        t.run(&format!("fix -y {path} -p lab.toml")).exits(3).mentions(&format!("process {}", first.pid()));
    }
    t.run("fix -y $DIR/out/m -p lab.toml").succeeds();
    first.goes_on();
    t.sh("chgrp -R 0 a; chmod -R 0755 a");
    let first = Stopped::before_its_first_change(t, "$DIR/bound");
    for path in ["a", "a/b/c", "."] {
        t.run(&format!("fix -y {path} -p lab.toml")).exits(3).mentions("nothing was changed");
    }
    first.goes_on();
    t.sh("umount ../bound ../out/m");
});

scenario!(no_lock_is_left_behind, |t| {
    needs_program!("strace");
    nested(t);
    let first = Stopped::before_its_first_change(t, "a");
    let claims = |pid: &str| t.sh(&format!("ls /run/sgidlint/locks | grep -c '^{pid}-' || true"));
    let pid = first.pid();
    assert_eq!(claims(&pid), "1\n");
    first.goes_on();
    assert_eq!(claims(&pid), "0\n");
    t.sh("chgrp -R 0 a");
    let killed = Stopped::before_its_first_change(t, "a");
    let pid = killed.pid();
    drop(killed);
    t.run("fix -y beside -p lab.toml").succeeds();
    assert_eq!(claims(&pid), "0\n", "what a killed run leaves goes with the next");
});

/// The states of all runs on record, as programs read them.
fn states(t: &Scenario) -> Vec<String> {
    let runs = t.run("log --format json").json_of("run");
    runs.iter().map(|run| run["state"].as_str().unwrap_or("?").to_owned()).collect()
}

scenario!(a_run_under_way_is_called_so_in_every_format, |t| {
    needs_program!("strace");
    nested(t);
    t.run("fix -y beside -p lab.toml").succeeds();
    t.run("fix -y a -p lab.toml").succeeds();
    let undo = Stopped::at_its_first_change(t, "undo -y");
    assert_eq!(states(t), ["settled", "settled", "running"]);
    let log = t.run("log");
    log.succeeds().never_mentions("interrupted").never_mentions("sgidlint undo");
    let row = log.stdout().lines().find(|line| line.contains("undo ")).unwrap_or_default().to_owned();
    assert!(row.contains(" running"), "{row}");
    t.run("log --prune-older-than 1ns --force").succeeds().mentions("2 runs removed.");
    assert_eq!(states(t), ["running"]);
    drop(undo);
    assert_eq!(states(t), ["interrupted"]);
    t.run("log").succeeds().mentions("interrupted").mentions("sgidlint undo");
});

scenario!(an_undo_of_a_run_under_way_waits_for_its_end_and_undoes_all_of_it, |t| {
    needs_program!("strace");
    nested(t);
    let fix = Stopped::before_its_first_change(t, ".");
    for line in ["undo -y", &*format!("undo -y {}", t.runs()[0])] {
        t.run(line).exits(3).mentions(&format!("process {}", fix.pid())).never_mentions("Nothing to change");
    }
    t.run("undo -n").mentions("is still under way: this is what it changed so far");
    let line = "undo -y --wait 600";
    let mut undo = t.start("env", line);
    // The pipe's other end goes back, so that the program can go on writing to it.
    let mut stderr = BufReader::new(undo.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(said.contains(&format!("Waiting for run {}", t.runs()[0])), "{said}");
    fix.goes_on();
    t.ended(line, undo).succeeds();
    drop(stderr);
    t.holds_first_tree();
    assert_eq!(states(t), ["settled", "settled"]);
});
