//! Plans applied to real trees: every kind, every rung, swaps, drifts, and an end after every single call.

mod tree;

use super::*;
use crate::journal::{self, Capabilities, Done, Drift, Outcome};
use crate::mode::Mode;
use crate::plan::{Fixes, Links, RunKind};
use crate::sys::held::fault::{self, Fault};
use crate::sys::ladder::{ChmodRung, Ladder, OpenRung};
use rustix::fs::{XattrFlags, setxattr};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use tree::{NEW, OLD, Tree, state};

macro_rules! needs_root {
    ($name:literal) => {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: {} needs root", $name);
            return;
        }
    };
}

fn everything() -> Vec<(&'static str, u32, u32)> {
    vec![
        (".", NEW, 0o2770),
        ("f", NEW, 0o660),
        ("d", NEW, 0o3771),
        ("d/f", OLD, 0o604),
        ("d/e", NEW, 0o2700),
        ("d/e/f", NEW, 0o600),
        ("link", NEW, 0),
        ("fifo", NEW, 0),
        ("socket", NEW, 0),
    ]
}

fn names(done: &[Done]) -> Vec<&'static str> {
    done.iter().map(|done| done.outcome.name()).collect()
}

#[test]
fn applies_and_undoes_every_kind_on_every_rung() {
    needs_root!("applies_and_undoes_every_kind_on_every_rung");
    for open in [OpenRung::Openat2, OpenRung::Components] {
        for chmod in [ChmodRung::Fchmodat2, ChmodRung::ProcFd] {
            let tree = Tree::new();
            let first = tree.listing();
            let plan = tree.plan(Fixes::Safe, &everything());
            let done = tree.apply_by(&plan, Ladder { open, chmod, ..Ladder::of_this_kernel() });
            assert_eq!(names(&done), ["applied"; 9], "{open:?} {chmod:?}");
            for change in &plan.changes {
                let path = std::str::from_utf8(&change.path).unwrap();
                assert_eq!(tree.state(path), change.after, "{path}");
            }
            assert_eq!(names(&tree.apply(&plan)), ["already"; 9]);
            let (found, undone) = tree.undo(&plan, done.into_iter().map(Some).collect());
            assert_eq!(found, vec![Found::Changed; 9]);
            assert_eq!(names(&undone), ["applied"; 9]);
            assert_eq!(tree.listing(), first);
        }
    }
}

#[test]
fn an_end_after_any_call_is_undone_exactly() {
    needs_root!("an_end_after_any_call_is_undone_exactly");
    let whole = Tree::new();
    fault::set(Fault::Never);
    whole.apply(&whole.plan(Fixes::Safe, &everything()));
    let calls = fault::set(Fault::Never);
    assert!(calls > 15, "{calls}");
    for end in 0..=calls {
        let tree = Tree::new();
        let first = tree.listing();
        let plan = tree.plan(Fixes::Safe, &everything());
        fault::set(Fault::From(end));
        tree.apply(&plan);
        fault::set(Fault::Never);
        // Nothing of the outcomes was written.
        let (found, undone) = tree.undo(&plan, vec![None; plan.changes.len()]);
        assert!(found.iter().all(|found| matches!(found, Found::Changed | Found::Unchanged)), "{end}: {found:?}");
        assert!(undone.iter().all(|done| done.outcome == Outcome::Applied), "{end}: {undone:?}");
        assert_eq!(tree.listing(), first, "after {end} calls");
    }
}

#[test]
fn an_end_of_the_undo_is_undone_too() {
    needs_root!("an_end_of_the_undo_is_undone_too");
    for end in 0..30 {
        let tree = Tree::new();
        let first = tree.listing();
        let plan = tree.plan(Fixes::Safe, &everything());
        tree.apply(&plan);
        fault::set(Fault::From(end));
        tree.undo(&plan, vec![None; plan.changes.len()]);
        fault::set(Fault::Never);
        tree.undo(&plan, vec![None; plan.changes.len()]);
        assert_eq!(tree.listing(), first, "after {end} calls");
    }
}

#[test]
fn a_failure_in_the_middle_is_backed_out_of() {
    needs_root!("a_failure_in_the_middle_is_backed_out_of");
    // 0705 to 2770 of another group: narrowed to 0700, chgrped, widened.
    for failing in 0..3 {
        let tree = Tree::new();
        tree.chmod("d", 0o705);
        let plan = tree.plan(Fixes::Safe, &[("d", NEW, 0o2770)]);
        fault::set(Fault::Only(failing));
        let done = tree.apply(&plan);
        fault::set(Fault::Never);
        assert_eq!(names(&done), ["failed"], "{failing}");
        assert_eq!(done[0].state, Some(state(0, OLD, 0o705)), "{failing}");
        assert_eq!(tree.state("d"), state(0, OLD, 0o705), "{failing}");
    }
}

