//! The order of paths, and the order in which changes are applied.

use super::Change;
use crate::entry::{Kind, State};
use crate::mode::Mode;
use std::cmp::Ordering;

/// Compares paths component by component, names as bytes: a directory comes before what it contains, and all that it
/// contains before its next sibling.
pub fn path_order(a: &[u8], b: &[u8]) -> Ordering {
    match (a == b".", b == b".") {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => {
            let same = common_prefix(a, b);
            // No name has a NUL, so it can stand for the slash and sort below every byte of one.
            let next = |path: &[u8]| path.get(same).map(|&byte| if byte == b'/' { 0 } else { byte });
            next(a).cmp(&next(b))
        }
    }
}

/// How many bytes two paths begin with alike; in words at a time, for neighbours differ at their ends.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const WORD: usize = 16;
    let words = a.chunks_exact(WORD).zip(b.chunks_exact(WORD)).take_while(|(a, b)| a == b).count() * WORD;
    words + a[words..].iter().zip(&b[words..]).take_while(|(a, b)| a == b).count()
}

/// Puts changes into the order of application: directories that narrow or stop spreading first, top down; then
/// everything else in path order; directories that widen last, bottom up, so that nothing is opened whose contents
/// aren't right yet. Roots are taken to be in path order themselves.
pub fn order(changes: &mut [Change]) {
    let by_path = |a: &Change, b: &Change| a.root.cmp(&b.root).then_with(|| path_order(&a.path, &b.path));
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
