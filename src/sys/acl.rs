//! ACLs of entries: read, of what is held or by name, and set of what is held.
#![allow(unsafe_code)]

use super::SysError;
use super::features::KernelFeatures;
use super::held::Held;
use super::xattr::{ACCESS_ACL, DEFAULT_ACL, has_listxattrat, read};
use crate::model::acl::{Acl, Listed};
use rustix::fs::{AtFlags, XattrFlags, fgetxattr, getxattr, lgetxattr, removexattr, setxattr};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd};

/// getxattrat(2) has this number on every architecture of Linux but alpha.
const SYS_GETXATTRAT: libc::c_long = 464;

/// Which ACL of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Which {
    /// Its own.
    Access,
    /// What is made in it gets.
    Default,
}

impl Which {
    /// The attribute that it is kept in.
    pub(super) const fn attribute(self) -> &'static str {
        match self {
            Which::Access => ACCESS_ACL,
            Which::Default => DEFAULT_ACL,
        }
    }
}

/// What is known of an ACL of a held entry; one that can't be read as such is EINVAL.
pub(crate) fn listed(held: impl AsFd, which: Which, features: &KernelFeatures) -> Result<Listed, SysError> {
    features.need_proc("getxattr")?;
    let path = format!("/proc/self/fd/{}", held.as_fd().as_raw_fd());
    told(read(|room| getxattr(path.as_str(), which.attribute(), room)), which, "getxattr")
}

/// The same of the entry `name` of a directory, which nothing holds: for who asks again before a change.
pub(crate) fn listed_at(
    dir: impl AsFd,
    name: &CStr,
    which: Which,
    features: &KernelFeatures,
) -> Result<Listed, SysError> {
    // Of the calls by name those came together (Linux 6.13).
    if has_listxattrat() {
        let attribute = if which == Which::Access { c"system.posix_acl_access" } else { c"system.posix_acl_default" };
        return told(read(|room| getxattrat(&dir, name, attribute, room)), which, "getxattrat");
    }
    features.need_proc("lgetxattr")?;
    let parent = format!("/proc/self/fd/{}/", dir.as_fd().as_raw_fd());
    let path = CString::new([parent.as_bytes(), name.to_bytes()].concat()).unwrap_or_default();
    told(read(|room| lgetxattr(path.as_c_str(), which.attribute(), room)), which, "lgetxattr")
}

/// The same of an open directory.
pub(crate) fn listed_of_open(dir: impl AsFd, which: Which, features: &KernelFeatures) -> Result<Listed, SysError> {
    match read(|room| fgetxattr(&dir, which.attribute(), room)) {
        // A descriptor that only holds it (O_PATH).
        Err(Errno::BADF) => listed(dir, which, features),
        answer => told(answer, which, "fgetxattr"),
    }
}

/// What an attribute that was read says; one that can't be read as an ACL is EINVAL.
fn told(read: Result<Vec<u8>, Errno>, which: Which, call: &'static str) -> Result<Listed, SysError> {
    match read {
        Ok(bytes) => match Acl::parse(&bytes) {
            // One of three entries says no more than the mode, but as a default it takes the umask's place.
            Ok(acl) if which == Which::Default || acl.is_extended() => Ok(Listed::Yes(acl)),
            Ok(_) => Ok(Listed::No),
            Err(_) => Err(SysError { call, errno: Errno::INVAL }),
        },
        Err(Errno::NODATA) => Ok(Listed::No),
        Err(Errno::OPNOTSUPP) => Ok(Listed::Never),
        Err(errno) => Err(SysError { call, errno }),
    }
}

/// `struct xattr_args` of linux/xattr.h.
#[repr(C)]
struct XattrArgs {
    value: u64,
    size: u32,
    flags: u32,
}

fn getxattrat(dir: impl AsFd, name: &CStr, attribute: &CStr, room: &mut [u8]) -> Result<usize, Errno> {
    let size = u32::try_from(room.len()).unwrap_or(u32::MAX);
    let mut args = XattrArgs { value: room.as_mut_ptr() as u64, size, flags: 0 };
    let (fd, flags) = (dir.as_fd().as_raw_fd(), AtFlags::SYMLINK_NOFOLLOW.bits());
    // SAFETY: both names end with their NUL, and the kernel writes at most `size` bytes to `room`, and nothing to `args`.
    let answer = unsafe {
        let (args, length) = (std::ptr::from_mut(&mut args), size_of::<XattrArgs>());
        libc::syscall(SYS_GETXATTRAT, fd, name.as_ptr(), flags, attribute.as_ptr(), args, length)
    };
    usize::try_from(answer).map_err(|_| Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}

impl Held {
    /// Sets an ACL of the entry, and with its own the permissions of its mode. One of three entries is no more than a mode.
    ///
    /// setxattr(2) refuses O_PATH descriptors, and setxattrat(2) an empty path for them (EBADF): the link in procfs leads to
    /// the held inode and no other.
    pub(crate) fn set_acl(&self, which: Which, acl: &Acl, features: &KernelFeatures) -> Result<(), SysError> {
        #[cfg(test)]
        if super::held::fault::strike("setxattr")? == super::held::fault::Effect::None {
            return Ok(());
        }
        features.need_proc("setxattr")?;
        let path = format!("/proc/self/fd/{}", self.as_fd().as_raw_fd());
        setxattr(path, which.attribute(), &acl.to_bytes(), XattrFlags::empty()).map_err(SysError::of("setxattr"))
    }

    /// Takes the default ACL of a directory away.
    pub(crate) fn remove_default_acl(&self, features: &KernelFeatures) -> Result<(), SysError> {
        #[cfg(test)]
        if super::held::fault::strike("removexattr")? == super::held::fault::Effect::None {
            return Ok(());
        }
        features.need_proc("removexattr")?;
        let path = format!("/proc/self/fd/{}", self.as_fd().as_raw_fd());
        match removexattr(path, DEFAULT_ACL) {
            Err(Errno::NODATA) => Ok(()),
            answer => answer.map_err(SysError::of("removexattr")),
        }
    }
}
