//! Baselines: findings that are known, so that only new ones count.
//!
//! A file of JSON lines, sorted and without times or counts, so that it can be kept under version control and its
//! lines be removed by hand. A line that is lost only makes a known finding a new one, so there is no line at the end.

mod line;

use crate::findings::found::{EntryReport, Notice, Root, Survey, Unmet};
use crate::findings::order::path_in_tree;
use crate::judging::selection::Selection;
use crate::lints::{Finding, Lint};
use crate::model::path::{PATH_MAX, TreePath};
use crate::model::wire::{Numbered, Trail};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Findings that are known, each with the line that says so; 0 where it was never in a file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Baseline {
    known: BTreeMap<Known, u32>,
}

/// What makes a finding the one that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    /// The lint.
    pub lint: Lint,
    /// What it was found on.
    pub subject: BaselineSubject,
}

/// What a finding is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum BaselineSubject {
    /// An entry.
    Entry {
        /// The name of the policy that judges it.
        policy: Box<str>,
        /// Its root as it is written there: another checkout has it elsewhere, and another owner.
        root: Box<[u8]>,
        /// Its path from there.
        path: TreePath,
    },
    /// A policy.
    Policy {
        /// Its name.
        policy: Box<str>,
        /// What is wrong with it; lines move too often.
        message: Box<str>,
    },
}

/// Why a baseline can't be read: its line and what is wrong there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub(crate) struct BaselineError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

impl Baseline {
    /// All that a survey found.
    pub(crate) fn of(survey: &Survey) -> Baseline {
        let mut baseline = Baseline::default();
        let on_entries =
            survey.reports.iter().flat_map(|report| report.findings.iter().map(move |f| known(survey, report, f)));
        let on_policies = survey.notices.iter().filter_map(|notice| known_notice(survey, notice));
        baseline.known.extend(on_entries.chain(on_policies).map(|known| (known, 0)));
        baseline
    }

    /// The same with what another one knows of what a run didn't look at: with PATHs, of all that lies elsewhere.
    #[must_use]
    pub(crate) fn with_unseen(mut self, other: Baseline, survey: &Survey, selection: &Selection) -> Baseline {
        let scope = BaselineScope::of(survey, selection);
        let unseen: Vec<Known> = other.known.into_keys().filter(|known| !scope.covers(known)).collect();
        drop(scope);
        for known in unseen {
            self.known.entry(known).or_insert(0);
        }
        self
    }

    /// The same without these of its lines.
    #[must_use]
    pub(crate) fn without(mut self, lines: &HashSet<u32>) -> Baseline {
        self.known.retain(|_, line| !lines.contains(line));
        self
    }

    /// How many findings it knows.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Reads a file; `name` is what errors call it.
    pub(crate) fn read(bytes: &[u8], name: &str) -> Result<Baseline, BaselineError> {
        let fail = |line: usize, message: String| BaselineError {
            file: name.into(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            message,
        };
        let mut baseline = Baseline::default();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let mut numbered = Numbered::default();
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(fail(
                1,
                "the file is empty, and a baseline has a first line at least: write it anew with --write-baseline"
                    .into(),
            ));
        }
        let mut lines = bytes.split(|&byte| byte == b'\n').zip(1..);
        let head = lines.next().map_or(&b""[..], |(head, _)| head);
        line::read_head(head).map_err(|message| fail(1, message))?;
        for (text, number) in lines {
            let known = line::read(text, &mut numbered).map_err(|message| fail(number, message))?;
            let Some(known) = known else { continue };
            let at = u32::try_from(number).unwrap_or(u32::MAX);
            if let Some(before) = baseline.known.insert(known, at) {
                return Err(fail(number, format!("the same finding as on line {before}: remove one of them")));
            }
        }
        Ok(baseline)
    }

    /// The policies that it knows findings of and that a survey has none of, each with how many: renamed, or not of this run.
    pub(crate) fn of_other_policies(&self, survey: &Survey) -> BTreeMap<&str, u64> {
        let mut others: BTreeMap<&str, u64> = BTreeMap::new();
        for known in self.known.keys() {
            let (BaselineSubject::Entry { policy, .. } | BaselineSubject::Policy { policy, .. }) = &known.subject;
            if !survey.policies.iter().any(|judging| *judging.name == **policy) {
                *others.entry(policy).or_default() += 1;
            }
        }
        others
    }

    /// Writes it: the same findings give the same bytes.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        line::write_head(out)?;
        let mut trail = Trail::default();
        self.known.keys().try_for_each(|known| line::write_known(known, &mut trail, out))
    }

    /// Takes what is known out of a survey and counts it; gives the findings that are no more, each with its line.
    ///
    /// What this run didn't look at isn't called mended: other roots, what `selection` leaves out, what couldn't be read.
    pub(crate) fn take_known(&self, survey: &mut Survey, selection: &Selection) -> Vec<(&Known, u32)> {
        let mut met: HashSet<u32> = HashSet::new();
        let indexed: BTreeMap<&Known, u32> = self.known.keys().zip(0..).collect();
        let mut known_too = 0;
        let mut reports = std::mem::take(&mut survey.reports);
        for report in &mut reports {
            let is_new = |finding: &&Finding| {
                let index = indexed.get(&known(survey, report, finding));
                met.extend(index);
                known_too += u64::from(index.is_some());
                index.is_none()
            };
            report.findings = report.findings.iter().filter(is_new).copied().collect();
        }
        reports.retain(|report| !report.findings.is_empty());
        let mut notices = std::mem::take(&mut survey.notices);
        notices.retain(|notice| {
            let index = known_notice(survey, notice).and_then(|known| indexed.get(&known));
            met.extend(index);
            known_too += u64::from(index.is_some());
            index.is_none()
        });
        (survey.reports, survey.notices) = (reports, notices);
        survey.counts.known += known_too;
        let scope = BaselineScope::of(survey, selection);
        let left = self.known.iter().zip(0..).filter(|(_, index)| !met.contains(index));
        left.map(|((known, &line), _)| (known, line)).filter(|(known, _)| scope.covers(known)).collect()
    }
}

