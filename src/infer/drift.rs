//! What nobody meant: users' own groups, and ids that nobody knows, in a tree whose ids have names.

use super::census::{Census, CensusPlace, Count, ROOT, Sort};
use crate::model::accounts::Accounts;
use std::collections::{BTreeMap, HashMap};

/// Whether a group is one that nobody means to share with: its owner's own, or one that nobody knows, where the directory
/// at the top has another that is known.
pub(super) fn is_drift(sort: Sort, top: Option<u32>, accounts: &dyn Accounts) -> bool {
    let Some(top) = top.filter(|top| *top != sort.gid) else { return false };
    accounts.primary_gid(sort.uid) == Some(sort.gid) || (accounts.knows_gid(top) && !accounts.knows_gid(sort.gid))
}

/// Counts directories in with the root that are setgid by mistake: with a user's own group, or one that nobody knows.
pub(super) fn fold_drift(places: &mut BTreeMap<Vec<u8>, CensusPlace>, accounts: &dyn Accounts) {
    let Some(shared) = places.get(ROOT).and_then(|root| root.top).map(|top| top.gid) else { return };
    let is_drifted = |place: &CensusPlace| {
        place.top.is_some_and(|top| is_drift(Sort::of_directory(top, top.gid), Some(shared), accounts))
    };
    let drifted: Vec<Vec<u8>> = places
        .iter()
        .filter(|(path, place)| path.as_slice() != ROOT && is_drifted(place))
        .map(|(path, _)| path.clone())
        .collect();
    for path in drifted {
        let Some(CensusPlace { top, sorts, acls, .. }) = places.remove(&path) else { continue };
        let root = places.entry(ROOT.to_vec()).or_default();
        if let Some(state) = top {
            let count = Count { entries: 1, examples: vec![path] };
            root.add(CensusPlace {
                sorts: HashMap::from([(Sort::of_directory(state, shared), count)]),
                ..CensusPlace::default()
            });
        }
        // What was handed down there is nothing to go by.
        for (sort, count) in sorts {
            let sort = Sort { group_is_inherited: sort.gid == shared, ..sort };
            root.add(CensusPlace { sorts: HashMap::from([(sort, count)]), ..CensusPlace::default() });
        }
        root.add(CensusPlace { acls, ..CensusPlace::default() });
    }
}

/// The system's users and groups, as far as their names tell something of a tree.
///
/// A server or a container often has names for none of a tree's ids but root's, which are known everywhere. Such ids are
/// what there is, so each is taken for one that somebody knows.
pub(super) struct Known<'a> {
    accounts: &'a dyn Accounts,
    has_users: bool,
    has_groups: bool,
}

impl Known<'_> {
    /// What this tree's own ids show.
    pub(super) fn of<'a>(census: &Census, accounts: &'a dyn Accounts) -> Known<'a> {
        let tops = census.places.values().filter_map(|place| place.top).map(|top| Sort::of_directory(top, top.gid));
        let sorts: Vec<Sort> =
            census.places.values().flat_map(|place| place.sorts.keys().copied()).chain(tops).collect();
        let has_users = sorts.iter().any(|sort| sort.uid != 0 && accounts.knows_uid(sort.uid));
        // A user's own group is nothing to go by: it came with the user.
        let is_shared = |sort: &Sort| sort.gid != 0 && accounts.primary_gid(sort.uid) != Some(sort.gid);
        let has_groups = sorts.iter().any(|sort| is_shared(sort) && accounts.knows_gid(sort.gid));
        Known { accounts, has_users, has_groups }
    }
}

impl Accounts for Known<'_> {
    fn knows_uid(&self, uid: u32) -> bool {
        !self.has_users || self.accounts.knows_uid(uid)
    }

    fn knows_gid(&self, gid: u32) -> bool {
        !self.has_groups || self.accounts.knows_gid(gid)
    }

    fn is_member(&self, uid: u32, gid: u32) -> bool {
        self.accounts.is_member(uid, gid)
    }

    fn primary_gid(&self, uid: u32) -> Option<u32> {
        self.accounts.primary_gid(uid)
    }

    fn uid_of(&self, name: &[u8]) -> Option<u32> {
        self.accounts.uid_of(name)
    }
}
