//! The lints that look beyond an entry's mode: ACLs, what lies above a tree, mounts, and the policy itself.

use crate::lab::{lab, policy};
use crate::stage::{run, skip};
use crate::{needs_program, scenario, test_name};

const NO_FINDINGS: &str = "";

fn tree(keys: &str) -> String {
    policy(&format!("[[tree]]\n{keys}"))
}

scenario!(rules_that_do_nothing_are_named, |t| {
    t.policy("lab.toml", &policy("[[tree]]\ngroup = 4242\n[[tree.rule]]\nmatch = 'no-such/'\ngroup = 4243"));
    t.tree("dir 0:4242 0755 .");
    t.run("check . -p lab.toml --format json").succeeds().finds("warn unused-rule - none");
});

scenario!(rules_that_later_ones_overrule_are_named, |t| {
    let rules = "group = 4242\n[[tree.rule]]\nmatch = 'in/'\ngroup = 4243\n[[tree.rule]]\nmatch = '*'\ngroup = 4242";
    t.policy("lab.toml", &tree(rules));
    t.tree("dir 0:4242 0755 .\n dir 0:4242 0755 in\n file 0:4242 0644 in/f");
    t.run("check . -p lab.toml --format json").succeeds().finds("warn shadowed-rule - none");
    t.run("check . -p lab.toml --deny shadowed-rule").exits(1).mentions("`in/` never decided");
});

scenario!(a_run_that_leaves_something_out_calls_no_rule_unused, |t| {
    let rules = "group = 4242\n[[tree.rule]]\nmatch = 'no-such/'\ngroup = 4243";
    t.policy("lab.toml", &tree(&format!("root = '$TREE'\n{rules}")));
    t.tree("dir 0:4242 0755 .\n dir 0:4242 0755 in");
    t.run("check ./in -p lab.toml --format json").succeeds().finds(NO_FINDINGS);
    t.run("check -p lab.toml --format json").succeeds().finds("warn unused-rule - none");
});

scenario!(risky_rules_are_named_whatever_lies_in_the_tree, |t| {
    t.policy("lab.toml", &tree("dir-mode = '777'"));
    t.tree("dir 0:4242 0777 .");
    t.run("check . -p lab.toml --format json").succeeds().finds("warn risky-rule - none");
});

scenario!(a_directory_above_the_root_that_stops_the_group_is_named, |t| {
    t.policy("lab.toml", &tree("root = '$TREE/home/lab'\ngroup = 4242"));
    t.tree("dir 0:0 0755 .\n dir 0:0 0750 home\n dir 0:4242 0750 home/lab");
    t.run("check -p lab.toml --format json").succeeds().finds("warn unreachable . none");
    t.run("check -p lab.toml").succeeds().mentions("group 4242 can't get here").mentions("/home");
    t.sh("chmod 751 home");
    t.run("check -p lab.toml --format json").succeeds().finds(NO_FINDINGS);
    t.sh("chmod 750 home && chgrp 4242 home");
    t.run("check -p lab.toml --format json").succeeds().finds(NO_FINDINGS);
});

scenario!(an_acl_above_the_root_lets_the_group_pass, |t| {
    t.policy("lab.toml", &tree("root = '$TREE/home/lab'\ngroup = 4242"));
    t.tree("dir 0:0 0755 .\n dir 0:0 0750 home\n dir 0:4242 0750 home/lab");
    if run("setfacl", &["-m", "g:4242:x", t.dir().join("tree/home").to_str().unwrap()]).is_err() {
        return skip(&test_name!(), "setfacl");
    }
    t.run("check -p lab.toml --format json").succeeds().finds(NO_FINDINGS);
});

scenario!(directories_that_the_group_cannot_enter_are_named, |t| {
    t.policy("lab.toml", &tree("group = 4242"));
    t.tree("dir 0:4242 0750 .\n dir 0:4242 0740 closed\n dir 0:4242 0700 private");
    t.run("check . -p lab.toml --format json").succeeds().finds("warn unreachable closed none");
});

