//! The roots that a plan is applied below, and telling whether an entry there is the one that the plan means.

use super::dirs::{DirCache, Grip};
use crate::journal::{Done, Drift, FileSystem, Outcome};
use crate::model::entry::{Identity, Kind, State};
use crate::model::target::{Target, TargetAcls};
use crate::plan::{Change, Header, PlanRoot};
use crate::policy::model::Mounts;
use crate::source::mounts::{self, Class, Mount, classify};
use crate::sys::acl::{Which, listed};
use crate::sys::features::KernelFeatures;
use crate::sys::file_system::{file_system_id, is_overlay};
use crate::sys::handle::Handle;
use crate::sys::held::{Crossing, Held};
use crate::sys::limits::descriptor_budget;
use crate::sys::root::{Links, open_root};
use crate::sys::stat::{Look, look};
use crate::sys::{SysError, host};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The roots of a plan, held open, and how entries below them are found.
#[derive(Debug)]
pub(crate) struct OpenRoots {
    roots: Vec<Option<OpenRoot>>,
    pub(super) features: KernelFeatures,
    pub(super) as_root: bool,
    pub(super) threads: usize,
    /// How directories of neighbours are held.
    pub(super) grip: Grip,
    /// What is mounted where, once somebody had to know.
    mounted: OnceLock<mounts::Mounts>,
}

/// A root that can't be worked below.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RootDrift {
    /// Another directory is there now.
    #[error("{0:?} is not the directory that the plan is about, but another in its place")]
    Other(PathBuf),
    /// It can't be looked at.
    #[error("{0:?} can't be looked at: {1}")]
    Sys(PathBuf, SysError),
}

#[derive(Debug)]
pub(super) struct OpenRoot {
    dir: RootDir,
    pub(super) crossing: Crossing,
    now: Identity,
    planned: Identity,
    era: Era,
    births: Births,
}

/// The directory of a root: held open, or opened for each use where a plan has more roots than there are descriptors for.
#[derive(Debug)]
enum RootDir {
    Held(OwnedFd),
    Parked { path: PathBuf, id: Identity },
}

/// A root's directory while it is used.
pub(crate) enum RootFd<'r> {
    /// It is held all along.
    Held(BorrowedFd<'r>),
    /// It was opened for this.
    Opened(OwnedFd),
}

impl AsFd for RootFd<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            RootFd::Held(fd) => *fd,
            RootFd::Opened(fd) => fd.as_fd(),
        }
    }
}

impl RootDir {
    /// The directory; ESTALE where another lies at its path now.
    fn fd(&self) -> Result<RootFd<'_>, SysError> {
        let (path, id) = match self {
            RootDir::Held(fd) => return Ok(RootFd::Held(fd.as_fd())),
            RootDir::Parked { path, id } => (path, id),
        };
        let fd = open_root(path, Links::Refuse)?;
        match look(&fd)?.entry.id == *id {
            true => Ok(RootFd::Opened(fd)),
            false => Err(SysError { call: "openat2", errno: Errno::STALE }),
        }
    }
}

/// Whether device numbers of the plan still count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Era {
    SameBoot,
    OtherBoot,
}

/// Whether a birth time stays the same for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Births {
    Lasting,
    /// On overlayfs, copying up makes a new one.
    Passing,
}

/// An entry that was found to be the one that a change means.
pub(super) struct Known {
    pub(super) held: Held,
    pub(super) look: Look,
}

impl Known {
    /// What it is, as far as a change is about it: ACLs are asked for where the change holds some.
    pub(super) fn target(&self, change: &Change, features: &KernelFeatures) -> Result<Target, SysError> {
        self.with_acls(self.look.entry.state, change, features)
    }

    /// The same once more.
    pub(super) fn look_again(&self, change: &Change, features: &KernelFeatures) -> Result<Target, SysError> {
        self.with_acls(self.held.look()?.entry.state, change, features)
    }

