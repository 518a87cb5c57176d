//! What an instance's rules say inside one directory, so that most entries cost a look into a table.

use super::ruling::{Ruling, Scratch};
use crate::compile::instance::Instance;
use crate::compile::rules::Decision;
use crate::model::bits::BitSet;
use crate::model::entry::Kind;
use crate::pattern::matching::{Live, Touch};
use crate::pattern::{Name, Word};
use crate::policy::model::RuleScope;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What the rules of one instance say inside one directory. It is cheap to clone, and knows nothing of the
/// directory's path: a tree can be 20,000 directories deep.
#[derive(Clone, Debug)]
pub(crate) struct Here(Arc<HerePosition>);

/// One set of rules and patterns; directories that have the same share it.
#[derive(Debug)]
struct HerePosition {
    /// The rules that hold for all that lies here, unless a pattern says otherwise.
    on: BitSet,
    /// Where names that stand here may be in the patterns.
    live: Live,
    /// What is decided on names that no pattern touches, by kind.
    plain: [Option<Decision>; Kind::ALL.len()],
    /// The names of files and the like that a pattern could touch here, and those of directories.
    files: Open,
    directories: Open,
    /// The kinds of which something could be wanted here, a bit each.
    wanted: u8,
    needs_path: bool,
    /// Whether nothing is wanted of names that no pattern touches.
    is_sparse: bool,
    /// The kinds for which some thread has recorded what the rules in `on` do, a bit each.
    recorded: AtomicU8,
}

/// Which names a pattern could touch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Open {
    /// None.
    None,
    /// Those that begin and end like one.
    Some,
    /// Any.
    All,
}

impl Here {
    /// What the rules say inside the root, and which apply to the root itself.
    pub(super) fn at_root(instance: &Instance) -> (BitSet, Here) {
        let rules = &instance.rules;
        let (mut applying, mut on) = (BitSet::new(rules.count()), BitSet::new(rules.count()));
        let mut live = rules.matching().start();
        for rule in rules.own_keys() {
            applying.insert(rule);
            on.insert(rule);
        }
        for rule in (1..rules.count()).filter(|&rule| rules.matching().names_root(rule)) {
            let scope = rules.scope(rule);
            if scope != RuleScope::Below {
                applying.insert(rule);
            }
            if scope != RuleScope::Own {
                on.insert(rule);
                rules.matching().settle(&mut live, rule);
            }
        }
        let plain = plain(instance, &on);
        (applying, Here::new(instance, on, live, plain))
    }

    fn new(instance: &Instance, on: BitSet, live: Live, plain: [Option<Decision>; Kind::ALL.len()]) -> Here {
        let matching = instance.rules.matching();
        let open = |is_directory| match matching.is_open(&live, is_directory) {
            false => Open::None,
            true if matching.asks_all(&live, is_directory) => Open::All,
            true => Open::Some,
        };
        let (files, directories) = (open(false), open(true));
        let is_wanted = |kind: Kind| {
            let opening = if kind == Kind::Dir { directories } else { files };
            plain[kind as usize].is_some() || (opening != Open::None && instance.rules.wants(kind))
        };
        let wanted = Kind::ALL.into_iter().filter(|&kind| is_wanted(kind)).fold(0, |all, kind| all | bit(kind));
        let (needs_path, is_sparse) = (matching.needs_path(&live), plain.iter().all(Option::is_none));
        Here(Arc::new(HerePosition {
            on,
            live,
            plain,
            files,
            directories,
            wanted,
            needs_path,
            is_sparse,
            recorded: AtomicU8::new(0),
        }))
    }

    /// Whether [`Here::ruling`] and [`Here::enter`] have to be told the directory's path; if not, it may be empty.
    pub(crate) fn needs_path(&self) -> bool {
        self.0.needs_path
    }

    /// Whether anything could be wanted of an entry of this kind here; if not, and it is no directory, it needn't
    /// be asked about.
    pub(crate) fn wants_kind(&self, kind: Kind) -> bool {
        self.0.wanted & bit(kind) != 0
    }

