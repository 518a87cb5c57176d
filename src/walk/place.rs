//! Where a visitor is told of something: a name in a directory; its path is built only when asked for.

use super::dir::{Dir, Head, Origin};
use crate::sys::SysError;
use crate::sys::dir::{Reach, find_beneath};
use crate::sys::procfs::with_path_of;
use crate::sys::stat::look;
use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

/// How many names are looked up at once. More than that is seldom nested, and always exact.
const FAR: usize = 64;

/// A name in a directory that was entered, or that directory itself.
pub(crate) struct Place<'a, H> {
    dir: &'a Dir<H>,
    fd: Option<BorrowedFd<'a>>,
    name: Option<&'a CStr>,
}

/// How paths come to a directory.
#[derive(Clone, Copy)]
pub(crate) enum Whence<'a> {
    /// By its name in the one above.
    Name(&'a CStr),
    /// It is a start, and that is its prefix.
    Prefix(&'a [u8]),
}

impl<H> Clone for Place<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Place<'_, H> {}

impl<'a, H> Place<'a, H> {
    /// A name in an open directory.
    pub(crate) fn of(dir: &'a Dir<H>, fd: BorrowedFd<'a>, name: &'a CStr) -> Self {
        Place { dir, fd: Some(fd), name: Some(name) }
    }

    /// A name in a directory that could not be opened again.
    pub(crate) fn lost(dir: &'a Dir<H>, name: &'a CStr) -> Self {
        Place { dir, fd: None, name: Some(name) }
    }

    /// An entered directory itself.
    pub(crate) fn itself(dir: &'a Dir<H>, fd: Option<BorrowedFd<'a>>) -> Self {
        Place { dir, fd, name: None }
    }

    /// What is known of the directory it is in; of the directory itself at `begin`.
    pub(crate) fn here(&self) -> &'a H {
        &self.dir.here
    }

    /// Its name; `.` for a directory itself.
    pub(crate) fn name(&self) -> &'a CStr {
        self.name.unwrap_or(c".")
    }

    /// The open directory and the name in it, for more questions; `None` where the directory is lost.
    pub(crate) fn parent(&self) -> Option<(BorrowedFd<'a>, &'a CStr)> {
        Some((self.fd?, self.name()))
    }

    /// Its path: the start's prefix, then every name on the way; `.` for the start itself.
    pub(crate) fn path(&self) -> Vec<u8> {
        let (_, head) = start_of(self.dir);
        let path = path_below(&head.prefix, self.dir, self.name);
        if path.is_empty() { b".".to_vec() } else { path }
    }

    /// The directory that it is in, and every one above it up to the start: what is known of each, and whence it came.
    pub(crate) fn line(&self) -> impl Iterator<Item = (&'a H, Whence<'a>)> + use<'a, H> {
        let mut next = Some(self.dir);
        std::iter::from_fn(move || {
            let dir = next?;
            let (above, whence) = match dir.origin() {
                Origin::Below(parent, name) => (Some(&**parent), Whence::Name(name)),
                Origin::Start(head) => (None, Whence::Prefix(&head.prefix)),
            };
            next = above;
            Some((&dir.here, whence))
        })
    }

    /// Whether it is an entered directory itself.
    pub(crate) fn is_itself(&self) -> bool {
        self.name.is_none()
    }

    /// Whether the directory that holds it can still be reached from the start by the names that led to it.
    ///
    /// What was moved out of the tree meanwhile can't. Costs a lookup of the whole path, unless `/proc/self/fd` is given
    /// and tells that nothing changed; so deep that it can't tell (PATH_MAX), of the path from where one led lately.
    pub(crate) fn still_below(&self, fds: Option<&OwnedFd>) -> Result<bool, SysError> {
        let Origin::Below(..) = self.dir.origin() else { return Ok(true) };
        let is_told = |fds| with_path_of(fds, self.fd?, |path| self.is_at(path, fds));
        if fds.and_then(is_told) == Some(true) {
            return Ok(true);
        }
        match reach(self.dir) {
            Ok(is_there) => Ok(is_there),
            Err(error) if error.is_gone() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a path, which procfs told of the directory, leads to it from the start.
    fn is_at(&self, path: &[u8], fds: &OwnedFd) -> bool {
        let (start, head) = start_of(self.dir);
        let Some(top) = start.open() else { return false };
        let place = head.place(|| with_path_of(fds, &top, <[u8]>::to_vec));
        place.is_some_and(|place| leads_to(path, place, self.dir))
    }
}

/// Whether the names below a start lead to a directory.
///
/// That is looked up from the nearest directory above it that was reached lately. One far below that is gone to by half
/// the way at a time, and what is passed by counts as reached: of n nested directories each costs a few lookups, not n.
fn reach<H>(dir: &Dir<H>) -> Result<bool, SysError> {
    let mut way = Vec::new();
    let mut at = dir;
    let mut from = loop {
        let Origin::Below(parent, _) = at.origin() else {
            break match at.open() {
                Some(fd) => fd,
                None => return Ok(true),
            };
        };
        if let Some(fd) = at.reached_lately() {
            break fd;
        }
        way.push(at);
        at = parent;
    };
    way.reverse();
    let mut rest = way.as_slice();
    while !rest.is_empty() {
        let is_far = rest.len() > FAR;
        let (hop, after) = rest.split_at(if is_far { rest.len() / 2 } else { rest.len() });
        let target = hop[hop.len() - 1];
        from = Arc::new(find_beneath(&*from, &names(hop.iter().copied()), Reach::Any)?);
        if look(&*from)?.entry.id != target.id() {
            return Ok(false);
        }
        if is_far {
            target.reached();
        }
        rest = after;
    }
    Ok(true)
}

/// The names of directories, each in the one before, with slashes between.
pub(super) fn names<'a, H: 'a>(nested: impl Iterator<Item = &'a Dir<H>>) -> Vec<u8> {
    nested.map(Dir::name).collect::<Vec<_>>().join(&b'/')
}

/// The directory that the walk of this one started in, and the head of its paths.
fn start_of<H>(mut dir: &Dir<H>) -> (&Dir<H>, &Head) {
    loop {
        match dir.origin() {
            Origin::Start(head) => return (dir, head),
            Origin::Below(parent, _) => dir = parent,
        }
    }
}

/// Whether a path is that of a start, followed by the names from there to a directory.
fn leads_to<H>(path: &[u8], start: &[u8], mut dir: &Dir<H>) -> bool {
    // The kernel says so of a directory that was removed, and somebody may call one that.
    if path.ends_with(b" (deleted)") {
        return false;
    }
    let mut rest = path;
    while let Origin::Below(parent, name) = dir.origin() {
        let above = rest.strip_suffix(name.to_bytes()).and_then(|above| above.strip_suffix(b"/"));
        let Some(above) = above else { return false };
        (rest, dir) = (above, parent);
    }
    // The root of all has the only path that ends in a slash.
    rest == start.strip_suffix(b"/").unwrap_or(start)
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

#[cfg(test)]
mod tests {
    use super::super::dir::testing::{below, start};
    use super::*;
    use std::fs::create_dir_all;
    use std::path::Path;
    use tempfile::tempdir;

    #[test]
    fn a_path_leads_to_a_directory_by_every_name() {
        let tree = tempdir().unwrap();
        create_dir_all(tree.path().join("a/b")).unwrap();
        let top = start(tree.path());
        let deep = below(&below(&top, c"a"), c"b");
        for path in
            ["/x/a/b", "/x/b", "/x/a/b (deleted)", "/x/a/b/", "/a/b", "a/b", "b", "", "/xa/b", "/x/aa/b", "/y/x/a/b"]
        {
            assert_eq!(leads_to(path.as_bytes(), b"/x", &deep), path == "/x/a/b", "{path}");
        }
        assert!(leads_to(b"/x", b"/x", &top) && !leads_to(b"/", b"/x", &top));
    }

    #[test]
    fn a_directory_that_is_called_deleted_may_be() {
        let tree = tempdir().unwrap();
        create_dir_all(tree.path().join("x (deleted)/y")).unwrap();
        let called_so = below(&start(tree.path()), c"x (deleted)");
        assert!(!leads_to(b"/t/x (deleted)", b"/t", &called_so));
        assert!(leads_to(b"/t/x (deleted)/y", b"/t", &below(&called_so, c"y")));
    }

    #[test]
    fn below_the_root_of_all_there_is_one_slash() {
        let usr = below(&start(Path::new("/")), c"usr");
        assert!(leads_to(b"/usr", b"/", &usr));
        assert!(!leads_to(b"//usr", b"/", &usr) && !leads_to(b"/usr/usr", b"/", &usr) && !leads_to(b"usr", b"/", &usr));
    }

    #[test]
    fn paths_are_the_names_with_slashes_between() {
        let tree = tempdir().unwrap();
        create_dir_all(tree.path().join("a/b")).unwrap();
        let top = start(tree.path());
        let deep = below(&below(&top, c"a"), c"b");
        for (prefix, dir, name, path) in [
            (&b""[..], &top, None, &b""[..]),
            (b"", &top, Some(c"f"), b"f"),
            (b"p", &top, None, b"p"),
            (b"p/q", &top, Some(c"f"), b"p/q/f"),
            (b"", &deep, None, b"a/b"),
            (b"p", &deep, Some(c"f"), b"p/a/b/f"),
        ] {
            assert_eq!(path_below(prefix, dir, name), path);
        }
        assert_eq!(Place::itself(&deep, None).path(), b"a/b");
        assert_eq!(Place::itself(&top, None).path(), b".");
    }

    #[test]
    fn far_below_a_start_it_is_seen_too_that_a_name_leads_elsewhere() {
        let tree = tempdir().unwrap();
        let path = std::iter::repeat_n("d", 3 * FAR).collect::<Vec<_>>().join("/");
        create_dir_all(tree.path().join(&path)).unwrap();
        let mut deep = start(tree.path());
        for _ in 0..3 * FAR {
            deep = below(&deep, c"d");
        }
        assert_eq!((reach(&deep), reach(&deep)), (Ok(true), Ok(true)), "from the start, and from where it led lately");
        let Origin::Below(parent, _) = deep.origin() else { panic!("it is below") };
        std::fs::rename(tree.path().join(&path), tree.path().join("away")).unwrap();
        assert_eq!(reach(&deep).map_err(|error| error.errno), Err(rustix::io::Errno::NOENT));
        assert_eq!(reach(parent), Ok(true));
        std::fs::create_dir(tree.path().join(&path)).unwrap();
        assert_eq!(reach(&deep), Ok(false));
    }
}
