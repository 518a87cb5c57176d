//! The numbers of a survey: what was seen, what was found, what would be changed.

use super::found::Survey;

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
    /// What could not be read or done.
    pub errors: u64,
    /// Entries that vanished between being listed and being looked at.
    pub vanished: u64,
    /// Findings that an exception covers.
    pub suppressed: u64,
    /// Findings that a baseline knows.
    pub known: u64,
}

impl Survey {
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
            errors: self.errors.len() as u64,
            vanished,
            suppressed,
            known,
        }
    }
}
