//! What a walk must be: complete, bounded, and never anywhere else.

mod hostile;
mod limits;
mod moved;
mod passes;
mod renamed;
mod shapes;

use super::*;
use crate::model::entry::Kind;
use crate::source::mounts::Mounts;
use crate::sys::SysError;
use crate::sys::dir::OnMount;
use crate::sys::root::{Links, open_root};
use crate::sys::stat::look;
use crate::sys::stat::{Glance, Look};
use std::collections::BTreeSet;
use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Writes down what it is told, and enters everything on the mount.
#[derive(Default)]
struct Recorder {
    seen: Vec<(Vec<u8>, Kind)>,
    vanished: Vec<Vec<u8>>,
    errors: Vec<(Vec<u8>, SysError)>,
    mounts: Vec<Vec<u8>>,
    skip: Option<&'static CStr>,
}

impl Visitor for Recorder {
    type Here = ();

    fn want(&mut self, (): &(), name: &CStr, _: Kind) -> Want {
        if self.skip == Some(name) { Want::Skip } else { Want::Enter }
    }

    fn entry(&mut self, at: Place<'_, ()>, look: &Look) -> Standing {
        self.seen.push((at.path(), look.entry.kind));
        Standing::Told
    }

    fn directory(&mut self, at: Place<'_, ()>, look: &Look, _: Option<BorrowedFd<'_>>) -> Next<()> {
        self.seen.push((at.path(), look.entry.kind));
        Next::Enter(())
    }

    fn mount(&mut self, at: Place<'_, ()>, _: OnMount) -> Crossing {
        self.mounts.push(at.path());
        Crossing::Stay
    }

    fn shut(&mut self, _: Place<'_, ()>) {}

    fn vanished(&mut self, at: Place<'_, ()>) {
        self.vanished.push(at.path());
    }

    fn error(&mut self, at: Place<'_, ()>, error: SysError) {
        self.errors.push((at.path(), error));
    }
}

/// Does something to the tree between what it is told, and has the rest written down.
trait Meddler: Send {
    /// What it is told.
    fn record(&mut self) -> &mut Recorder;

    fn want(&mut self, name: &CStr, kind: Kind) -> Want {
        self.record().want(&(), name, kind)
    }

    fn entry(&mut self, at: Place<'_, ()>, look: &Look) -> Standing {
        self.record().entry(at, look)
    }

    fn directory(&mut self, at: Place<'_, ()>, look: &Look, own: Option<BorrowedFd<'_>>) -> Next<()> {
        self.record().directory(at, look, own)
    }

    fn unread(&mut self, at: Place<'_, ()>, why: Unread) {
        self.record().unread(at, why);
    }
}

impl<M: Meddler> Visitor for M {
    type Here = ();

    fn want(&mut self, (): &(), name: &CStr, kind: Kind) -> Want {
        Meddler::want(self, name, kind)
    }

    fn entry(&mut self, at: Place<'_, ()>, look: &Look) -> Standing {
        Meddler::entry(self, at, look)
    }

    fn directory(&mut self, at: Place<'_, ()>, look: &Look, own: Option<BorrowedFd<'_>>) -> Next<()> {
        Meddler::directory(self, at, look, own)
    }

    fn mount(&mut self, at: Place<'_, ()>, mount: OnMount) -> Crossing {
        self.record().mount(at, mount)
    }

