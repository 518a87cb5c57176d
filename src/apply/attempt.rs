//! Taking the steps of a change on an entry that is held: each is looked at before the next, and the way back is known.

use super::open_roots::OpenRoots;
use super::open_roots::{Known, failed};
use crate::journal::{Capabilities, Cause, Done, Outcome, cause_of_refusal};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::plan::{Change, Extent, Steps};
use crate::sys::SysError;
use crate::sys::stat::Look;
use crate::sys::xattr::extras;
use rustix::io::Errno;

/// A change that is being made.
///
/// ```text
///     chmod to narrow ──look──▶ chown ──look──▶ chmod ──look──▶ after
///            │ wider still        │ ids not taken   │ another's ids, or wider than asked
///            ◀────────────────────┴─────────────────┘ the way back, as far as it can be gone
/// ```
pub(super) struct Attempt<'a> {
    open_roots: &'a OpenRoots,
    change: &'a Change,
    known: Known,
    /// What a chown costs the entry: chown(2) takes file capabilities away.
    at_stake: Capabilities,
    steps: Steps,
}

/// Why no more steps were taken.
enum Halt {
    /// A call failed.
    Failed(SysError),
    /// All succeeded, and this is what there is: a file system took a call and did something else.
    Untrue(Box<Look>, Cause),
    /// All succeeded, but what there is can't be seen.
    Unseen(SysError),
}

impl From<SysError> for Halt {
    fn from(error: SysError) -> Halt {
        Halt::Failed(error)
    }
}

