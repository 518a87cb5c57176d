//! Locks on roots: two runs that change the same tree, or one within the other, exclude each other.
//!
//! ```text
//!     locks/4711-0        what run 4711 wants: its roots for itself, the directories above them with others
//! ```
//!
//! A run says what it wants in a file of its own and holds that (flock(2)) to its end, so the kernel ends the claim with
//! the process. A run further up, which wants a directory for itself that others share, is refused; runs side by side
//! share what they have in common. The file goes with its run; what a killed run left, the next one removes. The files
//! lie in a folder that only root or the user can write, never in a tree, where any member could hold them.
//!
//! Directories have two names here. Device and inode are one however a directory is reached and whatever it is called
//! meanwhile. File system and path from its top tell the directories above a root also where it is reached through a
//! mount of a part of it (mount --bind), which hides them. What remains unseen are the layers of an overlay.

use crate::source::mounts::{Mount, Mounts};
use crate::store::state_file::StateFile;
use crate::store::{Folder, Store};
use crate::sys::held::Crossing;
use crate::sys::root::hold_directory;
use crate::sys::stat::look;
use crate::sys::supervise::is_ending;
use crate::sys::{SysError, host};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// The directories to lock, by their names; each with the root on whose account.
#[derive(Clone, Default, Debug)]
pub(crate) struct LockRequest(BTreeMap<Vec<u8>, (Share, PathBuf)>);

/// How often a lock is tried again that a run holds which is ending.
const ENDS_WITHIN: u32 = 20;

/// How long it is until a lock is tried again.
pub(crate) const PATIENCE: Duration = Duration::from_millis(50);

/// How often the turn is asked for.
const TURNS: u32 = 400;

/// How long to wait in between.
const MOMENT: Duration = Duration::from_millis(5);

/// The folder of the locks.
const FOLDER: &str = "locks";

/// What a claim ends in: without it, it isn't known what is wanted.
const END: &[u8] = b"end";

/// The locks of a run; dropped, they are released.
#[derive(Debug)]
pub(crate) struct Locks(Option<(Folder, Claim)>);

/// The file that says what a run wants.
#[derive(Debug)]
struct Claim {
    name: String,
    _file: StateFile,
}

/// Why a lock can't be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
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
pub(crate) enum Holder {
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
pub(crate) enum Again {
    /// After a while.
    Try,
    /// No more.
    GiveUp,
}

/// Takes the locks of a run; asks what to do, again and again, while another run has one of them.
pub(crate) fn lock(
    store: &Store,
    wanted: &LockRequest,
    mut again: impl FnMut(Holder) -> Again,
) -> Result<Locks, LockError> {
    let Some((_, first)) = wanted.0.values().next() else { return Ok(Locks(None)) };
    let sys = |error| LockError::Sys(first.clone(), error);
    let folder = store.folder(FOLDER).map_err(sys)?;
    let mut tries = 0..ENDS_WITHIN;
    loop {
        let answer = match has_turn(&folder).map_err(sys)? {
            true => take(&folder, wanted, first),
            false => Err(LockError::Held { holder: Holder::Unknown, root: first.clone() }),
        };
        folder.end_turn();
        match answer {
            Ok(claim) => return Ok(Locks(Some((folder, claim)))),
            // Whoever waited for a run that was killed may be back before all of it has gone.
            Err(LockError::Held { holder: Holder::Process(pid), .. }) if is_ending(pid) && tries.next().is_some() => {
                sleep(PATIENCE);
            }
            Err(LockError::Held { holder, .. }) if again(holder) == Again::Try => sleep(PATIENCE),
            Err(error) => return Err(error),
        }
    }
}

impl Drop for Locks {
    fn drop(&mut self) {
        if let Some((folder, claim)) = &self.0 {
            // What can't be removed is nobody's once it is closed, and the next run's to remove.
            folder.remove(&claim.name).ok();
        }
    }
}

impl LockRequest {
    /// What to lock for these roots, opened and at these real paths, and for what is mounted below those that a run
    /// crosses: each directory once, and a run whose roots lie in one another needs the outer one for itself. Looks at
    /// directories above trees, so it runs on a confined thread.
    ///
    /// `None` is a root that the run doesn't touch. Roots that can't be locked are told by their index, and are not to
    /// be touched either.
    pub(crate) fn of<'r, F: AsFd>(
        roots: impl IntoIterator<Item = Option<(&'r Path, Result<F, SysError>, Crossing)>>,
    ) -> (LockRequest, Vec<(usize, LockError)>) {
        // Without procfs, mounts of parts aren't known.
        let mounts = Mounts::read().unwrap_or_default();
        let (mut wanted, mut lost) = (LockRequest::default(), Vec::new());
        for (index, root) in roots.into_iter().enumerate() {
            let Some((path, fd, crossing)) = root else { continue };
            let fd = fd.map_err(|error| LockError::Sys(path.into(), error));
            // What was wanted for a root before it failed is locked too, which harms nothing.
            if let Err(error) = fd.and_then(|fd| wanted.want_root(path, fd, crossing, &mounts)) {
                lost.push((index, error));
            }
        }
        (wanted, lost)
    }

    fn want_root(&mut self, path: &Path, fd: impl AsFd, crossing: Crossing, mounts: &Mounts) -> Result<(), LockError> {
        let mount = self.want_inode(&fd, Share::Alone, path)?;
        for above in path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
            let above = hold_directory(above).map_err(|error| LockError::Sys(path.into(), error))?;
            self.want_inode(&above, Share::Shared, path)?;
        }
        if let Some(mount) = mounts.by_id(mount)
            && let Ok(below) = path.strip_prefix(&mount.point)
        {
            self.want_place(mount, below, path);
        }
        if crossing == Crossing::Allowed {
            mounts.below(path).for_each(|mount| self.want_place(mount, Path::new(""), path));
        }
        Ok(())
    }

