//! Trees without limits but the kernel's: depth, width, names, and few descriptors.

use crate::lab::lab;
use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use rustix::fs::{AtFlags, Mode, OFlags, fchmod, fstat, mkdirat, openat, statat};
use std::fs::{self, File, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

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

/// How many levels the deepest tree has, and at which ones something is wrong.
const LEVELS: u32 = 20_000;
const WRONG: u32 = 5_000;

/// Goes down level by level and does something with each directory, which it gets with its depth.
fn go_down(t: &Scenario, mut act: impl FnMut(&OwnedFd, u32)) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut dir = rustix::fs::open(t.path("."), flags, Mode::empty()).unwrap();
    for level in 0..LEVELS {
        act(&dir, level);
        dir = openat(&dir, "d", flags, Mode::empty()).unwrap();
    }
    act(&dir, LEVELS);
}

/// The modes at the levels where something is wrong.
fn modes_of_wrong(t: &Scenario) -> Vec<u32> {
    let mut modes = Vec::new();
    go_down(t, |dir, level| {
        if level % WRONG == 0 && level > 0 {
            modes.push(fstat(dir).unwrap().st_mode & 0o7777);
        }
    });
    modes
}

scenario!(twenty_thousand_levels_are_mended_and_undone, own mounts, |t| {
    needs_program!("prlimit");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    go_down(t, |dir, level| {
        let mode = if level % WRONG == 0 && level > 0 { 0o2755 } else { 0o2775 };
        fchmod(dir, Mode::from_raw_mode(mode)).unwrap();
        if level < LEVELS {
            mkdirat(dir, "d", Mode::RWXU).unwrap();
        }
    });
    let few = "prlimit --nofile=64 --stack=524288";
    let run = t.run_under(few, "check . -p lab.toml --format json");
    assert_eq!(run.exits(1).end()["entries"], LEVELS + 1);
    t.run_under(few, "fix -q -y . -p lab.toml").succeeds();
    assert_eq!(modes_of_wrong(t), [0o2775; (LEVELS / WRONG) as usize]);
    t.run_under(few, "undo -q -y").succeeds();
    assert_eq!(modes_of_wrong(t), [0o2755; (LEVELS / WRONG) as usize]);
    t.sh("rm -rf d");
});

scenario!(two_hundred_thousand_entries_of_one_directory_are_seen, own mounts, |t| {
    needs_program!("prlimit");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    let (root, mut wrong) = (t.path("."), Vec::new());
    for number in 0..200_000 {
        let path = root.join(number.to_string());
        let file = File::options().create_new(true).write(true).mode(0o444).open(&path).unwrap();
        if number % 1000 == 0 {
            file.set_permissions(Permissions::from_mode(0o644)).unwrap();
            wrong.push(path);
        }
    }
    let are = |mode: u32| wrong.iter().all(|path| fs::metadata(path).unwrap().permissions().mode() & 0o7777 == mode);
    let run = t.run_under("prlimit --nofile=64", "fix -q -y . -p lab.toml --format json");
    assert_eq!(run.succeeds().end()["entries"], 200_001);
    assert!(are(0o664));
    t.run("undo -q -y").succeeds();
    assert!(are(0o644));
});

scenario!(names_say_nothing_to_the_terminal, |t| {
    t.policy("lab.toml", &lab(""));
    let long = "n".repeat(255);
    t.tree(&format!(
        r"
        dir  0:4242 2775 .
        file 0:0 0644 \x1b[2J\x1b]0;title\x07
        file 0:0 0644 a\nfile\x20b\n
        file 0:0 0644 c1\xc2\x9b1m
        file 0:0 0644 bidi\xe2\x80\xaetxt
        file 0:0 0644 not\xff\xfeutf8
        file 0:0 0644 \x0d\x08\x09$(reboot)`;'
        file 0:0 0644 {long}
        "
    ));
    for line in ["check .", "check -v .", "diff .", "fix -n .", "fix -y -v ."] {
        let run = t.run(&format!("{line} -p lab.toml"));
        let spoken = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(!run.to_string().contains(spoken), "{line}: {:?}", run.to_string());
        run.never_mentions("\nfile b");
    }
    t.run("check -q . -p lab.toml").is_silent();
    let undo = t.run("undo -y");
    undo.succeeds();
    assert!(!undo.to_string().contains('\u{1b}'));
    t.holds_first_tree();
});
