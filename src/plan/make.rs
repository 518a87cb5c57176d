//! Making plans of changes that were found: in order, each entry once, and nothing that could not be read back.

use super::check::check_change;
use super::line::LineError;
use super::model::{Change, Header, Plan};
use super::steps::order;

/// A change that can't be planned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unfit {
    /// Which.
    pub change: Change,
    /// Why.
    pub why: LineError,
}

impl Plan {
    /// The plan of these changes, and those that can't be in it. Of two changes of one entry, the one that stands first
    /// counts: a name that is made anew while its directory is listed can be listed twice (getdents(2) of XFS).
    pub fn of(header: Header, mut changes: Vec<Change>, entries: u64) -> (Plan, Vec<Unfit>) {
        changes.sort_by(|a, b| a.root.cmp(&b.root).then_with(|| a.path.cmp(&b.path)));
        changes.dedup_by(|second, first| second.root == first.root && second.path == first.path);
        let mut unfit = Vec::new();
        // Moved only where there is a bad one: there may be millions.
        for change in changes.extract_if(.., |change| check_change(change, &header).is_err()) {
            let why = check_change(&change, &header).err().unwrap_or_default();
            unfit.push(Unfit { change, why });
        }
        order(&mut changes);
        (Plan { header, changes, entries }, unfit)
    }
}
