//! A digest: what tells that two machines judge by the same.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// The SHA-256 of texts, one behind the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// Of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Digest {
        Digest::default().with(bytes)
    }

    /// The one that was written down.
    pub(crate) fn from_text(text: &str) -> Option<Digest> {
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Digest(bytes))
    }

    /// Of these bytes behind those before, told apart from them.
    #[must_use]
    pub(crate) fn with(self, bytes: &[u8]) -> Digest {
        Digest(Sha256::new().chain_update(self.0).chain_update(bytes).finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart_wherever_they_are_cut() {
        let of = |texts: &[&[u8]]| texts.iter().fold(Digest::default(), |digest, text| digest.with(text)).to_string();
        let all = [of(&[b"ab", b"c"]), of(&[b"a", b"bc"]), of(&[b"abc"]), of(&[b"abc", b""]), of(&[])];
        assert!(all.iter().enumerate().all(|(at, one)| one.len() == 64 && !all[..at].contains(one)), "{all:?}");
        assert_eq!(of(&[b"ab", b"c"]), all[0]);
        let written = |text: &str| Digest::from_text(text).map(|digest| digest.to_string());
        assert!(all.iter().all(|one| written(one).as_ref() == Some(one)));
        assert_eq!((written(""), written(&"+1".repeat(32)), written(&"é".repeat(32))), (None, None, None));
    }
}
