//! The twelve permission bits of a file, and chmod's language for changing them: parse, apply, print.

mod expression;

pub use expression::ModeExpression;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{BitAnd, BitOr, Not};

/// The low twelve bits of `st_mode`: set-user-ID, set-group-ID, sticky, and nine permission bits (inode(7)).
///
/// The file type is not part of it. Displayed as four octal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
pub struct Mode(u16);

impl From<u16> for Mode {
    fn from(bits: u16) -> Mode {
        Mode::new(bits.into())
    }
}

impl From<Mode> for u16 {
    fn from(Mode(bits): Mode) -> u16 {
        bits
    }
}

impl Mode {
    /// No bits.
    pub const NONE: Mode = Mode(0);
    /// Every one of the twelve.
    pub const ALL: Mode = Mode(0o7777);
    /// Set-user-ID.
    pub const SETUID: Mode = Mode(0o4000);
    /// Set-group-ID.
    pub const SETGID: Mode = Mode(0o2000);
    /// The sticky bit, on a directory the restricted deletion flag.
    pub const STICKY: Mode = Mode(0o1000);
    /// Set-user-ID and set-group-ID.
    pub const SET_ID: Mode = Mode(0o6000);
    /// The three bits above the permissions.
    pub const SPECIAL: Mode = Mode(0o7000);
    /// Read, write and execute of all three classes.
    pub const PERMISSIONS: Mode = Mode(0o0777);
    /// Read, write and execute of the owner.
    pub const OWNER: Mode = Mode(0o0700);
    /// Read, write and execute of the group.
    pub const GROUP: Mode = Mode(0o0070);
    /// Read, write and execute of all others.
    pub const OTHER: Mode = Mode(0o0007);
    /// Write of the owner.
    pub const OWNER_WRITE: Mode = Mode(0o0200);
    /// Write of the group.
    pub const GROUP_WRITE: Mode = Mode(0o0020);
    /// Execute of the group; of a directory, to enter it.
    pub const GROUP_EXECUTE: Mode = Mode(0o0010);
    /// Write of the group or of all others.
    pub const SHARED_WRITE: Mode = Mode(0o0022);
    /// Write of all others.
    pub const OTHER_WRITE: Mode = Mode(0o0002);
    /// Execute of all three classes.
    pub const EXECUTE: Mode = Mode(0o0111);
    /// Execute (search, of directories) for others.
    pub const OTHER_EXECUTE: Mode = Mode(0o0001);

    /// Takes the low twelve bits of an `st_mode`.
    pub const fn new(st_mode: u32) -> Mode {
        Mode((st_mode & 0o7777) as u16)
    }

    /// The bits as a number, as chmod(2) takes them.
    pub const fn bits(self) -> u32 {
        self.0 as u32
    }

    /// A umask as umask(1) reads it: one to four octal digits, of permissions alone.
    pub fn from_umask(text: &str) -> Option<Mode> {
        let is_octal = (1..=4).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        u32::from_str_radix(text, 8).ok().filter(|&bits| is_octal && bits <= 0o777).map(Mode::new)
    }

    /// Whether it has no bits.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it has every bit of `bits`.
    pub const fn has(self, bits: Mode) -> bool {
        self.0 & bits.0 == bits.0
    }

    /// Whether it has at least one bit of `bits`.
    pub const fn has_any(self, bits: Mode) -> bool {
        self.0 & bits.0 != 0
    }

    /// These bits and those of `bits`.
    pub const fn with(self, bits: Mode) -> Mode {
        Mode(self.0 | bits.0)
    }

    /// These bits but for those of `bits`.
    pub const fn without(self, bits: Mode) -> Mode {
        Mode(self.0 & !bits.0)
    }

    /// These bits, with those of `mask` taken from `other`.
    pub const fn with_from(self, mask: Mode, other: Mode) -> Mode {
        Mode((self.0 & !mask.0) | (other.0 & mask.0))
    }

