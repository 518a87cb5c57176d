//! The floor: the same walk with nothing but the calls that it can't do without, judging nothing.

use crossbeam_deque::{Stealer, Worker};
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Each directory.
    Dirs,
    /// Each entry, by one statx(2).
    All,
}

struct Job {
    parent: Option<Arc<OwnedFd>>,
    name: CString,
}

/// Walks a tree and gives the number of its entries.
pub fn walk(root: &str, look: Look, threads: usize) -> u64 {
    let workers: Vec<Worker<Job>> = (0..threads).map(|_| Worker::new_lifo()).collect();
    workers[0].push(Job { parent: None, name: CString::new(root).expect("a path without NUL") });
    let (pending, entries) = (AtomicUsize::new(1), AtomicU64::new(1));
    let stealers: Vec<Stealer<Job>> = workers.iter().map(Worker::stealer).collect();
    std::thread::scope(|scope| {
        for worker in workers {
            let (stealers, pending, entries) = (&stealers, &pending, &entries);
            scope.spawn(move || {
                let mut buffer = vec![0_u8; 64 << 10];
                let mut seen = 0;
                while pending.load(Ordering::Acquire) > 0 {
                    let stolen = || stealers.iter().find_map(|other| other.steal().success());
                    let Some(job) = worker.pop().or_else(stolen) else {
                        std::thread::yield_now();
                        continue;
                    };
                    seen += visit(job, look, &mut buffer, |job| {
                        pending.fetch_add(1, Ordering::Relaxed);
                        worker.push(job);
                    });
                    pending.fetch_sub(1, Ordering::AcqRel);
                }
                entries.fetch_add(seen, Ordering::Relaxed);
            });
        }
    });
    entries.into_inner()
}

fn visit(job: Job, look: Look, buffer: &mut [u8], mut push: impl FnMut(Job)) -> u64 {
    let at = job.parent.as_ref().map_or(libc::AT_FDCWD, |parent| parent.as_raw_fd());
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    // SAFETY: the name ends with its NUL.
    let fd = unsafe { libc::openat(at, job.name.as_ptr(), flags) };
    if fd < 0 {
        return 0;
    }
    // SAFETY: it was opened just now, and nobody else has it.
    let dir = Arc::new(unsafe { OwnedFd::from_raw_fd(fd) });
    drop(job);
    if look == Look::Dirs {
        statx(fd, c"", libc::AT_EMPTY_PATH);
    }
    let mut seen = 0;
    loop {
        // SAFETY: the kernel writes at most so many bytes to the buffer.
        let filled = unsafe { libc::syscall(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len()) };
        let Ok(filled @ 1..) = usize::try_from(filled) else { return seen };
        let mut at = 0;
        while at < filled {
            // SAFETY: the kernel filled the buffer with whole records, each as long as it says.
            let (kind, name, length) = unsafe {
                let entry = buffer.as_ptr().add(at).cast::<libc::dirent64>();
                let name = CStr::from_ptr((&raw const (*entry).d_name).cast());
                ((*entry).d_type, name, (&raw const (*entry).d_reclen).read_unaligned())
            };
            at += usize::from(length);
            if name == c"." || name == c".." {
                continue;
            }
            seen += 1;
            if look == Look::All {
                statx(fd, name, libc::AT_SYMLINK_NOFOLLOW | libc::AT_NO_AUTOMOUNT);
            }
            if kind == libc::DT_DIR {
                push(Job { parent: Some(dir.clone()), name: name.to_owned() });
            }
        }
    }
}

fn statx(dir: i32, name: &CStr, flags: i32) -> u16 {
    let mask = libc::STATX_BASIC_STATS | libc::STATX_BTIME;
    // SAFETY: zeros are a statx, the name ends with its NUL, and the kernel writes to nothing else.
    unsafe {
        let mut stat: libc::statx = std::mem::zeroed();
        libc::statx(dir, name.as_ptr(), flags, mask, &raw mut stat);
        stat.stx_mode
    }
}
