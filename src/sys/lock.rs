//! Locks on roots: two runs that change the same tree, or one within the other, exclude each other.
//!
//! A run locks its root's file for itself, and shares the file of every directory above it. So a run further up, which
//! wants one of those for itself, is refused; runs side by side share all that they have in common. The files are named
//! by device and inode, which is one name however a directory is reached, and are flock(2)ed, so the kernel releases
//! them with the process. They lie in the state folder, never in a tree, where any member could hold them.

use super::SysError;
use super::stat::look;
use super::store::{Folder, Store};
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, TryLockError, read_to_string};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// The directories to lock, by device and inode; each with the root on whose account.
#[derive(Clone, Default, Debug)]
pub struct Wanted(BTreeMap<(u64, u64), (Share, PathBuf)>);

/// How often a lock is tried again while waiting.
const PATIENCE: Duration = Duration::from_millis(50);

/// The locks of a run; dropped, they are released.
#[derive(Debug)]
pub struct Locks {
    _files: Vec<File>,
}

/// Why a lock can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error("{holder} is changing {root:?}, or a tree above or below it; wait for it to end, or use --wait SECONDS")]
    Held {
        /// Which.
        holder: Holder,
        /// The root that was to be locked.
        root: PathBuf,
    },
    /// It could not be tried.
    #[error("the lock of {0:?} can't be taken: {1}")]
    Sys(PathBuf, SysError),
}

/// Who holds a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    /// The process of this id.
    Process(u32),
    /// One that can't be seen from here.
    Unknown,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Process(pid) => write!(f, "another run (process {pid})"),
            Holder::Unknown => f.write_str("another run"),
        }
    }
}

/// How a directory is locked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Share {
    /// With others: something below it is being changed.
    Shared,
    /// For this run alone.
    Alone,
}

/// Whether to try again for what another run holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Again {
    /// After a while.
    Try,
    /// No more.
    GiveUp,
}

/// Takes the locks of a run; asks what to do, again and again, while another run has one of them.
pub fn lock(store: &Store, wanted: &Wanted, mut again: impl FnMut(Holder) -> Again) -> Result<Locks, LockError> {
    let Some((_, first)) = wanted.0.values().next() else {
        return Ok(Locks { _files: vec![] });
    };
    let folder = store.folder("locks").map_err(|error| LockError::Sys(first.clone(), error))?;
    loop {
        match take_all(&folder, wanted) {
            // All are let go before the next try: holding some while waiting for others, two runs could wait for ever.
            Err(LockError::Held { holder, .. }) if again(holder) == Again::Try => sleep(PATIENCE),
            answer => return answer,
        }
    }
}

impl Wanted {
    /// What to lock for these roots, opened and at these real paths, each directory once: a run whose roots lie in one
    /// another needs the outer one for itself. Looks at directories above trees, so it runs on a confined thread.
    pub fn of(roots: &[(&Path, &OwnedFd)]) -> Result<Wanted, LockError> {
        let mut wanted = Wanted::default();
        for &(path, fd) in roots {
            wanted.want(fd, Share::Alone, path)?;
            for above in path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
                let above = openat(CWD, above, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
                    .map_err(|errno| LockError::Sys(path.into(), SysError { call: "openat", errno }))?;
                wanted.want(&above, Share::Shared, path)?;
            }
        }
        Ok(wanted)
    }

    fn want(&mut self, fd: &OwnedFd, share: Share, root: &Path) -> Result<(), LockError> {
        let look = look(fd.as_fd()).map_err(|error| LockError::Sys(root.into(), error))?;
        let key = (look.entry.id.dev, look.entry.id.ino);
        let known = self.0.entry(key).or_insert((share, root.to_path_buf()));
        known.0 = known.0.max(share);
        Ok(())
    }
}

