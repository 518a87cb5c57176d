//! Output files that appear whole or not at all: written beside their place and renamed into it.

use super::SysError;
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, fchmod, fcntl_setfl, fstat, linkat, open, rename, statat, unlink,
};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file being written; without [`Output::finish`] it never appears.
#[derive(Debug)]
pub struct Output {
    file: File,
    /// The temporary name and the name to take in the end; `None` where it writes to what was there (a device, a FIFO).
    names: Option<(PathBuf, PathBuf)>,
    existing: Existing,
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
                    return Ok(Output { file: fd.into(), names: None, existing });
                }
                _ => return Err(SysError { call: "open", errno: Errno::INVAL }),
            },
        }
        // A new name of our own can't be a link that somebody else laid there.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for attempt in 0..100 {
            let temporary = temporary_name(path, attempt);
            match open(&temporary, flags, Mode::from_raw_mode(mode)) {
                Ok(fd) => return Ok(Output { file: fd.into(), names: Some((temporary, path.into())), existing }),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(SysError { call: "open", errno }),
            }
        }
        Err(SysError { call: "open", errno: Errno::EXIST })
    }

    /// Lets everybody read it, whatever the umask; what was there and isn't a regular file stays as it is.
    pub fn readable_by_all(self) -> Result<Output, SysError> {
        if self.names.is_some() {
            fchmod(&self.file, Mode::from_raw_mode(0o644)).map_err(SysError::of("fchmod"))?;
        }
        Ok(self)
    }

    /// Syncs what was written and gives it its name.
    pub fn finish(mut self) -> Result<(), SysError> {
        self.file.flush().map_err(SysError::of_io("write"))?;
        let Some((temporary, path)) = self.names.take() else { return Ok(()) };
        let named = rustix::fs::fsync(&self.file)
            .map_err(SysError::of("fsync"))
            .and_then(|()| self.existing.give_name(&temporary, &path));
        if named.is_err() {
            // Nothing more can be done about a file that can't be removed either; the error to tell is the first.
            let _ = unlink(&temporary);
        }
        named
    }
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
        if let Some((temporary, _)) = &self.names {
            // Left unfinished because of an error that is being told already.
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
        output.finish().expect("finished");
        assert_eq!(names(dir.path()), ["out"]);
        assert_eq!(std::fs::read(&path).expect("read"), b"whole");
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
