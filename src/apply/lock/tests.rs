//! Locks: who excludes whom, by whatever name; what they leave behind.

use super::*;
use crate::store::Missing;
use std::fs::{self, File};
use std::os::fd::OwnedFd;

struct LockedPlace {
    dir: tempfile::TempDir,
    store: Store,
}

fn place() -> LockedPlace {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("a/b/c")).unwrap();
    fs::create_dir(dir.path().join("a/d")).unwrap();
    let store = Store::open(dir.path(), Missing::Refuse).unwrap();
    LockedPlace { dir, store }
}

fn lock(place: &LockedPlace, paths: &[&str]) -> Result<Locks, LockError> {
    let opened: Vec<(PathBuf, OwnedFd)> = paths
        .iter()
        .map(|path| place.dir.path().join(path))
        .map(|path| (path.clone(), File::open(path).unwrap().into()))
        .collect();
    let roots = opened.iter().map(|(path, fd)| Some((path.as_path(), Ok(fd), Crossing::Never)));
    super::lock(&place.store, &LockRequest::of(roots).0, |_| Again::GiveUp)
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
    let wanted = LockRequest::of([Some((&*place.dir.path().join("a"), Ok(&root), Crossing::Never))]).0;
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

fn files(place: &LockedPlace) -> Vec<String> {
    place.store.folder(FOLDER).unwrap().names().unwrap()
}

#[test]
fn files_go_when_nobody_holds_them() {
    let place = place();
    let (one, other) = (lock(&place, &["a/b"]).unwrap(), lock(&place, &["a/d"]).unwrap());
    assert_eq!(files(&place).len(), 2);
    drop((one, other));
    assert_eq!(files(&place), [""; 0]);
    // What a killed run left, and one of an earlier version.
    let left = place.dir.path().join(FOLDER).join("4711-0");
    let root: OwnedFd = File::open(place.dir.path().join("a")).unwrap().into();
    let wanted = LockRequest::of([Some((&*place.dir.path().join("a"), Ok(&root), Crossing::Never))]).0;
    fs::write(&left, wanted.claim(4711)).unwrap();
    fs::write(place.dir.path().join(FOLDER).join("fe00-1234"), "").unwrap();
    let held = lock(&place, &["a"]).unwrap();
    assert_eq!(files(&place), [format!("{}-0", std::process::id())]);
    drop(held);
}

#[test]
fn a_claim_that_can_t_be_read_is_in_the_way_while_it_is_held() {
    let place = place();
    let folder = place.store.folder(FOLDER).unwrap();
    let mut file = folder.create("4711-0").unwrap();
    file.claim().unwrap();
    file.write_all(b"4711\nalone inode").unwrap();
    assert!(matches!(lock(&place, &["a"]), Err(LockError::Held { holder: Holder::Unknown, .. })));
    drop(file);
    assert!(lock(&place, &["a"]).is_ok());
}

#[test]
fn an_earlier_version_is_heeded() {
    let place = place();
    let folder = place.store.folder(FOLDER).unwrap();
    let entry = look(File::open(place.dir.path().join("a/b")).unwrap()).unwrap().entry;
    let file = folder.create(&format!("{:x}-{}", entry.id.dev, entry.id.ino)).unwrap();
    file.claim().unwrap();
    for (path, expected) in [("a/b", true), ("a/b/c", true), ("a/d", false)] {
        assert_eq!(lock(&place, &[path]).is_err(), expected, "{path}");
    }
}

#[test]
fn mounts_of_parts_are_known_by_their_places() {
    // Of one file system: /pool/lab is mounted at /srv/lab, all of it at /mnt, and another one at /mnt/x.
    let mounts = Mounts::parse(
        b"22 1 254:0 / /mnt rw - ext4 /dev/vda rw\n23 1 254:0 /pool/lab /srv/lab rw - ext4 /dev/vda rw\n\
          24 22 254:1 / /mnt/x rw - ext4 /dev/vdb rw\n",
    );
    let of = |mount: u64, below: &str| {
        let mut wanted = LockRequest::default();
        wanted.want_place(mounts.by_id(mount).unwrap(), Path::new(below), Path::new("/r"));
        wanted
    };
    let conflict = |one: &LockRequest, other: &LockRequest| one.conflict(&other.claim(1), Path::new("/r")).is_some();
    let root = of(22, "pool/lab");
    for (mount, below, expected) in [
        (23, "", true),
        (23, "a", true),
        (23, "a\nb\\", true),
        (22, "pool", true),
        (22, "", true),
        (22, "pool/lab2", false),
        (22, "pool/la", false),
        (24, "", false),
        (24, "pool/lab", false),
    ] {
        let other = of(mount, below);
        assert_eq!((conflict(&root, &other), conflict(&other, &root)), (expected, expected), "{mount} {below}");
    }
    assert!(!conflict(&of(23, "a\nb"), &of(23, "a\\nb")), "names are told apart");
    let mut crossing: Vec<_> = mounts.below(Path::new("/mnt")).map(|mount| mount.id).collect();
    crossing.sort_unstable();
    assert_eq!(crossing, [24]);
}

#[test]
fn a_root_that_cannot_be_locked_costs_no_other_its_lock() {
    let place = place();
    let path = |below: &str| place.dir.path().join(below);
    let (a, gone, d, above) = (path("a/b"), path("a/x/y"), path("a/d"), path("a"));
    let open = |path: &Path| OwnedFd::from(File::open(path).unwrap());
    let stale = Err(SysError { call: "openat2", errno: rustix::io::Errno::STALE });
    // The third is open, but nothing leads to it any more.
    let roots = [
        None,
        Some((a.as_path(), Ok(open(&a)), Crossing::Never)),
        Some((gone.as_path(), Ok(open(&d)), Crossing::Never)),
        Some((above.as_path(), stale, Crossing::Never)),
    ];
    let (wanted, lost) = LockRequest::of(roots);
    assert_eq!(lost.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [2, 3]);
    let _held = super::lock(&place.store, &wanted, |_| Again::GiveUp).unwrap();
    assert!(matches!(lock(&place, &["a/b"]), Err(LockError::Held { .. })));
}
