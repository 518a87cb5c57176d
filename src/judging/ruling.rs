//! What a tree that is bound to a root says of a name below it.

use super::here::Here;
use super::usage::Usage;
use crate::compile::instance::Instance;
use crate::model::bits::BitSet;
use crate::model::entry::Kind;
use crate::model::intent::Intent;
use crate::pattern::matching::{Buffers, Live};

/// What a policy says of a name, before anything is known of the entry but its kind.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Ruling<'p> {
    /// It is excluded: neither judged nor entered.
    Excluded,
    /// Nothing is wanted of it, so it needn't be looked at; a directory is entered all the same.
    Unwanted,
    /// This is wanted of it.
    Wanted(Intent<'p>),
}

/// Memory that a thread uses again for every name.
#[derive(Default, Debug)]
pub(crate) struct Scratch {
    pub(super) buffers: Buffers,
    pub(super) applying: BitSet,
    pub(super) live: Live,
    /// What the rules did.
    pub usage: Usage,
}

impl Instance {
    /// What is wanted of the root itself, and what the rules say inside it.
    pub(crate) fn at_root(&self) -> (Option<Intent<'_>>, Here) {
        let (applying, here) = Here::at_root(self);
        (self.rules.decide(&applying, Kind::Dir).map(|decision| self.intent(&decision, Kind::Dir)), here)
    }

    /// Records which rules do something on the root itself.
    pub(crate) fn use_at_root(&self, usage: &mut Usage) {
        (1..self.rules.count()).filter(|&rule| self.rules.matching().names_root(rule)).for_each(|rule| {
            usage.matched(&self.rules, rule);
        });
        usage.applied(&self.rules, &Here::at_root(self).0, Kind::Dir);
    }

    /// What the rules say inside the directory `path` below the root; `None` if a pattern excludes it or what lies
    /// above it.
    pub(crate) fn here_at(&self, path: &[u8], scratch: &mut Scratch) -> Option<Here> {
        let mut here = self.at_root().1;
        for (above, name) in steps(path) {
            if here.ruling(self, above, name, Kind::Dir, scratch) == Ruling::Excluded {
                return None;
            }
            here = here.enter(self, above, name, scratch);
        }
        Some(here)
    }

    /// What is wanted of the entry at `path` below the root; `None` where a pattern excludes it, or nobody cares.
    pub(crate) fn wanted_at(&self, path: &[u8], kind: Kind) -> Option<Intent<'_>> {
        let Some((above, name)) = steps(path).last() else { return self.at_root().0 };
        let mut scratch = Scratch::default();
        match self.here_at(above, &mut scratch)?.ruling(self, above, name, kind, &mut scratch) {
            Ruling::Wanted(intent) => Some(intent),
            Ruling::Excluded | Ruling::Unwanted => None,
        }
    }
}

/// Each component of a path with the path above it; none for the root itself.
pub(super) fn steps(path: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = path.get(at..).filter(|rest| !rest.is_empty() && path != b".")?;
        let length = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
        let step = (&path[..at.saturating_sub(1)], &rest[..length]);
        at += length + 1;
        Some(step)
    })
}
