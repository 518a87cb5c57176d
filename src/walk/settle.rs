//! Listing a directory as a whole: what is renamed between two getdents64 calls, from behind where the listing stands to
//! before it, is in neither of them.
//!
//! One call holds the directory's lock (iterate_shared in the kernel's fs/readdir.c), so what one call lists as a whole was
//! all there at one time. A directory that takes more is listed again, if its ctime changed meanwhile, with memory for all of
//! its names; whatever wasn't told of before is judged then.

use super::dir::MountTraits;
use crate::sys::SysError;
use crate::sys::listing::{Buffer, Listed, Listing, SIZE, resume};
use crate::sys::stat::changed;
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// How often a directory is listed again at most. Once is enough wherever a call lists all that there is memory for.
pub(crate) const LISTINGS: usize = 8;

/// Whether nothing that was there all the time can have been left out, because it was listed at one time.
pub(super) fn is_snapshot(calls: usize, traits: MountTraits) -> bool {
    // The last call lists nothing.
    calls <= 2 && !traits.lists_as_opened
}

/// How much memory it takes to list a directory with one call.
#[derive(Default)]
pub(crate) struct Memory {
    /// What its names took at most so far.
    bytes: usize,
}

impl Memory {
    /// As much as the names of so many calls took.
    pub(super) fn of(calls: usize) -> Memory {
        Memory { bytes: calls * SIZE }
    }

    /// Lists a directory from its beginning; says whether nothing can have been left out. It can be told to stop.
    pub(super) fn list(
        &mut self,
        fd: &OwnedFd,
        traits: MountTraits,
        mut each: impl FnMut(&Listed<'_>) -> bool,
    ) -> Result<bool, SysError> {
        let before = changed(fd)?;
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
            false => Ok(changed(fd)? == before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::stat::look;
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use tempfile::tempdir;

    const ATOMIC: MountTraits = MountTraits {
        automounts: false,
        told_by_device: true,
        stamps_renames: true,
        lists_inodes: true,
        lists_as_opened: false,
    };
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
}
