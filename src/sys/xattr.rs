//! Extended attributes: which ACLs an entry has, and whether it has file capabilities.
#![allow(unsafe_code)]

mod nfs4;

use super::SysError;
use super::features::KernelFeatures;
use super::held::{Crossing, Held};
use crate::model::acl::Acl;
use crate::model::entry::{AclKinds, Extras, Kind};
use rustix::fs::{AtFlags, flistxattr, getxattr, listxattr};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::OnceLock;

/// listxattrat(2) has this number on every architecture of Linux but alpha.
const SYS_LISTXATTRAT: libc::c_long = 465;

pub(super) const ACCESS_ACL: &str = "system.posix_acl_access";
pub(super) const DEFAULT_ACL: &str = "system.posix_acl_default";
/// Every entry of a mount by NFSv4 has one; there is no other way to see an ACL there.
const NFS4_ACL: &str = "system.nfs4_acl";
const CAPABILITIES: &str = "security.capability";

/// Room for the names that entries have in practice: SELinux, ACLs, capabilities and some more.
const COMMON: usize = 1024;

/// What the extended attributes of a held entry say; neither opens it nor reads it.
///
/// One listxattr(2) tells all; the kernel keeps an access ACL there only where it says more than the mode (acl(5)).
pub(crate) fn extras(held: impl AsFd, features: &KernelFeatures) -> Result<Extras, SysError> {
    let fds = features.need_proc("listxattr")?;
    // The *xattr calls refuse O_PATH descriptors (EBADF), but follow the link that procfs has for one.
    let fd = held.as_fd().as_raw_fd();
    let path = format!("/proc/self/fd/{fd}");
    let mut names = [0_u8; COMMON];
    let listed = match CString::new(fd.to_string()) {
        // From the open folder it is one step, not four.
        Ok(name) if has_listxattrat() => listxattrat(fds, &name, AtFlags::empty(), &mut names),
        _ => listxattr(path.as_str(), &mut names),
    };
    match listed {
        Ok(length) => with_acls(&path, among(&names[..length])),
        Err(Errno::OPNOTSUPP | Errno::NODATA) => Ok(Extras::default()),
        // Too many names for the room, or (E2BIG) for any: ask for the two.
        Err(Errno::RANGE | Errno::TOOBIG) => {
            let default = has(&path, DEFAULT_ACL)?;
            let (capabilities, nfs4) = (has(&path, CAPABILITIES)?, has(&path, NFS4_ACL)?);
            with_acls(&path, Names { access: has(&path, ACCESS_ACL)?, default, capabilities, nfs4 })
        }
        Err(errno) => Err(SysError { call: "listxattr", errno }),
    }
}

/// What the extended attributes of an open directory say.
pub(crate) fn extras_of_open(dir: impl AsFd, features: &KernelFeatures) -> Result<Extras, SysError> {
    let mut names = [0_u8; COMMON];
    match flistxattr(&dir, &mut names).map(|length| among(&names[..length])) {
        Ok(Names { access: false, default: false, nfs4: false, capabilities }) => Ok(without_acls(capabilities)),
        Err(Errno::OPNOTSUPP | Errno::NODATA) => Ok(Extras::default()),
        Ok(_) | Err(_) => extras(dir, features),
    }
}

/// Whether a directory has a default ACL, which new entries in it get in the place of the umask (acl(5)).
pub(crate) fn has_default_acl(dir: impl AsFd) -> Result<bool, SysError> {
    let mut names = [0_u8; COMMON];
    let listed = match flistxattr(&dir, &mut names) {
        // A descriptor that only holds it (O_PATH).
        Err(Errno::BADF) => listxattr(format!("/proc/self/fd/{}", dir.as_fd().as_raw_fd()), &mut names),
        listed => listed,
    };
    match listed {
        Ok(length) => Ok(among(&names[..length]).default),
        Err(Errno::OPNOTSUPP | Errno::NODATA) => Ok(false),
        Err(Errno::RANGE | Errno::TOOBIG) => has(&format!("/proc/self/fd/{}", dir.as_fd().as_raw_fd()), DEFAULT_ACL),
        Err(errno) => Err(SysError { call: "flistxattr", errno }),
    }
}

/// What the extended attributes of the entry `name` of a directory say; those of a symbolic link itself.
///
/// Nothing holds the entry from one look at it to the next, so this is for who asks again before a change.
pub(crate) fn extras_at(dir: impl AsFd, name: &CStr, features: &KernelFeatures) -> Result<Extras, SysError> {
    let mut names = [0_u8; COMMON];
    if has_listxattrat() {
        let listed = listxattrat(&dir, name, AtFlags::SYMLINK_NOFOLLOW, &mut names);
        match listed.map(|length| among(&names[..length])) {
            Ok(Names { access: false, default: false, nfs4: false, capabilities }) => {
                return Ok(without_acls(capabilities));
            }
            Err(Errno::OPNOTSUPP | Errno::NODATA) => return Ok(Extras::default()),
            // What an ACL comes to takes holding the entry; so do more names than there is room for.
            Ok(_) | Err(Errno::RANGE | Errno::TOOBIG) => {}
            Err(errno) => return Err(SysError { call: "listxattrat", errno }),
        }
    }
    extras(Held::find(dir, name.to_bytes(), Crossing::Allowed, features)?, features)
}

