//! What is commonly said of the set-ID and sticky bits: told by the probe, and then done by a program of the user's.

use crate::oracle::ask::ask;
use crate::oracle::command;
use crate::scenario;
use crate::scenario::Scenario;
use crate::stage::{ALICE, BOB, EVE, LAB, User, as_user};
use rustix::io::Errno;
use sgidlint::Mode;
use sgidlint::State;
use sgidlint::internals::Making;
use sgidlint::internals::Told;
use sgidlint::internals::{Operation, Operations};
use std::path::Path;
use std::process::{Command, Stdio};

/// The umask of whom [`as_user`] makes.
const UMASK: u32 = 0o022;

/// What is said of one entry.
struct Statement {
    says: &'static str,
    tree: &'static str,
    who: User,
    /// The directory `d`, or the file `d/f`.
    about: &'static str,
    /// What they can do with it; the rest they can't.
    can: &'static [Operation],
    /// The group of a new file.
    new_group: Option<u32>,
}

const ALL: &[Operation] =
    &[Operation::Enter, Operation::List, Operation::Create, Operation::Delete, Operation::DeleteOthers];
const OWN: &[Operation] = &[Operation::Enter, Operation::List, Operation::Create, Operation::Delete];
const EDIT: &[Operation] = &[Operation::Read, Operation::Write];
const EDIT_AND_DELETE: &[Operation] = &[Operation::Read, Operation::Write, Operation::Delete];

const fn of_dir(
    says: &'static str,
    tree: &'static str,
    who: User,
    can: &'static [Operation],
    new_group: Option<u32>,
) -> Statement {
    Statement { says, tree, who, about: "d", can, new_group }
}

const fn of_file(says: &'static str, tree: &'static str, who: User, can: &'static [Operation]) -> Statement {
    Statement { says, tree, who, about: "d/f", can, new_group: None }
}

const STATEMENTS: [Statement; 27] = [
    of_dir("2770: new files take its group", "dir 0:4242 2770 d", ALICE, ALL, Some(LAB)),
    of_dir("2770: nobody else gets in", "dir 0:4242 2770 d", EVE, &[], None),
    of_dir("0770: new files take their maker's group", "dir 0:4242 0770 d", ALICE, ALL, Some(2001)),
    of_dir("2777: its group, for a stranger to it too", "dir 0:4242 2777 d", EVE, ALL, Some(LAB)),
    of_dir("2775: others look and don't touch", "dir 0:4242 2775 d", EVE, &[Operation::Enter, Operation::List], None),
    of_dir("2750: so do members", "dir 0:4242 2750 d", ALICE, &[Operation::Enter, Operation::List], None),
    of_dir("2740: to list is not to enter", "dir 0:4242 2740 d", ALICE, &[Operation::List], None),
    of_dir("2720: to write without entering is nothing", "dir 0:4242 2720 d", ALICE, &[], None),
    of_dir(
        "2730: a box to drop things in",
        "dir 0:4242 2730 d",
        ALICE,
        &[Operation::Enter, Operation::Create, Operation::Delete, Operation::DeleteOthers],
        Some(LAB),
    ),
    of_dir("2707: the group's bits decide for members", "dir 0:4242 2707 d", ALICE, &[], None),
    of_dir("2707: and others' for others", "dir 0:4242 2707 d", EVE, ALL, Some(LAB)),
    of_dir("1770: a member deletes what is theirs", "dir 0:4242 1770 d", ALICE, OWN, Some(2001)),
    of_dir("1770: the directory's owner deletes all", "dir 2001:4242 1770 d", ALICE, ALL, Some(2001)),
    of_file("1770: another member can't delete", "dir 0:4242 1770 d\nfile 2002:4242 0664 d/f", ALICE, EDIT),
    of_file("1770: the file's owner can", "dir 0:4242 1770 d\nfile 2002:4242 0664 d/f", BOB, EDIT_AND_DELETE),
    of_file("0770: without sticky they can", "dir 0:4242 0770 d\nfile 2002:4242 0664 d/f", ALICE, EDIT_AND_DELETE),
    of_file("0770: even what they can't read", "dir 0:4242 0770 d\nfile 0:0 0600 d/f", ALICE, &[Operation::Delete]),
    of_dir("3171: members make, and delete their own", "dir 0:4242 3171 d", ALICE, OWN, Some(LAB)),
    of_dir("3171: others get through, and no more", "dir 0:4242 3171 d", EVE, &[Operation::Enter], None),
    of_dir("3171: so does its owner, member or not", "dir 2002:4242 3171 d", BOB, &[Operation::Enter], None),
    of_file("3171: members can't delete, can edit", "dir 0:4242 3171 d\nfile 2002:4242 0664 d/f", ALICE, EDIT),
    of_file("3171: others read by name", "dir 0:4242 3171 d\nfile 2002:4242 0664 d/f", EVE, &[Operation::Read]),
    of_file("0700: a closed door closes all behind it", "dir 0:4242 0700 d\nfile 0:4242 0666 d/f", ALICE, &[]),
    of_dir("4770: setuid doesn't give the owner", "dir 2002:4242 4770 d", ALICE, ALL, Some(2001)),
    of_dir("6770: nor beside setgid", "dir 2002:4242 6770 d", ALICE, ALL, Some(LAB)),
    of_file("2660: setgid on a file opens nothing", "dir 0:0 0755 d\nfile 0:4242 2660 d/f", EVE, &[]),
    of_file("4660: nor does setuid", "dir 0:0 0755 d\nfile 0:4242 6660 d/f", EVE, &[]),
];

