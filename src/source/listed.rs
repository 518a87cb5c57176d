//! A listing as a source: as it comes, or collected where its order, a pattern or its format takes that.

use super::told::{Asked, Named, Source, Told, ToldAcls};
use crate::listings::collected::{Collected, Escaping};
use crate::listings::{Item, Listing, ListingError, Record};
use crate::model::entry::{Entry, Extras, Identity, Kind, State};
use crate::model::mode::Mode;
use crate::sys::stat::Look;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Why a listing can't be judged on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// It can't be read on.
    Unread(ListingError),
    /// A directory stands behind what lies in it: it has to be collected first.
    Unordered,
}

/// A listing whose entries lie below a root.
pub(crate) struct Listed<'l> {
    root: PathBuf,
    feed: Feed<'l>,
    /// The record that was gone on to last.
    current: Option<Record>,
    /// How many entries lie elsewhere.
    pub outside: u64,
    /// Paths that lead out of the tree.
    pub escaping: Vec<Escaping>,
    /// What is to be said of it.
    pub remarks: Vec<String>,
    /// Why it wasn't read to its end.
    pub error: Option<ListingError>,
}

/// Where records come from.
enum Feed<'l> {
    /// As they come.
    Stream {
        listing: &'l mut dyn Listing,
        /// The first, looked at beforehand.
        first: Option<Record>,
        /// Directories that were asked for before they came, by hash: a path alone may lead through thousands.
        asked: HashSet<u64>,
        hasher: RandomState,
        /// Whether what came may be asked for again.
        has_forgotten: bool,
    },
    /// From all of them.
    Collected { collected: &'l Collected, records: Box<dyn Iterator<Item = &'l Record> + 'l> },
}

impl<'l> Listed<'l> {
    /// As it comes; the first entry is read.
    pub(crate) fn stream(listing: &'l mut dyn Listing, root: &Path) -> Result<Listed<'l>, Cut> {
        let feed = Feed::Stream {
            listing,
            first: None,
            asked: HashSet::new(),
            hasher: RandomState::new(),
            has_forgotten: false,
        };
        let mut listed = Listed {
            root: root.into(),
            feed,
            current: None,
            outside: 0,
            escaping: Vec::new(),
            remarks: Vec::new(),
            error: None,
        };
        let record = listed.read()?;
        if let Feed::Stream { first, .. } = &mut listed.feed {
            *first = record;
        }
        Ok(listed)
    }

    /// All that was collected.
    pub(crate) fn collected(collected: &'l Collected, root: &Path) -> Listed<'l> {
        let feed = Feed::Collected { collected, records: Box::new(collected.records()) };
        let Collected { outside, ref escaping, ref remarks, ref error, .. } = *collected;
        let (escaping, remarks, error) = (escaping.clone(), remarks.clone(), error.clone());
        Listed { root: root.into(), feed, current: None, outside, escaping, remarks, error }
    }

    /// Where it lies.
    pub(crate) fn place(&self) -> &Path {
        &self.root
    }

    /// What is known of a root of a tree before anything is judged.
    pub(crate) fn root(&self, path: &Path) -> Told {
        let below = path.strip_prefix(&self.root).ok();
        let record = below.and_then(|below| match &self.feed {
            Feed::Stream { first, .. } => first.as_ref().filter(|first| first.path == below.as_os_str().as_bytes()),
            Feed::Collected { collected, .. } => collected.get(below.as_os_str().as_bytes()),
        });
        directory(record)
    }

    fn read(&mut self) -> Result<Option<Record>, Cut> {
        let Feed::Stream { listing, first, asked, hasher, .. } = &mut self.feed else { return Ok(None) };
        if let Some(first) = first.take() {
            return Ok(Some(first));
        }
        loop {
            match listing.next().map_err(Cut::Unread)? {
                None => return Ok(None),
                Some(Item::Entry(record)) => {
                    let is_late = || asked.contains(&hasher.hash_one(&record.path));
                    if record.kind == Kind::Dir && !asked.is_empty() && is_late() {
                        return Err(Cut::Unordered);
                    }
                    return Ok(Some(record));
                }
                Some(Item::Escaping { path, kind, state }) => self.escaping.push(Escaping { path, kind, state }),
                Some(Item::Outside) => self.outside += 1,
                // Other names and whiteouts are of formats that are collected.
                Some(Item::Link { .. } | Item::Gone { .. } | Item::Layer) => return Err(Cut::Unordered),
            }
        }
    }
}

impl Source for Listed<'_> {
    type Error = Cut;

    fn next(&mut self) -> Result<Option<Named>, Cut> {
        self.current = match &mut self.feed {
            Feed::Stream { .. } => self.read()?,
            Feed::Collected { records, .. } => records.next().cloned(),
        };
        Ok(self.current.as_ref().map(|record| {
            let path = match &*record.path {
                b"" => self.root.clone(),
                below => self.root.join(OsStr::from_bytes(below)),
            };
            Named { path, kind: record.kind }
        }))
    }

    fn look(&mut self, _: &Asked<'_>) -> Result<Told, Cut> {
        Ok(self.current.as_ref().map_or_else(|| unknown(Kind::Dir), told))
    }

    fn above(&mut self, path: &Path, _: &Asked<'_>) -> Result<Told, Cut> {
        let below = path.strip_prefix(&self.root).ok().map(|below| below.as_os_str().as_bytes());
        match (&mut self.feed, below) {
            (_, None) => Ok(unknown(Kind::Dir)),
            (Feed::Collected { collected, .. }, Some(below)) => Ok(directory(collected.get(below))),
            (Feed::Stream { has_forgotten: true, .. }, Some(_)) => Err(Cut::Unordered),
            (Feed::Stream { asked, hasher, .. }, Some(below)) => {
                asked.insert(hasher.hash_one(below.to_vec()));
                Ok(unknown(Kind::Dir))
            }
        }
    }

    fn forget(&mut self) {
        if let Feed::Stream { has_forgotten, .. } = &mut self.feed {
            *has_forgotten = true;
        }
    }
}

/// What is known of a directory by its record, if it has one; another kind is none that anything lies in.
fn directory(record: Option<&Record>) -> Told {
    record.filter(|record| record.kind == Kind::Dir).map_or_else(|| unknown(Kind::Dir), told)
}

fn told(record: &Record) -> Told {
    let &Record { kind, state, nlink, ino, bytes, .. } = record;
    let Some(state) = state else { return unknown(kind) };
    let id = Identity { dev: 0, ino, btime: None };
    let entry = Entry { kind, id, nlink, state, mount: 0, extras: Extras::default() };
    Told { look: Look::told(entry, bytes), acls: ToldAcls::default(), is_system_made: false, is_known: true }
}

/// Nobody's: what isn't known is taken for neither right nor wrong.
const NOBODY: State = State { uid: u32::MAX, gid: u32::MAX, mode: Mode::new(0o755) };

fn unknown(kind: Kind) -> Told {
    let id = Identity { dev: 0, ino: 0, btime: None };
    let entry = Entry { kind, id, nlink: 1, state: NOBODY, mount: 0, extras: Extras::default() };
    Told { look: Look::told(entry, 0), acls: ToldAcls::default(), is_system_made: false, is_known: false }
}
