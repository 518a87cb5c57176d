//! Proposals that add up: what is proposed for one act takes nothing back of what was proposed for another.
//!
//! Every way is enough by itself, so that who wants one act alone has it; and whoever follows all of them, in their order,
//! ends with every act. An entry of an ACL is replaced as a whole (setfacl(1)), so each new one includes the one before.

use crate::model::operation::Operation;
use crate::plan::remedy::case::Case;
use crate::plan::remedy::smallest::{Means, Remedy, Taste, smallest, smallest_against};

/// What is proposed for the acts of a story, one after another.
#[derive(Clone, Debug)]
pub(crate) struct Proposals<'a> {
    original: &'a Case,
    means: Means<'a>,
    shared: Chain,
    personal: Chain,
    against: Chain,
}

/// What is proposed for one act.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Proposed {
    /// The ways to alter the answer, the smallest first; none where modes, groups and ACLs don't decide, or a policy
    /// forbids what would.
    pub ways: Vec<Vec<Remedy>>,
    /// Whether there is a way, but for the policy.
    pub is_barred: bool,
}

impl<'a> Proposals<'a> {
    /// Nothing is proposed yet.
    pub(crate) fn new(original: &'a Case, means: Means<'a>) -> Proposals<'a> {
        let chain = Chain { case: original.clone(), ways: Vec::new() };
        Proposals { original, means, shared: chain.clone(), personal: chain.clone(), against: chain }
    }

    /// What alters the answer to an act.
    pub(crate) fn propose(&mut self, act: Operation, can: bool) -> Proposed {
        let (original, means) = (self.original, self.means);
        let is_met = |case: &Case| original.demands(act).into_iter().all(|demand| case.meets(demand));
        if can {
            let take = |case: &Case| smallest_against(case, act, &means).map(|one| vec![one]);
            let way = self.against.next(original, take, |case| !is_met(case));
            return Proposed { ways: way.into_iter().collect(), is_barred: false };
        }
        let mut ways: Vec<_> =
            self.shared.next(original, |case| smallest(case, act, &means, Taste::Shared), is_met).into_iter().collect();
        let personal = self.personal.next(original, |case| smallest(case, act, &means, Taste::Personal), is_met);
        ways.extend(personal.filter(|way| !ways.contains(way)));
        let is_barred = ways.is_empty() && smallest(original, act, &means.lawless(), Taste::Shared).is_some();
        Proposed { ways, is_barred }
    }
}

/// What was proposed of one taste.
#[derive(Clone, Debug)]
struct Chain {
    /// How things stand after all of it.
    case: Case,
    ways: Vec<Vec<Remedy>>,
}

impl Chain {
    /// A way after which it holds: one that was proposed already, or else what is lacking after all of them, with as much
    /// of them as it takes to be enough by itself.
    fn next(
        &mut self,
        original: &Case,
        lacking: impl Fn(&Case) -> Option<Vec<Remedy>>,
        holds: impl Fn(&Case) -> bool,
    ) -> Option<Vec<Remedy>> {
        let after = |case: &Case, way: &[Remedy]| way.iter().fold(case.clone(), |case, one| case.after(*one));
        let (all, last) = (self.ways.concat(), self.ways.last().cloned().unwrap_or_default());
        if let Some(known) = self.ways.iter().rev().find(|way| holds(&after(original, way))) {
            let way = as_last_proposed(known, &all);
            return Some(needed(&way, |way| holds(&after(original, way))));
        }
        let more = if holds(&self.case) { Vec::new() } else { lacking(&self.case)? };
        let tried = [Vec::new(), last, all].into_iter().map(|before| including(&before, &more));
        let way = tried.into_iter().find(|way| !way.is_empty() && holds(&after(original, way)))?;
        let way = needed(&way, |way| holds(&after(original, way)));
        self.case = after(&self.case, &way);
        self.ways.push(way.clone());
        Some(way)
    }
}

/// Changes and those before them, each once: of two entries of an ACL for the same, the later one, which includes the
/// other.
fn including(before: &[Remedy], more: &[Remedy]) -> Vec<Remedy> {
    let mut all: Vec<Remedy> = Vec::new();
    for &one in before.iter().chain(more) {
        match all.iter_mut().find_map(|known| known.joined(one).map(|both| (known, both))) {
            Some((known, both)) => *known = both,
            None => all.push(one),
        }
    }
    all
}

/// A way without what it works without: what another act took.
fn needed(way: &[Remedy], works: impl Fn(&[Remedy]) -> bool) -> Vec<Remedy> {
    let (mut way, mut at) = (way.to_vec(), 0);
    while at < way.len() {
        let fewer = [&way[..at], &way[at + 1..]].concat();
        match !fewer.is_empty() && works(&fewer) {
            true => way = fewer,
            false => at += 1,
        }
    }
    way
}

/// A way with every entry of an ACL as it was proposed last, so that following it again takes nothing back.
fn as_last_proposed(way: &[Remedy], all: &[Remedy]) -> Vec<Remedy> {
    let last = |one: &Remedy| {
        let mut later = all.iter().rev().filter(|other| other.is_of_the_same_entry(one));
        later.next().copied().unwrap_or(*one)
    };
    way.iter().map(last).collect()
}

#[cfg(test)]
#[path = "proposals_tests.rs"]
mod tests;
