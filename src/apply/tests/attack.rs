//! What happens to a tree between plan and apply: swaps, drifts, links, set-ID bits, capabilities, ACLs.

use super::super::*;
use super::tree::{NEW, OLD, Tree, state};
use super::{everything, names};
use crate::journal::{Capabilities, Done, Drift, Outcome};
use crate::model::mode::Mode;
use crate::model::target::Links;
use crate::plan::Fixes;
use crate::sys::features::{KernelFeatures, OpenRung};
use crate::sys::held::{Crossing, fault};
use rustix::fs::{XattrFlags, setxattr};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn what_drifted_is_left_alone() {
    needs_root!("what_drifted_is_left_alone");
    let tree = Tree::new();
    let plan = tree.plan(Fixes::Safe, &everything());
    let outcome = |path: &[u8], done: &[Done]| {
        let index = plan.changes.iter().position(|change| *change.path.bytes() == *path).unwrap();
        done[index].outcome.clone()
    };
    tree.chmod("f", 0o640);
    fs::rename(tree.path("d/f"), tree.path("d/old")).unwrap();
    fs::write(tree.path("d/f"), "").unwrap();
    tree.chown("d/f", OLD);
    fs::remove_file(tree.path("fifo")).unwrap();
    fs::hard_link(tree.path("d/e/f"), tree.path("d/e/other")).unwrap();
    fs::remove_file(tree.path("socket")).unwrap();
    fs::create_dir(tree.path("socket")).unwrap();
    let listing = tree.listing();
    let done = tree.apply(&plan);
    assert_eq!(outcome(b"f", &done), Outcome::Drifted(Drift::State(state(0, OLD, 0o640))));
    assert_eq!(outcome(b"d/f", &done), Outcome::Drifted(Drift::Inode));
    assert_eq!(outcome(b"fifo", &done), Outcome::Gone);
    assert_eq!(outcome(b"d/e/f", &done), Outcome::Drifted(Drift::Links(2)));
    assert_eq!(outcome(b"socket", &done), Outcome::Drifted(Drift::Inode));
    assert_eq!(outcome(b"d", &done), Outcome::Applied);
    for path in ["f", "d/f", "d/old", "d/e/f", "socket"] {
        assert_eq!(tree.state(path), listing[&tree.path(path)], "{path}");
    }
}

#[test]
fn swapped_names_lead_nowhere() {
    needs_root!("swapped_names_lead_nowhere");
    for open in [OpenRung::Openat2, OpenRung::Components] {
        let tree = Tree::new();
        let sentinel = tree.base.join("outside");
        let plan = tree.plan(Fixes::Safe, &everything());
        fs::rename(tree.path("d"), tree.path("d.old")).unwrap();
        symlink(&sentinel, tree.path("d")).unwrap();
        fs::rename(tree.path("f"), tree.path("f.old")).unwrap();
        fs::hard_link(sentinel.join("f"), tree.path("f")).unwrap();
        fs::remove_file(tree.path("fifo")).unwrap();
        symlink(sentinel.join("f"), tree.path("fifo")).unwrap();
        let before = tree.listing();
        let done = tree.apply_by(&plan, KernelFeatures { open, ..KernelFeatures::of_this_kernel() });
        let changed = names(&done).iter().filter(|&&name| name == "applied").count();
        assert_eq!(changed, 3, "the root, the link and the socket: {done:?}");
        let after = tree.listing();
        for path in [sentinel.clone(), sentinel.join("f"), tree.path("d"), tree.path("fifo"), tree.path("f.old")] {
            assert_eq!(after[&path], before[&path], "{path:?}");
        }
    }
}

