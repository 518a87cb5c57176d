//! Looking again in one directory for what was missing there: whatever name it has by now, its inode number tells of it.

use super::dir::{Dir, Origin};
use super::missing::{Absent, Why};
use super::place::Place;
use super::settle::{LISTINGS, Memory};
use super::unread::Unread;
use super::visitor::{Visitor, Want};
use super::worker::Worker;
use crate::model::entry::Kind;
use crate::sys::SysError;
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
    is_sighted: Vec<bool>,
    by_name: HashMap<CString, usize>,
    by_ino: HashMap<Ino, usize>,
}

impl Search {
    fn new(absent: Vec<Absent>) -> Search {
        let by_name = absent.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        let by_ino = absent.iter().enumerate().filter_map(|(at, &(_, ino))| Some((ino?, at))).collect();
        Search { is_sighted: vec![false; absent.len()], absent, by_name, by_ino }
    }

    /// Whether a listed name is missed still, by itself or for its inode.
    fn sights(&mut self, name: &CStr, ino: Option<Ino>) -> bool {
        let found = [self.by_name.get(name).copied(), ino.and_then(|ino| self.by_ino.get(&ino).copied())];
        let is_new = found.iter().flatten().any(|&at| !self.is_sighted[at]);
        found.iter().flatten().for_each(|&at| self.is_sighted[at] = true);
        is_new
    }

    /// Whether all of it was listed.
    fn is_over(&self) -> bool {
        self.is_sighted.iter().all(|&is_sighted| is_sighted)
    }

    /// What wasn't listed.
    fn into_rest(self) -> impl Iterator<Item = Absent> {
        self.absent.into_iter().zip(self.is_sighted).filter(|&(_, is_sighted)| !is_sighted).map(|(absent, _)| absent)
    }
}

impl<V: Visitor> Worker<'_, V> {
    /// Lists a directory again, and judges what was missing in it.
    pub(crate) fn look_again(&mut self, dir: &Arc<Dir<V::Here>>, absent: Vec<Absent>) {
        let fd = match self.pool.descriptor(dir).and_then(|fd| resume(&fd, 0).map(|()| fd)) {
            Ok(fd) => fd,
            Err(error) => return self.lost(dir, error),
        };
        let mut search = Search::new(absent);
        let why = match self.search(dir, &fd, &mut search) {
            Ok(why) => why,
            Err(error) => return self.scheduler.missed.add_rest(&mut self.visitor, dir, error, Why::Gone),
        };
        for (name, ino) in search.into_rest() {
            // Made since, or moved past where the listing was.
            match look_at(&fd, &name) {
                _ if self.scheduler.is_over() => return,
                Err(error) if error.is_gone() => self.miss(dir, &name, ino, why),
                _ => self.child(dir.clone(), name, ino),
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
fn lists(fd: &OwnedFd, ino: Option<Ino>) -> Result<bool, SysError> {
    resume(fd, 0)?;
    let mut buffer = Buffer::default();
    let mut listing = Listing::new(fd, &mut buffer);
    while let Some(listed) = listing.next() {
        match listed {
            Ok(listed) if !listed.is_dot() && listed.ino() == ino => return Ok(true),
            Err(error) if error.errno != Errno::INTR => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(false)
}
