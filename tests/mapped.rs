//! Writing to a file through mmap(2), which clears neither set-ID bits nor file capabilities.
#![allow(unsafe_code)]

use crate::stage::{User, as_user};
use std::fs::OpenOptions;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const SCRIPT: &[u8] = b"#!/bin/sh\n";

/// Writes a script into a file, as a user who has to be allowed to.
#[track_caller]
pub fn rewrite(user: User, path: &Path) {
    // An empty file has no page to write to; root may give it a length and clears no bits by it.
    OpenOptions::new().write(true).open(path).unwrap().set_len(SCRIPT.len() as u64).unwrap();
    try_to_rewrite(user, path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
}

/// Writes a script into a file, if it is one with content and the user is allowed to.
pub fn try_to_rewrite(user: User, path: &Path) -> io::Result<()> {
    as_user(user, || {
        let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW).open(path)?;
        if file.metadata()?.len() == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (access, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping of one page that the file has, and unmapped after it was written to.
        unsafe {
            let page = libc::mmap(std::ptr::null_mut(), SCRIPT.len(), access, shared, file.as_raw_fd(), 0);
            if page == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            page.cast::<u8>().copy_from_nonoverlapping(SCRIPT.as_ptr(), SCRIPT.len());
            libc::munmap(page, SCRIPT.len());
        }
        Ok(())
    })
}
