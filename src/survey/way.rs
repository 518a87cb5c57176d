//! The way down from a root, directory by directory: what is said of each, and inside it, by every tree that covers it.

use super::assess::complies;
use super::site::{Reach, Reached};
use super::surveyor::Surveyor;
use crate::judging::bound::Bound;
use crate::judging::regions::Placed;
use crate::judging::scope::{Active, Region, Relevance, Scope, Wanted};
use crate::model::entry::{Identity, Kind};
use crate::model::intent::is_setgid_directory;
use crate::model::path::SharedDirectory;
use crate::source::told::Asked;
use crate::sys::stat::Look;
use std::path::Path;

/// What goes down directories: descriptors, or what a source tells of them.
pub(super) trait Way {
    /// Why it can't go on.
    type Error;

    /// Begins anew, at a root.
    fn begin(&mut self, root: &Path, asked: &Asked<'_>) -> Result<Look, Self::Error>;

    /// Goes on to a directory of this name in the one it stands in.
    fn enter(&mut self, name: &[u8], asked: &Asked<'_>) -> Result<Look, Self::Error>;

    /// Where more can be asked of the directory that it stands in.
    fn reach(&self) -> Reach<'_>;

    /// Whether anything is known of that beside its path.
    fn is_known(&self) -> bool {
        true
    }
}

/// A directory on the way, and what is said of it and inside it.
pub(super) struct Stop<'p> {
    /// The directory.
    pub look: Look,
    /// What is wanted of it.
    pub all_wanted: Vec<Wanted<'p>>,
    /// What is said inside; `None` where nobody judges anything there.
    pub inside: Option<Scope<'p>>,
}

/// A region's root: what its own trees say of it, and what trees say whose roots lie above it.
pub(super) fn root_stop<'p, W: Way>(
    placed: &'p Placed<'p>,
    way: &mut W,
    surveyor: &mut Surveyor<'p>,
) -> Result<Stop<'p>, W::Error> {
    let region = &placed.region;
    let is_own = |view: usize| region.views[view].prefix.is_empty();
    let views = 0..region.views.len();
    let mut passengers = Vec::new();
    for view in views.clone() {
        passengers.push(if is_own(view) { None } else { passenger(region, view, way, surveyor)? });
    }
    let look = way.begin(&placed.path, &asked_of_root(region, views.clone().find(|&view| is_own(view))))?;
    let (mut all_wanted, mut actives) = (Vec::new(), Vec::new());
    for (view, passenger) in views.zip(passengers) {
        if is_own(view) {
            let (wanted, active) = own(region, view, &look, surveyor);
            all_wanted.push(wanted);
            actives.push(active);
        } else if let Some(Passenger { wanted, active, id }) = passenger
            // What was heard on the way holds for the directory that was opened as root, if it is the same.
            && id == look.entry.id
        {
            all_wanted.push(wanted);
            actives.extend(active);
        }
    }
    let scope = Scope { region, entry: look.entry.clone(), actives };
    let scope = if way.is_known() { scope } else { scope.of_unknown(&all_wanted) };
    let inside = (!scope.actives.is_empty()).then_some(scope);
    Ok(Stop { look, all_wanted, inside })
}

/// Goes on to a directory and hears what is said of it, without judging it; `None` where nobody judges there. The paths
/// of the directory that it lies in have been set.
pub(super) fn next_stop<'p, W: Way>(
    scope: &Scope<'p>,
    way: &mut W,
    (name, path): (&[u8], &[u8]),
    surveyor: &mut Surveyor<'p>,
) -> Result<Option<Stop<'p>>, W::Error> {
    let mut all_wanted = Vec::new();
    surveyor.hear_name(scope, name, Kind::Dir, &mut all_wanted);
    let look = way.enter(name, &asked(scope.region, &all_wanted, name))?;
    let site = Reached { reach: way.reach(), name, path };
    if surveyor.hear(scope, &site, &look, &mut all_wanted) == Relevance::Excluded {
        return Ok(None);
    }
    let inside = match way.is_known() {
        true => {
            let mut verdicts = Vec::new();
            complies(scope.region, &all_wanted, &look.entry, name, &surveyor.context, &mut verdicts);
            surveyor.inside(scope, name, &look, &all_wanted, &verdicts)
        }
        false => inside_unknown(scope, (name, &look), &all_wanted, surveyor),
    };
    Ok(Some(Stop { look, all_wanted, inside }))
}

