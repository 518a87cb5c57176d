//! Directories and files that are exchanged for others while fix, apply and undo run as root.
#![allow(unsafe_code)]

use crate::lab::lab;
use crate::scenario::Scenario;
use crate::soak::{rounds, tell};
use crate::stage::LAB;
use crate::{scenario, tree};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::ffi::CString;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// Twelve directories, each with a file and a directory with a file; what is outside looks the same.
const DIRECTORIES: u32 = 12;
const INSIDE: [(&str, u32); 4] = [(".", 0o755), ("f", 0o644), ("s", 0o755), ("s/g", 0o644)];

/// Makes what the tree and the sentinel both have.
fn look_alikes(root: &Path) {
    for number in 0..DIRECTORIES {
        let lines = INSIDE.map(|(path, mode)| {
            let kind = if mode == 0o755 { "dir" } else { "file" };
            format!("{kind} 0:0 {mode:04o} {path}\n")
        });
        tree::build(&root.join(format!("d{number}")), &lines.concat());
    }
}

/// The entries of the tree, held open so that a round can begin anew wherever their names lead.
fn hold(root: &Path) -> Vec<(File, u32)> {
    let paths = (0..DIRECTORIES).flat_map(|number| INSIDE.map(|(path, mode)| (format!("d{number}/{path}"), mode)));
    paths.map(|(path, mode)| (File::open(root.join(path)).unwrap(), mode)).collect()
}

/// Puts every entry of the tree back into the state that a fix finds wrong.
fn begin_anew(held: &[(File, u32)]) {
    for (file, mode) in held {
        fchown(file, Some(0), Some(0)).unwrap();
        file.set_permissions(Permissions::from_mode(*mode)).unwrap();
    }
}

/// Exchanges two names again and again, an even number of times.
fn swap(one: &Path, other: &Path, stop: &AtomicBool, swaps: &AtomicU64) {
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..2 {
            renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
            swaps.fetch_add(1, Ordering::Relaxed);
            // Long enough for a lookup to fall between the two.
            thread::yield_now();
        }
    }
}

/// Mounts the sentinel over a directory and takes it away again.
fn cover(from: &Path, over: &Path, stop: &AtomicBool, swaps: &AtomicU64) {
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).unwrap();
    let (from, over) = (text(from), text(over));
    while !stop.load(Ordering::Relaxed) {
        // SAFETY: both calls read texts with their NUL, and write nothing to our memory.
        let covered = unsafe {
            let none = std::ptr::null();
            libc::mount(from.as_ptr(), over.as_ptr(), none, libc::MS_BIND, none.cast()) == 0
                && libc::umount2(over.as_ptr(), libc::MNT_DETACH) == 0
        };
        swaps.fetch_add(u64::from(covered), Ordering::Relaxed);
    }
}

/// What may not change of the sentinel: all that the tree's text tells, and the change times of what isn't linked.
fn sentinel_state(sentinel: &Path, linked: &[String]) -> String {
    let stamps = tree::stamps(sentinel);
    let is_linked = |line: &&str| linked.iter().any(|path| line.starts_with(&format!("{path} ")));
    let stamps: Vec<&str> = stamps.lines().filter(|line| !is_linked(line)).collect();
    format!("{}{}", listing_with_links(sentinel), stamps.join("\n"))
}

/// `tree::read` wants all names of a file below one root, so modes and owners are read one by one.
fn listing_with_links(root: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    let paths = (0..DIRECTORIES).flat_map(|number| INSIDE.map(|(path, _)| root.join(format!("d{number}/{path}"))));
    let line = |path: PathBuf| {
        let meta = fs::symlink_metadata(&path).unwrap();
        format!("{} {}:{} {:o}\n", path.display(), meta.uid(), meta.gid(), meta.mode())
    };
    paths.map(line).collect()
}

/// A folder of what names of the tree are exchanged for, and the pairs.
fn decoys(t: &Scenario) -> (Vec<(PathBuf, PathBuf)>, Vec<String>) {
    let (sentinel, decoys) = (t.dir().join("sentinel"), t.dir().join("decoys"));
    fs::create_dir(&decoys).unwrap();
    let (mut pairs, mut linked) = (Vec::new(), Vec::new());
    let mut exchange = |name: &str, make: &dyn Fn(&Path)| {
        let decoy = decoys.join(name.replace('/', "-"));
        make(&decoy);
        pairs.push((t.path(name), decoy));
    };
    for name in ["d0", "d1/s", "d2/f"] {
        // Relative, so that it leads to the same place from the tree and from the decoys only by depth.
        let target = format!("{}sentinel/{name}", "../".repeat(name.split('/').count()));
        exchange(name, &|decoy| std::os::unix::fs::symlink(&target, decoy).unwrap());
    }
    for name in ["d3", "d4/s/g"] {
        exchange(name, &|decoy| std::os::unix::fs::symlink(sentinel.join(name), decoy).unwrap());
    }
    for name in ["d5/f", "d6/s/g", "d7/f"] {
        exchange(name, &|decoy| fs::hard_link(sentinel.join(name), decoy).unwrap());
        linked.push(name.to_owned());
    }
    (pairs, linked)
}

