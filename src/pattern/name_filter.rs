//! What one component of a pattern says of a name, told without memcmp(3) or a regular expression where that can be.

/// One piece of a component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// This byte.
    Byte(u8),
    /// Any number of bytes.
    Star,
    /// One byte of these.
    One(ByteSet),
    /// What only `ignore` can tell.
    Unknown,
}

/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct ByteSet([u64; 4]);

/// What a component has to look like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NameFilter {
    /// How it begins.
    pub(super) prefix: Edge,
    /// How it ends.
    pub(super) suffix: Edge,
    /// What lies between.
    pub(super) middle: Middle,
}

/// The literal beginning or end of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Edge {
    pub(super) text: Box<[u8]>,
    /// The eight bytes nearest to the edge, and which of them count.
    pub(super) word: u64,
    pub(super) mask: u64,
}

/// What may lie between the beginning and the end of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Middle {
    /// Nothing: the prefix is the name.
    Nothing,
    /// Anything at all.
    Anything,
    /// This.
    Pieces(Box<[Piece]>),
    /// What only `ignore` can tell.
    Unknown,
}

/// A name with its first and its last eight bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    pub(super) name: &'a [u8],
    pub(super) first: u64,
    pub(super) last: u64,
}

impl<'a> Key<'a> {
    pub(super) fn new(name: &'a [u8]) -> Key<'a> {
        Key { name, first: first_word(name), last: last_word(name) }
    }
}

impl ByteSet {
    /// Every byte that a name can hold.
    pub(super) const ALL: ByteSet = {
        let mut all = [u64::MAX; 4];
        all[0] ^= 1 << b'/';
        ByteSet(all)
    };

    pub(super) fn contains(self, byte: u8) -> bool {
        self.0[usize::from(byte / 64)] & (1 << (byte % 64)) != 0
    }

    pub(super) fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte / 64)] |= 1 << (byte % 64);
    }

    /// All bytes that aren't in it, `/` included if it isn't.
    pub(super) fn inverted(self) -> ByteSet {
        ByteSet(self.0.map(|word| !word))
    }
}

impl NameFilter {
    /// The filter of a component.
    pub(super) fn new(pieces: &[Piece]) -> NameFilter {
        let prefix: Vec<u8> = pieces.iter().map_while(byte).collect();
        if prefix.len() == pieces.len() {
            return NameFilter { prefix: Edge::first(prefix), suffix: Edge::last(Vec::new()), middle: Middle::Nothing };
        }
        let mut suffix: Vec<u8> = pieces.iter().rev().map_while(byte).collect();
        suffix.reverse();
        let between = &pieces[prefix.len()..pieces.len() - suffix.len()];
        let middle = if between.iter().all(|&piece| piece == Piece::Star) {
            Middle::Anything
        } else if between.contains(&Piece::Unknown) {
            Middle::Unknown
        } else {
            Middle::Pieces(between.into())
        };
        NameFilter { prefix: Edge::first(prefix), suffix: Edge::last(suffix), middle }
    }

    /// The name, if it is but one.
    pub(super) fn literal(&self) -> Option<&[u8]> {
        (self.middle == Middle::Nothing).then_some(&*self.prefix.text)
    }

    /// The filter that every name passes.
    pub(super) fn any() -> NameFilter {
        NameFilter::new(&[Piece::Star])
    }

    /// Whether a name may match (and, if the filter is exact, does).
    pub(super) fn passes(&self, key: Key<'_>) -> bool {
        let (name, ends) = (key.name, self.prefix.text.len() + self.suffix.text.len());
        let edges = name.len() >= ends
            && key.first & self.prefix.mask == self.prefix.word
            && key.last & self.suffix.mask == self.suffix.word
            // Words tell all of a short text; comparing what is left would be a call for each name.
            && (self.prefix.text.len() <= 8 || name.starts_with(&self.prefix.text))
            && (self.suffix.text.len() <= 8 || name.ends_with(&self.suffix.text));
        edges
            && match &self.middle {
                Middle::Nothing => name.len() == ends,
                Middle::Anything | Middle::Unknown => true,
                Middle::Pieces(pieces) => {
                    matches(pieces, &name[self.prefix.text.len()..name.len() - self.suffix.text.len()])
                }
            }
    }

    /// Whether a name that passes matches for sure.
    pub(super) fn is_exact(&self) -> bool {
        self.middle != Middle::Unknown
    }
}

impl Edge {
    fn first(text: Vec<u8>) -> Edge {
        Edge { word: first_word(&text), mask: mask(text.len()), text: text.into() }
    }

    fn last(text: Vec<u8>) -> Edge {
        Edge { word: last_word(&text), mask: mask(text.len()), text: text.into() }
    }
}

fn byte(piece: &Piece) -> Option<u8> {
    if let Piece::Byte(byte) = piece { Some(*byte) } else { None }
}

/// Whether the whole text is like the pieces. Only the last star is ever tried again, longer, so that the time is at
/// most the product of both lengths.
fn matches(pieces: &[Piece], text: &[u8]) -> bool {
    let (mut piece, mut at, mut star) = (0, 0, None);
    while at < text.len() {
        let fits = match pieces.get(piece) {
            Some(Piece::Star) => {
                star = Some((piece, at));
                piece += 1;
                continue;
            }
            Some(Piece::Byte(byte)) => text[at] == *byte,
            Some(Piece::One(set)) => set.contains(text[at]),
            Some(Piece::Unknown) | None => false,
        };
        if fits {
            (piece, at) = (piece + 1, at + 1);
        } else if let Some((last, from)) = star {
            (piece, at, star) = (last + 1, from + 1, Some((last, from + 1)));
        } else {
            return false;
        }
    }
    pieces[piece..].iter().all(|&piece| piece == Piece::Star)
}

/// The mask of as many bytes, at most eight; those nearest to the edge are lowest in a word.
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

#[cfg(test)]
mod tests {
    use super::super::components::Pattern;
    use super::*;

    #[test]
    fn passes_what_looks_so() {
        for (line, passing, others) in [
            ("a*a", &["aa", "aba"][..], &["a", "ab"][..]),
            ("*", &[".x", "x"], &[]),
            ("x", &["x"], &["xx", "y"]),
            ("abcdefgh", &["abcdefgh"], &["abcdefghi", "abcdefg"]),
            ("abcdefghij", &["abcdefghij"], &["abcdefghix", "abcdefghijk"]),
            ("*.abcdefghij", &["x.abcdefghij", ".abcdefghij"], &["x-abcdefghij", "abcdefghij"]),
            ("*.[ch]", &["a.c", ".h"], &["a.d", "a.cc", "c"]),
            ("a?c", &["abc", "a.c"], &["ac", "abbc"]),
            ("*a*b*", &["ab", "xaybz"], &["ba", "x"]),
            ("*[0-9][0-9]?", &["123", "x12y"], &["12", "x1yz"]),
            ("[!.]*", &["a", "a.b"], &[".a", "."]),
            ("[a-b-e]x", &["dx", "ex"], &["-x", "fx"]),
            ("[-a]", &["-", "a"], &["b"]),
            ("[a-]", &["-", "a"], &["b"]),
            ("*[!~]", &["a", "~a"], &["a~", "~"]),
        ] {
            let filter = &Pattern::parse(line).components[0].name;
            assert!(filter.is_exact(), "{line}");
            for (names, expected) in [(passing, true), (others, false)] {
                for name in names {
                    assert_eq!(filter.passes(Key::new(name.as_bytes())), expected, "{line} {name}");
                }
            }
        }
    }
}
