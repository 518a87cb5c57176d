//! Looking again in one directory for what was missing there: whatever name it has by now, its inode number tells of it.

use super::dir::{Dir, Origin};
use super::missing::{Absent, What, Why};
use super::place::Place;
use super::settle::{LISTINGS, Memory};
use super::unread::Unread;
use super::visitor::{Visitor, Want};
use super::worker::Worker;
use crate::model::entry::Kind;
use crate::sys::SysError;
use crate::sys::dir::{Reach, open_at};
use crate::sys::listing::{Buffer, Ino, Listing, resume};
use crate::sys::stat::look_at;
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// What is missing in one directory.
struct Search {
    absent: Vec<Absent>,
    /// What of each is missing still.
    left: Vec<Option<What>>,
    by_name: HashMap<CString, usize>,
    by_ino: HashMap<Ino, usize>,
    /// Whether listings tell what inode a name leads to.
    lists_inodes: bool,
}

impl Search {
    fn new(absent: Vec<Absent>, lists_inodes: bool) -> Search {
        let all = || absent.iter().enumerate();
        let named = all().filter(|(_, absent)| absent.what == What::Entry);
        let by_name = named.map(|(at, absent)| (absent.named.0.clone(), at)).collect();
        let by_ino = all().filter_map(|(at, absent)| Some((absent.named.1?, at))).collect();
        Search { left: all().map(|(_, absent)| Some(absent.what)).collect(), absent, by_name, by_ino, lists_inodes }
    }

    /// Whether a listed name is missed still, by itself or for its inode.
    fn sights(&mut self, name: &CStr, ino: Option<Ino>) -> bool {
        let mut is_new = false;
        if let Some(&at) = self.by_name.get(name)
            && self.left[at] == Some(What::Entry)
        {
            is_new = true;
            // Where another has its name by now, what was listed with it is missing all the same.
            let is_other = self.lists_inodes && self.absent[at].named.1.is_some_and(|missed| Some(missed) != ino);
            self.left[at] = is_other.then_some(What::Inode);
        }
        if let Some(&at) = ino.and_then(|ino| self.by_ino.get(&ino)) {
            is_new |= self.left[at].take().is_some();
        }
        is_new
    }

    /// Whether all of it was listed.
    fn is_over(&self) -> bool {
        self.left.iter().all(Option::is_none)
    }

    /// What wasn't listed.
    fn into_rest(self) -> impl Iterator<Item = Absent> {
        let rest = self.absent.into_iter().zip(self.left);
        rest.filter_map(|(absent, left)| Some(Absent { what: left?, ..absent }))
    }
}

