//! File handles: what tells an entry from every other across boots (name_to_handle_at(2)).
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;

/// The most bytes that a file system makes of a handle (`MAX_HANDLE_SZ`).
const MAX_BYTES: usize = 128;

/// What a file system calls one inode for good: a type and bytes that mean something to it alone. Findings, plans and
/// undos share it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Handle(Arc<[u8]>);

#[repr(C)]
struct FileHandle {
    bytes: u32,
    kind: i32,
    handle: [u8; MAX_BYTES],
}

impl Handle {
    /// The handle of what a descriptor holds; `None` where the file system, or a container's filter, gives none.
    pub fn of(fd: impl AsFd) -> Option<Handle> {
        Handle::ask(fd, c"", libc::AT_EMPTY_PATH)
    }

    /// The handle of the entry `name` of a directory, of a symbolic link its own.
    pub fn at(dir: impl AsFd, name: &CStr) -> Option<Handle> {
        Handle::ask(dir, name, 0)
    }

    fn ask(fd: impl AsFd, name: &CStr, flags: libc::c_int) -> Option<Handle> {
        let mut handle = FileHandle { bytes: MAX_BYTES as u32, kind: 0, handle: [0; MAX_BYTES] };
        let mut mount: libc::c_int = 0;
        // SAFETY: the name ends with its NUL; the kernel writes a header and at most `bytes` bytes, which is what `handle` has room for, and one
        // int to `mount`; both live until the call is done.
        let answer = unsafe {
            libc::syscall(
                libc::SYS_name_to_handle_at,
                fd.as_fd().as_raw_fd(),
                name.as_ptr(),
                &raw mut handle,
                &raw mut mount,
                flags,
            )
        };
        let bytes = handle.handle.get(..handle.bytes as usize)?;
        (answer == 0).then(|| Handle([&handle.kind.to_le_bytes(), bytes].concat().into()))
    }

    /// The bytes to write down: the type, little end first, and what the file system gave.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The handle that was written down.
    pub fn from_bytes(bytes: &[u8]) -> Handle {
        Handle(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn tells_two_entries_apart_and_not_one_from_itself() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (File::create(dir.path().join("a")).unwrap(), File::create(dir.path().join("b")).unwrap());
        let again = File::open(dir.path().join("a")).unwrap();
        let Some(handle) = Handle::of(&a) else {
            eprintln!("skipped: tells_two_entries_apart_and_not_one_from_itself needs a file system with handles");
            return;
        };
        assert_eq!(Some(&handle), Handle::of(&again).as_ref());
        assert_ne!(Some(&handle), Handle::of(&b).as_ref());
        assert_eq!(handle, Handle::from_bytes(handle.bytes()));
    }
}
