//! What ACLs prevail, proposed: where that opens nothing.

use super::{proposed, wishes};
use crate::xattr::{self, ACCESS_ACL, DEFAULT_ACL};
use crate::{needs_program, scenario};

const TREE: &str = "
    dir  0:4242 2770 .
    dir  0:4242 2770 a
    file 0:4242 0660 a/x
    file 0:4242 0770 a/run
    file 0:4242 0660 y
";

scenario!(whom_all_name_is_proposed_and_nobody_gains, |t| {
    needs_program!("setfacl");
    t.tree(TREE);
    t.sh("setfacl -R -m g:4300:rX .; setfacl -m d:g:4300:rx . a");
    let policy = proposed(t);
    wishes(
        &policy,
        &[
            "group = 4242",
            "setgid = true",
            "sticky = false",
            "dir-mode = \"u=rwx,g=rwx,o=\"",
            "file-mode = \"g=u,o=\"",
            "acl = [\"g:4300:rX\"]",
            "default-acl = \"@same\"",
            "[[tree.rule]]",
            "match = \"/\"",
            "scope = \"self\"",
            "owner = \"root\"",
        ],
    );
    assert!(policy.contains("# 5 of 5 directories and files") && policy.contains("# 2 of 2 directories"), "{policy}");
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
    // It holds something: what is made anew complies, and what is taken away is missed.
    t.sh("umask 077; mkdir a/new; echo > a/new/f");
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
    t.sh("setfacl -b a/x");
    t.run("check -p $DIR/new.toml").exits(1).mentions("[missing-acl-entry]");
});

scenario!(what_some_lack_is_told_and_never_given, |t| {
    needs_program!("setfacl");
    t.tree(TREE);
    t.sh("setfacl -m u:2005:rX . a a/x a/run");
    let policy = proposed(t);
    assert!(policy.contains("# acl = [\"u:2005:rX\"]") && policy.contains("# 4 of 5; not said"), "{policy}");
    let said = |key: &str| policy.lines().any(|line| line.starts_with(key));
    assert!(!said("acl") && !said("default-acl"), "{policy}");
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
    t.run("fix -y -p $DIR/new.toml").succeeds();
    assert!(!xattr::has(&t.path("y"), ACCESS_ACL) && !xattr::has(&t.path("a"), DEFAULT_ACL));
});

scenario!(a_default_acl_without_names_is_the_directorys_mode, |t| {
    needs_program!("setfacl");
    t.tree(TREE);
    t.sh("setfacl -m d:u::rwx,d:g::rwx,d:o::- . a");
    let policy = proposed(t);
    assert!(policy.contains("default-acl = \"@same\"") && !policy.contains("\nacl "), "{policy}");
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
    t.sh("setfacl -k a");
    t.run("check -p $DIR/new.toml").exits(1).mentions("[missing-default-acl]");
});

scenario!(modes_are_those_of_the_group_and_not_of_the_mask, |t| {
    needs_program!("setfacl");
    t.tree(TREE);
    // The modes say rwx; the group has r-x, and some name others, who are theirs to name.
    t.sh("setfacl -m u:2005:rwx,g::rx . a a/run; setfacl -m u:2005:rw,g::r a/x y; setfacl -m u:2006:r y");
    let policy = proposed(t);
    assert!(policy.contains("dir-mode  = \"u=rwx,g=rx,o=\""), "{policy}");
    assert!(policy.contains("acl       = [\"u:2005:rwX\", \"@any\"]"), "{policy}");
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
});

scenario!(a_place_of_its_own_without_acls_takes_them_back, own mounts, |t| {
    needs_program!("setfacl");
    t.accounts("devs:x:4243:bob\nreaders:x:4300:\n");
    t.tree(TREE);
    t.sh("setfacl -R -m g:4300:rX .; setfacl -m d:g:4300:rx . a");
    t.sh("mkdir devs; setfacl -b -k devs; chown 0:4243 devs; chmod 2770 devs; echo > devs/f; setfacl -b devs/f; chmod 660 devs/f");
    let policy = proposed(t);
    assert!(policy.contains("[\"g:readers:rX\"]"), "{policy}");
    assert!(policy.contains("acl       = \"@any\"") && policy.contains("default-acl = \"@any\""), "{policy}");
    t.run("check -q --strict -p $DIR/new.toml").is_silent();
});