    fn with_acls(&self, state: State, change: &Change, features: &KernelFeatures) -> Result<Target, SysError> {
        if change.acls.is_none() {
            return Ok(state.into());
        }
        let acl = |which| Ok::<_, SysError>(listed(&self.held, which, features)?.acl().cloned());
        let default = if change.kind == Kind::Dir { acl(Which::Default)? } else { None };
        Ok(Target { state, acls: Some(Box::new(TargetAcls { access: acl(Which::Access)?, default })) })
    }
}

impl OpenRoots {
    /// Takes the roots of a plan as its caller opened them, `None` where one isn't there any more. Those that are other
    /// directories than the plan's are left out, and told: nothing below them is changed.
    ///
    /// They are asked for one at a time, and held open where there are descriptors for all.
    pub(crate) fn new(
        header: &Header,
        opened: impl IntoIterator<Item = Option<OwnedFd>>,
        features: KernelFeatures,
    ) -> (OpenRoots, Vec<RootDrift>) {
        let boot = host::boot_id();
        let era = if !boot.is_empty() && boot == header.boot { Era::SameBoot } else { Era::OtherBoot };
        let mut drifts = vec![];
        let mut opened = opened.into_iter();
        let parks = header.roots.len() > descriptor_budget() / SHARE_OF_ROOTS;
        let mut open = |root: &PlanRoot| match OpenRoot::recognise(root, opened.next()??, era) {
            Ok(Some(open)) if parks => Some(open.parked(&root.path)),
            Ok(Some(open)) => Some(open),
            Ok(None) => {
                drifts.push(RootDrift::Other(root.path.clone()));
                None
            }
            Err(error) => {
                drifts.push(RootDrift::Sys(root.path.clone(), error));
                None
            }
        };
        let roots = header.roots.iter().map(&mut open).collect();
        (
            OpenRoots {
                roots,
                features,
                as_root: host::effective_uid() == 0,
                threads: 1,
                grip: Grip::USUAL,
                mounted: OnceLock::new(),
            },
            drifts,
        )
    }

    /// The same, worked on by so many threads, if there are descriptors for them; each has the privileges of the one that applies the plan.
    #[must_use]
    pub(crate) fn worked_by(self, threads: usize) -> OpenRoots {
        OpenRoots { threads: affordable(threads, descriptor_budget()), ..self }
    }

    /// Whether entries of some root get a new birth time with a change.
    pub(super) fn is_passing(&self) -> bool {
        self.roots.iter().flatten().any(|root| root.births == Births::Passing)
    }

