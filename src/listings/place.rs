//! Where the paths of a listing lie: below its root, out of it, or elsewhere.

use super::{Item, LONGEST_PATH};

/// How paths are taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Placing {
    /// The root that absolute paths lie below, without a slash at its end; `None` where all paths are told from the root,
    /// as in an archive.
    pub base: Option<Vec<u8>>,
    /// So many leading components are left out, as tar has it.
    pub strip: usize,
}

/// What a path comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Placed {
    /// This one from the root.
    At(Vec<u8>),
    /// The same, and it was written as an absolute path, which leads elsewhere where it is taken as it is.
    Absolute(Vec<u8>),
    /// It leads upwards.
    Escaping,
    /// It lies elsewhere, or nothing of it is left.
    Outside,
}

impl Placing {
    /// Takes a path.
    pub(crate) fn place(&self, path: &[u8]) -> Result<Placed, String> {
        if path.is_empty() {
            return Err("an entry has no path".into());
        }
        if path.len() > LONGEST_PATH {
            return Err(format!("a path is longer than {LONGEST_PATH} bytes"));
        }
        if path.contains(&0) {
            return Err("a path holds a NUL".into());
        }
        let is_absolute = path[0] == b'/';
        let path = match &self.base {
            Some(base) if is_absolute => match path.strip_prefix(&**base) {
                Some(below) if below.is_empty() || below[0] == b'/' => below,
                _ => return Ok(Placed::Outside),
            },
            _ => path,
        };
        let mut names = path.split(|&byte| byte == b'/').filter(|name| !matches!(name, [] | [b'.']));
        for _ in 0..self.strip {
            match names.next() {
                Some(b"..") => return Ok(Placed::Escaping),
                Some(_) => {}
                None => return Ok(Placed::Outside),
            }
        }
        let mut clean = Vec::with_capacity(path.len());
        for name in names {
            if name == b".." {
                return Ok(Placed::Escaping);
            }
            if !clean.is_empty() {
                clean.push(b'/');
            }
            clean.extend_from_slice(name);
        }
        Ok(if is_absolute && self.base.is_none() { Placed::Absolute(clean) } else { Placed::At(clean) })
    }
}

/// What a listing is asked for: two items where a path is absolute, as it is told of and lies in the tree.
pub(super) fn items(placed: Placed, written: &[u8], entry: super::Record) -> (Item, Option<Item>) {
    let escaping = || Item::Escaping { path: written.to_vec(), kind: entry.kind, state: entry.state };
    match placed {
        Placed::At(path) => (Item::Entry(super::Record { path, ..entry }), None),
        Placed::Absolute(path) => {
            let escaping = escaping();
            (Item::Entry(super::Record { path, ..entry }), Some(escaping))
        }
        Placed::Escaping => (escaping(), None),
        Placed::Outside => (Item::Outside, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_below_the_root_or_is_told_not_to() {
        let at = |path: &str| Ok(Placed::At(path.into()));
        let listing = Placing { base: Some(b"/srv/lab".to_vec()), strip: 0 };
        for (path, expected) in [
            ("/srv/lab", at("")),
            ("/srv/lab/", at("")),
            ("/srv/lab//a/./b", at("a/b")),
            ("/srv/labs/a", Ok(Placed::Outside)),
            ("/srv", Ok(Placed::Outside)),
            (".", at("")),
            ("./a/..b/", at("a/..b")),
            ("a/../b", Ok(Placed::Escaping)),
            ("/srv/lab/../x", Ok(Placed::Escaping)),
        ] {
            assert_eq!(listing.place(path.as_bytes()), expected, "{path}");
        }
        let archive = Placing { base: None, strip: 1 };
        for (path, expected) in [
            ("lab/a", at("a")),
            ("lab", at("")),
            ("./", Ok(Placed::Outside)),
            ("/lab/a", Ok(Placed::Absolute(b"a".to_vec()))),
            ("../a", Ok(Placed::Escaping)),
            ("lab/../../etc", Ok(Placed::Escaping)),
        ] {
            assert_eq!(archive.place(path.as_bytes()), expected, "{path}");
        }
        assert!(archive.place(b"").is_err() && archive.place(b"a\0b").is_err());
        assert!(archive.place(&vec![b'a'; LONGEST_PATH + 1]).is_err());
    }
}
