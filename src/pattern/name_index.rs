//! Which of many name filters a name may pass, found by its first and last bytes and not one by one.

use super::name_filter::{ByteSet, Key, Middle, NameFilter};
use crate::model::bits::BitSet;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Name filters by number.
#[derive(Debug)]
pub(super) struct NameIndex {
    literals: Table,
    prefixes: Vec<(u64, Table)>,
    suffixes: Vec<(u64, Table)>,
    /// Filters that say nothing of how a name begins or ends.
    others: BitSet,
    /// What names begin with that a literal or a prefix fits, and end with that a suffix fits.
    beginnings: Ends,
    endings: Ends,
}

/// The bytes that are first and second, seen from one end of a name: what most names fall through at no cost.
#[derive(Default, Debug)]
struct Ends([ByteSet; 2]);

type Table = HashMap<u64, Vec<u32>, BuildHasherDefault<WordHasher>>;

impl NameIndex {
    /// Indexes filters by their numbers, which lie below `bound`.
    pub(super) fn new<'a>(filters: impl Iterator<Item = (usize, &'a NameFilter)>, bound: usize) -> NameIndex {
        let mut index = NameIndex {
            literals: Table::default(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            others: BitSet::new(bound),
            beginnings: Ends::default(),
            endings: Ends::default(),
        };
        for (number, filter) in filters {
            index.insert(number, filter);
        }
        index
    }

    fn insert(&mut self, number: usize, filter: &NameFilter) {
        let (prefix, suffix) = (&filter.prefix, &filter.suffix);
        let (tables, ends, edge) = if filter.middle == Middle::Nothing {
            // The whole of it counts: behind a name of one byte comes nothing, which is a zero.
            self.beginnings.learn(prefix.word, u64::MAX);
            self.literals.entry(prefix.word).or_default().push(number as u32);
            return;
        } else if prefix.text.is_empty() && suffix.text.is_empty() {
            self.others.insert(number);
            return;
        } else if prefix.text.len() >= suffix.text.len() {
            (&mut self.prefixes, &mut self.beginnings, prefix)
        } else {
            (&mut self.suffixes, &mut self.endings, suffix)
        };
        ends.learn(edge.word, edge.mask);
        let at = tables.iter().position(|(mask, _)| *mask == edge.mask).unwrap_or_else(|| {
            tables.push((edge.mask, Table::default()));
            tables.len() - 1
        });
        tables[at].1.entry(edge.word).or_default().push(number as u32);
    }

    /// Whether filters in `live` have to be asked about every name, whatever it begins or ends with.
    pub(super) fn asks_all(&self, live: &BitSet) -> bool {
        self.others.meets(live)
    }

    /// Whether a name may pass a filter that says how names begin or end, told by the bytes at its ends alone.
    pub(super) fn may_find(&self, key: Key<'_>) -> bool {
        self.beginnings.fits(key.first) || self.endings.fits(key.last)
    }

    /// Calls `found` for every filter in `live` that the name may pass; the filter itself is still to be asked.
    pub(super) fn each(&self, key: Key<'_>, live: &BitSet, mut found: impl FnMut(usize)) {
        let mut some = |numbers: Option<&Vec<u32>>| {
            let numbers = numbers.into_iter().flatten().map(|&number| number as usize);
            numbers.filter(|&number| live.contains(number)).for_each(&mut found);
        };
        some(self.literals.get(&key.first));
        self.prefixes.iter().for_each(|(mask, table)| some(table.get(&(key.first & mask))));
        self.suffixes.iter().for_each(|(mask, table)| some(table.get(&(key.last & mask))));
        self.others.common(live).for_each(found);
    }
}

impl Ends {
    fn learn(&mut self, word: u64, mask: u64) {
        for (at, bytes) in self.0.iter_mut().enumerate() {
            match (mask >> (8 * at)) as u8 {
                0 => *bytes = ByteSet::default().inverted(),
                _ => bytes.insert((word >> (8 * at)) as u8),
            }
        }
    }

    fn fits(&self, word: u64) -> bool {
        self.0[0].contains(word as u8) && self.0[1].contains((word >> 8) as u8)
    }
}

/// Spreads a word over the table. Only a policy's own words are ever inserted, so names can't make it slow.
#[derive(Default, Debug)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(self.0 ^ u64::from(byte)));
    }

    fn write_u64(&mut self, word: u64) {
        let spread = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }
}

#[cfg(test)]
mod tests {
    use super::super::components::Pattern;
    use super::*;

    #[test]
    fn names_fall_through_by_their_ends() {
        let lines = ["sub", "x", "*.c", "lib*", "*~"];
        let filters: Vec<_> = lines.iter().map(|line| Pattern::parse(line).components[0].name.clone()).collect();
        let index = NameIndex::new(filters.iter().enumerate(), filters.len());
        for (names, may) in [
            (&["sub", "suburb", "x", "a.c", ".c", "lib", "a~", "~"][..], true),
            (&["sample_1.dat", "xx", "a.o", "bil", "~a"], false),
        ] {
            for name in names {
                assert_eq!(index.may_find(Key::new(name.as_bytes())), may, "{name}");
            }
        }
        assert!(!index.asks_all(&BitSet::new(filters.len())));
    }

    #[test]
    fn finds_every_filter_that_passes() {
        let lines = ["a", "abcdefgh", "abcdefghi", "*.c", "*.txt", "lib*", "lib*.so", "*", "?", "x*yyyyyyyyyyyyy"];
        let filters: Vec<_> = lines.iter().map(|line| Pattern::parse(line).components[0].name.clone()).collect();
        let index = NameIndex::new(filters.iter().enumerate(), filters.len());
        let mut all = BitSet::new(filters.len());
        (0..filters.len()).for_each(|number| all.insert(number));
        for name in
            ["a", "abcdefgh", "abcdefghi", "abcdefghj", "x.c", ".c", "libx.so", "lib", "b.txt", "xyyyyyyyyyyyyy"]
        {
            let mut found = Vec::new();
            index.each(Key::new(name.as_bytes()), &all, |number| {
                if filters[number].passes(Key::new(name.as_bytes())) {
                    found.push(number);
                }
            });
            found.sort_unstable();
            let expected: Vec<_> =
                (0..filters.len()).filter(|&n| filters[n].passes(Key::new(name.as_bytes()))).collect();
            assert_eq!(found, expected, "{name}");
            let by_ends = |&number: &usize| !index.others.contains(number);
            assert!(index.asks_all(&all) && (index.may_find(Key::new(name.as_bytes())) || !found.iter().any(by_ends)));
        }
    }
}
