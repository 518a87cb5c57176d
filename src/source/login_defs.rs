//! What login.defs(5) says of group ids: where those of the system end.

use crate::sys::SysError;
use crate::sys::host::login_defs;
use rustix::io::Errno;

/// The first gid that is nobody's system group: GID_MIN of /etc/login.defs, else 1000.
pub(crate) fn gid_min() -> Result<u32, SysError> {
    match login_defs() {
        Ok(text) => Ok(gid_min_in(&String::from_utf8_lossy(&text))),
        Err(error) if error.errno == Errno::NOENT => Ok(DEFAULT),
        Err(error) => Err(error),
    }
}

/// What shadow's own tools take where the file says nothing.
const DEFAULT: u32 = 1000;

fn gid_min_in(text: &str) -> u32 {
    // As shadow reads it: of several lines the last one counts, and numbers are those of C.
    let mut values = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("GID_MIN")).then(|| words.next().and_then(number))?
    });
    values.next_back().unwrap_or(DEFAULT)
}

fn number(word: &str) -> Option<u32> {
    let word = word.trim_matches('"');
    let hexadecimal = word.strip_prefix("0x").or(word.strip_prefix("0X"));
    match (hexadecimal, word.strip_prefix('0')) {
        (Some(digits), _) => u32::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) if !digits.is_empty() => u32::from_str_radix(digits, 8).ok(),
        _ => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_first_group_that_is_not_the_systems() {
        for (text, expected) in [
            ("GID_MIN\t\t\t 500\n", 500),
            ("UID_MIN 7\n# GID_MIN 5\n", 1000),
            ("SYS_GID_MIN 100\nGID_MIN 0x400\n", 1024),
            ("GID_MIN 01750", 1000),
            ("GID_MIN none", 1000),
            ("GID_MIN", 1000),
            ("", 1000),
        ] {
            assert_eq!(gid_min_in(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_systems_own_file_can_be_read() {
        assert!(gid_min().is_ok());
    }
}
