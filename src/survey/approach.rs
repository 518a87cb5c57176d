//! The way from a root down to where a walk starts: every step by descriptor, every rule heard on the way.

use super::assess::complies;
use super::site::{Reached, Site};
use super::surveyor::Surveyor;
use crate::findings::found::EntryError;
use crate::judging::regions::Placed;
use crate::judging::scope::{Active, Paths, Region, Relevance, Scope, Wanted};
use crate::model::entry::Kind;
use crate::model::intent::is_setgid_directory;
use crate::model::path::{SharedDirectory, TreePath};
use crate::source::walk::Start;
use crate::sys::SysError;
use crate::sys::dir::{Reach, open_at};
use crate::sys::root::{Links, open_root};
use crate::sys::stat::{Look, look, look_at};
use rustix::io::Errno;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A directory on the way, and what is said of it and inside it.
struct ApproachStop<'p> {
    dir: OwnedFd,
    look: Look,
    all_wanted: Vec<Wanted<'p>>,
    inside: Option<Scope<'p>>,
}

/// Goes to `target`, a path from the region's root (empty for the root itself), judges what lies there, and gives the
/// start of a walk if that is a directory to be entered.
pub(super) fn approach<'p>(
    placed: &'p Placed<'p>,
    target: &[u8],
    surveyor: &mut Surveyor<'p>,
) -> Result<Option<Start<Scope<'p>>>, EntryError> {
    let fail =
        |error| EntryError::of(None, TreePath::from(placed.path.join(as_path(target)).as_os_str().as_bytes()), error);
    let mut stop = root_stop(placed, surveyor).map_err(fail)?;
    let names: Vec<&[u8]> = target.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).collect();
    let mut path = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let Some(scope) = stop.inside.take() else {
            surveyor.counts.excluded += 1;
            return Ok(None);
        };
        surveyor.set_directory(&scope, || path.clone());
        let is_last = at + 1 == names.len();
        let cname = CString::new(*name).map_err(|_| fail(SysError { call: "openat2", errno: Errno::INVAL }))?;
        let look = look_at(&stop.dir, &cname).map_err(fail)?;
        let mut below = path.clone();
        push(&mut below, name);
        let site = Reached { dir: &stop.dir, at: &cname, name, path: &below, features: surveyor.features };
        if is_last && look.entry.kind != Kind::Dir {
            surveyor.meet(&scope, &site, &look);
            return Ok(None);
        }
        stop = match next(&scope, &stop.dir, &cname, &below, surveyor).map_err(fail)? {
            Some(stop) => stop,
            None => return Ok(None),
        };
        path = below;
    }
    let name = names.last().copied().unwrap_or(b".");
    let root_path: &[u8] = if path.is_empty() { b"." } else { &path };
    let site = Reached { dir: &stop.dir, at: c".", name, path: root_path, features: surveyor.features };
    let region = &placed.region;
    surveyor.judge(region, &site, &stop.look, &stop.all_wanted);
    let ApproachStop { dir, look, inside, .. } = stop;
    Ok(inside.map(|here| Start { dir, look, here, prefix: path }))
}

/// Opens a directory below another one and hears what is said of it; `None` where nobody judges there.
fn next<'p>(
    scope: &Scope<'p>,
    dir: &OwnedFd,
    name: &CString,
    path: &[u8],
    surveyor: &mut Surveyor<'p>,
) -> Result<Option<ApproachStop<'p>>, SysError> {
    let fd = open_at(dir, name, Reach::Any)?;
    let seen = look(&fd)?;
    let site = Reached { dir: &fd, at: c".", name: name.as_bytes(), path, features: surveyor.features };
    let Some((all_wanted, inside)) = surveyor.pass(scope, &site, &seen) else { return Ok(None) };
    Ok(Some(ApproachStop { dir: fd, look: seen, all_wanted, inside }))
}

