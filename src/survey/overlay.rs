//! Several changes of one entry, laid upon one another: pure.

use crate::model::entry::{Entry, State};
use crate::model::mode::Mode;
use crate::model::target::Target;

/// Whether the mode of a target is what its ACL says.
pub(super) fn is_whole(target: &Target) -> bool {
    let access = target.acls.as_deref().and_then(|acls| acls.access.as_ref());
    access.is_none_or(|acl| acl.after_chmod(target.state.mode) == *acl)
}

/// What one change makes of an entry that another change has already changed.
pub(super) fn overlay(entry: &Entry, desired: &Target, so_far: Target) -> Target {
    let is_acl = desired.acls.is_some() && !entry.is_at(&Target { state: entry.state, acls: desired.acls.clone() });
    let acls = if is_acl { desired.acls.clone() } else { so_far.acls };
    Target { state: overlay_state(entry.state, desired.state, so_far.state), acls }
}

/// The same of its state.
fn overlay_state(actual: State, desired: State, state: State) -> State {
    let changed = Mode::new(actual.mode.bits() ^ desired.mode.bits());
    State {
        uid: if desired.uid == actual.uid { state.uid } else { desired.uid },
        gid: if desired.gid == actual.gid { state.gid } else { desired.gid },
        mode: state.mode.with_from(changed, desired.mode),
    }
}
