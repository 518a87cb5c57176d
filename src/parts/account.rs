//! Whether parts are complete: all that was given out is done, each once.

use super::digest::Digest;
use super::unit::{Unit, sort};
use crate::findings::EntryError;
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What was given out of a check, and what was done.
#[derive(Default)]
pub(crate) struct Account(HashMap<Digest, Standing>);

/// How it stands with a unit.
#[derive(Default)]
struct Standing {
    /// The unit, where it was given out.
    given: Option<Unit>,
    /// Whether two left it to another.
    is_given_twice: bool,
    /// By which parts it was done, two at most, and where it is.
    done: Vec<usize>,
    place: PathBuf,
}

impl Account {
    /// Takes down what the part of that number did, and left to another. What it did not come to of its own units, it left as
    /// they were.
    pub(crate) fn part(&mut self, done: Vec<Done>, left: Vec<Unit>, by: usize) {
        let mut left: HashMap<Digest, Unit> = left.into_iter().map(|unit| (key_of(&unit), unit)).collect();
        for done in done {
            if left.remove(&key(&done.0, &done.1, done.2)).is_none() {
                self.done(done, by);
            }
        }
        left.into_values().for_each(|unit| self.give(unit));
    }

    /// What a check begins with, or a part leaves to another.
    pub(crate) fn give(&mut self, unit: Unit) {
        let standing = self.0.entry(key_of(&unit)).or_default();
        standing.is_given_twice |= standing.given.is_some();
        standing.place = unit.absolute();
        standing.given = Some(unit);
    }

    fn done(&mut self, (root, path, names): Done, by: usize) {
        let standing = self.0.entry(key(&root, &path, names)).or_default();
        if standing.done.len() < 2 {
            standing.done.push(by);
        }
        standing.place = Unit { root, path, names: None }.absolute();
    }

    /// What is still to be done, in order.
    pub(crate) fn into_rest(self) -> Vec<Unit> {
        let rest = self.0.into_values().filter(|standing| standing.done.is_empty());
        let mut rest: Vec<Unit> = rest.filter_map(|standing| standing.given).collect();
        sort(&mut rest);
        rest
    }

    /// Why parts aren't complete: what is missing of them, and what there is more than once. `files` are the parts.
    pub(crate) fn errors(&self, files: &[PathBuf]) -> Vec<EntryError> {
        let name = |&by: &usize| files.get(by).map(|file| file.display().to_string()).unwrap_or_default();
        let error = |standing: &Standing| {
            let message = match (&standing.given, &*standing.done) {
                (Some(_), [_]) if !standing.is_given_twice => return None,
                (Some(_), []) => LOST.into(),
                (_, [one, other, ..]) => format!(
                    "it is told of twice, by {} and {}; keep one, which leaves out what only the other has, or begin again in \
                     an empty folder",
                    name(one),
                    name(other)
                ),
                (None, done) => format!(
                    "{} tells of it, and neither the policies and PATHs nor any part gave it out: a part is missing, or is of \
                     another check",
                    done.first().map(name).unwrap_or_default()
                ),
                (Some(_), _) => "two parts left it to another".into(),
            };
            Some(EntryError::at(&standing.place, message))
        };
        self.0.values().filter_map(error).collect()
    }
}

/// A unit that was done: its root and path, and of names their digest.
pub(crate) type Done = (PathBuf, Vec<u8>, Option<Digest>);

fn key_of(unit: &Unit) -> Digest {
    key(&unit.root, &unit.path, unit.names.as_ref().map(|names| Digest::of(&names.0)))
}

fn key(root: &Path, path: &[u8], names: Option<Digest>) -> Digest {
    let key = Digest::of(root.as_os_str().as_bytes()).with(path);
    names.map_or(key, |names| key.with(names.to_string().as_bytes()))
}

const LOST: &str =
    "no part tells of it: it isn't done, or what did it is lost; do what `sgidlint units --left` gives out";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::part::Names;

    fn unit(path: &str, names: Option<&[u8]>) -> Unit {
        let names = names.and_then(|names| Names::from_bytes(names.to_vec()));
        Unit { root: "/srv".into(), path: path.into(), names }
    }

    fn done(unit: &Unit) -> Done {
        (unit.root.clone(), unit.path.clone(), unit.names.as_ref().map(|names| Digest::of(&names.0)))
    }

    #[test]
    fn all_is_to_be_done_and_each_once() {
        let (all, one, some) = (unit(".", None), unit("a", None), unit("a", Some(b"-x\0")));
        let files: Vec<PathBuf> = vec!["p1".into(), "p2".into()];
        for (given, did, told, rest) in [
            (vec![&all, &one, &some], vec![(&all, 0), (&one, 0), (&some, 1)], vec![], vec![]),
            (vec![&all, &one], vec![(&all, 0)], vec!["/srv/a no part"], vec![&one]),
            (vec![&all, &some], vec![(&all, 0)], vec!["/srv/a no part"], vec![&some]),
            (vec![&all], vec![(&all, 0), (&all, 1)], vec!["/srv it is told of twice, by p1 and p2"], vec![]),
            (vec![&all], vec![(&all, 0), (&one, 1)], vec!["/srv/a p2 tells of it"], vec![]),
            (vec![&all, &one, &one], vec![(&all, 0), (&one, 1)], vec!["/srv/a two parts"], vec![]),
        ] {
            let mut account = Account::default();
            given.into_iter().for_each(|unit| account.give(unit.clone()));
            did.into_iter().for_each(|(unit, by)| account.part(vec![done(unit)], vec![], by));
            // What somebody was given and didn't come to.
            account.part(vec![done(&unit("later", None))], vec![unit("later", None)], 2);
            let errors = account.errors(&files);
            let text =
                |error: &EntryError| format!("{} {}", String::from_utf8_lossy(&error.path.bytes()), error.message);
            let errors: Vec<String> = errors.iter().map(text).collect();
            assert!(
                errors.len() == told.len() && errors.iter().zip(&told).all(|(is, told)| is.starts_with(told)),
                "{errors:?}"
            );
            assert_eq!(account.into_rest().iter().collect::<Vec<_>>(), rest);
        }
    }
}
