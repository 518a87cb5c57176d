//! Findings that are alike, told as one: a directory with a thousand files of one wrong is one thing to know.

use crate::findings::{EntryReport, Survey};
use crate::lints::{Finding, Fix, Level, Lint};
use crate::model::entry::Kind;
use crate::model::intent::RuleId;
use crate::model::path::Directory;
use crate::model::text::escape::escape;
use crate::model::text::numbers::number;
use crate::report::manner::{Grouping, Manner};
use crate::report::text::words::Phrases;
use crate::screen::entries::entries;
use std::collections::HashMap;
use std::rc::Rc;

/// So many findings that are alike are each told on a line of their own.
const HANDFUL: u64 = 5;

/// One line of a report: a finding, or many of one directory that are alike.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// The first entry.
    pub report: &'a EntryReport,
    /// What is wrong with it.
    pub finding: &'a Finding,
    /// How many it stands for.
    pub count: u64,
    /// The next two of them.
    next: [Option<&'a EntryReport>; 2],
}

impl Line<'_> {
    /// Whether it stands for several.
    pub(super) fn is_group(&self) -> bool {
        self.count > 1
    }

    /// `1,842 files`.
    pub(super) fn entries(&self) -> String {
        entries(self.report.kind, self.count)
    }

    /// `1,842 files (a, b, c and 1,839 more)`.
    pub(super) fn entries_by_name(&self) -> String {
        let slash = if self.report.kind == Kind::Dir { "/" } else { "" };
        let named: Vec<_> = [Some(self.report)].into_iter().chain(self.next).flatten().collect();
        let names: Vec<_> = named.iter().map(|report| format!("{}{slash}", escape(report.path.name()))).collect();
        let more = number(self.count - names.len() as u64);
        format!("{} ({} and {more} more)", self.entries(), names.join(", "))
    }
}

/// What is alike in one directory: all that a line says but the name.
#[derive(PartialEq, Eq, Hash)]
struct Likeness {
    kind: Kind,
    lint: Lint,
    level: Level,
    fix: Fix,
    rule: Option<RuleId>,
    message: Rc<str>,
}

/// The lines of a report in path order: a group stands where the first of it would.
pub(super) struct Lines<'a> {
    survey: &'a Survey,
    manner: &'a Manner,
    /// The group of each finding that is told; empty where each has a line of its own.
    groups: Vec<u32>,
    /// How many each group has.
    counts: Vec<u64>,
    /// The second and the third of each group.
    next: Vec<[Option<&'a EntryReport>; 2]>,
}

