//! Changes that hold ACLs: calls that fail or have no effect, other people's changes in between, an end anywhere, and undo.

use super::super::*;
use super::names;
use super::tree::{NEW, OLD, Tree};
use crate::journal::{Capabilities, Cause, Drift};
use crate::model::acl::Acl;
use crate::model::mode::Mode;
use crate::model::target::{AclTurn, Target, TargetAcls};
use crate::plan::{Change, Fixes, Plan};
use crate::sys::acl::{Which, listed};
use crate::sys::features::KernelFeatures;
use crate::sys::held::fault::{self, Fault};
use crate::sys::held::{Crossing, Held};
use rustix::fs::{XattrFlags, setxattr};
use std::fs::File;
use std::path::PathBuf;

/// The group, the mode, the ACL and the default ACL of an entry; the mode says of the group what the mask does.
type Side = (u32, u32, &'static str, &'static str);

/// A file or a directory, before and after: named, named no more, another group, set-ID and sticky bits.
const CHANGES: [(&str, Side, Side); 7] = [
    ("f", (OLD, 0o640, "", ""), (OLD, 0o660, "u::rw-,u:7:r--,g::rw-,m::rw-,o::---", "")),
    ("f", (OLD, 0o660, "u::rw-,u:7:rw-,g::r--,m::rw-,o::---", ""), (NEW, 0o640, "", "")),
    ("f", (OLD, 0o6755, "", ""), (NEW, 0o750, "u::rwx,g::r-x,g:9:r--,m::r-x,o::---", "")),
    (
        "f",
        (OLD, 0o660, "u::rw-,u:7:rw-,g::r--,m::rw-,o::---", ""),
        (NEW, 0o660, "u::rw-,g::rw-,g:9:r--,m::rw-,o::---", ""),
    ),
    ("d", (OLD, 0o1777, "", "u::rwx,g::r-x,o::r-x"), (NEW, 0o2770, "u::rwx,u:7:rwx,g::rwx,m::rwx,o::---", "")),
    ("d", (OLD, 0o2755, "", ""), (NEW, 0o3770, "u::rwx,u:7:r-x,g::rwx,m::rwx,o::---", "u::rwx,g::rwx,o::---")),
    (
        "d",
        (OLD, 0o2770, "u::rwx,u:7:r-x,g::rwx,m::rwx,o::---", ""),
        (NEW, 0o1775, "u::rwx,g::rwx,g:9:r-x,m::rwx,o::r-x", "u::rwx,g::rwx,o::r-x"),
    ),
];

fn held(path: PathBuf) -> Held {
    Held::find(File::open("/").unwrap(), &path.as_os_str().as_encoded_bytes()[1..], Crossing::Allowed, &features())
        .unwrap()
}

fn features() -> KernelFeatures {
    KernelFeatures::of_this_kernel()
}

fn acl(text: &str) -> Option<Acl> {
    (!text.is_empty()).then(|| Acl::from_text(text).expect(text))
}

fn set(path: PathBuf, which: Which, text: &str) {
    let name = if which == Which::Access { "system.posix_acl_access" } else { "system.posix_acl_default" };
    setxattr(path, name, &acl(text).unwrap().to_bytes(), XattrFlags::empty()).unwrap();
}

/// What an entry is, both ACLs included.
fn target(tree: &Tree, path: &str) -> Target {
    let held = held(tree.path(path));
    let acl = |which| listed(&held, which, &features()).unwrap().acl().cloned();
    let default = if path == "d" { acl(Which::Default) } else { None };
    Target { state: tree.state(path), acls: Some(Box::new(TargetAcls { access: acl(Which::Access), default })) }
}

/// A tree with the entry as it is before, and the plan of its change.
fn begin((path, before, after): (&str, Side, Side)) -> (Tree, Plan) {
    let tree = Tree::new();
    tree.chown(path, before.0);
    tree.chmod(path, before.1);
    if !before.2.is_empty() {
        set(tree.path(path), Which::Access, before.2);
    }
    if !before.3.is_empty() {
        set(tree.path(path), Which::Default, before.3);
    }
    let change = tree.change(path, after.0, after.1);
    let then = TargetAcls { access: acl(after.2), default: acl(after.3) };
    let acls = AclTurn::of(target(&tree, path).acls, Some(Box::new(then)));
    let plan = Plan { header: tree.header(Fixes::WithUnsafe), changes: vec![Change { acls, ..change }], entries: 9 };
    (tree, plan)
}

/// Holds that an entry is as it was, but for set-ID bits of a file.
#[track_caller]
fn is_as_before(now: &Target, plan: &Plan, context: &str) {
    let mut before = plan.changes[0].found();
    if plan.changes[0].path.bytes().as_ref() == b"f" {
        let given_up = (before.state.mode & Mode::SET_ID).without(now.state.mode);
        before.state.mode = before.state.mode.without(given_up);
    }
    assert_eq!(now, &before, "{context}");
}

