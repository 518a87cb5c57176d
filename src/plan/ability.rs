//! What a caller may do, known before it is tried: which changes the kernel would refuse, or make only by half. All that tells
//! what is whose to mend asks here.
//!
//! ```text
//!     chown(2)   another owner         CAP_CHOWN
//!                another group         CAP_CHOWN, or owner of the entry and member of the new group
//!     chmod(2)   any mode              CAP_FOWNER, or owner of the entry
//!                with setgid           kept only by a member of the entry's group, or with CAP_FSETID; otherwise the
//!                                      call succeeds, and the bit is gone
//! ```

use super::steps::Steps;
use crate::findings::{EntryReport, Refused, Survey};
use crate::lints::{Because, Finding, Fix, Lint};
use crate::model::accounts::{Accounts, Caller, Power};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::text::numbers::counted;
use std::collections::BTreeMap;
use std::path::Path;

/// Why a change isn't the caller's to make.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Barrier {
    /// Somebody else owns the entry.
    NotOwner,
    /// Only root gives entries to another owner.
    NewOwner,
    /// Who gives an entry to a group must be in it.
    NotInGroup,
    /// The kernel would drop setgid in silence: the caller isn't in the entry's group.
    SetgidDropped,
}

/// What stands between a caller and a change of an entry, if anything does.
pub(crate) fn barrier(caller: &Caller, kind: Kind, before: State, after: State) -> Option<Barrier> {
    let steps = Steps::between(kind, before, after);
    let is_owner = |state: State| caller.uid == state.uid;
    if before.uid != after.uid && !caller.has(Power::Chown) {
        return Some(Barrier::NewOwner);
    }
    let narrows = steps.narrowed.mode != before.mode;
    let sets = steps.regrouped.mode != after.mode;
    let chmods = narrows && !is_owner(before) || sets && !is_owner(after);
    if chmods && !caller.has(Power::Fowner) {
        return Some(Barrier::NotOwner);
    }
    if before.gid != after.gid && !caller.has(Power::Chown) {
        if !is_owner(before) {
            return Some(Barrier::NotOwner);
        }
        if !caller.is_in(after.gid) {
            return Some(Barrier::NotInGroup);
        }
    }
    drops_setgid(caller, &steps).then_some(Barrier::SetgidDropped)
}

/// What stands between a caller and the change that is planned of an entry.
fn barrier_of(caller: &Caller, report: &EntryReport) -> Option<Barrier> {
    let changes_acls = report.turn().is_some_and(|turn| !turn.is_same());
    if changes_acls && report.actual.uid != caller.uid && !caller.has(Power::Fowner) {
        return Some(Barrier::NotOwner);
    }
    let keeps_setgid = caller.has(Power::Fsetid) || caller.is_in(report.desired.gid);
    // Setting an ACL drops it as chmod(2) does.
    if changes_acls && report.desired.mode.has(Mode::SETGID) && !keeps_setgid {
        return Some(Barrier::SetgidDropped);
    }
    barrier(caller, report.kind, report.actual, report.desired)
}

fn drops_setgid(caller: &Caller, steps: &Steps) -> bool {
    let Steps { narrowed, regrouped, after, before } = *steps;
    if !after.mode.has(Mode::SETGID) || caller.has(Power::Fsetid) {
        return false;
    }
    if regrouped.mode != after.mode {
        return !caller.is_in(after.gid);
    }
    // Lost on the way: chown(2) leaves the setgid of directories alone, so there is no call that would set it again.
    narrowed.mode != before.mode && narrowed.mode.has(Mode::SETGID) && !caller.is_in(before.gid)
}

/// Who could make a change that the caller can't: the owner of the entry, by uid, or else root.
pub(crate) fn who_could(before: State, after: State, accounts: &dyn Accounts) -> u32 {
    let in_group = accounts.is_member(before.uid, after.gid);
    let takes_group = before.gid != after.gid || after.mode.has(Mode::SETGID);
    if before.uid == after.uid && (in_group || !takes_group) { before.uid } else { 0 }
}

