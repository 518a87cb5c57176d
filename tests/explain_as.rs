//! `explain PATH --as USER`: what somebody can do there, who decides it, and that what is proposed alters the answer.

mod proposals;

use crate::lab::{lab, policy};
use crate::run::{Run, path_bytes};
use crate::scenario::Scenario;
use crate::stage::{ALICE, EVE, run, skip};
use crate::{needs_program, scenario, test_name};
use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use serde_json::Value;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// The story of a run with `--format json`.
#[track_caller]
fn story(run: &Run) -> Value {
    let mut stories = run.succeeds().json_of("story");
    assert_eq!(stories.len(), 1, "{run}");
    stories.remove(0)
}

/// What is told of one act.
#[track_caller]
fn act(story: &Value, name: &str) -> Value {
    let acts = story["acts"].as_array().expect("acts");
    acts.iter().find(|act| act["act"] == name).unwrap_or_else(|| panic!("no {name}: {story}")).clone()
}

/// What can be done, by name.
fn can(story: &Value) -> Vec<String> {
    let acts = story["acts"].as_array().expect("acts").iter().filter(|act| act["can"] == true);
    acts.filter_map(|act| act["act"].as_str().map(str::to_owned)).collect()
}

/// Gives the scenario an /etc of its own where alice, bob and eve are known and programs can change groups.
fn own_etc(t: &Scenario) {
    run("mount", &["-t", "tmpfs", "-o", "mode=755", "none", "/etc"]).unwrap();
    t.sh("echo 'passwd: files\ngroup: files' >/etc/nsswitch.conf");
    t.sh("printf 'root:x:0:0::/:/bin/sh\nalice:x:2001:2001::/:/bin/sh\nbob:x:2002:2002::/:/bin/sh\n' >/etc/passwd");
    t.sh("echo 'eve:x:2003:2003::/:/bin/sh' >>/etc/passwd");
    own_groups(t);
}

fn own_groups(t: &Scenario) {
    t.sh("printf 'root:x:0:\nlab:x:4242:alice,bob\ndevs:x:4243:bob\nidle:x:4244:\nalice:x:2001:\nbob:x:2002:\neve:x:2003:\n' >/etc/group");
    t.sh("chmod 644 /etc/group");
}

scenario!(each_class_decides_where_it_comes_first, own mounts, |t| {
    needs_program!("setfacl");
    t.accounts("devs:x:4243:bob\n");
    t.tree(
        "
        dir 2001:4242 0070 owners
        dir 0:4242    2707 groups
        dir 0:4243    0755 others
        dir 0:4243    0770 named
        dir 0:4243    0770 lists
        dir 0:4243    0755 hidden
        ",
    );
    t.sh("setfacl -m u:alice:rwx,m::r-x named; setfacl -m g:lab:r-x,u:eve:rwx lists");
    t.sh("setfacl -m u:alice:---,m::--- hidden");
    for (path, who, class, id, given, mask, passes) in [
        ("owners", "alice", "owner", None, "---", None, false),
        ("groups", "alice", "owning-group", Some(4242), "---", None, false),
        ("groups", "eve", "other", None, "rwx", None, true),
        ("others", "alice", "other", None, "r-x", None, true),
        ("others", "bob", "owning-group", Some(4243), "r-x", None, true),
        ("named", "alice", "named-user", Some(2001), "rwx", Some("r-x"), true),
        ("lists", "alice", "named-group", Some(4242), "r-x", Some("rwx"), true),
        ("lists", "bob", "owning-group", Some(4243), "rwx", Some("rwx"), true),
        ("lists", "eve", "named-user", Some(2003), "rwx", Some("rwx"), true),
        // Behind an empty mask the kernel looks at no ACL at all.
        ("hidden", "alice", "other", None, "r-x", None, true),
    ] {
        let told = story(&t.run(&format!("explain ./{path} --as {who} --format json")));
        let end = told["way"].as_array().and_then(|way| way.last()).unwrap();
        let by = &end["decided_by"];
        let seen = (by["class"].as_str(), by["id"].as_u64(), by["given"].as_str(), by["mask"].as_str());
        assert_eq!(seen, (Some(class), id, Some(given), mask), "{path} {who}");
        assert_eq!((&end["pass"], &end["by_rules"]), (&passes.into(), &passes.into()), "{path} {who}");
    }
    t.run("explain ./named --as alice").succeeds().mentions("ACL user alice rwx, mask r-x");
});

