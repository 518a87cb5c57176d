//! Whoever follows all that is proposed ends with every act, and each way is enough by itself.

use super::*;
use crate::model::acl::Listed;
use crate::model::acl::Tag;
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::rights::Rights;
use crate::model::rights::tests::{account, acl, state};
use crate::plan::remedy::case::{Fixture, Stop};
use crate::plan::remedy::smallest::{Bits, Law, Lawless, Standing, Turn};
use proptest::prelude::*;

fn stop(owner: u32, gid: u32, mode: u32, list: Option<&str>) -> Stop {
    let listed = list.map_or(Listed::No, |list| Listed::Yes(acl(list)));
    Stop { kind: Kind::Dir, state: state(owner, gid, mode), listed, fixture: Fixture::None }
}

fn alice(groups: &[u32], stops: Vec<Stop>) -> Case {
    Case { account: account(2001, groups), stops }
}

const MEANS: Means<'static> = Means { standing: Standing::User, joinable: &[4242], law: &Lawless };

fn can(case: &Case, act: Operation) -> bool {
    case.demands(act).into_iter().all(|demand| case.meets(demand))
}

fn after(case: &Case, way: &[Remedy]) -> Case {
    way.iter().fold(case.clone(), |case, one| case.after(*one))
}

#[test]
fn a_later_entry_includes_the_earlier_and_takes_nothing_from_the_group() {
    // As a program makes a 0700 directory below a default ACL: behind the empty mask all is there already.
    let case = alice(&[2001], vec![stop(0, 100, 0o700, Some("u::7 u:2001:6 g::7 g:55:7 m::0 o::0"))]);
    let mut proposals = Proposals::new(&case, MEANS);
    let entry = |rights, mask| Remedy::Entry {
        place: 0,
        tag: Tag::User,
        id: Some(2001),
        rights: Rights::new(rights),
        mask: Rights::new(mask),
    };
    let ways: Vec<_> =
        [Operation::Enter, Operation::List, Operation::Create].map(|act| proposals.propose(act, false).ways).into();
    assert_eq!(ways, [vec![vec![entry(7, 1)]], vec![vec![entry(7, 5)]], vec![vec![entry(7, 7)]]]);
    // A member's group gets what its own entry lacks, and keeps what that has.
    let case = alice(&[2001, 100], vec![stop(0, 100, 0o700, Some("u::7 u:5:7 g::6 m::0 o::0"))]);
    let first = &Proposals::new(&case, MEANS).propose(Operation::Enter, false).ways[0];
    assert_eq!(
        first[..],
        [Remedy::Entry { place: 0, tag: Tag::OwningGroup, id: None, rights: Rights::new(7), mask: Rights::PASS }]
    );
}

#[test]
fn what_is_taken_stays_taken() {
    let case = alice(&[4242], vec![stop(0, 4242, 0o770, None)]);
    let mut proposals = Proposals::new(&case, MEANS);
    let ways = [Operation::Create, Operation::List].map(|act| proposals.propose(act, true).ways.remove(0));
    let end = ways.iter().fold(case.clone(), |case, way| after(&case, way));
    assert!(!can(&end, Operation::Create) && !can(&end, Operation::List), "{ways:?}");
}

#[test]
fn who_joins_a_group_keeps_what_they_had_at_once() {
    // As one of the others alice may write and pass at once. As a member she might do either, but no one entry gives both.
    let list = "u::4 u:7:7 g::6 g:4242:1 m::7 o::3";
    let case = alice(&[2001], vec![stop(0, 4242, 0o473, Some(list))]);
    assert!(can(&case, Operation::Create) && !can(&case, Operation::List));
    let alone = |place, rights| Remedy::Entry {
        place,
        tag: Tag::User,
        id: Some(2001),
        rights: Rights::new(rights),
        mask: Rights::new(7),
    };
    let ways = Proposals::new(&case, MEANS).propose(Operation::List, false).ways;
    assert_eq!(ways, [vec![alone(0, 7)]]);
    assert!(
        [Operation::Enter, Operation::List, Operation::Create].into_iter().all(|act| can(&after(&case, &ways[0]), act))
    );
    // So with a file that she may open to read and write (open(2), O_RDWR), below a directory that the group would open.
    let mut file = stop(0, 4242, 0o676, Some("u::6 u:7:7 g::4 g:4242:2 m::7 o::6"));
    file.kind = Kind::File;
    let ways = Proposals::new(&alice(&[2001], vec![stop(0, 4242, 0o770, None), file]), MEANS)
        .propose(Operation::Read, false)
        .ways;
    assert_eq!(ways, [vec![alone(0, 1)]]);
    // Where one entry gives it all, she joins.
    let case = alice(&[2001], vec![stop(0, 4242, 0o473, Some("u::4 u:7:7 g::4 g:4242:3 m::7 o::3"))]);
    let ways = Proposals::new(&case, MEANS).propose(Operation::List, false).ways;
    assert_eq!(ways, [vec![Remedy::Join { gid: 4242 }], vec![alone(0, 7)]]);
}

