//! Trees that somebody changes while they are walked: the walk never leaves them.

use super::*;
use crate::sys::features::KernelFeatures;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::ffi::CString;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::Ordering;
use tempfile::tempdir;

/// What a visitor does that goes everywhere on the mount, and cares for nothing else.
macro_rules! goes_on {
    () => {
        fn directory(&mut self, _: Place<'_, ()>, _: &Look, _: Option<BorrowedFd<'_>>) -> Next<()> {
            Next::Enter(())
        }

        fn mount(&mut self, _: Place<'_, ()>, _: OnMount) -> Crossing {
            Crossing::Stay
        }

        fn shut(&mut self, _: Place<'_, ()>) {}

        fn vanished(&mut self, _: Place<'_, ()>) {}

        fn error(&mut self, _: Place<'_, ()>, _: SysError) {}
    };
}

/// Stops what runs beside a test, also where the test fails.
pub(crate) struct Stop<'a>(pub &'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Exchanges two names until told to stop.
fn swap(one: &Path, other: &Path, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).expect("a file system that exchanges");
    }
}

#[test]
fn a_directory_exchanged_for_a_link_leads_nowhere() {
    let tree = tempdir().unwrap();
    let (inside, outside) = (tree.path().join("inside"), tree.path().join("outside"));
    fs::create_dir_all(outside.join("secret")).unwrap();
    for number in 0..50 {
        fs::create_dir_all(inside.join(format!("d/{number}/x/y"))).unwrap();
    }
    // Relative: an absolute one is refused for more reasons than the one that is tested.
    symlink("../outside", inside.join("link")).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| swap(&inside.join("d"), &inside.join("link"), &stop));
        for _ in 0..40 {
            // Few descriptors, so that directories are opened again by name too.
            let record = Trial { threads: 2, descriptors: 12, ..Trial::default() }.record(&inside);
            assert!(record.seen.iter().all(|(path, _)| !path.ends_with(b"secret")), "{:?}", record.seen);
            // A directory that is something else at each try is an error, never passed over in silence.
            let told = |error: &SysError| matches!(error.errno, Errno::NOTDIR | Errno::LOOP | Errno::STALE);
            assert!(record.errors.iter().all(|(_, error)| told(error)), "{:?}", record.errors);
        }
    });
}

/// Exchanges two names just after the first was listed, before anything is done about it.
struct Exchanger<'a> {
    inside: &'a Path,
    names: [&'static CStr; 2],
    done: bool,
    record: Recorder,
}

impl Meddler for Exchanger<'_> {
    fn record(&mut self) -> &mut Recorder {
        &mut self.record
    }

    fn want(&mut self, name: &CStr, kind: Kind) -> Want {
        if name == self.names[0] && !self.done {
            let [one, other] = self.names.map(|name| self.inside.join(name.to_str().unwrap()));
            renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).unwrap();
            self.done = true;
        }
        // The other name would only tell the same again.
        if name == self.names[1] { Want::Skip } else { self.record.want(&(), name, kind) }
    }
}

/// What a walk sees in a tree where the first name is exchanged for the second at once after it was listed.
fn exchanged(names: [&'static CStr; 2]) -> Vec<(Vec<u8>, Kind)> {
    let tree = tempdir().unwrap();
    let (inside, outside) = (tree.path().join("inside"), tree.path().join("outside"));
    fs::create_dir_all(outside.join("secret")).unwrap();
    fs::create_dir_all(inside.join("dir/below")).unwrap();
    fs::write(inside.join("file"), "").unwrap();
    symlink(&outside, inside.join("absolute")).unwrap();
    symlink("../outside", inside.join("relative")).unwrap();
    let trial = Trial { threads: 1, ..Trial::default() };
    let visitor = || Exchanger { inside: &inside, names, done: false, record: Recorder::default() };
    let [part] = trial.walk(&inside, visitor).try_into().ok().expect("one visitor");
    assert!(part.done && part.record.errors.is_empty(), "{:?}", part.record.errors);
    let first = names[0].to_bytes();
    let mut seen = part.record.seen;
    seen.retain(|(path, _)| path.starts_with(first));
    seen
}

#[test]
fn what_became_something_else_is_judged_as_what_it_is() {
    let dir = (b"dir".to_vec(), Kind::Dir);
    for link in [c"relative", c"absolute"] {
        assert_eq!(exchanged([c"dir", link]), [(b"dir".to_vec(), Kind::Symlink)]);
    }
    assert_eq!(exchanged([c"dir", c"file"]), [(dir.0, Kind::File)]);
    let entered = [(b"file".to_vec(), Kind::Dir), (b"file/below".to_vec(), Kind::Dir)];
    assert_eq!(exchanged([c"file", c"dir"]), entered);
}

/// Exchanges the directory it is in while a deeper one is entered, and notes what is said of it.
struct Mover<'a> {
    tree: &'a Path,
    fds: Option<&'a OwnedFd>,
    below: Vec<(Vec<u8>, bool)>,
}

