//! Listing a directory again that changed while it was listed: what is renamed between two getdents64 calls, from behind
//! where the listing stands to before it, is in neither of them.
//!
//! One call holds the directory's lock (iterate_shared in the kernel's fs/readdir.c), so what one call lists as a whole was
//! all there at one time. A directory that takes more is listed again, if its ctime changed meanwhile, with memory for all of
//! its names; whatever wasn't told of before is judged then.

use super::dir::MountTraits;
use super::missing::Why;
use super::place::Place;
use super::reading::Reading;
use super::scheduler::Scheduler;
use super::unread::Unread;
use super::visitor::Visitor;
use super::visits::Visits;
use crate::sys::SysError;
use crate::sys::listing::{Buffer, Listed, Listing, SIZE, resume};
use crate::sys::stat::look;
use rustix::io::Errno;
use std::hash::{BuildHasher, RandomState};
use std::os::fd::OwnedFd;

/// How often a directory is listed again at most. Once is enough wherever a call lists all that there is memory for.
pub(crate) const LISTINGS: usize = 8;

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
    pub(super) fn clear<H>(&mut self, scheduler: &Scheduler<'_, H>) {
        scheduler.forget(self.counted);
        self.keys.clear();
        self.keys.shrink_to(FREE);
        (self.calls, self.counted, self.is_forgotten) = (0, 0, false);
    }

    /// The next call is made.
    pub(super) fn call<H>(&mut self, scheduler: &Scheduler<'_, H>) {
        self.calls += 1;
        let new = self.keys.len() - self.counted;
        if self.keys.len() <= FREE || self.is_forgotten {
            return;
        }
        self.counted += new;
        if !scheduler.remember(new, MOST) {
            scheduler.forget(self.counted);
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
    pub(super) fn key(&self, listed: &Listed<'_>) -> u64 {
        listed.ino().map_or_else(|| self.hasher.hash_one(listed.name()), |ino| ino.get())
    }
}

/// Whether nothing that was there all the time can have been left out, because it was listed at one time.
fn is_snapshot(calls: usize, traits: MountTraits) -> bool {
    // The last call lists nothing.
    calls <= 2 && !traits.lists_as_opened
}

impl<V: Visitor> Reading<'_, V> {
    /// Lists the directory again until nothing can have been left out.
    pub(super) fn settle(&mut self, visits: &Visits) {
        if let Err(error) = self.try_settle(visits) {
            self.scheduler.missed.add_rest(self.visitor, self.dir, error, Why::Gone);
        }
    }

    fn try_settle(&mut self, visits: &Visits) -> Result<(), SysError> {
        let (traits, seen) = (self.dir.traits, &self.dir.seen);
        if is_snapshot(self.told.calls, traits) {
            return Ok(());
        }
        let is_same = look(self.fd)?.changed == seen.changed;
        // Two changes within one tick of the clock have one ctime.
        if is_same && (self.told.is_forgotten || !visits.is_new(seen)) {
            return Ok(());
        }
        if !self.told.is_forgotten {
            let mut memory = Memory { bytes: self.told.calls * SIZE };
            for _ in 0..LISTINGS {
                self.told.keys.sort_unstable();
                let known = self.told.keys.len();
                let is_settled = memory.list(self.fd, traits, |listed| {
                    let key = self.told.key(listed);
                    if self.told.keys[..known].binary_search(&key).is_err() {
                        self.name(listed);
                    }
                    self.scheduler.is_over()
                })?;
                if is_settled || self.scheduler.is_over() {
                    return Ok(());
                }
            }
        }
        self.visitor.unread(Place::itself(self.dir, None), Unread::Changing);
        Ok(())
    }
}

/// How much memory it takes to list a directory with one call.
#[derive(Default)]
pub(crate) struct Memory {
    /// What its names took at most so far.
    bytes: usize,
}

