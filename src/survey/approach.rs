//! The way from a root down to where a walk starts: every step by descriptor, every rule heard on the way.

use super::assess::Judged;
use super::site::{Reach, Reached, keeper_of};
use super::surveyor::{Met, Surveyor};
use super::way::{Way, next_stop, push, root_stop};
use crate::findings::found::EntryError;
use crate::judging::regions::Placed;
use crate::judging::scope::Scope;
use crate::model::entry::Kind;
use crate::model::path::TreePath;
use crate::source::told::Asked;
use crate::sys::SysError;
use crate::sys::dir::{Reach as Through, open_at};
use crate::sys::features::KernelFeatures;
use crate::sys::root::{Links, open_root};
use crate::sys::stat::{Look, look, look_at};
use crate::walk::{Start, Unit, Unread};
use rustix::io::Errno;
use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// What became of the way to an entry.
pub(super) enum Approached<'p> {
    /// All that is meant was judged, or is left out.
    Done,
    /// It is a directory, which was judged; what lies in it is to be walked.
    Start(Box<Start<Scope<'p>>>),
    /// It is a directory that was judged by its name, as it can't be opened.
    Shut(EntryError),
}

/// Goes to `target`, a path from the region's root (empty for the root itself), and judges what lies there.
pub(super) fn approach<'p>(
    placed: &'p Placed<'p>,
    target: &[u8],
    surveyor: &mut Surveyor<'p>,
) -> Result<Approached<'p>, EntryError> {
    let fail = |error| {
        let path = placed.path.join(OsStr::from_bytes(target));
        EntryError { owner: keeper_of(&path, &error), ..EntryError::of(None, path_at(placed, target), error) }
    };
    let features = surveyor.features;
    let mut way = Opened { dir: None, features };
    let mut stop = root_stop(placed, &mut way, surveyor).map_err(fail)?;
    let names: Vec<&[u8]> = target.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).collect();
    let mut path = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let Some(scope) = stop.inside.take() else {
            surveyor.counts.excluded += 1;
            return Ok(Approached::Done);
        };
        surveyor.set_directory(&scope, || path.clone());
        push(&mut path, name);
        if at + 1 == names.len() {
            let (dir, name) = (way.dir().map_err(fail)?, c_name(name).map_err(fail)?);
            let look = look_at(dir, &name).map_err(fail)?;
            let shut = match look.entry.kind {
                Kind::Dir => open_at(dir, &name, Through::Any).err().filter(|error| error.errno == Errno::ACCESS),
                _ => None,
            };
            if look.entry.kind != Kind::Dir || shut.is_some() {
                let reach = Reach::Named(dir.as_fd(), &name, features);
                let met = surveyor.meet(&scope, &Reached { reach, name: name.to_bytes(), path: &path }, &look);
                return match (met, shut) {
                    (Met::Moved, _) => Err(moved(placed, target)),
                    (Met::Inside(_), Some(error)) => Ok(Approached::Shut(fail(error))),
                    (Met::Inside(_) | Met::Done, _) => Ok(Approached::Done),
                };
            }
        }
        let next = next_stop(&scope, &mut way, (name, &path), surveyor).map_err(fail)?;
        let Some(next) = next else { return Ok(Approached::Done) };
        stop = next;
    }
    let name = names.last().copied().unwrap_or(b".");
    let site = Reached { reach: way.reach(), name, path: if path.is_empty() { b"." } else { &path } };
    if surveyor.judge(&placed.region, &site, &stop.look, &stop.all_wanted) == Judged::Moved {
        return Err(moved(placed, target));
    }
    let dir = way.into_dir().map_err(fail)?;
    let start = |here| Approached::Start(Box::new(Start { dir, look: stop.look, here, prefix: path, units: None }));
    Ok(stop.inside.map_or(Approached::Done, start))
}

/// Goes to a region's root, which isn't judged, for what is meant below it.
pub(super) fn approach_for<'p>(
    placed: &'p Placed<'p>,
    units: &Arc<Vec<Unit>>,
    surveyor: &mut Surveyor<'p>,
) -> Result<Approached<'p>, EntryError> {
    let fail = |error| EntryError {
        owner: keeper_of(&placed.path, &error),
        ..EntryError::of(None, path_at(placed, b""), error)
    };
    let mut way = Opened { dir: None, features: surveyor.features };
    let stop = root_stop(placed, &mut way, surveyor).map_err(fail)?;
    let (dir, units) = (way.into_dir().map_err(fail)?, Some(Arc::clone(units)));
    let start = |here| Start { dir, look: stop.look, here, prefix: Vec::new(), units };
    Ok(stop.inside.map_or(Approached::Done, |here| Approached::Start(Box::new(start(here)))))
}

/// It was moved away just when it was to be told of.
fn moved(placed: &Placed<'_>, target: &[u8]) -> EntryError {
    EntryError::told(None, path_at(placed, target), Unread::MovedAway.to_string())
}

fn path_at(placed: &Placed<'_>, target: &[u8]) -> TreePath {
    TreePath::from(placed.path.join(OsStr::from_bytes(target)).as_os_str().as_bytes())
}

/// Directories by descriptor.
struct Opened<'f> {
    dir: Option<OwnedFd>,
    features: &'f KernelFeatures,
}

/// There is no such directory before a way begins.
const NOT_BEGUN: SysError = SysError { call: "openat2", errno: Errno::BADF };

impl Opened<'_> {
    fn dir(&self) -> Result<&OwnedFd, SysError> {
        self.dir.as_ref().ok_or(NOT_BEGUN)
    }

    fn into_dir(self) -> Result<OwnedFd, SysError> {
        self.dir.ok_or(NOT_BEGUN)
    }

    fn stand_in(&mut self, dir: OwnedFd) -> Result<Look, SysError> {
        look(self.dir.insert(dir))
    }
}

impl Way for Opened<'_> {
    type Error = SysError;

    fn begin(&mut self, root: &Path, _: &Asked<'_>) -> Result<Look, SysError> {
        self.stand_in(open_root(root, Links::Refuse)?)
    }

    fn enter(&mut self, name: &[u8], _: &Asked<'_>) -> Result<Look, SysError> {
        self.stand_in(open_at(self.dir()?, &c_name(name)?, Through::Any)?)
    }

    fn reach(&self) -> Reach<'_> {
        self.dir.as_ref().map_or(Reach::Lost, |dir| Reach::Open(dir.as_fd(), self.features))
    }
}

fn c_name(name: &[u8]) -> Result<CString, SysError> {
    CString::new(name).map_err(|_| SysError { call: "openat2", errno: Errno::INVAL })
}
