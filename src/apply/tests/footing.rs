//! Neighbours are found by their names in the directory that holds them, for as long as it was seen a moment ago.

use super::super::footing::MOMENT;
use super::tree::{NEW, Tree, apply_on};
use super::*;
use crate::sys::held::fault;
use std::fs;
use std::time::Duration;

/// Applies changes of ten files in one directory, which is moved out of the tree right before the fourth is made.
fn moved_out_meanwhile(moment: Duration) -> Vec<&'static str> {
    let tree = Tree::new();
    let files: Vec<String> = (0..10).map(|number| format!("d/e/{number}")).collect();
    for name in &files {
        fs::write(tree.path(name), "").unwrap();
        tree.chmod(name, 0o640);
    }
    let gid = tree.state("d/e/0").gid;
    let wishes: Vec<_> = files.iter().map(|name| (name.as_str(), gid, 0o660)).collect();
    let plan = tree.plan(Fixes::Safe, &wishes);
    let (from, to) = (tree.path("d/e"), tree.base.join("outside/e"));
    fault::before(3, move || fs::rename(from, to).unwrap());
    let mut ground = tree.ground(&plan.header, Ladder::of_this_kernel());
    ground.moment = moment;
    names(&apply_on(&ground, &plan))
}

#[test]
fn a_directory_that_was_moved_out_is_noticed_when_its_moment_is_over() {
    needs_root!("a_directory_that_was_moved_out_is_noticed_when_its_moment_is_over");
    let (made, gone) = (vec!["applied"; 4], vec!["gone"; 6]);
    assert_eq!(moved_out_meanwhile(Duration::ZERO), [made, gone].concat());
    // What somebody gains who moves it: as much as one who comes that much later.
    assert_eq!(moved_out_meanwhile(Duration::MAX), vec!["applied"; 10]);
    assert!(MOMENT <= Duration::from_millis(1));
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
    let plan = tree.plan(Fixes::Safe, &wishes);
    let mut ground = tree.ground(&plan.header, Ladder::of_this_kernel());
    ground.moment = Duration::MAX;
    assert_eq!(names(&apply_on(&ground, &plan)), vec!["applied"; paths.len()]);
    assert!(paths.iter().all(|path| tree.state(path).gid == NEW));
}
