//! Output files that appear whole or not at all: written without a name, which they get in the end, so that nothing is
//! left of one whose process ended first; beside their place, and renamed into it, where a file can't be without a name.
#![allow(unsafe_code)]

use super::SysError;
pub(crate) use super::output_dir::OutputError;
use super::output_dir::Spot;
use super::stat::look_at;
use crate::model::entry::Kind;
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, Stat, fchmod, fcntl_getfl, fcntl_setfl, fstat, linkat, major, minor, openat, renameat,
    statat, unlinkat,
};
use rustix::io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_getfd};
use rustix::termios::isatty;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A file being written; without [`Output::finish`] it never appears.
#[derive(Debug)]
pub(crate) struct Output {
    file: File,
    place: Destination,
    existing: Existing,
}

/// Where an output file stands, and is to stand.
#[derive(Debug)]
enum Destination {
    /// It writes to what was there, or has got its name.
    Settled,
    /// It has no name yet.
    Nameless(Spot),
    /// It has a temporary name, and the one to take in the end.
    Named(OsString, Spot),
}

/// What becomes of a file that has the name already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Existing {
    /// It gives way; `/dev/null` and a terminal are written to.
    Replace,
    /// It stays, whatever it is, and nothing is written: EEXIST.
    Refuse,
}

impl Output {
    /// Opens `path` for writing. `/dev/null` and a terminal are written to as they are, and so is what the caller has
    /// open where the path says so (`/dev/stdout`, `/dev/fd/N`). A symbolic link that others could have laid is refused, as
    /// they would say where root writes, and so are FIFOs and devices: who made one would say for how long it is waited for.
    pub(crate) fn create(path: &Path, mode: u32) -> Result<Output, OutputError> {
        Output::create_as(path, mode, Existing::Replace)
    }

    /// The same, where it is said what becomes of a file that is there.
    pub(crate) fn create_as(path: &Path, mode: u32, existing: Existing) -> Result<Output, OutputError> {
        if let Some(number) = descriptor(path) {
            return Ok(Output { file: inherited(number)?, place: Destination::Settled, existing });
        }
        let spot = match existing {
            Existing::Replace => Spot::find_past_links(path)?,
            Existing::Refuse => Spot::find(path)?,
        };
        let there = match look_at(&spot.dir, &terminated(&spot.name)?) {
            Ok(look) => Some(look.entry.kind),
            Err(SysError { errno: Errno::NOENT, .. }) => None,
            Err(error) => return Err(error.into()),
        };
        match there {
            None => {}
            Some(_) if existing == Existing::Refuse => return Err(failed("open", Errno::EXIST)),
            // It is replaced, but not without the right to write it.
            Some(Kind::File) => drop(open_there(&spot)?),
            Some(Kind::Char) => {
                return Ok(Output { file: device(&spot)?, place: Destination::Settled, existing });
            }
            Some(Kind::Dir) => return Err(failed("open", Errno::ISDIR)),
            Some(Kind::Symlink) => return Err(OutputError::Link(path.into())),
            Some(kind) => return Err(OutputError::Special(kind)),
        }
        if let Some(file) = nameless(&spot, mode) {
            return Ok(Output { file, place: Destination::Nameless(spot), existing });
        }
        // A new name of our own can't be a link that somebody else laid there.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (temporary, fd) = at_new_name(&spot, |name| openat(&spot.dir, name, flags, Mode::from_raw_mode(mode)))
            .map_err(SysError::of("open"))?;
        Ok(Output { file: fd.into(), place: Destination::Named(temporary, spot), existing })
    }

    /// Lets everybody read it, whatever the umask; what was there and isn't a regular file stays as it is.
    pub(crate) fn readable_by_all(self) -> Result<Output, OutputError> {
        if !matches!(self.place, Destination::Settled) {
            fchmod(&self.file, Mode::from_raw_mode(0o644)).map_err(SysError::of("fchmod"))?;
        }
        Ok(self)
    }

    /// Syncs what was written and gives it its name.
    pub(crate) fn finish(mut self) -> Result<(), SysError> {
        self.file.flush().map_err(SysError::of_io("write"))?;
        if matches!(self.place, Destination::Settled) {
            return Ok(());
        }
        rustix::fs::fsync(&self.file).map_err(SysError::of("fsync"))?;
        self.place = match std::mem::replace(&mut self.place, Destination::Settled) {
            Destination::Nameless(spot) => {
                // Never onto the name itself: linkat(2) doesn't replace what is there.
                let link = |name: &OsStr| linkat(CWD, magic(&self.file), &spot.dir, name, AtFlags::SYMLINK_FOLLOW);
                let (temporary, ()) = at_new_name(&spot, link).map_err(SysError::of("linkat"))?;
                Destination::Named(temporary, spot)
            }
            place => place,
        };
        if let Destination::Named(temporary, spot) = &self.place {
            self.existing.give_name(temporary, spot)?;
        }
        self.place = Destination::Settled;
        Ok(())
    }
}

fn failed(call: &'static str, errno: Errno) -> OutputError {
    SysError { call, errno }.into()
}

