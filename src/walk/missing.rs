//! What was listed and wasn't there, or was moved away just then: it is looked for again at the end of the walk.

use super::dir::{Dir, Origin};
use super::place::Place;
use super::unread::Unread;
use super::visitor::Visitor;
use crate::sys::SysError;
use crate::sys::listing::Ino;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How often that is tried.
pub(crate) const ROUNDS: usize = 3;

/// How long is waited before each: what is only being renamed, or saved by way of another name, is there again.
const PAUSE: Duration = Duration::from_millis(100);

/// How many are remembered; of more it is said that they weren't looked for.
const MOST: usize = 1 << 16;

/// Why an entry could not be told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Why {
    /// Its directory doesn't list it any more, by its name or its inode.
    Gone,
    /// It was listed a moment ago, and was gone or moved out of the tree when it was to be looked at or told of.
    Moved,
}

/// A name that was listed, and the inode number that was listed with it.
pub(crate) type Named = (CString, Option<Ino>);

/// What is missing of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// All of it: nothing was told of.
    Entry,
    /// The inode alone: what has the name by now was told of.
    Inode,
}

/// It was listed, and is not where it was.
pub(crate) const MOVED: (What, Why) = (What::Entry, Why::Moved);

/// Its name leads to something else, which is told of.
pub(crate) const EXCHANGED: (What, Why) = (What::Inode, Why::Moved);

/// What is missing in a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Absent {
    /// The name, and the inode that was listed with it.
    pub named: Named,
    /// What of it.
    pub what: What,
}

/// What is missing in a directory that was entered.
pub(crate) struct Missing<H> {
    /// The directory.
    pub dir: Arc<Dir<H>>,
    /// What is missing in it.
    pub absent: Absent,
}

/// What all threads of one round miss.
pub(crate) struct Missed<H> {
    list: Mutex<List<H>>,
    is_last: bool,
    over: OnceLock<bool>,
}

struct List<H> {
    kept: Vec<Missing<H>>,
    is_flooded: bool,
}

impl<H> Missed<H> {
    /// Nothing yet; after the last round nothing is looked for again.
    pub(super) fn new(is_last: bool) -> Missed<H> {
        let list = List { kept: Vec::new(), is_flooded: false };
        Missed { list: Mutex::new(list), is_last, over: OnceLock::new() }
    }

    /// Remembers a name in a directory, or tells of it for good where it isn't to be looked for again.
    ///
    /// Says whether it is remembered: then its directory must not be kept open for long.
    pub(super) fn add<V: Visitor<Here = H>>(
        &self,
        visitor: &mut V,
        dir: &Arc<Dir<H>>,
        (name, ino): (&CStr, Option<Ino>),
        (what, why): (What, Why),
    ) -> bool {
        let at = Place::lost(dir, name);
        if self.is_last {
            match why {
                Why::Gone => visitor.vanished(at),
                Why::Moved => visitor.unread(at, Unread::MovedAway),
            }
            return false;
        }
        // Nothing panics while holding it.
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.kept.len() < MOST {
            list.kept.push(Missing { dir: dir.clone(), absent: Absent { named: (name.to_owned(), ino), what } });
            return true;
        }
        let is_first = !std::mem::replace(&mut list.is_flooded, true);
        drop(list);
        visitor.vanished(at);
        if is_first {
            visitor.unread(at, Unread::TooManyGone);
        }
        false
    }

    /// The rest of a directory can't be read: where it is gone, it is looked for again as a whole.
    pub(super) fn add_rest<V: Visitor<Here = H>>(&self, visitor: &mut V, dir: &Arc<Dir<H>>, error: SysError, why: Why) {
        match (dir.origin(), error.is_gone()) {
            (Origin::Below(parent, name), true) => {
                self.add(visitor, parent, (name, Ino::new(dir.id().ino)), (What::Entry, why));
            }
            (Origin::Start(_), true) => visitor.vanished(Place::itself(dir, None)),
            (_, false) => visitor.error(Place::itself(dir, None), error),
        }
    }

    /// Whether nothing is looked for again after this round.
    pub(super) fn is_last(&self) -> bool {
        self.is_last
    }

    /// Whether the walk is over with this round; asked when it is done, and answered alike from then on.
    pub(super) fn is_over(&self, stop: &AtomicBool) -> bool {
        *self.over.get_or_init(|| stop.load(Relaxed) || self.lock_len() == 0)
    }

    /// All that was missed.
    pub(super) fn into_list(self) -> Vec<Missing<H>> {
        self.list.into_inner().unwrap_or_else(PoisonError::into_inner).kept
    }

    fn lock_len(&self) -> usize {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).kept.len()
    }
}

/// What is missing, directory by directory.
pub(crate) fn by_directory<H>(missing: Vec<Missing<H>>) -> Vec<(Arc<Dir<H>>, Vec<Absent>)> {
    let mut places = HashMap::new();
    let mut all: Vec<(Arc<Dir<H>>, Vec<Absent>)> = Vec::new();
    for Missing { dir, absent } in missing {
        let place = *places.entry(Arc::as_ptr(&dir)).or_insert(all.len());
        if place == all.len() {
            all.push((dir, Vec::new()));
        }
        all[place].1.push(absent);
    }
    all
}

/// Waits before the next round, but not when told to stop.
pub(crate) fn pause(stop: &AtomicBool) {
    const STEPS: u32 = 10;
    for _ in 0..STEPS {
        if stop.load(Relaxed) {
            return;
        }
        std::thread::sleep(PAUSE / STEPS);
    }
}