scenario!(the_door_that_is_closed_is_named, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2750 a\n dir 0:4242 2770 a/b\n file 0:4242 0660 a/b/f");
    let told = t.run("explain ./a/b/f --as eve");
    told.succeeds().mentions("As eve, uid 2003, groups eve:").mentions("read    no   other --- lacks x at $TREE/a/");
    let told = story(&t.run("explain ./a/b --as alice --format json"));
    assert_eq!(can(&told), ["enter", "list", "create", "delete", "delete-others"]);
    let told = story(&t.run("explain ./a/b/f --as eve --format json"));
    assert_eq!(can(&told), [""; 0]);
    assert_eq!(told["way"].as_array().unwrap().iter().filter(|stop| stop["pass"] == false).count(), 2);
    t.holds_first_tree();
});

scenario!(a_new_file_is_told_with_its_causes, own mounts, |t| {
    needs_program!("setfacl");
    t.accounts("");
    t.tree("dir 0:4242 2770 setgid\n dir 0:4242 0770 plain\n dir 0:4242 2770 default\n dir 0:4242 2750 closed");
    t.sh("setfacl -d -m u::rwx,g::rwx,o::--- default");
    for (path, umask, text) in [
        ("setgid", "002", "alice:lab 0664: its group is the directory's, which is setgid, its mode is 0666 without"),
        ("setgid", "027", "alice:lab 0640: its group is the directory's, which is setgid, its mode is 0666 without"),
        ("plain", "022", "alice:alice 0644: its group is its maker's, as the directory isn't setgid"),
        ("default", "077", "alice:lab 0660: its group is the directory's, which is setgid, its mode is by the"),
    ] {
        t.run(&format!("explain ./{path} --as alice --umask {umask}")).succeeds().mentions(text);
    }
    t.run("explain ./setgid --as alice --umask 027").succeeds().mentions("its group can't write it");
    t.run("explain ./closed --as alice").succeeds().never_mentions("A new file");
    let told = story(&t.run("explain ./setgid --as alice --umask 027 --format json"));
    assert_eq!((&told["new_file"]["made"], &told["umask"]), (&told["new_file"]["by_rules"], &"0027".into()));
    t.holds_first_tree();
});

scenario!(a_mount_that_gives_groups_is_the_cause, own mounts, |t| {
    if let Err(missing) = t.file_system("ext4") {
        return skip(&test_name!(), &missing);
    }
    t.sh("mount -o remount,grpid .");
    t.tree("dir 0:4242 0770 d");
    t.run("explain ./d --as 2001:4242 --umask 007")
        .succeeds()
        .mentions("2001:4242 0660: its group is the directory's, as the mount has grpid");
    t.run("explain ./d --as 2001:4242 --umask 007 --format json").succeeds();
});

/// Trees, and who asks about which path of them. Every answer there is altered in every way that is proposed.
const CASES: [(&str, &str, &str, &str); 13] = [
    ("dir 0:4242 2750 d", "", "alice", "d"),
    ("dir 0:4242 2770 d", "", "eve", "d"),
    ("dir 0:4242 2770 d\n dir 0:4242 2770 d/e", "", "eve", "d/e"),
    ("dir 0:0 0700 d\n dir 0:4242 2770 d/e", "", "alice", "d/e"),
    ("dir 2001:4242 0077 d\n file 2001:4242 0066 d/f", "", "alice", "d/f"),
    ("dir 0:4242 3770 d\n file 2002:4242 0600 d/f", "", "alice", "d/f"),
    ("dir 0:4242 3770 d", "", "alice", "d"),
    ("dir 0:4242 2770 d", "setfacl -m u:alice:rwx,m::r-x d", "alice", "d"),
    ("dir 0:4242 2770 d", "setfacl -m u:bob:rwx,g::r-x,m::rwx d", "alice", "d"),
    // One entry has to give all at once: two groups that give it by halves don't.
    ("dir 0:0 0770 d", "setfacl -m g:lab:rw-,g:devs:r-x d", "bob", "d"),
    ("dir 0:0 0701 d", "", "@others", "d"),
    // Of a group without members, whoever is in it is meant.
    ("dir 0:0 0750 d\n file 0:4244 0640 d/f", "setfacl -m g:devs:r-x d", ":idle", "d/f"),
    ("dir 0:4242 2771 it's\\x20$d\n file 0:4242 0640 it's\\x20$d/-f", "", "eve", "it's $d/-f"),
];

