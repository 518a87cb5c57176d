//! The probe against the kernel: what it says that somebody can do, and what they then really do.
//!
//! ```text
//!     dice ──▶ trees on a file system ──▶ probe asked ──▶ nothing has changed ──▶ everything done ──▶ the same?
//! ```

mod apart;
pub mod ask;
pub mod command;
mod deed;
mod forest;
mod still;
mod threads;
mod wanted;

use crate::scenario::Scenario;
use crate::soak::{Dice, rounds, tell};
use crate::stage::{User, run, skip};
use crate::xattr::{self, ACCESS_ACL};
use crate::{scenario, test_name};
use ask::ask;
use deed::Done;
use forest::{PEOPLE, Plant, Soil, grow};
use rustix::fs::IFlags;
use sgidlint::internals::Making;
use sgidlint::internals::Operation;
use sgidlint::internals::Told;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use still::Still;

/// How many (tree, user, act) triples are compared on each file system, or a few more.
const TRIPLES: usize = 10_000;

/// The umasks that people have.
const UMASKS: [u32; 5] = [0, 0o002, 0o022, 0o027, 0o077];

/// Whether files are made without a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Nameless {
    Made,
    /// It would leave a trace, or nothing can be made at all.
    Never,
}

/// A file system with trees on it.
struct Ground {
    name: &'static str,
    seed: u64,
    dice: Dice,
    top: PathBuf,
    /// What has to stay as it was: the top, and what lies below it on overlayfs.
    watched: Vec<PathBuf>,
    nameless: Nameless,
    trees: Vec<Vec<Plant>>,
}

impl Ground {
    fn new(name: &'static str, seed: u64, top: &Path, nameless: Nameless) -> Ground {
        let top = top.to_owned();
        Ground { name, seed, dice: Dice(seed), watched: vec![top.clone()], top, nameless, trees: Vec::new() }
    }

    fn triples(&self) -> usize {
        self.trees.iter().flatten().map(|plant| plant.acts().len() * PEOPLE.len()).sum()
    }

    /// Grows trees in a folder until there are so many triples.
    fn plant(&mut self, soil: Soil, folder: &Path, triples: usize) {
        while self.triples() < triples {
            let name = format!("tree{}", self.trees.len());
            self.trees.push(grow(&mut self.dice, soil, folder, &name));
        }
    }

    /// Asks everything, sees that nothing has changed, does everything, and holds that it is as was told.
    #[track_caller]
    fn holds(&mut self) {
        let umasks: Vec<u32> = self.trees.iter().map(|_| UMASKS[self.dice.below(5) as usize]).collect();
        let still = Still::take(&self.watched);
        let asked = self.each(&umasks, |user, umask, plants| {
            let paths: Vec<PathBuf> = plants.iter().map(|plant| self.top.join(&plant.path)).collect();
            ask(user, umask, paths.iter().map(PathBuf::as_path))
        });
        still.holds(&self.watched);
        let done = self.each(&umasks, |user, umask, plants| deed::all(user, umask, &self.top, plants));
        let plants = self.trees.iter().flat_map(|plants| PEOPLE.map(|user| (user, plants)));
        let cases = plants.flat_map(|(user, plants)| plants.iter().map(move |plant| (user, plant, plants)));
        let mut wrong = String::new();
        let mut made = 0;
        for ((told, done), (user, plant, plants)) in asked.iter().zip(&done).zip(cases) {
            made += usize::from(matches!(told.making, Some(Making::Made(_))));
            if let Err(difference) = self.compare(told, done) {
                tell_of(&mut wrong, user, plant, plants, &difference);
            }
        }
        assert!(wrong.is_empty(), "{} by seed {}:{wrong}", self.name, self.seed);
        for act in Operation::ALL.into_iter().filter(|_| self.nameless == Nameless::Made) {
            let count = done.iter().filter(|done| done.acts.has(act)).count();
            assert!(count > 20, "{}: to {act} is only {count} times done", self.name);
        }
        assert_eq!(made > 0, self.nameless == Nameless::Made, "{}: {made} files without a name", self.name);
        tell(self.name, &format!("{} acts, and {made} files made without a name", self.triples()));
    }

    /// Does something with each tree as each user; what came of it, entry by entry.
    fn each<T>(&self, umasks: &[u32], act: impl Fn(User, u32, &[Plant]) -> Vec<T>) -> Vec<T> {
        let trees = self.trees.iter().zip(umasks).flat_map(|(plants, umask)| PEOPLE.map(|user| (user, umask, plants)));
        trees.flat_map(|(user, umask, plants)| act(user, *umask, plants)).collect()
    }

    fn compare(&self, told: &Told, done: &Done) -> Result<(), String> {
        for act in Operation::ALL {
            if told.acts.has(act) != done.acts.has(act) {
                return Err(format!("to {act} is told {} and is {}", told.acts.has(act), done.acts.has(act)));
            }
        }
        if told.stopped != done.stopped {
            return Err(format!("stopped is told {:?} and is {:?}", told.stopped, done.stopped));
        }
        let is_so = match (self.nameless, told.making, done.made) {
            (_, None | Some(Making::Refused(_)), made) => made.is_none(),
            (Nameless::Made, Some(Making::Made(state)), Some(made)) => state == made,
            (Nameless::Never, Some(Making::Unsupported), _) => true,
            _ => false,
        };
        if is_so { Ok(()) } else { Err(format!("made is told {:?} and is {:?}", told.making, done.made)) }
    }
}

