//! Changes that several threads make: all of them once, told in the order of the plan, whatever ends the run.

use super::super::scheduler::stretch;
use super::tree::{Memory, NEW, Tree};
use super::*;
use crate::journal::{Legible, Record, RunState};
use crate::model::target::Links;
use crate::plan::Plan;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const FILES: usize = 1000;

/// Many files to be changed between one directory and another.
fn many() -> (Tree, Plan) {
    let tree = Tree::new();
    let names: Vec<String> = (0..FILES).map(|number| format!("d/e/{number:04}")).collect();
    for name in &names {
        fs::write(tree.path(name), "").unwrap();
    }
    let mut wishes: Vec<_> = names.iter().map(|name| (name.as_str(), NEW, 0o664)).collect();
    wishes.extend([(".", NEW, 0o2770), ("d", NEW, 0o700)]);
    let plan = tree.plan(Fixes::Safe, &wishes);
    (tree, plan)
}

fn crew_of(tree: &Tree, plan: &Plan) -> OpenRoots {
    tree.open_roots(&plan.header, KernelFeatures::of_this_kernel()).worked_by(4)
}

#[test]
fn a_crew_makes_every_change_once() {
    needs_root!("a_crew_makes_every_change_once");
    let (tree, plan) = many();
    let mut memory = Memory::default();
    let tally = apply(&crew_of(&tree, &plan), &plan, &mut memory, &AtomicBool::new(false));
    assert_eq!((tally.tried, tally.counts.applied), (FILES + 2, FILES as u64 + 2));
    assert!(matches!(tally.ended, Ended::Complete));
    for (change, (index, done)) in plan.changes.iter().zip(&memory.0) {
        assert_eq!(plan.changes[*index], *change);
        assert_eq!(done.state, Some(change.after));
        assert_eq!(tree.state(std::str::from_utf8(&change.path.bytes()).unwrap()), change.after);
    }
}

#[test]
fn a_stopped_crew_has_made_the_head_of_the_plan_and_no_more() {
    needs_root!("a_stopped_crew_has_made_the_head_of_the_plan_and_no_more");
    struct Stopper<'a>(&'a AtomicBool, Vec<usize>);
    impl Recorder for Stopper<'_> {
        fn record(&mut self, change: usize, _: &Done) -> io::Result<()> {
            self.1.push(change);
            self.0.fetch_or(change == 10, Ordering::Relaxed);
            Ok(())
        }
    }
    let (tree, plan) = many();
    let stop = AtomicBool::new(false);
    let mut recorder = Stopper(&stop, Vec::new());
    let tally = apply(&crew_of(&tree, &plan), &plan, &mut recorder, &stop);
    assert_eq!(recorder.1, Vec::from_iter(0..tally.tried));
    assert!(matches!(tally.ended, Ended::Asked) || tally.tried == plan.changes.len());
    for (index, change) in plan.changes.iter().enumerate() {
        let expected = if index < tally.tried { change.after } else { change.before };
        assert_eq!(tree.state(std::str::from_utf8(&change.path.bytes()).unwrap()), expected, "{index}");
    }
}

#[test]
fn a_crew_begins_nothing_more_once_the_record_fails() {
    needs_root!("a_crew_begins_nothing_more_once_the_record_fails");
    struct Full(Vec<usize>);
    impl Recorder for Full {
        fn record(&mut self, change: usize, _: &Done) -> io::Result<()> {
            self.0.push(change);
            if change < 2 { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
        }
    }
    let (tree, plan) = many();
    let mut recorder = Full(Vec::new());
    let tally = apply(&crew_of(&tree, &plan), &plan, &mut recorder, &AtomicBool::new(false));
    assert!(matches!(tally.ended, Ended::Record(_)));
    assert_eq!(recorder.0, Vec::from_iter(0..tally.tried), "all that was made was told");
    let widening = plan.changes.last().unwrap();
    assert_eq!(tree.state("."), widening.before, "no directory is opened after that");
}

#[test]
fn two_names_of_one_entry_are_left_to_one_thread() {
    needs_root!("two_names_of_one_entry_are_left_to_one_thread");
    let (tree, mut plan) = many();
    assert_eq!(stretch(&plan.changes, 1), 1..FILES + 1);
    for change in &mut plan.changes {
        change.links = Links::Any;
    }
    assert_eq!(stretch(&plan.changes, 1), 1..FILES + 1, "each has a name of its own");
    plan.changes[9].id = plan.changes[FILES].id;
    assert_eq!(stretch(&plan.changes, 1), 1..1);
    drop(tree);
}

#[test]
fn an_undo_finds_the_same_by_any_number_of_threads() {
    needs_root!("an_undo_finds_the_same_by_any_number_of_threads");
    let (tree, plan) = many();
    apply(&crew_of(&tree, &plan), &plan, &mut Memory::default(), &AtomicBool::new(false));
    fs::remove_file(tree.path("d/e/0003")).unwrap();
    fs::write(tree.path("d/e/0003"), "").unwrap();
    fs::remove_file(tree.path("d/e/0500")).unwrap();
    fs::set_permissions(tree.path("d/e/0999"), fs::Permissions::from_mode(0o600)).unwrap();
    let outcomes = vec![None; plan.changes.len()];
    let state = RunState::Interrupted;
    let record = Record { id: "1".into(), plan: plan.clone(), outcomes, state, legible: Legible::All, bad: vec![] };
    let undo = |threads| {
        let open_roots = tree.open_roots(&plan.header, KernelFeatures::of_this_kernel()).worked_by(threads);
        let undo = undo_plan(open_roots, &record, tree.header(Fixes::Safe), &AtomicBool::new(false));
        (undo.plan.changes, undo.found)
    };
    let (changes, found) = undo(1);
    assert_eq!((changes.len(), found.len()), (FILES - 3 + 2, FILES + 2));
    assert!(found.iter().enumerate().all(|(at, (index, _))| at == *index));
    for threads in [2, 3, 64] {
        assert_eq!(undo(threads), (changes.clone(), found.clone()), "{threads}");
    }
}