#[test]
fn set_id_files_are_cleared_and_not_restored() {
    needs_root!("set_id_files_are_cleared_and_not_restored");
    let tree = Tree::new();
    tree.chmod("f", 0o2705);
    tree.chmod("d/f", 0o4755);
    let plan = tree.plan(Fixes::WithUnsafe, &[("f", NEW, 0o770), ("d/f", OLD, 0o755)]);
    let done = tree.apply(&plan);
    assert_eq!(names(&done), ["applied", "applied"]);
    assert_eq!(tree.state("f"), state(0, NEW, 0o770));
    let (found, undone) = tree.undo(&plan, done.into_iter().map(Some).collect());
    assert_eq!(found, [Found::OnlySetId, Found::Changed]);
    assert_eq!(names(&undone), ["partial"]);
    assert_eq!((tree.state("f"), tree.state("d/f")), (state(0, OLD, 0o705), state(0, OLD, 0o755)));
}

/// A version 2 `security.capability` that permits CAP_NET_RAW.
const NET_RAW: [u8; 20] = [0, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn files_with_capabilities_need_unsafe_fixes() {
    needs_root!("files_with_capabilities_need_unsafe_fixes");
    let tree = Tree::new();
    setxattr(tree.path("f"), "security.capability", &NET_RAW, XattrFlags::empty()).unwrap();
    let done = tree.apply(&tree.plan(Fixes::Safe, &[("f", OLD, 0o660)]));
    assert_eq!(done[0].outcome, Outcome::Drifted(Drift::Capabilities));
    let plan = tree.plan(Fixes::WithUnsafe, &[("f", NEW, 0o660)]);
    let done = tree.apply(&plan);
    assert_eq!((names(&done), done[0].capabilities), (vec!["applied"], Capabilities::Lost));
    let (_, undone) = tree.undo(&plan, done.into_iter().map(Some).collect());
    assert_eq!(names(&undone), ["partial"]);
}

#[test]
fn safe_fixes_neither_widen_the_mask_of_an_acl_nor_take_from_whom_it_names() {
    needs_root!("safe_fixes_neither_widen_the_mask_of_an_acl_nor_take_from_whom_it_names");
    let tree = Tree::new();
    tree.chmod("f", 0o640);
    tree.chmod("d", 0o750);
    let plan = tree.plan(Fixes::Safe, &[("f", OLD, 0o660), ("d", OLD, 0o770)]);
    for (path, owner, group) in [("f", 6, 4), ("d", 7, 5)] {
        let mut acl = 2_u32.to_le_bytes().to_vec();
        for (tag, bits, id) in [(1, owner, !0), (2, 4, 4242), (4, 4, !0), (16, group, !0), (32, 0, !0)] {
            acl.extend([tag, 0, bits, 0]);
            acl.extend(u32::to_le_bytes(id));
        }
        setxattr(tree.path(path), "system.posix_acl_access", &acl, XattrFlags::empty()).unwrap();
    }
    for done in tree.apply(&plan) {
        assert_eq!(done.outcome, Outcome::Drifted(Drift::Acl));
    }
    let narrowing = tree.plan(Fixes::Safe, &[("f", OLD, 0o600), ("d", OLD, 0o710)]);
    for done in tree.apply(&narrowing) {
        assert_eq!(done.outcome, Outcome::Drifted(Drift::Acl), "user 4242 would lose");
    }
    let harmless = tree.plan(Fixes::Safe, &[("d", OLD, 0o740)]);
    assert_eq!(names(&tree.apply(&harmless)), ["applied"], "nobody has execute by it");
    let narrowing = tree.plan(Fixes::WithUnsafe, &[("f", OLD, 0o600)]);
    let done = tree.apply(&narrowing);
    assert_eq!(names(&done), ["applied"]);
    let (_, undone) = tree.undo(&narrowing, vec![None]);
    assert_eq!((names(&undone), tree.state("f").mode), (vec!["applied"], Mode::new(0o640)), "undo restores the mask");
}

#[test]
fn hard_links_inside_are_all_found_again() {
    needs_root!("hard_links_inside_are_all_found_again");
    let tree = Tree::new();
    fs::hard_link(tree.path("f"), tree.path("d/g")).unwrap();
    let mut plan = tree.plan(Fixes::Safe, &[("f", NEW, 0o660)]);
    plan.changes[0].links = Links::inside([b"d/g".as_slice().into()]);
    fs::rename(tree.path("d/g"), tree.base.join("outside/g")).unwrap();
    assert_eq!(tree.apply(&plan)[0].outcome, Outcome::Drifted(Drift::Links(2)));
    fs::rename(tree.base.join("outside/g"), tree.path("d/g")).unwrap();
    assert_eq!(names(&tree.apply(&plan)), ["applied"]);
    plan.changes[0].links = Links::Any;
    assert_eq!(names(&tree.apply(&plan)), ["already"]);
}

#[test]
fn another_root_in_its_place_is_told_and_left_alone() {
    needs_root!("another_root_in_its_place_is_told_and_left_alone");
    let tree = Tree::new();
    let plan = Plan { header: tree.header(Fixes::Safe), changes: vec![], entries: 0 };
    fs::rename(tree.base.join("root"), tree.base.join("moved")).unwrap();
    fs::create_dir(tree.base.join("root")).unwrap();
    let root = File::open(tree.path(".")).unwrap();
    let (_, drifts) = OpenRoots::new(&plan.header, vec![Some(root.into())], KernelFeatures::of_this_kernel());
    assert!(matches!(drifts[..], [RootDrift::Other(_)]), "{drifts:?}");
}

#[test]
fn set_id_bits_set_at_the_worst_moment_don_t_reach_the_new_group() {
    needs_root!("set_id_bits_set_at_the_worst_moment_don_t_reach_the_new_group");
    let tree = Tree::new();
    tree.chmod("f", 0o705);
    let plan = tree.plan(Fixes::Safe, &[("f", NEW, 0o705)]);
    let path = tree.path("f");
    // chown(2) leaves setgid on a file without group execute.
    fault::before(0, move || fs::set_permissions(path, Permissions::from_mode(0o2705)).unwrap());
    tree.apply(&plan);
    assert_eq!(tree.state("f"), state(0, NEW, 0o705));
}

#[test]
fn setgid_that_a_chown_cost_a_directory_is_set_again() {
    needs_root!("setgid_that_a_chown_cost_a_directory_is_set_again");
    let tree = Tree::new();
    tree.chmod("d", 0o2775);
    let plan = tree.plan(Fixes::Safe, &[("d", NEW, 0o2775)]);
    let path = tree.path("d");
    fault::before(0, move || fs::set_permissions(path, Permissions::from_mode(0o775)).unwrap());
    assert_eq!(names(&tree.apply(&plan)), ["applied"]);
    assert_eq!(tree.state("d"), state(0, NEW, 0o2775));
}

#[test]
fn what_was_changed_since_the_run_is_not_undone() {
    needs_root!("what_was_changed_since_the_run_is_not_undone");
    let tree = Tree::new();
    let plan = tree.plan(Fixes::Safe, &everything());
    let done = tree.apply(&plan);
    tree.chmod("f", 0o400);
    tree.chown("d/e/f", 7);
    let listing = tree.listing();
    for outcomes in [vec![None; done.len()], done.into_iter().map(Some).collect()] {
        let (found, _) = tree.undo(&plan, outcomes);
        let drifted = found.iter().filter(|found| matches!(found, Found::Drifted(Drift::State(_)))).count();
        assert_eq!(drifted, 2, "{found:?}");
        for path in ["f", "d/e/f"] {
            assert_eq!(tree.state(path), listing[&tree.path(path)], "{path}");
        }
    }
}

#[test]
fn what_lies_on_another_mount_now_is_left_alone() {
    needs_root!("what_lies_on_another_mount_now_is_left_alone");
    let base = tempfile::tempdir().unwrap();
    symlink("/", base.path().join("root")).unwrap();
    let tree = Tree::at(base.path().into());
    let mut plan = tree.plan(Fixes::Safe, &[]);
    // The very same entry, but for the mount; and a state that it doesn't have, should it be found after all.
    let mut change = tree.change_on(Crossing::Allowed, "proc/version", 0, 0o444);
    change.before.gid = NEW;
    plan.changes.push(change);
    assert_eq!(tree.apply(&plan)[0].outcome, Outcome::Drifted(Drift::Inode));
}
