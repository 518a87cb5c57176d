//! The smallest change that alters an answer: one that opens, or takes, as little as there is.
//!
//! What is tried for each entry that refuses, in this order; the first after which the least still refuses is taken:
//!
//! ```text
//!     the owner is refused ──▶ the owner's bit
//!     membership of a group that has the right already: nothing but that is opened
//!     the owning group's bit, for who is in it; with an ACL its own entry
//!     an entry of the ACL for this user, or for this group, alone
//!     the bit of others: only where none of these is possible
//! ```

use super::story::{Case, Demand, Listed};
use super::{Class, Rights};
use crate::acl::Tag;
use crate::act::Act;

/// A class of bits of a mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bits {
    /// The owner's.
    Owner,
    /// The group's.
    Group,
    /// All others'.
    Other,
}

impl Bits {
    /// How far its bits stand from the right.
    pub fn shift(self) -> u32 {
        match self {
            Bits::Owner => 6,
            Bits::Group => 3,
            Bits::Other => 0,
        }
    }

    /// Its letter for chmod(1).
    pub fn letter(self) -> char {
        match self {
            Bits::Owner => 'u',
            Bits::Group => 'g',
            Bits::Other => 'o',
        }
    }
}

/// Whether something is given or taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// It is given.
    Give,
    /// It is taken.
    Take,
}

/// One change that alters what somebody may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alteration {
    /// A change of an entry's mode.
    Mode {
        /// The place of the entry on the way.
        place: usize,
        /// Whether the bits are set or cleared.
        turn: Turn,
        /// Whose bits.
        bits: Bits,
        /// Which of them.
        rights: Rights,
    },
    /// The sticky bit of a directory goes.
    Unstick {
        /// The place of the directory on the way.
        place: usize,
    },
    /// They become a member of a group.
    Join {
        /// The group.
        gid: u32,
    },
    /// An entry of an ACL gets other rights, or is new.
    Entry {
        /// The place of the entry on the way.
        place: usize,
        /// Whom the ACL's entry is about.
        tag: Tag,
        /// Whom by id, where it names one.
        id: Option<u32>,
        /// Its new rights.
        rights: Rights,
        /// The new mask.
        mask: Rights,
    },
}

/// For whom a change may open something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taste {
    /// For the group that an entry is shared with, as well.
    Shared,
    /// For the one who asks alone, as far as that is possible.
    Personal,
}

/// Who somebody is to those who give rights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// A user.
    User,
    /// Any member of this group.
    Member(u32),
    /// Anybody.
    Anybody,
}

/// What may be changed.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// Who it is for.
    pub standing: Standing,
    /// The groups that they could be made a member of.
    pub joinable: &'a [u32],
}

/// The changes, made together, after which somebody can do what they can't; `None` where modes, groups and ACLs don't
/// decide.
pub fn smallest(case: &Case, act: Act, means: &Means<'_>, taste: Taste) -> Option<Vec<Alteration>> {
    let (mut case, mut chosen) = (case.clone(), Vec::new());
    let demands = case.demands(act);
    let refused = |case: &Case| demands.iter().filter(|demand| !case.meets(**demand)).count();
    loop {
        let left = refused(&case);
        if left == 0 {
            return Some(chosen).filter(|chosen| !chosen.is_empty());
        }
        let first = *demands.iter().find(|demand| !case.meets(**demand))?;
        let tried = candidates(&case, first, means, taste).into_iter().map(|one| (one, case.after(one)));
        // The first of the least: min_by_key takes the first of equals.
        let (alteration, after) =
            tried.min_by_key(|(_, after)| refused(after)).filter(|(_, after)| refused(after) < left)?;
        (case, chosen) = (after, [chosen, vec![alteration]].concat());
    }
}

/// The change after which somebody can't do any more what they can.
pub fn smallest_against(case: &Case, act: Act, means: &Means<'_>) -> Option<Alteration> {
    let demands = case.demands(act);
    let &Demand::Rights(place, rights) = demands.last()? else { return None };
    // Who can't write a directory can't change its names; they can still pass through it.
    let taken = if rights == Rights::CHANGE { Rights::WRITE } else { rights };
    let works = |one: &Alteration| demands.iter().any(|demand| !case.after(*one).meets(*demand));
    takers(case, place, taken, means).into_iter().find(works)
}