    /// Whether nothing is wanted here but of what patterns touch.
    pub(crate) fn is_sparse(&self) -> bool {
        self.0.is_sparse
    }

    /// Whether nothing is wanted of whatever lies here, however deep.
    pub(crate) fn is_over(&self, instance: &Instance) -> bool {
        self.0.is_sparse && !instance.rules.matching().leads_on(&self.0.live)
    }

    /// The same inside the directory `name` in this one, which nothing is wanted of either.
    pub(crate) fn is_over_in(&self, instance: &Instance, name: &[u8], scratch: &mut Scratch) -> bool {
        let matching = instance.rules.matching();
        self.0.is_sparse && self.is_untouched(instance, name, scratch) && {
            matching.descend(&self.0.live, name, &mut scratch.live);
            !matching.leads_on(&scratch.live)
        }
    }

    /// Whether no pattern touches the directory `name`; denied where that takes its path.
    fn is_untouched(&self, instance: &Instance, name: &[u8], scratch: &mut Scratch) -> bool {
        !self.may_touch(instance, name, Kind::Dir)
            || !self.needs_path() && {
                self.touch(instance, Name { directory: b"", name, is_directory: true }, scratch);
                scratch.buffers.touches.is_empty()
            }
    }

    /// Whether a pattern could touch this name, as far as its ends tell; if not, it is ruled on like all such names of
    /// its kind here.
    pub(crate) fn may_touch(&self, instance: &Instance, name: &[u8], kind: Kind) -> bool {
        match self.open(kind) {
            Open::None => false,
            Open::Some => instance.rules.matching().may_touch(&self.0.live, name, kind == Kind::Dir),
            Open::All => true,
        }
    }

