//! What a fix tells who reads its mail in the morning: the kinds and places of what it changed, or was not let change, and
//! runs that were interrupted before it.

use super::execute::{Executed, settle_without_changes};
use crate::args::{Common, Format};
use crate::findings::Survey;
use crate::journal::RunSummary;
use crate::model::text::escape::full_path;
use crate::model::text::numbers::number;
use crate::plan::{Fixes, Plan};
use crate::process::exit::Failure;
use crate::process::streams::{Streams, warn};
use crate::report::human;
use crate::report::manner::{Grouping, Manner};
use crate::report::text::words::Words;
use crate::session::Session;
use crate::session::judged::Judged;
use crate::session::store;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;

/// So many places are named.
const PLACES: usize = 3;

/// The runs before this one that were interrupted in its trees.
pub(super) struct Nights {
    /// Those that nothing is open of once this one has come to its end.
    settles: Vec<String>,
    /// All others.
    open: Vec<RunSummary>,
}

impl Nights {
    /// Finds them. One is settled by a fix that looks at all of its trees, by all of its policies, and makes all that it
    /// would have made.
    pub(super) fn of(session: &Session<'_>, judged: &Judged, plan: &Plan) -> Nights {
        let (common, survey) = (session.common, &judged.survey);
        let is_whole =
            judged.selection.is_all() && survey.errors.is_empty() && plan.changes.len() >= survey.changed().count();
        let is_settled = |run: &RunSummary| {
            let header = &run.header;
            let sees = |path: &std::path::Path| survey.roots.iter().any(|root| root.path == path && root.id.is_some());
            let goes_by = |name: &str| survey.policies.iter().any(|policy| policy.name == name);
            is_whole
                && (header.fixes == Fixes::Safe || header.fixes == plan.header.fixes)
                && header.roots.iter().all(|root| sees(&root.path))
                && header.policies.iter().all(|policy| goes_by(&policy.name))
        };
        let runs = store::interrupted(common, survey).unwrap_or_default();
        let (settles, open): (Vec<_>, Vec<_>) = runs.into_iter().partition(is_settled);
        Nights { settles: settles.into_iter().map(|run| run.id).collect(), open }
    }

    /// The ids of those that this run settles.
    pub(super) fn settles(&self) -> &[String] {
        &self.settles
    }

    /// Puts on record that there is nothing left of them to change.
    pub(super) fn settle(&self, session: &Session<'_>, plan: &Plan) -> Result<(), Failure> {
        if self.settles.is_empty() { Ok(()) } else { settle_without_changes(session, plan, &self.settles) }
    }

    /// Tells of each, also when quiet: that this run settled it, if it came to its end, or that it is still open.
    pub(super) fn tell(&self, common: &Common, is_complete: bool) {
        for id in self.settles.iter().filter(|_| is_complete) {
            let option = store::option(common);
            warn(&format!(
                "run {id} was interrupted, and this one has made what was left of it; what it did is shown by: \
                 sgidlint log {id}{option}"
            ));
        }
        self.open.iter().for_each(|run| warn(&store::told_interrupted(common, run)));
    }

    /// Tells of those that this run can't settle, as it makes nothing.
    pub(super) fn tell_open(&self, common: &Common) {
        self.open.iter().for_each(|run| warn(&store::told_interrupted(common, run)));
        let option = store::option(common);
        self.settles.iter().for_each(|id| {
            warn(&format!(
                "run {id} was interrupted before, so its trees may be changed in part: sgidlint log {id}{option}"
            ));
        });
    }
}

/// Tells a quiet run's reader what would have been changed: each kind of wrong, how many have it, and a few places.
pub(super) fn tell_kinds(session: &Session<'_>, survey: &Survey, streams: &mut Streams) -> Result<(), Failure> {
    let common = session.common;
    if !common.quiet || common.format != Format::Human {
        return Ok(());
    }
    let manner = Manner { grouping: Grouping::Glance, ..streams.manner(common) };
    streams.write_results(|out| human::write_findings(out, survey, &Words(&session.names), &manner))
}

/// `3 foreign-group, 1 missing-setgid; at /srv/lab/a/, /srv/lab/b and 1 more`: what a run changed.
pub(super) fn kinds_and_places(plan: &Plan, executed: &Executed) -> String {
    let made = || plan.changes.iter().enumerate().filter(|(at, _)| executed.is_made(*at)).map(|(_, change)| change);
    let mut lints: BTreeMap<&str, u64> = BTreeMap::new();
    made().flat_map(|change| &change.lints).for_each(|lint| *lints.entry(lint.name()).or_default() += 1);
    let mut lints: Vec<_> = lints.into_iter().collect();
    lints.sort_by_key(|&(_, count)| Reverse(count));
    let lints: Vec<_> = lints.into_iter().map(|(lint, count)| format!("{} {lint}", number(count))).collect();
    let place = |change: &crate::plan::Change| {
        let root =
            plan.header.roots.get(change.root as usize).map_or(&b"?"[..], |root| root.path.as_os_str().as_bytes());
        full_path(root, &change.path.bytes(), Some(change.kind))
    };
    let mut places = made().take(PLACES).map(place).collect::<Vec<_>>().join(", ");
    if let Some(more) = made().count().checked_sub(PLACES).filter(|&more| more > 0) {
        places += &format!(" and {} more", number(more as u64));
    }
    format!("{}; at {places}", lints.join(", "))
}