#[test]
fn what_is_taken_gives_nothing_else() {
    let alone = |rights| Remedy::Entry {
        place: 0,
        tag: Tag::User,
        id: Some(2001),
        rights: Rights::new(rights),
        mask: Rights::new(7),
    };
    // Of her groups one lets alice pass, the other write: one entry for both would let her create.
    let mut case = alice(&[2001, 4242], vec![stop(0, 4242, 0o270, Some("u::2 u:7:7 g::1 g:4242:6 m::7 o::0"))]);
    let ways = Proposals::new(&case, MEANS).propose(Operation::List, true).ways;
    assert_eq!(ways, [vec![alone(1)]]);
    // Of a file, reading it is worth more than running it.
    case.stops[0].kind = Kind::File;
    let ways = Proposals::new(&case, MEANS).propose(Operation::Write, true).ways;
    assert_eq!(ways, [vec![alone(4)]]);
    // What one entry gives at once may be left at once.
    case.stops[0] = stop(0, 4242, 0o270, Some("u::2 u:7:7 g::1 g:4242:7 m::7 o::0"));
    let ways = Proposals::new(&case, MEANS).propose(Operation::List, true).ways;
    assert_eq!(ways, [vec![alone(3)]]);
}

/// A policy by which a directory stays sticky, and others stay out.
struct Strict;

impl Law for Strict {
    fn allows(&self, _: usize, before: &Stop, after: &Stop) -> bool {
        let (before, after) = (before.state.mode, after.state.mode);
        before & Mode::STICKY == after & Mode::STICKY && after.without(before) & Mode::OTHER == Mode::NONE
    }
}

#[test]
fn what_a_policy_forbids_is_not_proposed() {
    let means = Means { law: &Strict, ..MEANS };
    let sticky = alice(&[4242], vec![stop(0, 4242, 0o3770, None)]);
    let proposed = Proposals::new(&sticky, means).propose(Operation::DeleteOthers, false);
    assert_eq!(proposed, Proposed { ways: Vec::new(), is_barred: true });
    let free = Proposals::new(&sticky, MEANS).propose(Operation::DeleteOthers, false);
    assert_eq!(free, Proposed { ways: vec![vec![Remedy::Unstick { place: 0 }]], is_barred: false });
    // Where ACLs aren't kept, only the bit of others would do.
    let mut closed = alice(&[2001], vec![stop(0, 100, 0o770, None)]);
    closed.stops[0].listed = Listed::Never;
    assert!(Proposals::new(&closed, means).propose(Operation::Enter, false).is_barred);
    let open = Remedy::Mode { place: 0, turn: Turn::Give, bits: Bits::Other, rights: Rights::PASS };
    assert_eq!(Proposals::new(&closed, MEANS).propose(Operation::Enter, false).ways, [vec![open]]);
    // What can't be altered at all isn't the policy's fault.
    closed.stops[0].fixture = Fixture::ReadOnly;
    assert_eq!(Proposals::new(&closed, means).propose(Operation::Create, false), Proposed::default());
}

