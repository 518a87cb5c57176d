//! One machine's share of a check: the units that it was given, instead of all that is meant.

use super::live::Live;
use super::surveyor::Surveyor;
use super::{Request, Share, SurveyError, usage, walk_all};
use crate::findings::part::{Left, Names, Part};
use crate::findings::{EntryError, Survey};
use crate::judging::bound::Bound;
use crate::judging::regions::Placed;
use crate::judging::walk_roots::{Extent, WalkRoot};
use crate::model::path::TreePath;
use crate::parts::Unit;
use crate::source::mounts::Mounts;
use crate::walk;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Where a walk is to start, and what is meant there.
pub(super) struct Aim {
    /// Its region, by index.
    pub region: usize,
    /// The path from the region's root; empty for the root itself.
    pub path: Vec<u8>,
    /// How much is meant of what lies there.
    pub extent: Extent,
    /// What is meant below it alone.
    pub units: Option<Arc<Vec<walk::Unit>>>,
}

impl Aim {
    /// What is meant of a region.
    pub(super) fn of(target: &WalkRoot) -> Aim {
        Aim { region: target.region, path: target.path.clone(), extent: target.extent, units: None }
    }

    /// Takes only what is meant as a whole: a later pass has nothing to do with names that were given out one by one.
    pub(super) fn forget_names(&mut self) {
        if let Some(units) = &mut self.units {
            Arc::make_mut(units).retain(|unit| unit.names.is_none());
        }
    }
}

/// The units that all of a check comes to.
pub(super) fn units_of(placed: &[Placed<'_>], targets: &[WalkRoot]) -> Vec<Unit> {
    let unit = |target: &WalkRoot| Unit {
        root: placed[target.region].path.clone(),
        path: if target.path.is_empty() { b".".to_vec() } else { target.path.clone() },
        names: None,
    };
    targets.iter().map(unit).collect()
}

/// Does one machine's share; what is found, and left, goes to its sink.
pub(super) fn do_share<'p>(
    request: &'p Request<'p>,
    share: &'p Share<'p>,
    live: &Live,
    (mounts, bounds, placed): (&'p Mounts, &[Bound<'_>], &'p [Placed<'p>]),
    mut survey: Survey,
) -> Result<Survey, SurveyError> {
    let (aims, mut errors) = aims(share.units, placed);
    let surveyors = walk_all(request, live, mounts, placed, aims, &mut survey)?;
    survey.usage = Some(usage(bounds, &surveyors));
    surveyors.into_iter().map(Surveyor::into_part).for_each(share.sink);
    let failures = request.names.failures().into_iter().map(|failure| EntryError::at("".as_ref(), failure.to_string()));
    errors.extend(failures);
    errors.extend(std::mem::take(&mut survey.errors));
    (share.sink)(Part { errors, ..Part::default() });
    Ok(survey)
}

/// Where to start for these units, and an error for each of a root that isn't one here.
fn aims(units: &[Unit], placed: &[Placed<'_>]) -> (Vec<Aim>, Vec<EntryError>) {
    let regions: HashMap<&Path, usize> =
        placed.iter().zip(0..).map(|(placed, at)| (placed.path.as_path(), at)).collect();
    let (mut aims, mut errors): (Vec<Aim>, Vec<EntryError>) = (Vec::new(), Vec::new());
    for units in units.chunk_by(|one, other| one.root == other.root) {
        let Some(&region) = units.first().and_then(|unit| regions.get(unit.root.as_path())) else {
            let unknown = |unit: &Unit| EntryError::at(&unit.absolute(), NO_ROOT);
            errors.extend(units.first().map(unknown));
            continue;
        };
        let aim = Aim { region, path: Vec::new(), extent: Extent::Whole, units: None };
        let is_root = |unit: &Unit| unit.path == b"." && unit.names.is_none();
        // It holds all others of the root.
        aims.push(if units.iter().any(is_root) {
            aim
        } else {
            let unit = |unit: &Unit| walk::Unit {
                path: if unit.path == b"." { Vec::new() } else { unit.path.clone() },
                names: unit.names.as_ref().map(Names::to_names),
            };
            Aim { units: Some(Arc::new(units.iter().map(unit).collect())), ..aim }
        });
    }
    (aims, errors)
}

const NO_ROOT: &str = "this is no root of the policies here, or can't be used, so nothing of its unit was looked at; see that this machine has \
                       the same trees mounted, and the same policies";

/// Leaves what wasn't begun to another.
pub(super) fn leave(aims: &[Aim], placed: &[Placed<'_>], guide: &mut Surveyor<'_>) {
    for aim in aims {
        let root = &placed[aim.region].region.root;
        let path = |path: &[u8]| TreePath::from(if path.is_empty() { b"." } else { path });
        match &aim.units {
            None => guide.left.push(Left { root: Arc::clone(root), path: path(&aim.path), names: None }),
            Some(units) => guide.left.extend(units.iter().map(|unit| Left {
                root: Arc::clone(root),
                path: path(&unit.path),
                names: unit.names.as_deref().map(Names::of),
            })),
        }
        guide.hand_in();
    }
}
