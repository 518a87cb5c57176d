use super::*;
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::rights::tests::{account, acl, state};
use crate::plan::remedy::case::{Fixture, Stop};
use proptest::prelude::*;

fn stop(kind: Kind, state: State, list: Option<&str>) -> Stop {
    let listed = list.map_or(Listed::No, |list| Listed::Yes(acl(list)));
    Stop { kind, state, listed, fixture: Fixture::None }
}

/// Alice in a directory below a `/` that everybody passes; 4242 is a group that she could join.
fn case(groups: &[u32], state_of: State, list: Option<&str>) -> Case {
    let top = stop(Kind::Dir, state(0, 0, 0o755), None);
    Case { account: account(2001, groups), stops: vec![top, stop(Kind::Dir, state_of, list)] }
}

const ALICE: Means<'static> = Means { standing: Standing::User, joinable: &[4242], law: &Lawless };
const MEMBER: Means<'static> = Means { standing: Standing::Member(4242), joinable: &[], law: &Lawless };
const ANYBODY: Means<'static> = Means { standing: Standing::Anybody, joinable: &[], law: &Lawless };

fn give(place: usize, bits: Bits, rights: Rights) -> Remedy {
    Remedy::Mode { place, turn: Turn::Give, bits, rights }
}

fn entry(tag: Tag, id: Option<u32>, rights: u32, mask: u32) -> Remedy {
    Remedy::Entry { place: 1, tag, id, rights: Rights::new(rights), mask: Rights::new(mask) }
}

#[test]
fn what_opens_least_is_chosen() {
    let join = Remedy::Join { gid: 4242 };
    let alone = |rights, mask| entry(Tag::User, Some(2001), rights, mask);
    for (means, groups, state, list, act, expected) in [
        // The owner's own bit, and never anybody else's.
        (&ALICE, &[2001][..], state(2001, 4242, 0o077), None, Operation::Enter, give(1, Bits::Owner, Rights::PASS)),
        // A group that has it is joined before anything is opened.
        (&ALICE, &[2001], state(0, 4242, 0o2770), None, Operation::Create, join),
        // One that an ACL names isn't: it has its own reasons to be there.
        (&ALICE, &[2001], state(0, 100, 0o770), Some("u::7 g::0 g:4242:7 m::7 o::0"), Operation::Create, alone(3, 7)),
        // A group that hasn't isn't; nor one that can't be joined.
        (&ALICE, &[2001], state(0, 4242, 0o2750), None, Operation::Create, alone(3, 7)),
        (&ALICE, &[2001], state(0, 100, 0o2770), None, Operation::Enter, alone(1, 7)),
        // Who is in the group gets what it gets, only what is lacking.
        (&ALICE, &[2001, 4242], state(0, 4242, 0o2750), None, Operation::Create, give(1, Bits::Group, Rights::WRITE)),
        (&ALICE, &[2001, 4242], state(0, 4242, 0o700), None, Operation::Enter, give(1, Bits::Group, Rights::PASS)),
        // With an ACL, chmod would change its mask.
        (
            &ALICE,
            &[2001, 4242],
            state(0, 4242, 0o770),
            Some("u::7 u:7:7 g::5 m::7 o::0"),
            Operation::Create,
            entry(Tag::OwningGroup, None, 7, 7),
        ),
        (&ALICE, &[2001], state(0, 100, 0o750), Some("u::7 u:2001:7 g::0 m::5 o::0"), Operation::Create, alone(7, 7)),
        (&ALICE, &[2001], state(0, 100, 0o755), None, Operation::Create, alone(7, 7)),
        (&MEMBER, &[4242], state(0, 4242, 0o700), None, Operation::Enter, give(1, Bits::Group, Rights::PASS)),
        (&MEMBER, &[4242], state(0, 100, 0o700), None, Operation::Enter, entry(Tag::Group, Some(4242), 1, 1)),
        (&ANYBODY, &[9], state(0, 100, 0o770), None, Operation::List, give(1, Bits::Other, Rights::READ)),
        (&ALICE, &[2001, 4242], state(0, 4242, 0o1770), None, Operation::DeleteOthers, Remedy::Unstick { place: 1 }),
    ] {
        let case = case(groups, state, list);
        assert_eq!(smallest(&case, act, means, Taste::Shared), Some(vec![expected]), "{state:?} {list:?} {act}");
    }
}

#[test]
fn one_membership_comes_before_several_changes() {
    let closed = |state| stop(Kind::Dir, state, None);
    let mut case = case(&[2001], state(0, 4242, 0o2770), None);
    case.stops.push(closed(state(0, 4242, 0o2770)));
    let join = Remedy::Join { gid: 4242 };
    assert_eq!(smallest(&case, Operation::Create, &ALICE, Taste::Shared), Some(vec![join]));
    let alone = |place, rights| Remedy::Entry { place, tag: Tag::User, id: Some(2001), rights, mask: Rights::new(7) };
    let each = vec![alone(1, Rights::PASS), alone(2, Rights::CHANGE)];
    assert_eq!(smallest(&case, Operation::Create, &ALICE, Taste::Personal), Some(each));
    // Where joining opens only the second door, the first is opened to that group too.
    case.stops[1].state.mode = Mode::new(0o700);
    let both = vec![join, give(1, Bits::Group, Rights::PASS)];
    assert_eq!(smallest(&case, Operation::Create, &ALICE, Taste::Shared), Some(both));
}

