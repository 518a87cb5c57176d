//! Directories that are moved while they are walked: nothing is read over and over, and what is back is told of.

use super::*;
use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::tempdir;

/// More readings than any of these tests can need.
const TOO_MANY: usize = 10_000;

/// Runs something when a directory begins to be read, and counts how often each is.
struct Reader<'a> {
    readings: &'a Mutex<BTreeMap<u64, usize>>,
    stop: &'a AtomicBool,
    then: &'a (dyn Fn(u64) + Sync),
    unread: Vec<Unread>,
}

impl Visitor for Reader<'_> {
    type Here = u64;

    fn begin(&mut self, at: Place<'_, u64>) {
        let mut readings = self.readings.lock().unwrap();
        *readings.entry(*at.here()).or_default() += 1;
        // A walk that doesn't end by itself fails, and does not hang.
        if readings.values().sum::<usize>() > TOO_MANY {
            self.stop.store(true, Ordering::Relaxed);
        }
        drop(readings);
        (self.then)(*at.here());
    }

    fn want(&mut self, _: &u64, _: &CStr, _: Kind) -> Want {
        Want::Enter
    }

    fn entry(&mut self, _: Place<'_, u64>, _: &Look) -> Standing {
        Standing::Told
    }

    fn directory(&mut self, _: Place<'_, u64>, look: &Look, own: Option<BorrowedFd<'_>>) -> Next<u64> {
        if own.is_some() { Next::Enter(look.entry.id.ino) } else { Next::Leave }
    }

    fn mount(&mut self, _: Place<'_, u64>, _: OnMount) -> Crossing {
        Crossing::Stay
    }

    fn shut(&mut self, _: Place<'_, u64>) {}

    fn vanished(&mut self, _: Place<'_, u64>) {}

    fn error(&mut self, at: Place<'_, u64>, error: SysError) {
        panic!("{:?}: {error}", at.path());
    }

    fn unread(&mut self, _: Place<'_, u64>, why: Unread) {
        self.unread.push(why);
    }
}

/// How often each directory was read, and what was left unread.
fn readings(root: &Path, mounts: &Mounts, then: &(dyn Fn(u64) + Sync)) -> (BTreeMap<u64, usize>, Vec<Unread>) {
    let (readings, stop) = (Mutex::default(), AtomicBool::new(false));
    let (counters, visits) = (Counters::new(1), Visits::default());
    let options = Options {
        setup: &|| Ok(()),
        stop: &stop,
        counters: &counters,
        descriptors: 1024,
        mounts,
        visits: &visits,
        time: &Time::default(),
    };
    let reader = || Reader { readings: &readings, stop: &stop, then, unread: Vec::new() };
    let Start { dir, look, .. } = start(root);
    let top = Start { dir, here: look.entry.id.ino, look, prefix: Vec::new(), units: None };
    // One thread: where several are hungry, the rest of a directory is put off, and what goes on then begins too.
    let unread = walk(vec![top], vec![reader()], options)
        .expect("a setup that succeeds")
        .into_iter()
        .flat_map(|reader| reader.unread)
        .collect();
    (readings.into_inner().unwrap(), unread)
}

fn ino(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).expect("a directory"))
}

#[test]
fn directories_that_are_moved_into_whichever_is_read_are_not_read_for_ever() {
    // Where a rename leaves a trace, and where nobody knows of one.
    for mounts in [Mounts::read().expect("a Linux with /proc"), Mounts::default()] {
        let tree = tempdir().unwrap();
        let at = |path: &str| tree.path().join(path);
        fs::create_dir_all(at("a/b")).unwrap();
        let ids = [ino(&at("a")), ino(&at("a/b"))];
        let is_top = Mutex::new([true, false]);
        let chase = |reading: u64| {
            let Some(read) = ids.iter().position(|&id| id == reading) else { return };
            let mut is_top = is_top.lock().unwrap();
            if !is_top[read] {
                // What is read is brought out of the other, and the other moved into it.
                let (outer, inner) = if read == 0 { ("b", "a") } else { ("a", "b") };
                fs::rename(at(outer).join(inner), at(inner)).unwrap();
                fs::rename(at(outer), at(inner).join(outer)).unwrap();
                is_top.swap(0, 1);
            }
        };
        let (readings, unread) = readings(tree.path(), &mounts, &chase);
        assert!(readings.values().all(|&times| times <= 2), "{readings:?}");
        assert_eq!(unread, [Unread::ReadBefore]);
    }
}