fn any_stop() -> impl Strategy<Value = Stop> {
    let list = proptest::option::of((0..8_u8, 0..8_u8, 0..8_u8, any::<bool>()));
    (0..3_usize, 0..3_usize, 0..0o2000_u32, list).prop_map(|(owner, group, mode, list)| {
        let digit = |shift: u32| mode >> shift & 7;
        let list = list.map(|(user, named, owning, names_her)| {
            let her = if names_her { format!("u:2001:{user} ") } else { "u:7:7 ".into() };
            format!("u::{} {her}g::{owning} g:4242:{named} m::{} o::{}", digit(6), digit(3), digit(0))
        });
        stop([0, 0, 2001][owner], [4242, 100, 2001][group], mode, list.as_deref())
    })
}

/// Others than alice, as far as entries tell them apart.
fn others() -> impl Iterator<Item = crate::model::accounts::Account> {
    let groups: [&[u32]; 5] = [&[9], &[4242], &[100], &[4242, 100], &[2001]];
    [7, 9].into_iter().flat_map(move |uid| groups.map(|groups| account(uid, groups)))
}

/// Who of others gets something by a way, at which place: but for whom it is said to be given to.
fn gains(case: &Case, way: &[Remedy]) -> Option<String> {
    let end = after(case, way);
    let is_said = |one: &Remedy, at: usize, who: &crate::model::accounts::Account| match *one {
        Remedy::Mode { place, bits: Bits::Group, .. } | Remedy::Entry { place, tag: Tag::OwningGroup, .. } => {
            place == at && who.is_in(case.stops[at].state.gid)
        }
        Remedy::Mode { place, bits: Bits::Other, .. } => place == at,
        _ => false,
    };
    others().find_map(|who| {
        let places = (0..case.stops.len()).filter(|&place| !way.iter().any(|one| is_said(one, place, &who)));
        let all = places.flat_map(|place| (1..8).map(move |rights| (place, Rights::new(rights))));
        let mut gained =
            all.filter(|&(place, rights)| has(&end, place, &who, rights) && !has(case, place, &who, rights));
        gained.next().map(|(place, rights)| format!("{who:?} gets {rights} at {place}"))
    })
}

fn has(case: &Case, place: usize, who: &crate::model::accounts::Account, rights: Rights) -> bool {
    Case { account: who.clone(), ..case.clone() }.decide(place, rights).gives(rights)
}

/// Who of others loses something by a way, at which place.
fn losses(case: &Case, way: &[Remedy]) -> Option<String> {
    let end = after(case, way);
    let all = || (0..case.stops.len()).flat_map(|place| (1..8).map(move |rights| (place, Rights::new(rights))));
    others().find_map(|who| {
        let (place, rights) =
            all().find(|&(place, rights)| has(case, place, &who, rights) && !has(&end, place, &who, rights))?;
        Some(format!("{who:?} loses {rights} at {place}"))
    })
}

/// Whether an ACL lies behind an empty mask where others have something: no entry of it changes and leaves the others as
/// they were.
fn is_hidden(case: &Case) -> bool {
    let is_hidden = |stop: &Stop| {
        stop.listed.acl().is_some() && stop.state.mode.bits() & 0o070 == 0 && stop.state.mode.bits() & 0o007 != 0
    };
    case.stops.iter().any(is_hidden)
}

#[test]
fn who_is_named_behind_an_empty_mask_keeps_what_others_have() {
    // Bob and those of group 55 read and pass as all others do: to look at the ACL at all would take that from them, and
    // to write it into their entries would give it to those of the owning group, who have nothing.
    for (list, ways) in [
        ("u::7 u:7:7 g::7 m::0 o::5", vec![]),
        ("u::7 g::7 g:55:7 m::0 o::5", vec![]),
        (
            "u::7 u:2001:4 g::7 m::0 o::5",
            vec![vec![Remedy::Entry {
                place: 0,
                tag: Tag::User,
                id: Some(2001),
                rights: Rights::new(7),
                mask: Rights::new(7),
            }]],
        ),
    ] {
        let case = alice(&[2001], vec![stop(0, 100, 0o705, Some(list))]);
        let proposed = Proposals::new(&case, MEANS).propose(Operation::Create, false);
        assert_eq!(proposed, Proposed { ways, is_barred: false }, "{list}");
    }
}

