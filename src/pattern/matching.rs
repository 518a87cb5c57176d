//! Which rules' patterns touch a name: all patterns of a tree at once, with the `ignore` crate as the authority.
//!
//! Every component of every pattern is a *place*. A directory carries the places that names in it may stand at
//! (its live places): those of an anchored pattern only at their depth, those behind `**` all the way down. A name
//! is looked up among them all at once; most names stand nowhere, and nothing more is asked of them. Where the
//! filters of a pattern can't be sure, its rule's own `Gitignore` decides. Rules that list plain paths stand in a tree of
//! names instead, where a directory has one place at most.

use super::At;
use super::authority::{Authority, Name, Need, PatternError, Word};
use super::components::Pattern;
use super::literals::{self, Literals};
use super::name_filter::{Key, NameFilter};
use super::name_index::NameIndex;
use crate::model::bits::BitSet;
use std::ops::Range;

/// The patterns of a tree: matcher 0 is its `exclude`, the others are its rules.
#[derive(Debug)]
pub(crate) struct Matching {
    matchers: Vec<Matcher>,
    places: Vec<MatchPosition>,
    /// Places that are the last of a pattern, for files and the like, and for directories.
    last_of_files: NameIndex,
    last_of_directories: NameIndex,
    /// Places that lead deeper into a pattern.
    steps: NameIndex,
    sets: Sets,
    literals: Literals,
}

/// Where the names of a directory may stand in the patterns.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Live {
    places: BitSet,
    literal: Option<u32>,
}

/// Places of one kind each.
#[derive(Debug)]
struct Sets {
    for_files: BitSet,
    for_directories: BitSet,
    steps: BitSet,
    /// Places that stay live all the way down.
    anywhere: BitSet,
    /// Places of rules, and not of what is excluded.
    of_rules: BitSet,
    /// Places of rules that may have to ask about the whole path.
    by_path: BitSet,
    start: BitSet,
}

#[derive(Debug)]
struct Matcher {
    authority: Authority,
    /// Whether it takes nothing back: once it matched, all below is matched.
    keeps: bool,
    /// Its places, one behind another.
    places: Range<usize>,
    /// Whether it may have to be asked about a whole path: it can't tell by names alone.
    asks_path: bool,
}

/// One component of one pattern.
#[derive(Debug)]
struct MatchPosition {
    matcher: u32,
    /// The pattern's index among those of its matcher: of several that match, the last counts.
    pattern: u32,
    filter: NameFilter,
    anywhere: bool,
    last: bool,
    directories: bool,
    negated: bool,
    certainty: Certainty,
}

/// What passing all filters of a pattern says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Certainty {
    /// The pattern matches.
    Sure,
    /// It may match; its rule's authority knows.
    Likely,
    /// Nothing: the pattern can't be taken apart.
    Blind,
}

/// What a matcher says of a name itself, whatever lies above it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Touch {
    /// The matcher.
    pub(crate) matcher: usize,
    /// What it says.
    pub(crate) word: Word,
}

/// Memory that is used again for every name.
#[derive(Default, Debug)]
pub(crate) struct Buffers {
    path: Vec<u8>,
    places: Vec<usize>,
    /// What [`Matching::touch`] found, in the order of matchers.
    pub(crate) touches: Vec<Touch>,
}