fn candidates(case: &Case, refused: Demand, means: &Means<'_>, taste: Taste) -> Vec<Alteration> {
    let (place, rights) = match refused {
        Demand::Rights(place, rights) => (place, rights),
        Demand::Unstuck(place, _) => return vec![Alteration::Unstick { place }],
        Demand::Mutable(_) | Demand::Free(_) => return Vec::new(),
    };
    let decision = case.decide(place, rights);
    let lacking = rights.without(decision.given);
    let give = |bits| Alteration::Mode { place, turn: Turn::Give, bits, rights: lacking };
    if decision.class == Class::Owner {
        return vec![give(Bits::Owner)];
    }
    let stop = &case.stops[place];
    let mut candidates = Vec::new();
    if taste == Taste::Shared && means.standing == Standing::User {
        let joins = case.stops[place]
            .groups()
            .into_iter()
            .filter(|gid| !case.account.is_in(*gid) && means.joinable.contains(gid));
        candidates.extend(joins.map(|gid| Alteration::Join { gid }));
    }
    let is_shared = taste == Taste::Shared || means.standing != Standing::User || stop.listed == Listed::Never;
    if is_shared && decision.class == Class::OwningGroup(stop.state.gid) {
        candidates.push(match stop.listed {
            Listed::Yes(_) => case.entry(place, Tag::OwningGroup, None, decision.given | rights),
            Listed::No | Listed::Never => give(Bits::Group),
        });
    }
    if stop.listed != Listed::Never
        && let Some((tag, id)) = named(case, means.standing)
    {
        let has = case.now(place);
        candidates.push(case.entry(place, tag, id, has | rights));
    }
    if means.standing == Standing::Anybody || stop.listed == Listed::Never {
        candidates.push(give(Bits::Other));
    }
    candidates
}

fn takers(case: &Case, place: usize, rights: Rights, means: &Means<'_>) -> Vec<Alteration> {
    let take = |bits| Alteration::Mode { place, turn: Turn::Take, bits, rights };
    let stop = &case.stops[place];
    let decision = case.decide(place, rights);
    let by_bits = match decision.class {
        Class::Owner => return vec![take(Bits::Owner)],
        Class::OwningGroup(_) if stop.listed.acl().is_none() => Some(take(Bits::Group)),
        Class::Other => Some(take(Bits::Other)),
        Class::OwningGroup(_) | Class::Group(_) | Class::User(_) => None,
    };
    let mask = Rights::new(stop.state.mode.bits() >> 3);
    let can_name = match stop.listed {
        Listed::Never => false,
        Listed::No => true,
        // A wider mask would open other entries of the ACL.
        Listed::Yes(_) => mask != Rights::NONE,
    };
    let left = case.now(place).without(rights);
    let left = if stop.listed.acl().is_some() { left.within(mask) } else { left };
    let by_entry = named(case, means.standing).filter(|_| can_name).map(|(tag, id)| {
        let is_owning = decision.class == Class::OwningGroup(stop.state.gid) && id == Some(stop.state.gid);
        let (tag, id) = if is_owning { (Tag::OwningGroup, None) } else { (tag, id) };
        case.entry(place, tag, id, left)
    });
    match means.standing {
        Standing::User => by_entry.into_iter().chain(by_bits).collect(),
        // What a group has is the group's own to lose.
        Standing::Member(_) | Standing::Anybody => by_bits.into_iter().chain(by_entry).collect(),
    }
}

/// Whom an ACL would name.
fn named(case: &Case, standing: Standing) -> Option<(Tag, Option<u32>)> {
    match standing {
        Standing::User => Some((Tag::User, Some(case.account.uid))),
        Standing::Member(gid) => Some((Tag::Group, Some(gid))),
        Standing::Anybody => None,
    }
}

impl Case {
    /// What they have of an entry now, right by right.
    fn now(&self, place: usize) -> Rights {
        let each = [Rights::READ, Rights::WRITE, Rights::PASS].into_iter();
        each.filter(|&right| self.decide(place, right).gives(right)).fold(Rights::NONE, |all, right| all | right)
    }

    /// An ACL's entry of these rights, and a mask that lets them be.
    fn entry(&self, place: usize, tag: Tag, id: Option<u32>, rights: Rights) -> Alteration {
        let mask = Rights::new(self.stops[place].state.mode.bits() >> 3) | rights;
        // Behind an empty mask the kernel doesn't look at the ACL at all.
        let mask = if mask == Rights::NONE { Rights::READ } else { mask };
        Alteration::Entry { place, tag, id, rights, mask }
    }
}

#[cfg(test)]
#[path = "alteration_tests.rs"]
mod tests;
