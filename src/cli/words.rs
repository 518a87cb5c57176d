//! The words of the lints, for reports.

use crate::accounts::IdNames;
use crate::lints::{Finding, Subject, describe};
use crate::report::Wording;
use crate::survey::Flaw;

/// What the lints themselves say, with the names of users and groups.
pub struct Words<'a>(pub &'a dyn IdNames);

impl Wording for Words<'_> {
    fn message(&self, finding: &Finding, flaw: &Flaw) -> String {
        let subject = Subject { kind: flaw.kind, actual: flaw.actual, ideal: flaw.ideal, nlink: flaw.nlink, acls: flaw.acls() };
        describe(finding, &subject, self.0)
    }
}