#[test]
fn what_drifted_is_left_alone() {
    needs_root!("what_drifted_is_left_alone");
    let tree = Tree::new();
    let plan = tree.plan(Fixes::Safe, &everything());
    let outcome = |path: &[u8], done: &[Done]| {
        let index = plan.changes.iter().position(|change| *change.path == *path).unwrap();
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
        let sentinel = tree.dir.path().join("outside");
        let plan = tree.plan(Fixes::Safe, &everything());
        fs::rename(tree.path("d"), tree.path("d.old")).unwrap();
        symlink(&sentinel, tree.path("d")).unwrap();
        fs::rename(tree.path("f"), tree.path("f.old")).unwrap();
        fs::hard_link(sentinel.join("f"), tree.path("f")).unwrap();
        fs::remove_file(tree.path("fifo")).unwrap();
        symlink(sentinel.join("f"), tree.path("fifo")).unwrap();
        let before = tree.listing();
        let done = tree.apply_by(&plan, Ladder { open, ..Ladder::of_this_kernel() });
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
fn safe_fixes_don_t_widen_the_mask_of_an_acl() {
    needs_root!("safe_fixes_don_t_widen_the_mask_of_an_acl");
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
    let narrowing = tree.plan(Fixes::Safe, &[("f", OLD, 0o600)]);
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
    plan.changes[0].links = Links::Inside([b"d/g".as_slice().into()].into());
    fs::rename(tree.path("d/g"), tree.dir.path().join("outside/g")).unwrap();
    assert_eq!(tree.apply(&plan)[0].outcome, Outcome::Drifted(Drift::Links(2)));
    fs::rename(tree.dir.path().join("outside/g"), tree.path("d/g")).unwrap();
    assert_eq!(names(&tree.apply(&plan)), ["applied"]);
    plan.changes[0].links = Links::Any;
    assert_eq!(names(&tree.apply(&plan)), ["already"]);
}

#[test]
fn another_root_in_its_place_is_told_and_left_alone() {
    needs_root!("another_root_in_its_place_is_told_and_left_alone");
    let tree = Tree::new();
    let plan = Plan { header: tree.header(Fixes::Safe), changes: vec![], entries: 0 };
    fs::rename(tree.dir.path().join("root"), tree.dir.path().join("moved")).unwrap();
    fs::create_dir(tree.dir.path().join("root")).unwrap();
    let root = File::open(tree.path(".")).unwrap();
    let (_, drifts) = Ground::new(&plan.header, vec![Some(root.into())], Ladder::of_this_kernel());
    assert!(matches!(drifts[..], [RootDrift::Other(_)]), "{drifts:?}");
}

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

#[test]
fn a_stopped_run_finishes_the_entry_in_hand_and_no_other() {
    needs_root!("a_stopped_run_finishes_the_entry_in_hand_and_no_other");
    struct Stopper<'a>(&'a AtomicBool);
    impl Recorder for Stopper<'_> {
        fn record(&mut self, change: usize, _: &Done) -> io::Result<()> {
            self.0.store(change == 2, Ordering::Relaxed);
            Ok(())
        }
    }
    let tree = Tree::new();
    let plan = tree.plan(Fixes::Safe, &everything());
    let stop = AtomicBool::new(false);
    let tally = apply(&tree.ground(&plan.header, Ladder::of_this_kernel()), &plan, &mut Stopper(&stop), &stop);
    assert_eq!((tally.tried, tally.counts.of("applied")), (3, 3));
    assert!(matches!(tally.ended, Ended::Asked));
}

#[test]
fn a_run_on_record_is_undone_from_its_record() {
    needs_root!("a_run_on_record_is_undone_from_its_record");
    let tree = Tree::new();
    let first = tree.listing();
    let state_dir = tempfile::tempdir().unwrap();
    let store = crate::sys::store::Store::open(state_dir.path(), crate::sys::store::Missing::Refuse).unwrap();
    let plan = tree.plan(Fixes::Safe, &everything());
    let mut run = journal::begin(&store, &plan, None).unwrap();
    apply(&tree.ground(&plan.header, Ladder::of_this_kernel()), &plan, &mut run, &AtomicBool::new(false));
    let id = run.id().to_string();
    run.settle(0).unwrap();
    assert_eq!(journal::last_changing(&store).unwrap(), Some(id.clone()));
    let record = journal::load(&store, &id).unwrap();
    assert_eq!(record.plan, plan);
    let ground = tree.ground(&record.plan.header, Ladder::of_this_kernel());
    let undo = undo_plan(ground, &record, tree.header(Fixes::Safe)).unwrap();
    let mut run = journal::begin(&store, &undo.plan, None).unwrap();
    let tally = apply(&undo.ground, &undo.plan, &mut run, &AtomicBool::new(false));
    let undo_id = run.id().to_string();
    run.settle(0).unwrap();
    assert_eq!(tally.counts.of("applied"), 9);
    assert_eq!(tree.listing(), first);
    assert_eq!(journal::last_changing(&store).unwrap(), Some(undo_id.clone()), "an undo can be undone");
    assert!(matches!(journal::load(&store, &undo_id).unwrap().plan.header.kind, RunKind::Undo(run) if run == id));
}