fn take_all(folder: &Folder, wanted: &Wanted) -> Result<Locks, LockError> {
    let mut files = vec![];
    for (&(dev, ino), (share, root)) in &wanted.0 {
        let sys = |error| LockError::Sys(root.clone(), error);
        let file = folder.open_lock(&format!("{dev:x}-{ino}")).map_err(sys)?;
        let answer = match share {
            Share::Shared => file.try_lock_shared(),
            Share::Alone => file.try_lock(),
        };
        match answer {
            Ok(()) => files.push(file),
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { holder: holder_of(&file), root: root.clone() });
            }
            Err(TryLockError::Error(error)) => return Err(sys(SysError::of_io("flock")(error))),
        }
    }
    Ok(Locks { _files: files })
}

/// The process that holds a lock on this file, as procfs tells: `1: FLOCK  ADVISORY  WRITE 4711 fe:00:131 0 EOF`.
fn holder_of(file: &File) -> Holder {
    let Ok((ino, locks)) =
        file.metadata().and_then(|data| Ok((data.ino().to_string(), read_to_string("/proc/locks")?)))
    else {
        return Holder::Unknown;
    };
    let pid = locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = words[..] else { return None };
        // The device is left out of it: btrfs shows another one than stat(2).
        (place.rsplit(':').next() == Some(&ino)).then(|| pid.parse().ok()).flatten().filter(|&pid| pid != 0)
    });
    pid.map_or(Holder::Unknown, Holder::Process)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::store::Missing;
    use std::fs;

    struct Place {
        dir: tempfile::TempDir,
        store: Store,
    }

    fn place() -> Place {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b/c")).unwrap();
        fs::create_dir(dir.path().join("a/d")).unwrap();
        let store = Store::open(dir.path(), Missing::Refuse).unwrap();
        Place { dir, store }
    }

    fn lock(place: &Place, paths: &[&str]) -> Result<Locks, LockError> {
        let opened: Vec<(PathBuf, OwnedFd)> = paths
            .iter()
            .map(|path| place.dir.path().join(path))
            .map(|path| (path.clone(), File::open(path).unwrap().into()))
            .collect();
        let roots: Vec<_> = opened.iter().map(|(path, fd)| (path.as_path(), fd)).collect();
        super::lock(&place.store, &Wanted::of(&roots)?, |_| Again::GiveUp)
    }

    #[test]
    fn excludes_the_same_root_and_those_above_and_below() {
        let place = place();
        let held = lock(&place, &["a/b"]).unwrap();
        for path in ["a/b", "a", "a/b/c", "."] {
            let error = lock(&place, &[path]).unwrap_err();
            assert!(matches!(error, LockError::Held { .. }), "{path}: {error}");
        }
        let beside = lock(&place, &["a/d"]).unwrap();
        drop(held);
        assert!(lock(&place, &["a"]).is_err(), "a/d is still locked");
        drop(beside);
        assert!(lock(&place, &["a"]).is_ok());
    }

    #[test]
    fn waits_as_long_as_it_is_told() {
        let place = place();
        let mut held = Some(lock(&place, &["a"]).unwrap());
        let root: OwnedFd = File::open(place.dir.path().join("a")).unwrap().into();
        let wanted = Wanted::of(&[(&place.dir.path().join("a"), &root)]).unwrap();
        let mut asked = 0;
        let locks = super::lock(&place.store, &wanted, |_| {
            asked += 1;
            if asked == 2 {
                held = None;
            }
            Again::Try
        });
        assert!(locks.is_ok());
        assert_eq!(asked, 2);
    }

    #[test]
    fn names_the_holder() {
        let place = place();
        let _held = lock(&place, &["a"]).unwrap();
        let error = lock(&place, &["a"]).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    }

    #[test]
    fn one_run_may_have_roots_in_one_another() {
        let place = place();
        let _held = lock(&place, &["a", "a/b", "a/b/c"]).unwrap();
        assert!(lock(&place, &["a/d"]).is_err());
    }
}
