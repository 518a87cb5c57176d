//! What other programs write of trees, read as records: listings, manifests and archives, bounded whatever is in them.
//!
//! ```text
//!     FORMAT=FILE ──▶ input ──▶ unpacked ──▶ find0 | lines | tar | mtree | oci ──▶ records ──▶ (collected) ──▶ source
//! ```

mod blob;
pub(crate) mod collected;
mod find0;
pub(crate) mod format;
mod lines;
pub(crate) mod manifest;
mod mtree;
pub(crate) mod numbers;
mod oci;
pub(crate) mod owners;
mod pax;
mod place;
mod tar;
pub(crate) mod template;
mod unpacked;

use crate::model::entry::{Kind, State};

/// What a listing says of one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    /// Its path from the listing's root, without `.` and empty components; empty for the root itself.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Owner, group and mode; `None` where not all of them are told.
    pub state: Option<State>,
    /// How many names it has, 1 where that isn't told.
    pub nlink: u32,
    /// The number that all its names share.
    pub ino: u64,
    /// How many bytes it takes on disk, or 0.
    pub bytes: u64,
}

/// One thing that a listing holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Item {
    /// An entry of the tree.
    Entry(Record),
    /// Another name of what was told of already: both from the listing's root.
    Link {
        /// The name.
        path: Vec<u8>,
        /// What it is another name of.
        target: Vec<u8>,
    },
    /// An entry by a path that leads out of the tree: absolute, or upwards. Where only its leading `/` does, it is told of
    /// as an entry as well, without that.
    Escaping {
        /// The path as it is written, or what it is said to be another name of.
        path: Vec<u8>,
        /// What it is.
        kind: Kind,
        /// Owner, group and mode, as far as they are told.
        state: Option<State>,
    },
    /// An entry that lies elsewhere: the listing is of more than this tree.
    Outside,
    /// Another layer of an image begins, which lies upon those before.
    Layer,
    /// Of the layers before, what lies at or below a path is gone, but not the path's own entry where `keeps_itself` (whiteouts).
    Gone {
        /// The path, from the listing's root.
        path: Vec<u8>,
        /// Whether only what lies in it is gone.
        keeps_itself: bool,
    },
}

/// A listing that is read from its beginning to its end.
pub(crate) trait Listing {
    /// The next item; `None` at the end.
    fn next(&mut self) -> Result<Option<Item>, ListingError>;

    /// What is to be said of it once it was read.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Why a listing can't be read on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub(crate) struct ListingError {
    /// Where: a line, a byte, a member.
    pub place: String,
    /// What was wanted and what is there.
    pub message: String,
}

impl ListingError {
    /// At a place.
    pub(crate) fn at(place: impl Into<String>, message: impl Into<String>) -> ListingError {
        ListingError { place: place.into(), message: message.into() }
    }
}

/// No path is longer: four times what the kernel takes in one call, as deeper trees have been made by chdir(2).
pub(crate) const LONGEST_PATH: usize = 1 << 14;

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// All that a listing tells, and how it ended.
    pub(crate) fn all(listing: &mut dyn Listing) -> (Vec<Item>, Option<ListingError>) {
        let mut items = Vec::new();
        loop {
            match listing.next() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return (items, None),
                Err(error) => return (items, Some(error)),
            }
        }
    }

    /// An item in a line: path, kind, owner, mode, names.
    pub(crate) fn told(item: &Item) -> String {
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let state = |state: &Option<State>| {
            state.map_or("?".to_owned(), |state| format!("{}:{} {}", state.uid, state.gid, state.mode))
        };
        match item {
            Item::Entry(record) => {
                let Record { path, kind, nlink, .. } = record;
                format!("{kind} {} {nlink} [{}]", state(&record.state), text(path))
            }
            Item::Link { path, target } => format!("link [{}] -> [{}]", text(path), text(target)),
            Item::Escaping { path, kind, .. } => format!("escaping {kind} [{}]", text(path)),
            Item::Outside => "outside".into(),
            Item::Layer => "layer".into(),
            Item::Gone { path, keeps_itself } => format!("gone [{}] {keeps_itself}", text(path)),
        }
    }
}