impl Memory {
    /// Lists a directory from its beginning; says whether nothing can have been left out. It can be told to stop.
    pub(super) fn list(
        &mut self,
        fd: &OwnedFd,
        traits: MountTraits,
        mut each: impl FnMut(&Listed<'_>) -> bool,
    ) -> Result<bool, SysError> {
        let before = look(fd)?.changed;
        resume(fd, 0)?;
        let mut buffer = Buffer::for_names(self.bytes);
        let size = buffer.size();
        let mut listing = Listing::new(fd, &mut buffer);
        let mut calls = 0;
        loop {
            calls += usize::from(listing.is_drained());
            match listing.next() {
                None => break,
                Some(Err(error)) if error.errno == Errno::INTR => {}
                Some(Err(error)) => return Err(error),
                Some(Ok(listed)) => {
                    if !listed.is_dot() && each(&listed) {
                        return Ok(false);
                    }
                }
            }
        }
        self.bytes = self.bytes.max(calls * size);
        match is_snapshot(calls, traits) {
            true => Ok(true),
            false => Ok(look(fd)?.changed == before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicBool, AtomicUsize};
    use tempfile::tempdir;

    const ATOMIC: MountTraits =
        MountTraits { automounts: false, told_by_device: true, stamps_renames: true, lists_as_opened: false };
    const AS_OPENED: MountTraits = MountTraits { lists_as_opened: true, ..ATOMIC };

    /// Lists a directory of five names with so much memory, and changes it so many times at the first of them; says
    /// whether nothing can have been left out.
    fn is_settled(memory: &mut Memory, traits: MountTraits, changes: usize) -> bool {
        let tree = tempdir().unwrap();
        (0..5).for_each(|name| fs::write(tree.path().join(name.to_string()), "").unwrap());
        let fd = OwnedFd::from(File::open(tree.path()).unwrap());
        let mut left = changes;
        let change = |_: &Listed<'_>| {
            let before = look(&fd).unwrap().changed;
            // Stamps are as coarse as a tick.
            while left > 0 && look(&fd).unwrap().changed == before {
                fs::set_permissions(tree.path(), Permissions::from_mode(0o700)).unwrap();
            }
            left = left.saturating_sub(1);
            false
        };
        memory.list(&fd, traits, change).unwrap()
    }

    #[test]
    fn a_listing_is_whole_by_one_call_or_where_nothing_changed() {
        for (traits, changes, expected) in [(ATOMIC, 1, true), (AS_OPENED, 0, true), (AS_OPENED, 1, false)] {
            assert_eq!(is_settled(&mut Memory::default(), traits, changes), expected, "{traits:?} {changes}");
        }
    }

    #[test]
    fn the_next_listing_has_memory_for_all_names_and_a_quarter_more() {
        let tree = tempdir().unwrap();
        let name = "n".repeat(200);
        (0..600).for_each(|number| fs::write(tree.path().join(format!("{name}{number}")), "").unwrap());
        let fd = OwnedFd::from(File::open(tree.path()).unwrap());
        let mut memory = Memory::default();
        let mut is_one_call = |more: std::ops::Range<usize>| {
            let mut more = more;
            // At the first name.
            let grow = |_: &Listed<'_>| {
                more.by_ref().for_each(|number| fs::write(tree.path().join(format!("{name}{number}")), "").unwrap());
                false
            };
            memory.list(&fd, ATOMIC, grow).unwrap()
        };
        assert!(!is_one_call(600..620));
        assert!(is_one_call(620..640));
        assert!(is_one_call(640..660));
    }

    #[test]
    fn so_many_names_are_remembered_of_all_directories_together() {
        let (stop, pending) = (AtomicBool::new(false), AtomicUsize::new(0));
        let (scheduler, _) = Scheduler::<()>::new(1, false, &stop, &pending);
        let read = |told: &mut ToldNames, names: usize| {
            told.call(&scheduler);
            (0..names).for_each(|key| told.tell(key as u64));
            told.call(&scheduler);
            told.is_forgotten
        };
        let (mut first, mut second) = (ToldNames::default(), ToldNames::default());
        assert!(!read(&mut first, MOST - FREE));
        assert!(!read(&mut second, FREE), "what comes with one call is nobody else's loss");
        assert!(read(&mut second, 1), "that is one too many");
        first.clear(&scheduler);
        second.clear(&scheduler);
        assert!(!read(&mut second, MOST), "all that was given back");
    }
}
