//! A file system by FUSE, served by the test itself, that never answers the questions it is told not to.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A question to a server (linux/fuse.h): what is asked, of which node, and of which name in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Question<'a> {
    /// Its number.
    pub operation: u32,
    /// The node; the root is 1, its first file 2.
    pub node: u64,
    /// What is behind the head: for a lookup, the name.
    pub body: &'a [u8],
}

/// Looks a name up.
pub const LOOKUP: u32 = 1;
/// What stat(2) tells.
pub const GETATTR: u32 = 3;
/// Opens a file.
pub const OPEN: u32 = 14;
/// Reads it.
pub const READ: u32 = 15;
/// Lists extended attributes.
pub const LISTXATTR: u32 = 23;
/// Lists a directory.
pub const READDIR: u32 = 28;

/// A mounted file system; it ends with this.
pub struct Served {
    place: PathBuf,
    device: Arc<File>,
}

impl Served {
    /// Mounts a directory, 2775 of root, with files of these names and contents, 0644, and answers all questions but those that `hangs` keeps.
    pub fn at(
        place: &Path,
        files: &[(&'static str, String)],
        hangs: impl Fn(Question<'_>) -> bool + Send + 'static,
    ) -> io::Result<Served> {
        let device = Arc::new(OpenOptions::new().read(true).write(true).open("/dev/fuse")?);
        let options =
            CString::new(format!("fd={},rootmode=40000,user_id=0,group_id=0,allow_other", device.as_raw_fd()))?;
        let target = CString::new(place.to_str().unwrap())?;
        // SAFETY: four texts that outlive the call.
        let answer =
            unsafe { libc::mount(c"test".as_ptr(), target.as_ptr(), c"fuse".as_ptr(), 0, options.as_ptr().cast()) };
        if answer != 0 {
            return Err(io::Error::last_os_error());
        }
        let (files, served) = (files.to_vec(), Arc::clone(&device));
        std::thread::spawn(move || serve(&served, &files, hangs));
        Ok(Served { place: place.into(), device })
    }
}

impl Drop for Served {
    /// Ends the connection, and with it every question that nobody answered: that thread reads the device no more.
    fn drop(&mut self) {
        let place = CString::new(self.place.to_str().unwrap()).unwrap();
        // SAFETY: a text that outlives the call.
        unsafe { libc::umount2(place.as_ptr(), libc::MNT_FORCE) };
        // SAFETY: as above; what MNT_FORCE left, since it was busy.
        unsafe { libc::umount2(place.as_ptr(), libc::MNT_DETACH) };
        let _ = &self.device;
    }
}

/// Answers until the connection ends.
fn serve(device: &File, files: &[(&'static str, String)], hangs: impl Fn(Question<'_>) -> bool) {
    let (mut device, mut buffer) = (device, vec![0; 1 << 17]);
    loop {
        let length = match device.read(&mut buffer) {
            Ok(length) => length,
            // A question that was taken back.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR | libc::EAGAIN)) => continue,
            Err(_) => return,
        };
        let word = |at: usize| u32::from_ne_bytes(buffer[at..at + 4].try_into().unwrap());
        let long = |at: usize| u64::from_ne_bytes(buffer[at..at + 8].try_into().unwrap());
        let (id, question) = (long(8), Question { operation: word(4), node: long(16), body: &buffer[40..length] });
        if hangs(question) {
            continue;
        }
        let Some(answer) = answer(question, files) else { continue };
        let (errno, bytes) = answer.map_or_else(|errno| (-errno, Vec::new()), |bytes| (0, bytes));
        let head = [&(16 + bytes.len() as u32).to_ne_bytes()[..], &errno.to_ne_bytes(), &id.to_ne_bytes()].concat();
        // Who asked may be gone.
        let _ = device.write(&[head, bytes].concat());
    }
}

/// The answer to a question, or its errno; nothing, where none is waited for.
fn answer(question: Question<'_>, files: &[(&'static str, String)]) -> Option<Result<Vec<u8>, i32>> {
    let Question { operation, node, body } = question;
    let content = || files.get(node as usize - 2).map_or(&b""[..], |(_, content)| content.as_bytes());
    let number = |at: usize| u64::from_ne_bytes(body[at..at + 8].try_into().unwrap());
    let size = |at: usize| u32::from_ne_bytes(body[at..at + 4].try_into().unwrap());
    Some(Ok(match operation {
        // FORGET, INTERRUPT, BATCH_FORGET.
        2 | 36 | 42 => return None,
        LOOKUP => match files.iter().position(|(name, _)| name.as_bytes() == &body[..body.len() - 1]) {
            Some(at) => [longs(&[at as u64 + 2, 0, 0, 0, 0]), attributes(at as u64 + 2, files)].concat(),
            None => return Some(Err(libc::ENOENT)),
        },
        GETATTR => [longs(&[0, 0]), attributes(node, files)].concat(),
        // OPENDIR too.
        OPEN | 27 => longs(&[node, 0]),
        READ => content().iter().copied().skip(number(8) as usize).take(size(16) as usize).collect(),
        READDIR => listing(files, number(8) as usize),
        LISTXATTR if size(0) == 0 => longs(&[0]),
        // RELEASE, FLUSH, RELEASEDIR, ACCESS; an empty list of attributes.
        18 | 25 | 29 | 34 | LISTXATTR => Vec::new(),
        // INIT: version 7.31, with what the kernel offers of readahead, and writes of 4 KiB.
        26 => [&words(&[7, 31, size(8), 0, 12 | 10 << 16, 4096, 1])[..], &[0; 36]].concat(),
        // STATFS.
        17 => [longs(&[1000, 1000, 1000, 1000, 1000]), words(&[512, 255, 512, 0]), vec![0; 24]].concat(),
        _ => return Some(Err(libc::ENOSYS)),
    }))
}

fn attributes(node: u64, files: &[(&'static str, String)]) -> Vec<u8> {
    let size = files.get((node as usize).wrapping_sub(2)).map_or(0, |(_, content)| content.len() as u64);
    let mode = if node == 1 { libc::S_IFDIR | 0o2775 } else { libc::S_IFREG | 0o644 };
    [longs(&[node, size, 1, 0, 0, 0]), words(&[0, 0, 0, mode, 1, 0, 0, 0, 512, 0])].concat()
}

fn listing(files: &[(&'static str, String)], from: usize) -> Vec<u8> {
    let entries = files.iter().enumerate().skip(from).map(|(at, (name, _))| {
        let mut entry = longs(&[at as u64 + 2, at as u64 + 1]);
        entry.extend(words(&[name.len() as u32, u32::from(libc::DT_REG)]));
        entry.extend(name.as_bytes());
        entry.resize(entry.len().next_multiple_of(8), 0);
        entry
    });
    entries.flatten().collect()
}

fn longs(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}
