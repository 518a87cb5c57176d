//! Trees of many shapes are walked whole, whatever the number of threads.

use super::*;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use tempfile::tempdir;

/// A tree that looks random but is the same each time.
fn grow(root: &Path, mut seed: u64, entries: usize) {
    let mut below = move |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    let mut dirs = vec![root.to_path_buf()];
    for number in 0..entries {
        let path = dirs[below(dirs.len() as u64) as usize].join(format!("e{number}"));
        match below(6) {
            0 | 1 => {
                fs::create_dir(&path).unwrap();
                dirs.push(path);
            }
            2 => symlink("/", &path).unwrap(),
            3 => rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
                .unwrap(),
            _ => fs::write(&path, "").unwrap(),
        }
    }
}

#[test]
fn every_number_of_threads_finds_what_std_finds() {
    for seed in 1..4 {
        let tree = tempdir().unwrap();
        grow(tree.path(), seed, 2000);
        let expected = by_std(tree.path());
        for threads in [1, 2, 8, 64] {
            let record = Trial { threads, descriptors: 4096, ..Trial::default() }.record(tree.path());
            assert_eq!(as_set(&record), expected, "seed {seed}, {threads} threads");
            assert!(record.errors.is_empty() && record.vanished.is_empty() && record.mounts.is_empty());
        }
    }
}

#[test]
fn names_may_hold_any_byte() {
    let tree = tempdir().unwrap();
    for name in [&b"new\nline"[..], b"\xff\xfe", b" ", b"\x1b[31m", &[b'x'; 255]] {
        let dir = tree.path().join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
    }
    assert_eq!(as_set(&Trial::default().record(tree.path())), by_std(tree.path()));
}

#[test]
fn one_directory_may_hold_any_number() {
    let tree = tempdir().unwrap();
    let top = start(tree.path()).dir;
    let (files, dirs) = (200_000, 10_000);
    for number in 0..files {
        let name = format!("f{number}");
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mknodat(&top, name.as_str(), rustix::fs::FileType::RegularFile, mode, 0).unwrap();
    }
    for number in 0..dirs {
        rustix::fs::mkdirat(&top, format!("d{number}").as_str(), rustix::fs::Mode::RWXU).unwrap();
    }
    for threads in [1, 8] {
        let record = Trial { threads, ..Trial::default() }.record(tree.path());
        assert_eq!(as_set(&record).len(), files + dirs, "{threads} threads");
    }
}

#[test]
fn what_is_skipped_is_not_entered() {
    let tree = tempdir().unwrap();
    fs::create_dir_all(tree.path().join("kept/skipped/below")).unwrap();
    let record = Trial::default().record_as(tree.path(), || Recorder { skip: Some(c"skipped"), ..Recorder::default() });
    assert_eq!(record.seen, [(b"kept".to_vec(), Kind::Dir)]);
}

#[test]
fn several_starts_share_one_walk_and_keep_their_prefix() {
    let tree = tempdir().unwrap();
    for path in ["one/a", "two/b"] {
        fs::create_dir_all(tree.path().join(path)).unwrap();
    }
    let starts = ["one", "two"].map(|name| Start { prefix: name.into(), ..start(&tree.path().join(name)) });
    let (stop, counters) = (AtomicBool::new(false), Counters::new(2));
    let visitors = vec![Recorder::default(), Recorder::default()];
    let parts = walk_plainly(starts.into(), visitors, &stop, &counters);
    let paths: BTreeSet<_> = parts.into_iter().flat_map(|part| part.seen).map(|(path, _)| path).collect();
    assert_eq!(paths, BTreeSet::from([b"one/a".to_vec(), b"two/b".to_vec()]));
    assert_eq!(counters.total(), 2);
}

/// Writes down names alone: a look at all of /proc would take long.
struct Names(Vec<Vec<u8>>, Vec<OnMount>);

impl Visitor for Names {
    type Here = ();

    fn want(&mut self, (): &(), name: &CStr, _: Kind) -> Want {
        if matches!(name.to_bytes(), b"proc" | b"self") { Want::Enter } else { Want::Skip }
    }

    fn entry(&mut self, at: Place<'_, ()>, _: &Look) -> Standing {
        self.0.push(at.path());
        Standing::Told
    }

    fn directory(&mut self, at: Place<'_, ()>, _: &Look, _: Option<BorrowedFd<'_>>) -> Next<()> {
        self.0.push(at.path());
        Next::Enter(())
    }

    fn mount(&mut self, _: Place<'_, ()>, mount: OnMount) -> Crossing {
        self.1.push(mount);
        if self.1.len() == 2 { Crossing::Enter } else { Crossing::Stay }
    }

    fn shut(&mut self, _: Place<'_, ()>) {}

    fn vanished(&mut self, _: Place<'_, ()>) {}

    fn error(&mut self, at: Place<'_, ()>, error: SysError) {
        panic!("{:?}: {error}", at.path());
    }
}

#[test]
fn another_mount_is_entered_only_if_agreed() {
    let trial = Trial { threads: 1, ..Trial::default() };
    let proc = look(open_root(Path::new("/proc"), Links::Refuse).unwrap()).unwrap().entry.mount;
    let over = OnMount { id: proc, automount: false };
    let stay = trial.walk(Path::new("/"), || Names(Vec::new(), Vec::new()));
    assert_eq!((stay[0].0.as_slice(), stay[0].1.as_slice()), (&[][..], &[over][..]));
    let enter = trial.walk(Path::new("/"), || Names(Vec::new(), vec![over]));
    assert_eq!(enter[0].0, [b"proc".to_vec(), b"proc/self".to_vec()]);
}
