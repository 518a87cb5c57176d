//! What a probe was told, with the names of all that it is about: what its reports are made of.

use crate::access::complaint::message;
use crate::access::names::spoken;
use crate::access::probe::{AlikeRows, Complaint, Row};
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::text::escape::{escape, full_path};

/// What is told of.
pub(crate) struct Access<'a> {
    /// The roots, by their absolute paths.
    pub roots: &'a [Vec<u8>],
    /// The names of those who were asked; several where they are the same to the kernel.
    pub labels: &'a [Vec<String>],
    /// What they can do.
    pub rows: &'a [Row],
    /// Which of them are told together.
    pub alike: &'a AlikeRows,
    /// What is wrong, in the order of the rows.
    pub complaints: &'a [Complaint],
    /// The umask that they have.
    pub umask: crate::model::mode::Mode,
    /// Who knows the names of ids.
    pub names: &'a dyn IdNames,
}

impl Access<'_> {
    /// The absolute path of the first directory of a row.
    pub(crate) fn path(&self, row: &Row) -> String {
        full_path(&self.roots[row.root as usize], &row.path, Some(Kind::Dir))
    }

    /// The names of some of those who were asked, escaped; of many the first.
    pub(crate) fn label(&self, who: &[usize]) -> String {
        const TOLD: usize = 4;
        let labels = spoken(self.labels, who);
        let told = match labels.len() {
            few if few <= TOLD + 1 => labels.join(", "),
            many => format!("{} and {} more", labels[..TOLD].join(", "), many - TOLD),
        };
        escape(told.as_bytes()).into_owned()
    }

    /// How many directories and files were asked about.
    pub(crate) fn seen(&self) -> (u64, u64) {
        self.rows.iter().fold((0, 0), |(dirs, files), row| (dirs + row.directories, files + row.files))
    }

    /// How many findings the complaints of some kind are: one for each name of those who were asked.
    pub(crate) fn findings(&self, is_meant: impl Fn(&Complaint) -> bool) -> u64 {
        let count = |alike: &Vec<&Complaint>| {
            let who: Vec<usize> = alike.iter().map(|complaint| complaint.who).collect();
            spoken(self.labels, &who).len() as u64
        };
        alike(self).iter().filter(|alike| is_meant(alike[0])).map(count).sum()
    }
}

/// Complaints that differ only in who was asked, together.
pub(crate) fn alike<'a>(access: &Access<'a>) -> Vec<Vec<&'a Complaint>> {
    let mut told: Vec<Vec<&Complaint>> = Vec::new();
    for complaint in access.complaints {
        let said = |complaint: &Complaint| (complaint.level, complaint.wrong, message(access, complaint, ""));
        let own = said(complaint);
        let is_alike = |other: &Complaint| other.also == complaint.also && said(other) == own;
        // Those of a row stand together.
        let of_row = told.iter_mut().rev().take_while(|known| known[0].row == complaint.row);
        match of_row.into_iter().find(|known| is_alike(known[0])) {
            Some(known) => known.push(complaint),
            None => told.push(vec![complaint]),
        }
    }
    told
}
