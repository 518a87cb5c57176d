//! Metrics for Prometheus, in the text format that the node exporter's textfile collector reads.

mod earlier;
mod repair;

pub(crate) use repair::{Repair, write_repair};

use crate::findings::{EntryError, Survey};
use crate::lints::{Check, Level, Lint};
use crate::model::text::escape::escape;
use crate::report::Check as Told;
use crate::report::check::{Ended, Failed, root_bytes};
use crate::report::text::words::Wording;
use earlier::last_success_of;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// The name of the metric that says when a run was last complete.
const LAST_SUCCESS: &str = "sgidlint_last_success_timestamp_seconds";

/// The name of the metric that says how a run ended.
const EXIT_STATUS: &str = "sgidlint_exit_status";

/// The name of the metric that says how many entries a root has.
const ROOT_ENTRIES: &str = "sgidlint_root_entries";

/// How many roots have a series for each lint; where there are more, those of one level are one.
const MOST_ROOTS: usize = 100;

/// When a run was last complete, by what an earlier one wrote.
pub(super) fn last_success(written: &str) -> Option<i64> {
    last_success_of(written, LAST_SUCCESS)
}

/// What is said of roots that have lost most of their entries since an earlier run wrote this.
pub(super) fn shrunk(written: &str, survey: &Survey) -> Vec<String> {
    earlier::shrunk(written, survey)
}

