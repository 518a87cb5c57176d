//! Shipped policies against the recipes of their sources, carried out by chgrp, chmod, find and ln.

use crate::scenario;
use crate::scenario::Scenario;
use crate::stage::{ALICE, BOB};
use std::collections::BTreeSet;

#[track_caller]
fn passes(t: &Scenario, policy: &str) {
    t.run(&format!("check . -p {policy}")).succeeds();
}

#[track_caller]
fn is_mended(t: &Scenario, policy: &str) {
    t.run(&format!("check . -p {policy}")).exits(1);
    t.run(&format!("fix -y . -p {policy}")).succeeds();
    passes(t, policy);
}

scenario!(conda_like_hard_links_are_followed_in_the_tree_and_not_out_of_it, |t| {
    let policy = "conda-shared -s group=4242";
    t.tree("dir 0:4242 2770 .");
    t.sh_as(ALICE, "umask 002; mkdir pkgs envs; echo a > pkgs/python; chmod 775 pkgs/python; cp -al pkgs envs/a");
    passes(t, policy);
    t.sh("chgrp 2001 pkgs/python; chmod 0755 pkgs/python");
    is_mended(t, policy);
    t.sh_as(BOB, "echo b >> envs/a/python");
    // The environment of one who isn't of the tree.
    t.sh(&format!("ln pkgs/python {}/home/python; chmod 0755 pkgs/python", t.dir().display()));
    t.run(&format!("fix -y . -p {policy}")).exits(1).mentions("hard-linked");
    assert_eq!(t.sh("stat -c %a pkgs/python").trim(), "755");
});

scenario!(an_image_is_as_openshifts_manual_makes_it, |t| {
    t.tree(
        "dir 2001:2001 0755 .\n dir 2001:2001 0700 logs\n file 2001:2001 0644 app.conf\n link 2001:2001 l -> app.conf",
    );
    // "Support arbitrary user ids": chgrp -R 0 /some/directory && chmod -R g=u /some/directory
    t.sh("chgrp -R 0 . && chmod -R g=u . && chgrp -h 0 l");
    passes(t, "openshift-image");
    t.sh("echo > new; chmod 0640 new; chgrp 2001 logs");
    is_mended(t, "openshift-image");
});

scenario!(a_home_is_as_fix_permissions_leaves_it, |t| {
    t.tree("dir 1000:1000 0755 .\n dir 1000:1000 0755 pkgs\n file 1000:1000 0644 pkgs/a\n file 1000:1000 0755 run");
    // The commands of fix-permissions, with NB_GID=100.
    t.sh("find . ! \\( -group 100 -a -perm -g+rwX \\) -exec chgrp 100 -- {} + -exec chmod g+rwX -- {} +
        find . \\( -type d -a ! -perm -6000 \\) -exec chmod +6000 -- {} +");
    passes(t, "jupyter-stacks");
    t.sh("chmod g-w run; chmod 0755 pkgs; chmod g-s,u-s pkgs; chgrp 0 pkgs");
    is_mended(t, "jupyter-stacks");
});

scenario!(cis_finds_what_the_benchmarks_own_find_does, |t| {
    t.tree(
        "
        dir  0:0       0755 .
        dir  0:0       1777 tmp
        file 2001:2001 0666 tmp/open
        dir  2001:2001 0777 plain
        dir  0:0       2777 plain/setgid
        file 0:0       0644 fine
        file 4711:0    0644 unowned
        file 0:4711    0644 ungrouped
        ",
    );
    // 7.1.11 and 7.1.12: world writable files and directories are secured; no files or directories without an owner and
    // a group.
    let audit = "find . -xdev \\( -type f -perm -0002 \\) -o \\( -type d -perm -0002 ! -perm -1000 \\) \
        -o -nouser -o -nogroup | sed 's,^./,,'";
    let expected: BTreeSet<String> = t.sh(audit).lines().map(str::to_owned).collect();
    let run = t.run("check . -p cis-baseline --format json");
    let findings = run.exits(1).json_of("finding");
    let denied = findings.iter().filter(|finding| finding["level"] == "deny");
    let found: BTreeSet<String> =
        denied.filter_map(|finding| finding["path"]["text"].as_str().map(str::to_owned)).collect();
    // The ids of the tests' users are unknown too.
    assert_eq!(found, expected, "{run}");
    let before = t.stamps();
    t.run("fix -y . -p cis-baseline").exits(3);
    assert_eq!(t.stamps(), before);
});

scenario!(media_are_linked_and_renamed_by_several_programs, |t| {
    t.tree("dir 0:4242 2775 .");
    let policy = "media-library -s group=4242";
    t.sh_as(ALICE, "umask 002; mkdir downloads media; echo a > downloads/a.mkv");
    t.sh_as(BOB, "umask 002; ln downloads/a.mkv media/a.mkv");
    passes(t, policy);
    t.sh("chmod 0600 media/a.mkv; chmod 0755 downloads; chgrp 0 media/a.mkv");
    is_mended(t, policy);
    t.sh_as(BOB, "echo b >> media/a.mkv; rm downloads/a.mkv");
});
