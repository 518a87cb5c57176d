//! Files that are read from beginning to end, however long they are: what the caller names, or standard input.

use super::SysError;
use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A file that is being read, and how many bytes of it were.
#[derive(Clone)]
pub(crate) struct Input(Arc<File>, Arc<AtomicU64>);

const READ: OFlags = OFlags::RDONLY.union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Opens what the caller names for reading; `-` is standard input. A FIFO is waited for, as others do.
pub(crate) fn open_input(path: &Path) -> Result<Input, SysError> {
    let file = if path == Path::new("-") {
        io::stdin().as_fd().try_clone_to_owned().map_err(SysError::of_io("dup"))?
    } else {
        open(path, READ, Mode::empty()).map_err(SysError::of("open"))?
    };
    Ok(Input(Arc::new(file.into()), Arc::default()))
}

impl Input {
    /// The same from its beginning; `None` where it has none any more, as a pipe.
    pub(crate) fn rewound(self) -> Option<Input> {
        (&*self.0).rewind().ok().map(|()| self)
    }

    /// A file below a folder that was opened as one, by a path without links and `..`.
    pub(crate) fn below(&self, path: &str) -> Result<Input, SysError> {
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let file =
            openat2(&*self.0, path, READ | OFlags::NONBLOCK, Mode::empty(), how).map_err(SysError::of("openat2"))?;
        Ok(Input(Arc::new(file.into()), Arc::clone(&self.1)))
    }

    /// How much memory may be taken for what was read until then: 16 MiB, and 32 bytes for each that was.
    pub(crate) fn room(&self) -> impl Fn() -> u64 + use<> {
        let read = Arc::clone(&self.1);
        move || read.load(Relaxed).saturating_mul(32).saturating_add(16 << 20)
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = (&*self.0).read(into)?;
        self.1.fetch_add(read as u64, Relaxed);
        Ok(read)
    }
}
