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
        let (_, prefix) = start_of(self.dir);
        let path = path_below(prefix, self.dir, self.name);
        if path.is_empty() { b".".to_vec() } else { path }
    }

    /// Whether the directory that holds it can still be reached from the start by the names that led to it.
    ///
    /// What was moved out of the tree meanwhile can't. Costs a lookup of the whole path.
    pub fn still_below(&self) -> Result<bool, SysError> {
        let path = path_below(b"", self.dir, None);
        let (start, _) = start_of(self.dir);
        let Some(fd) = start.open().filter(|_| !path.is_empty()) else { return Ok(true) };
        match find_beneath(fd.as_fd(), &path, Reach::Any) {
            Ok(found) => Ok(look(found)?.entry.id == self.dir.id()),
            Err(error) if super::hand::is_gone(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The directory that the walk of this one started in, and the prefix of its paths.
fn start_of<H>(mut dir: &Dir<H>) -> (&Dir<H>, &[u8]) {
    loop {
        match dir.origin() {
            Origin::Start(prefix) => return (dir, prefix),
            Origin::Below(parent, _) => dir = parent,
        }
    }
}

/// A prefix, the names from the start down to a directory, and a name in it, with slashes between.
fn path_below<H>(prefix: &[u8], dir: &Dir<H>, name: Option<&CStr>) -> Vec<u8> {
    // Names are known from the last to the first: counted once, then put in from the end.
    let mut length = 0;
    each_name(dir, name, |name| length += name.len() + 1);
    let is_headless = prefix.is_empty() && length > 0;
    let mut path = vec![b'/'; prefix.len() + length - usize::from(is_headless)];
    path[..prefix.len()].copy_from_slice(prefix);
    let mut end = path.len();
    each_name(dir, name, |name| {
        let start = end - name.len();
        path[start..end].copy_from_slice(name);
        end = start.saturating_sub(1);
    });
    path
}

/// Each name from a name in a directory up to the start, which has none of its own.
fn each_name<H>(mut dir: &Dir<H>, name: Option<&CStr>, mut each: impl FnMut(&[u8])) {
    name.into_iter().for_each(|name| each(name.to_bytes()));
    while let Origin::Below(parent, name) = dir.origin() {
        each(name.to_bytes());
        dir = parent;
    }
}
