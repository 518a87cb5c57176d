//! Calls that hang: which threads of the process stand in one, where, and since how many looks.
//!
//! procfs tells of every thread which call it is in and with which arguments, and how long it has run. One that is in
//! the same call about the same thing as at the last look, and has hardly run since, has stood there all the time. So the
//! threads that work tell nothing, and nothing is spent on them.
//!
//! How often a thread was put to sleep tells nothing: the RPC client of a network file system wakes it every few seconds
//! to try once more (nfs(5), `retrans`), and it sleeps again in the same call.

mod calls;

use super::SysError;
use calls::{About, known};
use rustix::fs::{Mode, OFlags, open, readlink};
use rustix::io::pread;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{read_dir, read_to_string};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A thread that runs for less than this part of the time only tries again what hangs.
const WORKS: u32 = 200;

/// A thread that stands in a call to a file system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Standing {
    /// The call.
    pub call: &'static str,
    /// What it is about.
    pub path: PathBuf,
    /// How many looks ago it was first seen there.
    pub looks: u32,
}

/// Looks at the threads of the process, again and again.
#[derive(Default, Debug)]
pub(crate) struct Watcher {
    seen: HashMap<String, (Moment, u32)>,
    left: HashSet<String>,
    last: Option<Instant>,
}

/// What a thread was in when it was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Moment {
    /// The call.
    name: &'static str,
    /// The call and its arguments, as procfs has them.
    call: String,
    /// What it is about.
    path: PathBuf,
    /// How far the descriptor has been read that it is about: a directory is listed by one call after the other.
    offset: String,
    /// How long the thread has run.
    ran: Duration,
}

impl Moment {
    /// Whether a thread that was here then, and is here now, has done nothing in between.
    fn is_still(&self, now: &Moment, between: Duration) -> bool {
        let is_same = (&self.call, &self.path, &self.offset) == (&now.call, &now.path, &now.offset);
        is_same && now.ran.saturating_sub(self.ran) <= between / WORKS
    }
}

impl Watcher {
    /// Looks once; the thread that has stood longest, if one stands at all.
    pub(crate) fn look(&mut self) -> Result<Option<Standing>, SysError> {
        let watched = threads()?.filter(|thread| !self.left.contains(thread));
        let moments: Vec<_> = watched.filter_map(|thread| Some((moment(&thread)?, thread))).collect();
        let now = Instant::now();
        let between = self.last.replace(now).map_or(Duration::ZERO, |last| now - last);
        let before = std::mem::take(&mut self.seen);
        for (moment, thread) in moments {
            let known = before.get(&thread).filter(|(known, _)| known.is_still(&moment, between));
            let looks = known.map_or(0, |(_, looks)| looks + 1);
            self.seen.insert(thread, (moment, looks));
        }
        let longest = self.seen.values().max_by_key(|(_, looks)| *looks);
        Ok(longest.map(|(moment, looks)| Standing { call: moment.name, path: moment.path.clone(), looks: *looks }))
    }

    /// Doesn't look any more at those that are there now, but at the first of the process and those that are still to come.
    pub(crate) fn leave_all_but_first(&mut self) {
        let first = std::process::id().to_string();
        // There is procfs: somebody was seen.
        self.left = threads().map_or_else(|_| HashSet::new(), |all| all.filter(|thread| *thread != first).collect());
        self.seen.clear();
    }
}

/// The threads of the process.
fn threads() -> Result<impl Iterator<Item = String>, SysError> {
    let threads = read_dir("/proc/self/task").map_err(SysError::of_io("getdents64"))?;
    Ok(threads.flatten().filter_map(|thread| thread.file_name().into_string().ok()))
}

/// What a thread is in, where that is a call to a file system; `None` also for one that runs, or is gone already.
fn moment(thread: &str) -> Option<Moment> {
    let of_thread = |file: &str| read_to_string(format!("/proc/self/task/{thread}/{file}")).ok();
    let call = of_thread("syscall")?;
    let (name, about) = known(argument(&call, 0)?)?;
    let path = path_of(&call, about)?;
    let offset = match about {
        About::Descriptor | About::Stream => offset_of(argument(&call, 1)?),
        About::Name | About::Path => String::new(),
    };
    // Nanoseconds; absent, or nothing, where the kernel doesn't count them.
    let ran = of_thread("schedstat").and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    Some(Moment { name, call, path, offset, ran: Duration::from_nanos(ran) })
}

/// The line of `/proc/self/fdinfo` that tells how far a descriptor has been read or written.
fn offset_of(descriptor: u64) -> String {
    let info = read_to_string(format!("/proc/self/fdinfo/{}", descriptor as u32 as i32)).unwrap_or_default();
    info.lines().next().unwrap_or_default().into()
}

