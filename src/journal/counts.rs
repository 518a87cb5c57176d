//! How many changes of a run had which outcome.

use super::outcome::Outcome;
use serde::{Deserialize, Serialize};

/// How many changes had which outcome; on record in the order of [`Outcome::NAMES`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(from = "[u64; Outcome::NAMES.len()]", into = "[u64; Outcome::NAMES.len()]")]
pub struct Counts {
    /// Entries that are as they were to be.
    pub applied: u64,
    /// Those that were so before.
    pub already: u64,
    /// Those in another state than planned, or another entry.
    pub drifted: u64,
    /// Those that aren't there any more.
    pub gone: u64,
    /// Those whose new state the kernel or the file system dropped.
    pub refused: u64,
    /// Those on which a call failed.
    pub failed: u64,
    /// Those that were undone but for set-ID bits.
    pub partial: u64,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Applied => &mut self.applied,
            Outcome::Already => &mut self.already,
            Outcome::Drifted(_) => &mut self.drifted,
            Outcome::Gone => &mut self.gone,
            Outcome::Refused(_) => &mut self.refused,
            Outcome::Failed { .. } => &mut self.failed,
            Outcome::Partial => &mut self.partial,
        } += 1;
    }

    /// Each with the name of its outcome, in the order of [`Outcome::NAMES`].
    pub fn by_name(self) -> [(&'static str, u64); Outcome::NAMES.len()] {
        let Counts { applied, already, drifted, gone, refused, failed, partial } = self;
        let mut counts = [applied, already, drifted, gone, refused, failed, partial].into_iter();
        Outcome::NAMES.map(|name| (name, counts.next().unwrap_or_default()))
    }

    /// How many there are.
    pub fn total(self) -> u64 {
        self.by_name().into_iter().map(|(_, count)| count).sum()
    }

    /// How many brought their entry where it was to be: what is called the changes of a run.
    pub const fn made(self) -> u64 {
        self.applied + self.partial
    }

    /// How many were left in another state than planned: the run is incomplete.
    pub const fn unfinished(self) -> u64 {
        self.drifted + self.refused + self.failed
    }

    /// Whether an entry may be in another state than before because of one of them.
    pub const fn may_have_changed(self) -> bool {
        self.made() + self.refused + self.failed > 0
    }
}

impl From<[u64; Outcome::NAMES.len()]> for Counts {
    fn from([applied, already, drifted, gone, refused, failed, partial]: [u64; Outcome::NAMES.len()]) -> Counts {
        Counts { applied, already, drifted, gone, refused, failed, partial }
    }
}

impl From<Counts> for [u64; Outcome::NAMES.len()] {
    fn from(counts: Counts) -> Self {
        counts.by_name().map(|(_, count)| count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Drift;
    use crate::model::samples::state;

    #[test]
    fn each_outcome_is_counted_under_its_name_and_told_apart() {
        let all = [
            Outcome::Applied,
            Outcome::Already,
            Outcome::Drifted(Drift::Inode),
            Outcome::Gone,
            Outcome::Refused(state(0, 0, 0o755)),
            Outcome::Failed { call: "fchownat".into(), errno: libc::EIO },
            Outcome::Partial,
        ];
        for (at, outcome) in all.iter().enumerate() {
            let mut counts = Counts::default();
            counts.add(outcome);
            assert_eq!(counts.by_name()[at], (outcome.name(), 1));
            assert_eq!((counts.total(), counts.may_have_changed()), (1, outcome.may_have_changed()), "{outcome:?}");
            assert_eq!(Counts::from(<[u64; 7]>::from(counts)), counts);
            assert_eq!(counts.made() == 1, matches!(outcome, Outcome::Applied | Outcome::Partial), "{outcome:?}");
            let is_unfinished = matches!(outcome, Outcome::Drifted(_) | Outcome::Refused(_) | Outcome::Failed { .. });
            assert_eq!(counts.unfinished() == 1, is_unfinished, "{outcome:?}");
        }
    }
}
