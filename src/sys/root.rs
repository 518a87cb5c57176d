//! Roots of trees by their absolute path: opening them, and what lies above them.

use super::SysError;
use super::dir::{PASS, READ, Reach, Way, hold_at};
use super::features::KernelFeatures;
use super::stat::{Look, look, look_at};
use super::xattr::extras;
use crate::model::entry::{Entry, Kind};
use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;
use std::ffi::{CString, OsStr};
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// What to do about symbolic links in a root's path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Links {
    /// ELOOP or ENOTDIR.
    Refuse,
    /// Followed, as the kernel does.
    Follow,
}

/// Opens the directory at an absolute path for reading; one with `..` in it only where links are followed.
pub(crate) fn open_root(path: &Path, links: Links) -> Result<OwnedFd, SysError> {
    if links == Links::Follow {
        let flags = READ.difference(OFlags::NOFOLLOW);
        return openat(CWD, path, flags, Mode::empty()).map_err(SysError::of("openat"));
    }
    let names = names(path)?;
    let top = open_top(if names.is_empty() { READ } else { PASS })?;
    match names.join(&b'/') {
        below if below.is_empty() => Ok(top),
        below => Way::best().open_far(top, &below, READ, Reach::Any),
    }
}

/// Holds the directory at a path, symbolic links followed; it needs no right to read it.
pub(crate) fn hold_directory(path: &Path) -> Result<OwnedFd, SysError> {
    openat(CWD, path, PASS.difference(OFlags::NOFOLLOW), Mode::empty()).map_err(SysError::of("openat"))
}

/// Looks at every directory above an absolute path, from `/` down, without following links.
///
/// A component that isn't a directory ends the list: its look tells what it is.
pub(crate) fn ancestors(path: &Path) -> Result<Vec<(PathBuf, Look)>, SysError> {
    let mut seen = Vec::new();
    climb_down(path, |path, _, look| {
        seen.push((path.to_path_buf(), look));
        ControlFlow::Continue(())
    })?;
    Ok(seen)
}

/// Holds every directory from `/` down to an absolute path, and what lies there, without following links.
///
/// ENOTDIR where something on the way isn't a directory.
pub(crate) fn hold_way(path: &Path) -> Result<Vec<HeldEntry>, SysError> {
    let top = open_top(PASS)?;
    let mut way = vec![(PathBuf::from("/"), look(&top)?, top)];
    for name in names(path)? {
        let Some((above, _, dir)) = way.last() else { break };
        let fd = hold_at(dir, name)?;
        way.push((above.join(OsStr::from_bytes(name)), look(&fd)?, fd));
    }
    Ok(way.into_iter().map(|(path, look, fd)| (path, fd, look)).collect())
}

/// An entry of a way, by its path and held.
pub(crate) type HeldEntry = (PathBuf, OwnedFd, Look);

/// How many symbolic links are followed on one way, as the kernel has it (path_resolution(7)).
const LINKS: usize = 40;

/// Holds every directory that is passed on the way to what an absolute path leads to, symbolic links followed, and at
/// last that; before it the directory that it lies in. An error comes with the path where it went wrong.
pub(crate) fn hold_way_through(path: &Path) -> Result<Vec<HeldEntry>, (PathBuf, SysError)> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error| (path, error)
    };
    let top = open_top(PASS).and_then(|top| Ok((PathBuf::from("/"), look(&top)?, top))).map_err(failed(path))?;
    // All that was passed, and which of that leads down to where we are.
    let (mut way, mut line, mut links) = (vec![top], vec![0], 0);
    let reversed = |path: &Path| path.components().rev().map(|name| name.as_os_str().to_owned()).collect::<Vec<_>>();
    let mut rest = reversed(path);
    while let Some(name) = rest.pop() {
        let (above, _, dir) = &way[line[line.len() - 1]];
        match name.as_bytes() {
            b"/" => line.truncate(1),
            b"." => {}
            b".." => line.truncate((line.len() - 1).max(1)),
            _ => {
                let at = above.join(&name);
                let (seen, fd) =
                    hold_at(dir, name.as_os_str()).and_then(|fd| Ok((look(&fd)?, fd))).map_err(failed(&at))?;
                if seen.entry.kind != Kind::Symlink {
                    line.push(way.len());
                    way.push((at, seen, fd));
                    continue;
                }
                links += 1;
                let error = (links > LINKS).then_some(SysError { call: "readlinkat", errno: Errno::LOOP });
                let target =
                    error.map_or_else(|| readlinkat(&fd, c"", Vec::new()).map_err(SysError::of("readlinkat")), Err);
                rest.extend(reversed(Path::new(OsStr::from_bytes(target.map_err(failed(&at))?.to_bytes()))));
            }
        }
    }
    // What was passed last needn't be the directory that the end lies in, and the end may have been passed itself.
    let (end, parent) = (line[line.len() - 1], line.len().checked_sub(2).map(|at| line[at]));
    if end + 1 != way.len() || parent.is_some_and(|parent| parent + 1 != end) {
        let again = |(path, seen, fd): &(PathBuf, Look, OwnedFd)| {
            let fd = fd.try_clone().map_err(SysError::of_io("fcntl(F_DUPFD_CLOEXEC)")).map_err(failed(path))?;
            Ok((path.clone(), seen.clone(), fd))
        };
        let parent = parent.map(|parent| again(&way[parent])).transpose()?;
        let last =
            if end + 1 == way.len() { way.pop().map_or_else(|| again(&way[end]), Ok) } else { again(&way[end]) }?;
        way.extend(parent);
        way.push(last);
    }
    Ok(way.into_iter().map(|(path, look, fd)| (path, fd, look)).collect())
}

