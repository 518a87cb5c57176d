//! Sets of small numbers, one bit each: of rules, and of places in patterns.

use std::ops::Range;

/// A set of numbers below a bound that is fixed when it is made.
///
/// A large one, mostly empty, costs what is in it: sets of ten thousand rules are asked at every name, and hold a few.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct BitSet {
    words: Vec<u64>,
    /// Of a large set, which words aren't zero, a bit each; of a small one, nothing.
    filled: Vec<u64>,
}

/// From how many words on a set is large.
const LARGE: usize = 16;

impl BitSet {
    /// The empty set, for numbers below `bound`.
    pub(crate) fn new(bound: usize) -> BitSet {
        let words = bound.div_ceil(64);
        let filled = if words < LARGE { 0 } else { words.div_ceil(64) };
        BitSet { words: vec![0; words], filled: vec![0; filled] }
    }

    /// Puts a number in.
    pub(crate) fn insert(&mut self, number: usize) {
        self.words[number / 64] |= 1 << (number % 64);
        self.settle(number / 64);
    }

    /// Takes a number out.
    pub(crate) fn remove(&mut self, number: usize) {
        self.words[number / 64] &= !(1 << (number % 64));
        self.settle(number / 64);
    }

    /// Whether a number is in it.
    pub(crate) fn contains(&self, number: usize) -> bool {
        self.words[number / 64] & (1 << (number % 64)) != 0
    }

    /// Becomes `other`, keeping its memory.
    pub(crate) fn copy_from(&mut self, other: &BitSet) {
        self.words.clone_from(&other.words);
        self.filled.clone_from(&other.filled);
    }

    /// Keeps only what is in `other` too.
    pub(crate) fn keep(&mut self, other: &BitSet) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
        self.settle_all(0..self.words.len());
    }

    /// Takes out all numbers of a range.
    pub(crate) fn drop_range(&mut self, range: Range<usize>) {
        let words = range.start / 64..range.end.div_ceil(64).min(self.words.len());
        for at in words.clone() {
            let from = range.start.saturating_sub(at * 64);
            let to = (range.end - at * 64).min(64);
            let kept = |bits: usize| if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
            self.words[at] &= !(kept(to) & !kept(from.min(64)));
        }
        self.settle_all(words);
    }

    /// Whether some number is in both.
    pub(crate) fn meets(&self, other: &BitSet) -> bool {
        match self.filled.is_empty() {
            true => self.words.iter().zip(&other.words).any(|(word, other)| word & other != 0),
            false => self.filled_with(other).any(|(_, word)| word != 0),
        }
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        let words = if self.filled.is_empty() { &self.words } else { &self.filled };
        words.iter().all(|&word| word == 0)
    }

    /// The greatest number that is in both.
    pub(crate) fn last_common(&self, other: &BitSet) -> Option<usize> {
        let last = |(at, word): (usize, u64)| at * 64 + top(word);
        if !self.filled.is_empty() {
            return self.filled_with(other).filter(|&(_, word)| word != 0).last().map(last);
        }
        let words = self.words.iter().zip(&other.words).enumerate().rev();
        words.map(|(at, (a, b))| (at, a & b)).find(|&(_, word)| word != 0).map(last)
    }

    /// The numbers that are in both, upwards.
    pub(crate) fn common<'a>(&'a self, other: &'a BitSet) -> impl Iterator<Item = usize> + 'a {
        let all = if self.filled.is_empty() { self.words.len().min(other.words.len()) } else { 0 };
        let small = (0..all).map(|at| (at, self.words[at] & other.words[at]));
        small.chain(self.filled_with(other)).flat_map(|(at, word)| bits_of(word).map(move |n| at * 64 + n))
    }

    /// Of two large sets, what words have in common that are zero in neither; of small ones nothing.
    fn filled_with<'a>(&'a self, other: &'a BitSet) -> impl Iterator<Item = (usize, u64)> + 'a {
        let filled = self.filled.iter().zip(&other.filled).enumerate();
        let filled = filled.flat_map(|(at, (a, b))| bits_of(a & b).map(move |n| at * 64 + n));
        filled.map(|at| (at, self.words[at] & other.words[at]))
    }

    /// Takes down whether a word is zero by now.
    fn settle(&mut self, at: usize) {
        if let Some(filled) = self.filled.get_mut(at / 64) {
            let bit = 1 << (at % 64);
            if self.words[at] == 0 { *filled &= !bit } else { *filled |= bit }
        }
    }

    fn settle_all(&mut self, words: Range<usize>) {
        if !self.filled.is_empty() {
            words.for_each(|at| self.settle(at));
        }
    }
}

fn top(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

fn bits_of(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let low = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(low)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[usize]) -> BitSet {
        below(200, numbers)
    }

    fn below(bound: usize, numbers: &[usize]) -> BitSet {
        let mut set = BitSet::new(bound);
        numbers.iter().for_each(|&number| set.insert(number));
        set
    }

    #[test]
    fn answers_as_a_set_does() {
        let (a, b) = (set(&[0, 63, 64, 130]), set(&[63, 64, 199]));
        assert_eq!(a.common(&b).collect::<Vec<_>>(), [63, 64]);
        assert_eq!(a.last_common(&b), Some(64));
        assert_eq!(a.last_common(&set(&[1])), None);
        assert!(a.meets(&b) && !a.meets(&set(&[199])));
        let mut left = a.clone();
        left.drop_range(1..66);
        assert_eq!(left, set(&[0, 130]));
        for (range, expected) in [
            (0..0, &[0, 63, 64, 130][..]),
            (0..63, &[63, 64, 130]),
            (0..64, &[64, 130]),
            (63..65, &[0, 130]),
            (64..64, &[0, 63, 64, 130]),
            (65..130, &[0, 63, 64, 130]),
            (64..200, &[0, 63]),
            (130..131, &[0, 63, 64]),
        ] {
            let mut some = a.clone();
            some.drop_range(range.clone());
            assert_eq!(some, set(expected), "{range:?}");
        }
        left.keep(&set(&[0]));
        assert_eq!(left, set(&[0]));
        left.remove(0);
        assert!(left.is_empty() && !left.contains(0) && a.contains(130));
    }

    #[test]
    fn a_large_one_answers_alike() {
        let large = |numbers: &[usize]| below(10_000, numbers);
        let (a, b) = (large(&[0, 63, 64, 4096, 9999]), large(&[63, 64, 199, 9999]));
        assert_eq!(a.common(&b).collect::<Vec<_>>(), [63, 64, 9999]);
        assert_eq!((a.last_common(&b), a.last_common(&large(&[65, 9998]))), (Some(9999), None));
        assert!(a.meets(&b) && !a.meets(&large(&[199])) && !a.is_empty() && large(&[]).is_empty());
        let mut left = a.clone();
        left.drop_range(64..5000);
        assert_eq!(left, large(&[0, 63, 9999]));
        left.keep(&b);
        assert_eq!(left, large(&[63, 9999]));
        left.remove(9999);
        assert_eq!((left.last_common(&a), left.meets(&large(&[9999]))), (Some(63), false));
        let mut other = large(&[1]);
        other.copy_from(&left);
        assert_eq!(other, left);
    }
}
