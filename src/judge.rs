//! Judging: an entry and an intent in, findings and the state that would clear them out; pure.

pub use crate::lints::Options;

use crate::accounts::Accounts;
use crate::entry::{Entry, State};
use crate::intent::{Around, Intent};
use crate::lints::{Case, Finding, Findings, check, complies};

/// All findings on one entry, and what should become of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What the lints saw; empty, and nothing allocated, for an entry that complies.
    pub findings: Vec<Finding>,
    /// The state after every fix that is planned: the safe ones, and with unsafe fixes all.
    pub desired: State,
    /// The state that the policy asks for, whatever may be fixed; an allowed lint asks for nothing.
    pub ideal: State,
}

/// Judges an entry.
///
/// A repaired entry has nothing left to repair, nothing changes without a finding, and an allowed lint neither finds
/// nor repairs (`tests/laws.rs` holds that).
pub fn judge(
    entry: &Entry,
    intent: &Intent<'_>,
    around: &Around<'_>,
    options: &Options,
    accounts: &dyn Accounts,
) -> Verdict {
    // Nearly every entry of a tree takes this way out.
    if entry.kind.is_device() || intent.is_empty() || complies(entry, intent, around, accounts) {
        return Verdict { findings: Vec::new(), desired: entry.state, ideal: entry.state };
    }
    let case = Case::of(entry, intent, around, options, accounts);
    let mut findings = Findings::new(entry.state, options);
    check(&case, &mut findings);
    let ideal = case.ideal;
    let (findings, desired) = findings.settle(&case);
    Verdict { findings, desired, ideal }
}
