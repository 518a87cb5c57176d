//! `--suspects`: what a listing finds fault with, looked up where it is and judged again.

use super::from;
use crate::args::{Check, Listing, Suspects};
use crate::findings::EntryError;
use crate::lints::Lint;
use crate::listings::format::Origin;
use crate::model::text::escape::escape_message;
use crate::model::text::numbers::{counted, number};
use crate::policy::load::Fallback;
use crate::process::exit::Failure;
use crate::process::streams::{remark, warn};
use crate::session::Session;
use crate::session::judged::Judged;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What a run is about: what its arguments say, narrowed to what a listing finds fault with.
pub(super) struct Narrowed {
    check: Check,
    /// What the listing left open.
    errors: Vec<EntryError>,
    /// How many entries it lists: a limit of changes is a share of those.
    entries: u64,
}

impl Narrowed {
    /// Judges the listing, where there is one.
    pub(super) fn of(session: &Session<'_>, check: &Check, suspects: &Suspects) -> Result<Narrowed, Failure> {
        let Some(origin) = &suspects.suspects else {
            return Ok(Narrowed { check: check.clone(), errors: Vec::new(), entries: 0 });
        };
        refuse_unfit(origin)?;
        let listing = Listing { from: Some(origin.clone()), strip_components: 0, numeric_owner: false };
        let Some(listed) = from::judge(session, check, &listing)? else {
            return Err(Failure::usage("there is no listing to take suspects from"));
        };
        let survey = listed.survey;
        let place = |root: Option<u32>, path: &[u8]| {
            let root = root.and_then(|root| survey.roots.get(root as usize)).map_or(Path::new(""), |root| &root.path);
            if path == b"." { root.to_path_buf() } else { root.join(OsStr::from_bytes(path)) }
        };
        let is_escaping = |report: &crate::findings::EntryReport| {
            report.findings.iter().any(|finding| finding.lint == Lint::EscapingPath)
        };
        let (escaping, faulty): (Vec<_>, Vec<_>) = survey.reports.iter().partition(|report| is_escaping(report));
        if let Some(first) = escaping.first() {
            let told = counted(escaping.len() as u64, "path of the listing leads", "paths of the listing lead");
            let first = String::from_utf8_lossy(&first.path.bytes()).into_owned();
            warn(&escape_message(&format!("{told} out of the tree, and are passed over: {first}")));
        }
        let only: BTreeSet<PathBuf> =
            faulty.iter().map(|report| place(Some(report.root), &report.path.bytes())).collect();
        let entries = survey.counts.entries;
        let faults = number(only.len() as u64);
        let seen = counted(entries, "entry", "entries");
        let told = format!("the listing finds fault with {faults} of {seen}; what is there of these is judged again");
        remark(session.common, told);
        survey.remarks.iter().for_each(|told| remark(session.common, told));
        let errors = survey.errors.iter().map(|error| {
            let path = place(error.root, &error.path.bytes());
            EntryError { root: None, path: path.as_os_str().as_bytes().into(), ..error.clone() }
        });
        let check = Check {
            suspects: Some(only.into_iter().collect()),
            // Where the listing lies is no root that a policy of its own roots could be bound to.
            root_is_guessed: true,
            ..check.clone()
        };
        Ok(Narrowed { check, errors: errors.collect(), entries })
    }

    /// Looks, and judges what is there.
    pub(super) fn judge(&self, session: &Session<'_>) -> Result<Judged, Failure> {
        let mut judged = session.judge(&self.check, Fallback::Refused)?;
        judged.survey.errors.extend(self.errors.iter().cloned());
        judged.survey.counts.entries = judged.survey.counts.entries.max(self.entries);
        Ok(judged)
    }
}

fn refuse_unfit(origin: &Origin) -> Result<(), Failure> {
    match origin.is_of_files() {
        true => Ok(()),
        false => Err(Failure::usage("what an archive or an image holds isn't here to be fixed")
            .hinted("`sgidlint diff --from` shows what in it should be different")),
    }
}
