//! Really doing what the probe was asked about, as a thread with all the ids of the user.

use super::forest::{Plant, others, own};
use crate::stage::{User, as_user};
use rustix::io::Errno;
use rustix::process::{chdir, umask};
use sgidlint::Mode;
use sgidlint::State;
use sgidlint::internals::{Operation, Operations};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What came of trying everything with an entry.
#[derive(Debug)]
pub struct Done {
    /// What succeeded.
    pub acts: Operations,
    /// The first directory from `/` down that couldn't be entered, by index, and why.
    pub stopped: Option<(usize, Errno)>,
    /// How the new file came out.
    pub made: Option<State>,
}

/// Tries everything with each plant of a tree, as somebody; files are left in place.
pub fn all(user: User, mask: u32, top: &Path, plants: &[Plant]) -> Vec<Done> {
    let done = as_user(user, || {
        umask(rustix::fs::Mode::from_raw_mode(mask));
        plants.iter().map(|plant| try_all(user, &top.join(&plant.path), plant)).collect()
    });
    for moved in plants.iter().filter(|plant| !plant.is_dir).map(|plant| top.join(&plant.path)) {
        if elsewhere(&moved).exists() {
            fs::rename(elsewhere(&moved), moved).unwrap();
        }
    }
    done
}

fn try_all(user: User, path: &Path, plant: &Plant) -> Done {
    let mut made = None;
    let acts = plant.acts().iter().map(|&act| {
        let result = match (act, plant.is_dir) {
            (Operation::Enter, _) => chdir(path).map_err(io::Error::from),
            (Operation::List, _) => {
                fs::read_dir(path).and_then(|mut entries| entries.try_for_each(|entry| entry.map(drop)))
            }
            (Operation::Create, _) => create(&path.join(format!("new.{}", user.uid))).map(|state| made = Some(state)),
            (Operation::Delete, true) => remove(&path.join(own(user))),
            (Operation::DeleteOthers, _) => remove(&path.join(others(user))),
            (Operation::Read, _) => File::open(path).map(drop),
            // What can only be appended to can be written, but not over.
            (Operation::Write, _) => {
                OpenOptions::new().write(true).append(plant.dress.is_append_only()).open(path).map(drop)
            }
            (Operation::Delete, false) => fs::rename(path, elsewhere(path)),
        };
        (act, is_done(result, act, path))
    });
    let acts = acts.fold(Operations::NONE, |acts, (act, done)| acts.with(act, done));
    let way = if plant.is_dir { path } else { path.parent().unwrap() };
    Done { acts, stopped: stopped(way), made }
}

/// Where deleting a file is tried by renaming it, so that it can be put back.
fn elsewhere(path: &Path) -> PathBuf {
    path.with_extension("moved")
}

fn create(path: &Path) -> io::Result<State> {
    let meta = OpenOptions::new().write(true).create_new(true).open(path)?.metadata()?;
    Ok(State { uid: meta.uid(), gid: meta.gid(), mode: Mode::new(meta.mode()) })
}

fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|error| match Errno::from_io_error(&error) {
        Some(Errno::ISDIR) => fs::remove_dir(path),
        _ => Err(error),
    })
}

/// Whether it was done; refused is the only other thing that may come of it.
#[track_caller]
fn is_done(result: io::Result<()>, act: Operation, path: &Path) -> bool {
    let Err(error) = result else { return true };
    let errno = Errno::from_io_error(&error);
    assert!(matches!(errno, Some(Errno::ACCESS | Errno::PERM | Errno::ROFS)), "to {act} {}: {error}", path.display());
    false
}

fn stopped(way: &Path) -> Option<(usize, Errno)> {
    let mut steps: Vec<&Path> = way.ancestors().collect();
    steps.reverse();
    steps.into_iter().enumerate().find_map(|(at, step)| chdir(step).err().map(|errno| (at, errno)))
}
