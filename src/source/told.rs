//! Sources that nobody walks: an archive, a listing, a watcher's single entries, a policy's own tests. They tell of
//! entries one by one, in whatever order they have them.

use crate::judging::scope::Wanted;
use crate::model::entry::Kind;
use crate::model::intent::{Around, Intent};
use crate::sys::stat::Look;
use std::path::{Path, PathBuf};

/// Where entries come from that nobody walks to.
///
/// A walk asks whether anybody cares for a name before it looks at the entry, and so does whoever reads a source: what
/// is costly to tell can be left until it is asked for. Directories that it doesn't tell of are asked of it too, as what
/// lies in them is judged by what they are.
pub(crate) trait Source {
    /// Why it can't go on.
    type Error;

    /// Goes on to the next entry; `None` at the end.
    fn next(&mut self) -> Result<Option<Named>, Self::Error>;

    /// What it knows of the entry that it named last.
    fn look(&mut self, asked: &Asked<'_>) -> Result<Told, Self::Error>;

    /// What is to be taken for true of a directory on the way there.
    fn above(&mut self, path: &Path, asked: &Asked<'_>) -> Result<Told, Self::Error>;

    /// What was told of directories isn't all kept: they may be asked for again.
    fn forget(&mut self) {}
}

/// An entry that a source goes on to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    /// Its absolute path, in the tree as it is or will be.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
}

/// What a source tells of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// What statx(2) would say, and what extended attributes would.
    pub look: Look,
    /// Which of its ACLs are told; the others are not judged.
    pub acls: ToldAcls,
    /// Whether the file system made it, if it has the name of a directory that file systems make.
    pub is_system_made: bool,
    /// Whether its owner, group and mode are told; else nothing about it is taken for right or for wrong.
    pub is_known: bool,
}

/// Which ACLs of an entry a source tells.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct ToldAcls {
    /// Its own.
    pub access: bool,
    /// What new entries in it get.
    pub default: bool,
}

/// What the first policy that covers an entry wants of it, for sources that only know how entries differ from that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// What it wants; empty where it wants nothing.
    pub intent: Intent<'a>,
    /// What lies around the entry.
    pub around: Around<'a>,
}

impl<'a> Asked<'a> {
    /// What the first of these wants, of an entry of this name in a tree whose root has this group.
    pub(crate) fn first(all_wanted: &[Wanted<'a>], root: Option<u32>, name: &'a [u8]) -> Asked<'a> {
        let first = all_wanted.first();
        let intent = first.map_or_else(Intent::default, |wanted| wanted.intent);
        let (parent, setgid) = first.map_or((None, None), |wanted| (wanted.parent, wanted.setgid));
        let in_share = first.is_some_and(|wanted| wanted.in_share);
        Asked { intent, around: Around { root, parent, setgid, in_share, name } }
    }
}
