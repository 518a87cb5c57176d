//! Output files that appear whole or not at all: written without a name, which they get in the end, so that nothing is
//! left of one whose process ended first; beside their place, and renamed into it, where a file can't be without a name.

use super::SysError;
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, fchmod, fcntl_setfl, fstat, linkat, open, rename, statat, unlink,
};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// A file being written; without [`Output::finish`] it never appears.
#[derive(Debug)]
pub struct Output {
    file: File,
    place: Place,
    existing: Existing,
}

/// Where an output file stands, and is to stand.
#[derive(Debug)]
enum Place {
    /// It writes to what was there (a device, a FIFO), or has got its name.
    Settled,
    /// It has no name yet.
    Nameless(PathBuf),
    /// It has a temporary name, and the one to take in the end.
    Named(PathBuf, PathBuf),
}

/// What becomes of a file that has the name already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Existing {
    /// It gives way; what isn't a regular file is written to.
    Replace,
    /// It stays, whatever it is, and nothing is written: EEXIST.
    Refuse,
}

impl Output {
    /// Opens `path` for writing. A device or FIFO that is there is written to as it is, `/dev/null` for one; a symbolic
    /// link is refused (ELOOP), as whoever laid it would say where root writes, and a FIFO that nobody reads (ENXIO).
    pub fn create(path: &Path, mode: u32) -> Result<Output, SysError> {
        Output::create_as(path, mode, Existing::Replace)
    }

    /// The same, where it is said what becomes of a file that is there.
    pub fn create_as(path: &Path, mode: u32, existing: Existing) -> Result<Output, SysError> {
        if existing == Existing::Refuse && statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Err(SysError { call: "open", errno: Errno::EXIST });
        }
        let there = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match open(path, there, Mode::empty()) {
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(SysError { call: "open", errno }),
            Ok(fd) => match FileType::from_raw_mode(fstat(&fd).map_err(SysError::of("fstat"))?.st_mode) {
                FileType::RegularFile => {}
                FileType::CharacterDevice | FileType::Fifo => {
                    // The wait for a reader is over; from here on a full pipe is waited for.
                    fcntl_setfl(&fd, OFlags::WRONLY).map_err(SysError::of("fcntl"))?;
                    return Ok(Output { file: fd.into(), place: Place::Settled, existing });
                }
                _ => return Err(SysError { call: "open", errno: Errno::INVAL }),
            },
        }
        if let Some(file) = nameless(path, mode) {
            return Ok(Output { file, place: Place::Nameless(path.into()), existing });
        }
        // A new name of our own can't be a link that somebody else laid there.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (temporary, fd) =
            at_new_name(path, |name| open(name, flags, Mode::from_raw_mode(mode))).map_err(SysError::of("open"))?;
        Ok(Output { file: fd.into(), place: Place::Named(temporary, path.into()), existing })
    }

    /// Lets everybody read it, whatever the umask; what was there and isn't a regular file stays as it is.
    pub fn readable_by_all(self) -> Result<Output, SysError> {
        if !matches!(self.place, Place::Settled) {
            fchmod(&self.file, Mode::from_raw_mode(0o644)).map_err(SysError::of("fchmod"))?;
        }
        Ok(self)
    }

    /// Syncs what was written and gives it its name.
    pub fn finish(mut self) -> Result<(), SysError> {
        self.file.flush().map_err(SysError::of_io("write"))?;
        if matches!(self.place, Place::Settled) {
            return Ok(());
        }
        rustix::fs::fsync(&self.file).map_err(SysError::of("fsync"))?;
        if let Place::Nameless(path) = &self.place {
            // Never onto the name itself: linkat(2) doesn't replace what is there.
            let (temporary, ()) =
                at_new_name(path, |name| linkat(CWD, magic(&self.file), CWD, name, AtFlags::SYMLINK_FOLLOW))
                    .map_err(SysError::of("linkat"))?;
            self.place = Place::Named(temporary, path.clone());
        }
        if let Place::Named(temporary, path) = &self.place {
            self.existing.give_name(temporary, path)?;
        }
        self.place = Place::Settled;
        Ok(())
    }
}

/// A file without a name on the file system where `path` is to be; `None` where there can't be one that gets a name
/// later (NFS, some FUSE file systems, no procfs).
fn nameless(path: &Path, mode: u32) -> Option<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    let file = File::from(open(folder, flags, Mode::from_raw_mode(mode)).ok()?);
    statat(CWD, magic(&file), AtFlags::empty()).is_ok().then_some(file)
}

