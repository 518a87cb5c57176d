//! Plans applied to real trees: every kind, every rung, swaps, drifts, and an end after every single call.

macro_rules! needs_root {
    ($name:literal) => {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: {} needs root", $name);
            return;
        }
    };
}

mod acl_lies;
mod attack;
mod scheduler;
mod elsewhere;
mod dirs;
mod lies;
mod tree;

use super::*;
use crate::journal::{self, Done, Outcome};
use crate::plan::{Fixes, Header, RunKind};
use crate::sys::features::{ChmodRung, KernelFeatures, OpenRung};
use crate::sys::held::fault::{self, Fault};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use tree::{NEW, OLD, Tree, state};

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

/// Where a test runs that was run apart.
const APART: &str = "SGIDLINT_TEST_APART";

/// The folder of a test that was run apart, in the process that it was given.
fn run_apart_in() -> Option<PathBuf> {
    std::env::var_os(APART).map(PathBuf::from)
}

/// Runs a test of these modules once more, in a process with mounts of its own, by a script that has the folder as its
/// first argument and the program after it; skipped where there can be no such mounts.
fn run_apart(name: &str, script: &str, folder: &Path) {
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script, "sh"]).arg(folder).arg(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("apply::tests::{name}")]).env(APART, folder);
    match command.output() {
        Ok(output) if output.status.success() => {
            assert!(String::from_utf8_lossy(&output.stdout).contains(" 1 passed;"), "{output:?}");
        }
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("panicked") => panic!("{output:?}"),
        why => eprintln!("skipped: {name} can't have mounts of its own: {why:?}"),
    }
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
            let done = tree.apply_by(&plan, KernelFeatures { open, chmod, ..KernelFeatures::of_this_kernel() });
            assert_eq!(names(&done), ["applied"; 9], "{open:?} {chmod:?}");
            for change in &plan.changes {
                let path = String::from_utf8(change.path.bytes().into()).unwrap();
                assert_eq!(tree.state(&path), change.after, "{path}");
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
    let tally =
        apply(&tree.open_roots(&plan.header, KernelFeatures::of_this_kernel()), &plan, &mut Stopper(&stop), &stop);
    assert_eq!((tally.tried, tally.counts.applied), (3, 3));
    assert!(matches!(tally.ended, Ended::Asked));
}

#[test]
fn a_run_on_record_is_undone_from_its_record() {
    needs_root!("a_run_on_record_is_undone_from_its_record");
    let tree = Tree::new();
    let first = tree.listing();
    let state_dir = tempfile::tempdir().unwrap();
    let store = crate::store::Store::open(state_dir.path(), crate::store::Missing::Refuse).unwrap();
    let plan = tree.plan(Fixes::Safe, &everything());
    let mut run = journal::begin(&store, &plan, None).unwrap();
    apply(&tree.open_roots(&plan.header, KernelFeatures::of_this_kernel()), &plan, &mut run, &AtomicBool::new(false));
    let id = run.id().to_string();
    run.settle(0).unwrap();
    assert_eq!(journal::last_to(journal::Turn::Undo, &store, &AtomicBool::new(false)).unwrap().run, Some(id.clone()));
    let record = journal::load(&store, &id, &AtomicBool::new(false)).unwrap();
    let header = Header { time: record.plan.header.time.clone(), ..plan.header.clone() };
    assert_eq!(record.plan, Plan { header, ..plan });
    let open_roots = tree.open_roots(&record.plan.header, KernelFeatures::of_this_kernel());
    let undo = undo_plan(open_roots, &record, tree.header(Fixes::Safe), &AtomicBool::new(false));
    let mut run = journal::begin(&store, &undo.plan, None).unwrap();
    let tally = apply(&undo.open_roots, &undo.plan, &mut run, &AtomicBool::new(false));
    let undo_id = run.id().to_string();
    run.settle(0).unwrap();
    assert_eq!(tally.counts.applied, 9);
    assert_eq!(tree.listing(), first);
    assert_eq!(
        journal::last_to(journal::Turn::Undo, &store, &AtomicBool::new(false)).unwrap().run,
        None,
        "what was undone isn't undone again"
    );
    let redo = journal::last_to(journal::Turn::Redo, &store, &AtomicBool::new(false)).unwrap().run;
    assert_eq!(redo, Some(undo_id.clone()), "an undo can be taken back");
    assert!(
        matches!(journal::load(&store, &undo_id, &AtomicBool::new(false)).unwrap().plan.header.kind, RunKind::Undo(run) if run == id)
    );
}

#[test]
fn a_run_whose_outcomes_can_t_be_recorded_ends() {
    needs_root!("a_run_whose_outcomes_can_t_be_recorded_ends");
    struct Full;
    impl Recorder for Full {
        fn record(&mut self, _: usize, _: &Done) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
    let tree = Tree::new();
    let first = tree.listing();
    let plan = tree.plan(Fixes::Safe, &everything());
    let open_roots = tree.open_roots(&plan.header, KernelFeatures::of_this_kernel());
    let tally = apply(&open_roots, &plan, &mut Full, &AtomicBool::new(false));
    assert_eq!(tally.tried, 1);
    assert!(matches!(tally.ended, Ended::Record(_)));
    tree.undo(&plan, vec![None; plan.changes.len()]);
    assert_eq!(tree.listing(), first);
}