/// Which ACLs the entry `name` of a directory has, without reading them; those of a symbolic link itself.
pub(crate) fn acl_kinds_at(
    dir: impl AsFd,
    name: &CStr,
    kind: Kind,
    features: &KernelFeatures,
) -> Result<AclKinds, SysError> {
    if has_listxattrat() {
        let mut names = [0_u8; COMMON];
        match listxattrat(&dir, name, AtFlags::SYMLINK_NOFOLLOW, &mut names).map(|length| among(&names[..length])) {
            Ok(Names { nfs4: false, access, default, .. }) => return Ok(AclKinds { access, default, by_nfs4: false }),
            Err(Errno::OPNOTSUPP | Errno::NODATA) => return Ok(AclKinds::default()),
            Ok(_) | Err(Errno::RANGE | Errno::TOOBIG) => {}
            Err(errno) => return Err(SysError { call: "listxattrat", errno }),
        }
    }
    acl_kinds_of(&Held::find(dir, name.to_bytes(), Crossing::Allowed, features)?, kind, features)
}

/// The same of a held entry, which is what it takes before Linux 6.13.
fn acl_kinds_of(held: &Held, kind: Kind, features: &KernelFeatures) -> Result<AclKinds, SysError> {
    let Extras { acl, access, .. } = extras(held, features)?;
    let default = kind == Kind::Dir && has_default_acl(held)?;
    Ok(AclKinds { access: acl, default, by_nfs4: acl && access.is_none() })
}

fn without_acls(capabilities: bool) -> Extras {
    Extras { capabilities, ..Extras::default() }
}

/// Whether there is listxattrat(2), Linux 6.13 and later: it needs no descriptor of the entry.
pub(super) fn has_listxattrat() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    // Filters of containers answer EPERM to what they don't know.
    *THERE.get_or_init(|| {
        !matches!(listxattrat(rustix::fs::CWD, c".", AtFlags::empty(), &mut []), Err(Errno::NOSYS | Errno::PERM))
    })
}

fn listxattrat(dir: impl AsFd, name: &CStr, flags: AtFlags, names: &mut [u8]) -> Result<usize, Errno> {
    let (fd, flags) = (dir.as_fd().as_raw_fd(), flags.bits());
    // SAFETY: the name ends with its NUL, and the kernel writes at most `names.len()` bytes to `names`.
    let answer = unsafe { libc::syscall(SYS_LISTXATTRAT, fd, name.as_ptr(), flags, names.as_mut_ptr(), names.len()) };
    usize::try_from(answer).map_err(|_| Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}

/// Reads a list of names, each with its NUL.
fn among(names: &[u8]) -> Names {
    let has = |wanted: &str| names.split(|&byte| byte == 0).any(|name| name == wanted.as_bytes());
    Names { access: has(ACCESS_ACL), default: has(DEFAULT_ACL), capabilities: has(CAPABILITIES), nfs4: has(NFS4_ACL) }
}

/// Which attributes are there.
struct Names {
    access: bool,
    default: bool,
    capabilities: bool,
    nfs4: bool,
}

fn with_acls(path: &str, listed: Names) -> Result<Extras, SysError> {
    let acl = |is_there: bool, name| if is_there { acl(path, name) } else { Ok(None) };
    let (access, default) = (acl(listed.access, ACCESS_ACL)?, acl(listed.default, DEFAULT_ACL)?);
    let malformed = listed.access && access.is_none() || listed.default && default.is_none();
    let foreign = listed.nfs4 && is_extended_by_nfs4(path)?;
    let extras = Extras { capabilities: listed.capabilities, malformed, foreign, ..Extras::default() };
    Ok(Extras { acl: listed.access || foreign, ..extras.with_acls(access, default) })
}

/// An ACL; `None` where it is gone, or can't be read as one. That there is one is known by then, and enough for fixes
/// to heed it.
fn acl(path: &str, name: &str) -> Result<Option<Acl>, SysError> {
    match read(|room| getxattr(path, name, room)) {
        Ok(bytes) => Ok(Acl::parse(&bytes).ok()),
        Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::RANGE) => Ok(None),
        Err(errno) => Err(SysError { call: "getxattr", errno }),
    }
}

/// Whether the ACL that NFSv4 shows says more than a mode.
fn is_extended_by_nfs4(path: &str) -> Result<bool, SysError> {
    match read(|room| getxattr(path, NFS4_ACL, room)) {
        Ok(bytes) => Ok(nfs4::names_somebody(&bytes)),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(false),
        Err(errno) => Err(SysError { call: "getxattr", errno }),
    }
}