impl<'a> Lines<'a> {
    /// Finds out which findings are alike.
    pub(super) fn new(survey: &'a Survey, phrases: &Phrases<'_>, manner: &'a Manner) -> Lines<'a> {
        let mut lines = Lines { survey, manner, groups: Vec::new(), counts: Vec::new(), next: Vec::new() };
        if manner.grouping == Grouping::Full {
            return lines;
        }
        let mut stacks: Vec<Stack<'a>> = survey.roots.iter().map(|_| Stack::default()).collect();
        for (report, finding) in told(survey, manner) {
            let likeness = likeness(report, finding, phrases);
            let next = lines.counts.len() as u32;
            let group = match stacks.get_mut(report.root as usize) {
                Some(stack) => stack.at(GroupPlace::of(report)).group_or(likeness, next),
                None => next,
            };
            if group == next {
                lines.counts.push(0);
                lines.next.push([None; 2]);
            }
            if let at @ 1..=2 = lines.counts[group as usize] {
                lines.next[group as usize][at as usize - 1] = Some(report);
            }
            lines.counts[group as usize] += 1;
            lines.groups.push(group);
        }
        lines
    }

    /// Each finding with its group, and how many that has; groups have numbers from 0 on, as they come.
    pub(super) fn with_groups(&self) -> impl Iterator<Item = (usize, Line<'a>)> + '_ {
        let told = told(self.survey, self.manner).zip(&self.groups);
        told.map(|((report, finding), &group)| {
            let at = group as usize;
            (at, Line { report, finding, count: self.counts[at], next: self.next[at] })
        })
    }

    /// Each line once.
    pub(super) fn iter(&self) -> impl Iterator<Item = Line<'a>> + '_ {
        let mut is_told = vec![false; self.counts.len()];
        told(self.survey, self.manner).enumerate().filter_map(move |(at, (report, finding))| {
            let group = self.groups.get(at).map(|&group| group as usize);
            let Some(group) = group.filter(|&group| self.counts[group] > HANDFUL) else {
                return Some(Line { report, finding, count: 1, next: [None; 2] });
            };
            let line = Line { report, finding, count: self.counts[group], next: self.next[group] };
            (!std::mem::replace(&mut is_told[group], true)).then_some(line)
        })
    }
}

/// The findings that are told, in path order.
pub(super) fn told<'a>(survey: &'a Survey, manner: &'a Manner) -> impl Iterator<Item = (&'a EntryReport, &'a Finding)> {
    let findings =
        survey.reports.iter().flat_map(|report| report.findings.iter().map(move |finding| (report, finding)));
    findings.filter(|(_, finding)| manner.tells(finding.level))
}

/// So many groups of a directory are gone through; more of them are looked up.
const FEW: usize = 8;

/// The groups of one directory. Nearly all have few, for which hashing would be most of the work.
#[derive(Default)]
struct Groups {
    few: Vec<(Likeness, u32)>,
    more: HashMap<Likeness, u32>,
}

impl Groups {
    /// The group of what is alike, which is this one where there was none.
    fn group_or(&mut self, likeness: Likeness, new: u32) -> u32 {
        if let Some((_, group)) = self.few.iter().find(|(known, _)| *known == likeness) {
            return *group;
        }
        if self.few.len() < FEW {
            self.few.push((likeness, new));
            return new;
        }
        *self.more.entry(likeness).or_insert(new)
    }
}

/// The directories of one root from the top down to where the last entry lay, and the groups in each: entries come in
/// path order, so what was left is not come back to, and groups are looked for in few directories at a time.
#[derive(Default)]
struct Stack<'a>(Vec<(GroupPlace<'a>, Groups)>);

impl<'a> Stack<'a> {
    fn at(&mut self, directory: GroupPlace<'a>) -> &mut Groups {
        while self.0.last().is_some_and(|(above, _)| !directory.is_within(*above)) {
            self.0.pop();
        }
        if self.0.last().is_none_or(|(above, _)| *above != directory) {
            self.0.push((directory, Groups::default()));
        }
        let last = self.0.len() - 1;
        &mut self.0[last].1
    }
}

/// Where an entry lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupPlace<'a> {
    /// Nowhere: it is the root.
    Above,
    /// In this directory.
    In(&'a Directory),
}