impl<'a> Attempt<'a> {
    pub(super) fn new(
        open_roots: &'a OpenRoots,
        change: &'a Change,
        known: Known,
        at_stake: Capabilities,
    ) -> Attempt<'a> {
        Attempt { open_roots, change, known, at_stake, steps: Steps::of(change) }
    }

    /// Makes the change, or leaves the entry as it was.
    pub(super) fn carry_out(&self) -> Done {
        let done = match self.take_steps() {
            Ok(look) => self.verify(&look),
            Err(Halt::Failed(error)) => self.back_out(error),
            Err(Halt::Untrue(look, cause)) => self.take_back(&look, cause),
            Err(Halt::Unseen(error)) => failed(error),
        };
        let kept = self.at_stake == Capabilities::Kept || self.has_capabilities().unwrap_or(false);
        Done { capabilities: if kept { Capabilities::Kept } else { Capabilities::Lost }, ..done }
    }

    /// Narrow, then chown, then chmod; only those that change something, and each only where the one before had its
    /// effect: on FUSE and over a network success proves nothing, and a chmod would serve who had the entry before.
    fn take_steps(&self) -> Result<Look, Halt> {
        let Steps { before, narrowed, regrouped, after } = self.steps;
        let mut seen = self.known.look.clone();
        if narrowed.mode != before.mode {
            self.chmod(narrowed.mode)?;
            seen = self.look()?;
            if !same_ids(seen.entry.state, before) || self.allows_more(&seen, narrowed) {
                let cause = self.cause_of_refusal(&seen);
                return Err(Halt::Untrue(Box::new(seen), cause));
            }
        }
        if !same_ids(before, after) {
            self.chown(before, after)?;
            seen = self.look()?;
            if !same_ids(seen.entry.state, after) {
                let cause = self.cause_of_refusal(&seen);
                return Err(Halt::Untrue(Box::new(seen), cause));
            }
            if self.at_stake == Capabilities::Lost && self.has_capabilities()? {
                return Err(Halt::Untrue(Box::new(seen), Cause::FileSystem));
            }
        }
        if regrouped.mode != after.mode {
            self.chmod(after.mode)?;
            seen = self.look().map_err(Halt::Unseen)?;
        }
        Ok(seen)
    }

    fn chmod(&self, mode: Mode) -> Result<(), SysError> {
        self.known.held.chmod(mode, &self.open_roots.features)
    }

    fn chown(&self, from: State, to: State) -> Result<(), SysError> {
        let (uid, gid) = ((from.uid != to.uid).then_some(to.uid), (from.gid != to.gid).then_some(to.gid));
        if uid.is_none() && gid.is_none() { Ok(()) } else { self.known.held.chown(uid, gid) }
    }

    fn look(&self) -> Result<Look, SysError> {
        self.known.held.look()
    }

    /// Whether more is allowed than in this state.
    fn allows_more(&self, seen: &Look, than: State) -> bool {
        let (seen, than) = (seen.entry.state.mode, than.mode);
        let (counts, sticky_is_gone) = match self.change.kind {
            // The sticky bit of a directory takes rights away.
            Kind::Dir => (Mode::PERMISSIONS, than.without(seen).has(Mode::STICKY)),
            Kind::Symlink => (Mode::NONE, false),
            _ => (Mode::PERMISSIONS | Mode::SET_ID, false),
        };
        seen.without(than).has_any(counts) || sticky_is_gone
    }

    fn has_capabilities(&self) -> Result<bool, SysError> {
        Ok(extras(&self.known.held, &self.open_roots.features)?.capabilities)
    }

    fn cause_of_refusal(&self, seen: &Look) -> Cause {
        match cause_of_refusal(self.change, seen.entry.state, self.open_roots.as_root) {
            // A program or a server behind it does so too.
            Cause::Meanwhile if self.open_roots.is_served(seen.entry.mount) => Cause::FileSystem,
            cause => cause,
        }
    }

    /// Holds what is seen at the end against what was wanted.
    fn verify(&self, look: &Look) -> Done {
        let (seen, after) = (look.entry.state, self.steps.after);
        if seen == after {
            return self.done(self.success(), look);
        }
        if !same_ids(seen, after) {
            return self.take_back(look, self.cause_of_refusal(look));
        }
        let stray = seen.mode.without(after.mode) & Mode::SET_ID;
        if self.change.kind == Kind::File && !stray.is_empty() {
            // Somebody set them while it changed hands: nobody may run it as the new owner or group.
            return self.put_right(seen.mode.without(stray), |_| Cause::Meanwhile);
        }
        let dropped = State { mode: seen.mode | (after.mode & Mode::SPECIAL), ..seen } == after;
        if dropped && self.steps.regrouped.mode == after.mode {
            // chown(2) on some file systems clears setgid of directories too.
            return self.put_right(after.mode, |look| self.cause_of_refusal(look));
        }
        match self.cause_of_refusal(look) {
            cause if self.allows_more(look, after) => self.take_back(look, cause),
            cause => self.refused(look, cause),
        }
    }

    /// One chmod more, and another look.
    fn put_right(&self, mode: Mode, cause: impl Fn(&Look) -> Cause) -> Done {
        match self.chmod(mode).and_then(|()| self.look()) {
            Ok(look) if look.entry.state == self.steps.after => self.done(self.success(), &look),
            Ok(look) => self.refused(&look, cause(&look)),
            Err(error) => self.with_state(failed(error)),
        }
    }

    fn success(&self) -> Outcome {
        match self.change.extent {
            Extent::Whole => Outcome::Applied,
            Extent::Partial => Outcome::Partial,
        }
    }

    fn refused(&self, look: &Look, cause: Cause) -> Done {
        self.because(cause, self.done(Outcome::Refused(look.entry.state), look))
    }

    fn because(&self, cause: Cause, done: Done) -> Done {
        let file_system = match cause {
            Cause::FileSystem => self.open_roots.file_system(self.known.look.entry.mount),
            _ => None,
        };
        Done { cause: Some(cause), file_system, ..done }
    }

    fn done(&self, outcome: Outcome, look: &Look) -> Done {
        let id = look.entry.id;
        // A change on overlayfs makes a new inode; undo has to know it.
        let id = (id != self.change.id).then(|| (id, self.change.handle.clone()));
        Done { state: Some(look.entry.state), id, ..Done::of(outcome) }
    }

    /// After calls that succeeded, but had no effect or another: the way back, and what is left then.
    fn take_back(&self, look: &Look, cause: Cause) -> Done {
        // Should this fail too, there is no more to say than the state that is left.
        self.go_back(Some(look)).ok();
        self.refused(self.look().as_ref().unwrap_or(look), cause)
    }

    /// After a failure in the middle: the way back, so that nobody is locked out for a change that can't be made.
    fn back_out(&self, error: SysError) -> Done {
        let failure = match cause_of_failure(error, &self.known.look, self.steps.before.uid, self.open_roots.as_root) {
            Some(cause) => self.because(cause, failed(error)),
            None => failed(error),
        };
        match self.look() {
            Ok(look) if [self.steps.narrowed, self.steps.regrouped].contains(&look.entry.state) => {
                self.go_back(Some(&look)).ok()
            }
            // Somebody else has changed it meanwhile.
            Ok(_) => None,
            Err(_) => self.go_back(None).ok(),
        };
        self.with_state(failure)
    }

    /// Goes back from what was seen, or from wherever the steps have led where nothing can be seen: what both modes
    /// allow is all that anybody gets until the old owner and group are seen.
    fn go_back(&self, seen: Option<&Look>) -> Result<(), SysError> {
        let Steps { before, narrowed, after, .. } = self.steps;
        let changes_hands = !same_ids(before, after);
        if changes_hands {
            if seen.is_some_and(|seen| self.allows_more(seen, narrowed) && seen.entry.state != before) {
                self.chmod(narrowed.mode)?;
            }
            if seen.is_none_or(|seen| !same_ids(seen.entry.state, before)) {
                self.chown(after, before)?;
            }
        }
        let now = self.look()?.entry.state;
        // Set-ID bits are not given back.
        let kept = if self.change.kind == Kind::File { before.mode.without(Mode::SET_ID) } else { before.mode };
        let is_back = now.mode == before.mode || now.mode == kept;
        if is_back || (changes_hands && !same_ids(now, before)) { Ok(()) } else { self.chmod(kept) }
    }

    fn with_state(&self, done: Done) -> Done {
        Done { state: self.look().ok().map(|look| look.entry.state), ..done }
    }
}

/// Why a call failed that was to change an entry of this owner, where that can be told.
pub(super) fn cause_of_failure(error: SysError, look: &Look, owner: u32, as_root: bool) -> Option<Cause> {
    match error.errno {
        Errno::ROFS => Some(Cause::ReadOnly),
        Errno::PERM if look.is_immutable() => Some(Cause::Immutable),
        Errno::PERM if look.is_append_only() => Some(Cause::AppendOnly),
        Errno::PERM if as_root => Some(Cause::FileSystem),
        Errno::PERM if owner != crate::sys::host::effective_uid() => Some(Cause::NotOwner),
        Errno::PERM => Some(Cause::NotInGroup),
        // ext4 has room for 119 names, btrfs for about 2,000, XFS for 5,457.
        Errno::NOSPC | Errno::TOOBIG if error.call == "setxattr" => Some(Cause::AclRoom),
        _ => None,
    }
}

/// Whether two states have one owner and one group.
fn same_ids(one: State, other: State) -> bool {
    (one.uid, one.gid) == (other.uid, other.gid)
}
