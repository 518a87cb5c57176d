//! What is wrong with the answers: pure.

use super::request::Someone;
use super::row::Row;
use crate::lints::{Answer, Level, Levels, Wrong, wrongs};
use crate::model::principal::Principal;

/// Something that is wrong in the directories of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Complaint {
    /// The index of the row.
    pub row: usize,
    /// The index of who was asked.
    pub who: usize,
    /// What is wrong.
    pub wrong: Wrong,
    /// At which level.
    pub level: Level,
}

impl Someone {
    /// Whether they stand for everybody who has no business in the tree.
    pub(crate) fn is_outsider(&self) -> bool {
        self.label == Principal::OTHERS
    }
}

/// What is wrong, row by row and by who was asked; each root has levels of its own.
pub(crate) fn judge(rows: &[Row], everybody: &[&Someone], levels: &[Levels]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        for (who, someone) in everybody.iter().enumerate() {
            let found = wrongs(&answer(row, who), someone.is_outsider());
            let told = found.into_iter().map(|wrong| {
                let level = levels[row.root as usize].of(wrong.lint());
                Complaint { row: at, who, wrong, level }
            });
            complaints.extend(told.filter(|complaint| complaint.level != Level::Allow));
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
        write: tally.write,
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
    fn a_closed_door_is_told_once() {
        let (alice, levels) = (someone("alice"), [Levels::default()]);
        let below = row(Cell::default(), Tally::default());
        assert_eq!(judge(&[below], &[&alice], &levels).len(), 1, "it is the door itself");
    }
}