fn terminated(name: &OsStr) -> Result<CString, OutputError> {
    CString::new(name.as_bytes()).map_err(|_| failed("open", Errno::INVAL))
}

/// The number of the descriptor that a path stands for, as the paths are in every Linux (proc(5)); they aren't looked up,
/// as opening one anew would begin a file at its start, and fails for a socket.
fn descriptor(path: &Path) -> Option<i32> {
    match path.to_str()? {
        // As most programs have it; a file of that name is `./-`.
        "-" | "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        text => {
            let number = text.strip_prefix("/dev/fd/").or_else(|| text.strip_prefix("/proc/self/fd/"))?;
            number.parse().ok().filter(|&number: &i32| number >= 0)
        }
    }
}

/// Another descriptor of what the caller has open for writing.
fn inherited(number: i32) -> Result<File, OutputError> {
    // SAFETY: the descriptor is borrowed for these calls only, which answer EBADF where there is none.
    let fd = unsafe { BorrowedFd::borrow_raw(number) };
    let flags = fcntl_getfd(fd).map_err(SysError::of("fcntl"))?;
    let access = fcntl_getfl(fd).map_err(SysError::of("fcntl"))?;
    // What this process opened itself is closed on exec(2); what outlived one is the caller's.
    if flags.contains(FdFlags::CLOEXEC) || access.intersection(OFlags::ACCMODE) == OFlags::RDONLY {
        return Err(failed("fcntl", Errno::BADF));
    }
    Ok(fcntl_dupfd_cloexec(fd, 0).map_err(SysError::of("fcntl"))?.into())
}

/// Opens what is there, without waiting for anybody.
fn open_there(spot: &Spot) -> Result<File, OutputError> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(openat(&spot.dir, &spot.name, flags, Mode::empty()).map_err(SysError::of("open"))?.into())
}

/// Opens a device that there is no harm in opening: opening others has effects (tapes, watchdogs).
fn device(spot: &Spot) -> Result<File, OutputError> {
    let stat = statat(&spot.dir, &spot.name, AtFlags::SYMLINK_NOFOLLOW).map_err(SysError::of("statx"))?;
    if !is_null(&stat) && !may_be_terminal(&stat) {
        return Err(OutputError::Special(Kind::Char));
    }
    let file = open_there(spot)?;
    let opened = fstat(&file).map_err(SysError::of("fstat"))?;
    if opened.st_rdev != stat.st_rdev || !(is_null(&opened) || isatty(&file)) {
        return Err(OutputError::Special(Kind::Char));
    }
    // From here on a terminal that is stopped is waited for.
    fcntl_setfl(&file, OFlags::WRONLY).map_err(SysError::of("fcntl"))?;
    Ok(file)
}

/// `/dev/null`, by its numbers (null(4)).
fn is_null(stat: &Stat) -> bool {
    (major(stat.st_rdev), minor(stat.st_rdev)) == (1, 3)
}

/// Virtual terminals and serial lines, `/dev/tty` and its like, pseudoterminals (admin-guide/devices.txt of Linux).
fn may_be_terminal(stat: &Stat) -> bool {
    matches!(major(stat.st_rdev), 4 | 5 | 136..=143 | 188 | 204 | 229)
}

/// A file without a name on the file system where it is to be; `None` where there can't be one that gets a name later
/// (NFS, some FUSE file systems, no procfs).
fn nameless(spot: &Spot, mode: u32) -> Option<File> {
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    let file = File::from(openat(&spot.dir, ".", flags, Mode::from_raw_mode(mode)).ok()?);
    statat(CWD, magic(&file), AtFlags::empty()).is_ok().then_some(file)
}

/// What stands for an open file in procfs.
fn magic(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Makes something at a name in the same directory that isn't taken.
fn at_new_name<T>(spot: &Spot, make: impl Fn(&OsStr) -> Result<T, Errno>) -> Result<(OsString, T), Errno> {
    for attempt in 0..100 {
        let temporary = temporary_name(&spot.name, attempt);
        match make(&temporary) {
            Ok(made) => return Ok((temporary, made)),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::EXIST)
}

impl Existing {
    fn give_name(self, temporary: &OsStr, Spot { dir, name }: &Spot) -> Result<(), SysError> {
        match self {
            Existing::Replace => renameat(dir, temporary, dir, name).map_err(SysError::of("rename")),
            Existing::Refuse => {
                // link(2) fails where somebody took the name meanwhile; rename(2) would push them out.
                linkat(dir, temporary, dir, name, AtFlags::empty()).map_err(SysError::of("linkat"))?;
                unlinkat(dir, temporary, AtFlags::empty()).map_err(SysError::of("unlink"))
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Destination::Named(temporary, spot) = &self.place {
            // Left unfinished because of an error that is being told already; nothing more can be done about a file
            // that can't be removed either.
            let _ = unlinkat(&spot.dir, temporary, AtFlags::empty());
        }
    }
}

fn temporary_name(name: &OsStr, attempt: u32) -> OsString {
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.{attempt}", std::process::id()));
    temporary
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
