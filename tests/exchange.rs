//! `policy import`: what other programs write of permissions becomes a policy, which finds nothing where they wrote it.

use crate::scenario::Scenario;
use crate::{needs_program, scenario};

/// A tree with names that mean something to patterns, to TOML and to the programs that list it.
fn tree(t: &mut Scenario) {
    t.tree(
        "
        dir  0:4242    2775 .
        dir  2001:4242 2755 runs
        file 2001:2001 0644 runs/a
        file 2001:2001 0644 runs/b
        file 2001:2001 0600 runs/c
        dir  2001:4242 1777 {x}
        file 7:7       4755 {x}/su
        fifo 0:0       0640 {x}/fifo
        dir  0:0       0700 lost+found
        file 0:0       0604 lost+found/f
        link 5:6 link -> /etc
        ",
    );
    t.sh("touch 'a*b' '[x]' '?' '!x' '#x' ' lead' 'end ' 'b\\s' \"$(printf 'tab\\t')\" \"$(printf 'new\\nline')\" 'q\"q'; chmod 640 *x*; mkdir tree; touch tree/f; mkdir .ssh; touch .ssh/id");
}

/// Imports what a script writes to `$DIR/source`, and holds that a check by it finds nothing.
#[track_caller]
fn finds_nothing(t: &mut Scenario, make: &str, import: &str) -> String {
    let dir = t.dir().display().to_string();
    t.sh(&format!("DIR={dir}; TREE={dir}/tree; {make}"));
    let run = t.run(&format!("policy import {import}"));
    run.succeeds();
    let policy = run.stdout().to_owned();
    t.policy("imported.toml", &policy);
    t.run("policy check imported.toml").succeeds();
    t.run("check -p imported.toml --format json").exits(0).finds("");
    // It holds the tree: what differs from it is found.
    t.sh("chmod 4711 runs/b; chgrp 9 link runs");
    let run = t.run("check -p imported.toml --format json");
    let found: Vec<String> =
        run.exits(1).json_of("finding").iter().map(|found| found["path"]["text"].to_string()).collect();
    for path in ["link", "runs", "runs/b"] {
        // A dump of ACLs lists no links.
        assert!(found.contains(&format!("{path:?}")) || path == "link", "{path}: {found:?}");
    }
    t.sh("chgrp -h 6 link; chgrp 4242 runs; chmod 644 runs/b");
    policy
}

scenario!(what_mtree_lists_is_imported_whole, |t| {
    needs_program!("mtree");
    tree(t);
    let make = "mtree -c -k type,mode,uid,gid -p $TREE > $DIR/source";
    let policy = finds_nothing(t, make, "mtree $DIR/source $TREE");
    assert!(policy.contains("[[tree.rule]]                  # $DIR/source:"), "{policy}");
    // Of what isn't listed nothing is said, but where what prevails is asked for.
    t.sh("touch runs/new; chmod 0666 runs/new; chown 2001:2001 runs/new");
    t.run("check -p imported.toml --format json").finds("");
    t.run("policy import mtree $DIR/source").exits(2).mentions("name the directory that they begin at");
    t.sh("rm runs/new");
    finds_nothing(t, "true", "mtree $DIR/source $TREE --prevailing");
    t.sh("touch runs/new; chmod 0666 runs/new; chown 2001:2001 runs/new");
    t.run("check -p imported.toml --format json")
        .finds("deny excess-permission runs/new safe\nwarn world-writable runs/new none");
});

