//! From a survey to a plan.

use super::args::{Check, Limit};
use super::execute::{command_line, who};
use super::exit::Exit;
use super::judged::Judged;
use super::session::Session;
use super::streams::Streams;
use crate::findings::{Flaw, Root, Survey};
use crate::plan::{Change, Extent, Fixes, Header, Names, Plan, PlanPolicy, PlanRoot, RunKind, Unfit};
use crate::report::escape::full_path;
use crate::sys::host;
use std::os::unix::ffi::OsStrExt;

/// The plan that a survey makes, and what can't be in one.
pub fn plan(session: &Session<'_>, judged: &Judged, kind: RunKind, check: &Check, limit: &Limit) -> (Plan, Vec<Unfit>) {
    let survey = &judged.survey;
    let mut changes: Vec<Change> = survey.changed().map(|flaw| change(survey, flaw)).collect();
    let entries = survey.counts.entries;
    let has_unsafe = !check.unsafe_fixes.is_empty() || survey.changed().any(|flaw| survey.is_risky(flaw));
    let fixes = if has_unsafe { Fixes::WithUnsafe } else { Fixes::Safe };
    let mut header = header(session, kind);
    header.policies = survey
        .policies
        .iter()
        .map(|policy| PlanPolicy { name: policy.name.clone(), file: policy.file.clone() })
        .collect();
    header.fixes = fixes;
    header.max_changes = max_changes(judged, limit);
    header.roots = survey.roots.iter().filter_map(plan_root).collect();
    // A root that couldn't be opened has no changes, but its index must not shift those of the others.
    renumber(&mut changes, survey);
    let (mut plan, unfit) = Plan::of(header, changes, entries);
    plan.header.names = Some(Names::of(&plan.changes, &session.names));
    (plan, unfit)
}

/// Tells what can't be in a plan, and what that means for the exit status.
pub fn tell_unfit(header: &Header, unfit: &[Unfit], streams: &Streams) -> Exit {
    for Unfit { change, why } in unfit {
        let root = header.roots.get(change.root as usize).map_or(&b"?"[..], |root| root.path.as_os_str().as_bytes());
        let path = full_path(root, &change.path.bytes(), Some(change.kind));
        streams.complain(format_args!("{path} can't be changed, and is left as it is: {why}"));
    }
    if unfit.is_empty() { Exit::Clean } else { Exit::Incomplete }
}

/// What a plan says of where it comes from.
pub fn header(session: &Session<'_>, kind: RunKind) -> Header {
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
        roots: Vec::new(),
        names: None,
    }
}

fn plan_root(root: &Root) -> Option<PlanRoot> {
    let id = root.id?;
    Some(PlanRoot { path: root.path.clone(), id, handle: root.handle.clone(), fsid: root.fsid, mounts: root.mounts })
}

fn renumber(changes: &mut [Change], survey: &Survey) {
    let mut numbers = Vec::with_capacity(survey.roots.len());
    let mut next = 0;
    for root in &survey.roots {
        numbers.push(next);
        next += u32::from(root.id.is_some());
    }
    for change in changes {
        change.root = numbers[change.root as usize];
    }
}

fn change(survey: &Survey, flaw: &Flaw) -> Change {
    Change {
        root: flaw.root,
        path: flaw.path.clone(),
        kind: flaw.kind,
        id: flaw.id,
        handle: flaw.prospect.as_ref().and_then(|prospect| prospect.handle.clone()),
        before: flaw.actual,
        after: flaw.desired,
        lints: survey.lints_of(flaw).into(),
        links: flaw.links().clone(),
        extent: Extent::Whole,
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
