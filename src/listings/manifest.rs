//! mtree(5) as it is written: what each entry says, as far as it says it.

use super::numbers::{decimal, octal};
use super::{LONGEST_PATH, ListingError};
use crate::model::entry::Kind;
use std::io::{BufRead, Read};

/// A manifest.
pub(crate) struct Manifest<R> {
    input: R,
    /// The number of the line in hand, from 1.
    number: u64,
    /// What `/set` says of all entries from here on.
    set: Keywords,
    /// The names of the directory that entries without a slash lie in.
    directory: Vec<Vec<u8>>,
}

/// An entry of a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The line that ends it, from 1.
    pub line: u64,
    /// Its path, as it is written.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// What else is told of it.
    pub mode: Option<u32>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub user: Option<Vec<u8>>,
    pub group: Option<Vec<u8>>,
    pub nlink: Option<u32>,
    pub inode: Option<u64>,
}

/// What keywords say of an entry.
#[derive(Clone, Default, Debug)]
struct Keywords {
    kind: Option<Kind>,
    mode: Option<u32>,
    uid: Option<u32>,
    gid: Option<u32>,
    user: Option<Vec<u8>>,
    group: Option<Vec<u8>>,
    nlink: Option<u32>,
    inode: Option<u64>,
}

/// No line is longer, those that go on counted in.
const LONGEST: usize = 4 * LONGEST_PATH + 4096;

impl<R: BufRead> Manifest<R> {
    /// Reads it from here.
    pub(crate) fn new(input: R) -> Manifest<R> {
        Manifest { input, number: 0, set: Keywords::default(), directory: Vec::new() }
    }

    /// An error in the line in hand.
    pub(super) fn error(&self, message: impl Into<String>) -> ListingError {
        ListingError::at(format!("line {}", self.number), message)
    }

