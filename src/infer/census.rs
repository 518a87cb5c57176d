//! How many entries have which group and mode, place by place.

use super::acls::AclCounts;
use crate::model::acl::Acl;
use crate::model::acl::effective::{Effective, Whom};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::path::path_order;
use std::collections::{BTreeMap, HashMap};

/// The place that is the root itself.
pub(crate) const ROOT: &[u8] = b".";

/// So many entries of each sort are remembered by path.
const EXAMPLES: usize = 3;

/// A counted tree.
#[derive(Clone, Default, Debug)]
pub(crate) struct Census {
    /// Its places by path; `.` is the root and what lies below it outside all others.
    pub places: BTreeMap<Vec<u8>, CensusPlace>,
    /// All entries, the root included.
    pub entries: u64,
    /// Entries that every policy excludes unless it says otherwise.
    pub excluded: u64,
    /// Mounts that were not entered.
    pub mounts: u64,
    /// Where there are ACLs.
    pub acls: AclCounts,
}

/// A directory with a group of its own, and what lies below it: the root, or a setgid directory of another group.
#[derive(Clone, Default, Debug)]
pub(crate) struct CensusPlace {
    /// The directory itself.
    pub top: Option<State>,
    /// What lies below it, sort by sort.
    pub sorts: HashMap<Sort, Count>,
    /// The directories and files of all of it, by what their ACLs say.
    pub acls: HashMap<AclSort, Count>,
    /// What the classes really have of the directory itself, where it has an ACL.
    pub top_mode: Option<Mode>,
}

/// The ACLs of an entry.
#[derive(Clone, Default, Debug)]
pub(crate) struct EntryAcls {
    /// Its own.
    pub access: Option<Acl>,
    /// Of what is made in it.
    pub default: Option<Acl>,
}

/// What directories and files are counted by whose ACLs are looked at.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct AclSort {
    /// Directory or file.
    pub role: Role,
    /// What all really have; the classes with the special bits of the mode.
    pub given: Given,
    /// What new entries get.
    pub default: Option<Given>,
}

/// Who has what.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Given {
    /// The owner, the group and all others, as a mode without an ACL has it.
    pub classes: Mode,
    /// Those who are named; of many only so many, which no policy would name one by one.
    pub named: Box<[(Whom, u8)]>,
}

/// So many of those whom an ACL names are counted by.
const NAMED: usize = 9;

impl Given {
    fn of(mode: Mode, effective: &Effective) -> Given {
        let named = effective.named.iter().map(|(whom, named)| (*whom, named.has)).take(NAMED);
        Given { classes: mode.with_from(Mode::PERMISSIONS, effective.classes), named: named.collect() }
    }

    /// What somebody has who is named.
    pub(super) fn has(&self, whom: Whom) -> Option<u8> {
        self.named.iter().find(|(named, _)| *named == whom).map(|(_, has)| *has)
    }

    /// Whether all have the same by both.
    pub(super) fn is_same(&self, other: &Given) -> bool {
        self.covers(other) && other.covers(self)
    }

    /// Whether it gives all that the other gives.
    pub(super) fn covers(&self, other: &Given) -> bool {
        let gives = |(whom, bits): &(Whom, u8)| self.has(*whom).is_some_and(|has| bits & !has == 0);
        (other.classes & Mode::PERMISSIONS).without(self.classes).is_empty() && other.named.iter().all(gives)
    }
}

impl AclSort {
    fn of(role: Role, mode: Mode, acls: &EntryAcls) -> AclSort {
        let default = acls.default.as_ref().map(Effective::of_default);
        let default = default.map(|effective| Given::of(Mode::NONE, &effective));
        AclSort { role, given: Given::of(mode, &Effective::of(mode, acls.access.as_ref())), default }
    }
}

/// What entries are counted by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Sort {
    /// What can be wanted of them.
    pub role: Role,
    /// Their owner.
    pub uid: u32,
    /// Their group.
    pub gid: u32,
    /// Their mode.
    pub mode: Mode,
    /// Whether their group is that of the nearest setgid directory at or above them, else that of the root.
    pub group_is_inherited: bool,
}

impl Sort {
    /// The sort of a directory, in surroundings that hand down this group.
    pub(crate) fn of_directory(state: State, inherited: u32) -> Sort {
        let State { uid, gid, mode } = state;
        Sort { role: Role::Dir, uid, gid, mode, group_is_inherited: gid == inherited }
    }
}

