//! Entries that are given another name in their directory whenever it is listed: they are judged under it, or are an error.

use super::*;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::cell::RefCell;
use std::fs;
use tempfile::tempdir;

/// Does something whenever it is asked about a name, which was listed and not looked at yet.
struct Dodger<'a> {
    met: Box<dyn FnMut(&str) + Send + 'a>,
    record: Recorder,
    unread: Vec<(Vec<u8>, Unread)>,
}

impl Meddler for Dodger<'_> {
    fn record(&mut self) -> &mut Recorder {
        &mut self.record
    }

    fn want(&mut self, name: &CStr, kind: Kind) -> Want {
        (self.met)(name.to_str().unwrap());
        self.record.want(&(), name, kind)
    }

    fn unread(&mut self, at: Place<'_, ()>, why: Unread) {
        self.unread.push((at.path(), why));
    }
}

/// What a walk of one thread tells, where that is done whenever a name is met.
fn dodged<'a>(root: &Path, met: impl FnMut(&str) + Send + 'a) -> Dodger<'a> {
    let met = RefCell::new(Some(met));
    let visitor = || Dodger {
        met: Box::new(met.borrow_mut().take().expect("one thread")),
        record: Recorder::default(),
        unread: Vec::new(),
    };
    let [dodger] = Trial { threads: 1, ..Trial::default() }.walk(root, visitor).try_into().ok().expect("one visitor");
    assert!(dodger.record.errors.is_empty(), "{:?}", dodger.record.errors);
    dodger
}

/// Renames what begins with a letter to that letter and the next number, so many times; says whether it did.
fn dodge(dir: &Path, name: &str, letter: char, left: &mut usize) -> bool {
    let does = *left > 0 && name.starts_with(letter);
    if does {
        *left -= 1;
        let number: usize = name[1..].parse().unwrap();
        fs::rename(dir.join(name), dir.join(format!("{letter}{}", number + 1))).unwrap();
    }
    does
}

#[test]
fn what_was_renamed_when_it_was_listed_is_told_of_by_its_new_name() {
    let tree = tempdir().unwrap();
    let root = tree.path();
    for other in ["a", "b", "z"] {
        fs::write(root.join(other), "").unwrap();
    }
    fs::write(root.join("f0"), "").unwrap();
    fs::create_dir_all(root.join("d0/below")).unwrap();
    fs::write(root.join("d0/below/file"), "").unwrap();
    let (mut files, mut directories) = (1, 2);
    let dodger = dodged(root, |name| {
        dodge(root, name, 'f', &mut files);
        dodge(root, name, 'd', &mut directories);
    });
    assert_eq!(as_set(&dodger.record), by_std(root));
    assert!(root.join("f1").exists() && root.join("d2").exists());
    assert!(dodger.record.vanished.is_empty() && dodger.unread.is_empty(), "{:?}", dodger.unread);
}

#[test]
fn what_is_renamed_each_time_it_is_listed_is_an_error() {
    let tree = tempdir().unwrap();
    let root = tree.path();
    fs::create_dir_all(root.join("d0/below")).unwrap();
    let mut left = usize::MAX;
    let dodger = dodged(root, |name| {
        dodge(root, name, 'd', &mut left);
    });
    assert_eq!(dodger.unread, [(b"d3".to_vec(), Unread::MovedAway)]);
    assert!(dodger.record.seen.is_empty() && dodger.record.vanished.is_empty());
}

#[test]
fn what_is_renamed_when_nothing_is_looked_for_again_any_more_is_an_error() {
    let tree = tempdir().unwrap();
    let root = tree.path();
    fs::create_dir(root.join("d0")).unwrap();
    fs::write(root.join("d0/f0"), "").unwrap();
    let (mut directories, mut files) = (3, 1);
    let dodger = dodged(root, |name| {
        dodge(root, name, 'd', &mut directories);
        dodge(&root.join("d3"), name, 'f', &mut files);
    });
    assert_eq!(dodger.unread, [(b"d3/f0".to_vec(), Unread::MovedAway)]);
    assert!(dodger.record.vanished.is_empty(), "{:?}", dodger.record.vanished);
}

#[test]
fn a_directory_that_is_renamed_with_what_lies_in_it_is_read_under_its_new_name() {
    let tree = tempdir().unwrap();
    let root = tree.path();
    fs::create_dir(root.join("d0")).unwrap();
    fs::write(root.join("d0/f0"), "").unwrap();
    let mut files = 1;
    let dodger = dodged(root, |name| {
        if dodge(&root.join("d0"), name, 'f', &mut files) {
            fs::rename(root.join("d0"), root.join("d1")).unwrap();
        }
    });
    assert!(dodger.record.seen.contains(&(b"d1/f1".to_vec(), Kind::File)), "{:?}", dodger.record.seen);
    assert!(dodger.record.vanished.is_empty() && dodger.unread.is_empty(), "{:?}", dodger.unread);
}

#[test]
fn a_directory_that_is_renamed_at_last_with_what_lies_in_it_is_an_error() {
    let tree = tempdir().unwrap();
    let root = tree.path();
    fs::create_dir(root.join("d0")).unwrap();
    fs::write(root.join("d0/f0"), "").unwrap();
    let (mut directories, mut files) = (2, 1);
    let dodger = dodged(root, |name| {
        dodge(root, name, 'd', &mut directories);
        if dodge(&root.join("d2"), name, 'f', &mut files) {
            fs::rename(root.join("d2"), root.join("d3")).unwrap();
        }
    });
    assert_eq!(dodger.unread, [(b"d2".to_vec(), Unread::MovedAway)]);
    assert!(dodger.record.vanished.is_empty(), "{:?}", dodger.record.vanished);
}

