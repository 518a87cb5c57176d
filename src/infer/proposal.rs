//! From counts to wishes: what prevails in each place, and which entries differ.

use super::acl_wishes::AclWishes;
use super::census::{Census, CensusPlace, Count, ROOT, Role, Sort};
use super::drift::{Known, fold_drift};
use super::fit::{Fit, prevailing_bit, prevails};
use super::group::{GroupWish, prevailing_group};
use super::modes::{ModeFit, prevailing_mode};
use crate::model::accounts::Accounts;
use crate::model::entry::State;
use crate::model::mode::{Mode, ModeExpression};
use std::collections::{BTreeMap, HashMap};

/// So many places get rules of their own, the largest; the others are counted in with what lies around them.
const PLACES: usize = 16;

/// The wishes that fit most of a tree.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    /// The root's, then those of places below it, in path order.
    pub places: Vec<PlaceWishes>,
}

/// The wishes that fit most of a place.
#[derive(Clone, Debug)]
pub(crate) struct PlaceWishes {
    /// Its path from the root.
    pub path: Vec<u8>,
    /// The owner, where nobody else can make entries.
    pub owner: Option<Fit<u32>>,
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
    /// Whom ACLs name, and what new entries get.
    pub acls: AclWishes,
    /// What its own directory has that those below it don't.
    pub top: TopWishes,
    /// Those that differ, wish by wish.
    pub outliers: Vec<Outlier>,
}

/// What the directory at the top of a place has that those below it don't; nothing where it has what they have.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct TopWishes {
    /// Its owner.
    pub owner: Option<u32>,
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
pub(crate) struct Outlier {
    /// The attribute, as policies call it.
    pub attribute: &'static str,
    /// How many, and the first of them.
    pub count: Count,
}

impl Proposal {
    /// What prevails in a counted tree.
    pub(crate) fn of(mut census: Census, accounts: &dyn Accounts) -> Proposal {
        let accounts: &dyn Accounts = &Known::of(&census, accounts);
        fold_drift(&mut census.places, accounts);
        fold_places(&mut census.places, accounts);
        let mut places: Vec<_> =
            census.places.iter().map(|(path, place)| PlaceWishes::of(path, place, accounts)).collect();
        // A tree's own wishes stand before its rules, whatever names sort before the dot.
        places.sort_by(|a, b| (a.path != ROOT).cmp(&(b.path != ROOT)).then_with(|| a.path.cmp(&b.path)));
        Proposal { places }
    }

    /// The place that another one lies in, whose wishes hold there too unless they are taken back.
    pub(crate) fn around(&self, place: &PlaceWishes) -> Option<&PlaceWishes> {
        let is_around = |other: &&PlaceWishes| {
            let below = place.path.strip_prefix(&*other.path).is_some_and(|rest| rest.starts_with(b"/"));
            place.path != ROOT && (below || other.path == ROOT)
        };
        // A longer path comes later.
        self.places.iter().rfind(is_around)
    }
}

/// Counts places in with the root where they are too many for a policy that a person reads: all of them where one wish
/// then speaks for all, else the smallest.
fn fold_places(places: &mut BTreeMap<Vec<u8>, CensusPlace>, accounts: &dyn Accounts) {
    if places.len() <= PLACES + 1 {
        return;
    }
    let mut as_one = places.clone();
    fold_beyond(&mut as_one, 0);
    let root = as_one.get(ROOT).map(|place| PlaceWishes::of(ROOT, place, accounts));
    match root.and_then(|root| root.group) {
        Some(Fit { value: GroupWish::Setgid, .. }) => *places = as_one,
        _ => fold_beyond(places, PLACES),
    }
}

/// Counts all places but so many, the largest, in with the root.
fn fold_beyond(places: &mut BTreeMap<Vec<u8>, CensusPlace>, kept: usize) {
    let mut order: Vec<(u64, Vec<u8>)> = places
        .iter()
        .filter(|(path, _)| path.as_slice() != ROOT)
        .map(|(path, place)| (place.entries(), path.clone()))
        .collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    for (_, path) in order.into_iter().skip(kept) {
        let Some(mut place) = places.remove(&path) else { continue };
        let top = place.top.take();
        place.top_mode = None;
        let root = places.entry(ROOT.to_vec()).or_default();
        if let Some(state) = top {
            let count = Count { entries: 1, examples: vec![path] };
            // It is setgid, so it hands down its own.
            root.add(CensusPlace {
                sorts: HashMap::from([(Sort::of_directory(state, state.gid), count)]),
                ..CensusPlace::default()
            });
        }
        root.add(place);
    }
}

