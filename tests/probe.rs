//! `probe`: what somebody can really do, and that asking changes nothing.

use crate::hold::Hold;
use crate::process::{Traced, until};
use crate::stage::{self, ALICE};
use crate::{needs_program, scenario};
use rustix::process::Signal;
use snapbox::str;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Stdio;

/// A share of group lab with a directory for each fault.
const SHARE: &str = "
    dir  0:4242    2775 .
    dir  0:4242    2775 a
    file 2001:4242 0664 a/one
    file 2002:4242 0644 a/two
    dir  0:4242    2700 closed
    dir  0:4242    3777 drop
    dir  0:4242    0775 plain
";

scenario!(everybody_is_told_what_they_can_do, own mounts, |t| {
    t.accounts("");
    t.tree(SHARE);
    t.run("probe . --as alice --as bob --as eve --as @others --umask 002").prints(str![[r#"
$TREE/ and 1 directory below it like it, 2 files
  AS            ENTER  LIST  CREATE  DELETE  NEW FILE  READ  WRITE
  alice         yes    yes   yes     all     lab 0664  all   1 of 2
  bob           yes    yes   yes     all     lab 0664  all   all
  eve, @others  yes    yes   no      no      -         all   none

$TREE/closed/
  AS                        ENTER  LIST  CREATE  DELETE  NEW FILE  READ  WRITE
  alice, bob, eve, @others  no     no    no      no      -         -     -

$TREE/drop/
  AS                        ENTER  LIST  CREATE  DELETE  NEW FILE  READ  WRITE
  alice, bob, eve, @others  yes    yes   yes     own     lab 0664  -     -

$TREE/plain/
  AS            ENTER  LIST  CREATE  DELETE  NEW FILE    READ  WRITE
  alice         yes    yes   yes     all     alice 0664  -     -
  bob           yes    yes   yes     all     bob 0664    -     -
  eve, @others  yes    yes   no      no      -           -     -

$TREE/: warn: alice, bob can remove and rename what others own here and in 1 directory below it: there is no sticky bit; likewise in $TREE/plain/ [can-delete-others]
$TREE/: deny: alice can't write 1 of 2 files here and in 1 directory below it: $TREE/a/two [cannot-write]
$TREE/: deny: eve can make nothing here and in 1 directory below it: it is root:lab 2775; likewise in $TREE/plain/ [cannot-write]
$TREE/: deny: eve can't write 2 of 2 files here and in 1 directory below it, $TREE/a/one first [cannot-write]
$TREE/closed/: deny: alice, bob, eve can't enter: it is root:lab 2700 [cannot-enter]
$TREE/drop/: warn: everybody can create, delete here: it is root:lab 3777 [outsider-can]
$TREE/plain/: deny: files made here by alice get group alice, not lab: the directory has no setgid bit [new-files-foreign]
$TREE/plain/: deny: files made here by bob get group bob, not lab: the directory has no setgid bit [new-files-foreign]
------- stderr -------
Asked as 4 users about 5 directories and 2 files: 11 findings.
[exit 1]

"#]]);
});

scenario!(each_fault_is_told_with_its_reason, own mounts, |t| {
    t.accounts("");
    t.tree(SHARE);
    let run = t.run("probe . --as alice --umask 022 --format json");
    run.exits(1).finds(
        "
        deny cannot-enter closed none
        deny cannot-write . none
        deny new-files-closed . none
        deny new-files-foreign plain none
        warn can-delete-others . none
        ",
    );
});

scenario!(what_is_written_once_is_no_fault, own mounts, |t| {
    t.accounts("");
    t.tree(
        "dir 0:4242 2770 .\n dir 2001:4242 2770 pack\n file 2001:4242 0440 pack/a\n file 2002:4242 0440 pack/b\n \
         file 2001:4242 0660 pack/list\n dir 0:4242 2550 done\n file 0:4242 0444 done/c",
    );
    let probe = "probe . --as alice --as bob --umask 007 --allow can-delete-others";
    t.run(&format!("{probe} -q")).succeeds().is_silent();
    // The table tells it as it is.
    t.run(probe).succeeds().mentions("1 of 3").mentions("$TREE/done/");
    t.sh("chmod 0640 pack/list");
    t.run(&format!("{probe} -q")).exits(1).mentions("bob can't write 1 of 3 files here").mentions("pack/list");
    t.sh("chmod 0660 pack/list; chmod 2750 pack");
    t.run(&format!("{probe} -q")).exits(1).mentions("bob can make nothing here");
});

scenario!(rows_that_read_alike_are_one_whoever_owns_them, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2770 .\n dir 0:0 0755 other");
    t.sh(
        "for i in $(seq 40); do mkdir -m 2770 d$i other/d$i; chown $((2001 + i % 2)):4242 d$i other/d$i; \
         chmod 2770 d$i other/d$i; done",
    );
    let run = t.run("probe . --as alice --as bob --umask 007 --format json");
    let rows = run.json_of("access");
    let told: Vec<_> = rows.iter().map(|row| format!("{} {} {}", row["as"], row["path"]["text"], row["directories"])).collect();
    assert_eq!(
        told,
        [
            r#""alice" "." 41"#,
            r#""bob" "." 41"#,
            r#""alice" "other" 1"#,
            r#""bob" "other" 1"#,
            r#""alice" "other/d1" 40"#,
            r#""bob" "other/d1" 40"#,
        ]
    );
    assert_eq!(rows[4]["also"].as_array().map(Vec::len), Some(39), "each can be told by its path");
    // Each is told once, with the places where it is so.
    let found = run.json_of("finding");
    let of = |lint: &str| found.iter().filter(|one| one["lint"] == lint).collect::<Vec<_>>();
    assert_eq!((of("can-delete-others").len(), of("can-delete-others")[0]["also"][0]["path"]["text"].as_str()), (2, Some("other/d1")));
    t.run("probe . --as alice --as bob --umask 007").mentions("$TREE/other/d1/ and 39 directories like it\n");
    // In a sticky directory its owner can do more.
    t.sh("chmod +t other/d*");
    let run = t.run("probe other --as alice --as bob --umask 007 --format json");
    assert_eq!(run.json_of("access").iter().filter(|row| row["as"] == "alice").count(), 3, "{run}");
});

scenario!(projects_of_a_group_each_are_told_together, own mounts, |t| {
    let groups: String = (1..=40).map(|i| format!("g{i}:x:{}:alice\n", 5000 + i)).collect();
    let single: String = (1..=40).map(|i| format!("s{i}:x:{}:u{i}\n", 6000 + i)).collect();
    t.accounts(&format!("{groups}{single}"));
    t.tree("dir 0:0 0755 .\n dir 0:0 0755 hers\n dir 0:0 0755 each");
    t.sh("for i in $(seq 40); do mkdir hers/p$i each/p$i; chgrp $((5000 + i)) hers/p$i; chgrp $((6000 + i)) each/p$i; done");
    t.sh("chmod 2770 hers/* each/*");
    // Somebody is in all of them.
    let run = t.run("probe hers --as alice --umask 007 --format json");
    let rows = run.json_of("access");
    assert_eq!(rows.len(), 2, "{run}");
    assert_eq!((rows[1]["directories"].as_u64(), rows[1]["groups"].as_u64()), (Some(40), Some(40)));
    assert_eq!(rows[1]["also"][0]["gid"], 5010);
    let told = t.run("probe hers --as alice --umask 007");
    told.mentions("$TREE/hers/p1/ and 39 directories like it, each of its own group\n").mentions("in its group (here alice)  yes");
    assert!(told.stdout().lines().count() < 14, "{told}");
    // Each is in one: what they can do in theirs, and in all others.
    let all: String = (1..=40).map(|i| format!("--as {}:s{i} ", 7000 + i)).collect();
    let told = t.run(&format!("probe each {all} --umask 007"));
    told.exits(1).mentions("in its group (here 7001:s1)").mentions("not in its group (here 7002:s2, 7003:s3, 7004:s4, 7005:s5 and 35 more)");
    assert!(told.stdout().lines().all(|line| line.len() < 400), "{told}");
    let run = t.run(&format!("probe each {all} --umask 007 --format json"));
    let of: Vec<_> = run.json_of("access").into_iter().filter(|row| row["as"] == "7003:s3" && row["groups"].is_u64()).collect();
    let told: Vec<_> = of.iter().map(|row| (row["path"]["text"].as_str(), row["directories"].as_u64(), row["can"].as_array().map(Vec::len))).collect();
    assert_eq!(told, [(Some("p3"), Some(1), Some(5)), (Some("p1"), Some(39), Some(0))]);
});

scenario!(a_group_is_asked_about_as_its_members, own mounts, |t| {
    t.accounts("team:x:4401:alice,bob,eve\nstaff:x:4402:alice\nsecond:x:4404:alice,bob\n");
    t.tree(
        "dir 0:0 0755 .\n dir 0:4402 0750 staff\n dir 0:4401 2770 staff/in\n dir 0:4401 2770 free\n dir 0:4404 0750 way\n \
         dir 0:4404 2770 way/in",
    );
    let labels = |line: &str| {
        let run = t.run(&format!("{line} --umask 007 --allow can-delete-others --format json"));
        let rows = run.json_of("access");
        let told: Vec<_> = rows.iter().map(|row| format!("{} {}", row["as"].as_str().unwrap(), row["can"].as_array().unwrap().len())).collect();
        (run.status(), told.join(", "))
    };
    assert_eq!(labels("probe free --as :team"), (0, ":team 5".into()));
    assert_eq!(labels("probe staff/in --as :staff"), (0, ":staff 5".into()));
    assert_eq!(labels("probe way/in --as :second"), (0, ":second 5".into()));
    let told = ":team (alice) 5, :team (bob) 0, :team (eve) 0";
    assert_eq!(labels("probe staff/in --as :team"), (1, told.into()));
    let run = t.run("probe staff/in --as :team --umask 007");
    run.exits(1).mentions(":team (bob), :team (eve) can't enter: $TREE/staff stops them (root:staff 0750)");
    run.mentions("Asked as 3 users");
});

scenario!(the_component_that_stops_somebody_is_named, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .\ndir 0:4242 2770 team\ndir 0:4242 2775 team/docs\nfile 0:4242 0664 team/docs/f");
    let run = t.run("probe team/docs --as alice --as eve");
    run.exits(1).mentions("$TREE/team/docs/: deny: eve can't enter: $TREE/team stops them (root:lab 2770) [cannot-enter]");
    run.never_mentions("alice can't");
    let run = t.run("probe . --as eve --format json");
    let stops: Vec<_> = run.json_of("access").iter().map(|line| line["stopped_at"]["text"].clone()).collect();
    assert_eq!(stops, [serde_json::Value::Null, serde_json::Value::Null], "what is shut itself has nothing above it");
    let run = t.run("probe team/docs --as eve --format json");
    assert_eq!(run.json_of("access")[0]["stopped_at"]["text"], "$TREE/team");
});

scenario!(a_default_acl_counts_instead_of_the_umask, own mounts, |t| {
    needs_program!("setfacl");
    t.accounts("");
    t.tree("dir 0:4242 2775 .\ndir 0:4242 2775 open\ndir 0:4242 2775 shut");
    t.sh("setfacl -d -m u::rwx,g::rwx,o::- open; setfacl -d -m u::rwx,g::r-x,o::- shut");
    let run = t.run("probe . --as alice --umask 077 --format json");
    let new = |path: &str| {
        let row = run.json_of("access").into_iter().find(|row| row["path"]["text"] == path);
        row.map(|row| format!("{} {}", row["new_file"]["mode"], row["closed_by"]))
    };
    assert_eq!(new("."), Some(r#""0600" "umask""#.into()));
    assert_eq!(new("open"), Some(r#""0660" null"#.into()));
    assert_eq!(new("shut"), Some(r#""0640" "default-acl""#.into()));
});

scenario!(asking_leaves_no_trace, own mounts, |t| {
    t.accounts("");
    t.tree(SHARE);
    let before = t.stamps();
    t.run("probe . --as alice --as bob --as :lab --as @others").exits(1);
    assert_eq!(t.stamps(), before);
    t.holds_first_tree();
    let run = t.run("probe . --as alice --make --umask 027");
    run.exits(1).mentions("lab 0640").mentions("lab 2750");
    t.holds_first_tree();
    // Only directories in which something was made have new times.
    let changed = |stamps: &str| {
        let old: Vec<&str> = before.lines().collect();
        stamps.lines().filter(|line| !old.contains(line)).map(|line| line[..line.find(' ').unwrap()].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(changed(&t.stamps()), [".", "a", "drop", "plain"]);
});

scenario!(what_is_said_is_the_same_at_any_number_of_threads, own mounts, |t| {
    t.accounts("");
    t.tree(SHARE);
    t.sh("for i in $(seq 40); do mkdir -p many/$i/below; touch many/$i/file many/$i/below/file; done; chgrp -R lab many; chmod 700 many/7");
    let said = |threads: u32| {
        let run = t.run(&format!("probe . --as alice --as @others --threads {threads} --format json"));
        run.exits(1).stdout().to_owned()
    };
    let one = said(1);
    for threads in [2, 8, 64] {
        assert_eq!(said(threads), one, "{threads}");
    }
});

scenario!(few_descriptors_are_enough, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .");
    t.sh("for i in $(seq 30); do mkdir -p $i/a/b/c/d/e/f; done; chgrp -R lab .; chmod -R g+rwxs .");
    let run = t.run_under("prlimit --nofile=64", "probe . --as alice --as bob --as @others --umask 002");
    run.succeeds().mentions("and 210 directories below it like it");
});

scenario!(nobody_but_root_asks_as_others, own mounts, |t| {
    t.accounts("");
    t.tree(SHARE);
    t.run_as(ALICE, "probe . --as alice --umask 002").exits(1).mentions("alice can't write 1 of 2 files");
    for (principal, hint) in [("bob", "run it as root"), ("@others", "run it as root"), (":lab", "newgrp GROUP"), (":bob", "not a member")] {
        t.run_as(ALICE, &format!("probe . --as {principal}")).exits(2).mentions(hint);
    }
    t.run_as(ALICE, "probe . --as :alice --umask 002").exits(1).mentions(":alice");
});

scenario!(root_and_nobody_at_all_are_refused, own mounts, |t| {
    t.accounts("");
    t.tree(SHARE);
    t.run("probe . --as root").exits(2).mentions("whom permissions don't stop");
    t.run("probe . --as mallory").exits(2).mentions("no user is called `mallory`");
    t.run("probe . --as :nobodies").exits(2).mentions("no group is called `nobodies`");
    t.run("probe . --as @primary").exits(2).mentions("neither USER, USER:GROUP, :GROUP nor @others");
    t.run("probe .").exits(2).mentions("--as");
    t.run("probe a/one --as alice").exits(2).mentions("a probe is of directories").mentions("explain");
    t.run("probe missing --as alice").exits(2);
    t.run("probe --as alice").exits(2);
});

scenario!(without_paths_the_roots_of_the_policy_are_asked_about, own mounts, |t| {
    t.accounts("");
    t.tree(SHARE);
    t.policy("lab.toml", "format = 1\nname = 'lab'\n[lints]\ncannot-write = 'allow'\n[[tree]]\nroot = '$TREE/a'\ngroup = 'lab'\n");
    t.run("probe -p lab.toml --as alice --umask 002").succeeds().mentions("$TREE/a/").never_mentions("cannot-write");
});

// The bounds of what a confined, root-started process shows to others are the same before and after.
scenario!(only_threads_of_their_own_become_somebody, own mounts, |t| {
    needs_program!("strace");
    t.accounts("");
    t.tree(SHARE);
    let wrapper = "strace -f -qq -o $DIR/calls -e trace=setresuid,setresgid,setgroups,setfsuid,setfsgid,capset,exit,execve";
    t.run_under(wrapper, "probe . --as alice --as bob").exits(1);
    let calls = fs::read_to_string(t.dir().join("calls")).unwrap();
    let main = calls.split(' ').next().unwrap();
    let becomes = |line: &&str| [" setfsuid(2", " setresgid(", " setgroups("].iter().any(|call| line.contains(call));
    let becoming: Vec<&str> = calls.lines().filter(becomes).collect();
    assert_eq!(becoming.len(), 6, "{calls}");
    assert!(becoming.iter().all(|line| !line.starts_with(main)), "{calls}");
    // All other user ids stay root's, so that alice can neither send the thread signals nor slow it down.
    assert!(!calls.contains("setresuid("), "{calls}");
});

scenario!(hostile_names_forge_nothing, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .\ndir 0:0 0700 ev\\x1b[31mil\\ndeny:\\x20x\nfile 0:0 0600 \\xff\\xe2\\x80\\xae");
    let run = t.run("probe . --as alice");
    run.exits(1).mentions(r"ev\x1b[31mil\ndeny:").never_mentions("\u{1b}");
});

#[test]
fn the_kernel_is_asked_on_a_read_only_mount() {
    crate::needs_root!();
    if !stage::may_mount() {
        return stage::skip(&crate::test_name!(), "mount namespaces");
    }
    crate::scenario::Scenario::play_on_own_mounts(|t| {
        t.tree("dir 0:4242 2777 .");
        t.sh("mkdir $PWD/../ro; mount -t tmpfs none $PWD/../ro; chmod 777 $PWD/../ro; mount -o remount,ro $PWD/../ro");
        chown(t.dir(), Some(0), Some(0)).unwrap();
        fs::set_permissions(t.dir(), fs::Permissions::from_mode(0o755)).unwrap();
        t.run("probe $DIR/ro --as 2001:4242").exits(1).mentions("can make nothing here: read-only file system");
        t.sh("umount $PWD/../ro");
    });
}

scenario!(an_interrupt_while_something_is_made_leaves_nothing_behind, own mounts, |t| {
    t.accounts("");
    t.tree(SHARE);
    let line = "probe . --as alice --make --threads 1";
    // Of every kind that would end the process where it stands: a terminal that goes away, timers, limits, anybody's.
    for signal in [Signal::INT, Signal::HUP, Signal::ALARM, Signal::USR1, Signal::QUIT, Signal::XCPU, Signal::POWER] {
    let hold = Hold::at(libc::SYS_unlinkat);
    let mut command = t.program(line);
    hold.set_before(&mut command);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let running = Traced::of(&child);
    let held = hold.started();
    let waiting = held.next();
    assert!(t.listing().contains(".sgidlint-probe-"), "{}", t.listing());
    // The second would end any other run at once.
    for _ in 0..2 {
        running.send(signal);
        until("the interrupt is taken", || running.is_at_rest());
    }
    held.release(waiting);
    t.ended(line, child).exits(130);
    t.holds_first_tree();
    }
});

scenario!(what_files_are_closed_and_what_is_open_to_everybody_is_told, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .\nfile 0:4242 0600 key\nfile 0:4242 0664 open\ndir 0:4242 2777 wild\nfile 0:4242 0666 wild/f");
    let run = t.run("probe . --as bob --as @others --umask 002 --format json");
    run.exits(1).finds(
        "
        deny cannot-read . none
        deny cannot-write . none
        warn can-delete-others . none
        warn outsider-can wild none
        warn outsider-can wild none
        ",
    );
    let run = t.run("probe . --as bob --as @others --umask 002");
    run.mentions("bob can't read 1 of 2 files here: $TREE/key").mentions("everybody can write 1 of 1 file here");
    run.mentions("everybody can create, delete, delete-others here: it is root:lab 2777");
    t.run("probe . --as @others --umask 002 --allow outsider-can").succeeds();
    t.run("probe . --as @others -q").succeeds().is_silent();
    t.run("probe . --as @others -q --strict").exits(1).mentions("outsider-can");
});
