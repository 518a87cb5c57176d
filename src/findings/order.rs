//! The order of all output: by path, component by component as bytes, a directory before its contents.

use crate::findings::found::{EntryError, EntryReport, Survey};
use crate::model::path::{TreePath, path_order};
use crate::sys::thread::{join, start};
use std::cmp::Ordering;
use std::os::unix::ffi::OsStrExt;
use std::thread;

/// So many are worth a second thread.
const MANY: usize = 1 << 12;

/// Puts all that a survey found in path order, each entry and error once by policy, however often it was met.
pub(crate) fn put_in_order(survey: &mut Survey) {
    let Survey { roots, reports, excused, skipped_mounts, .. } = survey;
    let root = |index: u32| roots[index as usize].path.as_os_str().as_bytes();
    let by_path = |a: &EntryReport, b: &EntryReport| {
        let by_path = path_in_tree((root(a.root), &a.path), (root(b.root), &b.path)).then(a.root.cmp(&b.root));
        // A name that is made anew while its directory is listed can be listed twice (XFS): who came last is there now.
        by_path.then_with(|| b.id.btime.cmp(&a.id.btime))
    };
    let is_again = |again: &EntryReport, first: &EntryReport| again.root == first.root && again.path == first.path;
    // Threads give theirs sorted, so that there is little left to do.
    sort(reports, by_path);
    reports.dedup_by(|again, first| is_again(again, first));
    excused.sort_by(|a, b| by_path(&a.report, &b.report));
    excused.dedup_by(|again, first| is_again(&again.report, &first.report));
    skipped_mounts.sort_by(|a, b| path_in_tree((root(a.root), &a.path), (root(b.root), &b.path)));
    skipped_mounts.dedup();
    survey.put_errors_in_order();
}

impl Survey {
    /// Takes down what stands in the way of some of it only once all was found.
    pub fn add_errors(&mut self, errors: impl IntoIterator<Item = EntryError>) {
        self.errors.extend(errors);
        self.put_errors_in_order();
    }

    fn put_errors_in_order(&mut self) {
        let Survey { roots, errors, .. } = self;
        let root = |index: u32| roots[index as usize].path.as_os_str().as_bytes();
        let base = |error: &EntryError| error.root.map_or(&b""[..], root);
        errors.sort_by(|a, b| {
            path_in_tree((base(a), &a.path), (base(b), &b.path)).then_with(|| a.message.cmp(&b.message))
        });
        errors.dedup();
    }
}

/// Sorts large items, stably, that mostly lie in sorted runs: their numbers are sorted, each half by a thread, and the
/// items put where they belong at the end. That takes six bytes for each, where moving items themselves about would take
/// half their size.
pub(crate) fn sort<T: Sync>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync) {
    let Ok(count) = u32::try_from(items.len()) else { return items.sort_by(compare) };
    let mut numbers: Vec<u32> = (0..count).collect();
    let by_item = |a: &u32, b: &u32| compare(&items[*a as usize], &items[*b as usize]);
    if items.len() >= MANY {
        let (head, tail) = numbers.split_at_mut(items.len() / 2);
        thread::scope(|scope| {
            // Without a second thread, all is sorted below.
            let other = start(scope, || tail.sort_by(by_item)).ok();
            head.sort_by(by_item);
            other.map(join);
        });
    }
    numbers.sort_by(by_item);
    arrange(items, &mut numbers);
}

/// Puts the item of each number where the number stands, one ring of exchanges after another.
fn arrange<T>(items: &mut [T], numbers: &mut [u32]) {
    for start in 0..numbers.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut numbers[at], at as u32) as usize;
            if from == start {
                break;
            }
            items.swap(at, from);
            at = from;
        }
    }
}

/// Compares two entries, each by its root's path and its own from there (`.` is the root itself).
pub(crate) fn in_tree((root_a, a): (&[u8], &[u8]), (root_b, b): (&[u8], &[u8])) -> Ordering {
    if root_a == root_b {
        return path_order(a, b);
    }
    components(root_a).chain(components(a)).cmp(components(root_b).chain(components(b)))
}

/// The same of entries whose paths share their directories.
pub(crate) fn path_in_tree((root_a, a): (&[u8], &TreePath), (root_b, b): (&[u8], &TreePath)) -> Ordering {
    if root_a == root_b { a.cmp(b) } else { in_tree((root_a, &a.bytes()), (root_b, &b.bytes())) }
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|name| !name.is_empty() && *name != b".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Root;
    use crate::model::entry::{Identity, Kind, State, Timestamp};
    use crate::model::mode::Mode;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_as_a_stable_sort_does(keys in prop::collection::vec(0u8..50, 0..40), times in 1usize..400) {
            // Runs, as threads give them, and far more than one thread is for.
            let mut items: Vec<(u8, usize)> = keys.repeat(times).into_iter().enumerate().map(|(at, key)| (key, at)).collect();
            items.chunks_mut(1 + times).for_each(<[_]>::sort);
            let mut expected = items.clone();
            expected.sort_by_key(|&(key, _)| key);
            sort(&mut items, |a, b| a.0.cmp(&b.0));
            prop_assert_eq!(items, expected);
        }
    }

    #[test]
    fn a_name_that_was_listed_twice_is_found_once_as_it_is_now() {
        let state = State { uid: 0, gid: 1, mode: Mode::new(0o644) };
        let report = |root, path: &str, ino, born| EntryReport {
            root,
            path: path.as_bytes().into(),
            kind: Kind::File,
            id: Identity { dev: 1, ino, btime: Some(Timestamp::new(born, 0)) },
            nlink: 1,
            actual: state,
            desired: State { gid: 2, ..state },
            ideal: State { gid: 2, ..state },
            findings: Default::default(),
            prospect: None,
            bytes: 0,
            cause: None,
            rare: None,
        };
        let root = |policy| Root {
            path: "/srv".into(),
            policy,
            id: None,
            handle: None,
            fsid: 0,
            mounts: crate::policy::model::Mounts::Stay,
        };
        // Both policies judge the one directory.
        let reports = vec![
            report(1, "x", 8, 5),
            report(0, "y", 9, 1),
            report(0, "x", 7, 2),
            report(0, "x", 8, 5),
            report(1, "x", 7, 2),
        ];
        let mut survey = Survey { roots: vec![root(0), root(1)], reports, ..Survey::default() };
        put_in_order(&mut survey);
        let found: Vec<_> =
            survey.reports.iter().map(|report| (report.path.name(), report.root, report.id.ino)).collect();
        assert_eq!(found, [(&b"x"[..], 0, 8), (b"x", 1, 8), (b"y", 0, 9)]);
        let changed: Vec<_> = survey.changed().map(|report| report.id.ino).collect();
        assert_eq!(changed, [8, 9], "one change of one entry");
    }

    #[test]
    fn directories_come_before_their_contents_and_names_count_as_bytes() {
        let sorted: [(&[u8], &[u8]); 8] = [
            (b"/srv", b"."),
            (b"/srv", b"a"),
            (b"/srv/a", b"b"),
            (b"/srv", b"a/b/c"),
            (b"/srv/a", b"c"),
            (b"/srv", b"a b"),
            (b"/srv", b"a-b"),
            (b"/srv", b"a\xff"),
        ];
        for (at, &a) in sorted.iter().enumerate() {
            for &b in &sorted[at + 1..] {
                assert_eq!(in_tree(a, b), Ordering::Less, "{a:?} {b:?}");
                assert_eq!(in_tree(b, a), Ordering::Greater, "{b:?} {a:?}");
            }
        }
    }
}