impl PlaceWishes {
    fn of(path: &[u8], place: &CensusPlace, accounts: &dyn Accounts) -> PlaceWishes {
        // A place without directories below its top is what its top is.
        let alone = !place.sorts.keys().any(|sort| sort.role == Role::Dir);
        let top = place.top.map(|state| Sort::of_directory(state, state.gid));
        let counted = top.filter(|_| alone).map(|sort| (sort, 1));
        let sorts: Vec<(Sort, u64)> =
            place.sorts.iter().map(|(&sort, count)| (sort, count.entries)).chain(counted).collect();
        let acls = AclWishes::of(&place.acls);
        let shared = place.top.filter(|top| is_share(*top, accounts)).map(|top| top.gid);
        // What was moved into a share says nothing of how that is meant to be.
        let own: Vec<(Sort, u64)> = match (shared, top) {
            (Some(gid), Some(top)) => {
                let of_group = sorts.iter().filter(|(sort, _)| sort.gid == gid).copied();
                of_group.chain((!alone).then_some((top, 1))).collect()
            }
            _ => sorts.clone(),
        };
        // Where the policy says `acl`, modes speak of what the classes really have, and not of masks.
        let modes = |role| -> Vec<(Mode, u64)> {
            let of_acls = place.acls.iter().map(|(sort, count)| (sort.role, sort.given.classes, count.entries));
            let of_modes = own.iter().map(|(sort, count)| (sort.role, sort.mode, *count));
            let all: Vec<_> = if acls.acl.is_some() { of_acls.collect() } else { of_modes.collect() };
            all.into_iter().filter(|(of, ..)| *of == role).map(|(_, mode, count)| (mode, count)).collect()
        };
        let group = prevailing_group(&sorts, place.top, accounts);
        let group = shared.map_or(group.clone(), |gid| group_of_share(gid, group, &sorts));
        let (setgid, sticky) =
            (prevailing_bit(&modes(Role::Dir), Mode::SETGID), prevailing_bit(&modes(Role::Dir), Mode::STICKY));
        let dir_mode = prevailing_mode(&modes(Role::Dir), true);
        let file_mode = prevailing_mode(&modes(Role::File), false);
        let acls = acls.with_default(&place.acls, dir_mode.as_ref().map(|fit| fit.value.as_str()));
        let mut wishes = PlaceWishes {
            path: path.into(),
            owner: owner(&sorts, place.top, accounts),
            group,
            setgid,
            sticky,
            dir_mode,
            file_mode,
            acls,
            top: TopWishes::default(),
            outliers: Vec::new(),
        };
        wishes.outliers = wishes.differing(place, accounts);
        if let Some(top) = place.top {
            let mode = place.top_mode.filter(|_| wishes.acls.acl.is_some()).unwrap_or(top.mode);
            wishes.top = wishes.of_top(State { mode, ..top }, accounts);
            if !alone {
                wishes.count_top(shared.is_some());
            }
        }
        wishes
    }

    /// Counts the top in where it is like those below it.
    fn count_top(&mut self, is_among_modes: bool) {
        let PlaceWishes { owner, group, setgid, sticky, dir_mode, top, acls, .. } = self;
        Fit::count_in(owner, top.owner.is_none());
        Fit::count_in(group, top.group.is_none());
        if is_among_modes {
            return;
        }
        Fit::count_in(setgid, top.setgid.is_none());
        Fit::count_in(sticky, top.sticky.is_none());
        // Where modes are those of ACLs, it was counted with them.
        Fit::count_in(dir_mode, top.dir_mode.is_none() && acls.acl.is_none());
    }

