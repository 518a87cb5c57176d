//! What a survey has found so far, for whoever can't wait for its end.

use super::assess::Finds;
use super::obstacle;
use crate::findings::{Counts, EntryError, SkippedMount, Survey};
use crate::model::path::TreePath;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A survey while it is made: threads hand in what they find as they find it.
#[derive(Default)]
pub(crate) struct Live {
    begun: Mutex<Survey>,
    parts: Mutex<Vec<Arc<Mutex<Part>>>>,
}

/// What one thread has found.
#[derive(Default)]
pub(super) struct Part {
    /// Entries, and what is wrong with them.
    pub finds: Finds,
    /// What was counted.
    pub counts: Counts,
    /// How many entries were counted below each root.
    pub entries: BTreeMap<u32, u64>,
    /// Mounts that were not entered.
    pub skipped_mounts: Vec<SkippedMount>,
    /// What could not be read.
    pub errors: Vec<EntryError>,
    /// What was left out for a name that others than root could have given.
    pub doubtful: Vec<String>,
    /// Roots that wish ACLs, and mounts that keep none.
    pub without_acls: BTreeSet<(u32, String)>,
}

impl Live {
    /// What was found until now, in path order.
    pub(crate) fn so_far(&self) -> Survey {
        let mut survey = locked(&self.begun).clone();
        let parts: Vec<_> = locked(&self.parts).iter().map(|part| std::mem::take(&mut *locked(part))).collect();
        gather(parts, &mut survey);
        survey
    }

    /// The walk begins; this much is known.
    pub(super) fn begin(&self, survey: &Survey) {
        locked(&self.begun).clone_from(survey);
    }

    /// A place for what one more thread finds.
    pub(super) fn part(&self) -> Arc<Mutex<Part>> {
        let part = Arc::default();
        locked(&self.parts).push(Arc::clone(&part));
        part
    }
}

impl Part {
    /// Takes over what another holds, and leaves that empty.
    pub(super) fn append(&mut self, other: &mut Part) {
        self.finds.append(std::mem::take(&mut other.finds));
        self.counts.add(std::mem::take(&mut other.counts));
        add(&mut self.entries, std::mem::take(&mut other.entries));
        self.skipped_mounts.append(&mut other.skipped_mounts);
        self.errors.append(&mut other.errors);
        self.doubtful.append(&mut other.doubtful);
        self.without_acls.append(&mut other.without_acls);
    }
}

/// Adds what was counted below each root.
fn add(all: &mut BTreeMap<u32, u64>, more: BTreeMap<u32, u64>) {
    more.into_iter().for_each(|(root, count)| *all.entry(root).or_default() += count);
}

/// Puts together what the threads found, in path order.
pub(super) fn gather(parts: Vec<Part>, survey: &mut Survey) {
    let (mut linked, mut doubtful, mut without_acls) = (Vec::new(), Vec::new(), BTreeSet::new());
    for part in parts {
        let Part { finds, counts, entries, mut skipped_mounts, mut errors, .. } = part;
        let (mut named, mut without) = (part.doubtful, part.without_acls);
        add(&mut survey.entries, entries);
        without_acls.append(&mut without);
        doubtful.append(&mut named);
        survey.counts.entries += counts.entries;
        survey.counts.excluded += counts.excluded;
        survey.counts.vanished += counts.vanished;
        survey.reports.extend(finds.reports);
        survey.excused.extend(finds.excused);
        linked.extend(finds.linked);
        survey.skipped_mounts.append(&mut skipped_mounts);
        survey.errors.append(&mut errors);
    }
    doubtful.sort();
    doubtful.dedup();
    survey.warnings.append(&mut doubtful);
    for (root, mount) in without_acls {
        let error = EntryError::told(Some(root), TreePath::from(&b"."[..]), no_acls(&mount));
        if !survey.errors.contains(&error) {
            survey.errors.push(error);
        }
    }
    crate::findings::links::settle(linked, &mut survey.reports);
    obstacle::join(&mut survey.reports);
    crate::findings::order::put_in_order(survey);
    survey.counts.suppressed += survey.excused.iter().map(|excused| excused.report.findings.len() as u64).sum::<u64>();
}

/// What is said of ACLs that are wished for where there can be none.
fn no_acls(mount: &str) -> String {
    format!(
        "the policy speaks of ACLs, and the file system of {mount:?} keeps none as POSIX has them (getxattr: EOPNOTSUPP), so \
         they are not judged there; mount it with ACLs, or say `acl = \"@any\"` and `default-acl = \"@any\"`"
    )
}

/// No thread panics while it hands something in; what it did hand in is whole in any case.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
