//! Tests of held entries: every rung of the ladder, every kind, no way out.

use super::*;
use crate::model::entry::Kind;
use rustix::fs::{CWD, FileType, mknodat};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Every combination of rungs that this kernel has.
fn ladders() -> Vec<Ladder> {
    let mut ladders = vec![];
    for open in [OpenRung::Openat2, OpenRung::Components] {
        for chmod in [ChmodRung::Fchmodat2, ChmodRung::ProcFd] {
            let here = Ladder::of_this_kernel();
            if (open == OpenRung::Openat2 && here.open != open)
                || (chmod == ChmodRung::Fchmodat2 && here.chmod != chmod)
            {
                eprintln!("skipped: {open:?} with {chmod:?} needs a newer kernel");
                continue;
            }
            ladders.push(Ladder { open, chmod, ..here });
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
    for ladder in ladders() {
        for (path, kind) in [
            (".", Kind::Dir),
            ("a/b", Kind::Dir),
            ("a/b/file", Kind::File),
            ("link", Kind::Symlink),
            ("dirlink", Kind::Symlink),
            ("fifo", Kind::Fifo),
            ("socket", Kind::Socket),
        ] {
            let held = Held::find(&root, path.as_bytes(), Crossing::Never, &ladder).unwrap();
            assert_eq!(held.look().unwrap().entry.kind, kind, "{path} {ladder:?}");
        }
        for path in ["dirlink/b", "link/x", "a/b/file/x", "a/none"] {
            assert!(Held::find(&root, path.as_bytes(), Crossing::Never, &ladder).is_err(), "{path} {ladder:?}");
        }
    }
}

#[test]
fn what_leads_out_or_over_a_link_is_told_as_such_on_every_rung() {
    let (_dir, root) = tree();
    for ladder in ladders() {
        let errno = |path: &str| {
            Held::find(&root, path.as_bytes(), Crossing::Allowed, &ladder).map_err(|error| error.errno).err()
        };
        let of_directory = |path: &str| {
            Held::find_directory(&root, path.as_bytes(), Crossing::Allowed, &ladder).map_err(|error| error.errno).err()
        };
        for path in ["..", "../outside", "a/../../outside", "a/b/../../../outside"] {
            assert_eq!(errno(path), Some(Errno::XDEV), "{path} {ladder:?}");
        }
        assert!(errno("/etc").is_some(), "{ladder:?}");
        assert_eq!(errno("dirlink/b"), Some(Errno::LOOP), "{ladder:?}");
        assert_eq!(errno("a/b/file/x"), Some(Errno::NOTDIR), "{ladder:?}");
        assert_eq!(of_directory("a/b"), None, "{ladder:?}");
        assert_eq!(of_directory("a/b/file"), Some(Errno::NOTDIR), "{ladder:?}");
    }
}

#[test]
fn changes_what_is_held_wherever_its_name_points_now() {
    let (dir, root) = tree();
    let mode = |path: &Path| Mode::new(std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).unwrap()));
    let sentinel = mode(&dir.path().join("outside"));
    for (turn, ladder) in ladders().into_iter().enumerate() {
        let held = Held::find(&root, b"a/b/file", Crossing::Never, &ladder).unwrap();
        let moved = dir.path().join(format!("moved{turn}"));
        fs::rename(dir.path().join("root/a/b/file"), &moved).unwrap();
        symlink("../../../outside", dir.path().join("root/a/b/file")).unwrap();
        held.chmod(Mode::new(0o604), &ladder).unwrap();
        assert_eq!(mode(&moved), Mode::new(0o604), "{ladder:?}");
        assert_eq!(mode(&dir.path().join("outside")), sentinel, "{ladder:?}");
        let link = Held::find(&root, b"a/b/file", Crossing::Never, &ladder).unwrap();
        assert!(link.chmod(Mode::new(0o604), &ladder).is_err(), "a link has no mode to change, {ladder:?}");
        assert_eq!(mode(&dir.path().join("outside")), sentinel, "{ladder:?}");
        fs::remove_file(dir.path().join("root/a/b/file")).unwrap();
        fs::write(dir.path().join("root/a/b/file"), "").unwrap();
    }
}

#[test]
fn without_procfs_the_older_chmod_says_so() {
    let (_dir, root) = tree();
    let ladder = Ladder { open: OpenRung::Components, chmod: ChmodRung::ProcFd, proc_fds: None };
    let held = Held::find(&root, b"a/b/file", Crossing::Never, &ladder).unwrap();
    let error = held.chmod(Mode::new(0o600), &ladder).unwrap_err();
    assert_eq!((error.call, error.errno), ("fchmodat2", Errno::NOSYS));
}

#[test]
fn chowns_a_link_itself() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: chowns_a_link_itself needs root");
        return;
    }
    let (dir, root) = tree();
    let ladder = Ladder::of_this_kernel();
    let held = Held::find(&root, b"link", Crossing::Never, &ladder).unwrap();
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
    let mut path = Vec::new();
    for depth in 0..50 {
        rustix::fs::mkdirat(&at, name.as_str(), FileMode::from_raw_mode(0o700)).unwrap();
        at = openat(&at, name.as_str(), OFlags::PATH, FileMode::empty()).unwrap().into();
        if depth > 0 {
            path.push(b'/');
        }
        path.extend(name.as_bytes());
    }
    for ladder in ladders() {
        let held = Held::find(&root, &path, Crossing::Never, &ladder).unwrap();
        assert_eq!(held.look().unwrap().entry.id, look(&at).unwrap().entry.id, "{ladder:?}");
    }
}

#[test]
fn stays_on_the_mount_where_it_must() {
    let root = File::open("/").unwrap();
    for ladder in ladders() {
        let error = Held::find(&root, b"proc/self", Crossing::Never, &ladder).unwrap_err();
        assert_eq!(error.errno, Errno::XDEV, "{ladder:?}");
        assert!(Held::find(&root, b"proc/self", Crossing::Allowed, &ladder).is_ok(), "{ladder:?}");
    }
}
