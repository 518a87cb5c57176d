//! What `explain --as` proposes: it adds up for the kernel, gives nobody else anything, and nothing that the policy forbids.

use super::*;

/// What a run proposes in its text: of each paragraph the alternative of this number, or its last.
fn followed(t: &Scenario, told: &Run, pick: usize) -> Vec<String> {
    let mut commands = Vec::new();
    for paragraph in told.stdout().split("\n\n").filter(|paragraph| paragraph.trim_start().starts_with("Smallest")) {
        let mut ways: Vec<Vec<&str>> = Vec::new();
        for line in paragraph.trim_start().lines() {
            match (line.strip_prefix("    "), ways.last_mut()) {
                (Some(command), Some(way)) => way.push(command),
                _ => ways.push(Vec::new()),
            }
        }
        let way = ways.swap_remove(pick.min(ways.len() - 1));
        commands.extend(way.into_iter().map(|command| command.replace("$TREE", t.path(".").to_str().unwrap())));
    }
    commands
}

scenario!(all_that_is_proposed_adds_up_for_the_kernel, own mounts, |t| {
    needs_program!("setfacl", "gpasswd", "chmod");
    own_etc(t);
    for (tree, acls, who, path) in CASES.into_iter().chain([
        // As a program's mkdir with 0700 makes it below a default ACL.
        ("dir 0:4243 2700 d", "setfacl -m u:eve:rwx,g::rwx,m::--- d", "eve", "d"),
        ("dir 0:4242 2700 d", "setfacl -m u:eve:rwx,g::rwx,m::--- d", "alice", "d"),
        ("dir 0:4243 2770 d\n dir 0:4243 2700 d/e", "setfacl -m u:eve:r--,m::--- d/e", "eve", "d/e"),
        // Joining would take the writing that others have.
        ("dir 0:4242 0553 d", "", "eve", "d"),
    ]) {
        for pick in [0, 1] {
            t.sh("find . -mindepth 1 -delete");
            own_groups(t);
            t.tree(tree);
            t.sh(acls);
            let line = format!("explain \"$TREE/{path}\" --as {who}");
            let before = story(&t.run(&format!("{line} --format json")));
            for command in followed(t, &t.run(&line), pick) {
                t.sh(&command);
            }
            let after = story(&t.run(&format!("{line} --format json")));
            let is_had = |act: &Value| act["can"] == true || act["against_policy"] == true;
            let is_all = after["acts"].as_array().unwrap().iter().all(is_had);
            assert!(is_all, "{tree}\n{acls}\n{who} {pick}: {before}\n{after}");
            let group = |story: &Value| story["way"].as_array().unwrap().last().unwrap()["state"]["gid"].clone();
            assert_eq!(group(&before), group(&after));
            if acls.contains("g::rwx") {
                // A member's group gets what its own entry holds; nobody else's does, as the mask hid it.
                let entry = t.sh(&format!("getfacl -cpe {path}"));
                let is_given = entry.lines().any(|line| line.starts_with("group::r"));
                assert_eq!(is_given, who == "alice" && pick == 0, "{entry}");
            }
        }
    }
});

scenario!(nobody_else_gets_anything_by_what_is_proposed_for_one, own mounts, |t| {
    needs_program!("setfacl");
    own_etc(t);
    let acls = [
        "u:bob:rwx,g::rwx,g:devs:rwx,m::r-x",
        "u:bob:rwx,g::r-x,g:devs:-wx,m::---",
        "u:bob:-wx,g:devs:rwx,g:lab:rwx,m::r--",
        "u:bob:r--,g::rw-,m::-w-",
    ];
    for acl in acls {
        let make = |t: &mut Scenario| {
            t.sh("find . -mindepth 1 -delete");
            own_groups(t);
            t.tree("dir 0:4242 2700 d\n file 0:4242 0600 d/f");
            t.sh(&format!("setfacl -m {acl} d; setfacl -m u:bob:r-x d; chmod g-s d; setfacl -m {acl} d/f"));
        };
        for path in ["d", "d/f"] {
            make(t);
            let had = |t: &Scenario| ["bob", "alice", "2009:4242", "@others", "2009:4243"].map(|who| {
                can(&story(&t.run(&format!("explain $TREE/{path} --as {who} --format json"))))
            });
            let before = had(t);
            let told = story(&t.run(&format!("explain $TREE/{path} --as eve --format json")));
            for act in told["acts"].as_array().unwrap() {
                // The last is for her alone.
                let Some(way) = act["changes"].as_array().unwrap().last() else { continue };
                make(t);
                for command in way.as_array().unwrap() {
                    t.sh(&command.as_str().unwrap().replace("$TREE", t.path(".").to_str().unwrap()));
                }
                assert_eq!(had(t), before, "{acl} {path}: {act}");
            }
        }
    }
});

