//! `find ROOT -printf '%m %U %G %n %y %i %p\0'`: what find(1) and bfs(1) print, every field, any byte in names.

use super::numbers::{decimal, octal};
use super::place::{Placing, items};
use super::{Item, LONGEST_PATH, Listing, ListingError, Record};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use std::io::{BufRead, Read};

/// A listing of that format.
pub(crate) struct Find0<R> {
    input: R,
    placing: Placing,
    /// The record in hand.
    text: Vec<u8>,
    /// Where it begins, in bytes.
    offset: u64,
}

/// What is said of a record that isn't one.
const WANTED: &str =
    "a record is `%m %U %G %n %y %i %p` and a NUL, as `find ROOT -printf '%m %U %G %n %y %i %p\\0'` prints it";

/// No record is longer.
const LONGEST: u64 = LONGEST_PATH as u64 + 128;

impl<R: BufRead> Find0<R> {
    /// Reads it from here.
    pub(crate) fn new(input: R, placing: Placing) -> Find0<R> {
        Find0 { input, placing, text: Vec::new(), offset: 0 }
    }

    fn error(&self, message: impl Into<String>) -> ListingError {
        ListingError::at(format!("byte {}", self.offset), message)
    }
}

impl<R: BufRead> Listing for Find0<R> {
    fn next(&mut self) -> Result<Option<Item>, ListingError> {
        self.offset += self.text.len() as u64;
        self.text.clear();
        let read = (&mut self.input).take(LONGEST).read_until(0, &mut self.text);
        read.map_err(|error| self.error(format!("can't read on: {error}")))?;
        if self.text.is_empty() {
            return Ok(None);
        }
        let Some((0, record)) = self.text.split_last() else {
            let why =
                if self.text.len() as u64 == LONGEST { "a record is too long" } else { "it ends within a record" };
            return Err(self.error(format!("{why}: {WANTED}")));
        };
        let (path, record) = parse(record).ok_or_else(|| self.error(WANTED))?;
        let placed = self.placing.place(path).map_err(|message| self.error(message))?;
        Ok(Some(items(placed, path, record).0))
    }
}

/// A record without its path, and the path.
fn parse(record: &[u8]) -> Option<(&[u8], Record)> {
    let mut fields = record.splitn(7, |&byte| byte == b' ');
    let mut field = || fields.next();
    let mode = Mode::new(octal(field()?).filter(|mode| *mode <= 0o7777)?);
    let (uid, gid, nlink) = (decimal(field()?)?, decimal(field()?)?, decimal(field()?)?);
    let kind = kind(field()?)?;
    let ino = decimal(field()?)?;
    let path = field()?;
    let state = Some(State { uid, gid, mode });
    Some((path, Record { path: Vec::new(), kind, state, nlink, ino, bytes: 0 }))
}

/// A kind by the letter that find(1) has for it.
pub(super) fn kind(letter: &[u8]) -> Option<Kind> {
    match letter {
        b"f" | b"-" => Some(Kind::File),
        [letter] => Kind::ALL.into_iter().find(|kind| kind.letter() as u32 == u32::from(*letter)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, told};
    use super::*;

    fn read(text: &[u8]) -> (Vec<String>, Option<String>) {
        let placing = Placing { base: Some(b"/srv".to_vec()), strip: 0 };
        let (items, error) = all(&mut Find0::new(text, placing));
        (items.iter().map(told).collect(), error.map(|error| error.to_string()))
    }

    #[test]
    fn every_field_is_read_and_any_byte_of_a_name() {
        let text = b"2775 0 7 3 d 2 /srv\x000 1 4294967295 2 f 9 /srv/a b\n\xff\x00777 0 0 1 l 5 /srv/l\x00600 0 0 1 s 6 ./s\x00755 0 0 1 d 1 /opt\0";
        let (items, error) = read(text);
        let expected = [
            "dir 0:7 2775 3 []",
            "file 1:4294967295 0000 2 [a b\n\u{fffd}]",
            "symlink 0:0 0777 1 [l]",
            "socket 0:0 0600 1 [s]",
            "outside",
        ];
        assert_eq!((items.iter().map(String::as_str).collect::<Vec<_>>(), error), (expected.to_vec(), None));
    }

    #[test]
    fn what_is_cut_off_or_no_record_is_told_with_its_byte() {
        for (text, place, message) in [
            (&b"755 0 0 1 d 1 /srv\x00644 0 0 1 f"[..], "byte 19: ", "ends within a record"),
            (b"755 0 0 1 d 1 /srv\0\x00", "byte 19: ", "a record is"),
            (b"888 0 0 1 d 1 /srv\0", "byte 0: ", "a record is"),
            (b"10755 0 0 1 d 1 /srv\0", "byte 0: ", "a record is"),
            (b"755 0 0 1 U 1 /srv\0", "byte 0: ", "a record is"),
            (b"755 0 0 1 d 1 \0", "byte 0: ", "no path"),
            (b"755 0 -1 1 d 1 /srv\0", "byte 0: ", "a record is"),
        ] {
            let error = read(text).1.unwrap_or_default();
            assert!(error.starts_with(place) && error.contains(message), "{error}");
        }
        let long = [b"755 0 0 1 d 1 /srv/".to_vec(), vec![b'a'; 2 * LONGEST_PATH]].concat();
        assert!(read(&long).1.unwrap_or_default().contains("too long"));
    }
}
