//! What is left out of a plan that would be too large: of those who made it so, each beyond a fair share.

use super::cost::{Cost, costs};
use super::model::Change;
use super::read::LONGEST_LINE;
use std::collections::BTreeMap;
use std::io;

/// A line leaves so much room: its undo may have to say more.
const SPARE: u64 = 64 << 10;

/// So often what is left is measured anew; then each change is charged for all that it could take.
const ROUNDS: usize = 8;

/// A change that is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LeftOut {
    /// Which, by index.
    pub change: usize,
    /// Why.
    pub why: Excess,
}

/// Why a change is left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Excess {
    /// Its own line would be too long to be read back.
    Line,
    /// All the lines would be more than the limit.
    Share,
}

/// What has to be left out of changes, in the order of a plan, so that their lines have no more bytes than the limit.
pub(crate) fn left_out(changes: &[Change], limit: u64) -> io::Result<Vec<LeftOut>> {
    let mut left: Vec<LeftOut> = Vec::new();
    let mut kept: Vec<usize> = (0..changes.len()).collect();
    let mut leave = |kept: &mut Vec<usize>, stays: Vec<bool>, why| {
        let mut stays = stays.into_iter();
        left.extend(kept.extract_if(.., |_| !stays.next().unwrap_or(true)).map(|change| LeftOut { change, why }));
    };
    let lines = costs(changes)?;
    leave(&mut kept, lines.iter().map(|cost| cost.line < LONGEST_LINE as u64 - SPARE).collect(), Excess::Line);
    // What is left out no longer pays for the directories that it shared with others.
    for round in 0.. {
        let mut costs = costs(kept.iter().map(|&at| &changes[at]))?;
        if costs.iter().map(|cost| cost.bytes).sum::<u64>() <= limit {
            break;
        }
        if round >= ROUNDS {
            costs.iter_mut().for_each(|cost| *cost = cost.alone());
        }
        leave(&mut kept, fair(&costs, limit), Excess::Share);
    }
    left.sort_by_key(|left| left.change);
    Ok(left)
}

/// Which of these may stay within a limit that their owners share: who needs no more than an equal share of what those
/// with smaller needs leave has all of it (max-min fairness). Of the others', the longest names go first.
fn fair(costs: &[Cost], limit: u64) -> Vec<bool> {
    let mut owned: BTreeMap<u32, (u64, Vec<usize>)> = BTreeMap::new();
    for (at, cost) in costs.iter().enumerate() {
        let (need, own) = owned.entry(cost.owner).or_default();
        *need += cost.bytes;
        own.push(at);
    }
    let share = share(owned.values().map(|(need, _)| *need).collect(), limit);
    let mut stays = vec![true; costs.len()];
    for (need, mut own) in owned.into_values() {
        if need <= share {
            continue;
        }
        own.sort_by_key(|&at| costs[at].names);
        let mut taken = 0;
        for at in own {
            taken += costs[at].bytes;
            stays[at] = taken <= share;
        }
    }
    stays
}