/// A word of `/proc/PID/syscall`: the call's number in decimal, then its arguments in hexadecimal.
fn argument(call: &str, at: usize) -> Option<u64> {
    let word = call.split_whitespace().nth(at)?;
    match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

/// What a call is about; `None` where it may well wait, for somebody at a terminal or at the other end of a pipe.
fn path_of(call: &str, about: About) -> Option<PathBuf> {
    let first = argument(call, 1)?;
    Some(match about {
        About::Descriptor => place(first),
        About::Stream => Some(place(first)).filter(|path| first > 2 && is_in_a_tree(path))?,
        About::Path => behind(text_at(first)),
        About::Name => {
            let name = text_at(argument(call, 2)?);
            match name.as_os_str().is_empty() || name.as_os_str() == "." {
                true => place(first),
                // An absolute name takes the directory's place; one of a held entry stands for that.
                false => behind(place(first).join(name)),
            }
        }
    })
}

/// Whether a descriptor's name is that of a file: `pipe:[7]` and terminals are none.
fn is_in_a_tree(path: &Path) -> bool {
    path.as_os_str().as_bytes().starts_with(b"/") && !path.starts_with("/dev") && !path.starts_with("/proc")
}

/// The path of a descriptor; the kernel knows it without asking the file system.
fn place(descriptor: u64) -> PathBuf {
    behind(format!("/proc/self/fd/{}", descriptor as u32 as i32).into())
}

/// What a name in a folder of descriptors stands for; any other path itself.
fn behind(path: PathBuf) -> PathBuf {
    // The folder's own name has the process's number: /proc/self is a link.
    let is_descriptor = path.starts_with("/proc") && path.parent().is_some_and(|folder| folder.ends_with("fd"));
    if !is_descriptor {
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
    use std::os::fd::AsRawFd;

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
        let fd = dir.as_raw_fd();
        let of = |name: &std::ffi::CStr| {
            path_of(&format!("{} {fd:#x} {:#x} 0x0", libc::SYS_statx, name.as_ptr() as usize), About::Name).unwrap()
        };
        assert_eq!(of(c"a/b"), top.join("a/b"));
        assert_eq!((of(c""), of(c"."), of(c"/x")), (top.clone(), top.clone(), "/x".into()));
        // As listxattrat(2) is asked about what is held: by the folder of descriptors, and a number.
        let (fds, number) =
            (std::fs::File::open("/proc/self/fd").unwrap(), std::ffi::CString::new(fd.to_string()).unwrap());
        let call = format!("465 {:#x} {:#x} 0x0", fds.as_raw_fd(), number.as_ptr() as usize);
        assert_eq!(path_of(&call, About::Name), Some(top.clone()));
        assert_eq!(
            path_of(&format!("{} {fd:#x} 0x1 0x8000", libc::SYS_getdents64), About::Descriptor),
            Some(top.clone())
        );
        assert_eq!(path_of(&format!("{} {fd:#x} 0x1 0x8000", libc::SYS_read), About::Stream), Some(top));
        let (reader, _writer) = std::io::pipe().unwrap();
        assert_eq!(path_of(&format!("{} {:#x}", libc::SYS_read, reader.as_raw_fd()), About::Stream), None, "a pipe");
        assert_eq!(path_of(&format!("{} 0x0", libc::SYS_read), About::Stream), None, "standard input");
        assert_eq!(text_at(8), PathBuf::new(), "no memory of ours");
    }

    #[test]
    fn only_who_does_nothing_stands() {
        let moment = |path: &str, offset: &str, ran| Moment {
            name: "getdents64",
            call: "217 0x3".into(),
            path: path.into(),
            offset: offset.into(),
            ran: Duration::from_micros(ran),
        };
        let (before, between) = (moment("/a", "pos:\t7", 100), Duration::from_secs(6));
        // What a network file system's client takes to try again and again.
        assert!(before.is_still(&moment("/a", "pos:\t7", 5_000), between));
        assert!(!before.is_still(&moment("/a", "pos:\t8", 100), between), "it was answered");
        assert!(!before.is_still(&moment("/b", "pos:\t7", 100), between));
        assert!(!before.is_still(&moment("/a", "pos:\t7", 100_000), between), "it works");
    }

    /// Wakes from outside, as those of an RPC client, end nobody's wait.
    #[test]
    #[allow(unsafe_code)]
    fn who_is_woken_in_vain_stands_all_the_same() {
        let tree = tempfile::tempdir().unwrap();
        let fifo = tree.path().canonicalize().unwrap().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        signal_hook::flag::register(signal_hook::consts::SIGWINCH, std::sync::Arc::default()).unwrap();
        std::thread::scope(|scope| {
            let (id, its_id) = std::sync::mpsc::channel();
            let path = &fifo;
            scope.spawn(move || {
                id.send(rustix::thread::gettid()).unwrap();
                std::fs::File::open(path)
            });
            let thread = its_id.recv().unwrap();
            let mut watcher = Watcher::default();
            let mut stood = 0;
            while stood < 3 {
                // SAFETY: a signal that is caught, to a thread that waits for us.
                unsafe {
                    libc::syscall(libc::SYS_tgkill, std::process::id(), thread.as_raw_nonzero().get(), libc::SIGWINCH)
                };
                // Between looks it is to do nothing for most of the time.
                std::thread::park_timeout(Duration::from_millis(20));
                watcher.look().unwrap();
                let known = watcher.seen.values().find(|(moment, _)| moment.path == fifo);
                stood = known.map_or(0, |(_, looks)| *looks);
            }
            // Lets the reader go.
            std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
        });
    }

    #[test]
    fn who_works_does_not_stand() {
        let (mut watcher, me) = (Watcher::default(), rustix::thread::gettid().as_raw_nonzero().to_string());
        for _ in 0..3 {
            // This very thread is in calls all the time, and in another each time.
            watcher.look().unwrap();
            assert!(watcher.seen.get(&me).is_none_or(|(_, looks)| *looks < 2));
        }
    }
}