scenario!(what_is_proposed_alters_the_answer, own mounts, |t| {
    needs_program!("setfacl", "gpasswd", "chmod");
    own_etc(t);
    let mut altered = 0;
    for (tree, acls, who, path) in CASES {
        let make = |t: &mut Scenario| {
            t.sh("find . -mindepth 1 -delete");
            own_groups(t);
            t.tree(tree);
            t.sh(acls);
        };
        let line = format!("explain \"$TREE/{path}\" --as {who} --format json");
        make(t);
        let told = story(&t.run(&line));
        for before in told["acts"].as_array().unwrap() {
            let ways = before["changes"].as_array().unwrap();
            // To open it to all is against the policy that everybody has.
            assert!(!ways.is_empty() || before["against_policy"] == true, "{tree} {who}: {before}");
            for way in ways {
                make(t);
                for command in way.as_array().unwrap() {
                    // The scenario's own place was put in for `$TREE` when the run was read.
                    t.sh(&command.as_str().unwrap().replace("$TREE", t.path(".").to_str().unwrap()));
                }
                let after = act(&story(&t.run(&line)), before["act"].as_str().unwrap());
                assert_ne!(after["can"], before["can"], "{tree}\n{acls}\n{who}: {before}\nby {way}");
                altered += 1;
            }
        }
    }
    assert!(altered > 50, "{altered}");
});

scenario!(what_opens_least_is_proposed, own mounts, |t| {
    needs_program!("setfacl");
    t.accounts("");
    t.tree("dir 0:4242 2770 d\n dir 0:0 0770 system\n dir 0:4242 2750 poor");
    t.run("explain ./d --as eve").succeeds().mentions("    gpasswd -a eve lab").never_mentions("chmod -- o+");
    // Nobody is to be made a member of root's group for a directory.
    t.run("explain ./system --as eve").succeeds().never_mentions("gpasswd").mentions("setfacl -m u:eve:rwx -- ");
    t.run("explain ./poor --as alice").succeeds().mentions("    chmod -- g+w $TREE/poor").mentions(
        "or for alice alone:\n    setfacl -m u:alice:rwx -- $TREE/poor",
    );
});

scenario!(nothing_is_proposed_for_a_read_only_mount, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2770 d\n file 2001:4242 0660 d/f\n dir 0:4242 2750 poor\n dir 0:0 0700 closed\n dir 0:4242 2770 closed/m");
    t.sh("for d in d poor closed/m; do mount --bind $d $d; mount -o remount,bind,ro $d; done");
    let vain = "lies on a read-only mount, which no mode, group or ACL alters";
    let told = t.run("explain ./d --as alice");
    told.succeeds().mentions("create         no   $TREE/d/ lies on a read-only mount").mentions(vain);
    told.never_mentions("Smallest change").never_mentions("the kernel");
    let told = story(&t.run("explain ./d/f --as alice --format json"));
    assert_eq!((can(&told), act(&told, "write")["by"].as_str()), (vec!["read".into()], Some("attribute")));
    // Nor where it isn't the only reason.
    t.run("explain ./poor --as alice").succeeds().mentions(vain).never_mentions("Smallest change");
    t.run("explain ./closed/m --as alice")
        .succeeds()
        .mentions("create         no   other --- lacks x at $TREE/closed/")
        .mentions(vain)
        .mentions("Smallest change that lets alice enter, list:")
        .never_mentions("lets alice create");
});

