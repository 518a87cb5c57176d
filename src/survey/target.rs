//! Where walks start: the regions' roots, or what PATHs limit a run to.

use super::regions::{Placed, below};
use std::path::{Path, PathBuf};

/// A place to start at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Its region, by index.
    pub region: usize,
    /// Its path from the region's root; empty for the root itself.
    pub path: Vec<u8>,
}

/// The places to start at, each once; or the PATH that no tree covers.
pub fn targets(placed: &[Placed<'_>], limits: &[PathBuf]) -> Result<Vec<Target>, PathBuf> {
    if limits.is_empty() {
        return Ok((0..placed.len()).map(|region| Target { region, path: Vec::new() }).collect());
    }
    let outermost: Vec<&PathBuf> = limits
        .iter()
        .enumerate()
        .filter(|(at, limit)| !limits.iter().enumerate().any(|(other, above)| covers((other, above), (*at, limit))))
        .map(|(_, limit)| limit)
        .collect();
    let mut targets = Vec::new();
    for limit in outermost {
        let first = targets.len();
        let inside = placed.iter().enumerate().filter(|(_, placed)| placed.path.starts_with(limit));
        targets.extend(inside.map(|(region, _)| Target { region, path: Vec::new() }));
        if !placed.iter().any(|placed| placed.path == *limit) {
            targets.extend(within(placed, limit));
        }
        if targets.len() == first {
            return Err(limit.clone());
        }
    }
    Ok(targets)
}

/// Whether another PATH makes this one say nothing new.
fn covers((other, above): (usize, &PathBuf), (at, limit): (usize, &PathBuf)) -> bool {
    other != at && limit.starts_with(above) && (limit != above || other < at)
}

/// The place in the deepest region that a PATH lies in.
fn within(placed: &[Placed<'_>], limit: &Path) -> Option<Target> {
    let regions = placed.iter().enumerate();
    let covering = regions.filter_map(|(region, placed)| Some(Target { region, path: below(&placed.path, limit)? }));
    covering.min_by_key(|target| target.path.len())
}