scenario!(what_bsdtar_and_getfacl_list_is_imported_whole, |t| {
    needs_program!("bsdtar", "getfacl", "setfacl");
    tree(t);
    let make = "bsdtar -cf $DIR/source --format=mtree --options='mtree:!all,type,mode,uid,gid' -C $TREE .";
    finds_nothing(t, make, "mtree $DIR/source $TREE");
    t.sh("setfacl -m u:2002:rw,g:4243:r runs/a; setfacl -m d:u:2002:rwx,u:2002:rwx runs");
    finds_nothing(t, "cd /; getfacl -nR $TREE > $DIR/source 2> /dev/null", "getfacl $DIR/source");
    finds_nothing(t, "cd $TREE; getfacl -nR . > $DIR/source", "getfacl $DIR/source $TREE --prevailing");
    t.sh("setfacl -m m::r runs/a; getfacl -nR . > ../source");
    let run = t.run("policy import getfacl $DIR/source $TREE").stdout().to_owned();
    t.policy("imported.toml", &run);
    t.run("check -p imported.toml --allow latent-acl-entry --format json").exits(0).finds("");
    assert!(run.contains("acl = [\"u:2002:r--\", \"g:4243:r--\"]"), "what the mask keeps back nobody has: {run}");
});

scenario!(a_whole_share_comes_to_a_few_rules, |t| {
    needs_program!("mtree");
    t.tree("dir 0:0 0755 .");
    t.sh("mtree -c -k type,mode,uid,gid -p /usr/share/doc > ../source");
    let run = t.run("policy import mtree $DIR/source /usr/share/doc --prevailing");
    let rules = run.succeeds().stdout().matches("[[tree.rule]]").count();
    t.policy("imported.toml", run.stdout());
    let run = t.run("check -p imported.toml --format json");
    run.finds("");
    let entries = run.end()["entries"].as_u64().unwrap();
    assert!(entries > 1000 && (rules as u64) < entries / 4, "{rules} rules of {entries} entries");
});

scenario!(what_systemd_tmpfiles_makes_is_as_the_import_says, |t| {
    needs_program!("systemd-tmpfiles");
    t.tree("dir 0:0 0755 .\ndir 9:9 0700 old\nfile 9:9 0666 old/x.log\nfile 9:9 0666 old/.x.log\nfile 9:9 0666 old/y");
    t.file(
        "t.conf",
        "d $TREE/new 2775 0 4242 10d\nd \"$TREE/two words\" 0711 7 - -\nf $TREE/new/f 0640 0 4242 - text\nz $TREE/old/*.log 0640 0 4242\n\
         p $TREE/fifo 0620 0 4242\nz $TREE/old 1777 - -\nd $TREE/new 0700\nL $TREE/l - - - - /etc\nd $TREE/%b 0700\nd $TREE/colon :0700 4242 - -\n\
         Z $TREE/new ~2770 0 4242\n# nothing\n\nz $TREE/gone 0600 nobody-here -\n",
    );
    let run = t.run("policy import tmpfiles.d $DIR/t.conf");
    for lost in [
        "t.conf:7: an earlier line is about the same path",
        "t.conf:8: `L` says nothing of owners and modes",
        "t.conf:9: `%b` is another on each machine",
        "t.conf:10: its mode is only for what is made",
        "t.conf:11: its mode depends on what each entry has",
    ] {
        run.exits(1).mentions(lost);
    }
    assert_eq!(run.stderr().lines().count(), 5, "{run}");
    t.policy("imported.toml", run.stdout());
    t.run("policy check imported.toml").succeeds();
    t.run("check -p imported.toml --format json").exits(1);
    t.sh("sed -i '/gone/d;/~/d' ../t.conf; systemd-tmpfiles --create \"$(realpath ../t.conf)\"");
    assert_eq!(
        t.sh("stat -c %a:%u:%g new fifo old/x.log old/.x.log").replace('\n', " "),
        "2775:0:4242 620:0:4242 640:0:4242 666:9:9 "
    );
    let run = t.run("check -p imported.toml --format json");
    run.exits(0).finds("");
    assert_eq!(run.end()["unknown_accounts"], 1);
});

