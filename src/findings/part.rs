//! A part of what a survey finds: what one thread has found, or one machine, before it is put together.

use super::found::{EntryError, EntryReport, Excused, SkippedMount};
use super::links::Linked;
use super::totals::Counts;
use crate::model::entry::Kind;
use crate::model::path::{TreePath, is_name};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::path::Path;
use std::sync::Arc;

/// Entries that were found.
#[derive(Default)]
pub(crate) struct Finds {
    /// Entries with findings.
    pub reports: Vec<EntryReport>,
    /// Entries with several names, where those are to be counted.
    pub linked: Vec<Linked>,
    /// Entries with findings that exceptions cover.
    pub excused: Vec<Excused>,
}

impl Finds {
    /// Adds what was found besides.
    pub(crate) fn append(&mut self, mut other: Finds) {
        self.reports.append(&mut other.reports);
        self.linked.append(&mut other.linked);
        self.excused.append(&mut other.excused);
    }
}

/// What one thread has found, or one machine.
#[derive(Default)]
pub(crate) struct Part {
    /// Entries, and what is wrong with them.
    pub finds: Finds,
    /// What was counted.
    pub counts: Counts,
    /// How many entries were counted below each root.
    pub entries: BTreeMap<u32, u64>,
    /// Mounts that were not entered.
    pub skipped_mounts: Vec<SkippedMount>,
    /// What could not be read.
    pub errors: Vec<EntryError>,
    /// What was left out for a name that others than root could have given.
    pub doubtful: Vec<String>,
    /// Roots that wish ACLs, and mounts that keep none.
    pub without_acls: BTreeSet<(u32, String)>,
    /// What is left to another, as the time was over.
    pub left: Vec<Left>,
}

/// What is left to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Left {
    /// The root of the region that it lies in.
    pub root: Arc<Path>,
    /// Its path from the region's root.
    pub path: TreePath,
    /// Names of the directory there; `None` for all that lies there.
    pub names: Option<Names>,
}

/// Names of a directory, each behind the letter of the kind that was listed with it, and ended by a NUL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Names(pub Vec<u8>);

impl Part {
    /// Takes over what another holds, and leaves that empty.
    pub(crate) fn append(&mut self, other: &mut Part) {
        self.finds.append(std::mem::take(&mut other.finds));
        self.counts.add(std::mem::take(&mut other.counts));
        add(&mut self.entries, std::mem::take(&mut other.entries));
        self.skipped_mounts.append(&mut other.skipped_mounts);
        self.errors.append(&mut other.errors);
        self.doubtful.append(&mut other.doubtful);
        self.without_acls.append(&mut other.without_acls);
        self.left.append(&mut other.left);
    }

    /// How many things it holds that take memory.
    pub(crate) fn len(&self) -> usize {
        let Finds { reports, linked, excused } = &self.finds;
        reports.len()
            + 2 * linked.len()
            + excused.len()
            + self.skipped_mounts.len()
            + self.errors.len()
            + self.left.len()
    }
}

/// Adds what was counted below each root.
pub(crate) fn add(all: &mut BTreeMap<u32, u64>, more: BTreeMap<u32, u64>) {
    more.into_iter().for_each(|(root, count)| *all.entry(root).or_default() += count);
}

/// What stands for a kind that wasn't listed.
const UNKNOWN: u8 = b'?';

impl Names {
    /// These names, each with the kind that was listed with it.
    pub(crate) fn of(names: &[(CString, Option<Kind>)]) -> Names {
        let mut bytes = Vec::new();
        for (name, kind) in names {
            bytes.push(kind.map_or(UNKNOWN, |kind| kind.letter() as u8));
            bytes.extend_from_slice(name.as_bytes_with_nul());
        }
        Names(bytes)
    }

    /// The same that were written down; `None` where that isn't what they are: a name is no path, and neither `.` nor `..`.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Option<Names> {
        let names = Names(bytes);
        let is_sound = names.each().all(|(kind, name)| {
            let is_kind = kind == UNKNOWN || Kind::ALL.iter().any(|known| known.letter() as u8 == kind);
            is_kind && is_name(name)
        });
        (names.0.ends_with(b"\0") && is_sound).then_some(names)
    }

    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        self.each().count()
    }

    /// The letter of each one's kind, and the name.
    fn each(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let names = self.0.strip_suffix(b"\0").unwrap_or(&self.0);
        names
            .split(|&byte| byte == 0)
            .map(|name| name.split_first().map_or((0, &b""[..]), |(&kind, name)| (kind, name)))
    }

    /// The names, each with the kind that was listed with it.
    pub(crate) fn to_names(&self) -> Vec<(CString, Option<Kind>)> {
        let kind = |letter: u8| Kind::ALL.into_iter().find(|kind| kind.letter() as u8 == letter);
        self.each().filter_map(|(letter, name)| Some((CString::new(name).ok()?, kind(letter)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_paths_are_none() {
        let all =
            vec![(c"a b".to_owned(), Some(Kind::File)), (c"\xff".to_owned(), None), (c"d".to_owned(), Some(Kind::Dir))];
        let names = Names::of(&all);
        assert_eq!((names.count(), names.to_names()), (3, all));
        assert_eq!(Names::from_bytes(names.0.clone()), Some(names));
        for bytes in [&b""[..], b"\0", b"-\0", b"-a", b"xa\0", b"-.\0", b"d..\0", b"-a/b\0", b"-a\0\0"] {
            assert_eq!(Names::from_bytes(bytes.to_vec()), None, "{bytes:?}");
        }
    }
}
