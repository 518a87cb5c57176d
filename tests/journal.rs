//! The journal: what can't be put on record isn't done, whatever fails of the state folder.

use crate::filter::Filter;
use crate::lab::{FLAWED, MENDED, lab};
use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use std::fs;

/// Makes the flawed tree.
fn flawed(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
}

/// Holds that a fix says why it can't put its run on record, and changes nothing.
#[track_caller]
fn refuses(t: &Scenario, options: &str, status: i32, why: &str) {
    let before = t.stamps();
    let run = t.run(&format!("fix -y . -p lab.toml {options}"));
    run.exits(status).mentions(why);
    assert!(status == 2 || run.stderr().contains("nothing was changed"), "{run}");
    assert_eq!(t.stamps(), before);
    t.holds_first_tree();
}

/// Mounts a tmpfs at `$DIR/state`.
fn small_state(t: &Scenario, options: &str) {
    t.sh(&format!("mkdir -m 0700 ../state; mount -t tmpfs -o mode=0700,{options} none ../state"));
}

scenario!(a_full_disk_changes_nothing, own mounts, |t| {
    flawed(t);
    small_state(t, "size=64k");
    t.sh("dd if=/dev/zero of=../state/full bs=4k 2>../log || true");
    refuses(t, "", 3, "a tenth of what is free");
    t.sh("umount ../state");
});

scenario!(a_tenth_of_the_free_space_is_all_that_a_plan_may_take, own mounts, |t| {
    flawed(t);
    small_state(t, "size=16k");
    t.run("fix -y . -p lab.toml").exits(3).mentions("more than 1638 bytes, a tenth of what is free").mentions("make room");
    t.run("undo -y").succeeds();
    t.holds_first_tree();
    t.sh("umount ../state");
});

scenario!(no_room_for_a_file_changes_nothing, own mounts, |t| {
    flawed(t);
    small_state(t, "size=1m,nr_inodes=2");
    refuses(t, "", 3, "ENOSPC");
    t.sh("umount ../state");
});

scenario!(a_read_only_state_folder_changes_nothing, own mounts, |t| {
    flawed(t);
    small_state(t, "ro");
    refuses(t, "", 3, "EROFS");
    t.sh("umount ../state");
});

scenario!(a_state_folder_that_others_can_write_changes_nothing, |t| {
    flawed(t);
    t.sh("mkdir -m 0777 ../open; mkdir -m 0700 ../open/state ../alices; chown 2001 ../alices; ln -s state ../link");
    for (folder, why) in [("open/state", "can be written by anyone"), ("alices", "2001"), ("none", "does not exist")] {
        refuses(t, &format!("--state-dir $DIR/{folder}"), 2, why);
    }
    refuses(t, "--state-dir $DIR/link", 2, "symbolic link");
    t.sh("mkdir -m 0775 ../shared; chgrp 4242 ../shared");
    refuses(t, "--state-dir $DIR/shared", 2, "4242");
});

// A sticky folder keeps others from renaming what lies in it, not from making what doesn't.
scenario!(a_state_folder_that_others_can_add_to_changes_nothing, |t| {
    flawed(t);
    t.sh("mkdir -m 1777 ../sticky; mkdir -m 3770 ../ours; chgrp 4242 ../ours");
    refuses(t, "--state-dir $DIR/sticky", 2, "can be written by anyone");
    refuses(t, "--state-dir $DIR/ours", 2, "4242");
    // Closed again, what was put there meanwhile is still somebody else's.
    for (made, why) in [
        ("mkdir -m 755 ../kept/runs; chown 2001 ../kept/runs", "belongs to uid 2001"),
        ("mkdir -m 700 ../kept/locks; touch ../kept/locks/x; chown 2001 ../kept/locks/x", "belongs to uid 2001"),
        ("mkdir -m 700 ../kept/runs; touch ../kept/runs/x; chmod 620 ../kept/runs/x", "can be written by its group"),
        ("mkdir -m 1777 ../kept/runs", "can be written by anyone"),
        ("mkdir -m 700 ../kept/runs; touch ../kept/runs/x; ln ../kept/runs/x ../x", "has 2 names"),
    ] {
        t.sh(&format!("mkdir -m 700 ../kept; {made}"));
        refuses(t, "--state-dir $DIR/kept", 2, why);
        t.sh("rm -r ../kept; rm -f ../x");
    }
});

scenario!(what_is_not_on_disk_for_sure_is_not_on_record, |t| {
    flawed(t);
    for (call, name) in [(libc::SYS_fsync, "fsync"), (libc::SYS_renameat2, "renameat2")] {
        let before = t.stamps();
        let run = t.run_behind(&Filter::answering(&[(call, libc::EIO)]), "fix -y . -p lab.toml");
        run.exits(3).mentions("nothing was changed");
        assert_eq!(t.stamps(), before, "{name}");
    }
    t.run("undo -y").exits(2);
});

