//! What changes while it is read: the tree is gone through again, and says the same as if it had lain still.

use crate::lab::policy;
use crate::scenario;
use crate::scenario::Scenario;
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

/// Does something while somebody gives a directory new stamps all the time.
fn restless<T>(dir: &Path, act: impl FnOnce() -> T) -> T {
    let mode = fs::metadata(dir).unwrap().permissions();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                fs::set_permissions(dir, mode.clone()).unwrap();
            }
        });
        let done = act();
        is_over.store(true, Relaxed);
        done
    })
}

/// What a check says, but for when it was made.
fn told(t: &Scenario, line: &str) -> Vec<Value> {
    let mut lines = t.run(line).exits(1).json();
    let of_the_run = ["run", "started", "duration_ms", "elapsed_ms", "at", "time"];
    lines
        .iter_mut()
        .filter_map(Value::as_object_mut)
        .for_each(|line| of_the_run.iter().for_each(|key| drop(line.remove(*key))));
    lines
}

scenario!(a_restless_tree_is_told_of_as_if_it_lay_still, own mounts, |t| {
    t.tree(
        "dir 0:0 0755 .\n dir 0:4402 0750 way\n dir 0:4401 0770 way/in\n dir 0:4401 2770 way/in/busy\n
         file 0:0 0644 way/in/busy/wrong\n file 0:4401 0660 way/in/busy/right\n dir 0:0 0770 way/in/busy/deep\n
         file 0:0 0600 way/in/busy/deep/known\n file 0:4401 0660 way/in/busy/left-out\n dir 0:4401 2770 way/in/mount\n
         dir 0:4401 2770 way/in/way\n file 0:0 0666 way/in/way/linked",
    );
    t.sh("ln way/in/way/linked way/in/busy/link; ln way/in/way/linked way/in/busy/deep/link");
    crate::stage::mount("none", t.path("way/in/mount").to_str().unwrap(), Some("tmpfs"));
    let tree = "root = '$TREE/way/in'\ngroup = 4401\nsetgid = true\ndir-mode = '2770'\nfile-mode = '0660'\nhard-links = 'inside'
        exclude = ['left-out']\nmounts = 'stay'";
    let exception = "path = '$TREE/way/in/busy/deep/known'\nlints = ['foreign-group']\nreason = 'known'";
    t.policy("lab.toml", &policy(&format!("[[tree]]\n{tree}\n[[exception]]\n{exception}")));
    for line in ["check -p lab.toml --format json", "check --threads 1 -p lab.toml --format json"] {
        let still = told(t, line);
        let restless = restless(&t.path("way/in/busy"), || told(t, line));
        assert_eq!(restless, still);
    }
    crate::stage::run("umount", &[t.path("way/in/mount").to_str().unwrap()]).unwrap();
});

/// Renames something the moment a directory is opened or read, while that is done.
fn when<T>(dir: &Path, event: WatchFlags, rename: (&Path, &Path, RenameFlags), act: impl FnOnce() -> T) -> T {
    let events = init(CreateFlags::CLOEXEC).unwrap();
    add_watch(&events, dir, event).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            rustix::io::read(&events, &mut [0; 1 << 12]).unwrap();
            let (from, to, how) = rename;
            renameat_with(CWD, from, CWD, to, how).unwrap();
        });
        act()
    })
}

/// Holds that a check finds what is renamed so, however often it is tried: who renames wins most of these races.
#[track_caller]
fn finds_what_is_moved(
    t: &mut Scenario,
    tree: &str,
    (dir, event): (&str, WatchFlags),
    (from, to): (&str, &str),
    how: RenameFlags,
) {
    for _ in 0..6 {
        t.tree(tree);
        let run =
            when(&t.path(dir), event, (&t.path(from), &t.path(to), how), || t.run("check -q --threads 1 -p lab.toml"));
        run.exits(1);
        t.sh("rm -rf *");
    }
}

scenario!(what_is_moved_behind_a_check_is_found, |t| {
    let rights: String = (0..900).map(|number| format!("file 0:0 0644 p/{number}\n")).collect();
    let tree = format!("dir 0:0 0755 .\ndir 0:0 0755 p\n{rights}file 0:0 0644 right\nfile 0:0 0666 p/wrong");
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\nfile-mode = '0644'"));
    let (moved, exchanged) = (RenameFlags::NOREPLACE, RenameFlags::EXCHANGE);
    finds_what_is_moved(t, &tree, ("p", WatchFlags::ACCESS), ("p/wrong", "wrong"), moved);
    finds_what_is_moved(t, &tree, ("p", WatchFlags::ACCESS), ("p/wrong", "right"), exchanged);
    finds_what_is_moved(t, &tree, ("p", WatchFlags::OPEN), ("p/wrong", "wrong"), moved);
    finds_what_is_moved(t, &tree, (".", WatchFlags::ACCESS), ("p/wrong", "wrong"), moved);
});

scenario!(a_directory_that_is_moved_once_its_name_was_listed_is_found, |t| {
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\nfile-mode = '0644'"));
    let all: String = (0..300).map(|number| format!("dir 0:0 0755 p/{number}\n")).collect();
    // Whichever is read later.
    for (early, late) in [(0, 299), (299, 0)] {
        let tree = format!("dir 0:0 0755 .\ndir 0:0 0755 p\n{all}file 0:0 0666 p/{late}/wrong");
        let at = format!("p/{early}");
        finds_what_is_moved(t, &tree, (&at, WatchFlags::OPEN), (&format!("p/{late}"), "moved"), RenameFlags::NOREPLACE);
    }
});
