//! A digest: what tells that two machines judge by the same. It tells accidents, not attacks: whoever could forge it could as
//! well write the part that it stands in.

use std::fmt;

/// A digest of bytes by FNV-1a of 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Digest(u128);

impl Default for Digest {
    /// Of nothing.
    fn default() -> Digest {
        Digest(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Digest {
    /// Of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Digest {
        Digest::default().with(bytes)
    }

    /// The one that was written down.
    pub(crate) fn from_text(text: &str) -> Option<Digest> {
        let is_fit = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_fit.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Digest)
    }

    /// Of these bytes behind those before, told apart from them.
    #[must_use]
    pub(crate) fn with(self, bytes: &[u8]) -> Digest {
        const PRIME: u128 = 0x0100_0000_0000_0000_0000_013b;
        let step = |digest: u128, byte: &u8| (digest ^ u128::from(*byte)).wrapping_mul(PRIME);
        let length = (bytes.len() as u64).to_le_bytes();
        Digest(bytes.iter().chain(&length).fold(self.0, step))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart_wherever_they_are_cut() {
        let of = |texts: &[&[u8]]| texts.iter().fold(Digest::default(), |digest, text| digest.with(text)).to_string();
        let all = [of(&[b"ab", b"c"]), of(&[b"a", b"bc"]), of(&[b"abc"]), of(&[b"abc", b""]), of(&[])];
        assert!(all.iter().enumerate().all(|(at, one)| one.len() == 32 && !all[..at].contains(one)), "{all:?}");
        assert_eq!(of(&[b"ab", b"c"]), all[0]);
    }
}
