//! Runs that are killed at any instant: undo brings back exactly what was there.

use crate::filter::{FCHMODAT2, Filter};
use crate::lab::lab;
use crate::run::Run;
use crate::scenario::Scenario;
use crate::soak::{Dice, rounds, tell};
use crate::{needs_program, scenario};
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A tree in which a fix changes every kind of entry, with one, two and three calls.
fn many_flaws(t: &mut Scenario, files: u32) {
    t.policy("lab.toml", &lab("consent = 'assumed'\nhard-links = 'inside'"));
    let mut lines = String::from("dir 0:0 0755 .\n dir 0:4242 2775 done\n file 0:4242 0664 done/f\n");
    for number in 0..6 {
        lines += &format!("dir 0:{number} 2755 d{number}\n dir 0:4242 0705 d{number}/s\n fifo 0:0 0644 d{number}/p\n");
        lines +=
            &format!("link 0:0 d{number}/l -> nowhere\n file 0:0 0644 d{number}/a\n hard d{number}/b => d{number}/a\n");
        for file in 0..files {
            let (gid, mode) = ([0, 4242, 7][file as usize % 3], [0o644, 0o674, 0o640][file as usize / 3 % 3]);
            lines += &format!("file 0:{gid} {mode:04o} d{number}/f{file}\n");
        }
    }
    t.tree(&lines);
}

/// From when on the instant of a kill is drawn.
#[derive(Clone, Copy, PartialEq)]
enum From {
    /// The start of the program.
    Start,
    /// Its run's being on record, so that it is about to change the tree.
    Record,
}

/// How many runs are on record, whole.
fn on_record(t: &Scenario) -> usize {
    let names = fs::read_dir(t.dir().join("state/runs")).into_iter().flatten().flatten();
    names.filter(|entry| entry.file_name().to_string_lossy().ends_with(".jsonl")).count()
}

/// Runs the program and kills it at an instant of this stretch, if it isn't done by then; whether it was killed.
fn killed_within(t: &Scenario, line: &str, from: From, stretch: Duration, dice: &mut Dice) -> bool {
    let before = on_record(t);
    let mut command = t.program(line);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while from == From::Record && on_record(t) == before && child.try_wait().unwrap().is_none() {}
    std::thread::sleep(Duration::from_micros(dice.below(stretch.as_micros() as u64 + 1)));
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// The runs in the log, oldest first.
fn logged(t: &Scenario) -> Vec<Value> {
    t.run("log --format json").succeeds().json_of("run")
}

/// The first run on record: the fix, if it was killed late enough to be a run at all.
fn first_run(t: &Scenario) -> Option<String> {
    logged(t).first().map(|run| run["id"].as_str().unwrap().to_owned())
}

/// Undoes what is left of the first run on record; what undo found is never unknown to it.
#[track_caller]
fn undo_first_run(t: &Scenario) {
    let Some(run) = first_run(t) else { return };
    let undo: Run = t.run(&format!("undo -y {run} --format json"));
    let outcomes = undo.succeeds().json_of("outcome");
    assert!(outcomes.iter().all(|outcome| outcome["outcome"] == "applied"), "{undo}");
}

/// Nothing on record: the next run is the first.
fn forget_runs(t: &Scenario) {
    let state = t.dir().join("state");
    if state.exists() {
        fs::remove_dir_all(state).unwrap();
    }
}

scenario!(what_a_kill_leaves_is_undone, |t| {
    many_flaws(t, 40);
    let started = Instant::now();
    t.run("fix -y . -p lab.toml").succeeds();
    let whole = started.elapsed();
    undo_first_run(t);
    t.holds_first_tree();
    let (mut dice, mut kills, mut in_tree, mut interrupted) = (Dice(4711), 0, 0, 0);
    for round in rounds(30) {
        forget_runs(t);
        // Changing is a short part of the whole, and is what most kills are to hit.
        let (from, stretch) = if round % 4 == 0 { (From::Start, whole) } else { (From::Record, whole / 4) };
        kills += u32::from(killed_within(t, "fix -y . -p lab.toml", from, stretch, &mut dice));
        in_tree +=
            u32::from(logged(t).iter().any(|run| run["state"] == "interrupted") && t.listing() != t.first_tree());
        for _ in 0..dice.below(3) {
            let Some(run) = first_run(t) else { break };
            kills += u32::from(killed_within(t, &format!("undo -y {run}"), from, stretch, &mut dice));
        }
        undo_first_run(t);
        t.holds_first_tree();
        let states: Vec<Value> = logged(t).iter().map(|run| run["state"].clone()).collect();
        assert!(states.iter().all(|state| state == "interrupted" || state == "settled"), "{states:?}");
        interrupted += states.iter().filter(|state| *state == "interrupted").count();
    }
    tell(
        "kills",
        &format!("{kills} kills, {in_tree} left a tree half fixed, {interrupted} runs interrupted, nothing lost"),
    );
    assert!(in_tree > 0 && interrupted > 0, "{kills} kills");
});

/// Kills the program before the changing call of this name and number, counted from 1; whether there was one.
///
/// A signal that strace(1) sends on entry ends the process without the call.
#[track_caller]
fn killed_before(t: &Scenario, call: &str, number: u32, line: &str) -> bool {
    // strace(1) may not know fchmodat2(2), so the program does without.
    let wrapper = format!("strace -f -qq -o $DIR/strace -e trace={call} -e inject={call}:signal=KILL:when={number}");
    let run = t.run_under_behind(&Filter::answering(&[(FCHMODAT2, libc::ENOSYS)]), &wrapper, line);
    !run.ended()
}

scenario!(a_kill_between_the_calls_of_a_change_is_undone, |t| {
    needs_program!("strace");
    many_flaws(t, 0);
    let mut kills = 0;
    for call in ["fchmodat", "fchownat"] {
        for number in 1.. {
            forget_runs(t);
            if !killed_before(t, call, number, "fix -y . -p lab.toml") {
                break;
            }
            kills += 1;
            assert_eq!(logged(t)[0]["state"], "interrupted");
            // Every other time the undo is killed in its middle, too, and gone on with.
            if number % 2 == 0 {
                killed_before(t, call, 1 + number / 4, "undo -y");
            }
            undo_first_run(t);
            t.holds_first_tree();
        }
        undo_first_run(t);
        t.holds_first_tree();
    }
    tell("kills between calls", &format!("{kills} kills"));
    assert!(kills > 30, "{kills}");
});

scenario!(an_undo_without_a_name_goes_on_with_the_one_that_was_killed, |t| {
    needs_program!("strace");
    many_flaws(t, 0);
    t.run("fix -y . -p lab.toml").succeeds();
    assert!(killed_before(t, "fchownat", 5, "undo -y"));
    t.run("log").succeeds().mentions("interrupted");
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});
