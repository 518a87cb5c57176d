//! Who and how much: findings by lint, by owner and by top directory, with the bytes that a wrong group is charged for.

use super::found::{EntryReport, Survey};
use crate::lints::{Level, Lint};
use crate::model::entry::{Identity, Kind};
use crate::model::text::escape::join;
use std::collections::{BTreeMap, HashSet};
use std::os::unix::ffi::OsStrExt;

/// What is summed up under one name.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Sum {
    /// Findings.
    pub findings: u64,
    /// Those at level deny.
    pub deny: u64,
    /// Bytes on disk of entries in a wrong group; an entry with several names counts once.
    pub bytes: u64,
}

/// A survey, summed up three ways.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Summary {
    /// By lint.
    pub by_lint: BTreeMap<Lint, Sum>,
    /// By the owner of the entry.
    pub by_owner: BTreeMap<u32, Sum>,
    /// By the directory right below a root, from `/`.
    pub by_directory: BTreeMap<Vec<u8>, Sum>,
}

impl Summary {
    /// Sums a survey up.
    pub(crate) fn of(survey: &Survey) -> Summary {
        let mut summary = Summary::default();
        // One entry under several names, or under several policies, takes its space once.
        let mut seen: HashSet<Identity> = HashSet::new();
        for report in &survey.reports {
            let (mut sum, mut wrong) = (Sum::default(), None);
            for finding in &report.findings {
                let deny = u64::from(finding.level == Level::Deny);
                let one = Sum { findings: 1, deny, bytes: 0 };
                summary.by_lint.entry(finding.lint).or_default().add(one);
                sum.add(one);
                if matches!(finding.lint, Lint::ForeignGroup | Lint::SpreadingGroup) {
                    wrong = Some(finding.lint);
                }
            }
            if let Some(lint) = wrong.filter(|_| seen.insert(report.id)) {
                sum.bytes = report.bytes;
                summary.by_lint.entry(lint).or_default().bytes += report.bytes;
            }
            summary.by_owner.entry(report.actual.uid).or_default().add(sum);
            summary.by_directory.entry(top_directory(survey, report)).or_default().add(sum);
        }
        for notice in &survey.notices {
            let deny = u64::from(notice.level == Level::Deny);
            summary.by_lint.entry(notice.lint).or_default().add(Sum { findings: 1, deny, bytes: 0 });
        }
        summary
    }
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.findings += other.findings;
        self.deny += other.deny;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// The directory right below the root that an entry is or lies in; the root for what lies in the root itself.
fn top_directory(survey: &Survey, report: &EntryReport) -> Vec<u8> {
    let root = survey.roots.get(report.root as usize).map_or(&b""[..], |root| root.path.as_os_str().as_bytes());
    let is_dir = report.kind == Kind::Dir;
    match report.path.directory() {
        directory if !directory.is_root() => {
            join(root, directory.head().split(|&byte| byte == b'/').next().unwrap_or_default())
        }
        _ if is_dir => join(root, report.path.name()),
        _ => root.to_vec(),
    }
}