    /// The roots, in the order of the plan, `None` where one can't be worked below.
    pub(crate) fn roots(&self) -> impl Iterator<Item = Option<Result<RootFd<'_>, SysError>>> {
        self.roots.iter().map(|root| root.as_ref().map(OpenRoot::fd))
    }

    /// Lets go of a root, by its index: nothing below it is changed.
    pub(crate) fn lose(&mut self, root: usize) {
        if let Some(root) = self.roots.get_mut(root) {
            *root = None;
        }
    }

    /// Whether the root of any of these changes can be worked below.
    pub(crate) fn bears_any<'c>(&self, changes: impl IntoIterator<Item = &'c Change>) -> bool {
        changes.into_iter().any(|change| self.root(change.root).is_ok())
    }

    /// The same roots, as a plan that is made now is about them. A root that can't be looked at any more is let go of,
    /// and told.
    pub(super) fn rebased(mut self, roots: &[PlanRoot]) -> (OpenRoots, Vec<PlanRoot>, Vec<RootDrift>) {
        let (mut planned, mut drifts) = (roots.to_vec(), Vec::new());
        for (slot, planned) in self.roots.iter_mut().zip(&mut planned) {
            let Some(open) = slot else { continue };
            if let Err(error) = open.rebase(planned) {
                drifts.push(RootDrift::Sys(planned.path.clone(), error));
                *slot = None;
            }
        }
        (self, planned, drifts)
    }

    /// The file system of a mount, for people.
    pub(super) fn file_system(&self, mount: u64) -> Option<Box<FileSystem>> {
        let named = |mount: &Mount| FileSystem { kind: mount.fs.clone(), point: mount.point.display().to_string() };
        self.mount(mount).map(named).map(Box::new)
    }

    /// Whether a program or another machine decides what becomes of a change on that mount.
    pub(super) fn is_served(&self, mount: u64) -> bool {
        self.mount(mount).is_some_and(|mount| matches!(classify(&mount.fs), Class::Fuse | Class::Network))
    }

    fn mount(&self, id: u64) -> Option<&Mount> {
        self.mounted.get_or_init(|| mounts::Mounts::read().unwrap_or_default()).by_id(id)
    }

    /// Finds the entry of a change, if it is still the one with this identity; what else to say of it otherwise.
    pub(super) fn find<'p>(
        &self,
        change: &'p Change,
        id: &Identity,
        handle: Option<&Handle>,
        dirs: &mut DirCache<'p>,
    ) -> Result<Known, Done> {
        let root = self.root(change.root)?;
        let known = known(dirs.find(root, change, &self.features))?;
        let same = known.look.entry.kind == change.kind && root.is_same(id, handle, &known);
        if same { Ok(known) } else { Err(Done::of(Outcome::Drifted(Drift::Inode))) }
    }

    /// Finds what lies at a path, whatever it is.
    pub(super) fn find_path(&self, root: u32, path: &[u8]) -> Result<Known, Done> {
        let root = self.root(root)?;
        let fd = root.fd().map_err(not_found)?;
        known(Held::find(&fd, path, root.crossing, &self.features))
    }

    /// Where a thread of this open_roots stands before its first change.
    pub(super) fn dirs<'p>(&self) -> DirCache<'p> {
        DirCache::new(self.grip)
    }

    fn root(&self, root: u32) -> Result<&OpenRoot, Done> {
        let open = self.roots.get(root as usize).and_then(Option::as_ref);
        open.ok_or_else(|| Done::of(Outcome::Drifted(Drift::Root)))
    }
}

/// Roots are held open where they take no more than this part of the descriptors there may be.
const SHARE_OF_ROOTS: usize = 4;

/// How many descriptors a thread holds at a time at most: the directory of neighbours, the entry, two on the way of a long
/// path to another of its names, the root where it isn't held, and one to spare.
const DESCRIPTORS_EACH: usize = 6;

/// So many threads as can all hold what they need.
fn affordable(threads: usize, descriptors: usize) -> usize {
    threads.min(descriptors / DESCRIPTORS_EACH).max(1)
}

impl OpenRoot {
    fn recognise(planned: &PlanRoot, fd: OwnedFd, era: Era) -> Result<Option<OpenRoot>, SysError> {
        let now = look(&fd)?.entry.id;
        let births = if is_overlay(&fd)? { Births::Passing } else { Births::Lasting };
        let crossing = if planned.mounts == Mounts::Stay { Crossing::Never } else { Crossing::Allowed };
        let root = OpenRoot { dir: RootDir::Held(fd), crossing, now, planned: planned.id, era, births };
        let fd = root.fd()?;
        let same_file_system = match era {
            Era::SameBoot => now.dev == planned.id.dev,
            Era::OtherBoot => file_system_id(&fd)? == planned.fsid,
        };
        let same = same_file_system && root.same_inode(&planned.id, planned.handle.as_ref(), &fd, &now);
        drop(fd);
        Ok(same.then_some(root))
    }

    /// The same, opened again for each use.
    fn parked(self, path: &Path) -> OpenRoot {
        OpenRoot { dir: RootDir::Parked { path: path.to_path_buf(), id: self.now }, ..self }
    }

    /// Makes a plan's root, and this one for it, what is here now.
    fn rebase(&mut self, planned: &mut PlanRoot) -> Result<(), SysError> {
        let fd = self.fd()?;
        let (now, fsid, handle) = (look(&fd)?.entry.id, file_system_id(&fd)?, Handle::of(&fd));
        drop(fd);
        (planned.id, planned.fsid, planned.handle) = (now, fsid, handle);
        (self.now, self.planned, self.era) = (now, now, Era::SameBoot);
        Ok(())
    }

