//! Making plans of changes that were found: each entry once, nothing that could not be read back, and all in the order
//! in which it is applied.

use super::check::check_change;
use super::line::LineError;
use super::model::{Change, Header, Plan};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;

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

/// Puts changes into the order of application: directories that narrow or stop spreading first, top down; then
/// everything else in path order; directories that widen last, bottom up, so that nothing is opened whose contents
/// aren't right yet. Roots are taken to be in path order themselves.
pub(crate) fn order(changes: &mut [Change]) {
    let by_path = |a: &Change, b: &Change| a.root.cmp(&b.root).then_with(|| a.path.cmp(&b.path));
    // What a survey found is in path order already, and what is in order, or in the opposite one, is soon sorted.
    changes.sort_by(by_path);
    changes.sort_by_key(turn);
    let widening = changes.partition_point(|change| turn(change) < Turn::Widening);
    changes[widening..].sort_by(|a, b| by_path(b, a));
}

/// When a change's turn comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Turn {
    Narrowing,
    Contents,
    Widening,
}

fn turn(change: &Change) -> Turn {
    match change.kind {
        Kind::Dir if opens(change.before, change.after) => Turn::Widening,
        Kind::Dir => Turn::Narrowing,
        _ => Turn::Contents,
    }
}

/// Whether somebody can do more in the directory afterwards than before.
fn opens(before: State, after: State) -> bool {
    // Whoever owns a directory can open it, so a new owner comes after the contents.
    if before.mode.widens(after.mode) || before.uid != after.uid {
        return true;
    }
    // A new group could do so far what others can. But a setgid directory of the wrong group spreads it with every
    // entry made in it, and is stopped first.
    let new_group = after.mode & Mode::GROUP;
    let as_others = Mode::new((before.mode & Mode::OTHER).bits() << 3);
    before.gid != after.gid && !before.mode.has(Mode::SETGID) && !as_others.has(new_group)
}
