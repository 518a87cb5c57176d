//! Entries with several names, where a policy lets those be changed whose names all lie in the tree.

use super::found::Flaw;
use crate::entry::{Identity, State};
use crate::plan::{Links, path_order};
use std::collections::HashMap;

/// One name of an entry with several, as it is to be told of.
pub struct Linked {
    /// If a name lies elsewhere: nothing may be changed.
    pub refused: Flaw,
    /// If all names lie in the tree.
    pub inside: Flaw,
}

/// Decides on every entry with several names, now that all of the tree has been seen.
pub fn settle(linked: Vec<Linked>, flaws: &mut Vec<Flaw>) {
    let mut entries: HashMap<(u32, Identity), Vec<Linked>> = HashMap::new();
    for name in linked {
        entries.entry((name.refused.root, name.refused.id)).or_default().push(name);
    }
    for mut names in entries.into_values() {
        names.sort_by(|a, b| path_order(&a.refused.path, &b.refused.path));
        let told: Vec<Flaw> = match agreed(&names) {
            Some(_) => with_links(names),
            None => names.into_iter().map(|name| name.refused).collect(),
        };
        flaws.extend(told.into_iter().filter(|flaw| !flaw.findings.is_empty()));
    }
}

/// The state that the entry is to have by every one of its names, where all were found.
fn agreed(names: &[Linked]) -> Option<State> {
    let first = &names.first()?.inside;
    let all = names.len() as u64 == u64::from(first.nlink);
    let alike = names.iter().all(|name| name.inside.desired == first.desired && name.inside.actual == first.actual);
    (all && alike).then_some(first.desired)
}

/// The first name carries the change, and the others with it.
fn with_links(names: Vec<Linked>) -> Vec<Flaw> {
    let paths: Vec<Box<[u8]>> = names.iter().map(|name| name.inside.path.clone()).collect();
    let mut told: Vec<Flaw> = names.into_iter().map(|name| name.inside).collect();
    for (at, flaw) in told.iter_mut().enumerate() {
        let others = paths.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, path)| path.clone());
        flaw.links = Links::Inside(others.collect());
    }
    told
}