/// Reads an attribute by a call that takes the room for it.
pub(super) fn read(call: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut common = [0_u8; COMMON];
    match call(&mut common) {
        Ok(length) => Ok(common[..length].to_vec()),
        Err(Errno::RANGE) => {
            // The largest attribute is 64 KiB (xattr(7)).
            let mut bytes = vec![0_u8; 1 << 16];
            let length = call(&mut bytes)?;
            bytes.truncate(length);
            Ok(bytes)
        }
        Err(errno) => Err(errno),
    }
}

fn has(path: &str, name: &str) -> Result<bool, SysError> {
    match getxattr(path, name, &mut [0_u8; 0]) {
        Ok(_) | Err(Errno::RANGE) => Ok(true),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(false),
        Err(errno) => Err(SysError { call: "getxattr", errno }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::held::{Crossing, Held};
    use crate::sys::identity::is_root;
    use rustix::fs::{XattrFlags, setxattr};
    use std::fs::{File, Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    /// A version 2 `security.capability` that permits CAP_NET_RAW.
    const NET_RAW: [u8; 20] = [0, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// user::rw-, user:4242:r--, group::r--, mask::r--, other::---, as the kernel reads it.
    fn acl() -> Vec<u8> {
        let lines = [[1, 6, !0], [2, 4, 4242], [4, 4, !0], [16, 4, !0], [32, 0, !0]];
        let line = |[tag, bits, id]: [u32; 3]| [(bits << 16 | tag).to_le_bytes(), id.to_le_bytes()].concat();
        [2_u32.to_le_bytes().to_vec()].into_iter().chain(lines.map(line)).flatten().collect()
    }

    fn extras_of(dir: &std::path::Path, name: &str) -> Extras {
        let features = KernelFeatures::of_this_kernel();
        let root = File::open(dir).unwrap();
        extras(Held::find(&root, name.as_bytes(), Crossing::Never, &features).unwrap(), &features).unwrap()
    }

    #[test]
    fn sees_what_is_there_on_entries_of_mode_0000() {
        if !is_root("sees_what_is_there_on_entries_of_mode_0000") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        ["plain", "acl", "caps", "many"].iter().for_each(|name| drop(File::create(dir.path().join(name)).unwrap()));
        let set = |name: &str, key: &str, value: &[u8]| {
            setxattr(dir.path().join(name), key, value, XattrFlags::empty()).unwrap();
        };
        set("acl", ACCESS_ACL, &acl());
        set("caps", CAPABILITIES, &NET_RAW);
        set("many", CAPABILITIES, &NET_RAW);
        (0..12).for_each(|number| set("many", &format!("trusted.{number:0>100}"), b""));
        let shut = |name: &&str| set_permissions(dir.path().join(name), Permissions::from_mode(0o000)).unwrap();
        ["plain", "caps", "many"].iter().for_each(shut);
        assert_eq!(extras_of(dir.path(), "plain"), Extras::default());
        let seen = extras_of(dir.path(), "acl");
        assert_eq!((seen.acl, seen.capabilities), (true, false));
        let access = seen.acls.access.unwrap();
        assert_eq!((access.group(), access.named(), access.others(), seen.acls.default), (4, 4, 0, None));
        assert_eq!(extras_of(dir.path(), "caps"), Extras { capabilities: true, ..Extras::default() });
        assert_eq!(extras_of(dir.path(), "many"), Extras { capabilities: true, ..Extras::default() });
        assert_eq!(extras_of(dir.path(), "."), Extras::default());
    }

    #[test]
    fn which_acls_there_are_is_told_with_and_without_listxattrat() {
        if !is_root("which_acls_there_are_is_told_with_and_without_listxattrat") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        File::create(dir.path().join("file")).unwrap();
        ["plain", "both", "default"].iter().for_each(|name| std::fs::create_dir(dir.path().join(name)).unwrap());
        let attributes = [("file", ACCESS_ACL), ("both", ACCESS_ACL), ("both", DEFAULT_ACL), ("default", DEFAULT_ACL)];
        for (name, attribute) in attributes {
            setxattr(dir.path().join(name), attribute, &acl(), XattrFlags::empty()).unwrap();
        }
        let (features, root, dir) = (KernelFeatures::of_this_kernel(), File::open(dir.path()).unwrap(), Kind::Dir);
        for (name, kind, access, default) in [
            (c"plain", dir, false, false),
            (c"file", Kind::File, true, false),
            (c"both", dir, true, true),
            (c"default", dir, false, true),
        ] {
            let expected = AclKinds { access, default, by_nfs4: false };
            assert_eq!(acl_kinds_at(&root, name, kind, &features).unwrap(), expected, "{name:?}");
            let held = Held::find(&root, name.to_bytes(), Crossing::Never, &features).unwrap();
            assert_eq!(acl_kinds_of(&held, kind, &features).unwrap(), expected, "{name:?}");
        }
    }
}