/// What each may have at most.
fn share(mut needs: Vec<u64>, limit: u64) -> u64 {
    needs.sort_unstable();
    let mut left = limit;
    for (at, need) in needs.iter().enumerate() {
        let share = left / (needs.len() - at) as u64;
        if *need > share {
            return share;
        }
        left -= need;
    }
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::Kind;
    use crate::model::path::{Directory, TreePath};
    use crate::model::target::Links;
    use crate::plan::order;
    use crate::plan::tests::{change, plan, state};
    use proptest::prelude::*;

    fn cost(owner: u32, names: u64, bytes: u64) -> Cost {
        Cost { owner, names, bytes, line: bytes }
    }

    #[test]
    fn who_needs_less_has_it_all_and_of_the_rest_the_longest_go() {
        for (needs, limit, expected) in [
            (&[10, 20, 30][..], 60, u64::MAX),
            (&[10, 20, 30], 59, 29),
            (&[10, 20, 30], 30, 10),
            (&[10, 20, 30], 29, 9),
            (&[100, 1, 100], 101, 50),
            (&[7], 3, 3),
            (&[], 0, u64::MAX),
        ] {
            assert_eq!(share(needs.to_vec(), limit), expected, "{needs:?} {limit}");
        }
        let costs = [cost(7, 9, 40), cost(7, 1, 40), cost(7, 5, 40), cost(8, 99, 60), cost(7, 5, 1)];
        assert_eq!(fair(&costs, 150), [false, true, true, true, true]);
        assert_eq!(fair(&costs, 140), [false, true, true, true, false]);
        assert_eq!(fair(&costs, 0), [false; 5]);
    }

    proptest! {
        #[test]
        fn what_stays_fits_and_nobody_within_a_fair_share_loses(
            costs in prop::collection::vec((0u32..5, 0u64..50, 1u64..1000), 1..60), limit in 0u64..20_000,
        ) {
            let costs: Vec<Cost> = costs.into_iter().map(|(owner, names, bytes)| cost(owner, names, bytes)).collect();
            let stays = fair(&costs, limit);
            let of = |owner: u32, kept: bool| {
                let own = costs.iter().zip(&stays).filter(|(cost, stays)| cost.owner == owner && (!kept || **stays));
                own.map(|(cost, _)| cost.bytes).sum::<u64>()
            };
            prop_assert!((0..5).map(|owner| of(owner, true)).sum::<u64>() <= limit);
            let owners = (0..5).filter(|&owner| of(owner, false) > 0).count() as u64;
            for owner in 0..5 {
                let lost = of(owner, false) - of(owner, true);
                prop_assert!(lost == 0 || of(owner, false) > limit / owners, "{owner}");
            }
            for (a, cost_a) in costs.iter().enumerate() {
                for (b, cost_b) in costs.iter().enumerate().filter(|(_, b)| b.owner == cost_a.owner) {
                    prop_assert!(stays[a] || !stays[b] || cost_a.names >= cost_b.names);
                }
            }
        }

        #[test]
        fn a_plan_of_what_stays_has_no_more_bytes_than_that(
            depths in prop::collection::vec((0usize..60, 0u32..3, any::<bool>()), 1..40), limit in 0u64..60_000,
        ) {
            let changes = depths.into_iter().enumerate().map(|(at, (depth, owner, is_dir))| {
                let kind = if is_dir { Kind::Dir } else { Kind::File };
                let directory = (0..depth).fold(Directory::default(), |above, _| above.child(&[b'n'; 200]));
                let name = format!("{at}\u{202e}");
                let before = state(owner, 1, 0o700 + at as u32 % 3 * 0o50);
                let path = TreePath::within(directory, name.as_bytes());
                Change { path, lints: crate::lints::Lint::ALL.into(), ..change("", kind, before, state(owner, 2, 0o750)) }
            });
            let mut changes: Vec<Change> = changes.collect();
            order(&mut changes);
            let left = left_out(&changes, limit).unwrap();
            let mut kept = plan(changes.clone());
            let mut at = 0..;
            kept.changes.retain(|_| { let at = at.next(); !left.iter().any(|left| Some(left.change) == at) });
            let end = "{\"type\":\"end\",\"changes\":10,\"entries\":9}\n".len() as u64;
            let mut text = Vec::new();
            kept.write(&mut text).unwrap();
            prop_assert!(text.len() as u64 <= kept.head_bytes().unwrap() + limit + end);
            let most: u64 = changes.iter().map(|one| super::super::most_bytes(&one.path, &one.links, one.lints.len())).sum();
            let whole: u64 = costs(&changes).unwrap().iter().map(|cost| cost.bytes).sum();
            prop_assert!(whole <= most);
            prop_assert_eq!(left.is_empty(), whole <= limit);
        }
    }

    #[test]
    fn a_change_whose_line_is_too_long_goes_alone() {
        let one = change("a", Kind::File, state(5, 1, 0o640), state(5, 2, 0o640));
        let name = [b'n'; 4000];
        let names = (0..LONGEST_LINE / 4000 + 1).map(|at| [at.to_string().as_bytes(), &name].concat());
        let links = Links::inside(names.map(|name| TreePath::within(Directory::default(), &name)));
        let changes = [one.clone(), Change { links, ..change("b", Kind::File, one.before, one.after) }];
        let left = left_out(&changes, u64::MAX).unwrap();
        assert_eq!(left, [LeftOut { change: 1, why: Excess::Line }]);
    }
}
