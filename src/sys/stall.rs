//! Calls that hang: which threads of the process stand in one, where, and since how many looks.
//!
//! procfs tells of every thread which call it is blocked in and with which arguments, and how often it was switched. One
//! that is in the same call and was not switched since the last look has stood there all the time. So the threads that
//! work tell nothing, and nothing is spent on them.

use super::SysError;
use rustix::fs::{Mode, OFlags, open, readlink};
use rustix::io::pread;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{read_dir, read_to_string};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A thread that stands in a call to a file system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The call.
    pub call: &'static str,
    /// What it is about.
    pub path: PathBuf,
    /// How many looks ago it was first seen there.
    pub looks: u32,
}

/// Looks at the threads of the process, again and again.
#[derive(Default, Debug)]
pub struct Watcher {
    seen: HashMap<String, (Moment, u32)>,
}

/// What a thread was in when it was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Moment {
    /// The call and its arguments.
    call: String,
    /// How often it was put to sleep or made to wait.
    switches: String,
}

impl Watcher {
    /// Looks once; the thread that has stood longest, if one stands at all.
    pub fn look(&mut self) -> Result<Option<Standing>, SysError> {
        let threads = read_dir("/proc/self/task").map_err(SysError::of_io("getdents64"))?;
        let names = threads.flatten().filter_map(|thread| thread.file_name().into_string().ok());
        let moments: Vec<_> = names.filter_map(|thread| Some((moment(&thread)?, thread))).collect();
        let before = std::mem::take(&mut self.seen);
        for (moment, thread) in moments {
            let looks = before.get(&thread).filter(|(known, _)| *known == moment).map_or(0, |(_, looks)| looks + 1);
            self.seen.insert(thread, (moment, looks));
        }
        let longest = self.seen.values().max_by_key(|(_, looks)| *looks);
        Ok(longest.and_then(|(moment, looks)| standing(moment, *looks)))
    }
}

/// What a thread is in, where that is a call to a file system; `None` also for one that runs, or is gone already.
fn moment(thread: &str) -> Option<Moment> {
    let call = read_to_string(format!("/proc/self/task/{thread}/syscall")).ok()?;
    argument(&call, 0).and_then(known)?;
    let status = read_to_string(format!("/proc/self/task/{thread}/status")).ok()?;
    let switches = status.lines().filter(|line| line.contains("voluntary_ctxt_switches"));
    Some(Moment { call, switches: switches.collect() })
}

/// How a call names what it is about.
#[derive(Clone, Copy)]
enum About {
    /// A directory by descriptor, and a name in it.
    Name,
    /// A descriptor.
    Descriptor,
    /// A path.
    Path,
}

/// The calls that reach for a tree.
const CALLS: [(libc::c_long, &str, About); 17] = [
    (libc::SYS_openat, "openat", About::Name),
    (libc::SYS_openat2, "openat2", About::Name),
    (libc::SYS_statx, "statx", About::Name),
    (libc::SYS_newfstatat, "newfstatat", About::Name),
    (libc::SYS_fchownat, "fchownat", About::Name),
    (libc::SYS_fchmodat, "fchmodat", About::Name),
    (452, "fchmodat2", About::Name),
    (libc::SYS_faccessat2, "faccessat2", About::Name),
    (libc::SYS_readlinkat, "readlinkat", About::Name),
    (libc::SYS_name_to_handle_at, "name_to_handle_at", About::Name),
    (libc::SYS_getdents64, "getdents64", About::Descriptor),
    (libc::SYS_fchown, "fchown", About::Descriptor),
    (libc::SYS_fchmod, "fchmod", About::Descriptor),
    (libc::SYS_fstatfs, "fstatfs", About::Descriptor),
    (libc::SYS_fgetxattr, "fgetxattr", About::Descriptor),
    (libc::SYS_getxattr, "getxattr", About::Path),
    (libc::SYS_listxattr, "listxattr", About::Path),
];

fn known(number: u64) -> Option<(&'static str, About)> {
    CALLS.iter().find(|(known, ..)| u64::try_from(*known) == Ok(number)).map(|&(_, name, about)| (name, about))
}

