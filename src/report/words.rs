//! What a report asks others to put into words: lints and what they saw.

use crate::lints::{Finding, Lint};
use crate::survey::Flaw;

/// The words for findings.
pub trait Wording {
    /// What a finding says of its entry: lowercase start, no period, no path.
    fn message(&self, finding: &Finding, flaw: &Flaw) -> String;

    /// The name of a lint.
    fn lint(&self, lint: Lint) -> &str {
        lint.name()
    }
}
