//! The words of the lints, for reports.

use crate::findings::EntryReport;
use crate::lints::{Facts, Finding, Lint, describe};
use crate::model::accounts::IdNames;
use crate::report::Wording;

/// What the lints themselves say, with the names of users and groups.
pub(super) struct Words<'a>(pub &'a dyn IdNames);

impl Wording for Words<'_> {
    fn message(&self, finding: &Finding, report: &EntryReport) -> String {
        if finding.lint == Lint::Unreachable
            && let Some(obstacle) = report.obstacle()
        {
            return obstacle.to_string();
        }
        let facts = Facts {
            kind: report.kind,
            actual: report.actual,
            ideal: report.ideal,
            nlink: report.nlink,
            acls: report.acls(),
            losers: report.losers(),
        };
        describe(finding, &facts, self.0)
    }
}