#[test]
fn what_is_gone_has_vanished_though_its_directory_is_listed_again() {
    let tree = tempdir().unwrap();
    let root = tree.path();
    for name in ["f0", "keep"] {
        fs::write(root.join(name), "").unwrap();
    }
    let away = tempdir().unwrap();
    let dodger = dodged(root, |name| {
        if name == "f0" {
            // Still there, so that its inode isn't given out again.
            fs::rename(root.join(name), away.path().join(name)).unwrap();
        }
    });
    assert_eq!((dodger.record.vanished, dodger.unread.len()), (vec![b"f0".to_vec()], 0));
    assert_eq!(dodger.record.seen, [(b"keep".to_vec(), Kind::File)]);
}

/// The names of a directory, in the order in which they are listed.
fn listed(dir: &Path) -> Vec<String> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Renames something in a directory until it is listed where that says; whether it ever is depends on the file system.
fn place(dir: &Path, name: &str, letter: char, is_right: impl Fn(usize) -> bool) -> String {
    let mut name = name.to_string();
    for number in 0..200 {
        if listed(dir).iter().position(|other| *other == name).is_some_and(&is_right) {
            break;
        }
        let next = format!("{letter}{number}");
        fs::rename(dir.join(&name), dir.join(&next)).unwrap();
        name = next;
    }
    name
}

#[test]
fn what_is_renamed_to_before_where_a_long_listing_stands_is_told_of() {
    for is_directory in [false, true] {
        let tree = tempdir().unwrap();
        let root = tree.path();
        // Several calls of getdents64(2).
        for number in 0..5_000 {
            fs::write(root.join(format!("the-name-of-a-file-{number}")), "").unwrap();
        }
        let evil = root.join("evil");
        if is_directory { fs::create_dir_all(evil.join("below")) } else { fs::write(evil, "") }.unwrap();
        let behind = place(root, "evil", 'a', |at| at > 4_000);
        let mut before = None;
        let dodger = dodged(root, |_| {
            before.get_or_insert_with(|| place(root, &behind, 'b', |at| at < 1_000));
        });
        assert_eq!(as_set(&dodger.record), by_std(root));
        assert_eq!(dodger.record.seen.len(), as_set(&dodger.record).len(), "each is told of once");
        assert!(dodger.record.vanished.is_empty() && dodger.unread.is_empty(), "{:?}", dodger.unread);
    }
}

/// Exchanges two names of a directory.
fn exchange(dir: &Path, names: [&str; 2]) {
    let [one, other] = names.map(|name| dir.join(name));
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
}

/// A directory on a file system whose listings tell of inodes; says so where they don't.
fn telling(test: &str) -> Option<tempfile::TempDir> {
    let tree = tempdir().unwrap();
    let mount = start(tree.path()).look.entry.mount;
    let tells = Mounts::read().unwrap().lists_inodes(mount);
    if !tells {
        eprintln!("skipped: {test} needs a file system that lists the inode numbers that it tells");
    }
    tells.then_some(tree)
}

#[test]
fn what_is_exchanged_between_listing_and_look_is_looked_for_by_its_inode() {
    let Some(tree) = telling("what_is_exchanged_between_listing_and_look_is_looked_for_by_its_inode") else { return };
    let root = tree.path();
    fs::write(root.join("a"), "").unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("b")).unwrap();
    let mut left = 2;
    // Whichever is looked at is the link by then.
    let dodger = dodged(root, |name| {
        if left > 0 && fs::symlink_metadata(root.join(name)).unwrap().is_file() {
            left -= 1;
            exchange(root, ["a", "b"]);
        }
    });
    let files = dodger.record.seen.iter().filter(|(_, kind)| *kind == Kind::File).count();
    assert_eq!(files, 1, "{:?}", dodger.record.seen);
    assert!(dodger.record.vanished.is_empty() && dodger.unread.is_empty(), "{:?}", dodger.unread);
}

#[test]
fn a_directory_that_takes_the_name_of_one_that_was_read_is_read_too() {
    let Some(tree) = telling("a_directory_that_takes_the_name_of_one_that_was_read_is_read_too") else { return };
    let root = tree.path();
    for name in ["a", "b"] {
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join(format!("in-{name}")), "").unwrap();
    }
    let mut is_first = true;
    let dodger = dodged(root, |name| {
        if name.starts_with("in-") && std::mem::take(&mut is_first) {
            exchange(root, ["a", "b"]);
        }
    });
    let read = |end: &str| dodger.record.seen.iter().any(|(path, _)| path.ends_with(end.as_bytes()));
    assert!(read("in-a") && read("in-b"), "{:?}", dodger.record.seen);
    assert!(dodger.record.vanished.is_empty() && dodger.unread.is_empty(), "{:?}", dodger.unread);
}

#[test]
fn a_directory_that_is_exchanged_whenever_it_is_looked_for_is_an_error() {
    let Some(tree) = telling("a_directory_that_is_exchanged_whenever_it_is_looked_for_is_an_error") else { return };
    let root = tree.path();
    fs::create_dir(root.join("a")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("b")).unwrap();
    let dodger = dodged(root, |name| {
        if fs::symlink_metadata(root.join(name)).unwrap().is_dir() {
            exchange(root, ["a", "b"]);
        }
    });
    assert_eq!(dodger.unread.iter().map(|(_, why)| *why).collect::<Vec<_>>(), [Unread::MovedAway]);
    assert!(!dodger.record.seen.iter().any(|(_, kind)| *kind == Kind::Dir), "{:?}", dodger.record.seen);
}
