//! Looking at entries: statx(2), by name below a directory or through a descriptor.

use super::SysError;
use crate::model::entry::{Entry, Extras, Identity, Kind, State, Timestamp};
use crate::model::mode::Mode;
use rustix::fs::{AtFlags, Statx, StatxAttributes, StatxFlags, fstat, makedev, statat, statx};
use rustix::io::Errno;
use std::ffi::CStr;
use std::os::fd::AsFd;

/// What statx(2) says beside the entry itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// The entry.
    pub entry: Entry,
    /// Attributes of the file: immutable, append-only, root of a mount, automount point.
    pub attributes: StatxAttributes,
    /// How many bytes it takes on disk, which is what quotas count.
    pub bytes: u64,
    /// When its inode was last changed (ctime): by chmod, and on most file systems by a rename too.
    pub changed: Timestamp,
}

impl Look {
    /// What is known of an entry that isn't looked at but told of.
    pub(crate) fn told(entry: Entry, bytes: u64) -> Look {
        Look { entry, attributes: StatxAttributes::empty(), bytes, changed: Timestamp::new(0, 0) }
    }

    /// Whether nothing about it can be changed (`chattr +i`).
    pub fn is_immutable(&self) -> bool {
        self.attributes.contains(StatxAttributes::IMMUTABLE)
    }

    /// Whether something is mounted there (statx(2), since Linux 5.8).
    pub(crate) fn is_mount_point(&self) -> bool {
        self.attributes.contains(StatxAttributes::MOUNT_ROOT)
    }

    /// Whether it can only be appended to (`chattr +a`).
    pub fn is_append_only(&self) -> bool {
        self.attributes.contains(StatxAttributes::APPEND)
    }
}

/// What stat(2) says of an entry: all that most entries are judged by, for less than statx(2) takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Glance {
    /// What it is.
    pub kind: Kind,
    /// The device it is on.
    pub dev: u64,
    /// The number of its inode there.
    pub ino: u64,
    /// How many names it has.
    pub nlink: u32,
    /// Its owner, group and mode.
    pub state: State,
}

/// Glances at the entry `name` of a directory, itself where it is a symbolic link; mounts nothing. `None` where a
/// closer look has to tell what is the matter.
///
/// The kernel copies half as much as for statx(2), which is what is left to save on an entry in its caches.
pub(crate) fn glance_at(dir: impl AsFd, name: &CStr) -> Option<Glance> {
    let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT).ok()?;
    Some(Glance {
        kind: Kind::from_st_mode(stat.st_mode)?,
        dev: stat.st_dev,
        ino: stat.st_ino,
        nlink: u32::try_from(stat.st_nlink).ok()?,
        state: State { uid: stat.st_uid, gid: stat.st_gid, mode: Mode::new(stat.st_mode) },
    })
}

/// When the inode that a descriptor holds was last changed (ctime).
///
/// For a third of what statx(2) takes, which counts where it is asked of every directory.
pub(crate) fn changed(fd: impl AsFd) -> Result<Timestamp, SysError> {
    let stat = fstat(fd).map_err(SysError::of("fstat"))?;
    Ok(Timestamp::new(stat.st_ctime, u32::try_from(stat.st_ctime_nsec).unwrap_or_default()))
}

/// Looks at the entry `name` of a directory, itself where it is a symbolic link; mounts nothing.
pub(crate) fn look_at(dir: impl AsFd, name: &CStr) -> Result<Look, SysError> {
    call(dir, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT)
}

/// Looks at what a descriptor holds.
pub(crate) fn look(fd: impl AsFd) -> Result<Look, SysError> {
    call(fd, c"", AtFlags::EMPTY_PATH)
}

fn call(dir: impl AsFd, name: &CStr, flags: AtFlags) -> Result<Look, SysError> {
    // Masks that leave something out save nothing on common file systems.
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME | StatxFlags::MNT_ID;
    let stat = statx(dir, name, flags, wanted).map_err(SysError::of("statx"))?;
    let entry = entry(&stat).ok_or(SysError { call: "statx", errno: Errno::NOTSUP })?;
    // stat(2): blocks are counted in units of 512 bytes, whatever the file system's own are.
    let bytes = stat.stx_blocks.saturating_mul(512);
    let changed = Timestamp::new(stat.stx_ctime.tv_sec, stat.stx_ctime.tv_nsec);
    Ok(Look { entry, attributes: stat.stx_attributes, bytes, changed })
}

/// The entry that a statx tells of; `None` for a file type that Linux doesn't have.
fn entry(stat: &Statx) -> Option<Entry> {
    let mode = u32::from(stat.stx_mode);
    let has = |flag: StatxFlags| stat.stx_mask & flag.bits() != 0;
    Some(Entry {
        kind: Kind::from_st_mode(mode)?,
        id: Identity {
            dev: makedev(stat.stx_dev_major, stat.stx_dev_minor),
            ino: stat.stx_ino,
            btime: has(StatxFlags::BTIME).then_some(Timestamp::new(stat.stx_btime.tv_sec, stat.stx_btime.tv_nsec)),
        },
        nlink: stat.stx_nlink,
        state: State { uid: stat.stx_uid, gid: stat.stx_gid, mode: Mode::new(mode) },
        mount: if has(StatxFlags::MNT_ID) { stat.stx_mnt_id } else { 0 },
        extras: Extras::default(),
    })
}