    /// What the policy says of the entry `name` in this directory, whose path from the root is `directory`.
    pub(crate) fn ruling<'p>(
        &self,
        instance: &'p Instance,
        directory: &[u8],
        name: &[u8],
        kind: Kind,
        scratch: &mut Scratch,
    ) -> Ruling<'p> {
        let plain = &self.0.plain[kind as usize];
        // A name of a kind that nothing is wanted of isn't looked at, so it can't be told from an excluded one either.
        let skips = plain.is_none() && kind != Kind::Dir && !instance.rules.wants(kind);
        if skips || !self.may_touch(instance, name, kind) {
            self.record_plain(instance, kind, scratch);
            return ruling(instance, plain.as_ref(), kind);
        }
        self.touch(instance, Name { directory, name, is_directory: kind == Kind::Dir }, scratch);
        match scratch.buffers.touches.as_slice() {
            [] => {
                self.record_plain(instance, kind, scratch);
                ruling(instance, plain.as_ref(), kind)
            }
            [Touch { matcher: 0, word: Word::On }, ..] => Ruling::Excluded,
            _ => {
                self.apply(instance, scratch);
                self.record_touched(instance, kind, scratch);
                ruling(instance, instance.rules.decide(&scratch.applying, kind).as_ref(), kind)
            }
        }
    }

    /// Whether the tree excludes the entry `name` in this directory, whatever is wanted of its kind.
    pub(crate) fn excludes(
        &self,
        instance: &Instance,
        directory: &[u8],
        name: &[u8],
        kind: Kind,
        scratch: &mut Scratch,
    ) -> bool {
        self.may_touch(instance, name, kind) && {
            self.touch(instance, Name { directory, name, is_directory: kind == Kind::Dir }, scratch);
            is_excluded(scratch)
        }
    }

    /// What the rules say inside the directory `name` in this one.
    pub(crate) fn enter(&self, instance: &Instance, directory: &[u8], name: &[u8], scratch: &mut Scratch) -> Here {
        let (rules, here) = (&instance.rules, &*self.0);
        rules.matching().descend(&here.live, name, &mut scratch.live);
        scratch.applying.copy_from(&here.on);
        if self.may_touch(instance, name, Kind::Dir) {
            self.touch(instance, Name { directory, name, is_directory: true }, scratch);
            for &Touch { matcher: rule, word } in &scratch.buffers.touches {
                match word {
                    _ if rule == 0 || rules.scope(rule) == RuleScope::Own => {}
                    Word::Off => scratch.applying.remove(rule),
                    Word::On => {
                        scratch.applying.insert(rule);
                        rules.matching().settle(&mut scratch.live, rule);
                    }
                }
            }
        }
        let same = scratch.applying == here.on;
        if same && scratch.live == here.live {
            return self.clone();
        }
        let plain = if same { here.plain } else { plain(instance, &scratch.applying) };
        Here::new(instance, scratch.applying.clone(), scratch.live.clone(), plain)
    }

    /// The rules that apply to the entry `name` in this directory; `None` if it is excluded.
    pub(super) fn applying(
        &self,
        instance: &Instance,
        directory: &[u8],
        name: &[u8],
        kind: Kind,
        scratch: &mut Scratch,
    ) -> Option<BitSet> {
        self.touch(instance, Name { directory, name, is_directory: kind == Kind::Dir }, scratch);
        let is_excluded = is_excluded(scratch);
        self.apply(instance, scratch);
        (!is_excluded).then(|| scratch.applying.clone())
    }

    /// Records once for all names of a kind that no pattern touches: nearly every entry pays a load for it.
    fn record_plain(&self, instance: &Instance, kind: Kind, scratch: &mut Scratch) {
        let bit = bit(kind);
        if self.0.recorded.load(Ordering::Relaxed) & bit == 0 {
            self.0.recorded.fetch_or(bit, Ordering::Relaxed);
            scratch.usage.applied(&instance.rules, &self.0.on, kind);
        }
    }

    fn record_touched(&self, instance: &Instance, kind: Kind, scratch: &mut Scratch) {
        let Scratch { buffers, applying, usage, .. } = scratch;
        for touch in buffers.touches.iter().filter(|touch| touch.matcher > 0 && touch.word == Word::On) {
            usage.matched(&instance.rules, touch.matcher);
        }
        usage.applied(&instance.rules, applying, kind);
    }

    fn open(&self, kind: Kind) -> Open {
        if kind == Kind::Dir { self.0.directories } else { self.0.files }
    }

    fn touch(&self, instance: &Instance, name: Name<'_>, scratch: &mut Scratch) {
        instance.rules.matching().touch(&self.0.live, name, &mut scratch.buffers);
    }

    /// Puts together what holds here and what touched a name.
    fn apply(&self, instance: &Instance, scratch: &mut Scratch) {
        scratch.applying.copy_from(&self.0.on);
        for &Touch { matcher: rule, word } in scratch.buffers.touches.iter().filter(|touch| touch.matcher > 0) {
            match word {
                Word::Off => scratch.applying.remove(rule),
                // What matches isn't below itself; below another match it may be, and then it stays.
                Word::On if instance.rules.scope(rule) == RuleScope::Below => {}
                Word::On => scratch.applying.insert(rule),
            }
        }
    }
}

/// Whether what touched a name excludes it: that is matcher 0, which comes first.
fn is_excluded(scratch: &Scratch) -> bool {
    matches!(scratch.buffers.touches.first(), Some(Touch { matcher: 0, word: Word::On }))
}

/// The bit that stands for a kind.
fn bit(kind: Kind) -> u8 {
    1 << kind as u8
}

fn ruling<'p>(instance: &'p Instance, decision: Option<&Decision>, kind: Kind) -> Ruling<'p> {
    decision.map_or(Ruling::Unwanted, |decision| Ruling::Wanted(instance.intent(decision, kind)))
}

fn plain(instance: &Instance, on: &BitSet) -> [Option<Decision>; Kind::ALL.len()] {
    Kind::ALL.map(|kind| instance.rules.decide(on, kind))
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
