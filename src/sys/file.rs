//! Small files that are read whole: policies, and folders of them.

use super::SysError;
use super::stat::look;
use crate::model::entry::{Entry, Kind};
use rustix::fs::{Mode, OFlags, fcntl_setfl, fstatfs, open};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What a file held, and whose it was when it was read.
#[derive(Clone, Debug)]
pub(crate) struct FileText {
    /// All of it.
    pub bytes: Vec<u8>,
    /// The file itself: owner, mode and identity.
    pub entry: Entry,
}

/// Why a file wasn't read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// It is larger than asked for.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// How large it might be.
        limit: u64,
    },
    /// It is a FIFO, and nobody has to write to it, ever.
    #[error("it is a FIFO, which may never answer")]
    Fifo,
    /// A call failed.
    #[error(transparent)]
    Call(#[from] SysError),
}

/// Reads a file of at most `limit` bytes, following symbolic links. A FIFO is refused; a pipe that the caller has open,
/// as for `<(command)` in a shell, is read.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<FileText, ReadError> {
    // Without NONBLOCK, opening a FIFO waits for a writer (fifo(7)).
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file: File = open(path, flags, Mode::empty()).map_err(SysError::of("open"))?.into();
    let entry = look(&file)?.entry;
    if entry.kind == Kind::Fifo && !is_pipe(&file)? {
        return Err(ReadError::Fifo);
    }
    fcntl_setfl(&file, OFlags::empty()).map_err(SysError::of("fcntl(F_SETFL)"))?;
    let mut bytes = Vec::new();
    // What stat says of the size holds neither for pipes nor for files that grow.
    (&file).take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(SysError::of_io("read"))?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { limit });
    }
    Ok(FileText { bytes, entry })
}

/// Whether a FIFO is a pipe, which has no name.
fn is_pipe(fifo: &File) -> Result<bool, SysError> {
    const PIPEFS_MAGIC: u32 = 0x5049_5045;
    Ok(fstatfs(fifo).map_err(SysError::of("fstatfs"))?.f_type as u32 == PIPEFS_MAGIC)
}

/// Opens a regular file for reading; a FIFO or device, which could hang or have effects, is refused (EINVAL).
pub(crate) fn open_for_reading(path: &Path) -> Result<File, SysError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file: File = open(path, flags, Mode::empty()).map_err(SysError::of("open"))?.into();
    match look(&file)?.entry.kind {
        Kind::File => Ok(file),
        _ => Err(SysError { call: "open", errno: Errno::INVAL }),
    }
}

/// The files of a folder with that extension, sorted by name, as a shell's `*.EXTENSION` lists them: hidden ones are
/// left out. A folder that isn't there has none.
pub(crate) fn files_with_extension(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, SysError> {
    let listing = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(SysError::of_io("opendir"))?,
    };
    let mut files = Vec::new();
    for entry in listing {
        let name = entry.map_err(SysError::of_io("readdir"))?.file_name();
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        if !is_hidden && Path::new(&name).extension() == Some(OsStr::new(extension)) {
            files.push(folder.join(name));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::Kind;
    use rustix::io::Errno;

    #[test]
    fn reads_up_to_the_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        std::fs::write(&path, "12345").expect("written");
        let text = read_text(&path, 5).expect("read");
        assert_eq!((text.bytes.as_slice(), text.entry.kind), (b"12345".as_slice(), Kind::File));
        assert_eq!(read_text(&path, 4).map(|text| text.bytes), Err(ReadError::TooLarge { limit: 4 }));
        let missing = read_text(&folder.path().join("b.toml"), 5).map(|text| text.bytes);
        assert_eq!(missing, Err(ReadError::Call(SysError { call: "open", errno: Errno::NOENT })));
        let directory = read_text(folder.path(), 5).map(|text| text.bytes);
        assert_eq!(directory, Err(ReadError::Call(SysError { call: "read", errno: Errno::ISDIR })));
    }

    #[test]
    fn a_fifo_is_refused_and_a_pipe_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let fifo = folder.path().join("a.toml");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("made");
        assert_eq!(read_text(&fifo, 5).map(|text| text.bytes), Err(ReadError::Fifo));
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        let read = std::thread::spawn(move || read_text(Path::new(&path), 5).map(|text| text.bytes));
        std::io::Write::write_all(&mut writer, b"123").expect("written");
        drop(writer);
        assert_eq!(read.join().expect("read"), Ok(b"123".to_vec()));
    }

    #[test]
    fn lists_as_a_shell_does() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.toml", "a.toml", ".c.toml", "d.toml.bak", "toml", "e.TOML"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let listed = files_with_extension(folder.path(), "toml").expect("listed");
        assert_eq!(listed, [folder.path().join("a.toml"), folder.path().join("b.toml")]);
        assert_eq!(files_with_extension(&folder.path().join("missing"), "toml"), Ok(Vec::new()));
    }
}