/// What can be wanted of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Role {
    /// A directory: group, setgid, sticky and mode.
    Dir,
    /// A regular file: group and mode.
    File,
    /// A symbolic link, FIFO or socket: group alone.
    Other,
}

/// How many entries are of one sort.
#[derive(Clone, Default, Debug)]
pub(crate) struct Count {
    /// How many.
    pub entries: u64,
    /// The first of them in path order.
    pub examples: Vec<Vec<u8>>,
}

impl Role {
    /// That of a kind; `None` for devices, of which nothing is wanted.
    pub(crate) fn of(kind: Kind) -> Option<Role> {
        match kind {
            Kind::Dir => Some(Role::Dir),
            Kind::File => Some(Role::File),
            Kind::Symlink | Kind::Fifo | Kind::Socket => Some(Role::Other),
            Kind::Block | Kind::Char => None,
        }
    }
}

impl Census {
    /// Counts the directory that a place begins with.
    pub(crate) fn count_top(&mut self, place: &[u8], state: State, acls: &EntryAcls) {
        self.entries += 1;
        let sort = AclSort::of(Role::Dir, state.mode, acls);
        let top = self.place(place);
        (top.top, top.top_mode) = (Some(state), Some(sort.given.classes));
        let count = top.acls.entry(sort).or_default();
        count.entries += 1;
        count.remember(place.to_vec());
    }

    /// Counts an entry below the top of a place, which hands down this group.
    pub(crate) fn count(
        &mut self,
        (place, inherited): (&[u8], u32),
        path: Vec<u8>,
        kind: Kind,
        (state, acls): (State, &EntryAcls),
    ) {
        self.entries += 1;
        let Some(role) = Role::of(kind) else { return };
        if role != Role::Other {
            let count = self.place(place).acls.entry(AclSort::of(role, state.mode, acls)).or_default();
            count.entries += 1;
            count.remember(path.clone());
        }
        let mode = if role == Role::Other { Mode::NONE } else { state.mode };
        let sort = Sort { role, mode, ..Sort::of_directory(state, inherited) };
        let count = self.place(place).sorts.entry(sort).or_default();
        count.entries += 1;
        count.remember(path);
    }

    /// Takes out where there are ACLs. Where not all were told, or some are of another kind, nothing is inferred from them.
    pub(crate) fn take_acls(&mut self) -> AclCounts {
        let acls = std::mem::take(&mut self.acls);
        if acls.unasked > 0 || acls.by_nfs4 {
            self.places.values_mut().for_each(|place| place.acls.clear());
        }
        acls
    }

    /// Adds what another thread counted.
    pub(crate) fn add(&mut self, other: Census) {
        self.entries += other.entries;
        self.excluded += other.excluded;
        self.mounts += other.mounts;
        self.acls.add(other.acls);
        for (path, place) in other.places {
            self.place(&path).add(place);
        }
    }

    fn place(&mut self, path: &[u8]) -> &mut CensusPlace {
        if !self.places.contains_key(path) {
            self.places.insert(path.to_vec(), CensusPlace::default());
        }
        self.places.get_mut(path).expect("it was just put there")
    }
}

impl CensusPlace {
    /// Adds the counts of the same place, or of one that is to be counted in.
    pub(crate) fn add(&mut self, other: CensusPlace) {
        (self.top, self.top_mode) = (self.top.or(other.top), self.top_mode.or(other.top_mode));
        for (sort, count) in other.acls {
            self.acls.entry(sort).or_default().add(count);
        }
        for (sort, count) in other.sorts {
            self.sorts.entry(sort).or_default().add(count);
        }
    }

    /// How many entries it has, its top included.
    pub(crate) fn entries(&self) -> u64 {
        u64::from(self.top.is_some()) + self.sorts.values().map(|count| count.entries).sum::<u64>()
    }
}

impl Count {
    /// Adds what was counted elsewhere.
    pub(crate) fn add(&mut self, other: Count) {
        self.entries += other.entries;
        other.examples.into_iter().for_each(|path| self.remember(path));
    }

    /// Remembers a path if it comes before those that are remembered, whichever thread saw it first.
    pub(crate) fn remember(&mut self, path: Vec<u8>) {
        let at = self.examples.partition_point(|known| path_order(known, &path).is_lt());
        if at < EXAMPLES {
            self.examples.insert(at, path);
            self.examples.truncate(EXAMPLES);
        }
    }
}
