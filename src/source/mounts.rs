//! The mounts of the system: what file system lies where, and of what class it is.

use crate::model::text::escape::unescape_octal;
use crate::sys::SysError;
use crate::sys::file_system::mountinfo;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// One mount, as /proc/self/mountinfo tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mount {
    /// Its id, the `stx_mnt_id` of entries on it.
    pub id: u64,
    /// The id of the mount it is mounted on.
    pub parent: u64,
    /// The device of its file system, `8:1`.
    pub device: Vec<u8>,
    /// Which directory of its file system is mounted there: not `/` where a part of it is (mount --bind), or a subvolume.
    pub part: PathBuf,
    /// Where it is mounted.
    pub point: PathBuf,
    /// The type of its file system, `ext4`.
    pub fs: String,
    /// Whether everything made there takes its directory's group, as in BSD (mount options `grpid`, `bsdgroups`).
    pub bsd_groups: bool,
    /// Whether nothing can be changed there: the mount is read-only, or its file system is.
    pub read_only: bool,
}

impl Mount {
    /// Its device as stat(2) has it.
    fn number(&self) -> Option<u64> {
        let (major, minor) = std::str::from_utf8(&self.device).ok()?.split_once(':')?;
        let (major, minor): (u64, u64) = (major.parse().ok()?, minor.parse().ok()?);
        // As makedev(3) puts them together.
        Some((major & !0xfff) << 32 | (major & 0xfff) << 8 | (minor & !0xff) << 12 | minor & 0xff)
    }
}

/// What a file system is made of, as far as a walk cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// Disks or memory of this machine.
    Local,
    /// Another machine's, or shared with others.
    Network,
    /// A user's program (fuse(8)).
    Fuse,
    /// The kernel's own data; no one's files.
    Pseudo,
}

/// All mounts of the process, by id.
#[derive(Clone, Default, Debug)]
pub(crate) struct Mounts(HashMap<u64, Mount>);

impl Mounts {
    /// Reads them from /proc/self/mountinfo.
    pub(crate) fn read() -> Result<Mounts, SysError> {
        mountinfo().map(|bytes| Mounts::parse(&bytes))
    }

    /// The mounts that a mountinfo lists (proc_pid_mountinfo(5)); lines of another form are passed over.
    pub(crate) fn parse(mountinfo: &[u8]) -> Mounts {
        let lines = mountinfo.split(|&byte| byte == b'\n');
        Mounts(lines.filter_map(parse_line).map(|mount| (mount.id, mount)).collect())
    }

    /// The mount of that id.
    pub(crate) fn by_id(&self, id: u64) -> Option<&Mount> {
        self.0.get(&id)
    }

    /// The mounts strictly below a directory.
    pub(crate) fn below<'m>(&'m self, path: &'m Path) -> impl Iterator<Item = &'m Mount> {
        self.0.values().filter(move |mount| mount.point != path && mount.point.starts_with(path))
    }

    /// Whether something is mounted on a directory; not where a part of a file system was bound onto itself, as services
    /// have their places (systemd.exec(5), ReadWritePaths=): what lies there is what lay there.
    pub(crate) fn is_point(&self, path: &Path) -> bool {
        self.0.values().any(|mount| mount.point == path && !self.is_bound_to_itself(mount))
    }

    fn is_bound_to_itself(&self, mount: &Mount) -> bool {
        let Some(parent) = self.by_id(mount.parent).filter(|parent| parent.device == mount.device) else {
            return false;
        };
        // Of several on one point, what the first of them lies on tells.
        let below = mount.point.strip_prefix(&parent.point);
        below.is_ok_and(|below| parent.part.join(below) == mount.part) && mount.point != Path::new("/")
    }

