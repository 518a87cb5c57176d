//! Neighbours are found by their names in the directory that holds them, for as long as it was seen a moment ago.

use super::super::dirs::Grip;
use super::tree::{NEW, OLD, Tree, apply_on};
use super::*;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

/// A tree with ten files more in `d/e`, and the plan for them alone.
fn ten_files() -> (Tree, Plan) {
    let tree = Tree::new();
    let plan = plan_for_ten(&tree);
    (tree, plan)
}

fn plan_for_ten(tree: &Tree) -> Plan {
    let files: Vec<String> = (0..10).map(|number| format!("d/e/{number}")).collect();
    for name in &files {
        fs::write(tree.path(name), "").unwrap();
        tree.chown(name, OLD);
        tree.chmod(name, 0o640);
    }
    let wishes: Vec<_> = files.iter().map(|name| (name.as_str(), OLD, 0o660)).collect();
    tree.plan(Fixes::Safe, &wishes)
}

/// Applies it while this happens right before the fourth file is changed.
fn applied_while(tree: &Tree, plan: &Plan, moment: Duration, act: impl FnOnce() + 'static) -> Vec<&'static str> {
    let mut open_roots = tree.open_roots(&plan.header, KernelFeatures::of_this_kernel());
    open_roots.grip = Grip { alone: 2, moment };
    fault::before(3, act);
    names(&apply_on(&open_roots, plan))
}

/// Four files that were changed, and six of which this is told.
fn four_and(rest: &'static str) -> Vec<&'static str> {
    [vec!["applied"; 4], vec![rest; 6]].concat()
}

#[test]
fn a_directory_that_was_moved_out_is_noticed_when_its_moment_is_over() {
    needs_root!("a_directory_that_was_moved_out_is_noticed_when_its_moment_is_over");
    let moved = |moment| {
        let (tree, plan) = ten_files();
        let (from, to) = (tree.path("d/e"), tree.base.join("outside/e"));
        applied_while(&tree, &plan, moment, move || fs::rename(from, to).unwrap())
    };
    assert_eq!(moved(Duration::ZERO), four_and("gone"));
    // What somebody gains who moves it: as much as one who comes that much later.
    assert_eq!(moved(Duration::MAX), vec!["applied"; 10]);
    assert!(Grip::USUAL.moment <= Duration::from_millis(1));
}

#[test]
fn a_directory_that_became_a_link_is_told_as_from_its_whole_path() {
    needs_root!("a_directory_that_became_a_link_is_told_as_from_its_whole_path");
    let (tree, plan) = ten_files();
    let (directory, aside) = (tree.path("d/e"), tree.path("d/aside"));
    let done = applied_while(&tree, &plan, Duration::ZERO, move || {
        fs::rename(&directory, aside).unwrap();
        symlink("aside", directory).unwrap();
    });
    assert_eq!(done, four_and("drifted"));
}

#[test]
fn an_entry_elsewhere_is_never_found_from_the_directory_of_the_one_before() {
    needs_root!("an_entry_elsewhere_is_never_found_from_the_directory_of_the_one_before");
    let tree = Tree::new();
    let mut paths: Vec<String> = Vec::new();
    for directory in ["a", "a/b", "a/c", "a.b", "b"] {
        fs::create_dir(tree.path(directory)).unwrap();
        paths.extend((0..5).map(|number| format!("{directory}/{number}")));
    }
    paths.extend((0..5).map(|number| number.to_string()));
    for path in &paths {
        fs::write(tree.path(path), "").unwrap();
    }
    let wishes: Vec<_> = paths.iter().map(|path| (path.as_str(), NEW, 0o660)).collect();
    assert_eq!(names(&tree.apply(&tree.plan(Fixes::Safe, &wishes))), vec!["applied"; paths.len()]);
    assert!(paths.iter().all(|path| tree.state(path).gid == NEW));
}

#[test]
fn the_same_directory_of_another_root_is_another() {
    needs_root!("the_same_directory_of_another_root_is_another");
    let ((one, plan), (other, others)) = (ten_files(), ten_files());
    let mut both = plan.clone();
    both.header.roots.extend(others.header.roots);
    // Those of the second root follow right after, from a directory of the same name.
    both.changes.extend(others.changes.into_iter().map(|change| crate::plan::Change { root: 1, ..change }));
    let opened = [&one, &other].map(|tree| Some(OwnedFd::from(fs::File::open(tree.path(".")).unwrap())));
    let (mut open_roots, _) = OpenRoots::new(&both.header, opened, KernelFeatures::of_this_kernel());
    open_roots.grip = Grip { alone: 0, moment: Duration::MAX };
    assert_eq!(names(&apply_on(&open_roots, &both)), vec!["applied"; 20]);
}

#[test]
fn a_directory_is_not_held_again_and_again_where_changes_take_long() {
    needs_root!("a_directory_is_not_held_again_and_again_where_changes_take_long");
    let (tree, plan) = ten_files();
    let mut open_roots = tree.open_roots(&plan.header, KernelFeatures::of_this_kernel());
    let held = |moment, open_roots: &mut OpenRoots| {
        open_roots.grip = Grip { alone: 1, moment };
        let mut dirs = open_roots.dirs();
        let changes = plan.changes.iter().cycle().take(200);
        let found = changes.filter(|change| {
            open_roots.find(change, &change.id, None, &mut dirs).map_err(|done| done.outcome).unwrap();
            dirs.is_holding()
        });
        found.count()
    };
    assert_eq!(held(Duration::MAX, &mut open_roots), 199);
    assert_eq!(held(Duration::ZERO, &mut open_roots), 7, "each time twice as many without");
}

#[test]
fn what_is_mounted_in_a_held_directory_is_noticed() {
    const NAME: &str = "what_is_mounted_in_a_held_directory_is_noticed";
    needs_root!("what_is_mounted_in_a_held_directory_is_noticed");
    if let Some(dir) = run_apart_in() {
        return mounted_meanwhile(&Tree::at(dir));
    }
    let tree = Tree::new();
    run_apart(&format!("dirs::{NAME}"), "shift; exec \"$@\"", &tree.base);
}

fn mounted_meanwhile(tree: &Tree) {
    let mount = |onto: &str| {
        let onto = tree.path(onto);
        // Onto itself: only the mount is another.
        let from = onto.clone();
        move || assert!(Command::new("mount").arg("--bind").args([from, onto]).status().unwrap().success())
    };
    let plan = plan_for_ten(tree);
    let done = applied_while(tree, &plan, Duration::MAX, mount("d/e/7"));
    assert_eq!(done.iter().position(|name| *name == "drifted"), Some(7), "{done:?}");
    assert_eq!(done.iter().filter(|name| **name == "applied").count(), 9);
    assert!(Command::new("umount").arg(tree.path("d/e/7")).status().unwrap().success());
    let plan = plan_for_ten(tree);
    assert_eq!(applied_while(tree, &plan, Duration::ZERO, mount("d/e")), four_and("drifted"));
}