scenario!(masks_and_default_acls_are_seen, |t| {
    t.policy("lab.toml", &tree("group = 4242\ndir-mode = 'g=rwx,o='\nfile-mode = 'g=rw,o='"));
    t.tree("dir 0:4242 0770 .\n dir 0:4242 0770 d\n file 0:4242 0660 f");
    let (d, f) = (t.dir().join("tree/d"), t.dir().join("tree/f"));
    if run("setfacl", &["-m", "u:4711:rw,g::r,m::r", f.to_str().unwrap()]).is_err() {
        return skip(&test_name!(), "setfacl");
    }
    run("setfacl", &["-d", "-m", "u:4711:rwx,g::rwx,o::-", d.to_str().unwrap()]).unwrap();
    t.run("check . -p lab.toml --format json")
        .exits(1)
        .finds("deny missing-permission f unsafe:acl\nwarn latent-acl-entry f none\nwarn masked-by-acl f none");
    // Nothing else is wrong with `d`, so that its ACL is asked for only where the policy wants every directory's.
    t.run("check . -p lab.toml --format json --deny wide-default-acl").exits(1).finds(
        "deny wide-default-acl d none\ndeny missing-permission f unsafe:acl\nwarn latent-acl-entry f none\n\
             warn masked-by-acl f none",
    );
    t.run("check . -p lab.toml --deny wide-default-acl").exits(1).mentions("users or groups other than 4242 rwx");
    t.run("check . -p lab.toml").exits(1).mentions("group 4242 really has r--");
});

scenario!(world_writable_with_setgid_has_a_message_of_its_own, |t| {
    t.policy("lab.toml", &tree("group = 4242"));
    t.tree("dir 0:4242 3777 .");
    t.run("check . -p lab.toml").succeeds().mentions("CVE-2018-13405");
});

scenario!(a_missing_setgid_bit_is_no_fault_on_a_grpid_mount, own mounts, |t| {
    let made = t.file_system("ext4").and_then(|()| {
        let tree = t.dir().join("tree");
        run("mount", &["-o", "remount,grpid", tree.to_str().unwrap()]).map_err(|_| "grpid".to_owned())
    });
    if let Err(missing) = made {
        return skip(&test_name!(), &missing);
    }
    t.policy("lab.toml", &tree("group = 4242\nsetgid = true\nexclude = '/lost+found'"));
    t.sh("rm -rf lost+found");
    t.tree("dir 0:4242 0755 .\n dir 0:4242 0755 d");
    t.run("check . -p lab.toml --format json").succeeds().finds(NO_FINDINGS);
    t.run("explain ./d -p lab.toml").succeeds().mentions("grpid");
    let tree = t.dir().join("tree");
    run("mount", &["-o", "remount,nogrpid", tree.to_str().unwrap()]).unwrap();
    t.run("check ./d -p lab.toml --format json").exits(1).finds("deny missing-setgid . safe");
});

scenario!(what_programs_do_is_told_as_the_cause, own mounts, |t| {
    t.accounts("");
    t.policy("lab.toml", &tree("group = 4242\nsetgid = true\ndir-mode = 'g=u,o='\nfile-mode = 'g=u,o='"));
    t.tree("dir 0:4242 2770 .");
    t.sh("mkdir ../alices && chown 2001:2001 ../alices");
    let script = "cd ../alices; mkdir d; touch d/f s; cp -p -r d ../tree/copied; cp -r d ../tree/plain; touch ../tree/made; \
                  tar cf t.tar d; (cd ../tree; tar xpf ../alices/t.tar; mv d unpacked); \
                  f=$(mktemp ../tree/XXXXXX); mv $f ../tree/saved; mv d ../tree/moved; \
                  umask 077; mkdir ../tree/closed";
    t.sh_as(crate::stage::ALICE, script);
    let found = t.run("check . -p lab.toml --format json");
    let lines = found.exits(1).json_of("finding");
    let cause = |path: &str| {
        let of_path = lines.iter().filter(|line| line["path"]["text"] == path);
        of_path.filter_map(|line| line["cause"].as_str()).next().unwrap_or("none").to_owned()
    };
    for (path, expected) in [
        ("moved", "moved-or-synced"),
        ("moved/f", "moved-or-copied"),
        ("copied", "copied"),
        ("copied/f", "moved-or-copied"),
        ("plain", "umask-or-mode"),
        ("plain/f", "umask-or-mode"),
        ("made", "umask-or-mode"),
        ("unpacked", "mode-set-by-program"),
        ("saved", "saved-privately"),
        ("closed", "umask-or-mode-private"),
    ] {
        assert_eq!(cause(path), expected, "{path}\n{found}");
    }
    t.run("explain ./moved -p lab.toml").mentions("Probable cause").mentions("(mv, rsync -a)");
});