/// The programs that do an act with `d` or `d/f`: each alone succeeds or fails.
fn programs(act: Operation, about: &str) -> &'static [&'static str] {
    match (act, about) {
        (Operation::Enter, _) => &["cd d"],
        (Operation::List, _) => &["ls d"],
        (Operation::Create, _) => &[": >d/new", "mkdir d/new"],
        (Operation::Delete, "d") => &["rm -f d/own", "mv d/own d/moved"],
        (Operation::DeleteOthers, _) => &["rm -f d/other", "mv d/other d/moved"],
        (Operation::Read, _) => &["cat d/f"],
        (Operation::Write, _) => &["echo >>d/f", "echo >d/f"],
        (Operation::Delete, _) => &["rm -f d/f", "mv d/f d/moved"],
    }
}

fn plant(t: &mut Scenario, statement: &Statement) {
    t.sh("find . -mindepth 1 -delete");
    let victims = format!("file {}:0 0600 d/own\nfile 2009:0 0600 d/other", statement.who.uid);
    t.tree(&if statement.about == "d" { format!("{}\n{victims}", statement.tree) } else { statement.tree.into() });
}

/// Runs a shell as somebody; whether it succeeded.
fn succeeds(t: &Scenario, user: User, script: &str) -> bool {
    as_user(user, || {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).current_dir(t.path(".")).env("LC_ALL", "C");
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    })
}

fn told(t: &Scenario, user: User, path: &str) -> Told {
    ask(user, UMASK, [t.path(path).as_path()])[0]
}

/// The user, group and mode of a new file there, as told.
#[track_caller]
fn told_made(t: &Scenario, user: User, path: &str) -> State {
    match told(t, user, path).making {
        Some(Making::Made(state)) => state,
        other => panic!("{path} as {user:?}: {other:?}"),
    }
}

/// The user, group and mode of an entry.
fn state(t: &Scenario, path: &str) -> State {
    let line = t.sh(&format!("stat -c '%u %g %a' {path}"));
    let fields: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| fields[at].parse().unwrap();
    State { uid: number(0), gid: number(1), mode: Mode::new(u32::from_str_radix(fields[2], 8).unwrap()) }
}

fn is_so(t: &mut Scenario, statement: &Statement) {
    let Statement { says, who, about, can, new_group, .. } = *statement;
    plant(t, statement);
    let told = told(t, who, about);
    assert_eq!(told.acts, can.iter().copied().collect::<Operations>(), "{says}: told");
    let acts = if about == "d" { ALL } else { EDIT_AND_DELETE };
    for (act, program) in acts.iter().flat_map(|&act| programs(act, about).iter().map(move |program| (act, program))) {
        plant(t, statement);
        assert_eq!(succeeds(t, who, program), can.contains(&act), "{says}: {program}");
    }
    let new = new_group.map(|gid| State { uid: who.uid, gid, mode: Mode::new(0o644) });
    assert_eq!(told.making, new.map(Making::Made), "{says}: told");
    if let Some(new) = new {
        assert!(succeeds(t, who, ": >d/new"), "{says}");
        assert_eq!(state(t, "d/new"), new, "{says}");
    }
}

scenario!(what_is_said_of_the_bits_is_so, |t| {
    STATEMENTS.iter().for_each(|statement| is_so(t, statement));
});

scenario!(the_command_says_so_too, own mounts, |t| {
    t.accounts("");
    for statement in &STATEMENTS {
        plant(t, statement);
        let principal = ["alice", "bob", "eve"][(statement.who.uid - ALICE.uid) as usize];
        let run = t.run(&format!("probe d --as {principal} --umask {UMASK:03o} --format json"));
        let (said, told) = (command::said(&run, principal).of(Path::new(".")), command::answer(&told(t, statement.who, "d")));
        assert_eq!(said, told, "{}", statement.says);
        if statement.about == "d" {
            let new = statement.new_group.map(|gid| (u64::from(gid), "0644".to_owned()));
            assert_eq!(said, (statement.can.iter().copied().collect(), new), "{}", statement.says);
        }
    }
});

