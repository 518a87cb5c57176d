//! The calls of a change that holds ACLs, and what the entry is after each.
//!
//! ```text
//!     before ──▶ narrowed ──chown──▶ regrouped ──▶ special bits ──▶ access ACL ──▶ special bits ──▶ default ACL = after
//!         what both ACLs allow, where it changes hands   that take rights             that give them
//! ```
//!
//! Setting an access ACL sets the permissions of the mode in the same call. In between, no one gets more than `before`
//! under the old owner and group, or `after` under the new (`model::acl::narrowed`).

use super::model::Change;
use crate::model::acl::Acl;
use crate::model::acl::narrowed::narrowed;
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::target::{Target, TargetAcls};

/// One call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum AclCall {
    /// All of the mode, where the entry has no ACL of its own; or else its special bits, the others being what they are.
    Chmod(Mode),
    /// Another owner, another group, or both.
    Chown(Option<u32>, Option<u32>),
    /// Its own ACL, of three entries where the mode says it all.
    Access(Acl),
    /// The ACL that new entries in it get, or none.
    Default(Option<Acl>),
}

/// A call, and what the entry is to be after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AclStep {
    /// The call.
    pub call: AclCall,
    /// What the entry is then.
    pub then: Target,
}

/// The steps of a change that holds ACLs.
pub(crate) fn acl_steps(change: &Change) -> Vec<AclStep> {
    between(change.kind, &change.found(), &change.wanted())
}

/// The steps from one target of an entry of this kind to another.
pub(crate) fn between(kind: Kind, before: &Target, after: &Target) -> Vec<AclStep> {
    let acls = |target: &Target| target.acls.as_deref().cloned().unwrap_or_default();
    let mut making = Making { state: before.state, acls: acls(before), steps: Vec::new() };
    let (from, to) = (before.state, after.state);
    let (old, new) = (acls(before), acls(after));
    let special = |mode: Mode| mode & Mode::SPECIAL;
    if (from.uid, from.gid) != (to.uid, to.gid) {
        let (mode, access) = narrowed((from.mode, old.access.as_ref()), (to.mode, new.access.as_ref()));
        making.special(kept(kind, from.mode, to.mode));
        making.access(mode, access);
        making.chown(to);
    }
    // Bits that take rights, as a directory's sticky bit, come before those permissions that they are for; bits that give
    // some go before and come after.
    making.special(match kind {
        Kind::Dir => special(to.mode).with(making.state.mode & Mode::STICKY),
        _ => special(to.mode) & special(making.state.mode),
    });
    making.access(to.mode, new.access);
    making.special(special(to.mode));
    making.default(new.default);
    making.steps
}

/// The special bits for the time between: as with modes, the sticky bit of a directory stays or comes, and set-ID bits of a
/// file go before chown(2) takes them or doesn't.
fn kept(kind: Kind, from: Mode, to: Mode) -> Mode {
    match kind {
        Kind::Dir => (from & to & Mode::SPECIAL).with((from | to) & Mode::STICKY),
        _ => from & to & Mode::STICKY,
    }
}

struct Making {
    state: State,
    acls: TargetAcls,
    steps: Vec<AclStep>,
}

impl Making {
    fn add(&mut self, call: AclCall) {
        let then = Target { state: self.state, acls: Some(Box::new(self.acls.clone())) };
        self.steps.push(AclStep { call, then });
    }

    fn special(&mut self, bits: Mode) {
        let mode = self.state.mode.with_from(Mode::SPECIAL, bits);
        if mode != self.state.mode {
            self.state.mode = mode;
            self.add(AclCall::Chmod(mode));
        }
    }

    fn access(&mut self, permissions: Mode, access: Option<Acl>) {
        let mode = self.state.mode.with_from(Mode::PERMISSIONS, permissions);
        if mode == self.state.mode && access == self.acls.access {
            return;
        }
        let is_plain = access.is_none() && self.acls.access.is_none();
        self.state.mode = mode;
        self.acls.access = access.clone();
        // Never by taking the attribute away: the group would have the bits of the mask then.
        self.add(match is_plain {
            true => AclCall::Chmod(mode),
            false => AclCall::Access(access.unwrap_or_else(|| Acl::of_mode(mode))),
        });
    }

    fn chown(&mut self, to: State) {
        let (uid, gid) = (to.uid, to.gid);
        let other = |was: u32, is: u32| (was != is).then_some(is);
        let call = AclCall::Chown(other(self.state.uid, uid), other(self.state.gid, gid));
        (self.state.uid, self.state.gid) = (uid, gid);
        self.add(call);
    }

