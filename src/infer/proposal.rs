//! From counts to wishes: what prevails in each place, and which entries differ.

use super::census::{Census, Count, Place, Role, Sort};
use super::modes::{ModeFit, prevailing_mode};
use crate::entry::State;
use crate::mode::{Mode, ModeExpression};
use std::collections::{BTreeMap, HashMap};

/// So many places get rules of their own, the largest; the others are counted in with what lies around them.
const PLACES: usize = 16;

/// So many groups may share a place and still be named.
const GROUPS: usize = 3;

/// Whether so many are enough to speak for all: four of five.
pub fn prevails(holds: u64, of: u64) -> bool {
    of > 0 && u128::from(holds) * 5 >= u128::from(of) * 4
}

/// The wishes that fit most of a tree.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The root's, then those of places below it, in path order.
    pub places: Vec<PlaceWishes>,
}

/// The wishes that fit most of a place.
#[derive(Clone, Debug)]
pub struct PlaceWishes {
    /// Its path from the root.
    pub path: Vec<u8>,
    /// The group, or groups.
    pub group: Option<Fit<GroupWish>>,
    /// Whether directories are setgid.
    pub setgid: Option<Fit<bool>>,
    /// Whether directories are sticky.
    pub sticky: Option<Fit<bool>>,
    /// The mode of directories.
    pub dir_mode: Option<ModeFit>,
    /// The mode of regular files.
    pub file_mode: Option<ModeFit>,
    /// What its own directory has that those below it don't.
    pub top: TopWishes,
    /// Those that differ, wish by wish.
    pub outliers: Vec<Outlier>,
}

/// A value, for how many entries it holds, and of how many.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fit<T> {
    /// The value.
    pub value: T,
    /// So many comply.
    pub holds: u64,
    /// Of so many that could.
    pub of: u64,
}

/// The groups that entries have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GroupWish {
    /// One prevails.
    One(u32),
    /// A few share the place, the commonest first.
    Several(Vec<u32>),
}

impl GroupWish {
    /// Its groups.
    pub fn gids(&self) -> &[u32] {
        match self {
            GroupWish::One(gid) => std::slice::from_ref(gid),
            GroupWish::Several(gids) => gids,
        }
    }
}

/// What the directory at the top of a place has that those below it don't; nothing where it has what they have.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TopWishes {
    /// Its group.
    pub group: Option<u32>,
    /// Whether it is setgid.
    pub setgid: Option<bool>,
    /// Whether it is sticky.
    pub sticky: Option<bool>,
    /// Its mode.
    pub dir_mode: Option<String>,
}

/// Entries that don't have what prevails.
#[derive(Clone, Debug)]
pub struct Outlier {
    /// The attribute, as policies call it.
    pub attribute: &'static str,
    /// How many, and the first of them.
    pub count: Count,
}

impl Proposal {
    /// What prevails in a counted tree.
    pub fn of(mut census: Census) -> Proposal {
        fold_small_places(&mut census.places);
        Proposal { places: census.places.iter().map(|(path, place)| PlaceWishes::of(path, place)).collect() }
    }
}

/// Counts places in with the root where they are too many for a policy that a person reads.
fn fold_small_places(places: &mut BTreeMap<Vec<u8>, Place>) {
    let mut order: Vec<(u64, Vec<u8>)> = places
        .iter()
        .filter(|(path, _)| path.as_slice() != b".")
        .map(|(path, place)| (place.entries(), path.clone()))
        .collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    for (_, path) in order.into_iter().skip(PLACES) {
        let Some(mut place) = places.remove(&path) else { continue };
        let top = place.top.take();
        let root = places.entry(b".".to_vec()).or_default();
        if let Some(State { gid, mode, .. }) = top {
            let count = Count { entries: 1, examples: vec![path] };
            root.add(Place { top: None, sorts: HashMap::from([(Sort { role: Role::Dir, gid, mode }, count)]) });
        }
        root.add(place);
    }
}

impl PlaceWishes {
    fn of(path: &[u8], place: &Place) -> PlaceWishes {
        // A place without directories below its top is what its top is.
        let alone = !place.sorts.keys().any(|sort| sort.role == Role::Dir);
        let top = place.top.map(|State { gid, mode, .. }| Sort { role: Role::Dir, gid, mode });
        let counted = top.filter(|_| alone).map(|sort| (sort, 1));
        let sorts: Vec<(Sort, u64)> =
            place.sorts.iter().map(|(&sort, count)| (sort, count.entries)).chain(counted).collect();
        let modes = |role| -> Vec<(Mode, u64)> {
            sorts.iter().filter(|(sort, _)| sort.role == role).map(|(sort, count)| (sort.mode, *count)).collect()
        };
        let group = group(&sorts, place.top.map(|top| top.gid));
        let (setgid, sticky) = (bit(&modes(Role::Dir), Mode::SETGID), bit(&modes(Role::Dir), Mode::STICKY));
        let dir_mode = prevailing_mode(&modes(Role::Dir), true);
        let file_mode = prevailing_mode(&modes(Role::File), false);
        let mut wishes = PlaceWishes {
            path: path.into(),
            group,
            setgid,
            sticky,
            dir_mode,
            file_mode,
            top: TopWishes::default(),
            outliers: Vec::new(),
        };
        wishes.outliers = wishes.differing(place);
        if let Some(top) = place.top {
            wishes.top = wishes.of_top(top);
            if !alone {
                wishes.count_top();
            }
        }
        wishes
    }