    /// Wants a directory by device and inode; tells its mount.
    fn want_inode(&mut self, fd: impl AsFd, share: Share, root: &Path) -> Result<u64, LockError> {
        let entry = look(fd).map_err(|error| LockError::Sys(root.into(), error))?.entry;
        self.want(format!("inode {:x}-{}", entry.id.dev, entry.id.ino).into_bytes(), share, root);
        Ok(entry.mount)
    }

    /// Wants a directory of a file system by its path there, and those above it.
    fn want_place(&mut self, mount: &Mount, below: &Path, root: &Path) {
        let place = if below.as_os_str().is_empty() { mount.part.clone() } else { mount.part.join(below) };
        for (at, directory) in place.ancestors().enumerate() {
            let mut name = [b"place ", &*mount.device, b" "].concat();
            // A name is a line.
            name.extend(directory.as_os_str().as_bytes().iter().flat_map(|&byte| match byte {
                b'\n' => b"\\n".to_vec(),
                b'\\' => b"\\\\".to_vec(),
                byte => vec![byte],
            }));
            self.want(name, if at == 0 { Share::Alone } else { Share::Shared }, root);
        }
    }

    fn want(&mut self, name: Vec<u8>, share: Share, root: &Path) {
        match self.0.entry(name) {
            Entry::Occupied(mut known) => known.get_mut().0 = known.get().0.max(share),
            Entry::Vacant(new) => {
                new.insert((share, root.to_path_buf()));
            }
        }
    }

    /// What a claim says: the process, what it wants, and an end.
    fn claim(&self, pid: u32) -> Vec<u8> {
        let mut text = format!("{pid}\n").into_bytes();
        for (name, (share, _)) in &self.0 {
            text.extend_from_slice(if *share == Share::Alone { b"alone " } else { b"shared " });
            text.extend_from_slice(name);
            text.push(b'\n');
        }
        text.extend_from_slice(END);
        text
    }

    /// Who is in the way by this claim, and of which root. A claim that can't be read is in everybody's way.
    fn conflict<'w>(&'w self, claim: &[u8], first: &'w Path) -> Option<(Holder, &'w Path)> {
        let mut lines = claim.split(|&byte| byte == b'\n');
        let pid = lines.next().and_then(|pid| std::str::from_utf8(pid).ok()?.parse().ok());
        let (Some(pid), Some(lines)) = (pid, claim.strip_suffix(END).map(|_| lines)) else {
            return Some((Holder::Unknown, first));
        };
        let root = lines.filter(|line| *line != END).find_map(|line| {
            let (share, name) = match line.strip_prefix(b"alone ") {
                Some(name) => (Share::Alone, name),
                None => (Share::Shared, line.strip_prefix(b"shared ")?),
            };
            let (mine, root) = self.0.get(name)?;
            (share.max(*mine) == Share::Alone).then_some(root)
        });
        let holder = if pid == 0 { Holder::Unknown } else { Holder::Process(pid) };
        root.map(|root| (holder, root.as_path()))
    }
}

/// One at a time looks at the others' claims and makes its own. That takes a moment, unless who has the turn was stopped
/// in it: then it is told of as any other holder.
fn has_turn(folder: &Folder) -> Result<bool, SysError> {
    for _ in 0..TURNS {
        if folder.take_turn()? {
            return Ok(true);
        }
        sleep(MOMENT);
    }
    Ok(false)
}

/// Looks at every other claim, removes what nobody holds, and makes the run's own.
fn take(folder: &Folder, wanted: &LockRequest, first: &Path) -> Result<Claim, LockError> {
    let sys = |error| LockError::Sys(first.into(), error);
    for name in folder.names().map_err(sys)? {
        let mut file = match folder.open(&name) {
            Ok(file) => file,
            // Its run has ended.
            Err(error) if error.is_absence() => continue,
            Err(error) => return Err(sys(error)),
        };
        if !file.is_claimed() {
            gone(folder.remove(&name)).map_err(sys)?;
            continue;
        }
        let mut claim = Vec::new();
        file.read_to_end(&mut claim).map_err(|error| sys(SysError::of_io("read")(error)))?;
        if claim.is_empty() {
            // A run of an earlier version holds one empty file for each directory, called by its device and inode.
            claim = [b"0\nalone inode ", name.as_bytes(), b"\n", END].concat();
        }
        if let Some((holder, root)) = wanted.conflict(&claim, first) {
            return Err(LockError::Held { holder, root: root.into() });
        }
    }
    let pid = host::pid();
    let mut number = 0;
    let (name, mut file) = loop {
        let name = format!("{pid}-{number}");
        match folder.create(&name) {
            Ok(file) => break (name, file),
            // Another one of this process, or a process of this number elsewhere (pid_namespaces(7)).
            Err(error) if error.errno == rustix::io::Errno::EXIST => number += 1,
            Err(error) => return Err(sys(error)),
        }
    };
    let written = file.claim().and_then(|()| file.write_all(&wanted.claim(pid)).map_err(SysError::of_io("write")));
    if let Err(error) = written {
        gone(folder.remove(&name)).map_err(sys)?;
        return Err(sys(error));
    }
    Ok(Claim { name, _file: file })
}

/// A run that ends removes its claim by itself.
fn gone(removed: Result<(), SysError>) -> Result<(), SysError> {
    match removed {
        Err(error) if error.is_absence() => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