    fn shut(&mut self, _: Place<'_, ()>) {}

    fn vanished(&mut self, at: Place<'_, ()>) {
        self.record().vanished(at);
    }

    fn error(&mut self, at: Place<'_, ()>, error: SysError) {
        self.record().error(at, error);
    }

    fn unread(&mut self, at: Place<'_, ()>, why: Unread) {
        Meddler::unread(self, at, why);
    }
}

/// Walks with what most walks of tests go by.
fn walk_plainly<V: Visitor<Here = ()>>(
    starts: Vec<Start<()>>,
    visitors: Vec<V>,
    stop: &AtomicBool,
    counters: &Counters,
) -> Vec<V> {
    let (mounts, visits) = (Mounts::default(), Visits::default());
    let options = Options {
        setup: &|| Ok(()),
        stop,
        counters,
        descriptors: 64,
        mounts: &mounts,
        visits: &visits,
        time: &Time::default(),
    };
    walk(starts, visitors, options).expect("a setup that succeeds")
}

/// A walk of one directory with as many threads and descriptors.
struct Trial {
    threads: usize,
    descriptors: usize,
    setup: fn() -> Result<(), SysError>,
}

impl Default for Trial {
    fn default() -> Trial {
        Trial { threads: 4, descriptors: 1024, setup: || Ok(()) }
    }
}

impl Trial {
    fn walk<V: Visitor<Here = ()>>(&self, root: &Path, visitor: impl FnMut() -> V) -> Vec<V> {
        self.pass(root, &Visits::default(), visitor)
    }

    fn pass<V: Visitor<Here = ()>>(&self, root: &Path, visits: &Visits, visitor: impl FnMut() -> V) -> Vec<V> {
        let visitors = std::iter::repeat_with(visitor).take(self.threads).collect();
        let (stop, counters) = (AtomicBool::new(false), Counters::new(self.threads));
        let mounts = Mounts::read().expect("a Linux with /proc");
        let options = Options {
            setup: &self.setup,
            stop: &stop,
            counters: &counters,
            descriptors: self.descriptors,
            mounts: &mounts,
            visits,
            time: &Time::default(),
        };
        walk(vec![start(root)], visitors, options).expect("a setup that succeeds")
    }

    /// What all threads wrote down together.
    fn record(&self, root: &Path) -> Recorder {
        self.record_as(root, Recorder::default)
    }

    fn record_as(&self, root: &Path, visitor: impl FnMut() -> Recorder) -> Recorder {
        let mut all = Recorder::default();
        for part in self.walk(root, visitor) {
            all.seen.extend(part.seen);
            all.vanished.extend(part.vanished);
            all.errors.extend(part.errors);
            all.mounts.extend(part.mounts);
        }
        all
    }
}

fn start(root: &Path) -> Start<()> {
    let dir = open_root(&root.canonicalize().expect("a root"), Links::Refuse).expect("a root");
    let look = look(&dir).expect("a root");
    Start { dir, look, here: (), prefix: Vec::new(), units: None }
}

/// Every path below a directory and what it is, as the standard library finds them.
fn by_std(root: &Path) -> BTreeSet<(Vec<u8>, Kind)> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;
    let (mut found, mut rest) = (BTreeSet::new(), vec![root.to_path_buf()]);
    while let Some(dir) = rest.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry")) {
            let path = entry.path();
            let kind = Kind::from_st_mode(entry.metadata().expect("an entry").mode()).expect("a kind");
            found.insert((path.strip_prefix(root).expect("below").as_os_str().as_bytes().to_vec(), kind));
            if kind == Kind::Dir {
                rest.push(path);
            }
        }
    }
    found
}

/// The same as a set; each path must be there once.
fn as_set(record: &Recorder) -> BTreeSet<(Vec<u8>, Kind)> {
    let set: BTreeSet<_> = record.seen.iter().cloned().collect();
    assert_eq!(set.len(), record.seen.len(), "nothing is seen twice");
    set
}

/// A chain of directories `d/d/d...`, each with what `each` makes in it, and the descriptor of the deepest.
fn chain(root: &Path, depth: usize, mut each: impl FnMut(&OwnedFd)) {
    let mut at = start(root).dir;
    for _ in 0..depth {
        each(&at);
        rustix::fs::mkdirat(&at, c"d", rustix::fs::Mode::RWXU).expect("a directory");
        at = crate::sys::dir::open_at(&at, c"d", crate::sys::dir::Reach::Mount).expect("that directory");
    }
}

/// Removes a chain: the standard library would need a descriptor for each level.
fn unchain(root: &Path) {
    let status = std::process::Command::new("rm").arg("-rf").arg(root).status().expect("rm");
    assert!(status.success());
}
