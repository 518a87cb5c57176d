//! Rows that read alike but for their group: projects, where those who are in the group of each can do one thing, and
//! all others another.

use super::request::Someone;
use super::row::{Cell, New, Row, Tally};
use crate::model::accounts::Account;
use crate::model::path::below;
use std::collections::HashMap;

/// How many rows have to read alike to be told together.
const FEWEST: usize = 4;

/// Which rows are told together.
pub(crate) struct AlikeRows {
    accounts: Vec<Account>,
    /// Those that are told with others, and the first of them.
    first: HashMap<usize, usize>,
    /// The rows that are told together, by the first.
    together: HashMap<usize, Vec<usize>>,
}

/// How a row is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Telling<'a> {
    /// Alone.
    Alone,
    /// Together with those that follow it here.
    First(&'a [usize]),
    /// With another.
    Behind,
}

/// What a row comes to, whatever its group is called.
#[derive(PartialEq, Eq, Hash)]
struct Likeness {
    root: u32,
    /// The row that it lies in, or the first of those that that is told with.
    parent: Option<usize>,
    /// Whether it has that one's group.
    is_of_parents_group: bool,
    /// Those who are in its group, and those who aren't: what all of them can do.
    sides: [Option<Side>; 2],
}

/// What some people can do, all alike.
type Side = (Cell, [Share; 2]);

/// How many files something can be done with.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Share {
    Nothing,
    None,
    Some,
    All,
}

impl AlikeRows {
    /// Finds the rows that read alike; they come in path order.
    pub(crate) fn of(rows: &[Row], everybody: &[&Someone]) -> AlikeRows {
        let accounts: Vec<Account> = everybody.iter().map(|someone| someone.account.clone()).collect();
        let mut classes: HashMap<Likeness, Vec<usize>> = HashMap::new();
        // What a row is told with isn't known before all are seen: the first of its class stands for it.
        let mut stands_for: Vec<usize> = Vec::with_capacity(rows.len());
        let mut line: Vec<usize> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            while line.last().is_some_and(|&above| {
                rows[above].root != row.root || below(&rows[above].path, &row.path).is_none_or(<[u8]>::is_empty)
            }) {
                line.pop();
            }
            let parent = line.last().copied();
            let first = match likeness(row, parent.map(|at| (stands_for[at], &rows[at])), &accounts) {
                Some(likeness) => {
                    let class = classes.entry(likeness).or_default();
                    class.push(at);
                    class[0]
                }
                None => at,
            };
            stands_for.push(first);
            line.push(at);
        }
        let (mut first, mut together) = (HashMap::new(), HashMap::new());
        for class in classes.into_values().filter(|class| class.len() >= FEWEST) {
            first.extend(class.iter().map(|&at| (at, class[0])));
            together.insert(class[0], class);
        }
        AlikeRows { accounts, first, together }
    }

    /// How a row is told.
    pub(crate) fn telling(&self, row: usize) -> Telling<'_> {
        match (self.together.get(&row), self.first.get(&row)) {
            (Some(class), _) => Telling::First(&class[1..]),
            (None, Some(_)) => Telling::Behind,
            (None, None) => Telling::Alone,
        }
    }

    /// Whether one of those who were asked is in the group of a row.
    pub(crate) fn is_in(&self, who: usize, row: &Row) -> bool {
        self.accounts.get(who).is_some_and(|account| account.is_in(row.state.gid))
    }
}

/// What a row comes to; `None` where those who are in its group, or those who aren't, can't all do the same.
fn likeness(row: &Row, parent: Option<(usize, &Row)>, accounts: &[Account]) -> Option<Likeness> {
    let mut sides = [None, None];
    for (who, account) in accounts.iter().enumerate() {
        let (cell, tally) = (row.cells[who].of_anyones(), &row.tallies[who]);
        let own = |new: New| if new.gid == row.state.gid { New { gid: u32::MAX, ..new } } else { new };
        let cell = Cell { new_file: cell.new_file.map(own), new_directory: cell.new_directory.map(own), ..cell };
        let shares = [share(tally, row, |tally| tally.read), share(tally, row, |tally| tally.write)];
        let side = &mut sides[usize::from(!account.is_in(row.state.gid))];
        match side {
            None => *side = Some((cell, shares)),
            Some(known) if *known == (cell, shares) => {}
            Some(_) => return None,
        }
    }
    let is_of_parents_group = parent.is_some_and(|(_, above)| above.state.gid == row.state.gid);
    Some(Likeness { root: row.root, parent: parent.map(|(first, _)| first), is_of_parents_group, sides })
}

fn share(tally: &Tally, row: &Row, count: fn(&Tally) -> u64) -> Share {
    match count(tally) {
        _ if row.files == 0 => Share::Nothing,
        0 => Share::None,
        all if all == row.files => Share::All,
        _ => Share::Some,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::State;
    use crate::model::mode::Mode;
    use crate::model::operation::Operation;
    use crate::sys::impersonation::Impersonation;

    fn someone(gid: u32) -> Someone {
        let account = Account { uid: gid, gid, groups: vec![gid] };
        Someone { label: gid.to_string(), impersonation: Impersonation::Oneself, account }
    }

    fn row(path: &str, gid: u32, everybody: &[Someone]) -> Row {
        let cell = |one: &Someone| {
            let enters = one.account.is_in(gid);
            let new_file = enters.then_some(New { gid, mode: Mode::new(0o660) });
            Cell { acts: [Operation::Enter].into_iter().filter(|_| enters).collect(), new_file, ..Cell::default() }
        };
        Row {
            root: 0,
            path: path.as_bytes().into(),
            state: State { uid: 0, gid, mode: Mode::new(0o2770) },
            directories: 1,
            tops: Vec::new(),
            files: 0,
            cells: everybody.iter().map(cell).collect(),
            tallies: everybody.iter().map(|_| Tally::default()).collect(),
            stopped: everybody.iter().map(|_| None).collect(),
        }
    }

    #[test]
    fn projects_are_told_together_and_what_differs_is_not() {
        let everybody: Vec<Someone> = (1..=6).map(someone).collect();
        let mut rows = vec![row(".", 0, &everybody)];
        for gid in 1..=6 {
            rows.push(row(&format!("p{gid}"), gid, &everybody));
            rows.push(row(&format!("p{gid}/in"), gid, &everybody));
        }
        // Somebody who has no business there gets in.
        rows[7].cells[0] = rows[7].cells[3];
        let people: Vec<&Someone> = everybody.iter().collect();
        let alike = AlikeRows::of(&rows, &people);
        assert_eq!(alike.telling(0), Telling::Alone);
        assert_eq!(alike.telling(1), Telling::First(&[3, 5, 9, 11]));
        assert_eq!(alike.telling(2), Telling::First(&[4, 6, 10, 12]));
        assert_eq!(
            (alike.telling(7), alike.telling(8), alike.telling(9)),
            (Telling::Alone, Telling::Alone, Telling::Behind)
        );
        assert!(alike.is_in(0, &rows[1]) && !alike.is_in(0, &rows[3]));
    }
}
