//! Where a visitor is told of something: a name in a directory; its path is built only when asked for.

use super::dir::{Dir, Origin};
use crate::sys::SysError;
use crate::sys::dir::{Reach, find_beneath};
use crate::sys::stat::look;
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

/// A name in a directory that was entered, or that directory itself.
pub struct Place<'a, H> {
    dir: &'a Dir<H>,
    fd: Option<BorrowedFd<'a>>,
    name: Option<&'a CStr>,
}

impl<H> Clone for Place<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Place<'_, H> {}

impl<'a, H> Place<'a, H> {
    /// A name in an open directory.
    pub(super) fn of(dir: &'a Dir<H>, fd: BorrowedFd<'a>, name: &'a CStr) -> Self {
        Place { dir, fd: Some(fd), name: Some(name) }
    }

    /// A name in a directory that could not be opened again.
    pub(super) fn lost(dir: &'a Dir<H>, name: &'a CStr) -> Self {
        Place { dir, fd: None, name: Some(name) }
    }

    /// An entered directory itself.
    pub(super) fn itself(dir: &'a Dir<H>, fd: Option<BorrowedFd<'a>>) -> Self {
        Place { dir, fd, name: None }
    }

    /// What is known of the directory it is in; of the directory itself at `begin`.
    pub fn here(&self) -> &'a H {
        &self.dir.here
    }

    /// Its name; `.` for a directory itself.
    pub fn name(&self) -> &'a CStr {
        self.name.unwrap_or(c".")
    }

    /// The open directory and the name in it, for more questions; `None` where the directory is lost.
    pub fn parent(&self) -> Option<(BorrowedFd<'a>, &'a CStr)> {
        Some((self.fd?, self.name()))
    }

    /// Its path: the start's prefix, then every name on the way; `.` for the start itself.
    pub fn path(&self) -> Vec<u8> {
        let (prefix, names) = self.names();
        let path = joined(Some(prefix).filter(|prefix| !prefix.is_empty()), &names);
        if path.is_empty() { b".".to_vec() } else { path }
    }

    /// Whether the directory that holds it can still be reached from the start by the names that led to it.
    ///
    /// What was moved out of the tree meanwhile can't. Costs a lookup of the whole path.
    pub fn still_below(&self) -> Result<bool, SysError> {
        let mut start = self.dir;
        while let Origin::Below(parent, _) = start.origin() {
            start = parent;
        }
        let (_, names) = Place::itself(self.dir, None).names();
        let Some(fd) = start.open().filter(|_| !names.is_empty()) else { return Ok(true) };
        match find_beneath(fd.as_fd(), &joined(None, &names), Reach::Any) {
            Ok(found) => Ok(look(found)?.entry.id == self.dir.id()),
            Err(error) if super::hand::is_gone(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The start's prefix, and the names from there on.
    fn names(&self) -> (&'a [u8], Vec<&'a [u8]>) {
        let mut names: Vec<&[u8]> = self.name.iter().map(|name| name.to_bytes()).collect();
        let mut dir = self.dir;
        loop {
            match dir.origin() {
                Origin::Start(prefix) => {
                    names.reverse();
                    return (prefix, names);
                }
                Origin::Below(parent, name) => {
                    names.push(name.to_bytes());
                    dir = parent;
                }
            }
        }
    }
}

fn joined(prefix: Option<&[u8]>, names: &[&[u8]]) -> Vec<u8> {
    let parts: Vec<&[u8]> = prefix.into_iter().chain(names.iter().copied()).collect();
    parts.join(&b'/')
}
