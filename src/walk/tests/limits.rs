//! Depth, descriptors, panics, refusals: what must not stop a walk, and what must.

use super::*;
use crate::sys::features::KernelFeatures;
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{set_thread_res_gid, set_thread_res_uid};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::tempdir;

const DEPTH: usize = 20_000;

/// Makes a deep chain with two files and an empty directory at each level.
fn deep(root: &Path) {
    chain(root, DEPTH, |dir| {
        rustix::fs::mkdirat(dir, c"a", rustix::fs::Mode::RWXU).unwrap();
        rustix::fs::mkdirat(dir, c"z", rustix::fs::Mode::RWXU).unwrap();
        rustix::fs::mknodat(dir, c"f", rustix::fs::FileType::RegularFile, rustix::fs::Mode::RUSR, 0).unwrap();
    });
}

/// Counts, since twenty thousand paths of twenty thousand names are too many to write down.
#[derive(Default)]
struct Counter {
    seen: usize,
    longest: usize,
    lost: usize,
}

impl Visitor for Counter {
    type Here = ();

    fn want(&mut self, (): &(), _: &CStr, _: Kind) -> Want {
        Want::Enter
    }

    fn entry(&mut self, _: Place<'_, ()>, _: &Look) -> Standing {
        self.seen += 1;
        Standing::Told
    }

    fn directory(&mut self, at: Place<'_, ()>, _: &Look, _: Option<BorrowedFd<'_>>) -> Next<()> {
        self.seen += 1;
        if self.seen.is_multiple_of(1000) {
            self.longest = self.longest.max(at.path().len());
            assert_eq!(at.still_below(None), Ok(true));
            assert_eq!(at.still_below(KernelFeatures::for_looking().proc_fds.as_ref()), Ok(true));
        }
        Next::Enter(())
    }

    fn mount(&mut self, _: Place<'_, ()>, _: OnMount) -> Crossing {
        Crossing::Stay
    }

    fn shut(&mut self, _: Place<'_, ()>) {}

    fn vanished(&mut self, _: Place<'_, ()>) {
        self.lost += 1;
    }

    fn error(&mut self, _: Place<'_, ()>, _: SysError) {
        self.lost += 1;
    }
}

/// Runs a test of this binary again in a process of its own, which `told` says it is; false in that process.
fn in_own_process(test: &str) -> bool {
    const TOLD: &str = "SGIDLINT_TEST_ALONE";
    if std::env::var_os(TOLD).is_some() {
        return false;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(TOLD, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "the test by that name ran");
    true
}

#[test]
fn a_chain_of_twenty_thousand_is_walked_with_64_descriptors() {
    let module = module_path!().trim_start_matches("sgidlint::");
    if in_own_process(&format!("{module}::a_chain_of_twenty_thousand_is_walked_with_64_descriptors")) {
        return;
    }
    let tree = tempdir().unwrap();
    deep(tree.path());
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum: Some(64) }).unwrap();
    let descriptors = crate::sys::limits::descriptor_budget();
    for threads in [1, 8] {
        let parts = Trial { threads, descriptors, ..Trial::default() }.walk(tree.path(), Counter::default);
        assert_eq!(parts.iter().map(|part| part.lost).sum::<usize>(), 0);
        assert_eq!(parts.iter().map(|part| part.seen).sum::<usize>(), 4 * DEPTH);
        assert!(parts.iter().any(|part| part.longest > libc::PATH_MAX as usize));
    }
    unchain(tree.path());
}

#[test]
fn a_chain_is_let_go_without_recursion() {
    let tree = tempdir().unwrap();
    chain(tree.path(), DEPTH, |_| {});
    let small_stack = std::thread::Builder::new().stack_size(64 << 10);
    let root = tree.path().to_path_buf();
    let walked = small_stack.spawn(move || Trial { threads: 1, ..Trial::default() }.walk(&root, Counter::default));
    assert_eq!(walked.unwrap().join().unwrap()[0].seen, DEPTH);
    unchain(tree.path());
}

/// Panics at the first directory.
struct Panicker;

impl Visitor for Panicker {
    type Here = ();

    fn want(&mut self, (): &(), _: &CStr, _: Kind) -> Want {
        Want::Enter
    }

    fn entry(&mut self, _: Place<'_, ()>, _: &Look) -> Standing {
        Standing::Told
    }

    fn directory(&mut self, _: Place<'_, ()>, _: &Look, _: Option<BorrowedFd<'_>>) -> Next<()> {
        panic!("on purpose");
    }

    fn mount(&mut self, _: Place<'_, ()>, _: OnMount) -> Crossing {
        Crossing::Stay
    }

    fn shut(&mut self, _: Place<'_, ()>) {}

    fn vanished(&mut self, _: Place<'_, ()>) {}

    fn error(&mut self, _: Place<'_, ()>, _: SysError) {}
}

#[test]
fn a_panic_ends_the_walk_and_reaches_the_caller() {
    let tree = tempdir().unwrap();
    for number in 0..100 {
        fs::create_dir(tree.path().join(number.to_string())).unwrap();
    }
    let walked = std::panic::catch_unwind(|| Trial::default().walk(tree.path(), || Panicker));
    assert!(walked.is_err());
}

#[test]
fn a_setup_that_fails_fails_the_walk_before_anything_is_seen() {
    let tree = tempdir().unwrap();
    let wrong = SysError { call: "capset", errno: rustix::io::Errno::PERM };
    let (stop, counters, mounts) = (AtomicBool::new(false), Counters::new(1), Mounts::default());
    let setup = move || Err(wrong);
    let visits = Visits::default();
    let options = Options {
        setup: &setup,
        stop: &stop,
        counters: &counters,
        descriptors: 64,
        mounts: &mounts,
        visits: &visits,
        time: &Time::default(),
    };
    let walked = walk(vec![start(tree.path())], vec![Counter::default(), Counter::default()], options);
    assert_eq!(walked.err(), Some(wrong));
    assert_eq!(counters.total(), 0);
}

#[test]
fn a_walk_that_is_stopped_ends() {
    let tree = tempdir().unwrap();
    fs::create_dir(tree.path().join("a")).unwrap();
    let (stop, visitors) = (AtomicBool::new(true), vec![Counter::default(), Counter::default()]);
    let parts = walk_plainly(vec![start(tree.path())], visitors, &stop, &Counters::new(1));
    assert_eq!((parts.len(), parts[0].seen), (2, 0));
}

#[test]
fn what_cannot_be_read_is_judged_and_told() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: what_cannot_be_read_is_judged_and_told needs root");
        return;
    }
    let tree = tempdir().unwrap();
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for (name, mode) in [("open", 0o755), ("closed", 0o700)] {
        fs::create_dir_all(tree.path().join(name).join("below")).unwrap();
        fs::set_permissions(tree.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    // The raw calls change one thread alone.
    let nobody = || {
        set_thread_res_gid(rustix::fs::Gid::from_raw(65534), None, None).map_err(SysError::of("setresgid"))?;
        let uid = rustix::fs::Uid::from_raw(65534);
        set_thread_res_uid(uid, uid, uid).map_err(SysError::of("setresuid"))
    };
    let record = Trial { setup: nobody, ..Trial::default() }.record(tree.path());
    let paths: BTreeSet<_> = record.seen.iter().map(|(path, _)| path.as_slice()).collect();
    assert_eq!(paths, BTreeSet::from([&b"closed"[..], b"open", b"open/below"]));
    let [(path, error)] = record.errors.as_slice() else { panic!("{:?}", record.errors) };
    assert_eq!((path.as_slice(), error.errno), (&b"closed"[..], rustix::io::Errno::ACCESS));
}
