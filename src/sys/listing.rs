//! Listing an open directory: getdents64(2) into one reusable buffer.

use super::SysError;
use crate::model::entry::Kind;
use rustix::fs::{FileType, RawDir, RawDirEntry, SeekFrom};
use std::ffi::{CStr, CString};
use std::num::NonZeroU64;
use std::os::fd::AsFd;

/// How many bytes one getdents64(2) fills unless told otherwise: some two thousand names.
pub(crate) const SIZE: usize = 64 << 10;

/// The number of an inode; never 0, which no file system gives out.
pub(crate) type Ino = NonZeroU64;

/// No more memory than that is taken for one call, some two million names.
const LARGEST: usize = 64 << 20;

/// The memory of one thread's listings.
pub(crate) struct Buffer(Vec<u8>);

impl Default for Buffer {
    fn default() -> Buffer {
        Buffer(Vec::with_capacity(SIZE))
    }
}

impl Buffer {
    /// How many bytes of names one call fills at most.
    pub(crate) fn size(&self) -> usize {
        self.0.capacity()
    }

    /// Memory for so many bytes of names and for a quarter more, as far as there is any.
    pub(crate) fn for_names(bytes: usize) -> Buffer {
        let size = bytes.saturating_add(bytes / 4).clamp(SIZE, LARGEST);
        let mut memory = Vec::new();
        match memory.try_reserve_exact(size) {
            Ok(()) => Buffer(memory),
            Err(_) => Buffer::default(),
        }
    }
}

/// An open directory being listed.
pub(crate) struct Listing<'a, F: AsFd> {
    raw: RawDir<'a, F>,
}

/// One name of a directory.
pub(crate) struct Listed<'a>(RawDirEntry<'a>);

impl Listed<'_> {
    /// The name.
    pub(crate) fn name(&self) -> &CStr {
        self.0.file_name()
    }

    /// What kind of entry it was when listed, where the file system says so.
    pub(crate) fn kind(&self) -> Option<Kind> {
        kind(self.0.file_type())
    }

    /// The inode that was listed with the name, where the file system knows it then.
    pub(crate) fn ino(&self) -> Option<Ino> {
        // FUSE says so of all that it wasn't told of (FUSE_UNKNOWN_INO).
        const UNKNOWN: [u64; 2] = [u32::MAX as u64, u64::MAX];
        Ino::new(self.0.ino()).filter(|ino| !UNKNOWN.contains(&ino.get()))
    }

    /// Where in the directory the next name is; for [`resume`].
    pub(crate) fn next(&self) -> u64 {
        self.0.next_entry_cookie()
    }

    /// Whether it is the directory itself, or the one above it.
    pub(crate) fn is_dot(&self) -> bool {
        matches!(self.name().to_bytes(), b"." | b"..")
    }
}

impl<'a, F: AsFd> Listing<'a, F> {
    /// Lists a directory from where its descriptor stands.
    pub(crate) fn new(dir: F, buffer: &'a mut Buffer) -> Self {
        Listing { raw: RawDir::new(dir, buffer.0.spare_capacity_mut()) }
    }

    /// Whether the next name takes another call; only there can a listing be left and resumed.
    pub(crate) fn is_drained(&self) -> bool {
        self.raw.is_buffer_empty()
    }

    /// The next name; it can be asked for again after an error.
    pub(crate) fn next(&mut self) -> Option<Result<Listed<'_>, SysError>> {
        let read = self.raw.next()?;
        Some(read.map(Listed).map_err(SysError::of("getdents64")))
    }
}

/// All names of a directory with their kinds, in byte order; for small ones.
pub(crate) fn names(dir: impl AsFd) -> Result<Vec<(CString, Option<Kind>)>, SysError> {
    let mut buffer = Buffer::default();
    let mut listing = Listing::new(dir, &mut buffer);
    let mut names = Vec::new();
    while let Some(listed) = listing.next() {
        let listed = listed?;
        if !listed.is_dot() {
            names.push((listed.name().to_owned(), listed.kind()));
        }
    }
    names.sort();
    Ok(names)
}

/// Puts a directory's descriptor to where an earlier listing was left.
pub(crate) fn resume(dir: impl AsFd, next: u64) -> Result<(), SysError> {
    rustix::fs::seek(dir, SeekFrom::Start(next)).map_err(SysError::of("lseek"))?;
    Ok(())
}

fn kind(listed: FileType) -> Option<Kind> {
    match listed {
        FileType::Directory => Some(Kind::Dir),
        FileType::RegularFile => Some(Kind::File),
        FileType::Symlink => Some(Kind::Symlink),
        FileType::Fifo => Some(Kind::Fifo),
        FileType::Socket => Some(Kind::Socket),
        FileType::BlockDevice => Some(Kind::Block),
        FileType::CharacterDevice => Some(Kind::Char),
        _ => None,
    }
}
