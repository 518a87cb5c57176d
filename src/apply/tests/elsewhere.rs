//! Applying as another user, after another boot, and on overlayfs.

use super::super::*;
use super::tree::{NEW, OLD, Tree, state};
use super::{names, run_apart, run_apart_in};
use crate::journal::{Cause, Outcome};
use crate::plan::Fixes;
use std::fs;

#[test]
fn after_another_boot_handles_tell_entries_apart() {
    needs_root!("after_another_boot_handles_tell_entries_apart");
    let tree = Tree::new();
    let mut plan = tree.plan(Fixes::Safe, &[("f", NEW, 0o660), ("d/f", NEW, 0o660)]);
    plan.header.boot = "another".into();
    plan.header.roots[0].id.dev += 1;
    for change in &mut plan.changes {
        change.id.dev += 1;
    }
    let other = tree.change("d/e/f", NEW, 0o660).handle;
    let has_handles = other.is_some();
    plan.changes[0].handle = other;
    let expected = if has_handles { ["drifted", "applied"] } else { ["applied", "applied"] };
    assert_eq!(names(&tree.apply(&plan)), expected);
}

/// Runs this as another user, in a thread of its own.
fn as_user(uid: u32, run: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let (user, group) = (rustix::fs::Uid::from_raw(uid), rustix::fs::Gid::from_raw(uid));
            rustix::thread::set_thread_groups(&[group]).unwrap();
            rustix::thread::set_thread_res_gid(group, group, group).unwrap();
            rustix::thread::set_thread_res_uid(user, user, user).unwrap();
            run();
        });
        thread.join().unwrap();
    });
}

#[test]
fn what_the_kernel_refuses_a_user_is_told_with_its_cause() {
    needs_root!("what_the_kernel_refuses_a_user_is_told_with_its_cause");
    const USER: u32 = 4244;
    let tree = Tree::new();
    for path in ["d", "d/f"] {
        std::os::unix::fs::chown(tree.path(path), Some(USER), None).unwrap();
    }
    std::os::unix::fs::chown(&tree.base, Some(USER), None).unwrap();
    fs::set_permissions(tree.path("d"), std::os::unix::fs::PermissionsExt::from_mode(0o705)).unwrap();
    let setgid = tree.plan(Fixes::Safe, &[("d", OLD, 0o2775)]);
    let group = tree.plan(Fixes::Safe, &[("d", NEW, 0o2770)]);
    let foreign = tree.plan(Fixes::Safe, &[("f", OLD, 0o660)]);
    as_user(USER, || {
        let done = tree.apply(&group).remove(0);
        assert_eq!(done.outcome, Outcome::Failed { call: "fchownat".into(), errno: 1 });
        assert_eq!((done.cause, done.state), (Some(Cause::NotInGroup), Some(state(USER, OLD, 0o705))));
        let done = tree.apply(&foreign).remove(0);
        assert_eq!((done.outcome.name(), done.cause), ("failed", Some(Cause::NotOwner)));
        let done = tree.apply(&setgid).remove(0);
        assert_eq!(done.outcome, Outcome::Refused(state(USER, OLD, 0o775)), "chmod(2) drops setgid in silence");
        assert_eq!(done.cause, Some(Cause::NotInGroup));
        let (found, undone) = tree.undo(&setgid, vec![Some(done)]);
        assert_eq!((found, names(&undone)), (vec![Found::Changed], vec!["applied"]));
    });
    assert_eq!(tree.state("d"), state(USER, OLD, 0o705));
}

/// Mounts overlayfs on `$1/root`: a lower layer with everything in it, and an empty upper one on another file system.
const OVERLAY: &str = "set -e; cd \"$1\"; mkdir low rw root; mkdir -p low/d/e; touch low/f low/d/f low/d/e/f
    chmod 0750 low/d; chgrp -R 4241 low; mount -t tmpfs none rw; mkdir rw/up rw/work
    mount -t overlay overlay -o lowerdir=low,upperdir=rw/up,workdir=rw/work root; shift; exec \"$@\"";

#[test]
fn overlayfs_makes_new_inodes_and_undo_finds_them() {
    const NAME: &str = "overlayfs_makes_new_inodes_and_undo_finds_them";
    needs_root!("overlayfs_makes_new_inodes_and_undo_finds_them");
    if let Some(dir) = run_apart_in() {
        return on_overlay(&Tree::at(dir));
    }
    let dir = tempfile::tempdir().unwrap();
    run_apart(&format!("elsewhere::{NAME}"), OVERLAY, dir.path());
}

fn on_overlay(tree: &Tree) {
    let listing =
        || tree.listing().into_iter().filter(|(path, _)| path.starts_with(tree.base.join("root"))).collect::<Vec<_>>();
    let first = listing();
    let changes =
        [(".", NEW, 0o2770), ("f", NEW, 0o660), ("d", NEW, 0o2771), ("d/e", NEW, 0o2700), ("d/e/f", NEW, 0o600)];
    for keeps_outcomes in [true, false] {
        let plan = tree.plan(Fixes::Safe, &changes);
        let done = tree.apply(&plan);
        assert_eq!(names(&done), ["applied"; 5]);
        assert!(keeps_outcomes == done.iter().any(|done| done.id.is_some()), "the first change copies up");
        let outcomes = done.into_iter().map(|done| keeps_outcomes.then_some(done)).collect();
        let (_, undone) = tree.undo(&plan, outcomes);
        assert_eq!(names(&undone), ["applied"; 5]);
        assert_eq!(listing(), first);
    }
    // The first change of all, cut off before its outcome was written, while its directories are copied up with it.
    let plan = tree.plan(Fixes::Safe, &[("d/f", NEW, 0o660)]);
    tree.apply(&plan);
    assert_eq!(names(&tree.undo(&plan, vec![None]).1), ["applied"]);
    assert_eq!(listing(), first);
}
