//! What is to be mounted where, as fstab(5) says: a directory that lacks its mount isn't what a policy is about.

use super::mounts::Mounts;
use crate::model::text::escape::unescape_octal;
use crate::sys::file::open_for_reading;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Where it says that.
pub(crate) const FSTAB: &str = "/etc/fstab";

/// More than such a file ever has.
const MOST: u64 = 1 << 20;

/// A mount point that fstab(5) names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Point {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is mounted by hand alone (`noauto`).
    pub by_hand: bool,
}

/// All mount points that fstab(5) names; none where it can't be read, as nobody mounts by it then.
pub(crate) fn points() -> Vec<Point> {
    let mut text = Vec::new();
    match open_for_reading(Path::new(FSTAB)).map(|file| file.take(MOST).read_to_end(&mut text)) {
        Ok(Ok(_)) => parse(&text),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

/// The innermost of them at or above a path.
pub(crate) fn above<'p>(points: &'p [Point], path: &Path) -> Option<&'p Point> {
    points.iter().filter(|point| path.starts_with(&point.path)).max_by_key(|point| point.path.as_os_str().len())
}

/// The mount points at or above places: of what is mounted now, and of what fstab(5) says.
pub(crate) fn points_above(places: &[PathBuf]) -> BTreeSet<PathBuf> {
    let (mounts, points) = (Mounts::read().unwrap_or_default(), points());
    let innermost = |place: &'_ PathBuf| {
        let by_fstab = above(&points, place).map(|point| point.path.as_path());
        let all = [mounts.point_above(place), by_fstab].into_iter().flatten();
        all.max_by_key(|point| point.as_os_str().len()).map(Path::to_path_buf)
    };
    places.iter().filter_map(innermost).collect()
}

/// Those of these roots that something is mounted on that nobody would miss: fstab(5) doesn't name it.
pub(crate) fn points_unnamed(roots: &[PathBuf]) -> Vec<&Path> {
    let (mounts, points) = (Mounts::read().unwrap_or_default(), points());
    let is_named = |path: &Path| above(&points, path).is_some_and(|point| point.path == path && !point.by_hand);
    roots.iter().map(PathBuf::as_path).filter(|root| mounts.is_point(root) && !is_named(root)).collect()
}

fn parse(text: &[u8]) -> Vec<Point> {
    text.split(|&byte| byte == b'\n').filter_map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Option<Point> {
    // UUID=1a2b /srv/a\040b ext4 defaults,noauto 0 2
    let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    fields.next().filter(|source| !source.starts_with(b"#"))?;
    let path = PathBuf::from(OsString::from_vec(unescape_octal(fields.next()?)));
    // `none` and `swap` aren't places, and `/` is there whatever is said of it.
    if !path.is_absolute() || path.parent().is_none() || fields.next() == Some(b"swap") {
        return None;
    }
    let by_hand = fields.next().unwrap_or_default().split(|&byte| byte == b',').any(|option| option == b"noauto");
    // Without the `/` at its end, that people write.
    Some(Point { path: path.components().collect(), by_hand })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_point_above_a_path_is_found() {
        let points = parse(
            b"# /dev/sda1 /boot ext4 defaults 0 2\n/dev/sda2 / ext4 defaults 0 1\nUUID=7 none swap sw 0 0\n\
              \n/dev/vdb\t/srv/a\\040b/  xfs rw,noauto 0 2\nserver:/x /srv nfs defaults\nodd\n/dev/vdc /x swap",
        );
        let above = |path: &str| above(&points, Path::new(path)).map(|point| (point.path.to_str(), point.by_hand));
        assert_eq!(above("/srv/a b/c"), Some((Some("/srv/a b"), true)));
        assert_eq!(above("/srv/a bc"), Some((Some("/srv"), false)));
        assert_eq!(above("/srv"), Some((Some("/srv"), false)));
        assert_eq!((above("/boot"), above("/home"), above("/x")), (None, None, None));
    }
}