#[test]
fn others_are_opened_to_only_where_there_is_nothing_else() {
    let mut case = case(&[2001], state(0, 100, 0o770), None);
    case.stops[1].listed = Listed::Never;
    let open = |case: &Case| smallest(case, Operation::Enter, &ALICE, Taste::Shared);
    assert_eq!(open(&case), Some(vec![give(1, Bits::Other, Rights::PASS)]));
    case.stops[1].state.gid = 4242;
    assert_eq!(open(&case), Some(vec![Remedy::Join { gid: 4242 }]));
}

#[test]
fn what_is_held_fast_is_not_altered() {
    let mut case = case(&[2001, 4242], state(0, 4242, 0o770), None);
    case.stops[1].fixture = Fixture::Immutable;
    for act in [Operation::Create, Operation::Delete, Operation::DeleteOthers] {
        assert_eq!(smallest(&case, act, &ALICE, Taste::Shared), None, "{act}");
    }
    assert_eq!(smallest(&case, Operation::Enter, &ALICE, Taste::Shared), None, "there is nothing to alter");
}

#[test]
fn what_is_taken_is_taken_from_one() {
    for (means, groups, state, list, act, expected) in [
        (
            &ALICE,
            &[2001][..],
            state(2001, 100, 0o700),
            None,
            Operation::Create,
            Remedy::Mode { place: 1, turn: Turn::Take, bits: Bits::Owner, rights: Rights::WRITE },
        ),
        (&ALICE, &[4242], state(0, 4242, 0o770), None, Operation::Create, entry(Tag::User, Some(2001), 5, 7)),
        (&ALICE, &[2001], state(0, 100, 0o705), None, Operation::Enter, entry(Tag::User, Some(2001), 4, 4)),
        // A mask must be left: behind an empty one the kernel would look at the others' bits.
        (&ALICE, &[2001], state(0, 100, 0o701), None, Operation::Enter, entry(Tag::User, Some(2001), 0, 4)),
        (
            &MEMBER,
            &[4242],
            state(0, 4242, 0o770),
            None,
            Operation::Create,
            Remedy::Mode { place: 1, turn: Turn::Take, bits: Bits::Group, rights: Rights::WRITE },
        ),
        (
            &MEMBER,
            &[4242],
            state(0, 4242, 0o770),
            Some("u::7 u:7:7 g::7 m::7 o::0"),
            Operation::List,
            entry(Tag::OwningGroup, None, 3, 7),
        ),
        // A wider mask would open what it keeps from others, and one at all what an empty one hides.
        (
            &ALICE,
            &[2001],
            state(0, 100, 0o747),
            Some("u::7 u:7:7 g::7 m::4 o::7"),
            Operation::Create,
            entry(Tag::User, Some(2001), 4, 4),
        ),
        (
            &ALICE,
            &[2001],
            state(0, 100, 0o707),
            Some("u::7 u:7:7 g::7 m::0 o::7"),
            Operation::Create,
            Remedy::Mode { place: 1, turn: Turn::Take, bits: Bits::Other, rights: Rights::WRITE },
        ),
        (
            &ANYBODY,
            &[9],
            state(0, 100, 0o777),
            None,
            Operation::Create,
            Remedy::Mode { place: 1, turn: Turn::Take, bits: Bits::Other, rights: Rights::WRITE },
        ),
    ] {
        assert_eq!(smallest_against(&case(groups, state, list), act, means), Some(expected), "{state:?} {act}");
    }
}

fn any_stop() -> impl Strategy<Value = Stop> {
    let list = proptest::option::of((0..8_u8, 0..8_u8, 0..8_u8));
    (0..2_u32, 0..3_usize, 0..0o2000_u32, list).prop_map(|(owner, group, mode, list)| {
        let state = state(owner * 2001, [4242, 100, 2001][group], mode);
        let digit = |shift: u32| mode >> shift & 7;
        let list = list.map(|(user, named, owning)| {
            let (owner, mask, other) = (digit(6), digit(3), digit(0));
            acl(&format!("u::{owner} u:2001:{user} g::{owning} g:4242:{named} m::{mask} o::{other}"))
        });
        Stop { kind: Kind::Dir, state, listed: list.map_or(Listed::No, Listed::Yes), fixture: Fixture::None }
    })
}

/// Whether no entry of an ACL changes and leaves others as they were: its mask is empty, and others have something.
fn is_hidden(stop: &Stop) -> bool {
    stop.listed.acl().is_some() && stop.state.mode.bits() & 0o070 == 0 && stop.state.mode.bits() & 0o007 != 0
}

proptest! {
    #![proptest_config(crate::model::samples::cases(2000))]
    /// What is proposed does what it is proposed for; and where nothing is held fast, something always is.
    #[test]
    fn a_proposal_alters_the_answer(
        stops in proptest::collection::vec(any_stop(), 1..4),
        is_member in any::<bool>(),
        who in 0..3_usize,
    ) {
        let means = [&ALICE, &MEMBER, &ANYBODY][who];
        // Somebody of no name owns nothing and is in no other group.
        let account = match (who, is_member) {
            (0, true) => account(2001, &[2001, 4242]),
            (0, false) => account(2001, &[2001]),
            (1, _) => account(9, &[4242]),
            _ => account(9, &[9]),
        };
        let case = Case { account, stops };
        for &act in case.acts() {
            let can = |case: &Case| case.demands(act).into_iter().all(|demand| case.meets(demand));
            if can(&case) {
                let taken = smallest_against(&case, act, means);
                prop_assert!(taken.is_none_or(|one| !can(&case.after(one))));
                continue;
            }
            for taste in [Taste::Shared, Taste::Personal] {
                let way = smallest(&case, act, means, taste);
                let after = way.iter().flatten().fold(case.clone(), |case, one| case.after(*one));
                prop_assert!(can(&after) || way.is_none() && case.stops.iter().any(is_hidden), "{act} {way:?}");
            }
        }
    }
}