scenario!(debians_own_tmpfiles_come_to_a_policy_that_tells_every_line_it_loses, |t| {
    if !std::path::Path::new("/usr/lib/tmpfiles.d").is_dir() {
        return crate::stage::skip(&crate::test_name!(), "/usr/lib/tmpfiles.d");
    }
    t.tree("dir 0:0 0755 .");
    let run = t.run("policy import tmpfiles.d /usr/lib/tmpfiles.d");
    t.policy("imported.toml", run.stdout());
    t.run("policy check imported.toml").succeeds();
    let said =
        run.stdout().lines().filter_map(|line| line.split_once("# /usr/lib/")).map(|(_, place)| place.to_owned());
    let lost = run
        .stderr()
        .lines()
        .filter_map(|line| line.split_once("/usr/lib/"))
        .map(|(_, rest)| rest.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"));
    let told: std::collections::BTreeSet<String> = said.chain(lost).collect();
    let lines = t.sh("grep -hcE '^[[:space:]]*[^#[:space:]]' /usr/lib/tmpfiles.d/*.conf | paste -sd+ | bc");
    assert_eq!(told.iter().filter(|place| place.contains(".conf:")).count().to_string(), lines.trim());
});

scenario!(lists_of_paths_are_imported_literally, |t| {
    t.tree("dir 0:0 0755 .\nfile 0:0 0755 su\\x20file\ndir 0:0 0755 d\nfile 0:0 0755 other");
    t.file("over", "root #33 4750 $TREE/su file\n#7 0 2775 $TREE/d\nroot root 0644 relative\nroot root u+x $TREE/x\n");
    let run = t.run("policy import dpkg-statoverride $DIR/over");
    run.exits(1).mentions("over:3: its path isn't absolute").mentions("over:4: `u+x` is no mode");
    assert!(run.stdout().contains("group = 33") && run.stdout().contains("match = \"/su\\\\ file\""), "{run}");
    t.file("profile", "# permctl\n$TREE/d/ 0:4242 2775\n  +capabilities cap_net_raw=ep\n%{p}/x root:root 0755\n$TREE/other 0:0 0700\n");
    let run = t.run("policy import permctl $DIR/profile");
    run.exits(1).mentions("profile:3: file capabilities").mentions("profile:4: variables");
    t.policy("imported.toml", run.stdout());
    t.run("check -p imported.toml --format json").finds(
        "deny foreign-group d safe\ndeny missing-setgid d safe\ndeny missing-permission d safe\ndeny excess-permission other safe",
    );
    for (format, file) in [("permctl", "over"), ("getfacl", "profile"), ("zip", "over"), ("permctl", "gone")] {
        t.run(&format!("policy import {format} $DIR/{file}")).exits(2);
    }
});

scenario!(shares_of_samba_become_trees_and_expectations, |t| {
    needs_program!("testparm");
    t.tree("dir 0:0 2770 .\ndir 0:0 2770 lab\ndir 0:0 2771 lab/d\nfile 0:0 0764 lab/f\ndir 0:0 0755 ro\nfile 0:0 0777 ro/f");
    t.file(
        "smb.conf",
        "[lab]\npath = $TREE/lab\ncreate mask = 0660\nforce create mode = 0060\ndirectory mask = 2770\nforce directory mode = 2070\n\
         valid users = @lab, ann\nread only = no\n[ro]\npath = $TREE/ro\n[each]\npath = /srv/%U\n[same]\npath = $TREE/same\ninherit permissions = yes\n",
    );
    t.sh("testparm -sv ../smb.conf > ../source 2> /dev/null");
    let run = t.run("policy import smb.conf $DIR/source");
    run.exits(1).mentions("[each]: its path").mentions("[same]: modes are those of the directory above");
    let text = run.stdout();
    for said in [
        "dir-mode = \"g+rwx,o-rwx\"",
        "as     = [\":lab\", \"ann\"]",
        "file-mode = \"g-wx,o-wx\"",
        "dir-mode = \"g-w,o-w\"",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    t.policy("imported.toml", text);
    t.run("policy check imported.toml").succeeds();
    t.sh("mkdir same");
    t.run("check -p imported.toml --format json").exits(1).finds(
        "deny excess-permission d safe\ndeny excess-permission f safe\ndeny excess-permission f safe\nwarn world-writable f none",
    );
});