    /// The next entry; `None` at the end.
    pub(crate) fn next_told(&mut self) -> Result<Option<Told>, ListingError> {
        while let Some(line) = self.line()? {
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let Some(name) = words.next().filter(|name| name[0] != b'#') else { continue };
            let words: Vec<&[u8]> = words.collect();
            match name {
                b"/set" => {
                    let mut set = std::mem::take(&mut self.set);
                    set.read(&words).map_err(|why| self.error(why))?;
                    self.set = set;
                }
                b"/unset" => self.set.unset(&words),
                _ => {
                    if let Some(told) = self.entry(name, &words)? {
                        return Ok(Some(told));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The next line, those that go on behind a backslash put together; `None` at the end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, ListingError> {
        let mut line = Vec::new();
        loop {
            self.number += 1;
            let left = (LONGEST + 1).saturating_sub(line.len()) as u64;
            let read = (&mut self.input).take(left).read_until(b'\n', &mut line);
            let read = read.map_err(|error| self.error(format!("can't read on: {error}")))?;
            match line.last() {
                None => return Ok(None),
                Some(b'\n') => drop(line.pop()),
                Some(_) if line.len() > LONGEST => return Err(self.error("it is too long")),
                Some(_) => return Err(self.error("it has no end: the manifest is cut off")),
            }
            debug_assert!(read > 0);
            // An even number of them are escaped ones of a name.
            let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
            if backslashes % 2 == 0 {
                return Ok(Some(line));
            }
            line.pop();
        }
    }

    fn entry(&mut self, name: &[u8], words: &[&[u8]]) -> Result<Option<Told>, ListingError> {
        if name == b".." {
            return match self.directory.pop() {
                Some(_) => Ok(None),
                None => Err(self.error("`..` leads out of the first directory")),
            };
        }
        let mut keywords = self.set.clone();
        keywords.read(words).map_err(|why| self.error(why))?;
        let kind = keywords.kind.ok_or_else(|| self.error("it has no `type`"))?;
        let name = unescaped(name).ok_or_else(|| self.error("a name is escaped otherwise than vis(3) does"))?;
        let path = match name.contains(&b'/') {
            true => name.clone(),
            false => {
                let mut names = self.directory.clone();
                names.push(name.clone());
                names.join(&b'/')
            }
        };
        if kind == Kind::Dir && !name.contains(&b'/') {
            self.directory.push(name);
        }
        if path.len() > LONGEST_PATH {
            return Err(self.error("a path is too long"));
        }
        let Keywords { mode, uid, gid, user, group, nlink, inode, .. } = keywords;
        Ok(Some(Told { line: self.number, path, kind, mode, uid, gid, user, group, nlink, inode }))
    }
}

impl Keywords {
    fn read(&mut self, words: &[&[u8]]) -> Result<(), String> {
        for word in words {
            let mut parts = word.splitn(2, |&byte| byte == b'=');
            let (key, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let wrong = || format!("`{}` can't be read", String::from_utf8_lossy(word));
            match key {
                b"type" => self.kind = Some(kind(value).ok_or_else(wrong)?),
                b"mode" => self.mode = Some(octal(value).filter(|mode| *mode <= 0o7777).ok_or_else(wrong)?),
                b"uid" => self.uid = Some(decimal(value).ok_or_else(wrong)?),
                b"gid" => self.gid = Some(decimal(value).ok_or_else(wrong)?),
                b"uname" => self.user = Some(unescaped(value).ok_or_else(wrong)?),
                b"gname" => self.group = Some(unescaped(value).ok_or_else(wrong)?),
                b"nlink" => self.nlink = Some(decimal(value).ok_or_else(wrong)?),
                b"inode" => self.inode = Some(decimal(value).ok_or_else(wrong)?),
                // Sizes, times, digests and flags are nothing to a policy.
                _ => {}
            }
        }
        Ok(())
    }

    fn unset(&mut self, words: &[&[u8]]) {
        for word in words {
            match *word {
                b"type" => self.kind = None,
                b"mode" => self.mode = None,
                b"uid" => self.uid = None,
                b"gid" => self.gid = None,
                b"uname" => self.user = None,
                b"gname" => self.group = None,
                b"nlink" => self.nlink = None,
                b"all" => *self = Keywords::default(),
                _ => {}
            }
        }
    }
}

fn kind(name: &[u8]) -> Option<Kind> {
    Some(match name {
        b"link" => Kind::Symlink,
        b"symlink" => return None,
        _ => return Kind::from_name(str::from_utf8(name).ok()?),
    })
}

/// The control character of a letter.
fn control(letter: u8) -> u8 {
    if letter == b'?' { 0x7f } else { letter & 0x1f }
}

/// A word as vis(3) has escaped it.
fn unescaped(word: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(word.len());
    let mut rest = word;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'\\' {
            plain.push(*byte);
            continue;
        }
        let [letter, after @ ..] = rest else { return None };
        rest = after;
        plain.push(match letter {
            b'0'..=b'3' if after.len() >= 2 && after[..2].iter().all(|digit| (b'0'..=b'7').contains(digit)) => {
                rest = &after[2..];
                u8::try_from(octal(&[*letter, after[0], after[1]])?).ok()?
            }
            b's' => b' ',
            b't' => b'\t',
            b'n' => b'\n',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'v' => 11,
            b'f' => 12,
            b'E' => 27,
            b'0' => 0,
            b'^' => {
                let [letter, after @ ..] = rest else { return None };
                rest = after;
                control(*letter)
            }
            b'M' => {
                let [sign @ (b'-' | b'^'), letter, after @ ..] = rest else { return None };
                rest = after;
                0x80 | if *sign == b'^' { control(*letter) } else { *letter }
            }
            b'\\' | b'#' | b'*' | b'?' | b'[' | b'=' => *letter,
            _ => return None,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_vis_writes_them() {
        for (written, name) in [
            ("new\\nline\\s\\M^?\\s\\\\\\s\\#", &b"new\nline \xff \\ #"[..]),
            ("\\^A\\^?\\M-a\\M^A\\303\\251", b"\x01\x7f\xe1\x81\xc3\xa9"),
        ] {
            assert_eq!(unescaped(written.as_bytes()).as_deref(), Some(name), "{written}");
        }
        for written in ["\\", "\\M", "\\M-", "\\Mx", "\\^", "\\9"] {
            assert_eq!(unescaped(written.as_bytes()), None, "{written}");
        }
    }
}