    /// The innermost directory at or above a path that something is mounted on, but for `/`.
    pub(crate) fn point_above<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        path.ancestors().filter(|above| above.parent().is_some()).find(|above| self.is_point(above))
    }

    /// Where something is mounted, and the device of it that entries there have (`st_dev`).
    pub(crate) fn devices(&self) -> HashMap<PathBuf, u64> {
        let mut mounts: Vec<&Mount> = self.0.values().collect();
        // Of several mounted on one place the last is seen.
        mounts.sort_by_key(|mount| mount.id);
        mounts.into_iter().filter_map(|mount| Some((mount.point.clone(), mount.number()?))).collect()
    }

    /// The mounts where everything made takes its directory's group, setgid or not.
    pub(crate) fn with_bsd_groups(&self) -> Vec<u64> {
        self.0.values().filter(|mount| mount.bsd_groups).map(|mount| mount.id).collect()
    }

    /// Whether all that is mounted below a directory, and what it lies on itself, is this machine's own.
    pub(crate) fn are_local_below(&self, path: &Path) -> bool {
        let above = self.0.values().filter(|mount| path.starts_with(&mount.point));
        let home = above.max_by_key(|mount| mount.point.as_os_str().len());
        self.below(path).chain(home).all(|mount| classify(&mount.fs) == Class::Local)
    }

    /// The mounts where nothing can be changed.
    pub(crate) fn read_only(&self) -> Vec<u64> {
        self.0.values().filter(|mount| mount.read_only).map(|mount| mount.id).collect()
    }

    /// The mounts by NFS.
    pub(crate) fn by_nfs(&self) -> Vec<u64> {
        self.0.values().filter(|mount| matches!(mount.fs.as_str(), "nfs" | "nfs4")).map(|mount| mount.id).collect()
    }

    /// Whether opening a directory on that mount could mount something; assumed of mounts that aren't known.
    pub(crate) fn may_automount(&self, id: u64) -> bool {
        let mounts_itself =
            |fs: &str| fs == "autofs" || matches!(fs, "nfs" | "nfs4" | "cifs" | "smb3" | "afs" | "ceph");
        match self.by_id(id) {
            None => true,
            Some(mount) if mounts_itself(&mount.fs) => true,
            Some(_) => self.0.values().any(|mount| mount.parent == id && mount.fs == "autofs"),
        }
    }

    /// Whether an entry on that mount that is renamed has a new ctime by the clock of this machine; denied of mounts that
    /// aren't known.
    pub(crate) fn stamps_renames(&self, id: u64) -> bool {
        // Local file systems whose rename sets the ctime of what is renamed. FAT doesn't, servers have clocks of their own,
        // and a user's program (FUSE) says what it likes.
        let stamps = |mount: &Mount| {
            matches!(
                mount.fs.as_str(),
                "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "tmpfs" | "zfs" | "f2fs" | "bcachefs"
            ) || matches!(mount.fs.as_str(), "overlay" | "jfs" | "nilfs2" | "ramfs")
        };
        self.by_id(id).is_some_and(stamps)
    }

    /// Whether the inode number that is listed with a name there is that of its inode, but for subvolumes and mounts; denied of
    /// mounts that aren't known.
    pub(crate) fn lists_inodes(&self, id: u64) -> bool {
        // Not overlayfs, whose directories may be listed with the number of a layer (its documentation, "Inode
        // properties"); nor FAT, SMB and programs of users (FUSE), which may make numbers up for each listing.
        let lists = |mount: &Mount| {
            matches!(
                mount.fs.as_str(),
                "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "tmpfs" | "zfs" | "f2fs" | "nfs" | "nfs4"
            )
        };
        self.by_id(id).is_some_and(lists)
    }

    /// Whether that mount's file system lists a directory as it was when it was opened, or its descriptor last put to 0:
    /// without what was made or renamed later (btrfs since Linux 6.6, `last_index` in its fs/btrfs/inode.c).
    pub(crate) fn lists_as_opened(&self, id: u64) -> bool {
        self.by_id(id).is_some_and(|mount| mount.fs == "btrfs")
    }

    /// Whether the device of an entry tells that it lies on that mount: no part of the same file system is mounted on it
    /// (mount --bind), nor on what is mounted there. Denied of mounts that aren't known.
    pub(crate) fn is_told_by_device(&self, id: u64) -> bool {
        let lies_on = |mount: &Mount| {
            let mut parents = std::iter::successors(Some(mount), |mount| self.by_id(mount.parent)).take(self.0.len());
            parents.any(|mount| mount.parent == id)
        };
        let is_bound = |home: &Mount| self.0.values().any(|mount| mount.device == home.device && lies_on(mount));
        self.by_id(id).is_some_and(|home| !is_bound(home))
    }
}

/// The mount of that id, as it is now.
pub(crate) fn current_mount(id: u64) -> Option<Mount> {
    Mounts::read().ok()?.by_id(id).cloned()
}

/// The class of a file system's type.
pub(crate) fn classify(fs: &str) -> Class {
    match fs {
        "nfs" | "nfs4" | "cifs" | "smb3" | "smbfs" | "ncpfs" | "9p" | "virtiofs" | "ceph" | "lustre" | "gpfs"
        | "afs" | "coda" | "ocfs2" | "gfs2" | "orangefs" | "pvfs2" | "beegfs" | "panfs" | "acfs" | "glusterfs" => {
            Class::Network
        }
        "autofs" | "proc" | "sysfs" | "devpts" | "devtmpfs" | "cgroup" | "cgroup2" | "debugfs" | "tracefs"
        | "securityfs" | "selinuxfs" | "smackfs" | "configfs" | "pstore" | "bpf" | "efivarfs" | "mqueue"
        | "hugetlbfs" | "binfmt_misc" | "fusectl" | "rpc_pipefs" | "nfsd" | "nsfs" | "binder" | "resctrl" => {
            Class::Pseudo
        }
        fuse if fuse.starts_with("fuse") => Class::Fuse,
        _ => Class::Local,
    }
}

