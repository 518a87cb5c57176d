//! ACLs and file capabilities as the kernel keeps them: bytes of extended attributes, so that no tool is needed.

use rustix::fs::{XattrFlags, getxattr, setxattr};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::path::Path;

/// The attribute of the access ACL (acl(5)).
pub const ACCESS_ACL: &str = "system.posix_acl_access";
/// The attribute of the default ACL.
pub const DEFAULT_ACL: &str = "system.posix_acl_default";
/// The attribute of file capabilities (capabilities(7)).
pub const CAPABILITY: &str = "security.capability";

/// The tag of the owning group's entry.
pub const GROUP: u16 = 0x04;
/// The tag of the mask.
pub const MASK: u16 = 0x10;

/// Sets an attribute; false where the file system has no such ones.
#[track_caller]
pub fn set(path: &Path, name: &str, value: &[u8]) -> bool {
    match setxattr(path, name, value, XattrFlags::empty()) {
        Err(Errno::NOTSUP) => false,
        result => {
            result.unwrap_or_else(|error| panic!("{name} of {}: {error}", path.display()));
            true
        }
    }
}

/// Whether an entry has an attribute.
pub fn has(path: &Path, name: &str) -> bool {
    get(path, name).is_ok()
}

/// An ACL: the owner has all, `user` the whole mask, and the mask is rwx where there is a user.
pub fn acl(group: u16, user: Option<u32>, mask: u16, other: u16) -> Vec<u8> {
    const NOBODY: u32 = u32::MAX;
    let mut entries = vec![(0x01, 7, NOBODY)];
    entries.extend(user.map(|user| (0x02, mask, user)));
    entries.push((GROUP, group, NOBODY));
    entries.extend(user.map(|_| (MASK, mask, NOBODY)));
    entries.push((0x20, other, NOBODY));
    let mut bytes = 2u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        bytes.extend(u16::to_le_bytes(tag));
        bytes.extend(u16::to_le_bytes(permissions));
        bytes.extend(u32::to_le_bytes(id));
    }
    bytes
}

/// An attribute as it is, where there is one.
pub fn entries_if_any(path: &Path, name: &str) -> Option<Vec<u8>> {
    get(path, name).ok()
}

/// The permissions of an ACL by tag.
#[track_caller]
pub fn entries(path: &Path, name: &str) -> BTreeMap<u16, u16> {
    let bytes = get(path, name).unwrap();
    let number = |bytes: &[u8]| u16::from_le_bytes([bytes[0], bytes[1]]);
    bytes[4..].chunks_exact(8).map(|entry| (number(entry), number(&entry[2..]))).collect()
}

/// File capabilities that permit `cap_net_raw`, effective at once.
pub fn net_raw() -> Vec<u8> {
    const REVISION_2_EFFECTIVE: u32 = 0x0200_0001;
    [REVISION_2_EFFECTIVE, 1 << 13, 0, 0, 0].into_iter().flat_map(u32::to_le_bytes).collect()
}

fn get(path: &Path, name: &str) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; 1024];
    let length = getxattr(path, name, &mut bytes[..])?;
    bytes.truncate(length);
    Ok(bytes)
}