/// The first directory above an absolute path that is as asked for; ACLs are asked of those that are without them.
pub(crate) fn first_above(
    path: &Path,
    features: &KernelFeatures,
    asked: impl Fn(&Entry) -> bool,
) -> Result<Option<(PathBuf, Entry)>, SysError> {
    let mut found = None;
    climb_down(path, |path, fd, look| {
        let is_it = |entry: &Entry| entry.kind == Kind::Dir && asked(entry);
        if is_it(&look.entry) {
            match extras(fd, features).map(|extras| Entry { extras, ..look.entry }) {
                Ok(entry) if is_it(&entry) => found = Some(Ok((path.to_path_buf(), entry))),
                Ok(_) => {}
                Err(error) => found = Some(Err(error)),
            }
        }
        if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    found.transpose()
}

fn climb_down(path: &Path, mut visit: impl FnMut(&Path, &OwnedFd, Look) -> ControlFlow<()>) -> Result<(), SysError> {
    let names = names(path)?;
    let Some((_, above)) = names.split_last() else { return Ok(()) };
    let (mut fd, mut at) = (open_top(PASS)?, PathBuf::from("/"));
    if visit(&at, &fd, look(&fd)?).is_break() {
        return Ok(());
    }
    for name in above {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fd = openat(&fd, *name, flags, Mode::empty()).map_err(SysError::of("openat"))?;
        at.push(OsStr::from_bytes(name));
        let look = look(&fd)?;
        let kind = look.entry.kind;
        if visit(&at, &fd, look).is_break() || kind != Kind::Dir {
            break;
        }
    }
    Ok(())
}

/// The path that leads to the same place without symbolic links and `..`.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, SysError> {
    std::fs::canonicalize(path).map_err(SysError::of_io("realpath"))
}

/// Whether something lies at a path, symbolic links followed.
pub(crate) fn exists(path: &Path) -> Result<bool, SysError> {
    path.try_exists().map_err(SysError::of_io("statx"))
}

/// Looks at what lies at a path; a symbolic link at its end is looked at itself.
pub(crate) fn look_at_path(path: &Path) -> Result<Look, SysError> {
    let path =
        CString::new(path.as_os_str().as_bytes()).map_err(|_| SysError { call: "statx", errno: Errno::INVAL })?;
    look_at(CWD, &path)
}

/// Who owns a path, or of the directories above it the last that can be looked at.
pub(crate) fn nearest_owner(path: &Path) -> Option<u32> {
    path.ancestors().find_map(|path| look_at_path(path).ok()).map(|look| look.entry.state.uid)
}

fn open_top(flags: OFlags) -> Result<OwnedFd, SysError> {
    openat(CWD, c"/", flags, Mode::empty()).map_err(SysError::of("openat"))
}

/// The components of an absolute path; EINVAL for any other, or one with `..`.
fn names(path: &Path) -> Result<Vec<&[u8]>, SysError> {
    let wrong = SysError { call: "openat", errno: Errno::INVAL };
    if !path.is_absolute() {
        return Err(wrong);
    }
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name.as_bytes()),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(wrong),
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// `real/below`, and `link` to `real`.
    fn linked() -> (tempfile::TempDir, PathBuf) {
        let tree = tempfile::tempdir().unwrap();
        let top = tree.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("real/below")).unwrap();
        symlink("real", top.join("link")).unwrap();
        (tree, top)
    }

    #[test]
    fn links_are_followed_only_where_told() {
        let (_tree, top) = linked();
        let id = |path: &str, links| open_root(&top.join(path), links).map(|fd| look(fd).unwrap().entry.id);
        let there = id("real/below", Links::Refuse).unwrap();
        assert_eq!(id("link/below", Links::Follow).unwrap(), there);
        assert!(["link/below", "link", "real/../real"].iter().all(|path| id(path, Links::Refuse).is_err()));
        assert!(open_root(Path::new("/"), Links::Refuse).is_ok());
        assert!(open_root(Path::new("relative"), Links::Refuse).is_err());
    }

    #[test]
    fn every_directory_above_is_told_until_a_link() {
        let (_tree, top) = linked();
        let above = ancestors(&top.join("real/below")).unwrap();
        let paths: Vec<_> = above.iter().map(|(path, _)| path.as_path()).collect();
        let mut expected: Vec<_> = Path::new(&top).join("real").ancestors().map(Path::to_path_buf).collect();
        expected.reverse();
        assert_eq!(paths, expected);
        assert!(above.iter().all(|(_, look)| look.entry.kind == Kind::Dir));
        let crossed = ancestors(&top.join("link/below/deeper")).unwrap();
        assert_eq!(
            crossed.last().map(|(path, look)| (path.clone(), look.entry.kind)),
            Some((top.join("link"), Kind::Symlink))
        );
        assert!(ancestors(Path::new("/")).unwrap().is_empty());
    }
}