impl<'a> GroupPlace<'a> {
    fn of(report: &'a EntryReport) -> GroupPlace<'a> {
        if report.path.is_root() { GroupPlace::Above } else { GroupPlace::In(report.path.directory()) }
    }

    /// Whether it is another or lies below it.
    fn is_within(self, above: GroupPlace<'_>) -> bool {
        match (self, above) {
            (_, GroupPlace::Above) => true,
            (GroupPlace::Above, GroupPlace::In(_)) => false,
            (GroupPlace::In(own), GroupPlace::In(above)) => own.is_within(above),
        }
    }
}

/// All that the line of a finding says, but the name.
fn likeness(report: &EntryReport, finding: &Finding, phrases: &Phrases<'_>) -> Likeness {
    let Finding { lint, level, fix, rule } = *finding;
    Likeness { kind: report.kind, lint, level, fix, rule, message: phrases.message(finding, report) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::human::write_findings;
    use crate::report::manner::Strictness;
    use crate::report::samples::{Words, state, survey, text};
    use crate::screen::style::{Palette, Verbosity};
    use snapbox::{IntoData, assert_data_eq, str};

    fn manner() -> Manner {
        Manner::new(Palette::PLAIN, Verbosity::Normal, Strictness::Deny)
    }

    /// So many files of one wrong in `data/raw`, with a directory of two others between them.
    fn alike(count: u64) -> Survey {
        let mut survey = survey();
        let model = survey.reports[1].clone();
        survey.reports.clear();
        let mut push = |path: String, gid: u32| {
            let actual = state(1001, gid, 0o644);
            let ideal = state(1001, 3001, 0o644);
            survey.reports.push(EntryReport { path: path.as_bytes().into(), actual, ideal, ..model.clone() });
        };
        (0..count / 2).for_each(|at| push(format!("data/raw/a{at}"), 100));
        push("data/raw/b/x".into(), 100);
        push("data/raw/b/y".into(), 100);
        push("data/raw/c".into(), 7);
        (count / 2..count).for_each(|at| push(format!("data/raw/d{at}"), 100));
        survey.notices.clear();
        survey
    }

    #[test]
    fn more_than_a_handful_alike_are_one_line() {
        let report = text(|out| write_findings(out, &alike(1842), &Words, &manner()));
        assert_data_eq!(
            report,
            str![[r#"
/srv/lab/data/raw/: deny: 1,842 files: gid is 100, should be 3001; fix is unsafe: its owner keeps it private [foreign-group] (/etc/sgidlint/lab.toml:14)
/srv/lab/data/raw/b/x: deny: gid is 100, should be 3001; fix is unsafe: its owner keeps it private [foreign-group] (/etc/sgidlint/lab.toml:14)
/srv/lab/data/raw/b/y: deny: gid is 100, should be 3001; fix is unsafe: its owner keeps it private [foreign-group] (/etc/sgidlint/lab.toml:14)
/srv/lab/data/raw/c: deny: gid is 7, should be 3001; fix is unsafe: its owner keeps it private [foreign-group] (/etc/sgidlint/lab.toml:14)

"#]]
            .raw()
        );
    }

    #[test]
    fn a_root_inside_another_tears_no_group_apart() {
        let mut survey = alike(8);
        let model = survey.reports[0].clone();
        let inner = survey.roots[0].clone();
        survey.roots.push(inner);
        // Two policies judge one tree, and directories lie between the files.
        let twin = |report: &EntryReport| [report.clone(), EntryReport { root: 1, ..report.clone() }];
        survey.reports = survey.reports.iter().flat_map(twin).collect();
        survey.reports.insert(0, EntryReport { path: b".".as_slice().into(), ..model });
        let counts = |root: u32, survey: &Survey| {
            let (manner, phrases) = (manner(), Phrases::of(&Words));
            let lines = Lines::new(survey, &phrases, &manner);
            lines.iter().filter(|line| line.report.root == root).map(|line| line.count).collect::<Vec<_>>()
        };
        assert_eq!((counts(0, &survey), counts(1, &survey)), (vec![1, 8, 1, 1, 1], vec![8, 1, 1, 1]));
    }

    #[test]
    fn any_number_of_groups_is_kept_apart() {
        let mut survey = alike(60);
        // Twenty groups of three in one directory, in turns.
        let gids = (0..survey.reports.len()).map(|at| 500 + (at % 20) as u32);
        survey.reports.iter_mut().zip(gids).for_each(|(report, gid)| {
            (report.path, report.actual.gid) = (format!("data/raw/{gid}-{}", report.actual.gid).as_bytes().into(), gid);
        });
        survey.reports.truncate(60);
        let (manner, phrases) = (manner(), Phrases::of(&Words));
        let lines = Lines::new(&survey, &phrases, &manner);
        assert_eq!(lines.counts, [3; 20]);
        let groups: Vec<u32> = (0..60).map(|at| at % 20).collect();
        assert_eq!(lines.groups, groups);
    }

    #[test]
    fn a_handful_is_told_one_by_one_and_everything_with_full() {
        let told =
            |count, manner: &Manner| text(|out| write_findings(out, &alike(count), &Words, manner)).lines().count();
        assert_eq!((told(5, &manner()), told(6, &manner())), (5 + 3, 1 + 3));
        assert_eq!(told(1842, &Manner { grouping: Grouping::Full, ..manner() }), 1842 + 3);
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let few = Manner { most: Some(2), ..manner() };
        let report = text(|out| write_findings(out, &alike(1842), &Words, &few));
        let last = report.lines().last().unwrap_or_default();
        assert_eq!((report.lines().count(), last), (3, "... and 2 findings more (--max-findings)"));
        let all = Manner { most: Some(4), ..manner() };
        assert_eq!(text(|out| write_findings(out, &alike(1842), &Words, &all)).lines().count(), 4);
    }
}