    /// Whether somebody beside the owner may write. With an ACL the group's bits are its mask, so they say that somebody may,
    /// whatever the group is (acl(5)).
    pub const fn lets_others_write(self) -> bool {
        self.has_any(Mode::GROUP_WRITE) || self.has_any(Mode::OTHER_WRITE)
    }

    /// Whether its owner keeps it private: no bit at all for the group and for others.
    pub const fn is_private(self) -> bool {
        !self.has_any(Mode(0o077))
    }

    /// Whether `to` opens what this mode kept closed: a permission of the group or of others that is not here, or a
    /// sticky bit lost (then others may delete what they don't own).
    pub const fn widens(self, to: Mode) -> bool {
        to.without(self).has_any(Mode(0o077)) || (self.has(Mode::STICKY) && !to.has(Mode::STICKY))
    }

    /// The nine letters of ls(1), `rwxrwsr-x`.
    pub fn letters(self) -> Letters {
        Letters(self)
    }
}

impl BitAnd for Mode {
    type Output = Mode;

    fn bitand(self, other: Mode) -> Mode {
        Mode(self.0 & other.0)
    }
}

impl BitOr for Mode {
    type Output = Mode;

    fn bitor(self, other: Mode) -> Mode {
        Mode(self.0 | other.0)
    }
}

impl Not for Mode {
    type Output = Mode;

    fn not(self) -> Mode {
        Mode(!self.0 & 0o7777)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A mode as ls(1) prints it, without the letter of the file type.
pub struct Letters(Mode);

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each class: shift, the special bit that its execute letter shows, and the letter for it.
        let classes = [(6, Mode::SETUID, ['s', 'S']), (3, Mode::SETGID, ['s', 'S']), (0, Mode::STICKY, ['t', 'T'])];
        let mut text = ['-'; 9];
        for (class, (shift, special, [with_execute, alone])) in classes.into_iter().enumerate() {
            let bits = self.0.bits() >> shift;
            let letters = &mut text[class * 3..class * 3 + 3];
            if bits & 4 != 0 {
                letters[0] = 'r';
            }
            if bits & 2 != 0 {
                letters[1] = 'w';
            }
            letters[2] = match (bits & 1 != 0, self.0.has(special)) {
                (true, true) => with_execute,
                (false, true) => alone,
                (true, false) => 'x',
                (false, false) => '-',
            };
        }
        text.iter().try_for_each(|letter| write!(f, "{letter}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn umasks_are_octal_and_of_permissions_alone() {
        for (text, bits) in [("0", 0), ("22", 0o22), ("027", 0o27), ("0777", 0o777)] {
            assert_eq!(Mode::from_umask(text), Some(Mode::new(bits)), "{text}");
        }
        for text in ["", "1777", "00022", "8", "+7", "0o22", "u=rwx", " 22"] {
            assert_eq!(Mode::from_umask(text), None, "{text}");
        }
    }

    #[test]
    fn letters_are_those_of_ls() {
        for (mode, letters) in [
            (0o0755, "rwxr-xr-x"),
            (0o2775, "rwxrwsr-x"),
            (0o2745, "rwxr-Sr-x"),
            (0o4644, "rwSr--r--"),
            (0o1777, "rwxrwxrwt"),
            (0o1770, "rwxrwx--T"),
            (0o0000, "---------"),
        ] {
            assert_eq!(Mode::new(mode).letters().to_string(), letters, "{mode:o}");
        }
    }

    #[test]
    fn displays_four_octal_digits() {
        assert_eq!(Mode::new(0o100664).to_string(), "0664");
        assert_eq!(Mode::new(0o42775).to_string(), "2775");
    }

    #[test]
    fn widening_is_a_new_bit_for_group_or_others_or_a_lost_sticky() {
        for (from, to, widens) in [
            (0o700, 0o770, true),
            (0o600, 0o700, false),
            (0o1777, 0o0777, true),
            (0o0777, 0o1777, false),
            (0o0755, 0o2755, false),
            (0o0775, 0o0770, false),
            (0o0707, 0o0770, true),
        ] {
            assert_eq!(Mode::new(from).widens(Mode::new(to)), widens, "{from:o} {to:o}");
        }
    }
}
