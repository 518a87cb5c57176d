//! PATHs of the command line, made absolute and freed of symbolic links.

use super::exit::Failure;
use crate::model::entry::Kind;
use crate::model::text::escape;
use crate::sys::SysError;
use crate::sys::root::{look_at_path, resolve};
use rustix::io::Errno;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// A path for a message.
pub(crate) fn shown(path: &Path) -> String {
    escape::escape(path.as_os_str().as_bytes()).into_owned()
}

/// The absolute path of what the user named; `..` only as the kernel would go it.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let absolute = std::path::absolute(path)
        .map_err(|error| Failure::usage(format!("can't tell where {} is: {error}", shown(path))))?;
    if absolute.components().any(|component| component == Component::ParentDir) {
        return resolved(&absolute);
    }
    Ok(absolute.components().collect())
}

/// The directory that a template is bound to where this PATH is named: the one that what isn't a directory lies in.
pub(crate) fn directory(path: &Path) -> PathBuf {
    let is_other = resolve(path).and_then(|real| look_at_path(&real)).is_ok_and(|look| look.entry.kind != Kind::Dir);
    let parent = path.parent().filter(|_| is_other);
    parent.unwrap_or(path).to_path_buf()
}

/// The path without symbolic links, but for one at its end: that is an entry of its own.
pub(crate) fn without_links(path: &Path) -> Result<PathBuf, Failure> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(path.to_path_buf()) };
    let real = resolve(parent).map_err(|error| not_there(path, error))?.join(name);
    look_at_path(&real).map_err(|error| not_there(path, error))?;
    Ok(real)
}

/// The path without any symbolic link.
pub(crate) fn resolved(path: &Path) -> Result<PathBuf, Failure> {
    resolve(path).map_err(|error| not_there(path, error))
}

/// Why a PATH is no good, where it can't be looked at.
pub(crate) fn not_there(path: &Path, error: SysError) -> Failure {
    let hint = match error.errno {
        Errno::ACCESS => "name a path that you may enter every directory of, or run as root",
        _ => "name a path that exists",
    };
    Failure::usage(format!("can't look at {}: {error}", shown(path))).hinted(hint)
}

/// Whether two paths are of one file, by whatever paths they are named: it needn't be there, but its directory is.
pub(crate) fn is_one_file(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let path = std::path::absolute(path).ok()?;
        let (parent, name) = (path.parent()?, path.file_name()?.to_owned());
        let id = resolve(parent).and_then(|real| look_at_path(&real)).ok()?.entry.id;
        Some((id.dev, id.ino, name))
    };
    one == other || place(one).is_some_and(|place_of_one| place(other) == Some(place_of_one))
}