impl Matching {
    /// Compiles lists of patterns, one matcher each, and says what is wrong with them.
    pub(crate) fn new(lists: &[&[At<String>]]) -> Result<Matching, Vec<PatternError>> {
        let (mut places, mut errors, mut read) = (Vec::new(), Vec::new(), Vec::new());
        let mut literals = Literals::new();
        for (matcher, list) in lists.iter().enumerate() {
            let first = places.len();
            let patterns = list.iter().filter(|pattern| pattern.value != "/");
            let patterns: Vec<_> = patterns.map(|pattern| Pattern::parse(&pattern.value)).collect();
            if let Some(paths) = patterns.iter().map(literals::names).collect::<Option<Vec<_>>>() {
                let paths = paths.iter().zip(&patterns);
                paths.for_each(|(names, pattern)| literals.insert(matcher, names, pattern.directories));
            } else {
                let numbered = patterns.iter().enumerate();
                numbered.for_each(|(number, pattern)| places_of(pattern, matcher, number, &mut places));
            }
            let is_sure = places[first..].iter().all(|place| place.certainty == Certainty::Sure);
            match Authority::new(list, if is_sure { Need::Never } else { Need::Asked }) {
                Ok(authority) => read.push((authority, first..places.len())),
                Err(wrong) => errors.extend(wrong),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let matchers = read.into_iter().map(|(authority, own)| {
            let keeps = !places[own.clone()].iter().any(|place| place.negated);
            let asks_path = asks_path(&places[own.clone()]);
            Matcher { authority, keeps, places: own, asks_path }
        });
        Ok(Matching::index(matchers.collect(), places, literals))
    }

    fn index(matchers: Vec<Matcher>, places: Vec<MatchPosition>, literals: Literals) -> Matching {
        let bound = places.len();
        let index = |wanted: &dyn Fn(&MatchPosition) -> bool| {
            let some = places.iter().enumerate().filter(|(_, place)| wanted(place));
            NameIndex::new(some.map(|(number, place)| (number, &place.filter)), bound)
        };
        let of =
            |wanted: &dyn Fn(&MatchPosition) -> bool| set(bound, (0..bound).filter(|&number| wanted(&places[number])));
        let is_start = |number: usize| {
            number == 0 || {
                let (before, place) = (&places[number - 1], &places[number]);
                (before.matcher, before.pattern) != (place.matcher, place.pattern)
            }
        };
        let sets = Sets {
            for_files: of(&|place| place.last && !place.directories),
            for_directories: of(&|place| place.last),
            steps: of(&|place| !place.last),
            anywhere: of(&|place| place.anywhere),
            of_rules: of(&|place| place.matcher > 0),
            by_path: of(&|place| place.last && matchers[place.matcher as usize].asks_path),
            start: set(bound, (0..bound).filter(|&number| is_start(number))),
        };
        Matching {
            last_of_files: index(&|place| place.last && !place.directories),
            last_of_directories: index(&|place| place.last),
            steps: index(&|place| !place.last),
            sets,
            matchers,
            places,
            literals,
        }
    }

    /// Whether `/` is among a matcher's patterns.
    pub(crate) fn names_root(&self, matcher: usize) -> bool {
        self.matchers[matcher].authority.names_root()
    }

    /// The live places in the root.
    pub(crate) fn start(&self) -> Live {
        Live { places: self.sets.start.clone(), literal: self.literals.start() }
    }

    /// Takes a matcher's places out, where it matched what lies above and takes nothing back below: there is nothing
    /// left to ask it, however deep the tree goes. Paths end by themselves.
    pub(crate) fn settle(&self, live: &mut Live, matcher: usize) {
        if self.matchers[matcher].keeps {
            live.places.drop_range(self.matchers[matcher].places.clone());
        }
    }

    /// Whether a pattern could touch a name here.
    pub(crate) fn is_open(&self, live: &Live, is_directory: bool) -> bool {
        live.places.meets(if is_directory { &self.sets.for_directories } else { &self.sets.for_files })
            || self.literals.is_open(live.literal, is_directory)
    }

    /// Whether every name here has to be asked about, however it begins and ends.
    pub(crate) fn asks_all(&self, live: &Live, is_directory: bool) -> bool {
        self.last(is_directory).asks_all(&live.places)
    }

    /// Whether a pattern could touch a name, by its first and last bytes, or a path ends there; where not every name has to
    /// be asked about.
    pub(crate) fn may_touch(&self, live: &Live, name: &[u8], is_directory: bool) -> bool {
        self.last(is_directory).may_find(Key::new(name)) || self.literals.may_touch(live.literal, name)
    }

    fn last(&self, is_directory: bool) -> &NameIndex {
        if is_directory { &self.last_of_directories } else { &self.last_of_files }
    }

    /// Whether a rule's pattern could touch a name here, or anywhere below.
    pub(crate) fn leads_on(&self, live: &Live) -> bool {
        live.places.meets(&self.sets.of_rules) || self.literals.leads_on(live.literal)
    }

    /// Whether [`Matching::touch`] may have to know the directory's path here.
    pub(crate) fn needs_path(&self, live: &Live) -> bool {
        live.places.meets(&self.sets.by_path)
    }

    /// The live places in the directory `name` below one with `live`.
    pub(crate) fn descend(&self, live: &Live, name: &[u8], into: &mut Live) {
        into.places.copy_from(&live.places);
        into.places.keep(&self.sets.anywhere);
        if live.places.meets(&self.sets.steps) {
            let key = Key::new(name);
            self.steps.each(key, &live.places, |number| {
                if self.places[number].filter.passes(key) {
                    into.places.insert(number + 1);
                }
            });
        }
        into.literal = self.literals.descend(live.literal, name);
    }

    /// Finds what each matcher says of a name itself; those that say nothing are left out.
    pub(crate) fn touch(&self, live: &Live, name: Name<'_>, buffers: &mut Buffers) {
        let Buffers { path, places, touches } = buffers;
        places.clear();
        touches.clear();
        self.literals.touch(live.literal, name, touches);
        let key = Key::new(name.name);
        self.last(name.is_directory).each(key, &live.places, |number| {
            if self.places[number].filter.passes(key) {
                places.push(number);
            }
        });
        // Places are in the order of matchers and their patterns: the last of a matcher is its last pattern.
        places.sort_unstable();
        path.clear();
        let is_mixed = !touches.is_empty() && !places.is_empty();
        for group in places.chunk_by(|&a, &b| self.places[a].matcher == self.places[b].matcher) {
            let Some(last) = group.last().map(|&number| &self.places[number]) else { continue };
            let matcher = last.matcher as usize;
            let word = match (last.certainty, last.negated) {
                (Certainty::Sure, true) => Some(Word::Off),
                (Certainty::Sure, false) => Some(Word::On),
                (Certainty::Likely | Certainty::Blind, _) => self.matchers[matcher].authority.ask(name, path),
            };
            touches.extend(word.map(|word| Touch { matcher, word }));
        }
        if is_mixed {
            touches.sort_unstable_by_key(|touch| touch.matcher);
        }
    }
}

/// Whether patterns with these places have to be told the whole path of a name, and not only how it is called.
fn asks_path(places: &[MatchPosition]) -> bool {
    let is_by_name = |place: &MatchPosition| place.last && place.anywhere && place.certainty != Certainty::Blind;
    !places.iter().all(|place| place.certainty == Certainty::Sure) && !places.iter().all(is_by_name)
}

fn places_of(pattern: &Pattern, matcher: usize, number: usize, places: &mut Vec<MatchPosition>) {
    let certainty = match pattern.components.as_slice() {
        [] => Certainty::Blind,
        _ if pattern.is_exact() => Certainty::Sure,
        _ => Certainty::Likely,
    };
    let place = |filter: NameFilter, anywhere, last| MatchPosition {
        matcher: matcher as u32,
        pattern: number as u32,
        filter,
        anywhere,
        last,
        directories: pattern.directories,
        negated: pattern.negated,
        certainty,
    };
    if certainty == Certainty::Blind {
        places.push(place(NameFilter::any(), true, true));
    }
    let count = pattern.components.len();
    for (at, component) in pattern.components.iter().enumerate() {
        places.push(place(component.name.clone(), component.anywhere, at + 1 == count));
    }
}

fn set(bound: usize, numbers: impl Iterator<Item = usize>) -> BitSet {
    let mut set = BitSet::new(bound);
    numbers.for_each(|number| set.insert(number));
    set
}
