//! Units: what one machine is to do of a check, and files of them.
//!
//! ```text
//!     /srv/lab NUL . NUL                        all of a root
//!     /srv/lab NUL runs/2026 NUL                what lies at and below a path in it
//!     /srv/lab NUL /runs NUL 2 NUL -a NUL db NUL    names of a directory in it, each behind the letter of its kind
//! ```

use crate::findings::part::Names;
use crate::model::path::{below, is_plain, path_order};
use std::cmp::Ordering;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// What lies at and below a path of a region, or some names of the directory there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unit {
    /// The real path of the region's root.
    pub root: PathBuf,
    /// The path from there; `.` for the root itself.
    pub path: Vec<u8>,
    /// The names; `None` for all that lies there.
    pub names: Option<Names>,
}

/// No file of units names more of a directory at once.
const MOST_NAMES: usize = 1 << 16;

impl Unit {
    /// The path of what it is about, for people.
    pub(crate) fn absolute(&self) -> PathBuf {
        match &*self.path {
            b"." => self.root.clone(),
            path => self.root.join(OsStr::from_bytes(path)),
        }
    }

    /// The order of units: by path, all of a directory before names of it.
    fn order(&self, other: &Unit) -> Ordering {
        let by_root = || path_order(self.root.as_os_str().as_bytes(), other.root.as_os_str().as_bytes());
        let names = |unit: &Unit| unit.names.as_ref().map(|names| names.0.clone());
        by_root().then_with(|| path_order(&self.path, &other.path)).then_with(|| names(self).cmp(&names(other)))
    }

    /// Whether another that stands behind it in their order is part of it.
    fn covers(&self, other: &Unit) -> bool {
        if self.root != other.root {
            return false;
        }
        match &self.names {
            Some(_) => self.path == other.path && self.names == other.names,
            None => below(&self.path, &other.path).is_some(),
        }
    }

    /// Writes it.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.root.as_os_str().as_bytes())?;
        out.write_all(b"\0")?;
        match &self.names {
            None => {
                out.write_all(&self.path)?;
                out.write_all(b"\0")
            }
            Some(names) => {
                out.write_all(b"/")?;
                out.write_all(&self.path)?;
                write!(out, "\0{}\0", names.count())?;
                out.write_all(&names.0)
            }
        }
    }
}

/// Puts units in order.
pub(crate) fn sort(units: &mut [Unit]) {
    units.sort_by(Unit::order);
}

/// Reads a file of units, each path checked: its root is absolute, what lies below names no `.`, `..` or nothing, and no unit
/// is part of another. They come in order.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Unit>, String> {
    let fail = |number: usize, message: &str| Err(format!("unit {number}: {message}"));
    if !bytes.is_empty() && !bytes.ends_with(b"\0") {
        return Err("it doesn't end with a NUL, so it was cut off".into());
    }
    let mut fields = bytes.split_inclusive(|&byte| byte == 0);
    let mut units: Vec<Unit> = Vec::new();
    while let Some(root) = fields.next().map(without_end) {
        let number = units.len() + 1;
        let Some(path) = fields.next().map(without_end) else { return fail(number, "there is a root, and no path") };
        let root = Path::new(OsStr::from_bytes(root));
        if !is_plain_root(root) {
            return fail(number, "its root isn't an absolute path without `.` and `..`");
        }
        let (path, has_names) = path.strip_prefix(b"/").map_or((path, false), |path| (path, true));
        if !is_plain(path) {
            return fail(number, "its path isn't one from the root, without empty names, `.` and `..`");
        }
        let names = if has_names { Some(names(&mut fields).ok_or_else(|| bad_names(number))?) } else { None };
        units.push(Unit { root: root.into(), path: path.to_vec(), names });
    }
    sort(&mut units);
    // What lies below a path stands right behind it.
    let mut outer: Option<&Unit> = None;
    for unit in &units {
        if let Some(outer) = outer.filter(|outer| outer.covers(unit)) {
            let (inner, outer) = (unit.absolute(), outer.absolute());
            return Err(format!("{} is part of {}, which is another unit", inner.display(), outer.display()));
        }
        outer = Some(unit);
    }
    Ok(units)
}

fn bad_names(number: usize) -> String {
    format!("unit {number}: it isn't followed by so many names, each behind the letter of its kind")
}

/// The number of names that follow, and those.
fn names<'a>(fields: &mut impl Iterator<Item = &'a [u8]>) -> Option<Names> {
    let count: usize = std::str::from_utf8(without_end(fields.next()?)).ok()?.parse().ok()?;
    if !(1..=MOST_NAMES).contains(&count) {
        return None;
    }
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes.extend_from_slice(fields.next()?);
    }
    Names::from_bytes(bytes)
}

fn without_end(field: &[u8]) -> &[u8] {
    field.strip_suffix(b"\0").unwrap_or(field)
}

pub(super) fn is_plain_root(root: &Path) -> bool {
    let is_normal = root.components().skip(1).all(|component| matches!(component, Component::Normal(_)));
    let bytes = root.as_os_str().as_bytes();
    // Components pass over `.` and double slashes.
    root.is_absolute() && is_normal && (bytes == b"/" || is_plain(&bytes[1..]) && bytes != b"/.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(path: &str, names: Option<&[u8]>) -> Unit {
        let names = names.and_then(|names| Names::from_bytes(names.to_vec()));
        Unit { root: "/srv/lab".into(), path: path.into(), names }
    }

    #[test]
    fn units_come_back_in_path_order() {
        let in_order = [unit("a", Some(b"-x\0db\0")), unit("a", Some(b"-y\0")), unit("a/b", None), unit("a b", None)];
        let mut bytes = Vec::new();
        in_order.iter().rev().for_each(|unit| unit.write(&mut bytes).unwrap());
        assert_eq!(read(&bytes).as_deref(), Ok(&in_order[..]));
        assert_eq!(read(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_file_of_units_is_refused() {
        for (text, told) in [
            ("/srv\0a", "cut off"),
            ("/srv\0", "no path"),
            ("srv\0a\0", "unit 1: its root"),
            ("/srv/../etc\0a\0", "its root"),
            ("/srv//x\0a\0", "its root"),
            ("/.\0a\0", "its root"),
            ("/srv\0a\0/srv\0../x\0", "unit 2: its path"),
            ("/srv\0\0", "its path"),
            ("/srv\0a//b\0", "its path"),
            ("/srv\0//etc\0", "its path"),
            ("/srv\0/a\0", "names"),
            ("/srv\0/a\x002\0-b\0", "names"),
            ("/srv\0/a\x000\0", "names"),
            ("/srv\0/a\x0099999999\0-b\0", "names"),
            ("/srv\0/a\x001\0-../b\0", "names"),
            ("/srv\0a\0/srv\0a\0", "is part of"),
            ("/srv\0a/b\0/srv\0a\0/srv\0ab\0", "/srv/a/b is part of /srv/a,"),
            ("/srv\0.\0/srv\0a\0", "is part of"),
            ("/srv\0a\0/srv\0/a\x001\0-b\0", "is part of"),
            ("/srv\0/a\x001\0-b\0/srv\0/a\x001\0-b\0", "is part of"),
        ] {
            let read = read(text.as_bytes());
            assert!(read.as_ref().is_err_and(|error| error.contains(told)), "{text:?} {read:?}");
        }
    }
}
