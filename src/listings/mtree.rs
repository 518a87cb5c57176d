//! mtree(5): NetBSD's and libarchive's; directories within each other, or whole paths.

use super::manifest::{Manifest, Told};
use super::owners::{Of, Owners};
use super::place::{Placing, items};
use super::{Item, Listing, ListingError, Record};
use crate::model::entry::State;
use crate::model::mode::Mode;
use std::io::BufRead;

/// A manifest, as a listing.
pub(super) struct Mtree<R> {
    manifest: Manifest<R>,
    placing: Placing,
    owners: Owners,
    pending: Option<Item>,
}

impl<R: BufRead> Mtree<R> {
    /// Reads it from here.
    pub(super) fn new(input: R, placing: Placing, owners: Owners) -> Mtree<R> {
        Mtree { manifest: Manifest::new(input), placing, owners, pending: None }
    }
}

impl<R: BufRead> Listing for Mtree<R> {
    fn next(&mut self) -> Result<Option<Item>, ListingError> {
        if let Some(pending) = self.pending.take() {
            return Ok(Some(pending));
        }
        let Some(Told { line, path, kind, mode, uid, gid, user, group, nlink, inode }) = self.manifest.next_told()?
        else {
            return Ok(None);
        };
        let place = || format!("line {line}");
        let uid = self.owners.id(Of::User, user.as_deref(), uid, &place)?;
        let gid = self.owners.id(Of::Group, group.as_deref(), gid, &place)?;
        let state = match (uid, gid, mode) {
            (Some(uid), Some(gid), Some(mode)) => Some(State { uid, gid, mode: Mode::new(mode) }),
            _ => None,
        };
        let (nlink, ino) = (nlink.unwrap_or(1), inode.unwrap_or_default());
        let record = Record { path: Vec::new(), kind, state, nlink, ino, bytes: 0 };
        let placed = self.placing.place(&path).map_err(|why| self.manifest.error(why))?;
        let (item, besides) = items(placed, &path, record);
        self.pending = besides;
        Ok(Some(item))
    }

    fn remarks(&self) -> Vec<String> {
        self.owners.remarks()
    }
}

#[cfg(test)]
mod tests {
    use super::super::owners::testing::few;
    use super::super::testing::{all, told};
    use super::*;

    fn read(text: &str) -> (Vec<String>, String) {
        let (items, error) = all(&mut Mtree::new(text.as_bytes(), Placing { base: None, strip: 0 }, few()));
        (items.iter().map(told).collect(), error.map_or_else(String::new, |error| error.to_string()))
    }

    #[test]
    fn both_sorts_are_read() {
        let netbsd = "#mtree\n\n/set type=file uid=0 gid=0 mode=0644 nlink=1\n. type=dir mode=02775 nlink=3\n    \
                      a\\040b  gname=lab size=3\n# d\n    d type=dir mode=0755 \\\n  uname=alice\n        f mode=04755 optional\n    ..\n    \
                      l type=link\n..\n";
        let expected = [
            "dir 0:0 2775 3 []",
            "file 0:7 0644 1 [a b]",
            "dir 5:0 0755 1 [d]",
            "file 0:0 4755 1 [d/f]",
            "symlink 0:0 0644 1 [l]",
        ];
        assert_eq!(read(netbsd), (expected.map(str::to_owned).to_vec(), String::new()));
        let bsdtar = "#mtree\n/set mode=644\n./x/y\\303\\251 type=file uid=1 gid=2\n/unset mode\n./z type=socket uid=1 gid=2\n/abs type=file\n../up type=file\n";
        let expected = [
            "file 1:2 0644 1 [x/y\u{e9}]",
            "socket ? 1 [z]",
            "file ? 1 [abs]",
            "escaping file [/abs]",
            "escaping file [../up]",
        ];
        assert_eq!(read(bsdtar), (expected.map(str::to_owned).to_vec(), String::new()));
    }

    #[test]
    fn a_backslash_that_is_escaped_ends_no_line() {
        assert_eq!(read("a\\\\\nb type=file uid=0 gid=0 mode=0\n").1, "line 1: it has no `type`");
    }

    #[test]
    fn what_is_no_manifest_is_told_by_its_line() {
        for (text, place, why) in [
            ("a type=file\nb\n", "line 2", "no `type`"),
            ("a type=file mode=u+x\n", "line 1", "can't be read"),
            ("a type=file mode=12345\n", "line 1", "can't be read"),
            (". type=dir\n..\n..\n", "line 3", "leads out"),
            ("a\\q type=file\n", "line 1", "vis(3)"),
            ("a\\000 type=file\n", "line 1", "NUL"),
            ("a type=file", "line 1", "cut off"),
            ("a type=file \\\n", "line 2", "cut off"),
        ] {
            let error = read(text).1;
            assert!(error.starts_with(place) && error.contains(why), "{text:?}: {error}");
        }
        assert!(read(&format!("{} type=file\n", "a".repeat(1 << 20))).1.contains("too long"));
    }
}
