use super::*;
use crate::model::entry::State;
use crate::sys::access::{Answer, Making, Right};
use crate::sys::identity::is_root;
use std::fs::{self, File, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::thread;

const NONE: Mode = Mode::new(0);

fn alice() -> Impersonation {
    Impersonation::Account(Account { uid: 4_000_001, gid: 4_000_001, groups: vec![4_000_001, 4_004_242] })
}

fn as_persona<T: Send>(
    impersonation: &Impersonation,
    umask: Mode,
    act: impl FnOnce(Impersonating) -> T + Send,
) -> Result<T, SysError> {
    thread::scope(|scope| scope.spawn(|| impersonation.impersonate(umask).map(act)).join().unwrap())
}

/// The lines of a thread's status that tell who it is.
fn ids(status: &Path) -> Vec<String> {
    let status = fs::read_to_string(status).unwrap_or_default();
    let is_id = |line: &&str| ["Uid:", "Gid:", "Groups:", "Cap", "Umask:"].iter().any(|head| line.starts_with(head));
    status.lines().filter(is_id).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn directory(at: &Path, gid: u32, mode: u32) -> OwnedFd {
    fs::create_dir(at).unwrap();
    chown(at, Some(0), Some(gid)).unwrap();
    fs::set_permissions(at, Permissions::from_mode(mode)).unwrap();
    File::open(at).unwrap().into()
}

#[test]
fn a_thread_is_somebody_else_and_the_others_are_not() {
    if !is_root("a_thread_is_somebody_else") {
        return;
    }
    let before = ids("/proc/thread-self/status".as_ref());
    let acting = as_persona(&alice(), Mode::new(0o027), |_| ids("/proc/thread-self/status".as_ref())).unwrap();
    let started = |head: &str| acting.iter().find(|line| line.starts_with(head)).cloned().unwrap_or_default();
    assert_eq!(started("Uid:"), "Uid: 0 0 0 4000001", "no user can send it signals, or slow it down");
    assert_eq!(started("Gid:"), "Gid: 4000001 4000001 4000001 4000001");
    assert_eq!(started("Groups:"), "Groups: 4000001 4004242");
    assert_eq!(started("Umask:"), "Umask: 0027");
    assert_eq!(
        [started("CapPrm:"), started("CapEff:")],
        ["CapPrm: ", "CapEff: "].map(|head| format!("{head}{:016x}", 0))
    );
    assert_eq!(ids("/proc/thread-self/status".as_ref()), before);
}

#[test]
fn the_kernel_answers_for_the_persona_alone() {
    if !is_root("the_kernel_answers_for_the_persona") {
        return;
    }
    let tree = tempfile::tempdir().unwrap();
    let shared = directory(&tree.path().join("shared"), 4_004_242, 0o2770);
    let closed = directory(&tree.path().join("closed"), 0, 0o700);
    fs::write(tree.path().join("closed/file"), "").unwrap();
    let answers = as_persona(&alice(), NONE, |alice| {
        let may = |dir: &OwnedFd, right| alice.may(dir, right).unwrap();
        assert_eq!(may(&shared, Right::Write), Answer::Yes);
        assert_eq!(
            [Right::Read, Right::Write, Right::Execute].map(|right| may(&closed, right)),
            [Answer::No(Errno::ACCESS); 3]
        );
        assert_eq!(alice.may_at(&closed, c"file", Right::Read), Ok(Answer::No(Errno::ACCESS)), "the directory counts");
        [alice.make_nameless(&shared).unwrap(), alice.make_nameless(&closed).unwrap()]
    });
    let made = Making::Made(State { uid: 4_000_001, gid: 4_004_242, mode: Mode::new(0o666) });
    assert_eq!(answers.unwrap(), [made, Making::Refused(Errno::ACCESS)]);
    assert_eq!(fs::read_dir(tree.path().join("shared")).unwrap().count(), 0);
}

#[test]
fn the_umask_is_the_threads_own() {
    if !is_root("the_umask_is_the_threads_own") {
        return;
    }
    let tree = tempfile::tempdir().unwrap();
    let shared = directory(&tree.path().join("shared"), 4_004_242, 0o2770);
    for (umask, mode) in [(0o027, 0o640), (0, 0o666), (0o077, 0o600)] {
        let made = as_persona(&alice(), Mode::new(umask), |alice| alice.make_nameless(&shared).unwrap());
        let Ok(Making::Made(state)) = made else { panic!("{made:?}") };
        assert_eq!(state.mode, Mode::new(mode), "{umask:o}");
    }
}

#[test]
fn only_what_was_shown_may_ask() {
    let errno = |impersonation: Impersonation| {
        as_persona(&impersonation, NONE, |_| ()).map_err(|error| (error.call, error.errno))
    };
    // A group that nobody is in.
    assert_eq!(errno(Impersonation::InGroup(4_294_967_000)), Err(("getgroups", Errno::PERM)));
    assert_eq!(errno(Impersonation::InGroup(getegid().as_raw())), Ok(()));
    assert_eq!(errno(Impersonation::Oneself), Ok(()));
    if !geteuid().is_root() {
        assert_eq!(errno(alice()), Err(("setgroups", Errno::PERM)));
    }
}

#[test]
fn an_id_that_is_not_there_is_told_from_no_right_to_it() {
    if !is_root("an_id_that_is_not_there") {
        return;
    }
    let errno = |account| as_persona(&Impersonation::Account(account), NONE, |_| ()).map_err(|error| error.errno);
    // (gid_t) -1 is no group: what setegid(2) says EINVAL to.
    assert_eq!(errno(Account { uid: 4_000_001, gid: u32::MAX, groups: vec![] }), Err(Errno::INVAL));
    assert_eq!(errno(Account { uid: 4_000_001, gid: 1, groups: vec![u32::MAX] }), Err(Errno::INVAL));
}