/// What stands for an open file in procfs.
fn magic(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Makes something at a name beside `path` that isn't taken.
fn at_new_name<T>(path: &Path, make: impl Fn(&Path) -> Result<T, Errno>) -> Result<(PathBuf, T), Errno> {
    for attempt in 0..100 {
        let temporary = temporary_name(path, attempt);
        match make(&temporary) {
            Ok(made) => return Ok((temporary, made)),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::EXIST)
}

impl Existing {
    fn give_name(self, temporary: &Path, path: &Path) -> Result<(), SysError> {
        match self {
            Existing::Replace => rename(temporary, path).map_err(SysError::of("rename")),
            Existing::Refuse => {
                // link(2) fails where somebody took the name meanwhile; rename(2) would push them out.
                linkat(CWD, temporary, CWD, path, AtFlags::empty()).map_err(SysError::of("linkat"))?;
                unlink(temporary).map_err(SysError::of("unlink"))
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
        if let Place::Named(temporary, _) = &self.place {
            // Left unfinished because of an error that is being told already; nothing more can be done about a file
            // that can't be removed either.
            let _ = unlink(temporary);
        }
    }
}

fn temporary_name(path: &Path, attempt: u32) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.{attempt}", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<OsString> {
        std::fs::read_dir(dir).expect("listing").map(|entry| entry.expect("entry").file_name()).collect()
    }

    #[test]
    fn appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("out");
        let mut output = Output::create(&path, 0o644).expect("created");
        output.write_all(b"half").expect("written");
        drop(output);
        assert_eq!(names(dir.path()), Vec::<OsString>::new());
        let mut output = Output::create(&path, 0o644).expect("created");
        output.write_all(b"whole").expect("written");
        if matches!(output.place, Place::Nameless(_)) {
            assert_eq!(names(dir.path()), Vec::<OsString>::new(), "nothing is left however the process ends");
        }
        output.finish().expect("finished");
        assert_eq!(names(dir.path()), ["out"]);
        assert_eq!(std::fs::read(&path).expect("read"), b"whole");
    }

    #[test]
    fn takes_the_place_of_what_was_there() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("out");
        let named = || {
            let (temporary, file) =
                at_new_name(&path, |name| File::create_new(name).map_err(|_| Errno::EXIST)).unwrap();
            Output { file, place: Place::Named(temporary, path.clone()), existing: Existing::Replace }
        };
        for (output, text) in [(named(), "old"), (Output::create(&path, 0o600).expect("created"), "new")] {
            let mut output = output;
            output.write_all(text.as_bytes()).expect("written");
            output.finish().expect("finished");
            assert_eq!(names(dir.path()), ["out"]);
            assert_eq!(std::fs::read_to_string(&path).expect("read"), text);
        }
        drop(named());
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[test]
    fn pushes_nobody_out_of_a_name() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("out");
        let output = Output::create_as(&path, 0o644, Existing::Refuse).expect("created");
        std::fs::write(&path, "theirs").expect("written");
        assert_eq!(output.finish().map_err(|error| error.errno), Err(Errno::EXIST));
        let refused = Output::create_as(&path, 0o644, Existing::Refuse).map(drop);
        assert_eq!(refused.map_err(|error| error.errno), Err(Errno::EXIST));
        assert_eq!(std::fs::read(&path).expect("read"), b"theirs");
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[test]
    fn everybody_reads_what_is_for_all_and_what_was_there_stays_as_it_is() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("folder");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o7777;
        let path = dir.path().join("out");
        let output = Output::create(&path, 0o600).and_then(Output::readable_by_all).expect("created");
        output.finish().expect("finished");
        assert_eq!(mode(&path), 0o644);
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
        // Without a reader, opening it for writing would wait for one.
        let _reader = open(&fifo, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).expect("opened");
        Output::create(&fifo, 0o644).and_then(Output::readable_by_all).expect("opened");
        assert_eq!(mode(&fifo), 0o600);
    }

    #[test]
    fn writes_to_devices_as_they_are() {
        let mut output = Output::create(Path::new("/dev/null"), 0o644).expect("opened");
        output.write_all(b"gone").expect("written");
        output.finish().expect("finished");
    }

    #[test]
    fn is_not_led_elsewhere_and_does_not_wait_for_readers() {
        let dir = tempfile::tempdir().expect("folder");
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("other"), "kept").expect("written");
        std::os::unix::fs::symlink("other", path("link")).expect("linked");
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path("fifo"), fifo, Mode::RWXU, 0).expect("made");
        for (name, errno) in [("link", Errno::LOOP), ("fifo", Errno::NXIO), (".", Errno::ISDIR)] {
            let error = Output::create(&path(name), 0o644).expect_err(name);
            assert_eq!((error.call, error.errno), ("open", errno), "{name}");
        }
        assert_eq!(std::fs::read(path("other")).expect("read"), b"kept");
    }
}