// The record's own sync comes first, then that of its folder.
scenario!(every_sync_of_a_record_counts, |t| {
    needs_program!("strace");
    flawed(t);
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("undo -y").succeeds();
    for number in [1, 2] {
        let before = t.stamps();
        let wrapper = format!("strace -f -qq -o $DIR/strace -e trace=fsync -e inject=fsync:error=EIO:when={number}");
        t.run_under(&wrapper, "fix -y . -p lab.toml").exits(3).mentions("nothing was changed");
        assert_eq!(t.stamps(), before, "{number}");
    }
});

scenario!(a_file_size_limit_is_an_error_and_no_kill, |t| {
    needs_program!("prlimit");
    flawed(t);
    let run = t.run_under("prlimit --fsize=1000", "fix -y . -p lab.toml");
    run.exits(3).mentions("nothing was changed").mentions("File too large");
    t.holds_first_tree();
});

// The limit is hit by outcomes: no further change is made, and those that were are undone.
scenario!(outcomes_that_cannot_be_written_stop_the_run, |t| {
    needs_program!("prlimit");
    t.policy("lab.toml", &lab(""));
    // Several are in hand at a time and outcomes are written in batches, so it takes many to be left with some.
    t.tree(&(0..8000).map(|number| format!("file 0:0 0644 f{number}\n")).collect::<String>());
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    let limit = fs::metadata(t.dir().join("plan")).unwrap().len() + 2000;
    let run = t.run_under(&format!("prlimit --fsize={limit}"), "fix -q -y . -p lab.toml");
    run.exits(3).mentions("can't be put on record").mentions("undo");
    let left: u32 = t.sh("find . -type f -gid 0 | wc -l").trim().parse().unwrap();
    assert!(left > 0 && left < 8000, "{left}");
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(a_plan_may_have_so_many_bytes, |t| {
    flawed(t);
    t.policy("small.toml", &format!("{}\n[limits]\nplan-bytes = '1KiB'\n", lab("")));
    t.run("fix -y . -p small.toml").exits(3).mentions("1024 bytes").mentions("plan-bytes");
    t.run("undo -y").succeeds();
    t.holds_first_tree();
    t.policy("none.toml", &format!("{}\n[limits]\nplan-bytes = 10\n", lab("")));
    t.run("fix -y . -p none.toml").exits(3).mentions("plan-bytes").mentions("Nothing to change");
    t.holds_first_tree();
    t.run("fix -y . -p lab.toml").succeeds();
    t.holds(MENDED);
});

scenario!(a_torn_plan_is_refused_by_file_and_line, |t| {
    flawed(t);
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    let whole = fs::read_to_string(t.dir().join("plan")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    for (kept, more) in [(3, ""), (3, "{\"type\":\"cha"), (lines.len() - 1, "")] {
        t.file("plan", &(lines[..kept].join("\n") + "\n" + more));
        let run = t.run("apply -y $DIR/plan");
        run.exits(2).mentions("$DIR/plan").mentions(&format!("{}", kept + 1));
        t.holds_first_tree();
    }
});

scenario!(undo_of_a_run_that_was_cut_short_leaves_what_a_later_run_made, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0644 done\n file 0:0 0644 rest\n file 0:4242 0664 right");
    t.run("fix -y . -p lab.toml").succeeds();
    let [run] = &t.runs()[..] else { panic!("one run") };
    // Killed when one of two was done, and nothing of it was written down yet.
    t.sh("chgrp 0 rest && chmod 0644 rest");
    let record = t.dir().join("state/runs").join(format!("{run}.jsonl"));
    let plan: String = fs::read_to_string(&record)
        .unwrap()
        .split_inclusive('\n')
        .take_while(|line| !line.contains(r#""type":"outcome""#))
        .collect();
    fs::write(&record, plan).unwrap();
    t.run("fix -y . -p lab.toml").succeeds();
    t.run(&format!("undo -y {run}")).succeeds().mentions("made of 1 entry stays");
    t.holds("dir 0:4242 2775 .\n file 0:0 0644 done\n file 0:4242 0664 rest\n file 0:4242 0664 right");
});

scenario!(a_torn_record_is_still_undone, |t| {
    flawed(t);
    t.run("fix -y . -p lab.toml").succeeds();
    let run = t.runs().pop().unwrap();
    let path = t.dir().join(format!("state/runs/{run}.jsonl"));
    let whole = fs::read(&path).unwrap();
    let end = whole.windows(12).position(|bytes| bytes == b"\"type\":\"end\"").unwrap();
    let end = end + whole[end..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    // Every length that a crash may leave, from the plan alone up, and zeros behind.
    for length in (end..whole.len()).step_by(97) {
        for zeros in [0, 40] {
            fs::write(&path, [&whole[..length], &vec![0; zeros]].concat()).unwrap();
            t.run(&format!("undo -y {run}")).succeeds();
            t.holds_first_tree();
            t.run("fix -y . -p lab.toml").succeeds();
        }
    }
    // Within the plan it is no run at all, and nothing is guessed.
    fs::write(&path, &whole[..end - 2]).unwrap();
    t.run(&format!("undo -y {run}")).exits(2).mentions("line");
    t.holds(MENDED);
});
