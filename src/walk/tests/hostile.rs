//! Trees that somebody changes while they are walked: the walk never leaves them.

use super::*;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::Ordering;
use tempfile::tempdir;

/// Stops what runs beside a test, also where the test fails.
struct Stop<'a>(&'a AtomicBool);

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
    symlink(&outside, inside.join("link")).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| swap(&inside.join("d"), &inside.join("link"), &stop));
        for _ in 0..200 {
            // Few descriptors, so that directories are opened again by name too.
            let record = Trial { threads: 2, descriptors: 12, ..Trial::default() }.record(&inside);
            assert!(record.seen.iter().all(|(path, _)| !path.ends_with(b"secret")), "{:?}", record.seen);
            // A directory that is something else at each try is an error, never passed over in silence.
            let told = |error: &SysError| matches!(error.errno, Errno::NOTDIR | Errno::LOOP);
            assert!(record.errors.iter().all(|(_, error)| told(error)), "{:?}", record.errors);
        }
    });
}

/// Exchanges the directory it is in while a deeper one is entered, and notes what is said of it.
struct Mover<'a> {
    tree: &'a Path,
    below: Vec<(Vec<u8>, bool)>,
}

impl Visitor for Mover<'_> {
    type Here = ();

    fn want(&mut self, (): &(), _: &CStr, _: Kind) -> Want {
        Want::Enter
    }

    fn entry(&mut self, at: Place<'_, ()>, _: &Look) {
        let before = at.still_below().unwrap();
        fs::rename(self.tree.join("inside/a"), self.tree.join("moved")).unwrap();
        self.below.push((at.path(), before));
        self.below.push((at.path(), at.still_below().unwrap()));
    }

    fn directory(&mut self, _: Place<'_, ()>, _: &Look, _: Option<BorrowedFd<'_>>) -> Next<()> {
        Next::Enter(())
    }

    fn mount(&mut self, _: Place<'_, ()>, _: OnMount) -> Crossing {
        Crossing::Stay
    }

    fn vanished(&mut self, _: Place<'_, ()>) {}

    fn error(&mut self, _: Place<'_, ()>, _: SysError) {}
}

#[test]
fn what_was_moved_out_is_known() {
    let tree = tempdir().unwrap();
    fs::create_dir_all(tree.path().join("inside/a/b")).unwrap();
    fs::write(tree.path().join("inside/a/b/file"), "").unwrap();
    let trial = Trial { threads: 1, ..Trial::default() };
    let parts = trial.walk(&tree.path().join("inside"), || Mover { tree: tree.path(), below: Vec::new() });
    assert_eq!(parts[0].below, [(b"a/b/file".to_vec(), true), (b"a/b/file".to_vec(), false)]);
}
