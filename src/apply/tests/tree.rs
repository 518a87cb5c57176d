//! Trees to apply plans to, and plans for them.

use super::super::dirs::Grip;
use super::super::{Found, OpenRoots, apply, undo_plan};
use crate::journal::{Done, Legible, Record, Recorder, RunState};
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::model::target::Links;
use crate::plan::{Change, Extent, Fixes, Header, Plan, PlanRoot, RunKind, Who, order};
use crate::policy::model::Mounts;
use crate::sys::features::KernelFeatures;
use crate::sys::file_system::file_system_id;
use crate::sys::handle::Handle;
use crate::sys::held::{Crossing, Held};
use crate::sys::host;
use crate::sys::stat::look;
use rustix::fs::{CWD, FileType, Mode as FileMode, chownat, mknodat};
use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The group of the first states, and the one that they are changed to.
pub(super) const OLD: u32 = 4241;
pub(super) const NEW: u32 = 4242;

/// A temporary tree; beside it, a sentinel that nothing may touch.
pub(super) struct Tree {
    /// Removed at the end, where it is a temporary one.
    _dir: Option<tempfile::TempDir>,
    /// What the tree and the sentinel lie in.
    pub(super) base: PathBuf,
}

/// What was recorded, in memory.
#[derive(Default)]
pub(super) struct Memory(pub(super) BTreeMap<usize, Done>);

impl Recorder for Memory {
    fn record(&mut self, change: usize, done: &Done) -> io::Result<()> {
        self.0.insert(change, done.clone());
        Ok(())
    }
}

pub(super) fn state(uid: u32, gid: u32, mode: u32) -> State {
    State { uid, gid, mode: Mode::new(mode) }
}

/// Applies a plan; the outcomes in its order.
pub(super) fn apply_on(open_roots: &OpenRoots, plan: &Plan) -> Vec<Done> {
    let mut memory = Memory::default();
    let tally = apply(open_roots, plan, &mut memory, &AtomicBool::new(false));
    assert_eq!(tally.tried, plan.changes.len());
    memory.0.into_values().collect()
}

impl Tree {
    pub(super) fn new() -> Tree {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree { base: dir.path().into(), _dir: Some(dir) };
        fs::create_dir_all(tree.path("d/e")).unwrap();
        fs::create_dir(tree.base.join("outside")).unwrap();
        fs::write(tree.base.join("outside/f"), "").unwrap();
        for file in ["f", "d/f", "d/e/f"] {
            fs::write(tree.path(file), "").unwrap();
        }
        symlink("f", tree.path("link")).unwrap();
        for (name, kind) in [("fifo", FileType::Fifo), ("socket", FileType::Socket)] {
            mknodat(CWD, tree.path(name), kind, FileMode::from_raw_mode(0o600), 0).unwrap();
        }
        for path in [".", "f", "d", "d/f", "d/e", "d/e/f", "link", "fifo", "socket"] {
            tree.chown(path, OLD);
        }
        tree
    }

    /// A tree that somebody else made, and removes.
    pub(super) fn at(base: PathBuf) -> Tree {
        Tree { base, _dir: None }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.base.join("root").join(path)
    }

    pub(super) fn chown(&self, path: &str, gid: u32) {
        let gid = Some(rustix::fs::Gid::from_raw(gid));
        chownat(CWD, self.path(path), None, gid, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).unwrap();
    }

