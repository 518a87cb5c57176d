//! What an earlier run wrote: when one was last complete, and how many entries each root had.

use super::{ROOT_ENTRIES, label};
use crate::findings::Survey;
use crate::model::text::escape::escape;
use crate::model::text::numbers::{counted, number};
use crate::report::check::root_bytes;
use std::collections::BTreeMap;

/// A root that had fewer entries before is too small to say anything by having few.
const FEW: u64 = 20;

/// When a run was last complete, by the metric of this name.
pub(super) fn last_success_of(written: &str, name: &str) -> Option<i64> {
    let line = written.lines().find(|line| line.starts_with(name))?;
    line.rsplit_once(' ')?.1.parse().ok().filter(|&seconds| seconds > 0)
}

/// What is said of each root that has lost more than half of its entries since, as one that isn't mounted has.
pub(super) fn shrunk(written: &str, survey: &Survey) -> Vec<String> {
    let before = entries(written);
    let told = |(&root, &now): (&u32, &u64)| {
        let path = escape(root_bytes(survey, root)).into_owned();
        let before = *before.get(label(&path).as_str())?;
        (before >= FEW && now < before / 2).then(|| {
            format!(
                "{path}: {} here, and {} when the last report was written: see that what is to be mounted is; \
                 `mounted = true` in the policy makes a night without it an error",
                counted(now, "entry", "entries"),
                number(before)
            )
        })
    };
    survey.entries.iter().filter_map(told).collect()
}

/// How many entries each root had, by its label as it is written.
fn entries(written: &str) -> BTreeMap<&str, u64> {
    written.lines().filter_map(entries_of).collect()
}

fn entries_of(line: &str) -> Option<(&str, u64)> {
    let (labels, count) = line.strip_prefix(ROOT_ENTRIES)?.strip_prefix('{')?.rsplit_once("\"} ")?;
    Some((labels.split_once(",root=\"")?.1, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::survey;

    #[test]
    fn a_root_that_lost_most_of_its_entries_is_told() {
        let line =
            |root: &str, count: &str| format!("{ROOT_ENTRIES}{{policy=\"p\",report=\"r\",root=\"{root}\"}} {count}\n");
        let now = |count: u64| Survey { entries: [(0, count)].into(), ..survey() };
        for (before, count, is_told) in [
            (line("/srv/lab", "10000"), 1, true),
            (line("/srv/lab", "10000"), 5000, false),
            (line("/srv/lab", "19"), 1, false),
            (line("/srv/other", "10000"), 1, false),
            (line("/srv/lab", "many"), 1, false),
            (String::new(), 1, false),
        ] {
            assert_eq!(shrunk(&before, &now(count)).len(), usize::from(is_told), "{before}");
        }
        assert!(shrunk(&line("/srv/lab", "10000"), &now(1))[0].starts_with("/srv/lab: 1 entry here, and 10,000 when"));
    }
}
