//! Turning a run round: what its record says, held against what is there.

use super::dirs::DirCache;
use super::open_roots::{OpenRoots, RootDrift, failed};
use crate::journal::{Capabilities, Done, Drift, Outcome, Record};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::target::Target;
use crate::plan::{AclStep, Change, Extent, Header, Plan, Present, Steps, Unfit, acl_steps, acl_steps_between};
use crate::sys::handle::Handle;
use crate::sys::host;
use crate::sys::thread::{join, start};
use std::sync::atomic::{AtomicBool, Ordering};

/// The plan that undoes a run, and what was found of every entry that the run may have changed.
#[derive(Debug)]
pub(crate) struct Undo {
    /// The plan; to be put on record and applied like any other.
    pub plan: Plan,
    /// The open_roots for it.
    pub open_roots: OpenRoots,
    /// The index of a change in the run's plan, and what was found.
    pub found: Vec<(usize, Found)>,
    /// Roots that could not be looked at again once their entries were.
    pub lost: Vec<RootDrift>,
    /// What can't be turned round.
    pub unfit: Vec<Unfit>,
}

/// What was found of an entry that a run may have changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// It is as the run left it, and goes back to how it was.
    Changed,
    /// It is as it was before the run: there is nothing to do.
    Unchanged,
    /// Only set-ID bits or file capabilities of a regular file are missing, which are not given back.
    OnlySetId,
    /// It is not there any more.
    Gone,
    /// It is not, or not as, the run left it; it is left alone.
    Drifted(Drift),
    /// It can't be looked at.
    Failed(Done),
}

/// Looks, changing nothing, at every entry that the run may have changed, and plans the way back.
///
/// `header` says when, where and by whom; what it says of roots, policies and fixes is taken from the run. Once `stop` is
/// set nothing more is looked at, and what comes of it is no plan.
pub(crate) fn undo_plan(open_roots: OpenRoots, record: &Record, header: Header, stop: &AtomicBool) -> Undo {
    let changed: Vec<usize> = (0..record.plan.changes.len()).filter(|&index| record.may_have_changed(index)).collect();
    let (mut found, mut now) = (Vec::with_capacity(changed.len()), Vec::with_capacity(changed.len()));
    for (&index, (what, present)) in changed.iter().zip(look_back_all(&open_roots, record, &changed, stop)) {
        found.push((index, what));
        now.extend(present.map(|present| (index, present)));
    }
    let inverse = record.plan.invert(record.id.clone(), &now);
    let (open_roots, roots, lost) = open_roots.rebased(&record.plan.header.roots);
    let run = inverse.header;
    let header = Header {
        kind: run.kind,
        boot: host::boot_id(),
        policies: run.policies,
        fixes: run.fixes,
        max_changes: run.max_changes,
        roots,
        ..header
    };
    let entries = found.len() as u64;
    let (plan, unfit) = Plan::of(header, inverse.changes, entries);
    Undo { plan, unfit, open_roots, found, lost }
}

/// So many entries are worth a thread that looks at them.
const SHARE: usize = 256;

/// What is there of each of these changes, in their order; looked at by several threads where they are many.
fn look_back_all(
    open_roots: &OpenRoots,
    record: &Record,
    changed: &[usize],
    stop: &AtomicBool,
) -> Vec<(Found, Option<Present>)> {
    let look = |share: &[usize]| {
        let mut dirs = open_roots.dirs();
        let mut look = |&index: &usize| match stop.load(Ordering::Relaxed) {
            false => look_back(open_roots, &record.plan.changes[index], record.outcomes[index].as_ref(), &mut dirs),
            true => (Found::Unchanged, None),
        };
        share.iter().map(&mut look).collect::<Vec<_>>()
    };
    let threads = open_roots.threads.min(changed.len().div_ceil(SHARE)).max(1);
    if threads == 1 {
        return look(changed);
    }
    let share = changed.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let shares = changed.chunks(share).map(|share| (share, start(scope, move || look(share)).ok()));
        let threads: Vec<_> = shares.collect();
        // Where there is no thread for a share, this one looks at it.
        threads.into_iter().flat_map(|(share, thread)| thread.map_or_else(|| look(share), join)).collect()
    })
}

/// What is there; the entry too, where it has to go back.
fn look_back<'p>(
    open_roots: &OpenRoots,
    change: &'p Change,
    done: Option<&Done>,
    dirs: &mut DirCache<'p>,
) -> (Found, Option<Present>) {
    let (id, handle) = match done.and_then(|done| done.id.as_ref()) {
        Some((id, handle)) => (id, handle.as_ref()),
        None => (&change.id, change.handle.as_ref()),
    };
    let known = match open_roots.find(change, id, handle, dirs) {
        Ok(known) => known,
        Err(done) => return (not_found(done), None),
    };
    let state = known.look.entry.state;
    let target = match known.target(change, &open_roots.features) {
        Ok(target) => target,
        Err(error) => return (Found::Failed(failed(error)), None),
    };
    if target == change.found() {
        return (Found::Unchanged, None);
    }
    let is_left = if change.acls.is_some() { is_acl_left_by(change, &target) } else { is_left_by(change, done, state) };
    if !is_left {
        let drift = if state == change.after { Drift::Acl } else { Drift::State(state) };
        return (Found::Drifted(drift), None);
    }
    if change.undone(&target) == target {
        return (Found::OnlySetId, None);
    }
    let lost_capabilities = done.is_some_and(|done| done.capabilities == Capabilities::Lost);
    let extent = if lost_capabilities { Extent::Partial } else { Extent::Whole };
    let (id, handle) = (known.look.entry.id, Handle::of(&known.held));
    (Found::Changed, Some(Present { id, handle, target, extent }))
}

/// Whether the run can have left the entry in this state: at its end, in its middle, or as it says itself. In its
/// middle also where it says that it came to its end: an earlier undo may have been cut short there.
fn is_left_by(change: &Change, done: Option<&Done>, state: State) -> bool {
    let said = done.and_then(|done| done.state) == Some(state);
    // Backing out of a failure gives a regular file everything back but set-ID bits.
    let backed_out = State { mode: change.before.mode.without(Mode::SET_ID), ..change.before };
    said || Steps::of(change).pass_through(change.kind, state) || (change.kind == Kind::File && state == backed_out)
}

/// The same of a change that holds ACLs: at its end, in its middle, or on the way back from there.
fn is_acl_left_by(change: &Change, target: &Target) -> bool {
    let set_id = if change.kind == Kind::File { Mode::SET_ID } else { Mode::SETGID };
    // Set-ID bits of a file are not given back, and setgid is dropped in silence where the caller isn't in the group.
    let is_it = |then: &Target| {
        let without = Target { state: State { mode: then.state.mode.without(set_id), ..then.state }, ..then.clone() };
        then == target || without == *target
    };
    let steps = acl_steps(change);
    let back = |step: &AclStep| acl_steps_between(change.kind, &step.then, &change.found());
    steps.iter().any(|step| is_it(&step.then) || back(step).iter().any(|step| is_it(&step.then)))
}

fn not_found(done: Done) -> Found {
    match done.outcome {
        Outcome::Gone => Found::Gone,
        Outcome::Drifted(drift) => Found::Drifted(drift),
        _ => Found::Failed(done),
    }
}
