//! What a command adds to a plan: where it comes from, its limits, and what is told of it.

use super::execute::{command_line, who};
use crate::args::{Check, Limit};
use crate::journal::{self, PLAN_BYTES};
use crate::model::text::escape::full_path;
use crate::plan::{Fixes, Header, LONGEST_LINE, Plan, PlanRoom, RunKind, Unfit, most_bytes};
use crate::process::exit::{Exit, Failure};
use crate::process::streams::Streams;
use crate::session::Session;
use crate::session::judged::Judged;
use crate::store::Store;
use crate::sys::host;
use std::os::unix::ffi::OsStrExt;

/// The plan that a survey makes, and what can't be in one.
pub(super) fn plan(
    session: &Session<'_>,
    judged: &Judged,
    kind: RunKind,
    check: &Check,
    limit: &Limit,
) -> (Plan, Vec<Unfit>) {
    let header = Header {
        fixes: if check.unsafe_fixes.is_empty() { Fixes::Safe } else { Fixes::WithUnsafe },
        max_changes: max_changes(judged, limit),
        ..header(session, kind)
    };
    Plan::of_survey(header, &judged.survey, &session.names)
}

/// Tells what can't be in a plan, and what that means for the exit status.
pub(super) fn tell_unfit(header: &Header, unfit: &[Unfit], streams: &Streams) -> Exit {
    for Unfit { change, why } in unfit {
        let root = header.roots.get(change.root as usize).map_or(&b"?"[..], |root| root.path.as_os_str().as_bytes());
        let path = full_path(root, &change.path.bytes(), Some(change.kind));
        streams.complain(format_args!("{path} can't be changed, and is left as it is: {why}"));
    }
    if unfit.is_empty() { Exit::Clean } else { Exit::Incomplete }
}

/// What a plan says of where it comes from.
pub(super) fn header(session: &Session<'_>, kind: RunKind) -> Header {
    Header {
        version: env!("CARGO_PKG_VERSION").into(),
        time: host::now().to_string(),
        boot: host::boot_id(),
        host: host::hostname(),
        kind,
        command: command_line(),
        by: who(session),
        policies: Vec::new(),
        fixes: Fixes::Safe,
        max_changes: None,
        plan_bytes: session.plan_bytes,
        partial: false,
        left: 0,
        redo: None,
        roots: Vec::new(),
        names: None,
    }
}

/// The command line's limit, or else the lowest of the policies'.
fn max_changes(judged: &Judged, limit: &Limit) -> Option<u64> {
    let entries = judged.survey.counts.entries;
    let of_policies = || judged.loaded.iter().filter_map(|loaded| loaded.model.limits.max_changes);
    match limit.max_changes {
        Some(limit) => Some(limit.of(entries)),
        None => of_policies().map(|limit| limit.of(entries)).min(),
    }
}

/// Takes the changes that have no room in a plan out of what a survey would have changed.
pub(super) fn leave_out(
    session: &Session<'_>,
    judged: &mut Judged,
    check: &Check,
    limit: &Limit,
    store: Option<&Store>,
) -> Result<(), Failure> {
    let most = judged.survey.changed().map(|report| most_bytes(&report.path, report.links(), report.findings.len()));
    let (most, longest) = most.fold((0, 0), |(sum, longest), one| (sum + one, one.max(longest)));
    let allowed = session.plan_bytes.unwrap_or(PLAN_BYTES);
    let free = store.map(journal::room).transpose().map_err(Failure::incomplete)?.unwrap_or(u64::MAX);
    // Nearly always all of it is within the limits by far, and is not looked at more closely.
    if most < allowed.min(free / 2) && longest < LONGEST_LINE as u64 / 2 {
        return Ok(());
    }
    let (plan, _) = plan(session, judged, RunKind::Fix, check, limit);
    PlanRoom { allowed, free }
        .leave_out(&plan, &mut judged.survey, &session.names)
        .map_err(|error| Failure::incomplete(format!("can't measure the plan: {error}")))
}
