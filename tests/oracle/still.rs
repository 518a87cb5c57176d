//! Trees that nothing was done to: everything that can be told of them, before and after.

use rustix::fs::{lgetxattr, llistxattr};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Everything below some folders, as it was at one time.
pub struct Still {
    contents: BTreeMap<PathBuf, Vec<u8>>,
    stamps: Vec<String>,
}

impl Still {
    /// Takes everything in.
    ///
    /// Reading changes when something was last read, so that is told after it, and before the next reading.
    pub fn take(tops: &[PathBuf]) -> Still {
        let mut contents = BTreeMap::new();
        tops.iter().for_each(|top| read(top, &mut contents));
        let stamps = stamps(&contents);
        Still { contents, stamps }
    }

    /// Holds that everything is as it was.
    #[track_caller]
    pub fn holds(&self, tops: &[PathBuf]) {
        for (now, before) in stamps(&self.contents).iter().zip(&self.stamps) {
            assert_eq!(now, before);
        }
        let mut contents = BTreeMap::new();
        tops.iter().for_each(|top| read(top, &mut contents));
        let new: Vec<&PathBuf> = contents.keys().filter(|path| !self.contents.contains_key(*path)).collect();
        assert!(new.is_empty(), "new: {new:?}");
        assert!(contents == self.contents, "contents differ");
    }
}

/// Every path, and what a file holds.
fn read(path: &Path, contents: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let kind = fs::symlink_metadata(path).unwrap().file_type();
    let content = if kind.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    contents.insert(path.to_owned(), content);
    if kind.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| read(&entry.unwrap().path(), contents));
    }
}

fn stamps(contents: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<String> {
    contents.keys().map(|path| stamp(path)).collect()
}

fn stamp(path: &Path) -> String {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) => return format!("{} {error}", path.display()),
    };
    let times =
        [(meta.atime(), meta.atime_nsec()), (meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec())];
    format!(
        "{} {} {:o} {}:{} {} links, {} bytes, {times:?} {:?}",
        path.display(),
        meta.ino(),
        meta.mode(),
        meta.uid(),
        meta.gid(),
        meta.nlink(),
        meta.size(),
        attributes(path)
    )
}

/// Every extended attribute, with its value.
fn attributes(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut names = [0; 4096];
    let length = llistxattr(path, &mut names).unwrap();
    let names = names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty());
    let with_value = |name: &[u8]| {
        let mut value = [0; 4096];
        let length = lgetxattr(path, name, &mut value).unwrap();
        (String::from_utf8_lossy(name).into_owned(), value[..length].to_vec())
    };
    names.map(with_value).collect()
}
