//! Names that members choose, and files that they can write: none of them decides what root does.

use crate::lab::{FLAWED, lab, policy};
use crate::stage::ALICE;
use crate::{needs_program, scenario};

/// A tree of each project, whose name is its group's.
const PROJECTS: &str = "[[tree]]\nroot = '$TREE/{project}'\ngroup = '{project}'\nsetgid = true";

scenario!(captured_names_choose_no_group_but_their_own, own mounts, |t| {
    // The names of groups are anybody's, so the file has some that a name of a directory must not reach.
    t.accounts("shadow:x:42:\n4242x:x:5001:\n.hidden:x:5002:\n-dash:x:5003:\nUpper:x:5004:\nab.c:x:5005:\n");
    t.policy("projects.toml", &policy(PROJECTS));
    t.tree(
        r"
        dir  0:0 0755 lab
        dir  0:0 0755 0
        dir  0:0 0755 42
        dir  0:0 0755 shadow
        dir  0:0 0755 root
        dir  0:0 0755 @root
        dir  0:0 0755 @parent
        dir  0:0 0755 .hidden
        dir  0:0 0755 .ssh
        dir  0:0 0755 -dash
        dir  0:0 0755 ...
        dir  0:0 0755 Upper
        dir  0:0 0755 ab.c
        dir  0:0 0755 lab\n
        dir  0:0 0755 {project}
        dir  0:0 0755 nosuch
        dir  0:0 0755 4242
        dir  0:0 0755 4242x
        file 0:0 0644 alice
        link 0:0 bob -> lab
        ",
    );
    let fix = t.run("fix -y -p projects.toml --format json");
    let changed = fix.fails().json_of("outcome");
    assert_eq!(changed.len(), 4, "{fix}");
    let changed = t.sh("find . ! -gid 0 -printf '%p %G %m\\n' | sort");
    assert_eq!(changed, "./4242x 5001 2755\n./Upper 5004 2755\n./ab.c 5005 2755\n./lab 4242 2755\n");
});

scenario!(captures_below_what_others_can_write_are_refused, own mounts, |t| {
    t.accounts("");
    t.policy("projects.toml", &policy(&PROJECTS.replace("$TREE", "$TREE/open")));
    t.tree("dir 0:4242 2775 open\n dir 2001:2001 0755 open/lab\n dir 2001:2001 0755 open/eve");
    t.run("fix -y -p projects.toml").exits(3);
    t.run("fix -y -p projects.toml --trust-parents").exits(3);
    t.holds_first_tree();
});

scenario!(orders_below_a_directory_that_others_can_write_are_refused, |t| {
    t.tree(FLAWED);
    t.sh("mkdir -m 0775 ../shared; chgrp 4242 ../shared; mkdir -m 0755 ../shared/sub; mkdir ../alices; chown 2001 ../alices");
    t.policy("lab.toml", &lab(""));
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    for place in ["shared", "shared/sub", "alices"] {
        t.sh(&format!("cp ../plan ../lab.toml ../{place}"));
        t.run(&format!("fix -y . -p $DIR/{place}/lab.toml")).exits(2).mentions(place);
        t.run(&format!("plan . -p $DIR/{place}/lab.toml -o $DIR/plan2")).exits(2).mentions(place);
        t.run(&format!("apply -y $DIR/{place}/plan")).exits(2).mentions(place);
        t.run(&format!("check . -p $DIR/{place}/lab.toml")).exits(1).mentions(&format!("$DIR/{place}"));
        t.holds_first_tree();
    }
    t.sh("ln -s lab.toml ../link.toml; ln -s plan ../link");
    t.run("fix -y . -p $DIR/link.toml").exits(2).mentions("symbolic link");
    t.run("apply -y $DIR/link").exits(2).mentions("symbolic link");
    t.holds_first_tree();
});