#[test]
fn nobody_else_gets_what_a_mask_hid() {
    // Bob, the group and another group would get to write with alice.
    let case = alice(&[2001], vec![stop(0, 100, 0o750, Some("u::7 u:7:7 g::7 g:55:3 m::5 o::0"))]);
    let ways = Proposals::new(&case, MEANS).propose(Operation::Create, false).ways;
    let alone =
        Remedy::Entry { place: 0, tag: Tag::User, id: Some(2001), rights: Rights::CHANGE, mask: Rights::new(7) };
    assert_eq!(ways, [vec![alone]]);
    let kept = Listed::Yes(acl("u::7 u:7:5 u:2001:3 g::5 g:55:1 m::7 o::0"));
    assert_eq!(after(&case, &ways[0]).stops[0].listed, kept);
    assert_eq!(gains(&case, &ways[0]), None);
}

#[test]
fn nothing_is_proposed_for_one_act_that_only_another_takes() {
    // To read the file takes the directory and its own bit; to delete it, the directory alone.
    let mut file = stop(0, 4242, 0o600, None);
    file.kind = Kind::File;
    let case = alice(&[2001, 4242], vec![stop(0, 4242, 0o700, None), file]);
    let mut proposals = Proposals::new(&case, MEANS);
    let ways: Vec<_> = [Operation::Read, Operation::Write, Operation::Delete]
        .map(|act| proposals.propose(act, false).ways.remove(0))
        .into();
    let give = |place, rights| Remedy::Mode { place, turn: Turn::Give, bits: Bits::Group, rights };
    let (pass, change) = (give(0, Rights::PASS), give(0, Rights::CHANGE));
    let both = Rights::READ | Rights::WRITE;
    assert_eq!(ways[..2], [vec![pass, give(1, Rights::READ)], vec![pass, give(1, both)]]);
    assert_eq!(ways[2], [change]);
}

proptest! {
    #![proptest_config(crate::model::samples::cases(3000))]
    #[test]
    fn all_that_is_proposed_adds_up(stops in proptest::collection::vec(any_stop(), 1..4), is_member in any::<bool>()) {
        let case = alice(if is_member { &[2001, 4242] } else { &[2001] }, stops);
        let mut proposals = Proposals::new(&case, MEANS);
        let acts: Vec<Operation> = case.acts().to_vec();
        let told: Vec<_> = acts.iter().map(|&act| (act, can(&case, act), proposals.propose(act, can(&case, act)))).collect();
        for (act, _, Proposed { ways, .. }) in &told {
            for way in ways {
                prop_assert_eq!(gains(&case, way), None, "{} by {:?}", act, way);
            }
        }
        for (act, _, Proposed { ways, .. }) in told.iter().filter(|(_, before, _)| !before) {
            for way in ways {
                prop_assert_eq!(losses(&case, way), None, "{} by {:?}", act, way);
            }
        }
        // The first of each, or the last.
        for pick in [0, 1] {
            let mut end = case.clone();
            for (act, before, Proposed { ways, .. }) in told.iter().filter(|(_, before, _)| !before) {
                let Some(way) = ways.get(pick).or(ways.last()) else {
                    prop_assert!(is_hidden(&case), "{act}");
                    continue;
                };
                prop_assert!(can(&after(&case, way), *act) != *before, "{act} alone: {way:?}");
                end = after(&end, way);
            }
            for &act in &acts {
                prop_assert!(can(&end, act) || is_hidden(&case), "{act} at the end of {told:?}");
            }
        }
        let taken = told.iter().filter(|(_, before, proposed)| *before && !proposed.ways.is_empty());
        let end = taken.clone().fold(case.clone(), |end, (_, _, proposed)| after(&end, &proposed.ways[0]));
        for (act, ..) in taken.clone() {
            prop_assert!(!can(&end, *act), "{act} is given back: {told:?}");
        }
        let ends = taken.map(|(_, _, proposed)| after(&case, &proposed.ways[0])).chain([end]);
        for (end, &act) in ends.flat_map(|end| acts.iter().map(move |act| (end.clone(), act))) {
            prop_assert!(can(&case, act) || !can(&end, act), "{act} is given by what is to take: {told:?}");
        }
    }
}
