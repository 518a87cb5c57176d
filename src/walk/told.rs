//! What was told of while a directory is read, so that nothing is told twice when it is listed again.

use crate::sys::listing::Ino;
use std::ffi::CStr;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// How many names all threads of a walk remember together; each takes eight bytes.
const MOST: usize = 1 << 19;

/// How far names are remembered that came with the first call, which needs no memory of others.
const FREE: usize = 1 << 12;

/// What was told of a directory whose names are being read.
#[derive(Debug, Default)]
pub(crate) struct ToldNames {
    /// The inodes, or what stands for them.
    keys: Vec<u64>,
    /// How many calls were made.
    calls: usize,
    /// How many keys are counted among those of all threads.
    counted: usize,
    is_forgotten: bool,
    hasher: RandomState,
}

impl ToldNames {
    /// Nothing, of another directory.
    pub(super) fn clear(&mut self, remembered: &Remembered) {
        remembered.forget(self.counted);
        self.keys.clear();
        self.keys.shrink_to(FREE);
        (self.calls, self.counted, self.is_forgotten) = (0, 0, false);
    }

    /// The next call is made.
    pub(super) fn call(&mut self, remembered: &Remembered) {
        self.calls += 1;
        let new = self.keys.len() - self.counted;
        if self.keys.len() <= FREE || self.is_forgotten {
            return;
        }
        self.counted += new;
        if !remembered.add(new) {
            remembered.forget(self.counted);
            (self.keys, self.counted, self.is_forgotten) = (Vec::new(), 0, true);
        }
    }

    /// It is told of.
    pub(super) fn tell(&mut self, key: u64) {
        if !self.is_forgotten {
            self.keys.push(key);
        }
    }

    /// What stands for a listed name: its inode, under whatever name, and its name where that isn't known.
    pub(super) fn key(&self, name: &CStr, ino: Option<Ino>) -> u64 {
        ino.map_or_else(|| self.hasher.hash_one(name), |ino| ino.get())
    }
    /// How many calls were made.
    pub(super) fn calls(&self) -> usize {
        self.calls
    }

    /// Whether there were too many to remember.
    pub(super) fn is_forgotten(&self) -> bool {
        self.is_forgotten
    }

    /// Makes what was told of so far fit to be [asked](ToldNames::has) about; gives how many that are.
    pub(super) fn sort(&mut self) -> usize {
        self.keys.sort_unstable();
        self.keys.len()
    }

    /// Whether it was told of, among so many that were sorted.
    pub(super) fn has(&self, key: u64, sorted: usize) -> bool {
        self.keys[..sorted].binary_search(&key).is_ok()
    }
}

/// How many names all threads of a walk remember.
#[derive(Debug, Default)]
pub(crate) struct Remembered(AtomicUsize);

impl Remembered {
    /// Counts some more; says whether they aren't too many.
    fn add(&self, names: usize) -> bool {
        self.0.fetch_add(names, Relaxed) + names <= MOST
    }

    /// So many aren't remembered any more.
    fn forget(&self, names: usize) {
        self.0.fetch_sub(names, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_names_are_remembered_of_all_directories_together() {
        let remembered = Remembered::default();
        let read = |told: &mut ToldNames, names: usize| {
            told.call(&remembered);
            (0..names).for_each(|key| told.tell(key as u64));
            told.call(&remembered);
            told.is_forgotten
        };
        let (mut first, mut second) = (ToldNames::default(), ToldNames::default());
        assert!(!read(&mut first, MOST - FREE));
        assert!(!read(&mut second, FREE), "what comes with one call is nobody else's loss");
        assert!(read(&mut second, 1), "that is one too many");
        first.clear(&remembered);
        second.clear(&remembered);
        assert!(!read(&mut second, MOST), "all that was given back");
    }
}
