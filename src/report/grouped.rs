//! Findings that are alike, told as one: a directory with a thousand files of one wrong is one thing to know.

use super::human::{Grouping, Manner};
use super::style::number;
use super::words::Wording;
use crate::entry::Kind;
use crate::intent::RuleId;
use crate::lints::{Finding, Fix, Level, Lint};
use crate::survey::{Flaw, Survey};
use std::collections::HashMap;

/// So many findings that are alike are each told on a line of their own.
const HANDFUL: u64 = 5;

/// One line of a report: a finding, or many of one directory that are alike.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// The first entry.
    pub flaw: &'a Flaw,
    /// What is wrong with it.
    pub finding: &'a Finding,
    /// How many it stands for.
    pub count: u64,
}

impl Line<'_> {
    /// Whether it stands for several.
    pub fn is_group(&self) -> bool {
        self.count > 1
    }

    /// `1,842 files`.
    pub fn entries(&self) -> String {
        let entries = match self.flaw.kind {
            Kind::Dir => "directories",
            Kind::File => "files",
            Kind::Symlink => "symbolic links",
            Kind::Fifo => "FIFOs",
            Kind::Socket => "sockets",
            Kind::Block => "block devices",
            Kind::Char => "character devices",
        };
        format!("{} {entries}", number(self.count))
    }
}

/// What is alike: all that a line says but the name.
#[derive(PartialEq, Eq, Hash)]
struct Likeness<'a> {
    root: u32,
    directory: &'a [u8],
    kind: Kind,
    lint: Lint,
    level: Level,
    fix: Fix,
    rule: Option<RuleId>,
    message: String,
}

/// The lines of a report in path order: a group stands where the first of it would.
pub fn lines<'a>(survey: &'a Survey, words: &dyn Wording, manner: &Manner) -> Vec<Line<'a>> {
    let findings = survey.flaws.iter().flat_map(|flaw| flaw.findings.iter().map(move |finding| (flaw, finding)));
    let told = findings.filter(|(_, finding)| manner.tells(finding.level));
    if manner.grouping == Grouping::Full {
        return told.map(|(flaw, finding)| Line { flaw, finding, count: 1 }).collect();
    }
    let mut groups: HashMap<Likeness<'a>, usize> = HashMap::new();
    let mut counts: Vec<u64> = Vec::new();
    let mut lines: Vec<(Line<'a>, usize)> = Vec::new();
    for (flaw, finding) in told {
        let group = *groups.entry(likeness(flaw, finding, words)).or_insert_with(|| {
            counts.push(0);
            counts.len() - 1
        });
        counts[group] += 1;
        lines.push((Line { flaw, finding, count: 1 }, group));
    }
    let mut is_told = vec![false; counts.len()];
    lines.retain_mut(|(line, group)| {
        if counts[*group] <= HANDFUL {
            return true;
        }
        line.count = counts[*group];
        !std::mem::replace(&mut is_told[*group], true)
    });
    lines.into_iter().map(|(line, _)| line).collect()
}

fn likeness<'a>(flaw: &'a Flaw, finding: &Finding, words: &dyn Wording) -> Likeness<'a> {
    let Finding { lint, level, fix, rule } = *finding;
    let message = words.message(finding, flaw);
    Likeness { root: flaw.root, directory: directory(flaw), kind: flaw.kind, lint, level, fix, rule, message }
}

/// The directory that an entry lies in, from the root; that of the root itself is nowhere.
pub fn directory(flaw: &Flaw) -> &[u8] {
    match (&*flaw.path, flaw.path.iter().rposition(|&byte| byte == b'/')) {
        (b".", _) => b"",
        (path, Some(slash)) => &path[..slash],
        (_, None) => b".",
    }
}

#[cfg(test)]
mod tests {
    use super::super::human::{Strictness, write_findings};
    use super::super::samples::{Words, state, survey, text};
    use super::super::{Palette, Verbosity};
    use super::*;
    use snapbox::{IntoData, assert_data_eq, str};

    fn manner() -> Manner {
        Manner::new(Palette::PLAIN, Verbosity::Normal, Strictness::Deny)
    }

    /// So many files of one wrong in `data/raw`, with a directory of two others between them.
    fn alike(count: u64) -> Survey {
        let mut survey = survey();
        let model = survey.flaws[1].clone();
        survey.flaws.clear();
        let mut push = |path: String, gid: u32| {
            let actual = state(1001, gid, 0o644);
            let ideal = state(1001, 3001, 0o644);
            survey.flaws.push(Flaw { path: path.into_bytes().into(), actual, ideal, ..model.clone() });
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