scenario!(subdirectories_take_the_bit_where_there_is_one, |t| {
    for (mode, group, made) in [("2770", LAB, 0o2755), ("0770", 2001, 0o755)] {
        t.sh("find . -mindepth 1 -delete");
        t.tree(&format!("dir 0:4242 {mode} d"));
        assert_eq!(told_made(t, ALICE, "d").gid, group);
        t.sh_as(ALICE, "mkdir -p d/a/b");
        for path in ["d/a", "d/a/b"] {
            assert_eq!(state(t, path), State { uid: 2001, gid: group, mode: Mode::new(made) });
            // What is made below is told to take the group too, and takes it.
            let new = told_made(t, ALICE, path);
            t.sh_as(ALICE, &format!(": >{path}/new"));
            assert_eq!((new.gid, new), (group, state(t, &format!("{path}/new"))));
            assert_eq!(
                told(t, BOB, path).acts,
                [Operation::Enter, Operation::List].into_iter().collect(),
                "the umask closed it"
            );
            assert!(!succeeds(t, BOB, &format!(": >{path}/other")));
        }
    }
});

scenario!(what_was_there_before_the_bit_is_as_it_was, |t| {
    t.tree("dir 2001:2001 0755 d\n file 2001:2001 0640 d/f\n dir 2001:2001 0777 d/a");
    let before = [told(t, BOB, "d/f"), told(t, BOB, "d/a")];
    t.sh("chgrp 4242 d; chmod 2770 d");
    t.holds("dir 2001:4242 2770 d\n file 2001:2001 0640 d/f\n dir 2001:2001 0777 d/a");
    let after = [told(t, BOB, "d/f"), told(t, BOB, "d/a")];
    assert_eq!(before[0].acts, Operations::NONE);
    assert_eq!(after[0].acts, [Operation::Delete].into_iter().collect(), "that is the directory's to give");
    assert_eq!(before[1], after[1]);
    assert_eq!(told_made(t, BOB, "d/a").gid, 2002);
    assert!(!succeeds(t, BOB, "cat d/f"));
    t.sh_as(BOB, ": >d/a/new; rm -f d/f");
    assert_eq!(state(t, "d/a/new").gid, 2002);
});

scenario!(what_is_moved_or_linked_in_keeps_its_group, |t| {
    t.tree("dir 2001:2001 0755 .\n dir 0:4242 2770 d\n dir 2001:2001 0755 a");
    t.sh_as(
        ALICE,
        "umask 027; : >moved; : >linked; : >copied; mv moved a d; ln linked d; cp copied d; chmod g+w d/copied",
    );
    for (path, group, acts) in [
        ("d/moved", 2001, &[Operation::Delete][..]),
        ("d/linked", 2001, &[Operation::Delete]),
        ("d/copied", LAB, EDIT_AND_DELETE),
    ] {
        assert_eq!((state(t, path).gid, told(t, BOB, path).acts), (group, acts.iter().copied().collect()), "{path}");
        assert_eq!(succeeds(t, BOB, &format!("cat {path}")), acts.contains(&Operation::Read), "{path}");
        assert_eq!(succeeds(t, BOB, &format!("echo >{path}")), acts.contains(&Operation::Write), "{path}");
        assert!(succeeds(t, BOB, &format!("rm -f {path}")), "{path}");
    }
    assert_eq!(state(t, "d/a"), State { uid: 2001, gid: 2001, mode: Mode::new(0o755) });
    t.sh_as(ALICE, ": >d/a/new");
    assert_eq!(told_made(t, ALICE, "d/a"), state(t, "d/a/new"));
});

// Own mounts: the temporary folder may be on one without set-ID programs.
scenario!(setgid_makes_a_program_act_as_the_group_and_no_script, own mounts, |t| {
    t.tree("file 0:4242 0640 secret");
    t.sh("cp -L \"$(command -v cat)\" program; printf '#!/bin/sh\\nexec cat \"$@\"\\n' >script");
    let run = ["./program secret", "./script secret"];
    let read = |t: &Scenario, user: User| told(t, user, "secret").acts.has(Operation::Read);
    // As whom the kernel runs a setgid program: the user, in its group.
    let as_group = User { gid: LAB, ..EVE };
    assert_eq!([read(t, EVE), read(t, as_group)], [false, true]);
    for (mode, works) in [("0755", [false, false]), ("2755", [true, false]), ("2745", [false, false])] {
        t.sh(&format!("chgrp 4242 program script; chmod {mode} program script"));
        assert_eq!(run.map(|program| succeeds(t, EVE, program)), works, "{mode}");
    }
    t.sh("chmod 0755 program script");
    assert_eq!(run.map(|program| succeeds(t, as_group, program)), [true; 2]);
});

scenario!(nobody_creates_where_there_is_no_room, own mounts, |t| {
    // Room for the root, the directory and one file.
    t.sh("mount -t tmpfs -o mode=755,nr_inodes=3 none $PWD");
    t.sh("mkdir d; chmod 2777 d; chgrp 4242 d; : >d/last");
    let refused = told(t, ALICE, "d");
    assert_eq!((refused.acts.has(Operation::Create), refused.making), (false, Some(Making::Refused(Errno::NOSPC))));
    assert!(!succeeds(t, ALICE, ": >d/new"));
    t.sh("rm d/last");
    assert_eq!(told(t, ALICE, "d").acts, ALL.iter().copied().collect());
    assert!(succeeds(t, ALICE, ": >d/new"));
});
