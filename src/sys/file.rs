//! Small files that are read whole: policies, and folders of them.

use super::SysError;
use super::stat::look;
use crate::entry::Entry;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What a file held, and whose it was when it was read.
#[derive(Clone, Debug)]
pub struct FileText {
    /// All of it.
    pub bytes: Vec<u8>,
    /// The file itself: owner, mode and identity.
    pub entry: Entry,
}

/// Why a file wasn't read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// It is larger than asked for.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// How large it might be.
        limit: u64,
    },
    /// A call failed.
    #[error(transparent)]
    Call(#[from] SysError),
}

/// Reads a file of at most `limit` bytes, following symbolic links.
pub fn read_text(path: &Path, limit: u64) -> Result<FileText, ReadError> {
    let file = File::open(path).map_err(SysError::of_io("open"))?;
    let entry = look(&file)?.entry;
    let mut bytes = Vec::new();
    // What stat says of the size holds neither for pipes nor for files that grow.
    (&file).take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(SysError::of_io("read"))?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { limit });
    }
    Ok(FileText { bytes, entry })
}

/// The files of a folder with that extension, sorted by name, as a shell's `*.EXTENSION` lists them: hidden ones are
/// left out. A folder that isn't there has none.
pub fn files_with_extension(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, SysError> {
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
    use crate::entry::Kind;
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