#[track_caller]
fn changes_of(t: &Scenario, line: &str) -> u64 {
    let run = t.run(line);
    assert!(!run.to_string().contains("panicked"), "{run}");
    run.json_of("outcome").iter().filter(|outcome| outcome["outcome"] == "applied").count() as u64
}

scenario!(swapped_names_never_lead_out_of_the_tree, own mounts, |t| {
    t.policy("lab.toml", &lab(""));
    let sentinel = t.dir().join("sentinel");
    look_alikes(&t.path("."));
    look_alikes(&sentinel);
    let held = hold(&t.path("."));
    let (pairs, linked) = decoys(t);
    let before = sentinel_state(&sentinel, &linked);
    let (stop, swaps) = (AtomicBool::new(false), AtomicU64::new(0));
    let (mut runs, mut changes) = (0, 0);
    thread::scope(|scope| {
        // However this ends, the swappers must.
        let _end = OnDrop(|| stop.store(true, Ordering::Relaxed));
        for (one, other) in &pairs {
            scope.spawn(|| swap(one, other, &stop, &swaps));
        }
        for name in ["d8", "d9/s"] {
            // A thread has the mounts of the one that starts it.
            let (from, over) = (sentinel.join(name), t.path(name));
            let (stop, swaps) = (&stop, &swaps);
            scope.spawn(move || cover(&from, &over, stop, swaps));
        }
        for round in rounds(20) {
            begin_anew(&held);
            changes += match round % 2 {
                0 => changes_of(t, "fix -y . -p lab.toml --format json"),
                _ => {
                    let _ = t.run("plan . -p lab.toml -o $DIR/plan");
                    changes_of(t, "apply -y $DIR/plan --format json")
                }
            };
            changes += changes_of(t, "undo -y --format json");
            runs += 2;
            assert_eq!(sentinel_state(&sentinel, &linked), before, "round {round}");
        }
    });
    assert_eq!(sentinel_state(&sentinel, &linked), before);
    let swaps = swaps.into_inner();
    tell("swappers", &format!("{swaps} swaps, {runs} runs, {changes} changes, sentinel untouched"));
    assert!(swaps > 1000 && changes > u64::from(DIRECTORIES), "{swaps} swaps, {changes} changes");
});

/// Does something when it goes out of scope.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

// A member links a file into the tree after it was judged; the plan knows of one name.
scenario!(a_second_name_that_comes_after_the_plan_is_noticed, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a\n file 0:0 0664 b");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    t.sh("ln a ../outside");
    let run = t.run("apply -y $DIR/plan --format json");
    assert_eq!(run.exits(3).json_of("outcome")[0]["outcome"], "drifted", "{run}");
    t.sh("rm ../outside");
    assert_eq!(t.sh("stat -c %g a b"), format!("0\n{LAB}\n"));
});

scenario!(names_inside_are_looked_for_again_when_applying, |t| {
    t.policy("lab.toml", &lab("hard-links = 'inside'"));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a\n hard a2 => a\n file 0:0 0664 b\n hard b2 => b");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    // Still two names, but one of them is outside now.
    t.sh("mv a2 ../outside; touch a2; chmod 0664 a2; chgrp 4242 a2");
    let run = t.run("apply -y $DIR/plan --format json");
    assert_eq!(run.exits(3).json_of("outcome")[0]["outcome"], "drifted", "{run}");
    assert_eq!(t.sh("stat -c %g a ../outside b b2"), "0\n0\n4242\n4242\n");
    t.sh("rm ../outside");
});

scenario!(a_directory_moved_out_after_the_plan_is_left, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:0 0755 d\n file 0:0 0644 d/f");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    t.sh("mv d ../moved; mkdir d; touch d/f; chmod 0755 d; chmod 0644 d/f; chgrp 0 d d/f");
    let run = t.run("apply -y $DIR/plan --format json");
    let outcomes = run.exits(3).json_of("outcome");
    assert!(outcomes.iter().all(|outcome| outcome["outcome"] == "drifted"), "{run}");
    assert_eq!(t.sh("stat -c '%g %a' ../moved ../moved/f d d/f"), "0 755\n0 644\n0 2755\n0 644\n");
});
