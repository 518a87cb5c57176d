//! Which of many name filters a name may pass, found by its first and last bytes and not one by one.

use super::bits::BitSet;
use super::pattern::{Middle, NameFilter};
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
}

type Table = HashMap<u64, Vec<u32>, BuildHasherDefault<WordHasher>>;

impl NameIndex {
    /// Indexes filters by their numbers, which lie below `bound`.
    pub(super) fn new<'a>(filters: impl Iterator<Item = (usize, &'a NameFilter)>, bound: usize) -> NameIndex {
        let mut index = NameIndex {
            literals: Table::default(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            others: BitSet::new(bound),
        };
        for (number, filter) in filters {
            index.insert(number, filter);
        }
        index
    }

    fn insert(&mut self, number: usize, filter: &NameFilter) {
        let table_for = |tables: &mut Vec<(u64, Table)>, length: usize, word: u64| {
            let mask = mask(length);
            let at = tables.iter().position(|(other, _)| *other == mask).unwrap_or_else(|| {
                tables.push((mask, Table::default()));
                tables.len() - 1
            });
            tables[at].1.entry(word).or_default().push(number as u32);
        };
        if filter.middle == Middle::Nothing {
            self.literals.entry(first_word(&filter.prefix)).or_default().push(number as u32);
        } else if filter.prefix.is_empty() && filter.suffix.is_empty() {
            self.others.insert(number);
        } else if filter.prefix.len() >= filter.suffix.len() {
            table_for(&mut self.prefixes, filter.prefix.len(), first_word(&filter.prefix));
        } else {
            table_for(&mut self.suffixes, filter.suffix.len(), last_word(&filter.suffix));
        }
    }

    /// Calls `found` for every filter in `live` that the name may pass; the filter itself is still to be asked.
    pub(super) fn each(&self, name: &[u8], live: &BitSet, mut found: impl FnMut(usize)) {
        let (first, last) = (first_word(name), last_word(name));
        let prefixes = self.prefixes.iter().filter_map(|(mask, table)| table.get(&(first & mask)));
        let suffixes = self.suffixes.iter().filter_map(|(mask, table)| table.get(&(last & mask)));
        for numbers in self.literals.get(&first).into_iter().chain(prefixes).chain(suffixes) {
            numbers.iter().map(|&number| number as usize).filter(|&number| live.contains(number)).for_each(&mut found);
        }
        self.others.common(live).for_each(found);
    }
}

/// The mask of as many bytes, at most eight.
fn mask(length: usize) -> u64 {
    if length >= 8 { u64::MAX } else { (1 << (length * 8)) - 1 }
}

/// The first eight bytes, the first of all lowest; zeros where there are fewer (no name holds a NUL).
fn first_word(name: &[u8]) -> u64 {
    match name.first_chunk() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => name.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// The last eight bytes, the last of all lowest.
fn last_word(name: &[u8]) -> u64 {
    match name.last_chunk() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => name.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)),
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
    use super::super::pattern::Pattern;
    use super::*;

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
            index.each(name.as_bytes(), &all, |number| {
                if filters[number].passes(name.as_bytes()) {
                    found.push(number);
                }
            });
            found.sort_unstable();
            let expected: Vec<_> = (0..filters.len()).filter(|&n| filters[n].passes(name.as_bytes())).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
