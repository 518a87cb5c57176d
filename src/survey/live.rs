//! What a survey has found so far, for whoever can't wait for its end.

use super::obstacle;
use crate::findings::part::{Part, add};
use crate::findings::{EntryError, Survey};
use crate::model::path::TreePath;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A survey while it is made: threads hand in what they find as they find it.
#[derive(Default)]
pub(crate) struct Live {
    begun: Mutex<Survey>,
    outlets: Mutex<Vec<Outlet>>,
    sink: Option<Arc<Sink>>,
}

/// Where what a survey finds goes as it is found, instead of into memory.
pub(crate) type Sink = dyn Fn(Part) + Send + Sync;

/// Where one thread hands in what it finds.
#[derive(Clone, Default)]
pub(super) struct Outlet {
    part: Arc<Mutex<Part>>,
    sink: Option<Arc<Sink>>,
}

/// So much is kept in memory for a sink.
const MANY: usize = 512;

impl Outlet {
    /// Takes what a thread found.
    pub(super) fn take(&self, news: &mut Part) {
        let mut part = self.part();
        part.append(news);
        if let Some(sink) = self.sink.as_ref().filter(|_| part.len() >= MANY) {
            let full = std::mem::take(&mut *part);
            drop(part);
            sink(full);
        }
    }

    /// What it holds. No thread panics while it hands something in; what it did hand in is whole in any case.
    pub(super) fn part(&self) -> MutexGuard<'_, Part> {
        locked(&self.part)
    }
}

impl Live {
    /// A survey that keeps nothing: all goes there.
    pub(crate) fn into_sink(sink: Arc<Sink>) -> Live {
        Live { sink: Some(sink), ..Live::default() }
    }

    /// What was found until now, in path order.
    pub(crate) fn so_far(&self) -> Survey {
        let mut survey = locked(&self.begun).clone();
        let parts: Vec<_> = locked(&self.outlets).iter().map(|outlet| std::mem::take(&mut *outlet.part())).collect();
        gather(parts, &mut survey);
        survey
    }

    /// The walk begins; this much is known.
    pub(super) fn begin(&self, survey: &Survey) {
        locked(&self.begun).clone_from(survey);
    }

    /// A place for what one more thread finds.
    pub(super) fn outlet(&self) -> Outlet {
        let outlet = Outlet { part: Arc::default(), sink: self.sink.clone() };
        locked(&self.outlets).push(outlet.clone());
        outlet
    }
}

/// Puts together what the threads found, in path order.
pub(super) fn gather(parts: Vec<Part>, survey: &mut Survey) {
    let (mut linked, mut all_doubtful, mut all_without_acls) = (Vec::new(), Vec::new(), BTreeSet::new());
    for part in parts {
        let Part { finds, counts, entries, mut skipped_mounts, mut errors, mut doubtful, mut without_acls, left: _ } =
            part;
        add(&mut survey.entries, entries);
        all_without_acls.append(&mut without_acls);
        all_doubtful.append(&mut doubtful);
        survey.counts.entries += counts.entries;
        survey.counts.excluded += counts.excluded;
        survey.counts.vanished += counts.vanished;
        survey.reports.extend(finds.reports);
        survey.excused.extend(finds.excused);
        linked.extend(finds.linked);
        survey.skipped_mounts.append(&mut skipped_mounts);
        survey.errors.append(&mut errors);
    }
    all_doubtful.sort();
    all_doubtful.dedup();
    survey.warnings.append(&mut all_doubtful);
    for (root, mount) in all_without_acls {
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

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