fn parse_line(line: &[u8]) -> Option<Mount> {
    // 36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    let mut fields = line.split(|&byte| byte == b' ');
    let mut number = || std::str::from_utf8(fields.next()?).ok()?.parse().ok();
    let (id, parent) = (number()?, number()?);
    let device = fields.next()?.to_vec();
    let mut path = || Some(PathBuf::from(OsString::from_vec(unescape_octal(fields.next()?))));
    let (part, point) = (path()?, path()?);
    // Options are those of the mount, and behind the type and the source those of the file system.
    let of_mount = fields.next().unwrap_or_default();
    let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
    let fs = String::from_utf8_lossy(fields.next()?).into_owned();
    let of_fs = fields.nth(1).unwrap_or_default();
    let has =
        |options: &[u8], names: &[&[u8]]| options.split(|&byte| byte == b',').any(|option| names.contains(&option));
    let bsd_groups = has(of_fs, &[b"grpid", b"bsdgroups"]);
    let read_only = has(of_mount, &[b"ro"]) || has(of_fs, &[b"ro"]);
    Some(Mount { id, parent, device, part, point, fs, bsd_groups, read_only })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    const TABLE: &[u8] = b"\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,grpid
30 22 0:5 / /proc rw shared:5 master:1 - proc proc rw
31 22 0:50 / /mnt/a\\040b\\011\\134\xff rw - xfs /dev/vdb rw
40 22 0:60 / /net rw - autofs systemd-1 rw
41 40 0:61 / /net/home ro,nosuid - nfs4 server:/ rw,proto=tcp
nonsense
";

    #[test]
    fn lines_are_told_apart_whatever_their_bytes() {
        let mounts = Mounts::parse(TABLE);
        assert_eq!(mounts.0.len(), 5);
        let odd = mounts.by_id(31).unwrap();
        assert_eq!((odd.fs.as_str(), odd.parent, odd.bsd_groups), ("xfs", 22, false));
        assert_eq!(odd.point.as_os_str().as_bytes(), b"/mnt/a b\t\\\xff");
        assert_eq!(mounts.devices().get(Path::new("/net/home")), Some(&61));
        assert!(mounts.by_id(22).unwrap().bsd_groups);
        assert_eq!(mounts.with_bsd_groups(), [22]);
        assert_eq!(mounts.by_id(30).unwrap().fs, "proc");
        assert_eq!(mounts.read_only(), [41]);
        let local = |path: &str| mounts.are_local_below(Path::new(path));
        assert!(local("/srv") && local("/mnt") && !local("/") && !local("/net/home/x") && !local("/net"));
        let of_the_file_system = Mounts::parse(b"7 1 0:7 / /ro rw - squashfs /dev/loop0 ro,errors=continue\n");
        assert_eq!(of_the_file_system.read_only(), [7]);
    }

    #[test]
    fn automounts_are_feared_where_they_can_be() {
        let mounts = Mounts::parse(TABLE);
        for (id, feared) in [(22, true), (30, false), (31, false), (40, true), (41, true), (99, true)] {
            assert_eq!(mounts.may_automount(id), feared, "{id}");
        }
    }

    #[test]
    fn a_device_tells_a_mount_where_nothing_of_it_is_bound() {
        let bound = b"42 31 0:50 /etc/hosts /mnt/x rw - xfs /dev/vdb rw\n43 30 0:50 / /proc/x rw - xfs /dev/vdb rw\n";
        let mounts = Mounts::parse(&[TABLE, bound].concat());
        for (id, told) in [(22, true), (30, true), (31, false), (42, true), (99, false)] {
            assert_eq!(mounts.is_told_by_device(id), told, "{id}");
        }
        assert!(Mounts::parse(TABLE).is_told_by_device(31));
        // Over a file of another file system that hides one, and over itself for ever.
        let stacked = b"50 31 0:7 /f /mnt/f rw - tmpfs none rw\n51 50 0:50 /g /mnt/f rw - xfs /dev/vdb rw\n\
            60 61 0:8 / /p rw - tmpfs none rw\n61 60 0:8 / /q rw - tmpfs none rw\n";
        let mounts = Mounts::parse(&[TABLE, stacked].concat());
        for (id, told) in [(31, false), (50, true), (51, true), (60, false), (22, true)] {
            assert_eq!(mounts.is_told_by_device(id), told, "{id}");
        }
    }

    #[test]
    fn types_have_a_class() {
        for (fs, class) in [
            ("ext4", Class::Local),
            ("tmpfs", Class::Local),
            ("overlay", Class::Local),
            ("nfs4", Class::Network),
            ("9p", Class::Network),
            ("fuse.sshfs", Class::Fuse),
            ("fuseblk", Class::Fuse),
            ("cgroup2", Class::Pseudo),
            ("fusectl", Class::Pseudo),
        ] {
            assert_eq!(classify(fs), class, "{fs}");
        }
    }

    #[test]
    fn the_kernel_agrees() {
        let proc = std::fs::File::open("/proc").unwrap();
        let mounts = Mounts::read().unwrap();
        let mount = crate::sys::stat::look(&proc).unwrap().entry.mount;
        assert_eq!(mounts.by_id(mount).map(|mount| mount.fs.as_str()), Some("proc"));
    }
}
