//! Asking the probe: the one place of the oracle that knows how.

use crate::stage::User;
use sgidlint::Mode;
use sgidlint::internals::Account;
use sgidlint::internals::{Impersonating, Impersonation};
use sgidlint::internals::{Told, Way};
use std::path::Path;
use std::thread;

/// What the probe says that somebody can do with each of these entries.
#[track_caller]
pub fn ask<'a>(user: User, umask: u32, paths: impl IntoIterator<Item = &'a Path>) -> Vec<Told> {
    // Held by root: the probe looks where the user can't.
    let ways: Vec<Way> = paths.into_iter().map(|path| Way::hold(path).unwrap()).collect();
    posed(user, umask, |posed| ways.iter().map(|way| way.ask(posed, user.uid).unwrap()).collect())
}

/// Does something on a thread that the kernel takes for somebody else.
#[track_caller]
pub fn posed<T: Send>(user: User, umask: u32, act: impl FnOnce(&Impersonating) -> T + Send) -> T {
    let account = Account { uid: user.uid, gid: user.gid, groups: user.groups.to_vec() };
    let pose = || Impersonation::Account(account).impersonate(Mode::new(umask)).map(|acting| act(&acting));
    thread::scope(|scope| scope.spawn(pose).join().unwrap()).unwrap()
}