#[test]
fn threads_that_rename_directories_into_each_other_do_not_keep_a_walk_busy() {
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let tree = tempdir().unwrap();
    for name in NAMES {
        fs::create_dir(tree.path().join(name)).unwrap();
        for number in 0..5 {
            fs::create_dir(tree.path().join(name).join(format!("below{number}"))).unwrap();
        }
    }
    let (over, renames) = (AtomicBool::new(false), AtomicUsize::new(0));
    // Whatever is read, something was moved meanwhile.
    let wait = |_| {
        let before = renames.load(Ordering::Relaxed);
        while renames.load(Ordering::Relaxed) < before + 2 {
            std::thread::yield_now();
        }
    };
    let rename = |seed: u64| {
        let mut seed = seed;
        let mut below = move |n: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % n
        };
        while !over.load(Ordering::Relaxed) {
            // In any of them, or in any that lies in any: what isn't there, or would lie in itself, fails.
            let mut place = || {
                let mut place = tree.path().to_path_buf();
                (0..below(3)).for_each(|_| place.push(NAMES[below(NAMES.len())]));
                place
            };
            let (from, into) = (place(), place());
            let name = NAMES[below(NAMES.len())];
            if fs::rename(from.join(name), into.join(name)).is_ok() {
                renames.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        let _over = hostile::Stop(&over);
        let rename = &rename;
        (1..3).for_each(|seed| drop(scope.spawn(move || rename(seed))));
        for _ in 0..20 {
            let (readings, _) = readings(tree.path(), &Mounts::read().expect("a Linux with /proc"), &wait);
            // What is missing in one is asked about again in each round, which begins too.
            assert!(readings.values().all(|&times| times <= 2 + ROUNDS * NAMES.len()), "{readings:?}");
        }
    });
}

/// Does something each time it is told of a directory, by how many it was told of before.
struct Prankster<'a> {
    prank: &'a (dyn Fn(usize, &[CString]) + Sync),
    listed: Vec<CString>,
    told: usize,
    record: Recorder,
}

impl Meddler for Prankster<'_> {
    fn record(&mut self) -> &mut Recorder {
        &mut self.record
    }

    fn want(&mut self, name: &CStr, kind: Kind) -> Want {
        self.listed.push(name.to_owned());
        self.record.want(&(), name, kind)
    }

    fn entry(&mut self, at: Place<'_, ()>, look: &Look) -> Standing {
        match at.still_below(None).unwrap() {
            true => self.record.entry(at, look),
            false => Standing::Moved,
        }
    }

    fn directory(&mut self, at: Place<'_, ()>, look: &Look, own: Option<BorrowedFd<'_>>) -> Next<()> {
        (self.prank)(self.told, &self.listed);
        self.told += 1;
        match at.still_below(None).unwrap() {
            true => self.record.directory(at, look, own),
            false => Next::Moved,
        }
    }
}

/// What a walk of one thread records, where that is done whenever a directory is told of; of names that were listed, the
/// last is done first.
fn pranked(root: &Path, prank: &(dyn Fn(usize, &[CString]) + Sync)) -> Recorder {
    let visitor = || Prankster { prank, listed: Vec::new(), told: 0, record: Recorder::default() };
    let [part] = Trial { threads: 1, ..Trial::default() }.walk(root, visitor).try_into().ok().expect("one visitor");
    part.record
}

