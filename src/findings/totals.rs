//! The numbers of a survey: what was seen, what was found, what would be changed.

use super::found::Survey;
use crate::model::path::TreePath;
use std::collections::BTreeMap;

/// What is counted while a survey is made.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Entries seen, the roots included.
    pub entries: u64,
    /// Entries that an exclude kept out; what lies below them is not counted.
    pub excluded: u64,
    /// Entries that vanished between being listed and being looked at.
    pub vanished: u64,
    /// Findings that an exception covers.
    pub suppressed: u64,
    /// Findings that a baseline knows.
    pub known: u64,
}

impl Counts {
    /// Adds what was counted besides.
    pub fn add(&mut self, other: Counts) {
        self.entries += other.entries;
        self.excluded += other.excluded;
        self.vanished += other.vanished;
        self.suppressed += other.suppressed;
        self.known += other.known;
    }
}

/// What a report ends with.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Totals {
    /// Entries seen.
    pub entries: u64,
    /// Entries that an exclude kept out.
    pub excluded: u64,
    /// Mounts not entered.
    pub skipped_mounts: u64,
    /// Findings, those about policies included.
    pub findings: u64,
    /// The changes that a plan made now would hold, of each entry one; behind a run those that it made.
    pub changes: u64,
    /// The changes that would be made below roots that `fix` refuses.
    pub refused: u64,
    /// What could not be read or done.
    pub errors: u64,
    /// Entries that vanished between being listed and being looked at.
    pub vanished: u64,
    /// Findings that an exception covers.
    pub suppressed: u64,
    /// Findings that a baseline knows.
    pub known: u64,
    /// Entries that are left as they are because they lie in read-only places.
    pub read_only: u64,
    /// Users and groups that policies name and nobody here has, where they are passed over.
    pub unknown_accounts: u64,
    /// Behind a run: the findings of a look at what it left.
    pub left: Option<u64>,
}

impl Survey {
    /// The read-only places that keep entries as they are, by root and path from there, and how many each keeps.
    pub fn read_only_places(&self) -> BTreeMap<(u32, &TreePath), u64> {
        let mut places = BTreeMap::new();
        for report in &self.reports {
            if let Some(place) = report.read_only() {
                *places.entry((report.root, place)).or_default() += 1;
            }
        }
        places
    }

    /// Adds it up.
    pub fn totals(&self) -> Totals {
        let of_entries: usize = self.reports.iter().map(|report| report.findings.len()).sum();
        let Counts { entries, excluded, vanished, suppressed, known } = self.counts;
        Totals {
            entries,
            excluded,
            skipped_mounts: self.skipped_mounts.len() as u64,
            findings: (of_entries + self.notices.len()) as u64,
            changes: self.changing().len() as u64,
            refused: self.refused.values().map(|root| root.changes).sum(),
            errors: self.errors.len() as u64,
            vanished,
            suppressed,
            known,
            read_only: self.reports.iter().filter(|report| report.read_only().is_some()).count() as u64,
            unknown_accounts: self.unknown_accounts.len() as u64,
            left: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::{EntryError, EntryReport, Notice, Refused, Root, SkippedMount};
    use crate::lints::{Finding, Fix, Level, Lint};
    use crate::model::entry::{Identity, Kind, State};
    use crate::model::samples::state;
    use crate::policy::model::Mounts;
    use crate::source::roots::RootRefusal;
    use crate::source::system::SystemRoot;

    /// A directory with so many findings that is to be in another state.
    fn report(name: &str, findings: usize, desired: State) -> EntryReport {
        let finding = Finding { lint: Lint::ForeignGroup, level: Level::Deny, fix: Fix::Safe, rule: None };
        EntryReport {
            root: 0,
            path: name.as_bytes().into(),
            kind: Kind::Dir,
            id: Identity { dev: 1, ino: name.len() as u64, btime: None },
            nlink: 1,
            actual: state(0, 0, 0o2775),
            desired,
            ideal: desired,
            findings: vec![finding; findings].into_iter().collect(),
            prospect: None,
            cause: None,
            rare: None,
            bytes: 0,
        }
    }

    #[test]
    fn each_number_is_that_of_what_it_says() {
        let mut counts = Counts { entries: 5, excluded: 6, vanished: 7, suppressed: 8, known: 9 };
        counts.add(Counts { entries: 10, excluded: 20, vanished: 30, suppressed: 40, known: 50 });
        let root = Root { path: "/srv".into(), policy: 0, id: None, handle: None, fsid: 0, mounts: Mounts::Stay };
        let notice = Notice {
            lint: Lint::ExpiredException,
            level: Level::Warn,
            policy: 0,
            line: 3,
            rule: None,
            message: "it ended".into(),
            unmet: None,
        };
        let path = |name: &str| name.as_bytes().into();
        let error = EntryError::told(None, path("/x"), "it failed".into());
        let refused = |changes| Refused { why: RootRefusal::Preserved(SystemRoot::Top), changes };
        let (as_is, mended) = (state(0, 0, 0o2775), state(0, 7, 0o2775));
        let mut kept = report("bb", 1, as_is);
        kept.rare_mut().read_only = Some(path("."));
        let survey = Survey {
            roots: vec![root],
            reports: vec![report("a", 2, mended), kept, report("ccc", 1, mended)],
            notices: vec![notice],
            skipped_mounts: ["m", "n", "o", "p"].map(|name| SkippedMount { root: 0, path: path(name) }).into(),
            errors: vec![error; 3],
            barred: [2].into(),
            refused: [(4, refused(1)), (7, refused(9))].into(),
            counts,
            ..Survey::default()
        };
        let expected = Totals {
            refused: 10,
            entries: 15,
            excluded: 26,
            skipped_mounts: 4,
            findings: 5,
            changes: 1,
            errors: 3,
            vanished: 37,
            suppressed: 48,
            known: 59,
            read_only: 1,
            unknown_accounts: 0,
            left: None,
        };
        assert_eq!(survey.totals(), expected);
        assert_eq!(survey.read_only_places(), [((0, &path(".")), 1)].into());
    }
}
