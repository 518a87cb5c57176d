//! Writing to a file through mmap(2), which clears neither set-ID bits nor file capabilities.
#![allow(unsafe_code)]

use crate::stage::{User, as_user};
use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::path::Path;

/// Writes a script into a file, as a user.
#[track_caller]
pub fn rewrite(user: User, path: &Path) {
    const SCRIPT: &[u8] = b"#!/bin/sh\n";
    // An empty file has no page to write to; root may give it a length and clears no bits by it.
    OpenOptions::new().write(true).open(path).unwrap().set_len(SCRIPT.len() as u64).unwrap();
    let written = as_user(user, || {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let (access, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping, of a file that is as long as what is written, and unmapped after that.
        unsafe {
            let page = libc::mmap(std::ptr::null_mut(), SCRIPT.len(), access, shared, file.as_raw_fd(), 0);
            if page == libc::MAP_FAILED {
                return Err(std::io::Error::last_os_error());
            }
            page.cast::<u8>().copy_from_nonoverlapping(SCRIPT.as_ptr(), SCRIPT.len());
            libc::munmap(page, SCRIPT.len());
        }
        Ok(())
    });
    written.unwrap_or_else(|error| panic!("{path:?}: {error}"));
}
