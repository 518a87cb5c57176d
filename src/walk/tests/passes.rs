//! What is moved, while a pass reads a tree, from where it wasn't yet to where it was: the next pass tells of it.

use super::*;
use crate::sys::clock;
use rustix::fs::{CWD, Mode, RenameFlags, mkfifoat, renameat_with};
use std::fs;
use tempfile::{TempDir, tempdir};

/// The moment at which something is done.
#[derive(Clone, Copy, PartialEq, Debug)]
enum When {
    /// A name was listed.
    Listed,
    /// A directory was opened and looked at, and not listed yet.
    Opened,
}

/// What is done at the moments of a walk; it may be called again once it is done.
type Meanwhile<'a> = &'a (dyn Fn(When, &[u8]) + Sync);

struct Mover<'a> {
    meanwhile: Meanwhile<'a>,
    record: Recorder,
}

impl Meddler for Mover<'_> {
    fn record(&mut self) -> &mut Recorder {
        &mut self.record
    }

    fn want(&mut self, name: &CStr, kind: Kind) -> Want {
        (self.meanwhile)(When::Listed, name.to_bytes());
        self.record.want(&(), name, kind)
    }

    fn directory(&mut self, at: Place<'_, ()>, look: &Look, own: Option<BorrowedFd<'_>>) -> Next<()> {
        let next = self.record.directory(at, look, own);
        (self.meanwhile)(When::Opened, at.name().to_bytes());
        next
    }
}

/// What a pass of one thread tells, and whether another one is to follow.
fn pass(root: &Path, visits: &Visits, meanwhile: Meanwhile<'_>) -> (BTreeSet<(Vec<u8>, Kind)>, bool) {
    let visitor = || Mover { meanwhile, record: Recorder::default() };
    let trial = Trial { threads: 1, ..Trial::default() };
    let [mover] = trial.pass(root, visits, visitor).try_into().ok().expect("one visitor");
    assert!(mover.record.errors.is_empty(), "{:?}", mover.record.errors);
    (as_set(&mover.record), visits.is_restless() || !mover.record.vanished.is_empty())
}

/// What lies still.
fn nothing(_: When, _: &[u8]) {}

/// A tree that nobody changes any more, so that its stamps lie before those of what is changed from now on: `good`, `p/x`,
/// `q/d/below`.
fn tree() -> TempDir {
    let tree = tempdir().unwrap();
    let root = tree.path();
    fs::create_dir_all(root.join("q/d")).unwrap();
    fs::create_dir(root.join("p")).unwrap();
    for file in ["good", "q/d/below"] {
        fs::write(root.join(file), "").unwrap();
    }
    mkfifoat(CWD, root.join("p/x"), Mode::RWXU).unwrap();
    rest();
    tree
}

/// Lets the clock of stamps go on past all that was stamped so far: by two ticks, since stamps may be finer than it is.
fn rest() {
    for _ in 0..2 {
        let last = clock::of_stamps();
        while clock::of_stamps() <= last {
            std::hint::spin_loop();
        }
    }
}

#[test]
fn a_tree_that_lies_still_is_gone_through_once() {
    let tree = tree();
    assert!(!pass(tree.path(), &Visits::default(), &nothing).1);
}

#[test]
fn what_is_moved_to_where_a_pass_was_is_told_of_by_the_next() {
    // When what is exchanged or renamed, and to what: to the root, which is read before all that lies in it.
    let (moved, exchanged) = (RenameFlags::NOREPLACE, RenameFlags::EXCHANGE);
    let cases = [
        // Its name was listed already.
        (When::Listed, "x", moved, "p/x", "x"),
        // Its directory was looked at, or not even that.
        (When::Opened, "p", moved, "p/x", "x"),
        (When::Listed, "p", moved, "p/x", "x"),
        (When::Opened, "p", exchanged, "p/x", "good"),
        // With all that lies below it.
        (When::Opened, "q", moved, "q/d", "d"),
        (When::Listed, "q", moved, "q/d", "d"),
        (When::Listed, "d", moved, "q/d", "d"),
        (When::Opened, "d", moved, "q/d", "p/d"),
    ];
    for (when, name, how, from, to) in cases {
        let tree = tree();
        let root = tree.path();
        let visits = Visits::default();
        let is_done = AtomicBool::new(false);
        let (first, is_restless) = pass(root, &visits, &|at, met| {
            if (at, met) == (when, name.as_bytes()) && !is_done.swap(true, Relaxed) {
                renameat_with(CWD, root.join(from), CWD, root.join(to), how).unwrap();
            }
        });
        let case = format!("{when:?} {name}: {from} to {to}");
        let missed: Vec<_> = by_std(root).difference(&first).cloned().collect();
        assert!(is_done.load(Relaxed) && !missed.is_empty() && is_restless, "{case}");
        let (second, _) = pass(root, &visits.next_pass(), &nothing);
        assert!(missed.iter().all(|entry| second.contains(entry)), "{case}: {missed:?} {second:?}");
    }
}

#[test]
fn the_next_pass_looks_only_at_what_may_be_news() {
    let tree = tree();
    let root = tree.path();
    let visits = Visits::default();
    pass(root, &visits, &nothing);
    fs::create_dir(root.join("p/new")).unwrap();
    fs::write(root.join("p/new/file"), "").unwrap();
    fs::rename(root.join("q/d/below"), root.join("q/d/again")).unwrap();
    let (second, _) = pass(root, &visits.next_pass(), &nothing);
    let told: Vec<_> = second.iter().map(|(path, _)| str::from_utf8(path).unwrap()).collect();
    assert_eq!(told, ["p", "p/new", "p/new/file", "q", "q/d", "q/d/again"], "neither `good` nor `p/x`");
}
