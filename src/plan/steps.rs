//! In which order changes are made: those of a plan, and the states that an entry passes through between `before` and
//! `after`.

use super::model::Change;
use crate::model::acl::effective::Effective;
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::target::TargetAcls;

/// A change call by call: narrow, then chown, then chmod; a call whose step changes nothing is left out.
///
/// ```text
///     before ──chmod──▶ narrowed ──chown──▶ regrouped ──chmod──▶ after
/// ```
///
/// In between, no one gets more than `before` under the old owner and group, or `after` under the new. The states
/// follow from the change alone, so an undo knows them after a crash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Steps {
    /// The state to begin with.
    pub before: State,
    /// What both `before` and `after` allow, still under the old owner and group.
    pub narrowed: State,
    /// The same under the new owner and group.
    pub regrouped: State,
    /// The state to end with.
    pub after: State,
}

impl Steps {
    /// The steps of a change.
    pub(crate) fn of(change: &Change) -> Steps {
        Steps::between(change.kind, change.before, change.after)
    }

    /// The steps from one state of an entry of this kind to another.
    pub(crate) fn between(kind: Kind, before: State, after: State) -> Steps {
        let same_ids = before.uid == after.uid && before.gid == after.gid;
        if same_ids || kind == Kind::Symlink {
            // One call does it all: there is nothing between.
            return Steps { before, narrowed: before, regrouped: State { mode: before.mode, ..after }, after };
        }
        let mode = common(kind, before.mode, after.mode);
        Steps { before, narrowed: State { mode, ..before }, regrouped: State { mode, ..after }, after }
    }

    /// Whether an entry can be in this state because of these steps, finished or not.
    pub(crate) fn pass_through(&self, kind: Kind, state: State) -> bool {
        [self.narrowed, self.regrouped, self.after].into_iter().any(|step| {
            // chmod(2) drops setgid in silence where the caller isn't in the group, and some network file systems do
            // at chown; no step of a directory is meant to lack the bit only for that.
            let dropped = State { mode: step.mode.without(Mode::SETGID), ..step };
            state == step || (kind == Kind::Dir && state == dropped)
        })
    }
}

/// The mode that allows what both allow.
fn common(kind: Kind, before: Mode, after: Mode) -> Mode {
    let both = before & after;
    match kind {
        // On a directory the sticky bit takes rights away, so one that has it on either side keeps it in between.
        Kind::Dir => both.with((before | after) & Mode::STICKY),
        // chown(2) clears set-ID bits of what can be run, but leaves setgid without group execute: clear them first.
        _ => both.without(Mode::SET_ID),
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
        Kind::Dir if opens(change.before, change.after) || opens_by_acl(change) => Turn::Widening,
        Kind::Dir => Turn::Narrowing,
        _ => Turn::Contents,
    }
}

/// Whether somebody whom its ACL names can do more in the directory afterwards than before.
fn opens_by_acl(change: &Change) -> bool {
    let Some(turn) = change.acls.as_deref() else { return false };
    let effective =
        |state: State, acls: Option<&TargetAcls>| Effective::of(state.mode, acls.and_then(|acls| acls.access.as_ref()));
    let before = effective(change.before, turn.acls_before());
    before.lacking(&effective(change.after, turn.acls_after())).next().is_some()
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