fn known(survey: &Survey, report: &EntryReport, finding: &Finding) -> Known {
    let policy = survey.roots.get(report.root as usize).map_or("", |root| name(survey, root.policy));
    let root = survey.written_root(report.root);
    let subject = BaselineSubject::Entry { policy: policy.into(), root: root.into(), path: report.path.clone() };
    Known { lint: finding.lint, subject }
}

/// What is known of a finding about a policy. None where its message names an entry that no call could be given: it
/// leaves names out, so that somebody could make another of which the same would be said.
fn known_notice(survey: &Survey, notice: &Notice) -> Option<Known> {
    let root = |unmet: &Unmet| unmet.root.and_then(|root| survey.roots.get(root as usize)).map_or(0, length);
    if notice.unmet.as_deref().is_some_and(|unmet| root(unmet) + unmet.path.length() >= PATH_MAX) {
        return None;
    }
    let (policy, message) = (name(survey, notice.policy).into(), survey.written_notice(notice).into());
    Some(Known { lint: notice.lint, subject: BaselineSubject::Policy { policy, message } })
}

fn length(root: &Root) -> usize {
    root.path.as_os_str().len()
}

fn name(survey: &Survey, policy: u32) -> &str {
    survey.policies.get(policy as usize).map_or("", |policy| &policy.name)
}

/// What a run looked at.
struct BaselineScope<'a> {
    survey: &'a Survey,
    /// Where the roots are that are judged, by their policies and as they are written.
    roots: HashMap<(&'a str, &'a [u8]), &'a Path>,
    selection: &'a Selection,
    /// Absolute paths that couldn't be read, or whose mounts were not entered.
    blind: HashSet<PathBuf>,
}

impl<'a> BaselineScope<'a> {
    fn of(survey: &'a Survey, selection: &'a Selection) -> BaselineScope<'a> {
        let root = |root: u32| survey.roots.get(root as usize).map_or(Path::new(""), |root| &root.path);
        let place = |base: &Path, path: &TreePath| base.join(Path::new(std::ffi::OsStr::from_bytes(&path.bytes())));
        let errors = survey.errors.iter().map(|error| place(error.root.map_or(Path::new(""), root), &error.path));
        let mounts = survey.skipped_mounts.iter().map(|mount| place(root(mount.root), &mount.path));
        // `.` is the root itself, and the empty path what concerns all of the run.
        let normal = |path: PathBuf| path.components().collect::<PathBuf>();
        let place = |(root, index): (&'a Root, u32)| {
            ((name(survey, root.policy), survey.written_root(index)), root.path.as_path())
        };
        let roots = survey.roots.iter().zip(0..).map(place).collect();
        BaselineScope { survey, roots, selection, blind: errors.chain(mounts).map(normal).collect() }
    }

    fn covers(&self, known: &Known) -> bool {
        match &known.subject {
            // What a policy says in vain isn't told of a part of its trees.
            BaselineSubject::Policy { policy, .. } => {
                (self.selection.is_all() || self.survey.usage.is_some())
                    && self.survey.policies.iter().any(|known| *known.name == **policy)
            }
            BaselineSubject::Entry { policy, root, path } => {
                let Some(root) = self.roots.get(&(&**policy, &**root)) else { return false };
                let place: PathBuf =
                    root.join(Path::new(std::ffi::OsStr::from_bytes(&path.bytes()))).components().collect();
                let is_limited = !self.selection.selects(&place);
                let is_blind =
                    self.blind.contains(Path::new("")) || place.ancestors().any(|at| self.blind.contains(at));
                !is_limited && !is_blind
            }
        }
    }
}

impl Ord for Known {
    /// Policies first, then entries in path order; all that tells two apart counts.
    fn cmp(&self, other: &Known) -> Ordering {
        let subjects = match (&self.subject, &other.subject) {
            (BaselineSubject::Policy { .. }, BaselineSubject::Entry { .. }) => Ordering::Less,
            (BaselineSubject::Entry { .. }, BaselineSubject::Policy { .. }) => Ordering::Greater,
            (BaselineSubject::Policy { policy: a, message: x }, BaselineSubject::Policy { policy: b, message: y }) => {
                (a, x).cmp(&(b, y))
            }
            (
                BaselineSubject::Entry { policy: one, root: a, path: x },
                BaselineSubject::Entry { policy: other, root: b, path: y },
            ) => path_in_tree((a, x), (b, y)).then_with(|| (a, x, one).cmp(&(b, y, other))),
        };
        subjects.then_with(|| self.lint.name().cmp(other.lint.name()))
    }
}

impl PartialOrd for Known {
    fn partial_cmp(&self, other: &Known) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests;