    /// Counts the top in where it is like those below it.
    fn count_top(&mut self) {
        let PlaceWishes { group, setgid, sticky, dir_mode, top, .. } = self;
        count_in(group, top.group.is_none());
        count_in(setgid, top.setgid.is_none());
        count_in(sticky, top.sticky.is_none());
        count_in(dir_mode, top.dir_mode.is_none());
    }

    /// The attributes that a sort of entries does not comply with.
    fn misses(&self, sort: Sort) -> Vec<&'static str> {
        let is_directory = sort.role == Role::Dir;
        let mode_misses = |fit: &Option<ModeFit>| {
            let expression = fit.as_ref().and_then(|fit| ModeExpression::parse(&fit.value).ok());
            expression.is_some_and(|expression| expression.apply(sort.mode, is_directory) != sort.mode)
        };
        let bit_misses = |fit: &Option<Fit<bool>>, bit| fit.as_ref().is_some_and(|fit| fit.value != sort.mode.has(bit));
        let group = self.group.as_ref().is_some_and(|fit| !fit.value.gids().contains(&sort.gid));
        let dir = is_directory;
        let tests = [
            (group, "group"),
            (dir && bit_misses(&self.setgid, Mode::SETGID), "setgid"),
            (dir && bit_misses(&self.sticky, Mode::STICKY), "sticky"),
            (dir && mode_misses(&self.dir_mode), "dir-mode"),
            (sort.role == Role::File && mode_misses(&self.file_mode), "file-mode"),
        ];
        tests.into_iter().filter(|(misses, _)| *misses).map(|(_, attribute)| attribute).collect()
    }

    fn differing(&self, place: &Place) -> Vec<Outlier> {
        let mut outliers: Vec<Outlier> = ["group", "setgid", "sticky", "dir-mode", "file-mode"]
            .map(|attribute| Outlier { attribute, count: Count::default() })
            .into();
        for (&sort, count) in &place.sorts {
            let missed = self.misses(sort);
            for outlier in outliers.iter_mut().filter(|outlier| missed.contains(&outlier.attribute)) {
                outlier.count.entries += count.entries;
                count.examples.iter().for_each(|path| outlier.count.remember(path.clone()));
            }
        }
        outliers.retain(|outlier| outlier.count.entries > 0);
        outliers
    }

    fn of_top(&self, top: State) -> TopWishes {
        let missed = self.misses(Sort { role: Role::Dir, gid: top.gid, mode: top.mode });
        let has = |attribute| missed.contains(&attribute);
        TopWishes {
            group: has("group").then_some(top.gid),
            setgid: has("setgid").then_some(top.mode.has(Mode::SETGID)),
            sticky: has("sticky").then_some(top.mode.has(Mode::STICKY)),
            dir_mode: prevailing_mode(&[(top.mode, 1)], true).map(|fit| fit.value).filter(|_| has("dir-mode")),
        }
    }
}

fn count_in<T>(fit: &mut Option<Fit<T>>, complies: bool) {
    if let Some(fit) = fit.as_mut().filter(|_| complies) {
        fit.holds += 1;
        fit.of += 1;
    }
}

/// The group that prevails, or the few that do together; that of the top goes first where counts are equal.
fn group(sorts: &[(Sort, u64)], top: Option<u32>) -> Option<Fit<GroupWish>> {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    sorts.iter().for_each(|(sort, count)| *counts.entry(sort.gid).or_default() += count);
    let of = counts.values().sum();
    let mut order: Vec<(u32, u64)> = counts.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| (Some(b.0) == top).cmp(&(Some(a.0) == top))).then(a.0.cmp(&b.0)));
    let fit = |several: usize| {
        let holds = order.iter().take(several).map(|(_, count)| count).sum();
        prevails(holds, of).then_some((several, holds))
    };
    let (several, holds) = (1..=GROUPS).find_map(fit)?;
    let gids: Vec<u32> = order.iter().take(several).map(|(gid, _)| *gid).collect();
    let value = if let [gid] = gids[..] { GroupWish::One(gid) } else { GroupWish::Several(gids) };
    Some(Fit { value, holds, of })
}

/// Whether directories have a bit, where most agree.
fn bit(modes: &[(Mode, u64)], bit: Mode) -> Option<Fit<bool>> {
    let of: u64 = modes.iter().map(|(_, count)| count).sum();
    let with: u64 = modes.iter().filter(|(mode, _)| mode.has(bit)).map(|(_, count)| count).sum();
    [(true, with), (false, of - with)].into_iter().find(|(_, holds)| prevails(*holds, of)).map(|(value, holds)| Fit {
        value,
        holds,
        of,
    })
}
