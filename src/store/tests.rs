//! The state folder: made where it is missing, and refused where others could have had a hand in it.

use super::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn makes_the_default_and_refuses_a_missing_named_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/sgidlint");
    assert!(matches!(Store::open(&path, Missing::Refuse), Err(StoreError::Missing(_))));
    let store = Store::open(&path, Missing::Make).unwrap();
    let folder = store.folder("runs").unwrap();
    folder.create("a").unwrap();
    assert_eq!(folder.create("a").unwrap_err().errno, Errno::EXIST);
    for (path, mode) in [("", 0o700), ("runs", 0o700), ("runs/a", 0o600)] {
        assert_eq!(fs::metadata(store.path().join(path)).unwrap().mode() & 0o7777, mode, "{path}");
    }
    assert_eq!(store.folder("runs").unwrap().names().unwrap(), ["a"]);
}

#[test]
fn refuses_links_and_what_others_can_write() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path();
    fs::create_dir_all(base.join("wide/state")).unwrap();
    symlink("wide", base.join("link")).unwrap();
    chmod(&base.join("wide"), 0o700);
    assert!(Store::open(&base.join("wide/state"), Missing::Refuse).is_ok());
    assert!(matches!(
        Store::open(&base.join("link/state"), Missing::Refuse),
        Err(StoreError::NotDirectory(at)) if at.ends_with("link")
    ));
    let opened = || Store::open(&base.join("wide/state"), Missing::Refuse);
    for (mode, allowed) in [(0o770, false), (0o707, false), (0o1777, true), (0o755, true)] {
        chmod(&base.join("wide"), mode);
        assert_eq!(opened().is_ok(), allowed, "{mode:o}");
    }
    for mode in [0o777, 0o1777, 0o1770, 0o3770, 0o2775, 0o1702] {
        chmod(&base.join("wide/state"), mode);
        assert!(matches!(opened(), Err(StoreError::Writable(..))), "{mode:o}");
    }
    chmod(&base.join("wide/state"), 0o2755);
    assert!(opened().is_ok());
}

#[test]
fn what_others_can_write_or_linked_there_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let planted = || match Store::open(dir.path(), Missing::Refuse) {
        Err(StoreError::Planted(at, _)) => Some(at),
        opened => opened.map(|_| None).unwrap(),
    };
    let folder = Store::open(dir.path(), Missing::Refuse).unwrap().folder("runs").unwrap();
    drop(folder.create("a").unwrap());
    symlink("nowhere", path("runs/link")).unwrap();
    assert_eq!(planted(), None);
    for (name, mode, fine) in [("runs", 0o1777, 0o750), ("runs/a", 0o620, 0o640), ("runs/a", 0o606, 0o400)] {
        chmod(&path(name), mode);
        assert_eq!(planted(), Some(path(name)), "{mode:o}");
        chmod(&path(name), fine);
        assert_eq!(planted(), None, "{fine:o}");
    }
    fs::hard_link(path("runs/a"), path("runs/z")).unwrap();
    assert!(planted().is_some_and(|at| at.starts_with(path("runs"))));
}

#[test]
fn a_link_in_its_place_is_not_written_through() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Missing::Refuse).unwrap();
    let folder = store.folder("runs").unwrap();
    symlink("/dev/null", dir.path().join("runs/a")).unwrap();
    assert_eq!(folder.create("a").unwrap_err().errno, Errno::EXIST);
    assert_eq!(folder.open("a").unwrap_err().errno, Errno::LOOP);
}