/// A region's root: what its own trees say of it, and what trees say whose roots lie above it.
fn root_stop<'p>(placed: &'p Placed<'p>, surveyor: &mut Surveyor<'p>) -> Result<ApproachStop<'p>, SysError> {
    let region = &placed.region;
    let dir = open_root(&placed.path, Links::Refuse)?;
    let seen = look(&dir)?;
    let (mut all_wanted, mut actives) = (Vec::new(), Vec::new());
    for view in 0..region.views.len() {
        if region.views[view].prefix.is_empty() {
            let (wanted, active) = own(region, view, &seen, surveyor);
            all_wanted.push(wanted);
            actives.push(active);
        } else if let Some((wanted, active)) = passenger(region, view, &seen, surveyor)? {
            all_wanted.push(wanted);
            actives.extend(active);
        }
    }
    let scope = Scope { region, entry: seen.entry.clone(), actives };
    let inside = (!scope.actives.is_empty()).then_some(scope);
    Ok(ApproachStop { dir, look: seen, all_wanted, inside })
}

/// What a tree says of its own root, and inside it.
fn own<'p>(region: &'p Region<'p>, view: usize, seen: &Look, surveyor: &mut Surveyor<'p>) -> (Wanted<'p>, Active) {
    let bound = region.views[view].bound;
    let (intent, here) = bound.instance.at_root();
    let around = bound.root_gid;
    let wanted = Wanted { view, intent: intent.unwrap_or_default(), parent: around, setgid: around };
    let mut verdicts = Vec::new();
    complies(region, &[wanted], &seen.entry, b".", &surveyor.context, &mut verdicts);
    let setgid = if is_setgid_directory(&seen.entry) { Some(seen.entry.state.gid) } else { around };
    (
        wanted,
        Active {
            view,
            here,
            path: SharedDirectory::default(),
            parent: verdicts.first().map(|verdict| verdict.ideal.gid),
            setgid,
        },
    )
}

/// What a tree says whose root lies above the region's: heard on the way from there; `None` where it doesn't judge here.
fn passenger<'p>(
    region: &'p Region<'p>,
    view: usize,
    seen: &Look,
    surveyor: &mut Surveyor<'p>,
) -> Result<Option<(Wanted<'p>, Option<Active>)>, SysError> {
    let bound = region.views[view].bound;
    let mut dir = open_root(bound.instance.root(), Links::Refuse)?;
    let top = look(&dir)?;
    let (_, active) = own(region, view, &top, surveyor);
    let mut scope = Scope { region, entry: top.entry, actives: vec![active] };
    let prefix = &region.views[view].prefix;
    let names: Vec<&[u8]> = prefix.split(|&byte| byte == b'/').collect();
    let mut above = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let cname = CString::new(*name).map_err(|_| SysError { call: "openat2", errno: Errno::INVAL })?;
        let fd = open_at(&dir, &cname, Reach::Any)?;
        let there = look(&fd)?;
        surveyor.set_passenger_directory(view, &above);
        push(&mut above, name);
        let site = Reached { dir: &fd, at: c".", name, path: &above, features: surveyor.features };
        let Some((mut all_wanted, inside)) = surveyor.pass(&scope, &site, &there) else { return Ok(None) };
        if at + 1 == names.len() {
            let active = inside.and_then(|mut scope| scope.actives.pop());
            // What was heard on the way holds for the directory that was opened as root, if it is the same.
            return Ok((there.entry.id == seen.entry.id).then(|| all_wanted.pop()).flatten().map(|own| (own, active)));
        }
        let Some(inside) = inside else { return Ok(None) };
        (scope, dir) = (inside, fd);
    }
    Ok(None)
}

impl<'p> Surveyor<'p> {
    /// Passes through a directory: what is wanted of it and what is said inside, without judging it.
    fn pass(
        &mut self,
        scope: &Scope<'p>,
        site: &Reached<'_>,
        look: &Look,
    ) -> Option<(Vec<Wanted<'p>>, Option<Scope<'p>>)> {
        let mut all_wanted = Vec::new();
        if self.hear(scope, site, look, &mut all_wanted) == Relevance::Excluded {
            return None;
        }
        let mut verdicts = Vec::new();
        complies(scope.region, &all_wanted, &look.entry, site.name(), &self.context, &mut verdicts);
        let inside = self.inside(scope, site.name(), look, &all_wanted, &verdicts);
        Some((all_wanted, inside))
    }

    /// Sets the path of the directory that a tree from above the region passes through.
    fn set_passenger_directory(&mut self, view: usize, path: &[u8]) {
        self.paths = Paths::default();
        self.paths.set_view(view, path);
    }
}

fn push(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

fn as_path(bytes: &[u8]) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}
