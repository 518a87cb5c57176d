//! Making one change, on an entry that is held.

use super::Ground;
use super::footing::Footing;
use super::ground::{Known, failed};
use crate::entry::{Kind, State};
use crate::journal::{Capabilities, Cause, Done, Drift, Outcome, cause_of_refusal};
use crate::mode::Mode;
use crate::plan::{Change, Extent, Fixes, Header, Links, RunKind, Steps};
use crate::sys::SysError;
use crate::sys::stat::Look;
use crate::sys::xattr::extras;
use rustix::io::Errno;

/// Makes a change, if its entry is still what the plan found.
///
/// In the common case it takes seven system calls at most: openat2, statx, listxattr (of files), fchmodat2 where there
/// is something to narrow, fchownat, fchmodat2, statx, and close; two more now and then to hold a directory
/// for the changes of its neighbours.
pub(super) fn make<'p>(ground: &Ground, header: &Header, change: &'p Change, footing: &mut Footing<'p>) -> Done {
    match find(ground, header, change, footing) {
        Ok((known, capabilities)) => {
            let hand = Hand { ground, change, known, steps: Steps::of(change) };
            Done { capabilities, ..hand.carry_out() }
        }
        Err(done) => done,
    }
}

/// Finds the entry of a change as the plan found it; what there is to say of it where it isn't, and nothing is to be
/// changed. Changes nothing itself.
pub(super) fn find<'p>(
    ground: &Ground,
    header: &Header,
    change: &'p Change,
    footing: &mut Footing<'p>,
) -> Result<(Known, Capabilities), Done> {
    let known = ground.find(change, &change.id, change.handle.as_ref(), footing)?;
    let state = known.look.entry.state;
    if state == change.after {
        return Err(Done { state: Some(state), ..Done::of(Outcome::Already) });
    }
    if state != change.before {
        return Err(Done { state: Some(state), ..Done::of(Outcome::Drifted(Drift::State(state))) });
    }
    if let Some(done) = other_names(ground, change, &known) {
        return Err(done);
    }
    let capabilities = hidden(ground, header, change, &known)?;
    Ok((known, capabilities))
}

/// What to say of an entry that has names it may not have.
fn other_names(ground: &Ground, change: &Change, known: &Known) -> Option<Done> {
    let entry = &known.look.entry;
    let drift = || Some(Done::of(Outcome::Drifted(Drift::Links(entry.nlink))));
    match &change.links {
        _ if change.kind == Kind::Dir => None,
        Links::Any => None,
        Links::None if entry.nlink > 1 => drift(),
        Links::None => None,
        Links::Inside(names) if u64::from(entry.nlink) != names.len() as u64 + 1 => drift(),
        Links::Inside(names) => {
            let is_here =
                |name: &[u8]| ground.find_path(change.root, name).is_ok_and(|other| other.look.entry.id == entry.id);
            if names.iter().all(|name| is_here(name)) { None } else { drift() }
        }
    }
}

/// Looks at what statx(2) doesn't show, where it matters: file capabilities and ACLs that were not there for the plan.
fn hidden(ground: &Ground, header: &Header, change: &Change, known: &Known) -> Result<Capabilities, Done> {
    let is_safe = header.fixes == Fixes::Safe;
    let new_ids = (change.before.uid, change.before.gid) != (change.after.uid, change.after.gid);
    let gains = change.after.mode.without(change.before.mode).has_any(Mode::GROUP);
    // An undo gives an ACL back the mask that it had.
    let widens_mask = is_safe && gains && !matches!(header.kind, RunKind::Undo(_));
    let matters = match change.kind {
        Kind::File => is_safe || new_ids,
        Kind::Dir => widens_mask,
        _ => false,
    };
    if !matters {
        return Ok(Capabilities::Kept);
    }
    let extras = extras(&known.held, &ground.ladder).map_err(failed)?;
    match change.kind {
        Kind::File if extras.capabilities && is_safe => Err(Done::of(Outcome::Drifted(Drift::Capabilities))),
        _ if extras.acl && widens_mask => Err(Done::of(Outcome::Drifted(Drift::Acl))),
        // chown(2) takes the capabilities of a file away.
        Kind::File if extras.capabilities && new_ids => Ok(Capabilities::Lost),
        _ => Ok(Capabilities::Kept),
    }
}

/// A change that is being made.
struct Hand<'a> {
    ground: &'a Ground,
    change: &'a Change,
    known: Known,
    steps: Steps,
}

