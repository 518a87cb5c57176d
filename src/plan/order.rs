//! The order in which changes are applied.

use super::model::Change;
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;

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