    pub(super) fn chmod(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), Permissions::from_mode(mode)).unwrap();
    }

    pub(super) fn state(&self, path: &str) -> State {
        let data = fs::symlink_metadata(self.path(path)).unwrap();
        state(data.uid(), data.gid(), data.mode())
    }

    /// Every entry and its state, that of the sentinel too.
    pub(super) fn listing(&self) -> BTreeMap<PathBuf, State> {
        let mut listing = BTreeMap::new();
        let mut rest = vec![self.base.clone()];
        while let Some(path) = rest.pop() {
            let data = fs::symlink_metadata(&path).unwrap();
            if data.is_dir() {
                rest.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            listing.insert(path, state(data.uid(), data.gid(), data.mode()));
        }
        listing
    }

    pub(super) fn header(&self, fixes: Fixes) -> Header {
        let root = File::open(self.path(".")).unwrap();
        Header {
            version: "0".into(),
            time: host::now().to_string(),
            boot: host::boot_id(),
            host: String::new(),
            kind: RunKind::Fix,
            command: String::new(),
            by: Who { uid: 0, name: None },
            policies: vec![],
            fixes,
            max_changes: None,
            plan_bytes: None,
            partial: false,
            left: 0,
            redo: None,
            roots: vec![PlanRoot {
                path: self.base.join("root"),
                id: look(&root).unwrap().entry.id,
                handle: Handle::of(&root),
                fsid: file_system_id(&root).unwrap(),
                mounts: Mounts::Stay,
            }],
            names: None,
        }
    }

    pub(super) fn change(&self, path: &str, gid: u32, mode: u32) -> Change {
        self.change_on(Crossing::Never, path, gid, mode)
    }

    pub(super) fn change_on(&self, crossing: Crossing, path: &str, gid: u32, mode: u32) -> Change {
        let root = File::open(self.path(".")).unwrap();
        let held = Held::find(&root, path.as_bytes(), crossing, &KernelFeatures::of_this_kernel()).unwrap();
        let entry = held.look().unwrap().entry;
        let mode = if entry.kind.has_mode() { Mode::new(mode) } else { entry.state.mode };
        Change {
            root: 0,
            path: path.as_bytes().into(),
            kind: entry.kind,
            id: entry.id,
            handle: Handle::of(&held),
            before: entry.state,
            after: State { gid, mode, ..entry.state },
            acls: None,
            lints: Box::default(),
            links: Links::None,
            extent: Extent::Whole,
        }
    }

    /// A plan for these entries: each with the group and mode it is to have.
    pub(super) fn plan(&self, fixes: Fixes, changes: &[(&str, u32, u32)]) -> Plan {
        let mut changes: Vec<Change> = changes.iter().map(|&(path, gid, mode)| self.change(path, gid, mode)).collect();
        order(&mut changes);
        Plan { header: self.header(fixes), changes, entries: 9 }
    }

    pub(super) fn open_roots(&self, header: &Header, features: KernelFeatures) -> OpenRoots {
        let root = File::open(self.path(".")).unwrap();
        let (mut open_roots, drifts) = OpenRoots::new(header, vec![Some(root.into())], features);
        assert!(drifts.is_empty(), "{drifts:?}");
        // So that what these tests are about is found from held directories too.
        open_roots.grip = Grip { alone: 0, moment: Duration::MAX };
        open_roots
    }

    /// Applies a plan; the outcomes by path.
    pub(super) fn apply(&self, plan: &Plan) -> Vec<Done> {
        self.apply_by(plan, KernelFeatures::of_this_kernel())
    }

    pub(super) fn apply_by(&self, plan: &Plan, features: KernelFeatures) -> Vec<Done> {
        apply_on(&self.open_roots(&plan.header, features), plan)
    }

    /// Undoes a run with these outcomes, and tells what was found and what became of it.
    pub(super) fn undo(&self, plan: &Plan, outcomes: Vec<Option<Done>>) -> (Vec<Found>, Vec<Done>) {
        let state = RunState::Interrupted;
        let record = Record { id: "1".into(), plan: plan.clone(), outcomes, state, legible: Legible::All, bad: vec![] };
        let open_roots = self.open_roots(&plan.header, KernelFeatures::of_this_kernel());
        let undo = undo_plan(open_roots, &record, self.header(Fixes::Safe), &AtomicBool::new(false));
        let undone = apply_on(&undo.open_roots, &undo.plan);
        (undo.found.into_iter().map(|(_, found)| found).collect(), undone)
    }
}