/// Everything that there is to know about one wrong answer.
fn tell_of(wrong: &mut String, user: User, plant: &Plant, plants: &[Plant], difference: &str) {
    if wrong.matches('\n').count() > 50 {
        return;
    }
    let _ = write!(wrong, "\n{user:?}, {}: {difference}", plant.path.display());
    for step in plants.iter().filter(|step| plant.path.starts_with(&step.path)) {
        let _ = write!(wrong, "\n    {} {}", step.path.display(), step.dress);
    }
}

/// What the file system of a folder can hold; tells what it can't.
fn soil(test: &str, folder: &Path) -> Soil {
    let file = folder.join("try");
    fs::write(&file, "").unwrap();
    let acls = xattr::set(&file, ACCESS_ACL, &xattr::acl(7, Some(3001), 7, 0));
    let attributes = forest::set_attributes(&file, IFlags::APPEND).is_ok();
    if attributes {
        forest::set_attributes(&file, IFlags::empty()).unwrap();
    }
    fs::remove_file(file).unwrap();
    for (there, missing) in [(acls, "ACLs"), (attributes, "immutable entries")] {
        if !there {
            skip(test, &format!("{missing} for some of its questions"));
        }
    }
    Soil { acls, attributes }
}

/// Holds the oracle on what is mounted at the tree.
#[track_caller]
fn holds_here(t: &Scenario, name: &'static str, test: &str) {
    let top = t.path(".");
    let soil = soil(test, &top);
    for seed in seeds(name) {
        let top = top.join(format!("seed{seed}"));
        fs::create_dir(&top).unwrap();
        let mut ground = Ground::new(name, seed, &top, Nameless::Made);
        ground.plant(soil, &top, TRIPLES);
        ground.holds();
    }
}

/// Other trees for each file system, the same in every run but a soak's.
fn seeds(name: &str) -> impl Iterator<Item = u64> {
    let first = name.bytes().fold(8, |seed: u64, byte| seed * 31 + u64::from(byte));
    rounds(1).map(move |round| first.wrapping_add(u64::from(round)))
}

/// Mounts the file system of this kind with these options at the tree; what is missing where that can't be done.
fn mount(t: &Scenario, kind: &str, options: &str) -> Result<(), String> {
    t.file_system(kind)?;
    let (image, tree) = (t.dir().join("image"), t.path("."));
    let (image, tree) = (image.to_str().unwrap(), tree.to_str().unwrap());
    run("umount", &[tree])?;
    run("mount", &["-o", &format!("loop,strictatime{options}"), image, tree])
}

macro_rules! holds_on {
    ($name:ident, $kind:literal, $options:literal) => {
        scenario!($name, own mounts, |t| {
            match mount(t, $kind, $options) {
                Ok(()) => holds_here(t, concat!($kind, $options), &test_name!()),
                Err(missing) => skip(&test_name!(), &missing),
            }
        });
    };
}

holds_on!(what_is_told_on_ext4_is_what_is_done, "ext4", "");
holds_on!(what_is_told_on_ext4_with_grpid_is_what_is_done, "ext4", ",grpid");
holds_on!(what_is_told_on_xfs_is_what_is_done, "xfs", "");
holds_on!(what_is_told_on_xfs_with_grpid_is_what_is_done, "xfs", ",grpid");
holds_on!(what_is_told_on_btrfs_is_what_is_done, "btrfs", "");

scenario!(what_is_told_on_tmpfs_is_what_is_done, own mounts, |t| {
    let tree = t.path(".");
    run("mount", &["-t", "tmpfs", "-o", "mode=755,strictatime", "none", tree.to_str().unwrap()]).unwrap();
    holds_here(t, "tmpfs", &test_name!());
});

/// Three folders of the scenario for an overlay; the names of the layers, the lower one first.
const LAYERS: [&str; 3] = ["lower", "upper", "work"];

scenario!(what_is_told_on_overlayfs_is_what_is_done, own mounts, |t| {
    let (layers, top) = (t.dir().join("layers"), t.path("."));
    fs::create_dir(&layers).unwrap();
    run("mount", &["-t", "tmpfs", "-o", "mode=755,strictatime", "none", layers.to_str().unwrap()]).unwrap();
    for seed in seeds("overlay") {
        let [lower, upper, work] = LAYERS.map(|layer| layers.join(format!("{layer}{seed}")));
        [&lower, &upper, &work].into_iter().for_each(|layer| fs::create_dir(layer).unwrap());
        let soil = soil(&test_name!(), &lower);
        let mut ground = Ground::new("overlay", seed, &top, Nameless::Never);
        ground.watched.extend([&lower, &upper, &work].map(PathBuf::clone));
        ground.plant(soil, &lower, TRIPLES / 2);
        let options = format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
        let options = format!("strictatime,{options}");
        if run("mount", &["-t", "overlay", "overlay", "-o", &options, top.to_str().unwrap()]).is_err() {
            return skip(&test_name!(), "overlayfs");
        }
        // The rest lies in the upper layer.
        ground.plant(soil, &top, TRIPLES);
        ground.holds();
        run("umount", &["-l", top.to_str().unwrap()]).unwrap();
    }
});

scenario!(what_is_told_on_a_read_only_mount_is_what_is_done, own mounts, |t| {
    let (source, top) = (t.dir().join("source"), t.path("."));
    fs::create_dir(&source).unwrap();
    let mut ground = Ground::new("read-only", 8, &top, Nameless::Never);
    ground.watched.push(source.clone());
    ground.plant(soil(&test_name!(), &source), &source, TRIPLES / 10);
    // Bound, and not mounted anew: children that other tests fork may hold files open for writing for a moment.
    run("mount", &["--bind", source.to_str().unwrap(), top.to_str().unwrap()]).unwrap();
    run("mount", &["-o", "remount,bind,ro", top.to_str().unwrap()]).unwrap();
    ground.holds();
});
