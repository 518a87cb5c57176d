//! The words of the lints, for reports.

use crate::findings::Flaw;
use crate::lints::{Facts, Finding, Lint, describe};
use crate::model::accounts::IdNames;
use crate::report::Wording;

/// What the lints themselves say, with the names of users and groups.
pub struct Words<'a>(pub &'a dyn IdNames);

impl Wording for Words<'_> {
    fn message(&self, finding: &Finding, flaw: &Flaw) -> String {
        if finding.lint == Lint::Unreachable
            && let Some(obstacle) = flaw.obstacle()
        {
            return obstacle.to_string();
        }
        let facts = Facts {
            kind: flaw.kind,
            actual: flaw.actual,
            ideal: flaw.ideal,
            nlink: flaw.nlink,
            acls: flaw.acls(),
            losers: flaw.losers(),
        };
        describe(finding, &facts, self.0)
    }
}
