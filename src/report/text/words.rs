//! Lints and what they saw in words: asked of others, and remembered for all entries that they read the same of.

use crate::findings::EntryReport;
use crate::lints::{Facts, Finding, Fix, Lint, describe};
use crate::model::accounts::IdNames;
use crate::model::acl::Acls;
use crate::model::entry::{Kind, State};
use crate::model::text::escape::escape_message;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The words for findings.
pub(crate) trait Wording {
    /// What a finding says of its entry: lowercase start, no period, no path.
    fn message(&self, finding: &Finding, report: &EntryReport) -> String;

    /// The name of a lint.
    fn lint(&self, lint: Lint) -> &str {
        lint.name()
    }
}

/// What the lints themselves say, with the names of users and groups.
pub(crate) struct Words<'a>(pub &'a dyn IdNames);

impl Wording for Words<'_> {
    fn message(&self, finding: &Finding, report: &EntryReport) -> String {
        let said = match finding.lint {
            Lint::Unreachable => report.obstacle(),
            Lint::Conflict => report.conflict(),
            _ => None,
        };
        if let Some(said) = said {
            return said.to_owned();
        }
        let facts = Facts {
            kind: report.kind,
            actual: report.effective(),
            ideal: report.ideal,
            nlink: report.nlink,
            acls: report.acls(),
            judged: report.judged(),
            losers: report.losers(),
        };
        describe(finding, &facts, self.0)
    }
}

/// What is to be said of a fix behind a finding's message; nothing where it is safe, or where there could be none.
pub(crate) fn fix_hint(fix: Fix) -> String {
    match fix {
        Fix::Unsafe(because) => format!("; fix is unsafe: {}", because.explanation()),
        Fix::None(Some(because)) => format!("; never fixed: {}", because.explanation()),
        Fix::Safe | Fix::None(None) => String::new(),
    }
}

/// So many messages are kept: a tree has few states, and who makes more of them gets no more memory.
const KEPT_AT_MOST: usize = 4096;

/// Words that remember what they said, escaped for people.
pub(crate) struct Phrases<'a> {
    words: &'a dyn Wording,
    said: RefCell<HashMap<Said, Rc<str>>>,
}

/// All that a message speaks of, but for ACLs, obstacles and conflicts.
#[derive(PartialEq, Eq, Hash)]
struct Said {
    lint: Lint,
    kind: Kind,
    actual: State,
    ideal: State,
    nlink: u32,
}

impl<'a> Phrases<'a> {
    /// Remembers what these words say.
    pub(crate) fn of(words: &'a dyn Wording) -> Phrases<'a> {
        Phrases { words, said: RefCell::default() }
    }

    /// What a finding says of its entry.
    pub(crate) fn message(&self, finding: &Finding, report: &EntryReport) -> Rc<str> {
        let say = || Rc::from(escape_message(&self.words.message(finding, report)));
        let is_its_own = report.obstacle().or(report.conflict()).is_some();
        if is_its_own || report.acls() != Acls::default() {
            return say();
        }
        let EntryReport { kind, actual, ideal, nlink, .. } = *report;
        let mut said = self.said.borrow_mut();
        if said.len() >= KEPT_AT_MOST {
            said.clear();
        }
        said.entry(Said { lint: finding.lint, kind, actual, ideal, nlink }).or_insert_with(say).clone()
    }

    /// The name of a lint.
    pub(crate) fn lint(&self, lint: Lint) -> &'a str {
        self.words.lint(lint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::survey;
    use std::cell::Cell;

    /// Says what it is asked, and how often it was.
    #[derive(Default)]
    struct Loud(Cell<usize>);

    impl Wording for Loud {
        fn message(&self, finding: &Finding, report: &EntryReport) -> String {
            self.0.set(self.0.get() + 1);
            format!("{} {:?} {:?} {}\n", finding.lint, report.actual, report.ideal, report.nlink)
        }
    }

    #[test]
    fn says_again_only_what_was_said_of_the_same() {
        let (loud, survey) = (Loud::default(), survey());
        let phrases = Phrases::of(&loud);
        let report = &survey.reports[1];
        let other = EntryReport { nlink: report.nlink + 1, path: b"z".as_slice().into(), ..report.clone() };
        let mut obstacle = report.clone();
        obstacle.rare_mut().obstacle = Some("wall".into());
        for (report, asked) in [(report, 1), (report, 1), (&other, 2), (report, 2), (&obstacle, 3), (&obstacle, 4)] {
            let said = phrases.message(&report.findings[0], report);
            assert_eq!(loud.0.get(), asked);
            assert_eq!(*said, *escape_message(&loud.message(&report.findings[0], report)));
            loud.0.set(asked);
        }
    }
}