/// Writes the numbers of a check. Every series says of which policies it is and, where it goes to a file, of which:
/// those of two jobs in one directory are never the same. What wasn't counted to the end has no series: the next whole
/// run would seem to have found more. A root that couldn't be read to its end, or was looked at in part as PATHs said, is
/// no reason to say nothing of the others.
pub(super) fn write_check(out: &mut dyn Write, check: &Told<'_>) -> io::Result<()> {
    let Told { survey, words, ref ended, omitted, removable, file, .. } = *check;
    let report = report_label(file);
    let is_of_all = ended.is_complete() && !omitted.is_less_than_roots;
    let is_partial = |root: &u32| omitted.partial.binary_search(root).is_ok();
    let mut whole = whole_roots(survey, ended);
    whole.retain(|root| !is_partial(root));
    let is_seen = |&root: &u32| survey.roots.get(root as usize).is_some_and(|root| root.id.is_some());
    if whole.iter().any(is_seen) || is_of_all {
        head(
            out,
            "sgidlint_findings",
            "Findings by policy, root, lint and level, of roots that were looked at whole; those about a policy have no root.",
        )?;
        for ((policy, root, lint, level), count) in findings(survey, words, &whole, is_of_all) {
            let (policy, root, lint, level) = (label(&policy), label(&root), label(&lint), level.name());
            let labels = format!(r#"policy="{policy}"{report},root="{root}",lint="{lint}",level="{level}""#);
            writeln!(out, "sgidlint_findings{{{labels}}} {count}")?;
        }
    }
    let seen = whole.iter().copied().filter(is_seen);
    let entries = by_place(survey, seen.filter_map(|root| Some((root, *survey.entries.get(&root)?))));
    write_places(out, (ROOT_ENTRIES, "Entries seen below each root that was looked at whole."), entries, &report)?;
    let errors = survey.errors.iter().filter_map(|error| Some((error.root?, 1)));
    let all = (0..survey.roots.len() as u32).filter(|root| is_seen(root) && !is_partial(root));
    let errors = by_place(survey, all.map(|root| (root, 0)).chain(errors));
    write_places(out, ("sgidlint_root_errors", "What could not be read below each root."), errors, &report)?;
    let policies: BTreeSet<&str> = survey.policies.iter().map(|policy| policy.name.as_str()).collect();
    let policies = policies.into_iter().collect::<Vec<_>>().join(",");
    let labels = format!(r#"policy="{}"{report}"#, label(&escape(policies.as_bytes())));
    let counts = &survey.counts;
    let counted = |count: u64| is_of_all.then(|| count.to_string());
    let errors = Some(survey.errors.len().to_string());
    let series = [
        ("sgidlint_suppressed_findings", "Findings that exceptions cover.", counted(counts.suppressed)),
        ("sgidlint_known_findings", "Findings that the baseline knows.", counted(counts.known)),
        (
            "sgidlint_stale_baseline_lines",
            "Lines of the baseline whose findings are no more.",
            counted(removable.len() as u64),
        ),
        ("sgidlint_entries", "Entries seen, of a run that looked at everything.", counted(counts.entries)),
        ("sgidlint_excluded_entries", "Entries that an exclude kept out.", counted(counts.excluded)),
        ("sgidlint_skipped_mounts", "Mounts that were not entered.", counted(survey.skipped_mounts.len() as u64)),
        ("sgidlint_errors", "What could not be read.", errors),
    ];
    write_series(out, &labels, &series)?;
    write_end(out, &labels, ended, if is_of_all { Success::Now } else { Success::Before })
}

/// The roots that were read to their end: all of a complete run, those without errors of one that went through all of them.
fn whole_roots(survey: &Survey, ended: &Ended) -> BTreeSet<u32> {
    let all = (0..).take(survey.roots.len());
    // What concerns no root and no place in particular concerns them all.
    let is_of_all = |error: &EntryError| error.root.is_none() && error.path.bytes().is_empty();
    if ended.is_complete() {
        return all.collect();
    }
    if !ended.is_whole || ended.is_interrupted() || survey.errors.iter().any(is_of_all) {
        return BTreeSet::new();
    }
    let troubled: BTreeSet<u32> = survey.errors.iter().filter_map(|error| error.root).collect();
    all.filter(|root| !troubled.contains(root)).collect()
}

/// A number for each policy and root by name: one directory may be the root of two trees.
fn by_place(survey: &Survey, counts: impl Iterator<Item = (u32, u64)>) -> BTreeMap<(String, String), u64> {
    let mut places = BTreeMap::new();
    for (root, count) in counts {
        let policy = survey.roots.get(root as usize).and_then(|root| survey.policies.get(root.policy as usize));
        let policy = policy.map_or("", |policy| &policy.name);
        let place = (escape(policy.as_bytes()).into_owned(), escape(root_bytes(survey, root)).into_owned());
        *places.entry(place).or_default() += count;
    }
    places
}

fn write_places(
    out: &mut dyn Write,
    (name, help): (&str, &str),
    places: BTreeMap<(String, String), u64>,
    report: &str,
) -> io::Result<()> {
    if !places.is_empty() {
        head(out, name, help)?;
    }
    places.into_iter().try_for_each(|((policy, root), count)| {
        writeln!(out, r#"{name}{{policy="{}"{report},root="{}"}} {count}"#, label(&policy), label(&root))
    })
}

/// Writes that a check failed before it looked at anything; of which policies, only what an earlier run wrote can say.
pub(super) fn write_failed(out: &mut dyn Write, failed: &Failed<'_>) -> io::Result<()> {
    let Failed { ref ended, file, before, .. } = *failed;
    let policy = policy_label(before, EXIT_STATUS).map(|policy| format!(r#"policy="{policy}""#)).unwrap_or_default();
    let labels = format!("{policy}{}", report_label(file));
    write_end(out, labels.trim_start_matches(','), ended, Success::Before)
}

/// Which run was the last that looked at everything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Success {
    /// This one.
    Now,
    /// The one that an earlier report says, if it does.
    Before,
}

/// How and when a run ended.
fn write_end(out: &mut dyn Write, labels: &str, ended: &Ended, success: Success) -> io::Result<()> {
    let now = ended.began.checked_add(ended.took).unwrap_or(ended.began).as_second();
    let success = if success == Success::Now { Some(now) } else { ended.last_success };
    let number = |count: u64| Some(count.to_string());
    let series = [
        (EXIT_STATUS, "Exit status of the last run.", number(ended.exit.into())),
        (
            "sgidlint_interrupted_runs",
            "Interrupted runs on record that were not undone.",
            ended.interrupted.and_then(number),
        ),
        ("sgidlint_run_seconds", "How long the last run took.", Some(format!("{:.3}", ended.took.as_secs_f64()))),
        ("sgidlint_last_run_timestamp_seconds", "When the last run ended.", Some(now.to_string())),
        (
            LAST_SUCCESS,
            "When a run last looked at everything, whatever it found.",
            success.map(|success| success.to_string()),
        ),
    ];
    write_series(out, labels, &series)
}

/// A metric of one series: its name, its help, and its value where there is one.
type Single = (&'static str, &'static str, Option<String>);

fn write_series(out: &mut dyn Write, labels: &str, series: &[Single]) -> io::Result<()> {
    let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    for (name, help, value) in series {
        if let Some(value) = value {
            head(out, name, help)?;
            writeln!(out, "{name}{labels} {value}")?;
        }
    }
    Ok(())
}

/// The label of the file that metrics go to.
fn report_label(file: Option<&str>) -> String {
    file.map(|name| format!(r#",report="{}""#, label(&escape(name.as_bytes())))).unwrap_or_default()
}

/// The value of the label of the policies as an earlier run wrote it, escapes and all.
fn policy_label<'w>(written: &'w str, name: &str) -> Option<&'w str> {
    let head = r#"{policy=""#;
    let value = written.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(head))?;
    let mut letters = value.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some(&value[..at]),
            // An escape that there is none of would make the whole file unreadable.
            '\\' if !matches!(letters.next()?.1, '\\' | '"' | 'n') => return None,
            _ => {}
        }
    }
    None
}

fn head(out: &mut dyn Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
}

/// What tells a series from others: policy, root, lint, level.
type Series = (String, String, String, Level);

/// How many findings there are of each policy, root, lint and level, also where there are none, that a rise is one from
/// the start; a series must stand once only.
fn findings(survey: &Survey, words: &dyn Wording, whole: &BTreeSet<u32>, is_complete: bool) -> BTreeMap<Series, u64> {
    let by_lint = survey.roots.len() <= MOST_ROOTS;
    let series = |policy: u32, root: Option<u32>, lint: Lint, level: Level| -> Series {
        let policy = survey.policies.get(policy as usize).map_or(String::new(), |policy| policy.name.clone());
        let path = root.map(|root| escape(root_bytes(survey, root)).into_owned()).unwrap_or_default();
        let lint = if by_lint || root.is_none() { words.lint(lint).to_owned() } else { String::new() };
        (escape(policy.as_bytes()).into_owned(), path, lint, level)
    };
    let mut counts = BTreeMap::new();
    for (policy, levels) in survey.levels.iter().enumerate() {
        // What people can do isn't asked by every check.
        let is_asked = |lint: Lint| !matches!(lint.row().check, Check::Called(file) if file.starts_with("access/"));
        let told = Lint::ALL.into_iter().filter(|&lint| levels.of(lint) != Level::Allow && is_asked(lint));
        // Of a root that PATHs left out nothing is known.
        let places = survey.roots.iter().zip(0..).filter(|(root, _)| root.policy as usize == policy);
        let places = places.filter(|(root, at)| root.id.is_some() && whole.contains(at));
        let places: Vec<Option<u32>> = places.map(|(_, root)| Some(root)).collect();
        for lint in told {
            // What is said of a policy follows from all of its roots.
            let of_policy = [None];
            let of_policy = if is_complete { &of_policy[..] } else { &[] };
            let is_of_entries = !matches!(lint.row().check, Check::Called(_));
            let places = if is_of_entries { &places[..] } else { of_policy };
            counts.extend(places.iter().map(|&root| (series(policy as u32, root, lint, levels.of(lint)), 0)));
        }
    }
    let mut by_root: BTreeMap<(u32, Lint, Level), u64> = BTreeMap::new();
    for report in survey.reports.iter().filter(|report| whole.contains(&report.root)) {
        for finding in &report.findings {
            *by_root.entry((report.root, finding.lint, finding.level)).or_default() += 1;
        }
    }
    let policy = |root: u32| survey.roots.get(root as usize).map_or(u32::MAX, |root| root.policy);
    let on_entries = by_root.into_iter().map(|((root, lint, level), count)| {
        let series = series(policy(root), Some(root), lint, level);
        (series, count)
    });
    let on_policies = survey.notices.iter().filter(|_| is_complete).map(|notice| {
        let root = notice.unmet.as_deref().and_then(|unmet| unmet.root);
        (series(notice.policy, root, notice.lint, notice.level), 1)
    });
    for (series, count) in on_entries.chain(on_policies) {
        *counts.entry(series).or_default() += count;
    }
    counts
}

/// The value of a label: a backslash, a quote and the end of a line are escaped.
fn label(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests;