/// What is said inside a directory of which nothing is known but its name.
pub(super) fn inside_unknown<'p>(
    scope: &Scope<'p>,
    (name, look): (&[u8], &Look),
    all_wanted: &[Wanted<'p>],
    surveyor: &mut Surveyor<'p>,
) -> Option<Scope<'p>> {
    let mut verdicts = Vec::new();
    complies(scope.region, all_wanted, &look.entry, name, &surveyor.context, &mut verdicts);
    let inside = surveyor.inside(scope, name, look, all_wanted, &verdicts)?.of_unknown(all_wanted);
    (!inside.actives.is_empty()).then_some(inside)
}

/// What the first of those wants, for sources that tell by it.
pub(super) fn asked<'a>(region: &Region<'_>, all_wanted: &[Wanted<'a>], name: &'a [u8]) -> Asked<'a> {
    let root = all_wanted.first().and_then(|wanted| region.views[wanted.view].bound.root_gid);
    Asked::first(all_wanted, root, name)
}

fn asked_of_root<'p>(region: &'p Region<'p>, view: Option<usize>) -> Asked<'p> {
    let wanted: Vec<_> = view.into_iter().map(|view| of_root(view, region.views[view].bound)).collect();
    asked(region, &wanted, b".")
}

/// What a tree wants of its own root.
fn of_root<'p>(view: usize, bound: &Bound<'p>) -> Wanted<'p> {
    let intent = bound.instance.at_root().0.unwrap_or_default();
    Wanted { view, intent, parent: bound.root_gid, setgid: bound.root_gid, in_share: false }
}

/// What a tree says of its own root, and inside it.
fn own<'p>(region: &'p Region<'p>, view: usize, seen: &Look, surveyor: &mut Surveyor<'p>) -> (Wanted<'p>, Active) {
    let bound = region.views[view].bound;
    let wanted = of_root(view, bound);
    let mut verdicts = Vec::new();
    complies(region, &[wanted], &seen.entry, b".", &surveyor.context, &mut verdicts);
    let setgid = if is_setgid_directory(&seen.entry) { Some(seen.entry.state.gid) } else { bound.root_gid };
    (
        wanted,
        Active {
            view,
            here: bound.instance.at_root().1,
            path: SharedDirectory::default(),
            parent: verdicts.first().map(|verdict| verdict.ideal.gid),
            setgid,
            in_share: false,
        },
    )
}

/// What a tree says of a region's root that lies below its own.
struct Passenger<'p> {
    wanted: Wanted<'p>,
    active: Option<Active>,
    /// The directory that it was heard of.
    id: Identity,
}

/// What a tree says whose root lies above the region's: heard on the way from there; `None` where it doesn't judge here.
fn passenger<'p, W: Way>(
    region: &'p Region<'p>,
    view: usize,
    way: &mut W,
    surveyor: &mut Surveyor<'p>,
) -> Result<Option<Passenger<'p>>, W::Error> {
    let root = region.views[view].bound.instance.root();
    let top = way.begin(root, &asked_of_root(region, Some(view)))?;
    let (_, active) = own(region, view, &top, surveyor);
    let mut scope = Scope { region, entry: top.entry, actives: vec![active] };
    let names: Vec<&[u8]> = region.views[view].prefix.split(|&byte| byte == b'/').collect();
    let mut above = Vec::new();
    for (at, name) in names.iter().enumerate() {
        surveyor.set_passenger_directory(view, &above);
        push(&mut above, name);
        let Some(stop) = next_stop(&scope, way, (name, &above), surveyor)? else { return Ok(None) };
        let Stop { look, mut all_wanted, inside } = stop;
        if at + 1 == names.len() {
            let active = inside.and_then(|mut scope| scope.actives.pop());
            return Ok(all_wanted.pop().map(|wanted| Passenger { wanted, active, id: look.entry.id }));
        }
        let Some(inside) = inside else { return Ok(None) };
        scope = inside;
    }
    Ok(None)
}

/// Adds a name to a path.
pub(super) fn push(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

/// The path of the directory that a path's last name lies in; empty for the root.
pub(super) fn parent_of(mut path: Vec<u8>) -> Vec<u8> {
    let end = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    path.truncate(end);
    path
}
