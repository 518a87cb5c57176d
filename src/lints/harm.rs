//! What no safe fix may do: take from the intended group or from whom an ACL names, or let others gain.
//!
//! ```text
//!     who                                   may lose                        may gain
//!     a member of the intended group        what the policy's mode takes    by what the policy says
//!     a user or group that the ACL names    nothing                         nothing, where the mask goes
//!     a member of the old group             all: it isn't theirs            what the mode gives to others anew
//! ```

use crate::model::accounts::{Account, IdNames};
use crate::model::acl::{Acl, AclEntry, Tag};
use crate::model::entry::{Entry, Kind, State};
use crate::model::mode::Mode;
use crate::model::rights::{Rights, decide};
use serde::{Deserialize, Serialize};

/// The id of somebody, or of a group, that no entry can name (chown(2) takes it for "none").
const UNNAMED: u32 = u32::MAX;

/// What is heeded beside the change itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Heeded {
    /// The group that the policy intends, whether or not the entry gets it.
    pub intended: u32,
    /// The rights that the policy's mode leaves to the group.
    pub tolerated: Rights,
}

/// How a change does harm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Harm {
    /// To whom its ACL names; or that isn't known, for the ACL can't be read.
    Acl,
    /// To members of the intended group, or by what members of the old one gain: others have more than the group.
    Group,
}

/// How a change of an entry to another state does harm, if it does.
pub(super) fn harm(entry: &Entry, to: State, heeded: Heeded) -> Option<Harm> {
    let from = entry.state;
    if entry.kind == Kind::Symlink || (from.gid, from.mode) == (to.gid, to.mode) {
        return None;
    }
    let is_unread = entry.extras.acl && entry.extras.access.is_none();
    // Under an ACL that can't be read, the new group may have nothing where others had something.
    if harms_named(entry, to.mode) || is_unread && from.gid != to.gid && rights(from.mode, 0) != Rights::NONE {
        return Some(Harm::Acl);
    }
    let change = Change { from, to, before: entry.extras.access.as_deref(), after: after(entry, to) };
    (change.cuts_off(heeded) || change.lets_gain(heeded)).then_some(Harm::Group)
}

/// Whether a mode would take from somebody whom the ACL of an entry names, or give by taking the mask away.
pub(crate) fn harms_named(entry: &Entry, to: Mode) -> bool {
    match entry.extras.access.as_deref() {
        Some(_) => losers(entry, to).next().is_some() || frees_named(entry, to),
        None => entry.extras.acl && entry.state.mode.without(to).has_any(Mode::GROUP),
    }
}

/// The entries of its ACL that name somebody who would have less once its mode is this.
fn losers(entry: &Entry, to: Mode) -> impl Iterator<Item = &AclEntry> {
    named(entry).filter(move |one| {
        let (had, has) = (given(one, entry.state.mode), given(one, to));
        // Without a mask the kernel doesn't look at the ACL: who is in the owning group too has nothing then.
        let is_off = rights(to, 3) == Rights::NONE && rights(entry.state.mode, 3) != Rights::NONE;
        had.without(has) != Rights::NONE || is_off && had != Rights::NONE
    })
}

/// Who would have less by a mode, as far as a report names them: whoever can name thousands in an ACL gets no more memory.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Losers {
    first: Vec<AclEntry>,
    /// How many there are beside.
    more: usize,
}

impl Losers {
    /// So many are named.
    const NAMED: usize = 5;

    /// Nobody.
    pub const NONE: Losers = Losers { first: Vec::new(), more: 0 };

    /// Whom the ACL of an entry names that would have less once its mode is this.
    pub fn of(entry: &Entry, to: Mode) -> Losers {
        let mut all = losers(entry, to);
        let first = all.by_ref().take(Losers::NAMED).copied().collect();
        Losers { first, more: all.count() }
    }

    /// `user backup, group lab-ro and 3 more`; `None` where it is nobody.
    pub fn describe(&self, names: &dyn IdNames) -> Option<String> {
        let name = |one: &AclEntry| match (one.tag, one.id) {
            (Tag::User, Some(id)) => format!("user {}", names.user_label(id)),
            (_, id) => format!("group {}", names.group_label(id.unwrap_or_default())),
        };
        let named: Vec<String> = self.first.iter().map(name).collect();
        let more = if self.more > 0 { format!(" and {} more", self.more) } else { String::new() };
        (!named.is_empty()).then(|| named.join(", ") + &more)
    }
}

/// Whether somebody whom the ACL keeps from something would have it as all others do, for nobody looks at the ACL then.
fn frees_named(entry: &Entry, to: Mode) -> bool {
    let goes = rights(to, 3) == Rights::NONE && rights(entry.state.mode, 3) != Rights::NONE;
    goes && named(entry).any(|one| rights(to, 0).without(given(one, entry.state.mode)) != Rights::NONE)
}

/// The entries of its ACL that name somebody else than the owner, to whom his own entry alone applies.
fn named(entry: &Entry) -> impl Iterator<Item = &AclEntry> {
    let entries = entry.extras.access.as_deref().map_or(&[][..], Acl::entries);
    entries.iter().filter(|one| match one.tag {
        Tag::User => one.id != Some(entry.state.uid),
        Tag::Group => true,
        Tag::Owner | Tag::OwningGroup | Tag::Mask | Tag::Other => false,
    })
}

/// What somebody named has under a mode: their entry within the mask, or what others have where the mask is empty.
fn given(one: &AclEntry, mode: Mode) -> Rights {
    match rights(mode, 3) {
        Rights::NONE => rights(mode, 0),
        mask => Rights::new(one.permissions.into()).within(mask),
    }
}

fn rights(mode: Mode, shift: u32) -> Rights {
    Rights::new(mode.bits() >> shift)
}

fn after(entry: &Entry, to: State) -> Option<Acl> {
    entry.extras.access.as_deref().map(|acl| acl.after_chmod(to.mode))
}

/// Two states of one entry, each with its ACL.
struct Change<'a> {
    from: State,
    to: State,
    before: Option<&'a Acl>,
    after: Option<Acl>,
}

impl Change<'_> {
    /// Whether a member of the intended group, in the old one as well or not, loses what no mode takes from the group.
    fn cuts_off(&self, heeded: Heeded) -> bool {
        let member = |groups: &[u32]| Account { uid: UNNAMED, gid: heeded.intended, groups: groups.into() };
        let members = [member(&[]), member(&[self.from.gid])];
        let asked = (1..8).map(Rights::new).filter(|asked| heeded.tolerated.has(*asked));
        asked.into_iter().any(|asked| members.iter().any(|member| self.had(member, asked) && !self.has(member, asked)))
    }

    /// Whether a member of the old group gains as one of the others, but for what these are given anew.
    fn lets_gain(&self, heeded: Heeded) -> bool {
        if self.from.gid == self.to.gid || self.from.gid == heeded.intended {
            return false;
        }
        let old = Account { uid: UNNAMED, gid: self.from.gid, groups: Vec::new() };
        let new = rights(self.to.mode.without(self.from.mode), 0);
        let asked = [Rights::READ, Rights::WRITE, Rights::PASS].into_iter().filter(|asked| !new.has(*asked));
        asked.into_iter().any(|asked| self.has(&old, asked) && !self.had(&old, asked))
    }

    fn had(&self, account: &Account, asked: Rights) -> bool {
        decide(account, self.from, self.before, asked).gives(asked)
    }

    fn has(&self, account: &Account, asked: Rights) -> bool {
        decide(account, self.to, self.after.as_ref(), asked).gives(asked)
    }
}
