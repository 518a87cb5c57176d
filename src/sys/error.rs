//! What a system call answered when it failed: which call, and its errno.

use rustix::io::Errno;
use std::fmt;

/// A failed system call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SysError {
    /// The call as its man page names it.
    pub call: &'static str,
    /// Its errno.
    pub errno: Errno,
}

impl SysError {
    /// Names the call that an errno came from; for `map_err`.
    pub fn of(call: &'static str) -> impl Fn(Errno) -> SysError {
        move |errno| SysError { call, errno }
    }

    /// The same for an error of the standard library; one without an errno becomes EIO.
    pub fn of_io(call: &'static str) -> impl Fn(std::io::Error) -> SysError {
        move |error| SysError { call, errno: Errno::from_io_error(&error).unwrap_or(Errno::IO) }
    }

    /// The same for an error of nix.
    pub fn of_nix(call: &'static str) -> impl Fn(nix::Error) -> SysError {
        move |error| SysError { call, errno: Errno::from_raw_os_error(error as i32) }
    }

    /// The symbol of the errno, `EACCES`; its number where it has none that we know.
    pub fn errno_name(&self) -> String {
        errno_name(self.errno.raw_os_error())
    }

    /// Whether the entry was not there (any more).
    pub fn is_absence(&self) -> bool {
        matches!(self.errno, Errno::NOENT | Errno::NOTDIR)
    }

    /// Whether it only says that the entry isn't there any more, or isn't what it was when it was listed or opened.
    pub fn is_gone(&self) -> bool {
        self.is_absence() || matches!(self.errno, Errno::STALE | Errno::LOOP | Errno::XDEV)
    }
}

/// The symbol of an errno, as errno(3) lists them.
pub(crate) fn errno_name(errno: i32) -> String {
    // The name is the head of nix's debug form.
    let name = nix::errno::Errno::from_raw(errno);
    match name {
        nix::errno::Errno::UnknownErrno => format!("errno {errno}"),
        known => format!("{known:?}"),
    }
}

/// What an errno means, as strerror(3) says it, lowercase.
pub(crate) fn errno_text(errno: i32) -> String {
    let text = nix::errno::Errno::from_raw(errno).desc();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if letters.as_str().starts_with(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.into(),
    }
}

impl fmt::Display for SysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = self.errno.raw_os_error();
        write!(f, "{}: {} ({})", self.call, errno_name(errno), errno_text(errno))
    }
}

impl std::error::Error for SysError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_call_symbol_and_meaning() {
        let error = SysError { call: "openat2", errno: Errno::ACCESS };
        assert_eq!(error.to_string(), "openat2: EACCES (permission denied)");
        assert_eq!(errno_name(99999), "errno 99999");
        assert_eq!(errno_text(libc::EIO), "I/O error");
    }
}