scenario!(below_a_default_acl_no_umask_is_blamed, own mounts, |t| {
    needs_program!("setfacl", "perl");
    t.accounts("");
    t.policy("lab.toml", &tree("group = 4242\nsetgid = true\ndir-mode = 'g=u,o='\nfile-mode = 'g=u,o='"));
    t.tree("dir 0:4242 2770 .\n dir 0:4242 2770 plain");
    t.sh("chmod o-rwx . && setfacl -d -m u::rwx,g::rwx,o::--- .");
    let make = "umask 022; perl -e 'mkdir \"private\", 0700; mkdir \"open\", 0750; mkdir \"plain/private\", 0700; \
                mkdir \"set\"; chmod 0770, \"set\"; open F, \">\", \"f\"; chmod 0640, \"f\"'";
    t.sh_as(crate::stage::ALICE, make);
    let found = t.run("check . -p lab.toml --format json");
    let causes: Vec<String> = found.exits(1).json_of("finding").iter().filter(|line| !line["cause"].is_null()).map(|line| format!("{} {}", line["path"]["text"], line["cause"]).replace('"', "")).collect();
    let expected = ["f mode-asked-for", "open mode-asked-for", "plain/private umask-or-mode-private", "private mode-asked-for", "set mode-set-by-program"];
    assert_eq!(causes, expected, "{found}");
    t.run("explain ./private -p lab.toml").mentions("Probable cause").never_mentions("umask");
});

scenario!(members_who_get_there_through_another_group_do, own mounts, |t| {
    t.tree("dir 0:0 0755 .\n dir 0:4402 0750 way\n dir 0:4401 2770 way/in");
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE/way/in'\ngroup = 4401\nsetgid = true\ndir-mode = '2770'"));
    let unreachable = "warn unreachable . none";
    let strangers = t.run("check -p lab.toml --format json");
    strangers.succeeds().finds(unreachable);
    t.accounts("team:x:4401:alice,bob\nstaff:x:4402:alice,bob,eve\n");
    t.run("check -p lab.toml --strict --format json").succeeds().finds("");
});

scenario!(members_who_do_not_get_there_are_named, own mounts, |t| {
    t.tree("dir 0:0 0755 .\n dir 0:4402 0750 way\n dir 0:4401 2770 way/in");
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE/way/in'\ngroup = 4401\nsetgid = true\ndir-mode = '2770'"));
    t.accounts("team:x:4401:alice,bob\nstaff:x:4402:alice\n");
    t.run("check -p lab.toml --format json").succeeds().finds("warn unreachable . none");
    t.run("check -p lab.toml").mentions("some members of group team can't get here: bob (at $TREE/way)");
});

scenario!(a_group_of_which_nobody_gets_there_is_told_of, own mounts, |t| {
    t.tree("dir 0:0 0755 .\n dir 0:4402 0750 way\n dir 0:4401 2770 way/in");
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE/way/in'\ngroup = 4401\nsetgid = true\ndir-mode = '2770'"));
    t.accounts("team:x:4401:alice,bob\nstaff:x:4402:eve\n");
    t.run("check -p lab.toml").succeeds().mentions("group team can't get here: $TREE/way lets it not pass (mode 0750, group staff)");
});

scenario!(a_wrong_group_that_is_excepted_is_given_nothing_by_itself, |t| {
    t.tree("dir 0:4242 2775 .\ndir 0:4343 0755 up\nfile 0:4343 0644 up/f\nfile 0:4242 0644 g");
    let excepted = "[[exception]]\npath = 'up'\nlints = ['foreign-group']\nreason = 'theirs'";
    t.policy("lab.toml", &lab(""));
    t.policy("excepted.toml", &lab(excepted));
    // What else is wrong there is said; what would give more to that group is only made where it is asked for.
    for words in [
        "-p lab.toml --allow foreign-group",
        "-p lab.toml --allow foreign-group --allow spreading-group",
        "-p excepted.toml",
    ] {
        t.run(&format!("check . {words}"))
            .exits(1)
            .mentions("up/: deny: setgid is missing")
            .mentions("up/f: deny: mode is 0644");
        t.run(&format!("fix -y -q . {words}")).exits(1);
        t.holds("dir 0:4242 2775 .\nfile 0:4242 0664 g\ndir 0:4343 0755 up\nfile 0:4343 0644 up/f");
    }
    t.run("fix -y -q . -p excepted.toml --unsafe-fixes=missing-permission,missing-setgid").succeeds();
    t.holds("dir 0:4242 2775 .\nfile 0:4242 0664 g\ndir 0:4343 2775 up\nfile 0:4343 0664 up/f");
});
