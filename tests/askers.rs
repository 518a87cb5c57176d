//! The probe against who owns what it asks about: trees, names and ACLs made to break it, to fool it, or to use it.

use crate::filter::Filter;
use crate::hold::{Held, Hold, Waiting};
use crate::lab::policy;
use crate::run::Run;
use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::process::{Child, Stdio};

/// How deep the deepest tree is, and how long each of its names.
const LEVELS: usize = 20_000;
const LETTERS: usize = 100;

// A stack that is as deep as the tree overflows, and a path for each directory takes 20 GB.
scenario!(the_deepest_tree_takes_neither_the_stack_nor_the_memory, own mounts, |t| {
    needs_program!("prlimit");
    t.sh("mount -t tmpfs -o mode=755 none $PWD");
    let name = "d".repeat(LETTERS);
    let mut dir = openat(CWD, t.path("."), OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..LEVELS {
        mkdirat(&dir, &name, Mode::from_raw_mode(0o755)).unwrap();
        dir = openat(&dir, &name, OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
    let run = t.run_under(&format!("prlimit --as={}", 2_u64 << 30), "probe . --as 2001:2001 --threads 2");
    run.exits(1).mentions("about 20,001 directories");
});

scenario!(nothing_is_made_where_somebody_cannot_get, |t| {
    t.tree("dir 0:0 0755 .\n dir 0:0 0700 shut\n dir 0:4242 2777 shut/open\n dir 0:4242 2777 shut/open/below");
    let before = t.stamps();
    let run = t.run("probe . --as 2001:2001 --as @others --make --format json");
    run.exits(1);
    assert_eq!(t.stamps(), before);
    assert!(run.json_of("access").iter().all(|line| line["new_file"].is_null() && line["new_directory"].is_null()));
});

// An ACL can close to one user, or one group, what is open to all others.
scenario!(nobody_knows_beforehand_who_asks_for_others, |t| {
    needs_program!("setfacl");
    t.tree("dir 0:0 0777 .\nfile 0:0 0666 f");
    for highest in [u32::MAX - 1, 65_535, 65_534] {
        t.sh(&format!("setfacl -m u:{highest}:---,g:{highest}:--- . f"));
    }
    t.run("probe . --as @others --strict")
        .exits(1)
        .mentions("everybody can create, delete")
        .mentions("can write 1 of 1");
});

// EPERM: how container runtimes have answered calls that are newer than they are.
scenario!(without_the_call_nothing_is_answered, |t| {
    t.tree("dir 0:0 0777 .");
    t.policy("others.toml", &policy("[[tree]]\n[[expect]]\nas = '@others'\ncannot = 'create'"));
    for errno in [libc::ENOSYS, libc::EPERM] {
        let filter = Filter::answering(&[(libc::SYS_faccessat2, errno)]);
        for line in ["probe . --as @others", "explain ./ --as 2001:2001"] {
            let run = t.run_behind(&filter, line);
            run.exits(2).mentions("so nothing was asked: faccessat2: E").mentions("Linux 5.8");
            run.never_mentions("CAP_SETUID");
        }
        let run = t.run_behind(&filter, "check . -p others.toml --probe --format json");
        assert_eq!(run.exits(3).json_of("error")[0]["call"], "faccessat2");
    }
});

/// A run as alice, in which names are made, that waits where it makes a call while such a name stands; with that name.
fn caught(t: &Scenario, call: i64, line: &str) -> (Child, Held, Waiting, String) {
    let hold = Hold::at(call);
    let mut command = t.program(line);
    hold.set_before(&mut command);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let held = hold.started();
    let waiting = held.next_that(|_| temporary(t).is_some());
    let name = temporary(t).unwrap();
    (child, held, waiting, name)
}

fn temporary(t: &Scenario) -> Option<String> {
    let mut names = fs::read_dir(t.path(".")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name.starts_with(".sgidlint-probe-"))
}

const MAKING: &str = "probe . --as 2001:4242 --make --threads 1 --umask 002 --format json";

fn told(t: &Scenario, child: Child, held: Held, waiting: Waiting) -> Run {
    held.release(waiting);
    t.ended(MAKING, child)
}

fn new_directory(run: &Run) -> serde_json::Value {
    let line = &run.json_of("access")[0];
    assert_eq!(line["can"].as_array().unwrap().len(), 5, "what was asked is answered all the same: {line}");
    line["new_directory"].clone()
}

scenario!(what_is_taken_away_or_filled_is_told, |t| {
    t.tree("dir 0:4242 2775 .");
    let (child, held, waiting, name) = caught(t, libc::SYS_unlinkat, MAKING);
    fs::rename(t.path(&name), t.path("taken")).unwrap();
    let run = told(t, child, held, waiting);
    run.exits(3).mentions("as 2001:4242: unlinkat(.sgidlint-probe-*): ENOENT");
    assert_eq!(new_directory(&run)["mode"], "2775");
    t.sh("rmdir taken");
    let (child, held, waiting, name) = caught(t, libc::SYS_unlinkat, MAKING);
    fs::write(t.path(&name).join("stone"), "").unwrap();
    let run = told(t, child, held, waiting);
    run.exits(3).mentions("as 2001:4242: unlinkat(.sgidlint-probe-*): ENOTEMPTY");
    assert_eq!(new_directory(&run)["mode"], "2775");
});

scenario!(what_is_put_in_its_place_is_not_believed, |t| {
    t.tree("dir 0:4242 2775 .");
    let forged: [fn(&Scenario, &str); 3] = [
        |t, name| {
            fs::create_dir(t.path(name)).unwrap();
            chown(t.path(name), Some(2009), Some(2009)).unwrap();
            fs::set_permissions(t.path(name), Permissions::from_mode(0o700)).unwrap();
        },
        |t, name| {
            symlink("/", t.path(name)).unwrap();
            lchown(t.path(name), Some(2001), Some(4242)).unwrap();
        },
        |_, _| (),
    ];
    for forge in forged {
        let (child, held, waiting, name) = caught(t, libc::SYS_statx, MAKING);
        fs::rename(t.path(&name), t.path("taken")).unwrap();
        forge(t, &name);
        let run = told(t, child, held, waiting);
        run.exits(3).mentions("(.sgidlint-probe-*): E");
        assert!(new_directory(&run).is_null());
        t.sh("find . -mindepth 1 -delete");
    }
});

scenario!(what_stands_for_a_moment_is_not_part_of_the_tree, |t| {
    t.tree("dir 0:4242 2775 .");
    t.sh("for i in $(seq 2000); do mkdir $i; done; chgrp -R 4242 .; chmod 2775 *");
    for _ in 0..3 {
        let run = t.run("probe . --as 2001:4242 --as 2002:4242 --make --umask 002");
        run.succeeds().mentions("about 2,001 directories");
    }
    assert_eq!(temporary(t), None);
});