/// Changes that are left to others, counted by who could make them and what stands between them and the caller.
pub(crate) type Barred = BTreeMap<(u32, Barrier), u64>;

/// Takes the changes that the caller can't make out of what a survey would have changed, and those below roots that are
/// refused, of which it tells.
pub(crate) fn bar(survey: &mut Survey, caller: &Caller, accounts: &dyn Accounts) -> Barred {
    bar_roots(survey);
    for (&root, refused) in &survey.refused {
        let warning = told(&survey.roots[root as usize].path, refused);
        match refused.why.is_about_others() {
            true => survey.warnings.push(warning),
            false if refused.changes > 0 => survey.remarks.push(warning),
            false => {}
        }
    }
    let mut barred = Barred::new();
    for at in survey.changing() {
        let report = &survey.reports[at];
        if let Some(barrier) = barrier_of(caller, report) {
            *barred.entry((who_could(report.actual, report.desired, accounts), barrier)).or_default() += 1;
            survey.barred.insert(at);
        }
    }
    barred
}

/// Takes what lies below roots that `fix` refuses out of what a survey would have changed, and counts it.
pub(crate) fn bar_roots(survey: &mut Survey) {
    if survey.refused.is_empty() {
        return;
    }
    for at in survey.changing() {
        if let Some(refused) = survey.refused.get_mut(&survey.reports[at].root) {
            refused.changes += 1;
        }
    }
    // Whatever name or policy an entry is found by there: it stays as it is.
    for report in survey.reports.iter_mut().filter(|report| survey.refused.contains_key(&report.root)) {
        report.keep();
    }
}

/// Which root is refused, what that costs, why, and what to do.
fn told(root: &Path, Refused { why, changes }: &Refused) -> String {
    let cost = match changes {
        0 => String::new(),
        &changes => format!(", so {} left out", counted(changes, "change is", "changes are")),
    };
    format!("{}: fix would refuse this root{cost}: {why}; {}", root.display(), why.remedy())
}

/// Keeps the findings that the caller can mend; what is wrong with policies is root's to mend, and what others keep to
/// themselves is theirs.
pub(crate) fn keep_mendable(survey: &mut Survey, caller: &Caller) {
    if caller.has(Power::Chown) && caller.has(Power::Fowner) {
        return;
    }
    for report in &mut survey.reports {
        let findings = report.findings.iter().copied();
        report.findings = findings.filter(|finding| can_mend(caller, report, finding)).collect();
        // What is left to them may be something else than what fix would change.
        if barrier_of(caller, report).is_some() {
            report.keep();
        }
    }
    survey.reports.retain(|report| !report.findings.is_empty());
    survey.notices.clear();
    let all = survey.errors.len();
    survey.errors.retain(|error| error.owner.is_none_or(|owner| owner == caller.uid));
    let others = (all - survey.errors.len()) as u64;
    if others > 0 {
        let places = counted(others, "place", "places");
        survey.remarks.push(format!("{places} of others can't be looked into, so what lies there is left out"));
    }
}

/// Whether the caller can mend a finding: by the fix of its entry, where there is one, or else by chmod and chgrp of their own.
pub(crate) fn can_mend(caller: &Caller, report: &EntryReport, finding: &Finding) -> bool {
    let passes = |after: State| barrier(caller, report.kind, report.actual, after).is_none();
    match finding.fix {
        Fix::None(Some(Because::Conflict | Because::ReadOnly)) => false,
        Fix::Safe if report.is_changed() => barrier_of(caller, report).is_none(),
        Fix::Safe | Fix::Unsafe(_) if report.ideal != report.effective() => passes(report.ideal),
        _ if finding.lint == Lint::ForeignOwner => caller.has(Power::Chown),
        _ => report.actual.uid == caller.uid || caller.has(Power::Fowner),
    }
}

#[cfg(test)]
#[path = "ability_tests.rs"]
mod tests;
