//! Public reports of people who share directories, rebuilt with users and groups: what went wrong is found, told by what
//! it is, and mended so that what they wanted to do then works.

use crate::lab::{lab, policy};
use crate::scenario;
use crate::scenario::Scenario;
use crate::stage::{ALICE, BOB, EVE, User, as_user};
use crate::xattr::{self, ACCESS_ACL, DEFAULT_ACL};
use std::process::{Command, Stdio};

/// Whether a script works for a user, in the tree.
fn works(t: &Scenario, user: User, script: &str) -> bool {
    let status = as_user(user, || {
        // Who can't even enter the tree can do nothing there.
        let script = format!("cd '{}'; {script}", t.path(".").display());
        let mut command = Command::new("sh");
        command.args(["-ec", &script]).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("a shell")
    });
    status.success()
}

/// Holds that bob can't do it, that there is something to mend, and that he can once it is mended.
#[track_caller]
fn lets_bob(t: &Scenario, script: &str) {
    assert!(!works(t, BOB, script), "bob could before: {script}");
    t.run("check . -p lab.toml").exits(1);
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("check . -p lab.toml --format json").succeeds().finds("");
    assert!(works(t, BOB, script), "bob can't: {script}");
}

// https://github.com/aptly-dev/aptly/issues/1200: mkdir with 0755 whatever the umask, which nobody can tell from umask 022.
scenario!(what_a_program_makes_0755_is_opened_to_the_group, own mounts, |t| {
    t.accounts("");
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 0:4242 2775 .");
    t.sh_as(ALICE, "umask 002; mkdir db; chmod 0755 db; touch db/index");
    t.run("check . -p lab.toml --format json").exits(1).finds("deny missing-permission db safe");
    lets_bob(t, "touch db/lock");
});

// https://github.com/linuxmint/nemo/issues/956: folders that a file manager copied in without setgid, and what was made there.
scenario!(what_is_made_below_a_copied_folder_gets_its_makers_group, own mounts, |t| {
    t.accounts("");
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 0:4242 2775 .");
    t.sh_as(ALICE, "umask 022; mkdir trip; chmod g-s trip; mkdir trip/day1; touch trip/day1/photo");
    t.run("check . -p lab.toml --format json").exits(1).finds(
        "
        deny missing-setgid     trip           safe
        deny missing-permission trip           safe
        deny foreign-group      trip/day1      safe
        deny missing-setgid     trip/day1      safe
        deny missing-permission trip/day1      safe
        deny foreign-group      trip/day1/photo safe
        deny missing-permission trip/day1/photo safe
        ",
    );
    lets_bob(t, "touch trip/day2; echo x >>trip/day1/photo");
});

// https://github.com/heketi/heketi/issues/611: a volume given to a group by 0775 without setgid.
scenario!(a_volume_of_a_group_without_setgid_keeps_it_for_one_level, own mounts, |t| {
    t.accounts("");
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 0:4242 0775 .");
    t.sh_as(ALICE, "umask 002; mkdir results; touch results/a");
    assert!(works(t, BOB, "touch mine"), "on the first level all is well");
    t.run("explain $TREE/results -p lab.toml").mentions("group").mentions("alice");
    lets_bob(t, "touch results/b; echo x >>results/a");
    t.sh_as(BOB, "umask 002; mkdir results/next");
    assert!(works(t, ALICE, "touch results/next/c"), "what is made now is the group's too");
});

// https://github.com/charmbracelet/git-lfs-transfer/issues/46: objects of mode 0001, from a `1` taken for octal.
scenario!(objects_that_only_others_may_execute_are_no_objects, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 lfs\n dir 0:4242 2775 lfs/objects\n file 2001:4242 0001 lfs/objects/4d7a");
    assert!(!works(t, BOB, "cat lfs/objects/4d7a") && !works(t, ALICE, "cat lfs/objects/4d7a"));
    t.run("fix -y . -p git-bare -s group=lab --unsafe-fixes").succeeds();
    assert!(works(t, ALICE, "cat lfs/objects/4d7a") && works(t, BOB, "cat lfs/objects/4d7a"));
    t.run("check . -p git-bare -s group=lab --format json").succeeds().finds("");
});

// https://github.com/conda/conda/issues/7227: a package cache whose index files are made with umask 022.
scenario!(a_package_cache_is_for_all_who_install_into_it, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .");
    t.sh_as(ALICE, "umask 022; mkdir -p pkgs/cache; touch pkgs/urls pkgs/urls.txt pkgs/cache/497deca9.json");
    assert!(!works(t, BOB, "echo x >>pkgs/urls.txt"));
    t.run("check . -p conda-shared -s group=lab").exits(1).mentions("the group can't write");
    t.run("fix -y . -p conda-shared -s group=lab").succeeds();
    assert!(works(t, BOB, "echo x >>pkgs/urls.txt; echo {} >pkgs/cache/497deca9.json; touch pkgs/cache/new"));
    t.run("check . -p conda-shared -s group=lab --format json").exits(1);
});

