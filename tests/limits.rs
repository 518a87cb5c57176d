//! Trees without limits but the kernel's: depth, width, names, and few descriptors.

use crate::lab::lab;
use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, statat};
use std::os::fd::OwnedFd;

/// Goes down a chain of directories of which each has a name of 200 bytes, far deeper than PATH_MAX; makes them first.
fn deepest(t: &Scenario, make: bool) -> OwnedFd {
    let name = "d".repeat(200);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut dir = rustix::fs::open(t.path("."), flags, Mode::empty()).unwrap();
    for _ in 0..40 {
        if make {
            mkdirat(&dir, &name, Mode::from_raw_mode(0o755)).unwrap();
        }
        dir = openat(&dir, &name, flags, Mode::empty()).unwrap();
    }
    dir
}

scenario!(nothing_is_too_deep, |t| {
    needs_program!("prlimit");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2755 .");
    let dir = deepest(t, true);
    openat(&dir, "f", OFlags::CREATE | OFlags::WRONLY, Mode::from_raw_mode(0o644)).unwrap();
    let run = t.run_under("prlimit --nofile=64", "check . -p lab.toml --format json");
    assert_eq!(run.exits(1).end()["entries"], 42);
    t.run_under("prlimit --nofile=64", "fix -y . -p lab.toml").succeeds();
    let file = statat(deepest(t, false), "f", AtFlags::empty()).unwrap();
    assert_eq!((file.st_gid, file.st_mode & 0o7777), (4242, 0o664));
    t.run("check . -p lab.toml -q").is_silent();
    t.run("undo -y").succeeds();
    let file = statat(&dir, "f", AtFlags::empty()).unwrap();
    assert_eq!((file.st_gid, file.st_mode & 0o7777), (4242, 0o644));
});

scenario!(few_descriptors_are_enough_for_many_directories, |t| {
    needs_program!("prlimit");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:0 0755 .");
    t.sh("for a in $(seq 20); do mkdir -p $a/1/2/3/4/5; for b in $(seq 20); do mkdir $a/b$b; : >$a/b$b/f; done; done");
    let run = t.run_under("prlimit --nofile=64", "check . -p lab.toml --format json --threads 8");
    assert_eq!(run.exits(1).end()["entries"], 1 + 20 * (6 + 40));
    t.run_under("prlimit --nofile=64", "fix -y . -p lab.toml --threads 8").succeeds();
    assert_eq!(t.sh("find . ! -gid 4242"), "");
});

scenario!(any_byte_may_stand_in_a_name, |t| {
    t.policy("lab.toml", &lab(""));
    let names = (1..=255u8).filter(|&byte| byte != b'/' && byte != b'.');
    let lines = names.map(|byte| format!("file 0:0 0644 x\\x{byte:02x}\n"));
    t.tree(&format!("dir 0:4242 2775 .\n{}", lines.collect::<String>()));
    let mended = t.listing().replace("file  0:0 0644", "file 0:4242 0664");
    t.run("fix -y . -p lab.toml").succeeds();
    t.holds(&mended);
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});