#[test]
fn what_was_away_for_a_moment_is_told_of() {
    let tree = tempdir().unwrap();
    let (inside, away) = (tree.path().join("inside"), tree.path().join("away"));
    for name in ["x", "y", "z"] {
        fs::create_dir_all(inside.join(name).join("below")).unwrap();
        fs::write(inside.join(name).join("file"), "").unwrap();
    }
    let expected = by_std(&inside);
    // Moved out before it is opened, and back when another is.
    let record = pranked(&inside, &|told, listed| {
        let middle = inside.join(listed[1].to_str().unwrap());
        match told {
            0 => fs::rename(middle, &away).unwrap(),
            2 => fs::rename(&away, middle).unwrap(),
            _ => {}
        }
    });
    assert_eq!(as_set(&record), expected);
    assert!(record.vanished.is_empty() && record.errors.is_empty(), "{:?} {:?}", record.vanished, record.errors);
}

#[test]
fn what_was_moved_away_while_it_was_read_is_told_of_when_it_is_back() {
    let tree = tempdir().unwrap();
    let (inside, away) = (tree.path().join("inside"), tree.path().join("away"));
    fs::create_dir_all(inside.join("d/below")).unwrap();
    fs::create_dir_all(inside.join("d/other")).unwrap();
    fs::write(inside.join("d/file"), "").unwrap();
    let expected = by_std(&inside);
    // `d` is open, and what lies in it is found by its descriptor.
    let record = pranked(&inside, &|told, _| match told {
        1 => fs::rename(inside.join("d"), &away).unwrap(),
        2 => fs::rename(&away, inside.join("d")).unwrap(),
        _ => {}
    });
    assert_eq!(as_set(&record), expected);
    assert!(record.vanished.is_empty() && record.errors.is_empty(), "{:?} {:?}", record.vanished, record.errors);
}

#[test]
fn what_is_gone_for_good_has_vanished_once() {
    let tree = tempdir().unwrap();
    for name in ["x", "y"] {
        fs::create_dir(tree.path().join(name)).unwrap();
    }
    let record = pranked(tree.path(), &|told, listed| {
        if told == 0 {
            fs::remove_dir(tree.path().join(listed[0].to_str().unwrap())).unwrap();
        }
    });
    assert_eq!((record.seen.len(), record.vanished.len(), record.errors.len()), (1, 1, 0));
}

#[test]
fn what_is_moved_away_each_time_is_an_error() {
    /// Finds its entries moved away whenever it is asked.
    #[derive(Default)]
    struct Evaded {
        asked: usize,
        record: Recorder,
        unread: Vec<(Vec<u8>, Unread)>,
    }

    impl Visitor for Evaded {
        type Here = ();

        fn want(&mut self, (): &(), _: &CStr, _: Kind) -> Want {
            Want::Enter
        }

        fn entry(&mut self, _: Place<'_, ()>, _: &Look) -> Standing {
            self.asked += 1;
            Standing::Moved
        }

        fn directory(&mut self, _: Place<'_, ()>, _: &Look, _: Option<BorrowedFd<'_>>) -> Next<()> {
            Next::Enter(())
        }

        fn mount(&mut self, _: Place<'_, ()>, _: OnMount) -> Crossing {
            Crossing::Stay
        }

        fn shut(&mut self, _: Place<'_, ()>) {}

        fn vanished(&mut self, at: Place<'_, ()>) {
            self.record.vanished(at);
        }

        fn error(&mut self, at: Place<'_, ()>, error: SysError) {
            self.record.error(at, error);
        }

        fn unread(&mut self, at: Place<'_, ()>, why: Unread) {
            self.unread.push((at.path(), why));
        }
    }

    let tree = tempdir().unwrap();
    fs::create_dir(tree.path().join("d")).unwrap();
    fs::write(tree.path().join("d/file"), "").unwrap();
    let trial = Trial { threads: 1, ..Trial::default() };
    let [evaded] = trial.walk(tree.path(), Evaded::default).try_into().ok().expect("one visitor");
    assert_eq!(evaded.unread, [(b"d/file".to_vec(), Unread::MovedAway)]);
    assert_eq!((evaded.asked, evaded.record.vanished.len(), evaded.record.errors.len()), (4, 0, 0));
}
