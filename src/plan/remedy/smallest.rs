//! The smallest change that alters an answer: one that opens, or takes, as little as there is.
//!
//! What is tried for each entry that refuses, in this order; the first after which the least still refuses is taken:
//!
//! ```text
//!     the owner is refused ──▶ the owner's bit
//!     membership of the entry's own group, where it is meant for that and has the right already
//!     the owning group's bit, for who is in it; with an ACL its own entry
//!     an entry of the ACL for this user, or for this group, alone
//!     the bit of others: only where none of these is possible
//! ```
//!
//! What a policy forbids is not tried at all, nor an entry by which others whom the ACL names would gain or lose.

use crate::model::acl::{AclEntry, Listed, Tag};
use crate::model::entry::Kind;
use crate::model::operation::Operation;
use crate::model::rights::{Class, Rights};
use crate::plan::remedy::case::{Case, Demand, Stop};
use std::fmt;

/// A class of bits of a mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bits {
    /// The owner's.
    Owner,
    /// The group's.
    Group,
    /// All others'.
    Other,
}

impl Bits {
    /// How far its bits stand from the right.
    pub(crate) fn shift(self) -> u32 {
        match self {
            Bits::Owner => 6,
            Bits::Group => 3,
            Bits::Other => 0,
        }
    }

    /// Its letter for chmod(1).
    pub(crate) fn letter(self) -> char {
        match self {
            Bits::Owner => 'u',
            Bits::Group => 'g',
            Bits::Other => 'o',
        }
    }
}

/// Whether something is given or taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// It is given.
    Give,
    /// It is taken.
    Take,
}

/// One change that alters what somebody may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Remedy {
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
        /// Their id, where it names one.
        id: Option<u32>,
        /// Its new rights.
        rights: Rights,
        /// The new mask.
        mask: Rights,
    },
}

/// For whom a change may open something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taste {
    /// For the group that an entry is shared with, as well.
    Shared,
    /// For the one who asks alone, as far as that is possible.
    Personal,
}

/// Who somebody is to those who give rights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// A user.
    User,
    /// Any member of this group.
    Member(u32),
    /// Anybody.
    Anybody,
}

impl Remedy {
    /// The place of the entry that it changes; membership changes none.
    pub(crate) fn place(&self) -> Option<usize> {
        match *self {
            Remedy::Mode { place, .. } | Remedy::Unstick { place } | Remedy::Entry { place, .. } => Some(place),
            Remedy::Join { .. } => None,
        }
    }

    /// Whether both are about one entry of one ACL.
    pub(crate) fn is_of_the_same_entry(&self, other: &Remedy) -> bool {
        let key = |one: &Remedy| match *one {
            Remedy::Entry { place, tag, id, .. } => Some((place, tag, id)),
            _ => None,
        };
        key(self).is_some() && key(self) == key(other)
    }

    /// One change that does what this one and a later one do, where there is one.
    pub(crate) fn joined(&self, later: Remedy) -> Option<Remedy> {
        match (*self, later) {
            (Remedy::Mode { place, turn, bits, rights }, Remedy::Mode { rights: more, .. })
                if later == (Remedy::Mode { place, turn, bits, rights: more }) =>
            {
                Some(Remedy::Mode { place, turn, bits, rights: rights | more })
            }
            _ if *self == later || self.is_of_the_same_entry(&later) => Some(later),
            _ => None,
        }
    }
}

/// What the policies say to a change of an entry.
pub(crate) trait Law: Sync {
    /// Whether the entry at a place of the way may become so.
    fn allows(&self, place: usize, before: &Stop, after: &Stop) -> bool;
}

/// No policy says anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lawless;

impl Law for Lawless {
    fn allows(&self, _place: usize, _before: &Stop, _after: &Stop) -> bool {
        true
    }
}

/// What may be changed.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    /// Who it is for.
    pub standing: Standing,
    /// The groups that they could be made a member of.
    pub joinable: &'a [u32],
    /// What the policies say.
    pub law: &'a dyn Law,
}

impl Means<'_> {
    /// The same, if no policy said anything.
    pub(crate) fn lawless(&self) -> Means<'_> {
        Means { law: &Lawless, ..*self }
    }

    /// How things stand after a change, where the policies allow it.
    fn after(&self, case: &Case, one: Remedy) -> Option<Case> {
        let after = case.after(one);
        let is_allowed = |place: usize| self.law.allows(place, &case.stops[place], &after.stops[place]);
        one.place().is_none_or(is_allowed).then_some(after)
    }
}