scenario!(what_others_have_a_hand_in_is_told_quiet_or_not, |t| {
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 fine");
    t.sh("mkdir -m 0777 ../open");
    t.policy("open/lab.toml", &lab(""));
    t.policy("open/root.toml", &policy("[[tree]]\nroot = '$TREE'"));
    t.policy("lab.toml", &lab(""));
    t.run("check -q . -p $DIR/lab.toml").succeeds().is_silent();
    let warned = |options: &str, why: &str| {
        let run = t.run(&format!("check -q . {options}"));
        assert!(run.succeeds().stderr().contains(why), "{run}");
        let run = t.run(&format!("check -q . {options} --format json"));
        let told = run.succeeds().json_of("warning");
        assert!(told.iter().any(|line| line["message"].as_str().is_some_and(|text| text.contains(why))), "{run}");
    };
    warned("-p $DIR/open/lab.toml", "root can't rely on this policy");
    t.run("diff -q . -p $DIR/open/lab.toml").succeeds().mentions("root can't rely on this policy");
    t.run("probe -q --as 2001:2001 -p $DIR/open/root.toml").mentions("root can't rely on this policy");
    t.run("check -q . -p lab.toml --write-baseline $DIR/open/known").succeeds();
    warned("-p lab.toml --baseline $DIR/open/known", "root can't rely on this baseline");
    t.sh("chmod 777 ..");
    warned("-p lab.toml", "fix would refuse this root");
});

scenario!(root_of_a_user_namespace_vouches_for_what_nobody_there_owns, |t| {
    needs_program!("unshare");
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 0\nsetgid = true"));
    t.tree("dir 2001:2001 0755 .\n dir 2001:2001 0755 data");
    t.sh("install -d -o 2001 -g 2001 -m 0700 ../own; chmod 0755 ..");
    let inside = |line: &str| t.run_under("setpriv --reuid 2001 --regid 2001 --clear-groups unshare -r", line);
    let run = inside("fix -y -p lab.toml --state-dir $DIR/own");
    if run.stderr().contains("unshare failed") || !run.stderr().contains("user namespace") {
        assert!(!run.stderr().contains("sgidlint"), "{run}");
        return crate::stage::skip("root_of_a_user_namespace", "user namespaces");
    }
    run.exits(2).mentions("--trust-parents").mentions("--state-dir");
    t.holds_first_tree();
    inside("fix -y -p lab.toml --state-dir $DIR/own --trust-parents").succeeds();
    assert_eq!(t.sh("stat -c %a . data"), "2755\n2755\n");
    inside("undo -y --state-dir $DIR/own --trust-parents").succeeds();
    t.holds_first_tree();
    // What others can write stays so, whoever owns it.
    t.sh("chmod 0666 ../lab.toml");
    inside("fix -y -p lab.toml --state-dir $DIR/own --trust-parents").exits(2).mentions("can be written by others");
});

// Who is in two groups can rename another's file from one tree into the other, where its group is theirs, too.
scenario!(a_private_file_renamed_into_another_tree_stays_private, own mounts, |t| {
    t.accounts("two:x:5001:bob\n");
    let tree = |name: &str, group: &str| {
        format!("[[tree]]\nroot = '$TREE/{name}'\ngroup = '{group}'\nsetgid = true\ndir-mode = 'g=u'\nfile-mode = 'g=u'\n")
    };
    t.policy("both.toml", &policy(&(tree("one", "lab") + &tree("two", "two"))));
    t.tree("dir 0:4242 2770 one\n dir 0:5001 2770 two");
    t.sh_as(ALICE, "umask 077; echo secret >one/diary; umask 022; echo lab >one/notes");
    let bob = crate::stage::User { uid: 2002, gid: 2002, groups: &[4242, 5001] };
    t.sh_as(bob, "mv one/diary one/notes two");
    t.run("fix -y -p both.toml").exits(1);
    assert_eq!(t.sh("stat -c '%G %a' two/diary two/notes"), "lab 600\nlab 644\n");
    t.run("check -p both.toml --format json").exits(1).finds(
        "
        deny foreign-group      diary unsafe:private
        deny missing-permission diary unsafe:private
        deny foreign-group      notes unsafe:outsider
        deny missing-permission notes unsafe:outsider
        ",
    );
});
