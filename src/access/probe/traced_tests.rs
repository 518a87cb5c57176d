//! The rules of `decide` against the running kernel.

use super::*;
use crate::model::acl::{Acl, AclEntry, Tag};
use crate::model::entry::State;
use crate::model::rights::decide;
use crate::plan::remedy::smallest::{Lawless, Standing};
use crate::sys::impersonation::Impersonation;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rustix::fs::{XattrFlags, setxattr};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::thread;

const USERS: [u32; 2] = [4_000_001, 4_000_002];
const GROUPS: [u32; 3] = [4_004_242, 4_004_243, 4_004_244];

fn any_acl() -> impl Strategy<Value = Vec<AclEntry>> {
    let one = || proptest::option::of(0..8_u8);
    (any::<[u8; 4]>(), [one(), one()], [one(), one(), one()]).prop_map(|(fixed, users, groups)| {
        let named = |tag, ids: &[u32], rights: &[Option<u8>]| -> Vec<AclEntry> {
            let both = ids.iter().zip(rights);
            both.filter_map(|(&id, rights)| Some(AclEntry { tag, id: Some(id), permissions: (*rights)? })).collect()
        };
        let of = |tag, at: usize| vec![AclEntry { tag, id: None, permissions: fixed[at] & 7 }];
        let users = named(Tag::User, &USERS, &users);
        let groups = named(Tag::Group, &GROUPS, &groups);
        [of(Tag::Owner, 0), users, of(Tag::OwningGroup, 1), groups, of(Tag::Mask, 2), of(Tag::Other, 3)].concat()
    })
}

/// Makes an entry of a random owner, group and mode, every other one with an ACL; what it is then.
fn random_entry(runner: &mut TestRunner, path: &Path) -> (File, State, Listed) {
    let any = (0..3_usize, 0..4_usize, 0..0o1000_u32, proptest::option::of(any_acl()), any::<bool>());
    let (owner, group, mode, list, is_dir) = any.new_tree(runner).unwrap().current();
    if is_dir { fs::create_dir(path) } else { fs::write(path, "") }.unwrap();
    let held = File::open(path).unwrap();
    let ids = (*USERS.get(owner).unwrap_or(&0), *GROUPS.get(group).unwrap_or(&0));
    chown(path, Some(ids.0), Some(ids.1)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    if let Some(list) = list {
        let bytes = Acl::new(list).unwrap().to_bytes();
        setxattr(path, "system.posix_acl_access", &bytes, XattrFlags::empty()).unwrap();
    }
    let seen = crate::sys::stat::look(&held).unwrap().entry.state;
    let list = listed(&held, Which::Access, &KernelFeatures::of_this_kernel()).unwrap();
    (held, seen, list)
}

/// Every right and every set of them, asked of the kernel by six accounts about four hundred random entries.
#[test]
fn the_rules_are_the_kernels() {
    if crate::sys::host::effective_uid() != 0 {
        eprintln!("skipped: the_rules_are_the_kernels needs root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let probe = folder.path().join("probe");
    fs::write(&probe, "").unwrap();
    if listed(File::open(&probe).unwrap(), Which::Access, &KernelFeatures::of_this_kernel()) == Ok(Listed::Never) {
        eprintln!("skipped: the_rules_are_the_kernels needs a file system with ACLs");
        return;
    }
    let mut runner = TestRunner::deterministic();
    let entries: Vec<_> =
        (0..400).map(|number| random_entry(&mut runner, &folder.path().join(number.to_string()))).collect();
    assert!(entries.iter().filter(|(_, _, list)| list.acl().is_some()).count() > 100);
    let of = |uid, groups: &[u32]| Account { uid, gid: groups[0], groups: groups.to_vec() };
    let [lab, devs, other] = GROUPS;
    for account in [
        of(USERS[0], &[lab]),
        of(USERS[0], &[1, devs, other]),
        of(USERS[1], &[1]),
        of(3, &[lab, devs]),
        of(3, &[1, other]),
        of(3, &[1]),
    ] {
        let impersonation = Impersonation::Account(account.clone());
        let ask = || {
            let acting = impersonation.impersonate(Mode::NONE).unwrap();
            for (held, state, list) in &entries {
                for rights in (1..8).map(Rights::new) {
                    let decision = decide(&account, *state, list.acl(), rights);
                    let kernel = acting.may(held, rights).unwrap().is_yes();
                    assert_eq!(decision.gives(rights), kernel, "{account:?} {state:?} {list:?} {rights} {decision:?}");
                }
            }
        };
        thread::scope(|scope| scope.spawn(ask).join().unwrap());
    }
}

#[test]
fn what_the_rules_do_not_decide_they_do_not_alter() {
    let state = |mode| State { uid: 0, gid: GROUPS[0], mode: Mode::new(mode) };
    let stop = |fixture| Stop { kind: Kind::Dir, state: state(0o750), listed: Listed::No, fixture };
    let account = Account { uid: USERS[0], gid: GROUPS[0], groups: Vec::new() };
    let case = |fixture| Case { account: account.clone(), stops: vec![stop(fixture)] };
    let demand = Demand::Rights(0, Rights::CHANGE);
    for (by_rules, answer, fixture, is_beyond) in [
        (true, Answer::Yes, Fixture::None, false),
        (false, Answer::Yes, Fixture::None, true),
        (false, Answer::No(Errno::ACCESS), Fixture::None, false),
        (true, Answer::No(Errno::ACCESS), Fixture::None, true),
        (false, Answer::No(Errno::DQUOT), Fixture::None, true),
        (true, Answer::No(Errno::ROFS), Fixture::ReadOnly, false),
        (true, Answer::No(Errno::PERM), Fixture::Immutable, false),
        (false, Answer::No(Errno::PERM), Fixture::None, true),
    ] {
        let case = case(fixture);
        let beyond = Asked { demand, by_rules, answer }.beyond(&case);
        assert_eq!(beyond.is_some(), is_beyond, "{by_rules} {answer:?} {fixture:?}");
        let means = Means { standing: Standing::User, joinable: &[], law: &Lawless };
        let mut proposals = Proposals::new(&case, means);
        let beyond: Vec<Beyond> = beyond.into_iter().collect();
        let is_open = !is_beyond && fixture == Fixture::None;
        assert_eq!(
            !proposed(&mut proposals, Operation::Create, false, &beyond).ways.is_empty(),
            is_open,
            "{answer:?} {fixture:?}"
        );
    }
}
