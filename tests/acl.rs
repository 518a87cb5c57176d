//! ACLs through a fix and its undo: every entry of every ACL stays as it was, told by getfacl(1) before and after.

use crate::lab::{lab, policy};
use crate::{needs_program, scenario};

/// All ACLs of the tree, as getfacl prints them.
const ACLS: &str = "getfacl -R --numeric . 2>/dev/null";

scenario!(acls_stay_as_they_were_through_fix_and_undo, |t| {
    needs_program!("getfacl", "setfacl");
    t.policy(
        "lab.toml",
        &policy("[[tree]]\ngroup = 4242\nsetgid = true\ndir-mode = 'u=rwx,g=u,o='\nfile-mode = 'g=u,o='"),
    );
    t.tree(
        "
        dir  0:4242 2775 .
        dir  0:4242 2775 named
        file 0:0    0640 named/f
        dir  0:4242 2775 masked
        dir  0:0    0755 default
        file 0:4242 0664 restrictive
    ",
    );
    t.sh("setfacl -m u:2001:rwx,g:4300:r-x named; setfacl -m u:2001:r-- named/f");
    t.sh("setfacl -m u:2002:rwx,m::r-x masked; setfacl -m m::r-- -m g:4300:rwx restrictive");
    t.sh("setfacl -d -m u::rwx,g::rwx,g:4300:rwx,o::r-x default");
    let before = (t.sh(ACLS), t.listing());
    t.run("check . -p lab.toml").exits(1);
    assert_eq!((t.sh(ACLS), t.listing()), before, "a check changes nothing");
    let fixed = t.run("fix -y . -p lab.toml --format json");
    // The mask of an ACL is never widened by a safe fix, so that something may remain.
    assert!(!fixed.json_of("outcome").is_empty(), "{fixed}");
    let named = |text: &str| -> Vec<String> {
        // What a chmod of others and a chgrp may change are the owner's line, the others' and the effective rights.
        let kept =
            |line: &&str| line.starts_with("user:2") || line.starts_with("group:4") || line.starts_with("default:");
        text.lines().filter(kept).map(|line| line.split('#').next().unwrap_or_default().trim().to_owned()).collect()
    };
    assert_eq!(named(&t.sh(ACLS)), named(&before.0), "every named and default entry is as it was");
    t.run("undo -y").succeeds();
    assert_eq!((t.sh(ACLS), t.listing()), before, "undo brings back all of it");
});

scenario!(what_a_fix_leaves_is_what_a_new_look_finds, own mounts, |t| {
    needs_program!("setfacl");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:0 2755 d\n file 0:4242 0664 f\n file 0:0 0640 g");
    t.sh("setfacl -m g:4243:rwx d; setfacl -m g:4243:rw,m::r f; setfacl -m u:2001:rw g; chmod g-w d");
    for options in ["", "--unsafe-fixes"] {
        let fixed = t.run(&format!("fix -y . -p lab.toml {options}"));
        let checked = t.run("check . -p lab.toml");
        assert_eq!(fixed.status(), checked.status(), "{fixed}{checked}");
        for line in checked.stdout().lines() {
            fixed.mentions(line);
        }
    }
    t.sh("setfacl -m g:4243:rwx,m::r f");
    let fixed = t.run("fix -y . -p lab.toml --unsafe-fixes --format json");
    assert_eq!(fixed.end()["left"], t.run("check . -p lab.toml --format json").end()["findings"], "{fixed}");
});

scenario!(a_group_that_its_acl_shuts_out_is_found, |t| {
    needs_program!("setfacl");
    let tree = |keys: &str| policy(&format!("[[tree]]\ngroup = 4242\nsetgid = true\n{keys}"));
    t.policy("lab.toml", &tree("dir-mode = '2770'"));
    t.policy("free.toml", &tree(""));
    t.tree(
        "dir 0:4242 2770 .\n dir 0:4242 2770 out\n dir 0:4242 2770 less\n dir 0:4242 2770 more\n dir 0:4242 2770 none",
    );
    t.sh(
        "setfacl -m g::---,g:4300:rwx,m::rwx out; setfacl -m g::r-x,u:2003:rwx,m::rwx less; setfacl -m u:2003:r-x more",
    );
    let found = "warn masked-by-acl less none\nwarn masked-by-acl out none";
    t.run("check . -p lab.toml --format json").succeeds().finds(found);
    t.run("check . -p lab.toml").succeeds().mentions("group 4242 really has ---, named users or groups have up to rwx");
    t.run("explain ./out -p lab.toml").succeeds().mentions("masked-by-acl");
    // What the policy doesn't speak of, an ACL may say.
    t.run("check . -p free.toml --format json").succeeds().finds("");
    t.run("check . -p lab.toml --allow masked-by-acl --format json").succeeds().finds("");
});
