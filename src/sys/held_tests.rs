//! Tests of held entries: every way that a kernel has, every kind, no way out.

use super::*;
use crate::model::entry::Kind;
use rustix::fs::{CWD, FileType, mknodat};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Every combination of rungs that this kernel has.
fn ladders() -> Vec<KernelFeatures> {
    let mut ladders = vec![];
    for open in [OpenRung::Openat2, OpenRung::Components] {
        for chmod in [ChmodRung::Fchmodat2, ChmodRung::ProcFd] {
            let here = KernelFeatures::of_this_kernel();
            if (open == OpenRung::Openat2 && here.open != open)
                || (chmod == ChmodRung::Fchmodat2 && here.chmod != chmod)
            {
                eprintln!("skipped: {open:?} with {chmod:?} needs a newer kernel");
                continue;
            }
            ladders.push(KernelFeatures { open, chmod, ..here });
        }
    }
    ladders
}

fn tree() -> (tempfile::TempDir, File) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("root/a/b")).unwrap();
    fs::write(dir.path().join("root/a/b/file"), "").unwrap();
    fs::write(dir.path().join("outside"), "").unwrap();
    symlink("../outside", dir.path().join("root/link")).unwrap();
    symlink("a", dir.path().join("root/dirlink")).unwrap();
    mknodat(CWD, dir.path().join("root/fifo"), FileType::Fifo, FileMode::from_raw_mode(0o600), 0).unwrap();
    mknodat(CWD, dir.path().join("root/socket"), FileType::Socket, FileMode::from_raw_mode(0o600), 0).unwrap();
    let root = File::open(dir.path().join("root")).unwrap();
    (dir, root)
}

#[test]
fn finds_every_kind_and_follows_no_link() {
    let (_dir, root) = tree();
    for features in ladders() {
        for (path, kind) in [
            (".", Kind::Dir),
            ("a/b", Kind::Dir),
            ("a/b/file", Kind::File),
            ("link", Kind::Symlink),
            ("dirlink", Kind::Symlink),
            ("fifo", Kind::Fifo),
            ("socket", Kind::Socket),
        ] {
            let held = Held::find(&root, path.as_bytes(), Crossing::Never, &features).unwrap();
            assert_eq!(held.look().unwrap().entry.kind, kind, "{path} {features:?}");
        }
        for path in ["dirlink/b", "link/x", "a/b/file/x", "a/none"] {
            assert!(Held::find(&root, path.as_bytes(), Crossing::Never, &features).is_err(), "{path} {features:?}");
        }
    }
}

#[test]
fn what_leads_out_or_over_a_link_is_told_as_such_on_every_rung() {
    let (_dir, root) = tree();
    for features in ladders() {
        let errno = |path: &str| {
            Held::find(&root, path.as_bytes(), Crossing::Allowed, &features).map_err(|error| error.errno).err()
        };
        let of_directory = |path: &str| {
            Held::find_directory(&root, path.as_bytes(), Crossing::Allowed, &features)
                .map_err(|error| error.errno)
                .err()
        };
        for path in ["..", "../outside", "a/../../outside", "a/b/../../../outside"] {
            assert_eq!(errno(path), Some(Errno::XDEV), "{path} {features:?}");
        }
        assert!(errno("/etc").is_some(), "{features:?}");
        assert_eq!(errno("dirlink/b"), Some(Errno::LOOP), "{features:?}");
        assert_eq!(errno("a/b/file/x"), Some(Errno::NOTDIR), "{features:?}");
        assert_eq!(of_directory("a/b"), None, "{features:?}");
        assert_eq!(of_directory("a/b/file"), Some(Errno::NOTDIR), "{features:?}");
    }
}

#[test]
fn changes_what_is_held_wherever_its_name_points_now() {
    let (dir, root) = tree();
    let mode = |path: &Path| Mode::new(std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).unwrap()));
    let sentinel = mode(&dir.path().join("outside"));
    for (turn, features) in ladders().into_iter().enumerate() {
        let held = Held::find(&root, b"a/b/file", Crossing::Never, &features).unwrap();
        let moved = dir.path().join(format!("moved{turn}"));
        fs::rename(dir.path().join("root/a/b/file"), &moved).unwrap();
        symlink("../../../outside", dir.path().join("root/a/b/file")).unwrap();
        held.chmod(Mode::new(0o604), &features).unwrap();
        assert_eq!(mode(&moved), Mode::new(0o604), "{features:?}");
        assert_eq!(mode(&dir.path().join("outside")), sentinel, "{features:?}");
        let link = Held::find(&root, b"a/b/file", Crossing::Never, &features).unwrap();
        assert!(link.chmod(Mode::new(0o604), &features).is_err(), "a link has no mode to change, {features:?}");
        assert_eq!(mode(&dir.path().join("outside")), sentinel, "{features:?}");
        fs::remove_file(dir.path().join("root/a/b/file")).unwrap();
        fs::write(dir.path().join("root/a/b/file"), "").unwrap();
    }
}

#[test]
fn without_procfs_the_older_chmod_says_so() {
    let (_dir, root) = tree();
    let features = KernelFeatures { open: OpenRung::Components, chmod: ChmodRung::ProcFd, proc_fds: None };
    let held = Held::find(&root, b"a/b/file", Crossing::Never, &features).unwrap();
    let error = held.chmod(Mode::new(0o600), &features).unwrap_err();
    assert_eq!((error.call, error.errno), ("fchmodat2", Errno::NOSYS));
}

#[test]
fn chowns_a_link_itself() {
    if !crate::sys::identity::is_root("chowns_a_link_itself") {
        return;
    }
    let (dir, root) = tree();
    let features = KernelFeatures::of_this_kernel();
    let held = Held::find(&root, b"link", Crossing::Never, &features).unwrap();
    held.chown(None, Some(4242)).unwrap();
    assert_eq!(held.look().unwrap().entry.state.gid, 4242);
    assert_eq!(std::os::unix::fs::MetadataExt::gid(&fs::metadata(dir.path().join("outside")).unwrap()), 0);
}

#[test]
fn finds_what_lies_deeper_than_path_max() {
    let dir = tempfile::tempdir().unwrap();
    let root = File::open(dir.path()).unwrap();
    let name = "d".repeat(200);
    let mut at = root.try_clone().unwrap();
    for _ in 0..50 {
        rustix::fs::mkdirat(&at, name.as_str(), FileMode::from_raw_mode(0o700)).unwrap();
        at = openat(&at, name.as_str(), OFlags::PATH, FileMode::empty()).unwrap().into();
    }
    let path = vec![name; 50].join("/");
    for features in ladders() {
        let held = Held::find(&root, path.as_bytes(), Crossing::Never, &features).unwrap();
        assert_eq!(held.look().unwrap().entry.id, look(&at).unwrap().entry.id, "{features:?}");
    }
}

#[test]
fn stays_on_the_mount_where_it_must() {
    let root = File::open("/").unwrap();
    for features in ladders() {
        let error = Held::find(&root, b"proc/self", Crossing::Never, &features).unwrap_err();
        assert_eq!(error.errno, Errno::XDEV, "{features:?}");
        assert!(Held::find(&root, b"proc/self", Crossing::Allowed, &features).is_ok(), "{features:?}");
    }
}