    /// Its directory.
    pub(super) fn fd(&self) -> Result<RootFd<'_>, SysError> {
        self.dir.fd()
    }

    fn is_same(&self, planned: &Identity, handle: Option<&Handle>, known: &Known) -> bool {
        let now = &known.look.entry.id;
        let same_device = match self.era {
            Era::SameBoot => planned.dev == now.dev,
            // Numbers are dealt anew at each boot; whether an entry lies on its root's device stays.
            Era::OtherBoot => (planned.dev == self.planned.dev) == (now.dev == self.now.dev),
        };
        same_device && self.same_inode(planned, handle, &known.held, now)
    }

    fn same_inode(&self, planned: &Identity, handle: Option<&Handle>, fd: impl AsFd, now: &Identity) -> bool {
        if planned.ino != now.ino || (self.births == Births::Lasting && planned.btime != now.btime) {
            return false;
        }
        // Within a boot, device, inode and birth time are enough; a handle costs a call more.
        let enough = planned.btime.is_some() && self.era == Era::SameBoot;
        enough || handle.is_none_or(|handle| Handle::of(fd).as_ref() == Some(handle))
    }
}

fn known(found: Result<Held, SysError>) -> Result<Known, Done> {
    let held = found.map_err(not_found)?;
    let look = held.look().map_err(failed)?;
    Ok(Known { held, look })
}

fn not_found(error: SysError) -> Done {
    match error.errno {
        _ if error.is_absence() => Done::of(Outcome::Gone),
        // A symbolic link or a mount lies on the way now.
        Errno::LOOP | Errno::XDEV | Errno::STALE => Done::of(Outcome::Drifted(Drift::Inode)),
        _ => failed(error),
    }
}

/// A call that failed.
pub(super) fn failed(error: SysError) -> Done {
    Done::of(Outcome::Failed { call: error.call.into(), errno: error.errno.raw_os_error() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_that_goes_while_it_is_looked_at_costs_itself() {
        let dir = tempfile::tempdir().unwrap();
        let paths = ["stays", "goes"].map(|name| dir.path().join(name));
        let (mut roots, mut planned) = (Vec::new(), Vec::new());
        for path in &paths {
            std::fs::create_dir(path).unwrap();
            let fd = open_root(path, Links::Refuse).unwrap();
            let id = look(&fd).unwrap().entry.id;
            let fsid = file_system_id(&fd).unwrap();
            let root = PlanRoot { path: path.clone(), id, handle: Handle::of(&fd), fsid, mounts: Mounts::Stay };
            let open = OpenRoot::recognise(&root, fd, Era::SameBoot).unwrap().unwrap();
            roots.push(Some(open.parked(path)));
            planned.push(root);
        }
        let (features, grip) = (KernelFeatures::of_this_kernel(), Grip::USUAL);
        let open_roots = OpenRoots { roots, features, as_root: false, threads: 1, grip, mounted: OnceLock::new() };
        std::fs::rename(&paths[1], dir.path().join("gone")).unwrap();
        let (open_roots, rebased, drifts) = open_roots.rebased(&planned);
        assert!(matches!(&drifts[..], [RootDrift::Sys(path, _)] if *path == paths[1]), "{drifts:?}");
        assert_eq!((open_roots.root(0).is_ok(), open_roots.root(1).is_ok(), rebased.len()), (true, false, 2));
    }

    #[test]
    fn threads_are_no_more_than_there_are_descriptors_for() {
        for (threads, descriptors, affordable_ones) in [(8, 4096, 8), (64, 48, 8), (64, 12, 2), (8, 3, 1), (1, 0, 1)] {
            assert_eq!(affordable(threads, descriptors), affordable_ones, "{threads} {descriptors}");
        }
    }
}