impl<V: Visitor> Worker<'_, V> {
    /// Lists a directory again, and judges what was missing in it.
    pub(crate) fn look_again(&mut self, dir: &Arc<Dir<V::Here>>, absent: Vec<Absent>) {
        let fd = match self.pool.descriptor(dir).and_then(|fd| resume(&fd, 0).map(|()| fd)) {
            Ok(fd) => fd,
            Err(error) => return self.lost(dir, error),
        };
        let mut search = Search::new(absent, dir.traits.lists_inodes);
        let why = match self.search(dir, &fd, &mut search) {
            Ok(why) => why,
            Err(error) => return self.scheduler.missed.add_rest(&mut self.visitor, dir, error, Why::Gone),
        };
        for Absent { named: (name, ino), what } in search.into_rest() {
            if self.scheduler.is_over() {
                return;
            }
            // Made since, or moved past where the listing was.
            let is_there = || !look_at(&fd, &name).is_err_and(|error| error.is_gone());
            match what == What::Entry && is_there() {
                true => self.child(dir.clone(), name, ino),
                false => self.miss(dir, (&name, ino), (what, why)),
            }
        }
    }

    /// Lists a directory until all was listed that is missing, or what was not can't be there; says why it wasn't.
    fn search(&mut self, dir: &Arc<Dir<V::Here>>, fd: &OwnedFd, search: &mut Search) -> Result<Why, SysError> {
        let mut memory = Memory::default();
        for _ in 0..LISTINGS {
            let is_settled = memory.list(fd, dir.traits, |listed| {
                // At once: who renames it whenever the directory is listed is about to.
                if search.sights(listed.name(), listed.ino()) && self.wants(dir, fd, listed.name(), listed.kind()) {
                    self.child(dir.clone(), listed.name().to_owned(), listed.ino());
                }
                self.scheduler.is_over()
            })?;
            if is_settled || search.is_over() || self.scheduler.is_over() {
                return Ok(Why::Gone);
            }
        }
        Ok(Why::Moved)
    }

    /// Whether a directory is wanted by the name it has now; of other kinds that is asked when they are looked at.
    fn wants(&mut self, dir: &Arc<Dir<V::Here>>, fd: &OwnedFd, name: &CStr, kind: Option<Kind>) -> bool {
        let is_directory = match kind {
            Some(kind) => kind == Kind::Dir,
            None => look_at(fd, name).is_ok_and(|look| look.entry.kind == Kind::Dir),
        };
        if !is_directory {
            return true;
        }
        self.visitor.begin(Place::itself(dir, Some(fd.as_fd())));
        self.visitor.want(&dir.here, name, Kind::Dir) != Want::Skip
    }

    /// A directory in which something is missing can't be opened again: it is missing itself, if it is gone.
    fn lost(&mut self, dir: &Arc<Dir<V::Here>>, error: SysError) {
        if !self.scheduler.missed.is_last() || !error.is_gone() {
            return self.scheduler.missed.add_rest(&mut self.visitor, dir, error, Why::Gone);
        }
        // There is no next round to find it by another name, but that it has one is an error.
        let mut at = dir;
        while let Origin::Below(parent, name) = at.origin() {
            let place = Place::lost(parent, name);
            match self.pool.descriptor(parent).and_then(|fd| lists(&fd, Ino::new(at.id().ino))) {
                Ok(true) => return self.visitor.unread(place, Unread::MovedAway),
                Ok(false) => return self.visitor.vanished(place),
                Err(error) if error.is_gone() => at = parent,
                Err(error) => return self.visitor.error(place, error),
            }
        }
    }
}

/// Whether a directory lists an inode.
fn lists(dir: &OwnedFd, ino: Option<Ino>) -> Result<bool, SysError> {
    // Another thread may be listing it, and who shares a descriptor shares where its listing stands.
    let dir = open_at(dir, c".", Reach::Mount)?;
    let mut buffer = Buffer::default();
    let mut listing = Listing::new(&dir, &mut buffer);
    while let Some(listed) = listing.next() {
        match listed {
            Ok(listed) if !listed.is_dot() && listed.ino() == ino => return Ok(true),
            Err(error) if error.errno != Errno::INTR => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_another_inode_is_judged_and_its_own_is_missing_still() {
        let absent = || vec![Absent { named: (c"x".to_owned(), Ino::new(1)), what: What::Entry }];
        let inode = Absent { what: What::Inode, ..absent()[0].clone() };
        // What is listed, by name and inode; what of it is new, and what is missing in the end.
        type Case<'a> = (&'a [(&'a CStr, u64)], &'a [bool], Vec<Absent>);
        let cases: [Case<'_>; 6] = [
            (&[(c"x", 1)], &[true], vec![]),
            (&[(c"y", 1), (c"x", 2)], &[true, false], vec![]),
            (&[(c"x", 2), (c"y", 1), (c"z", 1)], &[true, true, false], vec![]),
            (&[(c"x", 2), (c"x", 3)], &[true, false], vec![inode.clone()]),
            (&[(c"y", 3)], &[false], absent()),
            (&[(c"x", 0)], &[true], vec![inode.clone()]),
        ];
        let sights = |search: &mut Search, listed: &[(&CStr, u64)]| -> Vec<bool> {
            listed.iter().map(|&(name, ino)| search.sights(name, Ino::new(ino))).collect()
        };
        for (listed, new, rest) in cases {
            let mut search = Search::new(absent(), true);
            assert_eq!(sights(&mut search, listed), new, "{listed:?}");
            assert_eq!(search.is_over(), rest.is_empty(), "{listed:?}");
            assert_eq!(search.into_rest().collect::<Vec<_>>(), rest, "{listed:?}");
        }
        let mut of_fuse = Search::new(absent(), false);
        assert!(of_fuse.sights(c"x", Ino::new(2)) && of_fuse.is_over(), "its numbers say nothing");
        let mut alone = Search::new(vec![inode], true);
        assert_eq!(sights(&mut alone, &[(c"x", 2), (c"y", 1)]), [false, true], "its name was told of");
    }
}