scenario!(nothing_is_proposed_that_the_policy_forbids, own mounts, |t| {
    needs_program!("setfacl", "gpasswd", "chmod");
    own_etc(t);
    for (tree, keys, who, is_barred) in [
        // The sticky bit is wanted, by the mode or by its key.
        ("dir 0:4242 3770 .", "dir-mode = '3770'", "alice", true),
        ("dir 0:4242 3775 .", "sticky = true", "bob", true),
        // Others are to be kept out, and nobody is to write but the owner.
        ("dir 0:4242 2750 .", "dir-mode = '2750'", "alice", true),
        ("dir 0:4242 0750 .", "dir-mode = 'g-w,o='", "eve", true),
        ("dir 0:4242 2750 .", "dir-mode = 'ug=rwx,o='", "alice", false),
    ] {
        own_groups(t);
        t.tree(tree);
        t.policy("own.toml", &policy(&format!("[[tree]]\nroot = '$TREE'\ngroup = 4242\n{keys}")));
        let line = format!("explain ./ -p own.toml --as {who} --umask 007");
        let findings = t.run("check -p own.toml --format json").finding_lines();
        let told = t.run(&line);
        let said = told.stdout().contains("Nothing that the policy allows lets");
        assert_eq!(said, is_barred, "{told}");
        for command in followed(t, &told, 0) {
            t.sh(&command);
        }
        let left = t.run("check -p own.toml --format json").finding_lines();
        assert!(left.lines().all(|line| findings.contains(line)), "{told}\n{left}");
        t.sh("setfacl -b .");
    }
});

scenario!(nobody_is_made_a_member_of_another_group_than_the_shared_one, own mounts, |t| {
    needs_program!("setfacl");
    own_etc(t);
    let joins = |t: &Scenario, policy: &str, who: &str| {
        let told = t.run(&format!("explain ./ {policy} --as {who}"));
        told.stdout().lines().find(|line| line.contains("gpasswd")).map(|line| line.trim().to_owned())
    };
    // devs are named in the ACL, for reasons of their own.
    t.tree("dir 0:4242 2750 .");
    t.sh("setfacl -m g::---,g:devs:r-x,m::r-x .");
    t.policy("own.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 'lab'\ndir-mode = '2750'"));
    assert_eq!(joins(t, "-p own.toml", "alice"), None);
    t.run("explain ./ -p own.toml --as alice").succeeds().mentions("setfacl -m g::--x");
    // A directory of theirs, which the policy wants for lab; and one that isn't shared at all.
    t.sh("setfacl -b .; chgrp devs .; chmod 2750 .");
    assert_eq!(joins(t, "-p own.toml", "alice"), None);
    assert_eq!(joins(t, "", "eve"), Some("gpasswd -a eve devs  # counts from their next login on".into()));
    t.sh("chmod g-s .");
    assert_eq!(joins(t, "", "eve"), None);
    // What a policy shares is joined, setgid or not.
    t.policy("devs.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 'devs'"));
    assert_eq!(joins(t, "-p devs.toml", "eve"), Some("gpasswd -a eve devs  # counts from their next login on".into()));
});