/// A word of `/proc/PID/syscall`: the call's number in decimal, then its arguments in hexadecimal.
fn argument(call: &str, at: usize) -> Option<u64> {
    let word = call.split_whitespace().nth(at)?;
    match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

fn standing(moment: &Moment, looks: u32) -> Option<Standing> {
    let (call, about) = known(argument(&moment.call, 0)?)?;
    let first = argument(&moment.call, 1)?;
    let path = match about {
        About::Descriptor => place(first),
        About::Path => behind(text_at(first)),
        About::Name => {
            let name = text_at(argument(&moment.call, 2)?);
            match name.as_os_str().is_empty() || name.as_os_str() == "." {
                true => place(first),
                // An absolute name takes the directory's place.
                false => place(first).join(name),
            }
        }
    };
    Some(Standing { call, path, looks })
}

/// The path of a descriptor; the kernel knows it without asking the file system.
fn place(descriptor: u64) -> PathBuf {
    behind(format!("/proc/self/fd/{}", descriptor as u32 as i32).into())
}

/// What a name in `/proc/self/fd` stands for; any other path itself.
fn behind(path: PathBuf) -> PathBuf {
    if !path.starts_with("/proc/self/fd") {
        return path;
    }
    let link = readlink(&path, Vec::new()).map(|link| OsString::from_vec(link.into_bytes()).into());
    link.unwrap_or_default()
}

/// The text that lies at an address of ours. Read through procfs: by now the call may be over and the memory gone.
fn text_at(address: u64) -> PathBuf {
    let mut text = [0; 4096];
    // No further than the page goes: the next one may be nobody's.
    let length = 4096 - (address % 4096) as usize;
    let memory = open(c"/proc/self/mem", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let read = memory.and_then(|memory| pread(memory, &mut text[..length], address)).unwrap_or(0);
    let end = text[..read].iter().position(|&byte| byte == 0).unwrap_or(read);
    OsString::from_vec(text[..end].to_vec()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_as_procfs_writes_them() {
        let line = format!("{} 0xffffff9c 0x7f00 0x0 0x0 0x0 0x0 0x7ffd 0x7f01\n", libc::SYS_openat);
        assert_eq!(argument(&line, 0).and_then(known).map(|(name, _)| name), Some("openat"));
        assert_eq!((argument(&line, 1), argument(&line, 2)), (Some(0xffff_ff9c), Some(0x7f00)));
        assert!(argument("running\n", 0).is_none() && argument("-1 0x7ffd 0x7f01", 0).is_none());
        let futex = format!("{} 0x7f00", libc::SYS_futex);
        assert!(argument(&futex, 0).and_then(known).is_none(), "waiting for another thread is no hang");
    }

    #[test]
    fn places_are_told_by_descriptor_and_name() {
        let tree = tempfile::tempdir().unwrap();
        let top = tree.path().canonicalize().unwrap();
        let dir = std::fs::File::open(&top).unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&dir);
        let of = |name: &std::ffi::CStr| {
            let call = format!("{} {fd:#x} {:#x} 0x0", libc::SYS_statx, name.as_ptr() as usize);
            standing(&Moment { call, switches: String::new() }, 3).unwrap()
        };
        assert_eq!(of(c"a/b"), Standing { call: "statx", path: top.join("a/b"), looks: 3 });
        assert_eq!((of(c"").path, of(c".").path, of(c"/x").path), (top.clone(), top.clone(), "/x".into()));
        let listing = Moment { call: format!("{} {fd:#x} 0x1 0x8000", libc::SYS_getdents64), switches: String::new() };
        assert_eq!(standing(&listing, 0).map(|standing| standing.path), Some(top));
        assert_eq!(text_at(8), PathBuf::new(), "no memory of ours");
    }

    #[test]
    fn who_works_does_not_stand() {
        let mut watcher = Watcher::default();
        for _ in 0..3 {
            // This very thread is in calls all the time, and in another each time.
            assert!(watcher.look().unwrap().is_none_or(|standing| standing.looks < 2));
        }
    }
}