scenario!(what_cannot_be_made_for_other_reasons_is_said, own mounts, |t| {
    t.tree("dir 0:4242 2770 full");
    t.sh("mount -t tmpfs -o nr_inodes=1,mode=2770,gid=4242 none full");
    let told = t.run("explain ./full --as 2001:4242");
    told.succeeds()
        .mentions("create         no   the kernel: ENOSPC")
        .mentions("no space, or no quota, is left")
        .never_mentions("Smallest change");
});

scenario!(what_is_immutable_is_not_altered_by_modes, |t| {
    t.tree("dir 0:4242 2770 d");
    let dir = fs::File::open(t.path("d")).unwrap();
    let Ok(flags) = ioctl_getflags(&dir).and_then(|flags| {
        ioctl_setflags(&dir, flags | IFlags::IMMUTABLE)?;
        Ok(flags)
    }) else {
        return skip(&test_name!(), "a file system with immutable files");
    };
    let told = t.run("explain ./d --as 2001:4242");
    ioctl_setflags(&dir, flags).unwrap();
    told.succeeds()
        .mentions("$TREE/d/ is immutable (chattr +i)")
        .mentions("which no mode, group or ACL alters")
        .never_mentions("Smallest change");
});

scenario!(a_path_without_a_policy_has_its_story, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .");
    t.sh("mkdir -m 750 ../elsewhere");
    t.run("explain $DIR/elsewhere -p lab.toml").exits(2).mentions("no tree covers");
    t.run("explain $DIR/elsewhere -p lab.toml --as 2001:4242")
        .succeeds()
        .mentions("No policy covers it")
        .mentions("enter          no   other ---");
});

scenario!(hostile_names_stay_harmless, |t| {
    t.tree("dir 0:4242 2770 a\\x1b[31m\\x20'b\n dir 0:4242 2750 a\\x1b[31m\\x20'b/\\xff");
    let path = fs::read_dir(t.path(".")).unwrap().next().unwrap().unwrap().path();
    let inner = fs::read_dir(&path).unwrap().next().unwrap().unwrap().path();
    let mut command = t.program("explain --as 2001:4242");
    let output = command.arg(&inner).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !text.contains('\x1b'), "{text}");
    assert!(text.contains(r"chmod -- g+w $'"), "{text}");
    let mut command = t.program("explain --as 2001:4242 --format json");
    let output = command.arg(&inner).output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    let told: Value = serde_json::from_str(line.lines().rev().nth(1).unwrap()).unwrap();
    assert_eq!(path_bytes(&told["path"]), inner.as_os_str().as_bytes());
});

scenario!(whoever_is_not_root_asks_about_themselves, |t| {
    t.tree("dir 0:4242 2771 .");
    t.run_as(ALICE, "explain ./ --as 2001:2001").succeeds().mentions("create         yes  group 4242 rwx");
    t.sh("mkdir -m 700 closed; mkdir closed/below");
    t.run_as(ALICE, "explain ./closed/below --as 2001:2001")
        .exits(2)
        .mentions("sgidlint explain $TREE/closed --as 2001:2001");
    let closed = t.run_as(ALICE, "explain ./closed --as 2001:2001");
    closed.succeeds().mentions("enter          no   group 4242 ---").mentions("mode is 2700, should be 2770");
    t.run_as(EVE, "explain $DIR/ --as 2001:2001").exits(2).mentions("only root can ask as");
});

scenario!(what_makes_no_sense_is_refused, |t| {
    t.tree("dir 0:4242 2770 .");
    t.run("explain foreign-group --as 2001:4242").exits(2).mentions("--as is about a path");
    t.run("explain ./ --umask 022").exits(2).mentions("--as");
    for umask in ["", "8", "1777", "u=rwx", "00022"] {
        t.run(&format!("explain ./ --as 2001:4242 --umask '{umask}'")).exits(2).mentions("027");
    }
    t.run("explain ./ --as 2001:4242 --as 2002:4242").exits(2);
    t.run("explain ./ --as a:b:c").exits(2);
    t.run("explain ./ --as root").exits(2).mentions("whom permissions don't stop");
});