// https://github.com/conda/conda/issues/4521: chmod(2) of an installer takes from what a default ACL gave.
scenario!(a_mode_that_an_installer_sets_is_the_mask_of_the_acl, own mounts, |t| {
    t.accounts("");
    t.policy("lab.toml", &policy("[[tree]]\ndir-mode = 'ug+rwx,g+s'\nfile-mode = 'ug+rw'"));
    t.tree("dir 2001:4242 2775 .");
    assert!(xattr::set(&t.path("."), DEFAULT_ACL, &xattr::acl(7, Some(2003), 7, 0)), "tmpfs has ACLs");
    t.sh_as(ALICE, "touch by-touch; touch by-conda; chmod 644 by-conda");
    t.run("check . -p lab.toml --format json --warn masked-by-acl")
        .exits(1)
        .mentions("by-conda")
        .never_mentions("\"by-touch\"");
});

// https://github.com/conda/conda/issues/12829: packages unpacked with the modes in them, writable for everybody.
scenario!(packages_that_everybody_may_write_are_found, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2755 .\n dir 0:4242 2777 pkg\n file 0:4242 0666 pkg/lib.py\n file 0:4242 0777 pkg/run");
    assert!(works(t, EVE, "echo 'import os' >>pkg/lib.py"));
    let run = t.run("check . -p conda-env -s group=lab --format json");
    run.exits(1).mentions("world-writable").mentions("pkg/lib.py").mentions("pkg/run");
    t.run("fix -y . -p conda-env -s group=lab").succeeds();
    assert!(!works(t, EVE, "echo x >>pkg/lib.py") && works(t, BOB, "cat pkg/lib.py && test -x pkg/run"));
});

// https://github.com/nebari-dev/nebari/pull/442: a shared folder at 0777, and 2777 proposed for it.
scenario!(a_shared_folder_for_everybody_is_told_to_be_that, own mounts, |t| {
    t.accounts("");
    t.policy("open.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 'lab'\nsetgid = true\ndir-mode = '777'"));
    t.run("policy check open.toml --format json").finds("warn risky-rule - none");
    t.tree("dir 0:4242 2777 .");
    assert!(works(t, ALICE, "touch hers") && works(t, EVE, "rm -f hers"), "nothing keeps anybody from removing it");
    t.run("check . -p samba-share -s group=lab --format json").exits(1).mentions("world-writable");
    t.run("fix -y . -p samba-share -s group=lab").succeeds();
    assert!(works(t, ALICE, "touch hers") && !works(t, EVE, "rm -f hers"));
});

// https://github.com/actions/checkout/issues/164: a step in a container fetched as root, the next one can't write.
scenario!(what_a_container_made_as_root_is_told_by_that, own mounts, |t| {
    t.accounts("");
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 2001:4242 2775 .\n dir 2001:4242 2775 objects\n dir 0:0 0755 objects/4b\n file 0:0 0444 objects/4b/825d");
    assert!(!works(t, ALICE, "touch objects/4b/new"));
    t.run("check . -p lab.toml --format json").exits(1).mentions("\"cause\":\"made-by-root\"");
    lets_bob(t, "touch objects/4b/new");
});

// https://github.com/ansible/ansible/issues/26796: setfacl -R -m u:USER:rw makes a mask, which ls shows as the group's bits.
scenario!(a_mask_that_shows_as_the_groups_bits_is_told_to_be_one, own mounts, |t| {
    t.accounts("");
    t.policy("lab.toml", &policy("[[tree]]\nfile-mode = 'g=r,o=r'"));
    t.tree("dir 0:4242 2755 .\n file 0:4242 0644 test_file1");
    assert!(xattr::set(&t.path("test_file1"), ACCESS_ACL, &xattr::acl(4, Some(2001), 6, 4)), "tmpfs has ACLs");
    assert!(works(t, ALICE, "echo x >>test_file1") && !works(t, BOB, "echo x >>test_file1"));
    t.run("check . -p lab.toml --format json").mentions("masked-by-acl");
    t.run("fix -y . -p lab.toml").exits(1).mentions("the mask of its ACL takes from user alice");
    assert!(works(t, ALICE, "echo x >>test_file1"), "nobody whom the ACL names loses by a safe fix");
});

scenario!(every_report_tells_what_a_run_is_to_be_doubted_for, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .");
    t.sh("printf '' >../none; chmod 666 ../lab.toml");
    let doubts = ["root can't rely on this policy", "names no path, so nothing was looked at"];
    for format in ["json", "sarif", "junit", "github"] {
        let run = t.run(&format!("check -q -p lab.toml --paths-from $DIR/none --format {format}"));
        let told = run.succeeds().stdout().replace("&apos;", "'");
        for doubt in doubts {
            assert!(told.contains(doubt), "{format}: {doubt}: {told}");
        }
    }
    let github = t.run("check -q -p lab.toml --format github");
    assert!(github.succeeds().stdout().starts_with("::warning title=sgidlint::"), "{github}");
    let junit = t.run("check -q -p lab.toml --format junit");
    assert!(
        junit.succeeds().stdout().contains(r#"name="the check: warning 1" time="0"><system-out>warn: "#),
        "{junit}"
    );
    assert!(junit.stdout().contains(r#"tests="2" failures="0" errors="0""#), "{junit}");
});