impl fmt::Debug for Means<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}", self.standing, self.joinable)
    }
}

/// The changes, made together, after which somebody can do what they can't; `None` where modes, groups and ACLs don't
/// decide.
pub(crate) fn smallest(case: &Case, act: Operation, means: &Means<'_>, taste: Taste) -> Option<Vec<Remedy>> {
    let (mut case, mut chosen) = (case.clone(), Vec::new());
    let demands = case.demands(act);
    let refused = |case: &Case| demands.iter().filter(|demand| !case.meets(**demand)).count();
    loop {
        let left = refused(&case);
        if left == 0 {
            return Some(chosen).filter(|chosen| !chosen.is_empty());
        }
        let first = *demands.iter().find(|demand| !case.meets(**demand))?;
        let candidates = candidates(&case, first, means, taste).into_iter();
        let candidates = candidates.filter(|one| !case.bares(*one));
        // Who joins a group that has less than others, or is named with less, would lose what they have.
        let keeps = |after: &Case| (0..case.stops.len()).all(|place| after.keeps(&case, place));
        let tried = candidates.filter_map(|one| Some((one, means.after(&case, one).filter(keeps)?)));
        // The first of the least: min_by_key takes the first of equals.
        let (remedy, after) =
            tried.min_by_key(|(_, after)| refused(after)).filter(|(_, after)| refused(after) < left)?;
        (case, chosen) = (after, [chosen, vec![remedy]].concat());
    }
}

/// The change after which somebody can't do any more what they can.
pub(crate) fn smallest_against(case: &Case, act: Operation, means: &Means<'_>) -> Option<Remedy> {
    let demands = case.demands(act);
    let &Demand::Rights(place, rights) = demands.last()? else { return None };
    // Who can't write a directory can't change its names; they can still pass through it.
    let taken = if rights == Rights::CHANGE { Rights::WRITE } else { rights };
    let works =
        |one: &Remedy| means.after(case, *one).is_some_and(|after| demands.iter().any(|demand| !after.meets(*demand)));
    takers(case, place, taken, means).into_iter().find(works)
}

fn candidates(case: &Case, refused: Demand, means: &Means<'_>, taste: Taste) -> Vec<Remedy> {
    let (place, rights) = match refused {
        Demand::Rights(place, rights) => (place, rights),
        Demand::Unstuck(place, _) => return vec![Remedy::Unstick { place }],
        Demand::Mutable(_) | Demand::Free(_) => return Vec::new(),
    };
    let decision = case.decide(place, rights);
    let lacking = rights.without(decision.given);
    let give = |bits| Remedy::Mode { place, turn: Turn::Give, bits, rights: lacking };
    if decision.class == Class::Owner {
        return vec![give(Bits::Owner)];
    }
    let stop = &case.stops[place];
    let mut candidates = Vec::new();
    // A group that an ACL names has its own reasons to be there, and may open much else.
    let gid = stop.state.gid;
    let can_join = means.joinable.contains(&gid) && !case.account.is_in(gid);
    if taste == Taste::Shared && means.standing == Standing::User && can_join {
        candidates.push(Remedy::Join { gid });
    }
    let is_shared = taste == Taste::Shared || means.standing != Standing::User || stop.listed == Listed::Never;
    if is_shared && decision.class == Class::OwningGroup(stop.state.gid) {
        candidates.push(match stop.listed {
            // Its own entry, not what the mode shows of it: behind an empty mask that is nothing.
            Listed::Yes(_) => {
                let has = case.stored(place, Tag::OwningGroup, None).unwrap_or(decision.given);
                case.entry(place, Tag::OwningGroup, None, has | rights, rights)
            }
            Listed::No | Listed::Never => give(Bits::Group),
        });
    }
    if stop.listed != Listed::Never
        && let Some((tag, id)) = named(case, means.standing)
    {
        let (needed, has) = (case.now(place) | rights, case.stored(place, tag, id).unwrap_or(Rights::NONE));
        candidates.push(case.entry(place, tag, id, has | needed, needed));
    }
    if means.standing == Standing::Anybody || stop.listed == Listed::Never {
        candidates.push(give(Bits::Other));
    }
    candidates
}

