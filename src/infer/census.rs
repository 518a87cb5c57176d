//! How many entries have which group and mode, place by place.

use super::acls::AclCounts;
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
    pub(crate) fn count_top(&mut self, place: &[u8], state: State) {
        self.entries += 1;
        self.place(place).top = Some(state);
    }

    /// Counts an entry below the top of a place, which hands down this group.
    pub(crate) fn count(&mut self, (place, inherited): (&[u8], u32), path: Vec<u8>, kind: Kind, state: State) {
        self.entries += 1;
        let Some(role) = Role::of(kind) else { return };
        let mode = if role == Role::Other { Mode::NONE } else { state.mode };
        let sort = Sort { role, mode, ..Sort::of_directory(state, inherited) };
        let count = self.place(place).sorts.entry(sort).or_default();
        count.entries += 1;
        count.remember(path);
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
        self.top = self.top.or(other.top);
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
