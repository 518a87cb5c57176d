//! What prevails in the directories of a listing, as rules of whole directories: few, where a rule for each path were many.

use super::said::{Imported, Said, Scope, Target, Wishes};
use super::text::parent;
use crate::model::entry::Kind;
use std::collections::{BTreeMap, HashMap};

/// What is wanted of all entries of a kind below a directory.
type Around = BTreeMap<Vec<Kind>, Wishes>;

/// What may have an ACL, or would have one if it could.
const UNTOLD: [Kind; 4] = [Kind::Dir, Kind::File, Kind::Fifo, Kind::Socket];

impl Imported {
    /// Folds what is said of each path into what prevails around it: for each directory and kind, what most of its entries
    /// have stands in one rule for all below, and those that differ have theirs.
    pub(crate) fn fold(&mut self) {
        let mut said = std::mem::take(&mut self.said);
        // Of a path that is listed twice the last counts, as on extraction.
        let mut last: HashMap<Vec<u8>, usize> = HashMap::new();
        last.extend(said.iter().enumerate().map(|(at, said)| (said.target_bytes(), at)));
        let mut at = 0;
        said.retain(|said| {
            at += 1;
            last.get(&said.target_bytes()) == Some(&(at - 1))
        });
        said.sort_by_cached_key(|said| {
            said.target_bytes().split(|&byte| byte == b'/').map(<[u8]>::to_vec).collect::<Vec<_>>()
        });
        let mut inside: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for (at, said) in said.iter().enumerate() {
            let path = said.target_bytes();
            if path != b"/" {
                inside.entry(parent(&path).to_vec()).or_default().push(at);
            }
        }
        let mut around: HashMap<Vec<u8>, Around> = HashMap::new();
        let mut folded = Vec::new();
        for (at, one) in said.iter().enumerate() {
            let path = one.target_bytes();
            let above = if path == b"/" { None } else { around.get(parent(&path)) };
            // The listing's own root, and what lies in no directory of it, has nothing around it.
            let inherited = above.and_then(|above| above.get(&one.kinds));
            if inherited != Some(&one.wishes) {
                let mut wishes = one.wishes.clone();
                let is_said = |key: &str| one.wishes.iter().any(|(said, _)| *said == key);
                let untold = inherited.into_iter().flatten().filter(|(key, _)| !is_said(key));
                wishes.extend(untold.map(|(key, _)| (*key, "\"@any\"".to_owned())));
                folded.push(Said { wishes, ..said[at].clone() });
            }
            let mut here = above.cloned().unwrap_or_default();
            for (kinds, wishes) in prevailing(inside.get(&path).into_iter().flatten().map(|&at| &said[at]), &here) {
                let place = one.place.clone();
                let target = Target::Path(path.clone());
                let mut all = wishes.clone();
                let before = here.get(&kinds).into_iter().flatten();
                let untold = before.filter(|(key, _)| !wishes.iter().any(|(said, _)| said == key));
                all.extend(untold.map(|(key, _)| (*key, "\"@any\"".to_owned())));
                // Where kinds aren't told, links are none of those that are listed.
                let told = if kinds.is_empty() { UNTOLD.to_vec() } else { kinds.clone() };
                folded.push(Said { place, target, scope: Scope::Below, kinds: told, wishes: all });
                here.insert(kinds, wishes);
            }
            around.insert(path, here);
        }
        self.said = folded;
    }
}

/// What most entries of each kind in a directory have, where that isn't what holds around it and a rule of it saves some.
fn prevailing<'s>(entries: impl Iterator<Item = &'s Said>, around: &Around) -> Vec<(Vec<Kind>, Wishes)> {
    let mut counts: BTreeMap<&Vec<Kind>, HashMap<&Wishes, usize>> = BTreeMap::new();
    for said in entries {
        *counts.entry(&said.kinds).or_default().entry(&said.wishes).or_default() += 1;
    }
    let most = counts.into_iter().filter_map(|(kinds, counts)| {
        let (wishes, count) = counts.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)))?;
        let now = around.get(kinds).and_then(|now| counts.get(now)).copied().unwrap_or_default();
        (*count > now + 1).then(|| (kinds.clone(), (*wishes).clone()))
    });
    most.collect()
}
