//! The probe against who owns what it asks about: trees, names and ACLs made to break it, to fool it, or to use it.

use crate::{needs_program, scenario};
use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

/// How deep the deepest tree is, and how long each of its names.
const LEVELS: usize = 20_000;
const LETTERS: usize = 100;

// A stack that is as deep as the tree overflows, and a path for each directory takes 20 GB.
scenario!(the_deepest_tree_takes_neither_the_stack_nor_the_memory, own mounts, |t| {
    needs_program!("prlimit");
    t.sh("mount -t tmpfs -o mode=755 none $PWD");
    let name = "d".repeat(LETTERS);
    let mut dir = openat(CWD, &t.path("."), OFlags::DIRECTORY, Mode::empty()).unwrap();
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
