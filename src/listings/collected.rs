//! A listing read to its end: the last of several records of one path wins, other names are counted, parents stand before
//! what lies in them.

use super::{Item, Listing, ListingError, Record};
use crate::model::entry::{Kind, State};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a listing came to.
#[derive(Default, Debug)]
pub(crate) struct Collected {
    /// The entries by path, each with the number of its layer.
    records: BTreeMap<Vec<u8>, (u32, Record)>,
    /// The number of the layer in hand.
    layer: u32,
    /// Paths that lead out of the tree.
    pub escaping: Vec<Escaping>,
    /// How many entries lie elsewhere.
    pub outside: u64,
    /// What is to be said of it.
    pub remarks: Vec<String>,
    /// Why it wasn't read to its end.
    pub error: Option<ListingError>,
    /// Paths that were symbolic links at some time.
    links: BTreeSet<Vec<u8>>,
    /// What all of that takes, about.
    bytes: u64,
}

/// A path that leads out of the tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Escaping {
    /// The path as it is written.
    pub path: Vec<u8>,
    /// What lies there.
    pub kind: Kind,
    /// Its owner, group and mode, where they are told.
    pub state: Option<State>,
}

/// What a record takes beside its path, about.
const RECORD_BYTES: u64 = 192;

impl Collected {
    /// Reads a listing to its end, or as far as that goes. It may take as much memory as `room` says by then: what is
    /// packed small can be without end.
    pub(crate) fn of(listing: &mut dyn Listing, room: impl Fn() -> u64) -> Collected {
        let mut collected = Collected::default();
        loop {
            match listing.next() {
                Ok(Some(item)) => collected.take(item),
                Ok(None) => break,
                Err(error) => {
                    collected.error = Some(error);
                    break;
                }
            }
            if collected.bytes > room() {
                let message =
                    "so many entries don't fit a listing of this size: it looks like one that is made to fill memory";
                collected.error = Some(ListingError::at(format!("entry {}", collected.records.len()), message));
                break;
            }
        }
        collected.remarks = listing.remarks();
        collected.count_names();
        collected
    }

    /// The record of a path.
    pub(crate) fn get(&self, path: &[u8]) -> Option<&Record> {
        self.records.get(path).map(|(_, record)| record)
    }

    /// Whether something lies at a path or below it.
    pub(crate) fn holds(&self, path: &[u8]) -> bool {
        if path.is_empty() {
            return !self.records.is_empty();
        }
        let inside = [path, b"/"].concat();
        let next = || self.records.range(inside.clone()..).next();
        self.records.contains_key(path) || next().is_some_and(|(found, _)| found.starts_with(&inside))
    }

    /// All records, parents before what lies in them.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values().map(|(_, record)| record)
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Entry(record) => self.put(record),
            Item::Link { path, target } => self.link(path, &target),
            Item::Escaping { path, kind, state } => self.escape(Escaping { path, kind, state }),
            Item::Outside => self.outside += 1,
            Item::Layer => {
                self.layer += 1;
                // What lies behind a link of another layer lies where that leads, in the image itself.
                self.links.clear();
            }
            Item::Gone { path, keeps_itself } => self.remove(&path, keeps_itself),
        }
    }

    fn escape(&mut self, escaping: Escaping) {
        self.bytes += escaping.path.len() as u64 + RECORD_BYTES;
        self.escaping.push(escaping);
    }

    fn put(&mut self, record: Record) {
        // Extraction would go through the link.
        if !self.links.is_empty() && self.passes_link(&record.path) {
            return self.escape(Escaping { path: record.path, kind: record.kind, state: record.state });
        }
        if record.kind == Kind::Symlink {
            self.links.insert(record.path.clone());
        }
        if record.kind != Kind::Dir {
            // In the place of a directory of a layer below.
            self.remove(&record.path.clone(), true);
        }
        self.bytes += record.path.len() as u64 * 2 + RECORD_BYTES;
        let path = record.path.clone();
        self.records.insert(path, (self.layer, record));
    }

    fn passes_link(&self, path: &[u8]) -> bool {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        slashes.into_iter().any(|(at, _)| self.links.contains(&path[..at]))
    }

    fn link(&mut self, path: Vec<u8>, target: &[u8]) {
        let record = match self.get(target) {
            Some(record) => Record { path, ..record.clone() },
            // It is there before the extraction, or fails it: nothing is known of it.
            None => Record { path, kind: Kind::File, state: None, nlink: 1, ino: 0, bytes: 0 },
        };
        self.put(record);
    }

    /// Removes what layers below have at or below a path.
    fn remove(&mut self, path: &[u8], keeps_itself: bool) {
        if self.layer == 0 {
            return;
        }
        let is_gone =
            |layer: u32, found: &[u8]| layer < self.layer && is_below(found, path) && !(keeps_itself && found == path);
        let inside = if path.is_empty() { Vec::new() } else { [path, b"/"].concat() };
        let below = self.records.range(inside.clone()..).take_while(|(found, _)| found.starts_with(&inside));
        let itself = self.records.get_key_value(path).into_iter();
        let gone: Vec<Vec<u8>> = itself
            .chain(below)
            .filter(|(found, (layer, _))| is_gone(*layer, found))
            .map(|(found, _)| found.clone())
            .collect();
        for path in gone {
            self.records.remove(&path);
        }
    }

    /// Counts the names of those whose listing tells of other names one by one.
    fn count_names(&mut self) {
        let mut names: HashMap<u64, u32> = HashMap::new();
        for (_, record) in self.records.values().filter(|(_, record)| record.kind != Kind::Dir && record.ino != 0) {
            *names.entry(record.ino).or_default() += 1;
        }
        for (_, record) in self.records.values_mut().filter(|(_, record)| record.kind != Kind::Dir) {
            // There may be more of them elsewhere.
            record.nlink = record.nlink.max(names.get(&record.ino).copied().unwrap_or(1));
        }
    }
}

