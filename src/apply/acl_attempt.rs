//! Taking the steps of a change that holds ACLs: each is looked at before the next, and the way back is known.

use super::attempt::cause_of_failure;
use super::open_roots::{Known, OpenRoots, failed};
use crate::journal::{Capabilities, Cause, Done, Outcome, cause_of_refusal};
use crate::model::acl::effective::Effective;
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::target::Target;
use crate::plan::{AclCall, AclStep, Change, Extent, acl_steps, acl_steps_between};
use crate::sys::SysError;
use crate::sys::acl::Which;
use crate::sys::xattr::extras;

/// A change of ACLs that is being made.
pub(super) struct AclAttempt<'a> {
    open_roots: &'a OpenRoots,
    change: &'a Change,
    known: Known,
    /// What a chown costs the entry: chown(2) takes file capabilities away.
    at_stake: Capabilities,
}

/// Why no more steps were taken.
enum Halt {
    /// A call failed.
    Failed(SysError),
    /// It succeeded, and this is what there is.
    Untrue(Target),
}

impl<'a> AclAttempt<'a> {
    pub(super) fn new(open_roots: &'a OpenRoots, change: &'a Change, known: Known, at_stake: Capabilities) -> Self {
        AclAttempt { open_roots, change, known, at_stake }
    }

    /// Makes the change, or leaves the entry as it was.
    pub(super) fn carry_out(&self) -> Done {
        let steps = acl_steps(self.change);
        let done = match self.take(&steps) {
            Ok(()) => self.done(self.success()),
            Err(Halt::Failed(error)) => {
                // Somebody else may have changed it meanwhile: then it is theirs.
                let passed = |now: &Target| steps.iter().any(|step| step.then == *now);
                if self.look().is_ok_and(|now| passed(&now)) {
                    self.go_back();
                }
                let done = Done {
                    cause: cause_of_failure(error, &self.known.look, self.change.before.uid, self.open_roots.as_root),
                    ..failed(error)
                };
                self.with_file_system(self.with_state(done))
            }
            Err(Halt::Untrue(seen)) => {
                let cause = cause_of_refusal(self.change, seen.state, self.open_roots.as_root);
                // A call without effect is nobody else's doing; nor an ACL's, for that is what is being set.
                let is_passed = steps.iter().any(|step| step.then == seen) || seen == self.change.found();
                let cause = match cause {
                    Cause::NotInGroup => cause,
                    _ if is_passed => Cause::FileSystem,
                    Cause::Acl | Cause::Meanwhile if self.open_roots.is_served(self.known.look.entry.mount) => {
                        Cause::FileSystem
                    }
                    Cause::Acl => Cause::Meanwhile,
                    cause => cause,
                };
                // What gives no more than it was to is left to whoever made it so.
                if steps.iter().any(|step| step.then == seen) || self.gives_more(&seen) {
                    self.go_back();
                }
                let left = self.look().unwrap_or(seen);
                self.with_file_system(Done { cause: Some(cause), ..self.done(Outcome::Refused(left.state)) })
            }
        };
        let is_lost = self.at_stake == Capabilities::Lost && !self.has_capabilities();
        Done { capabilities: if is_lost { Capabilities::Lost } else { Capabilities::Kept }, ..done }
    }

    /// Each only where the one before had its effect: a mask would serve who had the entry before.
    fn take(&self, steps: &[AclStep]) -> Result<(), Halt> {
        steps.iter().try_for_each(|step| {
            self.call(&step.call).map_err(Halt::Failed)?;
            let seen = self.look().map_err(Halt::Failed)?;
            if seen == step.then { Ok(()) } else { Err(Halt::Untrue(seen)) }
        })
    }

    fn call(&self, call: &AclCall) -> Result<(), SysError> {
        let (held, features) = (&self.known.held, &self.open_roots.features);
        match call {
            AclCall::Chmod(mode) => held.chmod(*mode, features),
            AclCall::Chown(uid, gid) => held.chown(*uid, *gid),
            AclCall::Access(acl) => held.set_acl(Which::Access, acl, features),
            AclCall::Default(Some(acl)) => held.set_acl(Which::Default, acl, features),
            AclCall::Default(None) => held.remove_default_acl(features),
        }
    }

    /// Back from wherever the steps have led, as far as that can be gone: the same steps from there, and none of them is
    /// undone in its turn.
    fn go_back(&self) {
        let Ok(now) = self.look() else { return };
        let mut back = self.change.found();
        if self.change.kind == Kind::File {
            // Set-ID bits are not given back.
            let gone = Mode::SET_ID.without(now.state.mode);
            back.state.mode = back.state.mode.without(gone);
        }
        self.take(&acl_steps_between(self.change.kind, &now, &back)).ok();
    }

    /// Whether somebody has more than before and after the change.
    fn gives_more(&self, seen: &Target) -> bool {
        let effective = |target: &Target| {
            let access = target.acls.as_deref().and_then(|acls| acls.access.as_ref());
            Effective::of(target.state.mode, access)
        };
        let sides = [self.change.found(), self.change.wanted()];
        let (seen_ids, seen) = ((seen.state.uid, seen.state.gid), effective(seen));
        sides.iter().all(|side| {
            let allowed = effective(side);
            let is_whose = seen_ids == (side.state.uid, side.state.gid);
            !is_whose || !allowed.differing(&seen).0.is_empty() || allowed.lacking(&seen).next().is_some()
        })
    }

    fn look(&self) -> Result<Target, SysError> {
        self.known.look_again(self.change, &self.open_roots.features)
    }

    fn has_capabilities(&self) -> bool {
        extras(&self.known.held, &self.open_roots.features).is_ok_and(|extras| extras.capabilities)
    }

    fn success(&self) -> Outcome {
        match self.change.extent {
            Extent::Whole => Outcome::Applied,
            Extent::Partial => Outcome::Partial,
        }
    }

    fn done(&self, outcome: Outcome) -> Done {
        let Ok(look) = self.known.held.look() else { return Done::of(outcome) };
        // A change on overlayfs makes a new inode; undo has to know it.
        let id = (look.entry.id != self.change.id).then(|| (look.entry.id, self.change.handle.clone()));
        Done { state: Some(look.entry.state), id, ..Done::of(outcome) }
    }

    fn with_state(&self, done: Done) -> Done {
        Done { state: self.known.held.look().ok().map(|look| look.entry.state), ..done }
    }

    fn with_file_system(&self, done: Done) -> Done {
        match done.cause {
            Some(Cause::FileSystem) => {
                Done { file_system: self.open_roots.file_system(self.known.look.entry.mount), ..done }
            }
            _ => done,
        }
    }
}
