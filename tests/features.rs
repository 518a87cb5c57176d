//! Kernels and containers that lack calls, or procfs: the program works, or refuses, and is never less safe.

use crate::filter::{FCHMODAT2, Filter};
use crate::lab::{FLAWED, MENDED, lab};
use crate::scenario;
use crate::scenario::Scenario;
use libc::{ENOSYS, EPERM, SYS_name_to_handle_at, SYS_openat2};

/// Mends the flawed tree behind a filter and takes it back.
#[track_caller]
fn mends_and_undoes(t: &Scenario, filter: &Filter) {
    t.run_behind(filter, "check . -p lab.toml").exits(1);
    t.run_behind(filter, "fix -y . -p lab.toml").succeeds();
    t.holds(MENDED);
    t.run_behind(filter, "undo -y").succeeds();
    t.holds_first_tree();
}

scenario!(every_rung_mends_and_undoes, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    for errno in [ENOSYS, EPERM] {
        for calls in [
            &[FCHMODAT2][..],
            &[SYS_openat2],
            &[SYS_name_to_handle_at],
            &[FCHMODAT2, SYS_openat2],
            &[FCHMODAT2, SYS_openat2, SYS_name_to_handle_at],
        ] {
            let answers: Vec<(i64, i32)> = calls.iter().map(|&call| (call, errno)).collect();
            mends_and_undoes(t, &Filter::answering(&answers));
        }
    }
});

scenario!(no_rung_follows_a_link_or_leaves_the_mount, own mounts, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    t.sh("cp -a spreading ../outside; mkdir ../covered; cp -a spreading ../covered");
    let filter = Filter::answering(&[(FCHMODAT2, ENOSYS), (SYS_openat2, ENOSYS)]);
    let outside = "stat -c '%g %a' ../outside ../outside/b.c ../covered/spreading ../covered/spreading/b.c";
    let before = t.sh(outside);
    t.sh("mv spreading ../moved; ln -s ../outside spreading");
    t.run_behind(&filter, "apply -y $DIR/plan").exits(3);
    assert_eq!(t.sh(outside), before);
    t.sh("rm spreading; mkdir spreading; mount --bind ../covered/spreading spreading");
    t.run_behind(&filter, "apply -y $DIR/plan").exits(3);
    t.run_behind(&filter, "fix -y . -p lab.toml").succeeds();
    assert_eq!(t.sh(outside), before);
    t.sh("umount spreading");
});

// Without procfs nothing tells whether a held file has an ACL or capabilities, so a safe fix of it is not dared.
scenario!(without_procfs_it_works_or_refuses, own mounts, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.sh("mount -t tmpfs none /proc");
    let run = t.run("fix -y . -p lab.toml --format json");
    for outcome in run.json_of("outcome") {
        let (kind, outcome) = (outcome["outcome"].as_str().unwrap_or_default(), &outcome);
        assert!(["applied", "failed"].contains(&kind), "{outcome}");
    }
    t.run("undo -y").succeeds();
    t.holds_first_tree();
    // Neither is there a way to chmod then.
    let filter = Filter::answering(&[(FCHMODAT2, ENOSYS)]);
    t.run_behind(&filter, "fix -y . -p lab.toml").fails();
    t.run_behind(&filter, "undo -y").succeeds();
    t.sh("umount /proc");
    t.holds_first_tree();
});

// A procfs of somebody's own making is none.
scenario!(what_lies_at_proc_is_not_believed, own mounts, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2705 d");
    t.sh("mkdir ../victim; chmod 0705 ../victim; mount -t tmpfs none /proc; mkdir -p /proc/self/fd");
    t.sh("for n in $(seq 0 99); do ln -s $PWD/../victim /proc/self/fd/$n; done");
    t.run_behind(&Filter::answering(&[(FCHMODAT2, ENOSYS)]), "fix -y . -p lab.toml").fails();
    assert_eq!(t.sh("stat -c %a ../victim d"), "705\n2705\n");
    t.sh("umount /proc");
});
