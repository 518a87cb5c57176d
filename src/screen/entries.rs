//! Entries counted up in words.

use crate::model::entry::Kind;
use crate::model::text::numbers::counted;

/// A number of entries of one kind: `1,842 files`.
pub(crate) fn entries(kind: Kind, count: u64) -> String {
    let (one, many) = match kind {
        Kind::Dir => ("directory", "directories"),
        Kind::File => ("file", "files"),
        Kind::Symlink => ("symbolic link", "symbolic links"),
        Kind::Fifo => ("FIFO", "FIFOs"),
        Kind::Socket => ("socket", "sockets"),
        Kind::Block => ("block device", "block devices"),
        Kind::Char => ("character device", "character devices"),
    };
    counted(count, one, many)
}
