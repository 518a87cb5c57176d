//! One thread's share of descriptors that are kept open for what is still queued below them.

use super::dir::{Dir, Origin};
use super::place::names;
use crate::sys::SysError;
use crate::sys::dir::{Reach, open_beneath, same_mount};
use crate::sys::stat::look;
use rustix::io::Errno;
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};

/// Directories that a thread keeps open; the oldest are closed when there are too many.
pub(crate) struct Pool<H> {
    kept: VecDeque<Weak<Dir<H>>>,
    share: usize,
}

impl<H> Pool<H> {
    /// A pool of at most that many descriptors.
    pub(super) fn new(share: usize) -> Pool<H> {
        Pool { kept: VecDeque::new(), share }
    }

    /// Keeps a directory open while there is room.
    pub(super) fn keep(&mut self, dir: &Arc<Dir<H>>) {
        if self.kept.len() >= self.share {
            self.kept.retain(|kept| kept.upgrade().is_some_and(|dir| dir.is_open()));
            // An eighth at a time, so that the sweep costs nothing on average.
            self.close_down_to(self.share - self.share.div_ceil(8));
        }
        self.kept.push_back(Arc::downgrade(dir));
    }

    /// Closes everything: another part of the program needs descriptors.
    pub(super) fn close_all(&mut self) {
        self.close_down_to(0);
    }

    fn close_down_to(&mut self, left: usize) {
        while self.kept.len() > left {
            if let Some(dir) = self.kept.pop_front().and_then(|oldest| oldest.upgrade()) {
                dir.close();
            }
        }
    }

    /// The descriptor of a directory, opened again where it was closed; ESTALE where another took its place.
    pub(super) fn descriptor(&mut self, dir: &Arc<Dir<H>>) -> Result<Arc<OwnedFd>, SysError> {
        match dir.open() {
            Some(fd) => Ok(fd),
            None => self.reopen(dir),
        }
    }

    /// Opens a directory again from the nearest open ancestor.
    ///
    /// Half the way at a time, keeping what is reached. The next to be opened again is mostly the parent, so a
    /// chain of n is climbed in n log n lookups with log n descriptors, instead of n squared.
    fn reopen(&mut self, dir: &Arc<Dir<H>>) -> Result<Arc<OwnedFd>, SysError> {
        let (mut fd, way) = closed_way(dir);
        let mut rest = way.as_slice();
        while !rest.is_empty() {
            let (hop, after) = rest.split_at(rest.len().div_ceil(2));
            let [.., target] = hop else { break };
            fd = Arc::new(self.open_hop(&fd, hop)?);
            target.reopened(fd.clone());
            self.keep(target);
            rest = after;
        }
        Ok(fd)
    }

    fn open_hop(&mut self, from: &OwnedFd, hop: &[&Arc<Dir<H>>]) -> Result<OwnedFd, SysError> {
        match open_hop(from, hop) {
            Err(error) if matches!(error.errno, Errno::MFILE | Errno::NFILE) => {
                self.close_all();
                open_hop(from, hop)
            }
            other => other,
        }
    }
}

/// The descriptor of the nearest open ancestor, and the directories from below it down to `dir`.
fn closed_way<H>(dir: &Arc<Dir<H>>) -> (Arc<OwnedFd>, Vec<&Arc<Dir<H>>>) {
    let (mut way, mut at) = (Vec::new(), dir);
    loop {
        if let Some(fd) = at.open() {
            way.reverse();
            return (fd, way);
        }
        way.push(at);
        let Origin::Below(parent, _) = at.origin() else { unreachable!("a start is never closed") };
        at = parent;
    }
}

fn open_hop<H>(from: &OwnedFd, hop: &[&Arc<Dir<H>>]) -> Result<OwnedFd, SysError> {
    let target = hop[hop.len() - 1];
    // Mounts that appeared since are not to be entered; those that were agreed to are passed.
    let home = look(from)?.entry;
    let stays = hop.iter().all(|dir| same_mount(&home, &dir.seen.entry));
    let fd = open_beneath(from, &names(hop.iter().map(|dir| &***dir)), if stays { Reach::Mount } else { Reach::Any })?;
    let found = look(&fd)?.entry;
    match found.id == target.id() && same_mount(&found, &target.seen.entry) {
        true => Ok(fd),
        false => Err(SysError { call: "openat2", errno: Errno::STALE }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dir::testing::{below, start};
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    #[test]
    fn what_was_closed_is_opened_again_only_as_itself() {
        let tree = tempdir().unwrap();
        fs::create_dir_all(tree.path().join("a/b/c")).unwrap();
        let top = start(tree.path());
        let a = below(&top, c"a");
        let b = below(&a, c"b");
        let c = below(&b, c"c");
        let mut pool = Pool::new(8);
        let close = || [&a, &b, &c].map(|dir| dir.close());
        close();
        let again = pool.descriptor(&c).map(|fd| look(fd).unwrap().entry.id);
        assert_eq!(again, Ok(c.id()));
        close();
        fs::rename(tree.path().join("a/b"), tree.path().join("moved")).unwrap();
        assert_eq!(pool.descriptor(&c).map_err(|error| error.errno).err(), Some(Errno::NOENT));
        fs::create_dir_all(tree.path().join("a/b/c")).unwrap();
        assert_eq!(pool.descriptor(&c).map_err(|error| error.errno).err(), Some(Errno::STALE));
    }

    #[test]
    fn no_more_than_its_share_is_kept_open() {
        let tree = tempdir().unwrap();
        let top = start(tree.path());
        let mut pool = Pool::new(4);
        pool.keep(&top);
        let dirs: Vec<_> = (0..20)
            .map(|number| {
                let name = std::ffi::CString::new(number.to_string()).unwrap();
                fs::create_dir(tree.path().join(number.to_string())).unwrap();
                let dir = below(&top, &name);
                pool.keep(&dir);
                dir
            })
            .collect();
        assert!(dirs.iter().filter(|dir| dir.is_open()).count() <= 4);
        assert!(dirs[19].is_open() && top.is_open(), "the newest, and what it is reached from");
    }
}
