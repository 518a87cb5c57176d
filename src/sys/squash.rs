//! Whether the server of a network file system takes root for somebody else (`root_squash`, exports(5)).

use super::stat::look;
use crate::model::entry::{Entry, Kind};
use rustix::fs::{Access, AtFlags, accessat};
use rustix::io::Errno;
use std::ffi::CStr;
use std::os::fd::AsFd;

/// Whether root has no more rights to an entry on NFS than anybody has: only the server knows, and bits don't stop root
/// there either, unless it is taken for another.
///
/// To be asked as root. What anybody may read and write anyway, as all links, is judged by its directory.
pub(crate) fn is_squashed(dir: impl AsFd, name: &CStr, entry: &Entry) -> bool {
    let is_open = |entry: &Entry| entry.kind == Kind::Symlink || entry.state.mode.bits() & 0o6 == 0o6;
    match is_open(entry) {
        false => is_refused(&dir, name, entry),
        true => look(&dir).is_ok_and(|above| !is_open(&above.entry) && is_refused(&dir, c".", &above.entry)),
    }
}

/// Whether what others may not do is refused to this user too.
fn is_refused(dir: impl AsFd, name: &CStr, entry: &Entry) -> bool {
    let (bits, all) = (entry.state.mode.bits(), Access::READ_OK | Access::WRITE_OK);
    let of_others = [(0o4, Access::READ_OK), (0o2, Access::WRITE_OK)].into_iter();
    let granted = of_others.filter(|(bit, _)| bits & bit != 0).fold(Access::empty(), |all, (_, right)| all | right);
    let asked = all - granted;
    // What the client remembers of the answer is as good: it belongs to this user.
    !asked.is_empty() && accessat(dir, name, asked, AtFlags::empty()) == Err(Errno::ACCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::stat::look_at;
    use std::fs::{File, Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    /// On a local file system bits stop whoever lacks CAP_DAC_OVERRIDE, as a server does who squashes.
    #[test]
    fn who_is_refused_what_bits_dont_give_anybody_is_squashed() {
        let tree = tempfile::tempdir().unwrap();
        File::create(tree.path().join("a")).unwrap();
        let dir = File::open(tree.path()).unwrap();
        let is = |mode| {
            set_permissions(tree.path().join("a"), Permissions::from_mode(mode)).unwrap();
            is_squashed(&dir, c"a", &look_at(&dir, c"a").unwrap().entry)
        };
        let refused = !rustix::process::geteuid().is_root();
        set_permissions(tree.path(), Permissions::from_mode(0o770)).unwrap();
        assert_eq!((is(0o000), is(0o006), is(0o666)), (refused, false, false), "its directory is ours");
    }
}