impl Visitor for Mover<'_> {
    type Here = ();

    fn want(&mut self, (): &(), _: &CStr, _: Kind) -> Want {
        Want::Enter
    }

    fn entry(&mut self, at: Place<'_, ()>, _: &Look) -> Standing {
        let before = at.still_below(self.fds).unwrap();
        fs::rename(self.tree.join("inside/a"), self.tree.join("moved")).unwrap();
        self.below.push((at.path(), before));
        self.below.push((at.path(), at.still_below(self.fds).unwrap()));
        Standing::Told
    }

    goes_on!();
}

#[test]
fn what_was_moved_out_is_known() {
    let features = KernelFeatures::for_looking();
    for fds in [None, features.proc_fds.as_ref()] {
        let tree = tempdir().unwrap();
        fs::create_dir_all(tree.path().join("inside/a/b")).unwrap();
        fs::write(tree.path().join("inside/a/b/file"), "").unwrap();
        let trial = Trial { threads: 1, ..Trial::default() };
        let visitor = || Mover { tree: tree.path(), fds, below: Vec::new() };
        let parts = trial.walk(&tree.path().join("inside"), visitor);
        assert_eq!(parts[0].below, [(b"a/b/file".to_vec(), true), (b"a/b/file".to_vec(), false)]);
    }
}

/// Puts something else in the place of a name just when that can be missed, and holds what it is asked then.
#[derive(Default)]
struct Minder {
    root: std::path::PathBuf,
    begun: Vec<u8>,
    swapped: Option<CString>,
    asked: Vec<(Vec<u8>, Kind)>,
    glanced: Vec<Kind>,
    seen: Vec<(Vec<u8>, Kind)>,
}

impl Visitor for Minder {
    type Here = ();

    fn begin(&mut self, at: Place<'_, ()>) {
        self.begun = at.path();
        // The first of two directories is read: the other, which waits, becomes a file.
        let other = match self.begun.as_slice() {
            b"x/1" => c"2",
            b"x/2" => c"1",
            _ => return,
        };
        if self.swapped.is_none() {
            let path = self.root.join("x").join(other.to_str().unwrap());
            fs::remove_dir(&path).unwrap();
            fs::write(path, "").unwrap();
            self.swapped = Some(other.into());
        }
    }

    fn want(&mut self, (): &(), name: &CStr, kind: Kind) -> Want {
        if name == c"file" && kind == Kind::File {
            let path = self.root.join("file");
            fs::remove_file(&path).unwrap();
            rustix::fs::mknodat(CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        }
        if self.swapped.as_deref() == Some(name) {
            self.asked.push((self.begun.clone(), kind));
        }
        if kind == Kind::Dir { Want::Enter } else { Want::Glance }
    }

    fn glance(&mut self, glance: &Glance) -> Enough {
        self.glanced.push(glance.kind);
        Enough::Yes
    }

    fn entry(&mut self, at: Place<'_, ()>, look: &Look) -> Standing {
        self.seen.push((at.path(), look.entry.kind));
        Standing::Told
    }

    goes_on!();
}

fn minded(root: &Path) -> Minder {
    let visitor = || Minder { root: root.to_owned(), ..Minder::default() };
    let [minder] = Trial { threads: 1, ..Trial::default() }.walk(root, visitor).try_into().ok().expect("one visitor");
    minder
}

#[test]
fn what_became_a_file_is_asked_about_as_one_of_its_own_directory() {
    let tree = tempdir().unwrap();
    for name in ["x/1", "x/2"] {
        fs::create_dir_all(tree.path().join(name)).unwrap();
    }
    let minder = minded(tree.path());
    assert_eq!(minder.asked, [(b"x".to_vec(), Kind::File)]);
    assert_eq!(minder.seen.len(), 1);
}

#[test]
fn what_became_something_else_is_not_judged_at_a_glance() {
    let tree = tempdir().unwrap();
    for name in ["file", "other"] {
        fs::write(tree.path().join(name), "").unwrap();
    }
    let mount = look(std::fs::File::open(tree.path()).unwrap()).unwrap().entry.mount;
    if !Mounts::read().unwrap().is_told_by_device(mount) {
        return eprintln!(
            "skipped: what_became_something_else needs a mount with no part of its own file system on it"
        );
    }
    let minder = minded(tree.path());
    assert_eq!((minder.glanced, minder.seen), (vec![Kind::File], vec![(b"file".to_vec(), Kind::Fifo)]));
}