    fn default(&mut self, default: Option<Acl>) {
        if default != self.acls.default {
            self.acls.default.clone_from(&default);
            self.add(AclCall::Default(default));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(gid: u32, mode: u32, access: &str, default: &str) -> Target {
        let acl = |text: &str| (!text.is_empty()).then(|| Acl::from_text(text).expect(text));
        let acls = TargetAcls { access: acl(access), default: acl(default) };
        Target { state: State { uid: 1, gid, mode: Mode::new(mode) }, acls: Some(Box::new(acls)) }
    }

    fn calls(kind: Kind, before: &Target, after: &Target) -> Vec<String> {
        let steps = between(kind, before, after);
        assert_eq!(&steps.last().expect("something changes").then, after);
        let text = |acl: &Acl| acl.to_string();
        let told = steps.iter().map(|step| match &step.call {
            AclCall::Chmod(mode) => format!("chmod {mode}"),
            AclCall::Chown(_, gid) => format!("chown {gid:?}"),
            AclCall::Access(acl) => text(acl),
            AclCall::Default(acl) => format!("default {}", acl.as_ref().map(text).unwrap_or_default()),
        });
        told.collect()
    }

    #[test]
    fn one_call_sets_an_acl_and_its_mode() {
        let named = "u::rw-,u:7:r--,g::rw-,m::rw-,o::---";
        for (kind, before, after, expected) in [
            (Kind::File, target(2, 0o600, "", ""), target(2, 0o660, named, ""), &[named][..]),
            // The mask that goes would be the group's, if the attribute went.
            (
                Kind::File,
                target(2, 0o660, "u::rw-,u:7:rw-,g::---,m::rw-,o::---", ""),
                target(2, 0o600, "", ""),
                &["u::rw-,g::---,o::---"],
            ),
            (Kind::File, target(2, 0o600, "", ""), target(2, 0o660, "", ""), &["chmod 0660"]),
            (
                Kind::Dir,
                target(2, 0o770, "", ""),
                target(2, 0o2770, "", "u::rwx,g::rwx,o::---"),
                &["chmod 2770", "default u::rwx,g::rwx,o::---"],
            ),
            (Kind::Dir, target(2, 0o770, "", "u::rwx,g::rwx,o::---"), target(2, 0o770, "", ""), &["default "]),
        ] {
            assert_eq!(calls(kind, &before, &after), expected);
        }
    }

    #[test]
    fn sticky_comes_first_and_goes_last_and_set_id_the_other_way_round() {
        let named = "u::rwx,u:7:rwx,g::rwx,m::rwx,o::---";
        let open = target(2, 0o1777, "", "");
        let closed = target(2, 0o2770, named, "");
        assert_eq!(calls(Kind::Dir, &open, &closed), ["chmod 3777", named, "chmod 2770"]);
        assert_eq!(calls(Kind::Dir, &closed, &open), ["chmod 1770", "u::rwx,g::rwx,o::rwx"]);
        let (run, plain) = (target(2, 0o2750, "", ""), target(2, 0o770, named, ""));
        assert_eq!(calls(Kind::File, &run, &plain), ["chmod 0750", named]);
        assert_eq!(calls(Kind::File, &plain, &run), ["u::rwx,g::r-x,o::---", "chmod 2750"]);
    }

    #[test]
    fn no_special_bit_that_is_to_go_changes_hands() {
        let named = "u::rwx,u:7:rwx,g::rwx,m::rwx,o::---";
        let (before, after) = (target(2, 0o2770, "", ""), target(3, 0o1770, named, ""));
        let narrow = "u::rwx,u:7:---,g::rwx,m::rwx,o::---";
        assert_eq!(calls(Kind::Dir, &before, &after), ["chmod 1770", narrow, "chown Some(3)", named]);
        let (before, after) = (target(2, 0o6750, "", ""), target(3, 0o750, "", ""));
        assert_eq!(calls(Kind::File, &before, &after), ["chmod 0750", "chown Some(3)"]);
    }

    #[test]
    fn what_changes_hands_is_narrowed_to_what_both_allow() {
        let before = target(2, 0o660, "u::rw-,u:7:rw-,g::r--,m::rw-,o::---", "");
        let after = target(3, 0o660, "u::rw-,g::rw-,g:9:r--,m::rw-,o::---", "");
        let narrow = "u::rw-,u:7:---,g::r--,g:9:---,m::r--,o::---";
        let last = "u::rw-,g::rw-,g:9:r--,m::rw-,o::---";
        assert_eq!(calls(Kind::File, &before, &after), [narrow, "chown Some(3)", last]);
    }
}
