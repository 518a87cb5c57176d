//! The floor: the same walk with nothing but the calls that it can't do without, judging nothing; and the same changes, with
//! nothing but the calls that make them and those that look before and after.

use crossbeam_deque::{Stealer, Worker};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{BufWriter, Write};
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
    /// The same, and each gets this group, setgid if it is a directory, and its owner's permissions for the group: from the
    /// directory that is held, looked at once more before and after.
    Change(u32),
}

struct Job {
    parent: Option<Arc<OwnedFd>>,
    name: CString,
}

/// Walks a tree and gives the number of its entries. Each change has a line in the record, where there is one, which is
/// synced at the end.
pub fn walk(root: &str, look: Look, threads: usize, record: Option<&File>) -> u64 {
    let workers: Vec<Worker<Job>> = (0..threads).map(|_| Worker::new_lifo()).collect();
    workers[0].push(Job { parent: None, name: CString::new(root).expect("a path without NUL") });
    let (pending, entries) = (AtomicUsize::new(1), AtomicU64::new(1));
    let stealers: Vec<Stealer<Job>> = workers.iter().map(Worker::stealer).collect();
    std::thread::scope(|scope| {
        for worker in workers {
            let (stealers, pending, entries) = (&stealers, &pending, &entries);
            scope.spawn(move || {
                let mut buffer = vec![0_u8; 64 << 10];
                let mut lines = record.map(BufWriter::new);
                let mut seen = 0;
                while pending.load(Ordering::Acquire) > 0 {
                    let stolen = || stealers.iter().find_map(|other| other.steal().success());
                    let Some(job) = worker.pop().or_else(stolen) else {
                        std::thread::yield_now();
                        continue;
                    };
                    seen += visit(job, look, (&mut buffer, lines.as_mut()), |job| {
                        pending.fetch_add(1, Ordering::Relaxed);
                        worker.push(job);
                    });
                    pending.fetch_sub(1, Ordering::AcqRel);
                }
                entries.fetch_add(seen, Ordering::Relaxed);
            });
        }
    });
    if let Some(record) = record {
        record.sync_all().expect("the record is on disk");
    }
    entries.into_inner()
}

fn visit(
    job: Job,
    look: Look,
    (buffer, mut lines): (&mut [u8], Option<&mut BufWriter<&File>>),
    mut push: impl FnMut(Job),
) -> u64 {
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
            match look {
                Look::Dirs => {}
                Look::All => _ = statx(fd, name, NOFOLLOW),
                Look::Change(gid) => change(fd, name, gid, lines.as_deref_mut()),
            }
            if kind == libc::DT_DIR {
                push(Job { parent: Some(dir.clone()), name: name.to_owned() });
            }
        }
    }
}

const NOFOLLOW: i32 = libc::AT_SYMLINK_NOFOLLOW | libc::AT_NO_AUTOMOUNT;

/// The call of Linux 6.6, whose number is the same everywhere.
const FCHMODAT2: libc::c_long = 452;

fn change(dir: i32, name: &CStr, gid: u32, lines: Option<&mut BufWriter<&File>>) {
    let found = statx(dir, name, NOFOLLOW);
    let mode = u32::from(found.stx_mode) & 0o7777;
    let setgid = if u32::from(found.stx_mode) & libc::S_IFMT == libc::S_IFDIR { 0o2000 } else { 0 };
    let wanted = mode & !0o070 | (mode >> 3) & 0o070 | setgid;
    if found.stx_gid == gid && mode == wanted {
        return;
    }
    if let Some(lines) = lines {
        // As long as a line of a plan.
        let line = writeln!(
            lines,
            "{{\"path\":{name:?},\"dev\":{},\"ino\":{},\"btime\":{},\"before\":[{},{},{mode:o}],\"after\":[{},{gid},{wanted:o}]}}",
            found.stx_dev_minor, found.stx_ino, found.stx_btime.tv_sec, found.stx_uid, found.stx_gid, found.stx_uid
        );
        line.expect("the record takes a line");
    }
    statx(dir, name, NOFOLLOW);
    // SAFETY: the name ends with its NUL.
    unsafe {
        libc::fchownat(dir, name.as_ptr(), u32::MAX, gid, libc::AT_SYMLINK_NOFOLLOW);
        libc::syscall(FCHMODAT2, dir, name.as_ptr(), wanted, libc::AT_SYMLINK_NOFOLLOW);
    }
    statx(dir, name, NOFOLLOW);
}

fn statx(dir: i32, name: &CStr, flags: i32) -> libc::statx {
    let mask = libc::STATX_BASIC_STATS | libc::STATX_BTIME;
    // SAFETY: zeros are a statx, the name ends with its NUL, and the kernel writes to nothing else.
    unsafe {
        let mut stat: libc::statx = std::mem::zeroed();
        libc::statx(dir, name.as_ptr(), flags, mask, &raw mut stat);
        stat
    }
}
