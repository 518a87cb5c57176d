//! A file of the state folder: appended to, synced, and claimed by the process that writes it.

use crate::sys::SysError;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// A file of the state folder.
#[derive(Debug)]
pub(crate) struct StateFile(File);

impl StateFile {
    pub(super) fn new(file: impl Into<File>) -> StateFile {
        StateFile(file.into())
    }

    /// Claims it for this process, as long as it is open: nobody who asks takes it for abandoned.
    pub(crate) fn claim(&self) -> Result<(), SysError> {
        match self.0.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(SysError { call: "flock", errno: rustix::io::Errno::WOULDBLOCK }),
            Err(TryLockError::Error(error)) => Err(SysError::of_io("flock")(error)),
        }
    }

    /// Whether a process has claimed it and is still there.
    pub(crate) fn is_claimed(&self) -> bool {
        matches!(self.0.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// When it was last written.
    pub(crate) fn modified(&self) -> Result<jiff::Timestamp, SysError> {
        let stat = rustix::fs::fstat(&self.0).map_err(SysError::of("fstat"))?;
        // One that no calendar has is as long ago as can be.
        Ok(jiff::Timestamp::from_second(stat.st_mtime).unwrap_or(jiff::Timestamp::MIN))
    }

    /// Has everything written on disk before it returns.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl Read for StateFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Seek for StateFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl Write for StateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
