//! Entries with several names, where a policy lets those be changed whose names all lie in the tree.

use crate::findings::found::EntryReport;
use crate::model::entry::{Identity, State};
use crate::model::target::Links;
use std::collections::HashMap;

/// One name of an entry with several, as it is to be told of.
pub(crate) struct Linked {
    /// If a name lies elsewhere: nothing may be changed.
    pub refused: EntryReport,
    /// If all names lie in the tree.
    pub inside: EntryReport,
}

/// Decides on every entry with several names, now that all of the tree has been seen.
pub(crate) fn settle(linked: Vec<Linked>, reports: &mut Vec<EntryReport>) {
    let mut entries: HashMap<(u32, Identity), Vec<Linked>> = HashMap::new();
    for name in linked {
        entries.entry((name.refused.root, name.refused.id)).or_default().push(name);
    }
    for mut names in entries.into_values() {
        names.sort_by(|a, b| a.refused.path.cmp(&b.refused.path));
        // A name that was listed twice would stand in for one that lies elsewhere.
        names.dedup_by(|a, b| a.refused.path == b.refused.path);
        let told: Vec<EntryReport> = match agreed(&names) {
            Some(_) => with_links(names),
            None => names.into_iter().map(|name| name.refused).collect(),
        };
        reports.extend(told.into_iter().filter(|report| !report.findings.is_empty()));
    }
}

/// The state that the entry is to have by every one of its names, where all were found.
fn agreed(names: &[Linked]) -> Option<State> {
    let first = &names.first()?.inside;
    let all = names.len() as u64 == u64::from(first.nlink);
    let alike = names.iter().all(|name| name.inside.after() == first.after() && name.inside.before() == first.before());
    (all && alike).then_some(first.desired)
}

/// The first name carries the change and knows all others; those know the first, or a hundred thousand names would
/// take as much memory as their square.
fn with_links(names: Vec<Linked>) -> Vec<EntryReport> {
    let mut told: Vec<EntryReport> = names.into_iter().map(|name| name.inside).collect();
    let Some((first, others)) = told.split_first_mut() else { return told };
    first.rare_mut().links = Links::inside(others.iter().map(|other| other.path.clone()));
    for other in others {
        other.rare_mut().links = Links::inside([first.path.clone()]);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::{Because, Finding, Fix, Level, Lint};
    use crate::model::entry::Kind;
    use crate::model::mode::Mode;

    fn linked(path: &str, nlink: u32, desired_gid: u32) -> Linked {
        let state = |gid| State { uid: 0, gid, mode: Mode::new(0o664) };
        let finding = |fix| Finding { lint: Lint::ForeignGroup, level: Level::Deny, fix, rule: None };
        let report = |desired, findings: &[Finding]| EntryReport {
            root: 0,
            path: path.as_bytes().into(),
            kind: Kind::File,
            id: Identity { dev: 1, ino: 7, btime: None },
            nlink,
            actual: state(1),
            desired: state(desired),
            ideal: state(desired_gid),
            findings: findings.into(),
            prospect: None,
            bytes: 0,
            cause: None,
            rare: None,
        };
        let refused = [finding(Fix::None(Some(Because::HardLink)))];
        let found: &[Finding] = if desired_gid == 1 { &[] } else { &[finding(Fix::Safe)] };
        Linked { refused: report(1, &refused), inside: report(desired_gid, found) }
    }

    fn settled(names: Vec<Linked>) -> Vec<(String, u32, Links)> {
        let mut reports = Vec::new();
        settle(names, &mut reports);
        let text = |path: &[u8]| String::from_utf8(path.to_vec()).expect("a path of this test");
        reports
            .into_iter()
            .map(|report| (text(&report.path.bytes()), report.desired.gid, report.links().clone()))
            .collect()
    }

    #[test]
    fn an_entry_is_changed_where_all_its_names_lie_inside_and_agree() {
        let inside = |others: &[&str]| Links::inside(others.iter().map(|other| other.as_bytes().into()));
        let (a, b) = (|gid| linked("a", 2, gid), |gid| linked("b", 2, gid));
        let changed = vec![("a".to_owned(), 9, inside(&["b"])), ("b".to_owned(), 9, inside(&["a"]))];
        assert_eq!(settled(vec![b(9), a(9)]), changed);
        assert_eq!(settled(vec![a(9)]), [("a".to_owned(), 1, Links::None)]);
        let refused = |path: &str| (path.to_owned(), 1, Links::None);
        assert_eq!(settled(vec![a(9), b(8)]), [refused("a"), refused("b")]);
        assert_eq!(settled(vec![a(1), b(1)]), []);
        let twice = settled(vec![a(9), a(9)]);
        assert_eq!(twice, [refused("a")], "a name that is listed twice doesn't stand in for one that lies elsewhere");
    }
}
