//! One file system object as one statx(2) tells it: pure data, wherever it came from.

use crate::model::acl::{Acl, Acls};
use crate::model::mode::Mode;
use std::fmt;
use std::num::NonZero;
use std::sync::Arc;

/// What kind of file system object an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A directory.
    Dir,
    /// A regular file.
    File,
    /// A symbolic link, itself and never its target.
    Symlink,
    /// A FIFO, also called named pipe.
    Fifo,
    /// A Unix domain socket.
    Socket,
    /// A block device.
    Block,
    /// A character device.
    Char,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] =
        [Kind::Dir, Kind::File, Kind::Symlink, Kind::Fifo, Kind::Socket, Kind::Block, Kind::Char];

    /// Its name in policies, reports and plans.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Dir => "dir",
            Kind::File => "file",
            Kind::Symlink => "symlink",
            Kind::Fifo => "fifo",
            Kind::Socket => "socket",
            Kind::Block => "block",
            Kind::Char => "char",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The letter that ls(1) puts before the mode.
    pub const fn letter(self) -> char {
        match self {
            Kind::Dir => 'd',
            Kind::File => '-',
            Kind::Symlink => 'l',
            Kind::Fifo => 'p',
            Kind::Socket => 's',
            Kind::Block => 'b',
            Kind::Char => 'c',
        }
    }

    /// The kind in an `st_mode`; `None` for a type that Linux doesn't have.
    pub const fn from_st_mode(st_mode: u32) -> Option<Kind> {
        match st_mode & libc::S_IFMT {
            libc::S_IFDIR => Some(Kind::Dir),
            libc::S_IFREG => Some(Kind::File),
            libc::S_IFLNK => Some(Kind::Symlink),
            libc::S_IFIFO => Some(Kind::Fifo),
            libc::S_IFSOCK => Some(Kind::Socket),
            libc::S_IFBLK => Some(Kind::Block),
            libc::S_IFCHR => Some(Kind::Char),
            _ => None,
        }
    }

    /// Whether it is a block or character device.
    pub const fn is_device(self) -> bool {
        matches!(self, Kind::Block | Kind::Char)
    }

    /// Whether it has a mode that means something: symbolic links have none, and devices' is nobody's business here.
    pub const fn has_mode(self) -> bool {
        matches!(self, Kind::Dir | Kind::File | Kind::Fifo | Kind::Socket)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What can be changed of an entry: the unit that is judged, planned, journalled and undone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// The owner's user id.
    pub uid: u32,
    /// The group's id.
    pub gid: u32,
    /// The twelve permission bits.
    pub mode: Mode,
}

/// A moment as the kernel stamps it: seconds since 1970 and nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Timestamp {
    seconds: i64,
    /// One more than they are, so that a moment that isn't known takes no more memory than one that is.
    nanoseconds: NonZero<u32>,
}

impl Timestamp {
    /// So many whole seconds after 1970-01-01 UTC, and so many nanoseconds of the next.
    pub const fn new(seconds: i64, nanoseconds: u32) -> Timestamp {
        Timestamp { seconds, nanoseconds: NonZero::<u32>::MIN.saturating_add(nanoseconds) }
    }

    /// Whole seconds since 1970-01-01 UTC.
    pub(crate) const fn seconds(self) -> i64 {
        self.seconds
    }

    /// The nanoseconds of the next.
    pub(crate) const fn nanoseconds(self) -> u32 {
        self.nanoseconds.get() - 1
    }

    /// Whether it is a whole second: some file systems keep no more.
    pub(crate) fn is_whole(self) -> bool {
        self.nanoseconds == NonZero::<u32>::MIN
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.seconds, self.nanoseconds.get() - 1)
    }
}

/// What tells one file system object from every other.
///
/// Device and inode alone don't: ext4 gives a freed inode number out again at once, so the birth time counts too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    /// Device number; holds within one boot only.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Birth time, where the file system keeps one.
    pub btime: Option<Timestamp>,
}

/// One file system object, without its path: what one statx(2) says of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What kind of object it is.
    pub kind: Kind,
    /// Which object it is.
    pub id: Identity,
    /// How many names it has.
    pub nlink: u32,
    /// Owner, group and mode.
    pub state: State,
    /// The mount it was seen on (`stx_mnt_id`), or 0 where the kernel doesn't say.
    pub mount: u64,
    /// What its extended attributes hold, as far as they were asked.
    pub extras: Extras,
}

/// What only extended attributes tell; asked for where something is to be changed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Extras {
    /// It has an extended access ACL: its group bits are the mask (acl(5)).
    pub acl: bool,
    /// That ACL, where it could be read.
    pub access: Option<Arc<Acl>>,
    /// Its default ACL, which new entries in it get, where it could be read.
    pub default: Option<Arc<Acl>>,
    /// It has an ACL that can't be read as one.
    pub malformed: bool,
    /// It has an ACL of another kind than POSIX's, which says more than the mode.
    pub foreign: bool,
    /// It has file capabilities (capabilities(7)).
    pub capabilities: bool,
    /// What its ACLs come to.
    pub acls: Acls,
    /// They couldn't be asked for, so that it may have any.
    pub hidden: bool,
}

/// Which ACLs an entry has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct AclKinds {
    /// An access ACL that says more than the mode.
    pub access: bool,
    /// A default ACL.
    pub default: bool,
    /// What it has is of NFSv4's sort.
    pub by_nfs4: bool,
}

impl Entry {
    /// The same entry in another state: chmod(2) of one with an ACL changes its mask (acl(5)).
    #[must_use]
    pub fn in_state(&self, state: State) -> Entry {
        Entry { state, extras: self.extras.after_chmod(state.mode), ..*self }
    }
}

impl Extras {
    /// The same with these ACLs.
    #[must_use]
    pub(crate) fn with_acls(&self, access: Option<Acl>, default: Option<Acl>) -> Extras {
        let summary = |acl: &Option<Acl>| acl.as_ref().and_then(Acl::summary);
        let acls = Acls { access: summary(&access), default: summary(&default) };
        let (access, default) = (access.filter(Acl::is_extended), default.map(Arc::new));
        Extras { acl: access.is_some(), access: access.map(Arc::new), default, acls, ..self.clone() }
    }

    fn after_chmod(&self, mode: Mode) -> Extras {
        let mut extras = self.clone();
        if let Some(acl) = self.access.as_deref() {
            let acl = acl.after_chmod(mode);
            extras.acls.access = acl.summary();
            extras.access = Some(Arc::new(acl));
        }
        extras
    }
}
