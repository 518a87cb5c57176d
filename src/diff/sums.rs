//! What changes come to, the most frequent first: `2,100 files 0644 -> 0664`.

use super::DiffRow;
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::text::account::{group_text, owner_text};
use crate::model::text::numbers::{counted, number};
use crate::screen::entries::entries;
use std::cmp::Reverse;
use std::collections::HashMap;

/// So many are named, and the others counted up.
const NAMED: usize = 3;

/// What of an entry changes, from what to what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Step {
    owner: Option<(u32, u32)>,
    group: Option<(u32, u32)>,
    mode: Option<(Mode, Mode)>,
    /// Whether its ACLs change.
    acls: bool,
}

impl Step {
    fn of(row: &DiffRow<'_>) -> Step {
        let (before, after) = (row.before, row.after);
        Step {
            owner: differing(before.uid, after.uid),
            group: differing(before.gid, after.gid),
            mode: differing(before.mode, after.mode),
            acls: row.acls.is_some_and(|turn| !turn.is_same()),
        }
    }

    fn text(self, names: &dyn IdNames) -> String {
        let owner = self.owner.map(|(a, b)| format!("owner {} -> {}", owner_text(a, names), owner_text(b, names)));
        let group = self.group.map(|(a, b)| format!("group {} -> {}", group_text(a, names), group_text(b, names)));
        let mode = self.mode.map(|(a, b)| format!("{a} -> {b}"));
        let acls = self.acls.then(|| "ACL".to_owned());
        [owner, group, mode, acls].into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}

fn differing<T: PartialEq>(before: T, after: T) -> Option<(T, T)> {
    (before != after).then_some((before, after))
}

/// What the changes come to in one clause; empty where there are none.
pub(crate) fn sums<'a>(rows: impl IntoIterator<Item = DiffRow<'a>>, names: &dyn IdNames) -> String {
    let mut counts: HashMap<(Step, Kind), u64> = HashMap::new();
    for row in rows {
        *counts.entry((Step::of(&row), row.kind)).or_default() += 1;
    }
    let mut counts: Vec<((Step, Kind), u64)> = counts.into_iter().collect();
    counts.sort_by_key(|&((step, kind), count)| (Reverse(count), kind as u8, step));
    let named = if counts.len() == NAMED + 1 { NAMED + 1 } else { NAMED };
    let mut parts: Vec<String> = counts
        .iter()
        .take(named)
        .map(|&((step, kind), count)| format!("{} {}", entries(kind, count), step.text(names)))
        .collect();
    let rest = &counts[named.min(counts.len())..];
    if !rest.is_empty() {
        let entries: u64 = rest.iter().map(|(_, count)| count).sum();
        let ways = number(rest.len() as u64);
        parts.push(format!("{} in {ways} other ways", counted(entries, "entry", "entries")));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::State;
    use crate::report::samples::{self, Names, state};

    fn rows(of: &[(Kind, State, State, usize)]) -> String {
        let row = |&(kind, before, after, count): &(Kind, State, State, usize)| {
            let row = DiffRow { root: 0, path: samples::path("a"), kind, before, after, acls: None };
            std::iter::repeat_n(row, count)
        };
        sums(of.iter().flat_map(row), &Names)
    }

    #[test]
    fn the_most_frequent_come_first_and_only_what_changes_is_told() {
        let files = (Kind::File, state(1001, 100, 0o644), state(1001, 100, 0o664), 7600);
        let dirs = (Kind::Dir, state(0, 100, 0o755), state(0, 3001, 0o2775), 1);
        // Whoever owns them, the change is the same.
        let others = (Kind::File, state(0, 3001, 0o644), state(0, 3001, 0o664), 1);
        assert_eq!(
            rows(&[dirs, files, others]),
            "7,601 files 0644 -> 0664, 1 directory group users -> lab and 0755 -> 2775"
        );
        assert_eq!(rows(&[]), "");
    }

    #[test]
    fn the_rest_is_counted_up() {
        let one = |mode, count| (Kind::File, state(0, 0, mode), state(0, 0, 0o660), count);
        let four = [one(0o600, 4), one(0o640, 3), one(0o644, 2), one(0o666, 1)];
        assert!(rows(&four).ends_with("2 files 0644 -> 0660, 1 file 0666 -> 0660"), "{}", rows(&four));
        let five = [&four[..], &[one(0o777, 1)]].concat();
        assert!(rows(&five).ends_with("2 files 0644 -> 0660, 2 entries in 2 other ways"), "{}", rows(&five));
    }
}