#[test]
fn a_call_that_fails_or_has_no_effect_leaves_an_acl_as_it_was() {
    needs_root!("a_call_that_fails_or_has_no_effect_leaves_an_acl_as_it_was");
    for change in CHANGES {
        for (call, is_silent) in (0..8).flat_map(|call| [(call, false), (call, true)]) {
            let (tree, plan) = begin(change);
            let context = format!("{change:?}, call {call}, silent: {is_silent}");
            fault::set(if is_silent { Fault::Ignored(call) } else { Fault::Only(call) });
            let done = tree.apply(&plan);
            let is_struck = fault::set(Fault::Never) > call;
            let now = target(&tree, change.0);
            assert_eq!(done[0].state, Some(now.state), "{context}");
            match is_struck {
                false => assert_eq!((names(&done), &now), (vec!["applied"], &plan.changes[0].wanted()), "{context}"),
                true if is_silent => {
                    assert_eq!((names(&done), done[0].cause), (vec!["refused"], Some(Cause::FileSystem)), "{context}");
                }
                true => assert_eq!(names(&done), ["failed"], "{context}"),
            }
            if is_struck {
                is_as_before(&now, &plan, &context);
                // Somebody may have rewritten it since: set-ID bits are not given back once they were taken.
                let set_id = now.state.mode & Mode::SET_ID;
                assert!(change.0 == "d" || call == 0 || set_id.is_empty(), "{context}");
            }
        }
    }
}

#[test]
fn an_end_on_the_way_or_on_the_way_back_is_undone() {
    needs_root!("an_end_on_the_way_or_on_the_way_back_is_undone");
    for change in CHANGES {
        for (call, more) in (0..6).flat_map(|call| (1..5).map(move |more| (call, more))) {
            let (tree, plan) = begin(change);
            let context = format!("{change:?}, call {call} fails, and all from {more} later");
            fault::before(call + more, || _ = fault::set(Fault::From(0)));
            fault::set(Fault::Only(call));
            tree.apply(&plan);
            fault::set(Fault::Never);
            fault::before(u32::MAX, || ());
            // What became of it is on no record.
            let (found, _) = tree.undo(&plan, vec![None]);
            assert!(!matches!(found[0], Found::Drifted(_) | Found::Failed(_)), "{found:?}, {context}");
            is_as_before(&target(&tree, change.0), &plan, &context);
        }
    }
}

#[test]
fn setgid_that_was_dropped_in_silence_is_no_drift() {
    needs_root!("setgid_that_was_dropped_in_silence_is_no_drift");
    // As chmod(2) does for whoever isn't in the group, and then an end before that is on record.
    let change = CHANGES[5];
    let (tree, plan) = begin(change);
    let (_, _, (gid, mode, access, default)) = change;
    tree.chown("d", gid);
    tree.chmod("d", mode & !0o2000);
    set(tree.path("d"), Which::Access, access);
    set(tree.path("d"), Which::Default, default);
    assert_eq!(tree.undo(&plan, vec![None]).0, [Found::Changed]);
    is_as_before(&target(&tree, "d"), &plan, "");
}

#[test]
fn what_others_make_of_an_acl_meanwhile_is_theirs_unless_it_gives_more() {
    needs_root!("what_others_make_of_an_acl_meanwhile_is_theirs_unless_it_gives_more");
    let change = CHANGES[5];
    let calls = {
        let (tree, plan) = begin(change);
        fault::set(Fault::Never);
        assert_eq!(names(&tree.apply(&plan)), ["applied"]);
        fault::set(Fault::Never)
    };
    let (less, more) = ("u::rwx,u:7:---,g::r-x,m::r-x,o::---", "u::rwx,u:7:rwx,u:8:rwx,g::rwx,m::rwx,o::rwx");
    // Before the last call, which sets the default ACL, and succeeds or fails.
    for (theirs, fails) in [(less, false), (less, true), (more, false)] {
        let (tree, plan) = begin(change);
        let path = tree.path("d");
        fault::set(if fails { Fault::Only(calls - 1) } else { Fault::Never });
        fault::before(calls - 1, move || set(path, Which::Access, theirs));
        let done = tree.apply(&plan);
        fault::set(Fault::Never);
        assert_eq!(names(&done), [if fails { "failed" } else { "refused" }], "{theirs}");
        let now = target(&tree, "d");
        match theirs == less {
            true => assert_eq!(now.acls.unwrap().access, acl(less), "{fails}"),
            false => is_as_before(&now, &plan, theirs),
        }
    }
}

#[test]
fn an_acl_that_was_changed_since_is_not_undone() {
    needs_root!("an_acl_that_was_changed_since_is_not_undone");
    let change = CHANGES[0];
    let (tree, plan) = begin(change);
    let done = tree.apply(&plan);
    // Of the same mask, so that the mode tells nothing of it.
    let theirs = "u::rw-,u:7:rw-,u:8:r--,g::rw-,m::rw-,o::---";
    set(tree.path("f"), Which::Access, theirs);
    let (found, undone) = tree.undo(&plan, done.into_iter().map(Some).collect());
    assert_eq!((found, undone.len()), (vec![Found::Drifted(Drift::Acl)], 0));
    assert_eq!(target(&tree, "f").acls.unwrap().access, acl(theirs));
}

#[test]
fn capabilities_that_a_change_of_an_acl_costs_are_told() {
    needs_root!("capabilities_that_a_change_of_an_acl_costs_are_told");
    let (tree, plan) = begin(CHANGES[3]);
    // A version 2 `security.capability` that permits CAP_NET_RAW.
    let value = [0, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    setxattr(tree.path("f"), "security.capability", &value, XattrFlags::empty()).unwrap();
    let done = tree.apply(&plan);
    assert_eq!((names(&done), done[0].capabilities), (vec!["applied"], Capabilities::Lost));
    // Where the policy allows safe fixes alone, such a file is left.
    let (tree, plan) = begin(CHANGES[3]);
    setxattr(tree.path("f"), "security.capability", &value, XattrFlags::empty()).unwrap();
    let done = tree.apply(&Plan { header: tree.header(Fixes::Safe), ..plan });
    assert_eq!(names(&done), ["drifted"]);
}