    /// The attributes that a sort of entries does not comply with.
    fn misses(&self, sort: Sort, accounts: &dyn Accounts) -> Vec<&'static str> {
        let is_directory = sort.role == Role::Dir;
        let mode_misses = |fit: &Option<ModeFit>| {
            let expression = fit.as_ref().and_then(|fit| ModeExpression::parse(&fit.value).ok());
            expression.is_some_and(|expression| expression.apply(sort.mode, is_directory) != sort.mode)
        };
        let bit_misses = |fit: &Option<Fit<bool>>, bit| fit.as_ref().is_some_and(|fit| fit.value != sort.mode.has(bit));
        let owner = self.owner.as_ref().is_some_and(|fit| fit.value != sort.uid);
        let group = self.group.as_ref().is_some_and(|fit| !fit.value.complies(sort, accounts));
        let dir = is_directory;
        let tests = [
            (owner, "owner"),
            (group, "group"),
            (dir && bit_misses(&self.setgid, Mode::SETGID), "setgid"),
            (dir && bit_misses(&self.sticky, Mode::STICKY), "sticky"),
            (dir && mode_misses(&self.dir_mode), "dir-mode"),
            (sort.role == Role::File && mode_misses(&self.file_mode), "file-mode"),
        ];
        tests.into_iter().filter(|(misses, _)| *misses).map(|(_, attribute)| attribute).collect()
    }

    fn differing(&self, place: &CensusPlace, accounts: &dyn Accounts) -> Vec<Outlier> {
        let mut outliers: Vec<Outlier> = ["owner", "group", "setgid", "sticky", "dir-mode", "file-mode", "acl"]
            .map(|attribute| Outlier { attribute, count: Count::default() })
            .into();
        for (&sort, count) in &place.sorts {
            let missed = self.misses(sort, accounts);
            for outlier in outliers.iter_mut().filter(|outlier| missed.contains(&outlier.attribute)) {
                outlier.count.entries += count.entries;
                count.examples.iter().for_each(|path| outlier.count.remember(path.clone()));
            }
        }
        if let Some(Fit { value: acl, .. }) = &self.acls.acl {
            let differing = place.acls.iter().filter(|(sort, _)| !acl.complies(sort));
            let outlier = outliers.iter_mut().find(|outlier| outlier.attribute == "acl");
            outlier.into_iter().for_each(|outlier| {
                differing.clone().for_each(|(_, count)| outlier.count.add(count.clone()));
            });
        }
        outliers.retain(|outlier| outlier.count.entries > 0);
        outliers
    }

    fn of_top(&self, top: State, accounts: &dyn Accounts) -> TopWishes {
        let missed = self.misses(Sort::of_directory(top, top.gid), accounts);
        let has = |attribute| missed.contains(&attribute);
        // Where members make what is theirs, the root stays root's: else one of them could close it to the others.
        let is_roots = self.path == ROOT && self.owner.is_none() && top.uid == 0;
        TopWishes {
            owner: (has("owner") || is_roots).then_some(top.uid),
            group: has("group").then_some(top.gid),
            setgid: has("setgid").then_some(top.mode.has(Mode::SETGID)),
            sticky: has("sticky").then_some(top.mode.has(Mode::STICKY)),
            dir_mode: prevailing_mode(&[(top.mode, 1)], true).map(|fit| fit.value).filter(|_| has("dir-mode")),
        }
    }
}

/// Whether a directory at the top is a share as it is meant to be: setgid, of a group that is known and not its owner's.
fn is_share(top: State, accounts: &dyn Accounts) -> bool {
    let is_meant = || accounts.knows_gid(top.gid) && accounts.primary_gid(top.uid) != Some(top.gid);
    top.mode.has(Mode::SETGID) && top.gid != 0 && is_meant()
}

/// The group of what lies in a share: its own, whatever was moved into it, unless setgid directories hand others down.
fn group_of_share(gid: u32, prevailing: Option<Fit<GroupWish>>, sorts: &[(Sort, u64)]) -> Option<Fit<GroupWish>> {
    let is_handed_down = |fit: &Fit<GroupWish>| fit.value == GroupWish::Setgid;
    let count = |sorts: &mut dyn Iterator<Item = &(Sort, u64)>| sorts.map(|(_, count)| count).sum();
    prevailing.filter(is_handed_down).or_else(|| {
        Some(Fit {
            value: GroupWish::One(gid),
            holds: count(&mut sorts.iter().filter(|(sort, _)| sort.gid == gid)),
            of: count(&mut sorts.iter()),
        })
    })
}

/// The owner that prevails, where nobody else can make entries: else each has its maker's, and a fix by the policy would
/// take a member's directory from them. Nor is one proposed whom nobody knows, unless the directory at the top is theirs too.
fn owner(sorts: &[(Sort, u64)], top: Option<State>, accounts: &dyn Accounts) -> Option<Fit<u32>> {
    let is_shared = |mode: Mode| mode.bits() & 0o022 != 0;
    let mut directories = sorts.iter().filter(|(sort, _)| sort.role == Role::Dir);
    if top.is_some_and(|top| is_shared(top.mode)) || directories.any(|(sort, _)| is_shared(sort.mode)) {
        return None;
    }
    let of = sorts.iter().map(|(_, count)| count).sum();
    let mut owners: BTreeMap<u32, u64> = BTreeMap::new();
    sorts.iter().for_each(|(sort, count)| *owners.entry(sort.uid).or_default() += count);
    let (value, holds) = owners.into_iter().max_by_key(|(_, count)| *count)?;
    let is_unknown = |uid| !accounts.knows_uid(uid);
    let is_drift = is_unknown(value) && top.is_some_and(|top| !is_unknown(top.uid));
    (prevails(holds, of) && !is_drift).then_some(Fit { value, holds, of })
}
