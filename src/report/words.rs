//! What a report asks others to put into words: lints and what they saw.

use crate::findings::Flaw;
use crate::lints::{Finding, Fix, Lint};

/// The words for findings.
pub trait Wording {
    /// What a finding says of its entry: lowercase start, no period, no path.
    fn message(&self, finding: &Finding, flaw: &Flaw) -> String;

    /// The name of a lint.
    fn lint(&self, lint: Lint) -> &str {
        lint.name()
    }
}

/// What is to be said of a fix behind a finding's message; nothing where it is safe, or where there could be none.
pub fn fix_hint(fix: Fix) -> String {
    match fix {
        Fix::Unsafe(because) => format!("; fix is unsafe: {}", because.explanation()),
        Fix::None(Some(because)) => format!("; never fixed: {}", because.explanation()),
        Fix::Safe | Fix::None(None) => String::new(),
    }
}
