//! Tables of who decides, and laws over all modes.

use super::*;
use crate::model::mode::Mode;

/// An account of these groups, the first of which is its primary one.
pub(crate) fn account(uid: u32, groups: &[u32]) -> Account {
    Account { uid, gid: groups[0], groups: groups.to_vec() }
}

/// A state.
pub(crate) fn state(uid: u32, gid: u32, mode: u32) -> State {
    State { uid, gid, mode: Mode::new(mode) }
}

/// The ACL of a text like setfacl(1)'s: `u::7 u:2001:5 g::5 g:7:4 m::7 o::0`.
pub(crate) fn acl(text: &str) -> Acl {
    let entry = |text: &str| {
        let mut fields = text.split(':');
        let (tag, name, permissions) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let tag = match (tag, name) {
            ("u", "") => Tag::Owner,
            ("u", _) => Tag::User,
            ("g", "") => Tag::OwningGroup,
            ("g", _) => Tag::Group,
            ("m", _) => Tag::Mask,
            _ => Tag::Other,
        };
        AclEntry { tag, id: name.parse().ok(), permissions: permissions.parse().unwrap() }
    };
    Acl::new(text.split(' ').map(entry).collect()).unwrap()
}

#[test]
fn the_first_class_that_one_is_in_decides() {
    let alice = account(2001, &[2001, 4242, 7]);
    for (state, list, rights, class, gives) in [
        (state(2001, 4242, 0o077), None, Rights::READ, Class::Owner, false),
        (state(0, 4242, 0o707), None, Rights::PASS, Class::OwningGroup(4242), false),
        (state(0, 4242, 0o750), None, Rights::PASS, Class::OwningGroup(4242), true),
        (state(0, 2001, 0o750), None, Rights::CHANGE, Class::OwningGroup(2001), false),
        (state(0, 100, 0o771), None, Rights::PASS, Class::Other, true),
        (state(0, 100, 0o770), Some("u::7 u:2001:7 g::0 m::5 o::0"), Rights::READ, Class::User(2001), true),
        (state(0, 100, 0o770), Some("u::7 u:2001:7 g::0 m::5 o::0"), Rights::WRITE, Class::User(2001), false),
        // Who is named gets no more, whatever groups they are in.
        (state(0, 4242, 0o770), Some("u::7 u:2001:0 g::7 m::7 o::7"), Rights::READ, Class::User(2001), false),
        // Of groups, one that gives it is enough.
        (state(0, 4242, 0o770), Some("u::7 g::0 g:7:7 m::7 o::0"), Rights::CHANGE, Class::Group(7), true),
        (state(0, 4242, 0o770), Some("u::7 g::2 g:7:1 m::7 o::7"), Rights::CHANGE, Class::OwningGroup(4242), false),
        (state(0, 100, 0o770), Some("u::7 g::7 g:8:7 m::7 o::1"), Rights::PASS, Class::Other, true),
        (state(2001, 100, 0o470), Some("u::4 u:2001:7 g::7 m::7 o::7"), Rights::WRITE, Class::Owner, false),
    ] {
        let list = list.map(acl);
        let decision = decide(&alice, state, list.as_ref(), rights);
        assert_eq!((decision.class, decision.gives(rights)), (class, gives), "{state:?} {list:?} {rights}");
    }
}

#[test]
fn an_empty_mask_hides_the_acl() {
    let (alice, list) = (account(2001, &[2001]), acl("u::7 u:2001:7 g::7 m::0 o::5"));
    let decision = decide(&alice, state(0, 100, 0o705), Some(&list), Rights::PASS);
    assert_eq!(decision, Decision { class: Class::Other, given: Rights::new(5), mask: None });
    let member = account(2001, &[100]);
    assert!(!decide(&member, state(0, 100, 0o705), Some(&list), Rights::PASS).gives(Rights::PASS));
}

/// Without an ACL: what is given depends on the bits of one class alone, and on all three of them.
#[test]
fn every_mode_is_decided_by_one_class() {
    let all = [account(1, &[9]), account(2, &[5]), account(2, &[9, 5]), account(2, &[9])];
    for mode in 0..0o1000 {
        for (who, shift) in all.iter().zip([6, 3, 3, 0]) {
            for rights in 0..8 {
                let rights = Rights::new(rights);
                let decision = decide(who, state(1, 5, mode), None, rights);
                assert_eq!(decision.rights(), Rights::new(mode >> shift), "{mode:o} {who:?}");
                assert_eq!(decision.gives(rights), (mode >> shift) as u8 & rights.bits() == rights.bits());
            }
        }
    }
}

/// An ACL that says no more than the mode decides as the mode does.
#[test]
fn the_least_acl_is_the_mode() {
    for mode in 0..0o1000_u32 {
        let list = acl(&format!("u::{} g::{} o::{}", mode >> 6, mode >> 3 & 7, mode & 7));
        for who in [account(1, &[9]), account(2, &[5]), account(2, &[9])] {
            let of = |list| decide(&who, state(1, 5, mode), list, Rights::CHANGE).gives(Rights::CHANGE);
            assert_eq!(of(Some(&list)), of(None), "{mode:o} {who:?}");
        }
    }
}

#[test]
fn rights_are_letters() {
    assert_eq!((Rights::CHANGE.to_string(), Rights::CHANGE.letters()), ("-wx".into(), "wx".into()));
    assert_eq!((Rights::NONE.to_string(), Rights::NONE.letters()), ("---".into(), String::new()));
    assert_eq!(Rights::READ | Rights::PASS, Rights::new(5));
}
