//! What is wrong with the answers: pure.

use super::request::Someone;
use super::row::Row;
use crate::lints::{Answer, Level, Levels, Wrong, wrongs};
use crate::model::principal::Principal;
use std::collections::HashMap;

/// Something that is wrong in the directories of a row, and it may be of others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Complaint {
    /// The index of the row.
    pub row: usize,
    /// The index of who was asked.
    pub who: usize,
    /// What is wrong.
    pub wrong: Wrong,
    /// At which level.
    pub level: Level,
    /// The other rows of which the same is to be said, by index.
    pub also: Vec<usize>,
}

impl Someone {
    /// Whether they stand for everybody who has no business in the tree.
    pub(crate) fn is_outsider(&self) -> bool {
        self.label == Principal::OTHERS
    }
}

/// What is wrong, by who was asked, told of the first row of each; each root has levels of its own.
pub(crate) fn judge(rows: &[Row], everybody: &[&Someone], levels: &[Levels]) -> Vec<Complaint> {
    let mut complaints: Vec<Complaint> = Vec::new();
    let mut known: HashMap<(usize, Wrong, Level), usize> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        for (who, someone) in everybody.iter().enumerate() {
            let found = wrongs(&answer(row, who), someone.is_outsider());
            for wrong in found {
                let level = levels[row.root as usize].of(wrong.lint());
                if level == Level::Allow {
                    continue;
                }
                match known.get(&(who, wrong, level)) {
                    Some(&first) => complaints[first].also.push(at),
                    None => {
                        known.insert((who, wrong, level), complaints.len());
                        complaints.push(Complaint { row: at, who, wrong, level, also: Vec::new() });
                    }
                }
            }
        }
    }
    complaints
}