fn takers(case: &Case, place: usize, rights: Rights, means: &Means<'_>) -> Vec<Remedy> {
    let take = |bits| Remedy::Mode { place, turn: Turn::Take, bits, rights };
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
    let by_entry = named(case, means.standing).filter(|_| can_name).map(|(tag, id)| {
        let is_owning = decision.class == Class::OwningGroup(stop.state.gid) && id == Some(stop.state.gid);
        let (tag, id) = if is_owning { (Tag::OwningGroup, None) } else { (tag, id) };
        let left = case.now(place).without(rights);
        let left = if stop.listed.acl().is_some() { left.within(mask) } else { left };
        // One entry would give at once what several groups' entries gave one by one.
        let left = case.at_once(place, left);
        // Who has an entry keeps of it what isn't asked for, though the mask hides it.
        let left = case.stored(place, tag, id).map_or(left, |has| has.without(rights));
        case.holding(place, tag, id, left)
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

    /// The most of these rights that they have of an entry all at once; of as many, those that are worth most alone.
    fn at_once(&self, place: usize, rights: Rights) -> Rights {
        let worth = match self.stops[place].kind {
            Kind::Dir => [Rights::PASS, Rights::READ],
            _ => [Rights::READ, Rights::WRITE],
        };
        let sets = (0..8).map(Rights::new).filter(|set| rights.has(*set) && self.decide(place, *set).gives(*set));
        sets.max_by_key(|set| (set.bits().count_ones(), worth.map(|one| set.has(one)))).unwrap_or(Rights::NONE)
    }

    /// Whether they have of an entry what they had before. What was given at once must be given at once still: of an
    /// ACL's entries for groups, one has to give all that is asked (acl(5)), and two don't add up.
    fn keeps(&self, before: &Case, place: usize) -> bool {
        let mut had = (1..8).map(Rights::new).filter(|asked| before.decide(place, *asked).gives(*asked));
        had.all(|asked| self.decide(place, asked).gives(asked))
    }

    /// Whether an ACL's entry would put others whom the ACL names in another class: behind an empty mask the kernel doesn't
    /// look at the ACL, and they have what all others have, or nothing where they are in the owning group. No entries of
    /// theirs leave each of them just that.
    fn bares(&self, one: Remedy) -> bool {
        let Remedy::Entry { place, tag, id, .. } = one else { return false };
        let Stop { state, ref listed, .. } = self.stops[place];
        let (mask, other) = (Rights::new(state.mode.bits() >> 3), Rights::new(state.mode.bits()));
        let is_named =
            |entry: &AclEntry| matches!(entry.tag, Tag::User | Tag::Group) && (entry.tag, entry.id) != (tag, id);
        mask == Rights::NONE
            && other != Rights::NONE
            && listed.acl().is_some_and(|acl| acl.entries().iter().any(is_named))
    }

    /// What an entry of an ACL gives, whatever its mask lets through; `None` where there is no such entry.
    fn stored(&self, place: usize, tag: Tag, id: Option<u32>) -> Option<Rights> {
        let entries = self.stops[place].listed.acl()?.entries();
        let known = entries.iter().find(|entry| entry.tag == tag && entry.id == id)?;
        Some(Rights::new(known.permissions.into()))
    }

    /// An ACL's entry that leaves these rights: the mask stays, where there is one.
    fn holding(&self, place: usize, tag: Tag, id: Option<u32>, rights: Rights) -> Remedy {
        match self.stops[place].listed.acl() {
            Some(_) => {
                let mask = Rights::new(self.stops[place].state.mode.bits() >> 3);
                Remedy::Entry { place, tag, id, rights, mask }
            }
            None => self.entry(place, tag, id, rights, rights),
        }
    }

    /// An ACL's entry of these rights, and a mask that lets those through that are needed: what it hides is hidden from
    /// others too, who aren't to be given anything.
    fn entry(&self, place: usize, tag: Tag, id: Option<u32>, rights: Rights, needed: Rights) -> Remedy {
        let mask = Rights::new(self.stops[place].state.mode.bits() >> 3) | needed;
        // Behind an empty mask the kernel doesn't look at the ACL at all.
        let mask = if mask == Rights::NONE { Rights::READ } else { mask };
        Remedy::Entry { place, tag, id, rights, mask }
    }
}

#[cfg(test)]
#[path = "smallest_tests.rs"]
mod tests;
