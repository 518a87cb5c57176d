//! Sets of small numbers, one bit each: of rules, and of places in patterns.

use std::ops::Range;

/// A set of numbers below a bound that is fixed when it is made.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    /// The empty set, for numbers below `bound`.
    pub(crate) fn new(bound: usize) -> BitSet {
        BitSet { words: vec![0; bound.div_ceil(64)] }
    }

    /// Puts a number in.
    pub(crate) fn insert(&mut self, number: usize) {
        self.words[number / 64] |= 1 << (number % 64);
    }

    /// Takes a number out.
    pub(crate) fn remove(&mut self, number: usize) {
        self.words[number / 64] &= !(1 << (number % 64));
    }

    /// Whether a number is in it.
    pub(crate) fn contains(&self, number: usize) -> bool {
        self.words[number / 64] & (1 << (number % 64)) != 0
    }

    /// Becomes `other`, keeping its memory.
    pub(crate) fn copy_from(&mut self, other: &BitSet) {
        self.words.clone_from(&other.words);
    }

    /// Keeps only what is in `other` too.
    pub(crate) fn keep(&mut self, other: &BitSet) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Takes out all numbers of a range.
    pub(crate) fn drop_range(&mut self, range: Range<usize>) {
        for at in range.start / 64..range.end.div_ceil(64).min(self.words.len()) {
            let from = range.start.saturating_sub(at * 64);
            let to = (range.end - at * 64).min(64);
            let kept = |bits: usize| if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
            self.words[at] &= !(kept(to) & !kept(from.min(64)));
        }
    }

    /// Whether some number is in both.
    pub(crate) fn meets(&self, other: &BitSet) -> bool {
        self.words.iter().zip(&other.words).any(|(word, other)| word & other != 0)
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// The greatest number that is in both.
    pub(crate) fn last_common(&self, other: &BitSet) -> Option<usize> {
        let words = self.words.iter().zip(&other.words).enumerate().rev();
        words.map(|(at, (a, b))| (at, a & b)).find(|&(_, word)| word != 0).map(|(at, word)| at * 64 + top(word))
    }

    /// The numbers that are in both, upwards.
    pub(crate) fn common<'a>(&'a self, other: &'a BitSet) -> impl Iterator<Item = usize> + 'a {
        self.words
            .iter()
            .zip(&other.words)
            .enumerate()
            .flat_map(|(at, (a, b))| bits_of(a & b).map(move |n| at * 64 + n))
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
        let mut set = BitSet::new(200);
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
}