/// Whether a path is another, or lies below it.
fn is_below(path: &[u8], above: &[u8]) -> bool {
    above.is_empty() || path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::*;
    use crate::model::mode::Mode;

    /// Items one by one.
    struct Fixed(Vec<Item>);

    impl Listing for Fixed {
        fn next(&mut self) -> Result<Option<Item>, ListingError> {
            Ok(if self.0.is_empty() { None } else { Some(self.0.remove(0)) })
        }
    }

    fn entry(path: &str, kind: Kind, mode: u32, ino: u64) -> Item {
        let state = Some(State { uid: 0, gid: 0, mode: Mode::new(mode) });
        Item::Entry(Record { path: path.into(), kind, state, nlink: 1, ino, bytes: 0 })
    }

    fn collect(items: Vec<Item>, room: u64) -> (Vec<String>, Vec<String>, Option<String>) {
        let collected = Collected::of(&mut Fixed(items), || room);
        let records = collected.records().map(|record| told(&Item::Entry(record.clone()))).collect();
        let escaping = collected.escaping.iter().map(|one| String::from_utf8_lossy(&one.path).into_owned()).collect();
        (records, escaping, collected.error.map(|error| error.to_string()))
    }

    #[test]
    fn the_last_wins_names_are_counted_and_what_goes_through_a_link_escapes() {
        let (dir, file, link) = (Kind::Dir, Kind::File, Kind::Symlink);
        let items = vec![
            entry("d/f", file, 0o600, 1),
            entry("d", dir, 0o755, 2),
            entry("d/f", file, 0o644, 3),
            Item::Link { path: "g".into(), target: "d/f".into() },
            Item::Link { path: "h".into(), target: "gone".into() },
            entry("l", link, 0o777, 4),
            entry("l/passwd", file, 0o644, 5),
            Item::Outside,
        ];
        let (records, escaping, error) = collect(items, u64::MAX);
        let expected = [
            "dir 0:0 0755 1 [d]",
            "file 0:0 0644 2 [d/f]",
            "file 0:0 0644 2 [g]",
            "file ? 1 [h]",
            "symlink 0:0 0777 1 [l]",
        ];
        assert_eq!(
            (records, escaping, error),
            (expected.map(str::to_owned).to_vec(), vec!["l/passwd".to_owned()], None)
        );
    }

    #[test]
    fn a_layer_takes_from_those_below_and_not_from_itself() {
        let (dir, file) = (Kind::Dir, Kind::File);
        let items = vec![
            entry("a", dir, 0o755, 1),
            entry("a/b", file, 0o644, 2),
            entry("ab", file, 0o644, 3),
            entry("o", dir, 0o755, 4),
            entry("o/x", file, 0o644, 5),
            entry("r", dir, 0o755, 6),
            entry("r/x", file, 0o644, 7),
            Item::Layer,
            entry("o/y", file, 0o600, 8),
            Item::Gone { path: "a".into(), keeps_itself: false },
            Item::Gone { path: "o".into(), keeps_itself: true },
            entry("r", file, 0o600, 9),
        ];
        let expected = ["file 0:0 0644 1 [ab]", "dir 0:0 0755 1 [o]", "file 0:0 0600 1 [o/y]", "file 0:0 0600 1 [r]"];
        assert_eq!(collect(items, u64::MAX).0, expected);
    }

    #[test]
    fn it_takes_no_more_memory_than_there_is_room() {
        let items = (0..100).map(|at| entry(&format!("f{at}"), Kind::File, 0o644, at)).collect();
        let (records, _, error) = collect(items, 10 * RECORD_BYTES);
        assert!(records.len() < 11 && error.is_some_and(|error| error.contains("fill memory")));
    }

    #[test]
    fn something_lies_at_or_below_a_path() {
        let collected =
            Collected::of(&mut Fixed(vec![entry("a-b", Kind::File, 0, 1), entry("a/b/c", Kind::File, 0, 2)]), || {
                u64::MAX
            });
        for (path, expected) in
            [("", true), ("a", true), ("a/b", true), ("a/b/c", true), ("a/c", false), ("b", false), ("a-", false)]
        {
            assert_eq!(collected.holds(path.as_bytes()), expected, "{path}");
        }
        assert!(!Collected::default().holds(b""));
    }
}
