//! Rights that groups of an ACL give one by one: together they are nobody's.

use super::ask::ask;
use crate::lab::policy;
use crate::stage::{LAB, User, as_user, skip};
use crate::xattr::{self, ACCESS_ACL};
use crate::{scenario, test_name};
use sgidlint::internals::{Acl, AclEntry, Tag};
use sgidlint::internals::{Operation, Operations};
use std::fs;

/// A member of the owning group, which may pass, and of another, which may read and write.
const ALICE: User = User { uid: 2001, gid: 2001, groups: &[LAB, 4243] };

scenario!(rights_given_one_by_one_are_not_given_together, own mounts, |t| {
    t.accounts("ops:x:4243:alice\n");
    t.tree("dir 0:4242 3770 d\n file 2001:0 0644 d/own\n file 0:0 0644 d/other");
    let entries = [
        (Tag::Owner, None, 7),
        (Tag::OwningGroup, None, 1),
        (Tag::Group, Some(4243), 6),
        (Tag::Mask, None, 7),
        (Tag::Other, None, 0),
    ];
    let acl = Acl::new(entries.map(|(tag, id, permissions)| AclEntry { tag, id, permissions }).into()).unwrap();
    let path = t.path("d");
    if !xattr::set(&path, ACCESS_ACL, &acl.to_bytes()) {
        return skip(&test_name!(), "ACLs");
    }
    let told = ask(ALICE, 0o022, [path.as_path()])[0];
    assert_eq!((told.acts, told.making), ([Operation::Enter, Operation::List].into_iter().collect::<Operations>(), None));
    let done = as_user(ALICE, || {
        [fs::write(path.join("new"), ""), fs::remove_file(path.join("own")), fs::remove_file(path.join("other"))]
    });
    assert!(done.iter().all(Result::is_err), "{done:?}");
    // The story is neither the sticky bit nor an attribute.
    t.policy(
        "lab.toml",
        &policy(
            "[[tree]]\nroot = '$TREE'\n\
             [[expect]]\nas = 'alice'\ncan = ['create', 'delete', 'delete-others']\npath = ['$TREE/d']",
        ),
    );
    let run = t.run("check -p lab.toml --probe");
    let lines: Vec<&str> = run.exits(1).stdout().lines().filter(|line| line.contains("alice can't")).collect();
    assert_eq!(lines.len(), 3, "{run}");
    assert!(lines.iter().all(|line| line.contains("they can't write it (root:lab 3770)")), "{run}");
});
