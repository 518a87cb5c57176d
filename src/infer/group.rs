//! The group that entries are to have: one, a few, or one that follows from where they are or whose they are.

use super::census::Sort;
use super::drift::is_drift;
use super::fit::{Fit, prevails};
use crate::model::accounts::Accounts;
use crate::model::entry::State;
use crate::model::mode::Mode;
use std::collections::BTreeMap;

/// So many groups may share a place and still be named.
const GROUPS: usize = 3;

/// The groups that entries have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum GroupWish {
    /// One prevails.
    One(u32),
    /// Each has that of the nearest setgid directory at or above it: `@setgid`.
    Setgid,
    /// Each has the primary one of its owner: `@primary`.
    Primary,
    /// A few share the place, the commonest first.
    Several(Vec<u32>),
}

impl GroupWish {
    /// Whether entries of this sort have the group that is wanted of them.
    pub(crate) fn complies(&self, sort: Sort, accounts: &dyn Accounts) -> bool {
        match self {
            GroupWish::One(gid) => sort.gid == *gid,
            GroupWish::Setgid => sort.group_is_inherited,
            GroupWish::Primary => accounts.primary_gid(sort.uid) == Some(sort.gid),
            GroupWish::Several(gids) => gids.contains(&sort.gid),
        }
    }
}

/// The group that prevails; that of the top goes first where counts are equal.
///
/// Where one prevails, others are outliers, unless setgid directories handed them down, more than that one has.
pub(super) fn prevailing_group(
    sorts: &[(Sort, u64)],
    top: Option<State>,
    accounts: &dyn Accounts,
) -> Option<Fit<GroupWish>> {
    // What a setgid directory is to share isn't meant to be each one's own.
    let is_shared = top.is_some_and(|top| top.mode.has(Mode::SETGID));
    let top = top.map(|top| top.gid);
    let of = sorts.iter().map(|(_, count)| count).sum();
    let fit = |value: GroupWish| {
        let those = sorts.iter().filter(|(sort, _)| value.complies(*sort, accounts));
        let holds = those.map(|(_, count)| count).sum();
        prevails(holds, of).then_some(Fit { value, holds, of })
    };
    let shared: Vec<(Sort, u64)> = sorts.iter().filter(|(sort, _)| !is_drift(*sort, top, accounts)).copied().collect();
    let order = commonest(&shared, top);
    let one = order.first().and_then(|&gid| fit(GroupWish::One(gid)));
    let handed_down = fit(GroupWish::Setgid).filter(|fit| one.as_ref().is_none_or(|one| fit.holds > one.holds));
    // A few of many are no rule unless they leave hardly any out.
    let is_most = |fit: &Fit<GroupWish>| u128::from(fit.holds) * 5 >= u128::from(fit.of) * 4;
    let mut few = (2..=GROUPS.min(order.len())).map(|few| order[..few].to_vec());
    let several = || few.find_map(|few| fit(GroupWish::Several(few)).filter(is_most));
    handed_down.or(one).or_else(|| fit(GroupWish::Primary).filter(|_| !is_shared)).or_else(several)
}

/// The groups, the commonest first.
fn commonest(sorts: &[(Sort, u64)], top: Option<u32>) -> Vec<u32> {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    sorts.iter().for_each(|(sort, count)| *counts.entry(sort.gid).or_default() += count);
    let mut order: Vec<(u32, u64)> = counts.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| (Some(b.0) == top).cmp(&(Some(a.0) == top))).then(a.0.cmp(&b.0)));
    order.into_iter().map(|(gid, _)| gid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each user's primary group has the user's own number.
    struct PrivateGroups;

    impl Accounts for PrivateGroups {
        fn knows_uid(&self, _: u32) -> bool {
            true
        }

        fn knows_gid(&self, _: u32) -> bool {
            true
        }

        fn is_member(&self, uid: u32, gid: u32) -> bool {
            uid == gid
        }

        fn primary_gid(&self, uid: u32) -> Option<u32> {
            Some(uid)
        }

        fn uid_of(&self, _: &[u8]) -> Option<u32> {
            None
        }
    }

    #[test]
    fn a_group_prevails_or_follows_from_something() {
        use GroupWish::*;
        // (owner, group, the group handed down, how many).
        type Sorts = &'static [(u32, u32, u32, u64)];
        let cases: [(Sorts, Option<(GroupWish, u64)>); 7] = [
            (&[(1, 5, 5, 9)], Some((One(5), 9))),
            (&[(1, 5, 5, 17), (1, 7, 5, 3)], Some((One(5), 17))),
            (&[(0, 0, 0, 17), (1, 7, 7, 2), (1, 8, 8, 1)], Some((Setgid, 20))),
            (&[(0, 0, 0, 5), (1, 7, 7, 5), (1, 8, 8, 5), (1, 9, 7, 1)], Some((Setgid, 15))),
            (&[(7, 7, 0, 5), (8, 8, 0, 5), (8, 7, 0, 1)], Some((Primary, 10))),
            (&[(1, 8, 0, 5), (1, 9, 0, 6)], Some((Several(vec![9, 8]), 11))),
            (&[(1, 5, 0, 1), (1, 6, 0, 1), (1, 7, 0, 1), (1, 8, 0, 1)], None),
        ];
        for (sorts, expected) in cases {
            let sort = |&(uid, gid, inherited, count): &(u32, u32, u32, u64)| {
                (Sort::of_directory(State { uid, gid, mode: Mode::new(0o755) }, inherited), count)
            };
            let sorts: Vec<_> = sorts.iter().map(sort).collect();
            let found = prevailing_group(&sorts, None, &PrivateGroups).map(|fit| (fit.value, fit.holds));
            assert_eq!(found, expected, "{sorts:?}");
        }
    }
}