/// What the kernel answered them, told as the lints ask for it.
fn answer(row: &Row, who: usize) -> Answer {
    let (cell, tally) = (&row.cells[who], &row.tallies[who]);
    Answer {
        acts: cell.acts,
        owns: cell.owns,
        is_foreign: cell.new_file.is_some_and(|new| new.gid != row.state.gid),
        is_closed: cell.closed_by.is_some(),
        files: row.files,
        read: tally.read,
        write: tally.write + tally.sealed,
        is_sealed: cell.is_sealed && cell.refused.is_none(),
        // Below a directory that stops them there is nothing more to say; above the root it is said of the root.
        is_door: row.stopped[who].is_none() || *row.path == *b".",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::probe::row::Cell;
    use crate::access::probe::{Closing, New, Tally};
    use crate::model::accounts::Account;
    use crate::model::entry::State;
    use crate::model::mode::Mode;
    use crate::model::operation::{Operation, Operations};
    use crate::sys::impersonation::Impersonation;

    const LAB: u32 = 4242;

    fn someone(label: &str) -> Someone {
        let account = Account { uid: 2001, gid: 2001, groups: vec![LAB] };
        Someone { label: label.into(), impersonation: Impersonation::Oneself, account }
    }

    fn row(cell: Cell, tally: Tally) -> Row {
        Row {
            root: 0,
            path: b"a".as_slice().into(),
            state: State { uid: 0, gid: LAB, mode: Mode::new(0o2775) },
            directories: 1,
            tops: Vec::new(),
            files: 10,
            cells: [cell].into(),
            tallies: [tally].into(),
            stopped: [None].into(),
        }
    }

    fn lints(label: &str, cell: Cell, (read, write): (u64, u64)) -> Vec<&'static str> {
        let (someone, tally) = (someone(label), Tally { read, write, ..Tally::default() });
        let complaints = judge(&[row(cell, tally)], &[&someone], &[Levels::default()]);
        complaints.into_iter().map(|complaint| complaint.wrong.lint().name()).collect()
    }

    fn can(acts: &[Operation]) -> Cell {
        let new_file = Some(New { gid: LAB, mode: Mode::new(0o664) });
        Cell { acts: acts.iter().copied().collect(), new_file, ..Cell::default() }
    }

    #[test]
    fn each_wrong_has_its_lint() {
        use Operation::{Create, Delete, DeleteOthers, Enter, List};
        let works = can(&[Enter, List, Create, Delete]);
        let foreign = Cell { new_file: Some(New { gid: 2001, mode: Mode::new(0o664) }), ..works };
        let closed = Cell { closed_by: Some(Closing::Umask), ..works };
        let free = can(&[Enter, List, Create, Delete, DeleteOthers]);
        let cases: [(Cell, (u64, u64), &[&str]); 9] = [
            (works, (10, 10), &[]),
            (can(&[List]), (0, 0), &["cannot-enter"]),
            (can(&[Enter, List]), (10, 10), &["cannot-write"]),
            (foreign, (10, 10), &["new-files-foreign"]),
            (closed, (10, 10), &["new-files-closed"]),
            (free, (10, 10), &["can-delete-others"]),
            (Cell { owns: true, ..free }, (10, 10), &[]),
            (works, (9, 10), &["cannot-read"]),
            (can(&[Enter]), (9, 9), &["cannot-write", "cannot-read", "cannot-write"]),
        ];
        for (cell, files, wrong) in cases {
            assert_eq!(lints("alice", cell, files), wrong, "{cell:?} {files:?}");
        }
    }

    #[test]
    fn others_are_to_change_nothing() {
        let cell = |acts: Operations| Cell { acts, ..Cell::default() };
        assert_eq!(lints("@others", can(&[Operation::Enter, Operation::List]), (10, 0)), [""; 0]);
        for act in [Operation::Create, Operation::Delete, Operation::DeleteOthers] {
            assert_eq!(lints("@others", cell([act].into_iter().collect()), (0, 0)), ["outsider-can"], "{act}");
        }
        assert_eq!(lints("@others", Cell::default(), (0, 1)), ["outsider-can"]);
    }

    #[test]
    fn what_nobody_is_meant_to_write_is_no_wrong() {
        use Operation::{Enter, List};
        let sealed = Cell { is_sealed: true, ..can(&[Enter, List]) };
        assert_eq!(lints("alice", sealed, (10, 10)), [""; 0]);
        assert_eq!(
            lints("alice", Cell { refused: Some(rustix::io::Errno::ROFS), ..sealed }, (10, 10)),
            ["cannot-write"]
        );
        let (alice, levels) = (someone("alice"), [Levels::default()]);
        let written_once = Tally { read: 10, write: 4, sealed: 6, ..Tally::default() };
        let works = can(&[Enter, List, Operation::Create, Operation::Delete]);
        assert_eq!(judge(&[row(works, written_once)], &[&alice], &levels), []);
    }

    #[test]
    fn the_same_is_told_once_a_run() {
        use Operation::{Enter, List};
        let (alice, bob, levels) = (someone("alice"), someone("bob"), [Levels::default()]);
        let both = |mut row: Row| {
            row.cells = [row.cells[0], row.cells[0]].into();
            row.tallies = [row.tallies[0].clone(), row.tallies[0].clone()].into();
            row.stopped = [None, None].into();
            row
        };
        let all = Tally { read: 10, write: 10, ..Tally::default() };
        let rows = [0; 3].map(|_| both(row(can(&[Enter, List]), all.clone())));
        let told = judge(&rows, &[&alice, &bob], &levels);
        let told: Vec<_> = told.iter().map(|one| (one.row, one.who, &*one.also)).collect();
        assert_eq!(told, [(0, 0, &[1, 2][..]), (0, 1, &[1, 2])]);
    }

    #[test]
    fn a_closed_door_is_told_once() {
        let (alice, levels) = (someone("alice"), [Levels::default()]);
        let below = row(Cell::default(), Tally::default());
        assert_eq!(judge(&[below], &[&alice], &levels).len(), 1, "it is the door itself");
    }
}
