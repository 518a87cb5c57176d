//! Roots that are empty now, and were not when a run changed something below them: they may lack their mount.

use super::list::{RunSummary, list};
use super::record::load;
use crate::model::text::escape::{escape, full_path};
use crate::model::text::numbers::counted;
use crate::plan::Change;
use crate::store::Store;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// So many records of a root are read at most: the last of them tell as much as all.
const MOST: usize = 4;

/// What is said of each of these roots, which are empty, that some run on record changed entries below.
pub(crate) fn emptied(store: &Store, roots: &[&Path], stop: &AtomicBool) -> Vec<String> {
    if roots.is_empty() {
        return Vec::new();
    }
    // What can't be read says nothing of what there was.
    let runs: Vec<RunSummary> = list(store).unwrap_or_default().into_iter().flatten().collect();
    roots.iter().filter_map(|root| told(store, &runs, root, stop)).collect()
}

fn told(store: &Store, runs: &[RunSummary], root: &Path, stop: &AtomicBool) -> Option<String> {
    let has_root = |run: &&RunSummary| run.header.roots.iter().any(|one| one.path == root) && run.changes > 0;
    runs.iter().rev().filter(has_root).take(MOST).find_map(|run| {
        let plan = load(store, &run.id, stop).ok()?.plan;
        let is_below = |change: &&Change| {
            let of = plan.header.roots.get(change.root as usize);
            of.is_some_and(|of| of.path == root) && *change.path.bytes() != b"."[..]
        };
        let count = plan.changes.iter().filter(is_below).count() as u64;
        (count > 0).then(|| {
            format!(
                "{} is empty, and run {} changed {} in it: see that what is to be mounted here is; `mounted = true` in \
                 the policy makes a night without it an error",
                full_path(root.as_os_str().as_bytes(), b".", None),
                escape(run.id.as_bytes()),
                counted(count, "entry", "entries"),
            )
        })
    })
}
