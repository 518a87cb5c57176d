//! Plans of what was found: the changes that would clear a survey's findings.

use super::make::Unfit;
use super::model::{Change, Extent, Fixes, Header, Plan, PlanPolicy, PlanRoot};
use super::names::Names;
use crate::findings::{EntryReport, Root, Survey};
use crate::model::accounts::IdNames;
use crate::model::target::AclTurn;

impl Plan {
    /// The plan of all that a survey would change, and what can't be in one. What the header says of policies, roots and
    /// names is the survey's; it has unsafe fixes where it says so, or any is in it.
    pub fn of_survey(header: Header, survey: &Survey, names: &dyn IdNames) -> (Plan, Vec<Unfit>) {
        let mut changes: Vec<Change> = survey.changed().map(|report| change(survey, report)).collect();
        let has_unsafe = survey.changed().any(|report| survey.is_risky(report));
        let policies = survey.policies.iter();
        let header = Header {
            policies: policies.map(|one| PlanPolicy { name: one.name.clone(), file: one.file.clone() }).collect(),
            fixes: if has_unsafe { Fixes::WithUnsafe } else { header.fixes },
            roots: survey.roots.iter().filter_map(plan_root).collect(),
            ..header
        };
        // A root that couldn't be opened has no changes, but its index must not shift those of the others.
        renumber(&mut changes, survey);
        let (mut plan, unfit) = Plan::of(header, changes, survey.counts.entries);
        plan.header.names = Some(Names::of(&plan.changes, names));
        (plan, unfit)
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

fn change(survey: &Survey, report: &EntryReport) -> Change {
    let (before, after) = (report.before(), report.after());
    Change {
        root: report.root,
        path: report.path.clone(),
        kind: report.kind,
        id: report.id,
        handle: report.prospect.as_ref().and_then(|prospect| prospect.handle.clone()),
        before: before.state,
        after: after.state,
        acls: AclTurn::of(before.acls, after.acls),
        lints: survey.lints_of(report).into(),
        links: report.links().clone(),
        extent: Extent::Whole,
    }
}