impl Hand<'_> {
    fn carry_out(&self) -> Done {
        match self.take_steps().and_then(|()| self.known.held.look()) {
            Ok(look) => self.verify(look),
            Err(error) => self.back_out(error),
        }
    }

    /// Narrow, then chown, then chmod; only those that change something.
    fn take_steps(&self) -> Result<(), SysError> {
        let Steps { before, narrowed, regrouped, after } = self.steps;
        if narrowed.mode != before.mode {
            self.chmod(narrowed.mode)?;
        }
        self.chown(before, after)?;
        if regrouped.mode != after.mode { self.chmod(after.mode) } else { Ok(()) }
    }

    fn chmod(&self, mode: Mode) -> Result<(), SysError> {
        self.known.held.chmod(mode, &self.ground.ladder)
    }

    fn chown(&self, from: State, to: State) -> Result<(), SysError> {
        let (uid, gid) = ((from.uid != to.uid).then_some(to.uid), (from.gid != to.gid).then_some(to.gid));
        if uid.is_none() && gid.is_none() { Ok(()) } else { self.known.held.chown(uid, gid) }
    }

    /// Holds what is seen now against what was wanted: success of a call proves nothing (chmod(2)).
    fn verify(&self, look: Look) -> Done {
        let (seen, after) = (look.entry.state, self.steps.after);
        if seen == after {
            return self.done(self.success(), look);
        }
        let stray = seen.mode.without(after.mode) & Mode::SET_ID;
        if self.change.kind == Kind::File && !stray.is_empty() {
            // Somebody set them while it changed hands: nobody may run it as the new owner or group.
            return self.put_right(seen.mode.without(stray), Some(Cause::Meanwhile));
        }
        let dropped = State { mode: seen.mode | (after.mode & Mode::SPECIAL), ..seen } == after;
        if dropped && self.steps.regrouped.mode == after.mode {
            // chown(2) on some file systems clears setgid of directories too.
            return self.put_right(after.mode, None);
        }
        self.refused(look, None)
    }

    /// One chmod more, and another look.
    fn put_right(&self, mode: Mode, cause: Option<Cause>) -> Done {
        match self.chmod(mode).and_then(|()| self.known.held.look()) {
            Ok(look) if look.entry.state == self.steps.after => self.done(self.success(), look),
            Ok(look) => self.refused(look, cause),
            Err(error) => self.with_state(failed(error)),
        }
    }

    fn success(&self) -> Outcome {
        match self.change.extent {
            Extent::Whole => Outcome::Applied,
            Extent::Partial => Outcome::Partial,
        }
    }

    fn refused(&self, look: Look, cause: Option<Cause>) -> Done {
        let seen = look.entry.state;
        let likely = || cause_of_refusal(self.change.kind, self.steps.after, seen, self.ground.as_root);
        Done { cause: Some(cause.unwrap_or_else(likely)), ..self.done(Outcome::Refused(seen), look) }
    }

    fn done(&self, outcome: Outcome, look: Look) -> Done {
        let id = look.entry.id;
        // A change on overlayfs makes a new inode; undo has to know it.
        let id = (id != self.change.id).then(|| (id, self.change.handle.clone()));
        Done { state: Some(look.entry.state), id, ..Done::of(outcome) }
    }

    /// After a failure in the middle: the way back, so that nobody is locked out for a change that can't be made.
    fn back_out(&self, error: SysError) -> Done {
        let failure = Done { cause: self.cause_of_failure(error), ..failed(error) };
        let Ok(look) = self.known.held.look() else { return failure };
        let seen = look.entry.state;
        if seen != self.steps.before && [self.steps.narrowed, self.steps.regrouped].contains(&seen) {
            // Should this fail too, there is no more to say than the state that is left.
            self.go_back(seen).ok();
        }
        self.with_state(failure)
    }

    fn go_back(&self, seen: State) -> Result<(), SysError> {
        let before = self.steps.before;
        // Ids first: what both modes allow is all that anybody gets until the end. Set-ID bits are not given back.
        let kept = if self.change.kind == Kind::File { before.mode.without(Mode::SET_ID) } else { before.mode };
        self.chown(seen, before)?;
        if seen.mode == kept { Ok(()) } else { self.chmod(kept) }
    }

    fn with_state(&self, done: Done) -> Done {
        Done { state: self.known.held.look().ok().map(|look| look.entry.state), ..done }
    }

    fn cause_of_failure(&self, error: SysError) -> Option<Cause> {
        match error.errno {
            Errno::ROFS => Some(Cause::ReadOnly),
            Errno::PERM if self.known.look.is_immutable() => Some(Cause::Immutable),
            Errno::PERM if self.known.look.is_append_only() => Some(Cause::AppendOnly),
            Errno::PERM if self.ground.as_root => Some(Cause::FileSystem),
            Errno::PERM if self.steps.before.uid != crate::sys::host::effective_uid() => Some(Cause::NotOwner),
            Errno::PERM => Some(Cause::NotInGroup),
            _ => None,
        }
    }
}
