//! File systems that lie: calls without effect, looks that fail, groups that are taken back.

use super::super::*;
use super::names;
use super::tree::{NEW, OLD, Tree, state};
use crate::journal::Cause;
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::plan::Fixes;
use crate::sys::held::fault::{self, Fault};
use rustix::fs::{XattrFlags, setxattr};
use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::rc::Rc;

/// Before and after: the group gains, loses, both; others too; the owner; set-ID and sticky bits.
const FILES: [(u32, u32); 7] =
    [(0o644, 0o664), (0o666, 0o660), (0o604, 0o660), (0o640, 0o604), (0o600, 0o770), (0o6745, 0o664), (0o2755, 0o2775)];
const DIRECTORIES: [(u32, u32); 6] =
    [(0o755, 0o2775), (0o777, 0o2770), (0o1777, 0o2775), (0o2705, 0o3770), (0o2775, 0o2755), (0o700, 0o2777)];

/// Holds that nobody has more than before under the old group, or than after under the new.
#[track_caller]
fn serves_nobody(seen: State, before: u32, after: u32, context: &str) {
    let bound = Mode::new(if seen.gid == OLD { before } else { after });
    assert!(bound.has(seen.mode & Mode::new(0o777)), "{seen:?}, {context}");
    assert!(bound.has(seen.mode & Mode::new(0o6000)) || !context.starts_with('f'), "{seen:?}, {context}");
}

#[test]
fn a_call_without_effect_serves_nobody() {
    needs_root!("a_call_without_effect_serves_nobody");
    for (path, &(before, after)) in
        FILES.iter().map(|modes| ("f", modes)).chain(DIRECTORIES.iter().map(|modes| ("d", modes)))
    {
        for ignored in 0..4 {
            for watched in 0..6 {
                let tree = Tree::new();
                tree.chmod(path, before);
                let plan = tree.plan(Fixes::WithUnsafe, &[(path, NEW, after)]);
                let context = format!("{path}: {before:o} -> {after:o}, call {ignored} ignored, {watched} watched");
                let seen = Rc::new(RefCell::new(None));
                let (place, here) = (Rc::clone(&seen), tree.path(path));
                fault::set(Fault::Ignored(ignored));
                fault::before(watched, move || {
                    let data = fs::symlink_metadata(here).unwrap();
                    place.replace(Some(state(data.uid(), data.gid(), data.mode())));
                });
                let done = tree.apply(&plan);
                fault::set(Fault::Never);
                let calls = [seen.take(), Some(tree.state(path))];
                calls.into_iter().flatten().for_each(|seen| serves_nobody(seen, before, after, &context));
                assert_eq!(done[0].state, Some(tree.state(path)), "{context}");
                if tree.state(path).gid == OLD && done[0].outcome.name() != "failed" {
                    let set_id = if path == "f" { 0o6000 } else { 0 };
                    assert_eq!(tree.state(path).mode | Mode::new(set_id), Mode::new(before | set_id), "{context}");
                    assert_eq!((names(&done), done[0].cause), (vec!["refused"], Some(Cause::FileSystem)), "{context}");
                }
            }
        }
    }
}

#[test]
fn nothing_is_widened_that_can_t_be_looked_at_after_a_chgrp() {
    needs_root!("nothing_is_widened_that_can_t_be_looked_at_after_a_chgrp");
    // What is narrowed first stays so: whom the group's bits would serve can't be seen.
    for (looks, before, after, left) in [(1, 0o644, 0o664, 0o644), (2, 0o666, 0o660, 0o660), (1, 0o604, 0o664, 0o604)] {
        let tree = Tree::new();
        tree.chmod("f", before);
        let plan = tree.plan(Fixes::Safe, &[("f", NEW, after)]);
        fault::blind_after(Some(looks));
        let done = tree.apply(&plan);
        fault::blind_after(None);
        assert_eq!(names(&done), ["failed"], "{before:o}");
        assert_eq!(tree.state("f"), state(0, OLD, left), "{before:o}");
        tree.undo(&plan, vec![None]);
        assert_eq!(tree.state("f"), state(0, OLD, before));
    }
}

#[test]
fn a_group_that_is_taken_back_meanwhile_gets_nothing() {
    needs_root!("a_group_that_is_taken_back_meanwhile_gets_nothing");
    // 0644 to 0664: chgrp, look, chmod; then as if the server had thought better of the group.
    let tree = Tree::new();
    tree.chmod("f", 0o644);
    let plan = tree.plan(Fixes::Safe, &[("f", NEW, 0o664)]);
    let path = tree.path("f");
    fault::before(1, move || chown(path, None, Some(OLD)).unwrap());
    let done = tree.apply(&plan);
    assert_eq!((names(&done), tree.state("f")), (vec!["refused"], state(0, OLD, 0o644)));
    assert_eq!(tree.undo(&plan, done.into_iter().map(Some).collect()).0, [Found::Unchanged]);
}

#[test]
fn capabilities_that_a_chgrp_doesn_t_take_don_t_come_along() {
    needs_root!("capabilities_that_a_chgrp_doesn_t_take_don_t_come_along");
    let tree = Tree::new();
    tree.chmod("f", 0o750);
    let plan = tree.plan(Fixes::WithUnsafe, &[("f", NEW, 0o770)]);
    // A version 2 `security.capability` that permits CAP_NET_RAW, set before the first call and kept by the second.
    let give = |path: std::path::PathBuf| {
        let value = [0, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        setxattr(path, "security.capability", &value, XattrFlags::empty()).unwrap();
    };
    give(tree.path("f"));
    let path = tree.path("f");
    fault::before_look(1, move || give(path));
    let done = tree.apply(&plan);
    assert_eq!((names(&done), done[0].cause), (vec!["refused"], Some(Cause::FileSystem)));
    assert_eq!(tree.state("f"), state(0, OLD, 0o750));
}
