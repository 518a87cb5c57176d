//! Metrics for Prometheus, in the text format that the node exporter's textfile collector reads.

use crate::findings::{Root, Survey};
use crate::lints::{Check, Level, Lint};
use crate::model::text::escape::escape;
use crate::report::Check as Told;
use crate::report::check::{Ended, Failed, root_bytes};
use crate::report::text::words::Wording;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// The name of the metric that says when a run was last complete.
const LAST_SUCCESS: &str = "sgidlint_last_success_timestamp_seconds";

/// The name of the metric that says how a run ended.
const EXIT_STATUS: &str = "sgidlint_exit_status";

/// How many roots have a series for each lint; where there are more, those of one level are one.
const MOST_ROOTS: usize = 100;

/// Writes the numbers of a check. Every series says of which policies it is and, where it goes to a file, of which:
/// those of two jobs in one directory are never the same. What wasn't counted to the end has no series: the next whole
/// run would seem to have found more.
pub(super) fn write_check(out: &mut dyn Write, check: &Told<'_>) -> io::Result<()> {
    let Told { survey, words, ref ended, file, .. } = *check;
    let report = report_label(file);
    if ended.is_complete() {
        head(
            out,
            "sgidlint_findings",
            "Findings by policy, root, lint and level, of a run that looked at everything; those about a policy have no root.",
        )?;
        for ((policy, root, lint, level), count) in findings(survey, words) {
            let (policy, root, lint, level) = (label(&policy), label(&root), label(&lint), level.name());
            let labels = format!(r#"policy="{policy}"{report},root="{root}",lint="{lint}",level="{level}""#);
            writeln!(out, "sgidlint_findings{{{labels}}} {count}")?;
        }
    }
    let policies: BTreeSet<&str> = survey.policies.iter().map(|policy| policy.name.as_str()).collect();
    let policies = policies.into_iter().collect::<Vec<_>>().join(",");
    let labels = format!(r#"policy="{}"{report}"#, label(&escape(policies.as_bytes())));
    let counts = &survey.counts;
    let counted = |count: u64| ended.is_complete().then(|| count.to_string());
    let errors = Some(survey.errors.len().to_string());
    let series = [
        ("sgidlint_suppressed_findings", "Findings that exceptions cover.", counted(counts.suppressed)),
        ("sgidlint_known_findings", "Findings that the baseline knows.", counted(counts.known)),
        ("sgidlint_entries", "Entries seen, of a run that looked at everything.", counted(counts.entries)),
        ("sgidlint_excluded_entries", "Entries that an exclude kept out.", counted(counts.excluded)),
        ("sgidlint_skipped_mounts", "Mounts that were not entered.", counted(survey.skipped_mounts.len() as u64)),
        ("sgidlint_errors", "What could not be read.", errors),
    ];
    write_series(out, &labels, &series)?;
    write_end(out, &labels, ended)
}

/// Writes that a check failed before it looked at anything; of which policies, only what an earlier run wrote can say.
pub(super) fn write_failed(out: &mut dyn Write, failed: &Failed<'_>) -> io::Result<()> {
    let Failed { ref ended, file, before, .. } = *failed;
    let policy = policy_label(before).map(|policy| format!(r#"policy="{policy}""#)).unwrap_or_default();
    let labels = format!("{policy}{}", report_label(file));
    write_end(out, labels.trim_start_matches(','), ended)
}

/// How and when a run ended.
fn write_end(out: &mut dyn Write, labels: &str, ended: &Ended) -> io::Result<()> {
    let now = ended.began.checked_add(ended.took).unwrap_or(ended.began).as_second();
    let success = if ended.is_complete() { Some(now) } else { ended.last_success };
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
fn policy_label(written: &str) -> Option<&str> {
    let head = r#"{policy=""#;
    let value = written.lines().find_map(|line| line.strip_prefix(EXIT_STATUS)?.strip_prefix(head))?;
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

/// When a run was last complete, by what the run before wrote.
pub(super) fn last_success(written: &str) -> Option<i64> {
    let line = written.lines().find(|line| line.starts_with(LAST_SUCCESS))?;
    line.rsplit_once(' ')?.1.parse().ok().filter(|&seconds| seconds > 0)
}

fn head(out: &mut dyn Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
}

/// What tells a series from others: policy, root, lint, level.
type Series = (String, String, String, Level);

/// How many findings there are of each policy, root, lint and level, also where there are none, that a rise is one from
/// the start; a series must stand once only.
fn findings(survey: &Survey, words: &dyn Wording) -> BTreeMap<Series, u64> {
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
        let is_seen = |root: &Root| root.policy as usize == policy && root.id.is_some();
        let places = survey.roots.iter().zip(0..).filter(|(root, _)| is_seen(root));
        let places: Vec<Option<u32>> = places.map(|(_, root)| Some(root)).collect();
        for lint in told {
            let of_policy = [None];
            let is_of_entries = !matches!(lint.row().check, Check::Called(_));
            let places = if is_of_entries { &places[..] } else { &of_policy };
            counts.extend(places.iter().map(|&root| (series(policy as u32, root, lint, levels.of(lint)), 0)));
        }
    }
    let mut by_root: BTreeMap<(u32, Lint, Level), u64> = BTreeMap::new();
    for report in &survey.reports {
        for finding in &report.findings {
            *by_root.entry((report.root, finding.lint, finding.level)).or_default() += 1;
        }
    }
    let policy = |root: u32| survey.roots.get(root as usize).map_or(u32::MAX, |root| root.policy);
    let on_entries = by_root.into_iter().map(|((root, lint, level), count)| {
        let series = series(policy(root), Some(root), lint, level);
        (series, count)
    });
    let on_policies = survey.notices.iter().map(|notice| {
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
mod tests {
    use super::*;
    use crate::lints::Levels;
    use crate::report::check::samples::{check_of, ended, failed};
    use crate::report::samples::{survey, text};
    use snapbox::{IntoData, assert_data_eq, str};

    fn whole() -> Ended {
        Ended { exit: 1, ..ended() }
    }

    fn written(survey: &Survey, ended: Ended) -> String {
        text(|out| write_check(out, &Told { file: Some("nightly"), ..check_of(survey, ended) }))
    }

    #[test]
    fn numbers_have_their_help_their_type_and_their_policy() {
        assert_data_eq!(
            written(&survey(), whole()),
            str![[r##"
# HELP sgidlint_findings Findings by policy, root, lint and level, of a run that looked at everything; those about a policy have no root.
# TYPE sgidlint_findings gauge
sgidlint_findings{policy="lab-share",report="nightly",root="",lint="expired-exception",level="warn"} 1
sgidlint_findings{policy="lab-share",report="nightly",root="/srv/lab",lint="foreign-group",level="deny"} 1
sgidlint_findings{policy="lab-share",report="nightly",root="/srv/lab",lint="hard-linked",level="warn"} 1
sgidlint_findings{policy="lab-share",report="nightly",root="/srv/lab",lint="spreading-group",level="deny"} 1
sgidlint_findings{policy="lab-share",report="nightly",root="/srv/lab",lint="world-writable",level="warn"} 1
# HELP sgidlint_suppressed_findings Findings that exceptions cover.
# TYPE sgidlint_suppressed_findings gauge
sgidlint_suppressed_findings{policy="lab-share",report="nightly"} 2
# HELP sgidlint_known_findings Findings that the baseline knows.
# TYPE sgidlint_known_findings gauge
sgidlint_known_findings{policy="lab-share",report="nightly"} 0
# HELP sgidlint_entries Entries seen, of a run that looked at everything.
# TYPE sgidlint_entries gauge
sgidlint_entries{policy="lab-share",report="nightly"} 100000
# HELP sgidlint_excluded_entries Entries that an exclude kept out.
# TYPE sgidlint_excluded_entries gauge
sgidlint_excluded_entries{policy="lab-share",report="nightly"} 3
# HELP sgidlint_skipped_mounts Mounts that were not entered.
# TYPE sgidlint_skipped_mounts gauge
sgidlint_skipped_mounts{policy="lab-share",report="nightly"} 1
# HELP sgidlint_errors What could not be read.
# TYPE sgidlint_errors gauge
sgidlint_errors{policy="lab-share",report="nightly"} 1
# HELP sgidlint_exit_status Exit status of the last run.
# TYPE sgidlint_exit_status gauge
sgidlint_exit_status{policy="lab-share",report="nightly"} 1
# HELP sgidlint_run_seconds How long the last run took.
# TYPE sgidlint_run_seconds gauge
sgidlint_run_seconds{policy="lab-share",report="nightly"} 1.250
# HELP sgidlint_last_run_timestamp_seconds When the last run ended.
# TYPE sgidlint_last_run_timestamp_seconds gauge
sgidlint_last_run_timestamp_seconds{policy="lab-share",report="nightly"} 1795307543
# HELP sgidlint_last_success_timestamp_seconds When a run last looked at everything, whatever it found.
# TYPE sgidlint_last_success_timestamp_seconds gauge
sgidlint_last_success_timestamp_seconds{policy="lab-share",report="nightly"} 1795307543

"##]]
            .raw()
        );
    }

    #[test]
    fn what_was_not_counted_to_the_end_has_no_series() {
        for exit in [3, 130] {
            let report = written(&survey(), Ended { exit, ..ended() });
            let names: Vec<&str> = report.lines().filter_map(|line| line.strip_prefix("sgidlint_")).collect();
            let names: Vec<&str> = names.iter().filter_map(|line| line.split('{').next()).collect();
            assert_eq!(names, ["errors", "exit_status", "run_seconds", "last_run_timestamp_seconds"], "{exit}");
        }
    }

    #[test]
    fn a_run_that_did_not_begin_says_so_of_the_policies_of_the_run_before() {
        let broken = |before: &str| {
            let ended = Ended { exit: 2, last_success: Some(7), ..ended() };
            text(|out| write_failed(out, &Failed { ended, file: Some("nightly"), before, ..failed() }))
        };
        let mut survey = survey();
        survey.policies[0].name = "a\"b\\".into();
        let status = |report: &str| report.lines().find(|line| line.starts_with(EXIT_STATUS)).map(str::to_owned);
        let before = written(&survey, whole());
        assert_eq!(status(&broken(&before)), status(&before).map(|line| line.replace("} 1", "} 2")));
        let unknown = Some(r#"sgidlint_exit_status{report="nightly"} 2"#.to_owned());
        let escape = "sgidlint_exit_status{policy=\"a\\x\"} 0";
        for none in ["", "sgidlint_exit_status{policy=\"a", escape, "sgidlint_exit_status 0"] {
            assert_eq!(status(&broken(none)), unknown, "{none}");
        }
        assert!(broken("").contains("sgidlint_last_success_timestamp_seconds{report=\"nightly\"} 7\n"));
    }

    #[test]
    fn what_was_not_found_is_zero() {
        let mut survey = Survey { levels: vec![Levels::default()], ..survey() };
        let report = written(&survey, whole());
        let zero = r#"{policy="lab-share",report="nightly",root="/srv/lab",lint="missing-sticky",level="deny"} 0"#;
        assert!(report.contains(zero) && report.contains(r#"lint="unused-rule",level="warn"} 0"#), "{report}");
        let series = |report: &str| report.lines().filter(|line| line.starts_with("sgidlint_findings{")).count();
        let sum = |report: &str| -> u64 {
            let lines = report.lines().filter(|line| line.starts_with("sgidlint_findings{"));
            lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
        };
        assert_eq!((series(&report), sum(&report)), (Lint::ALL.len() - 8, 5));
        // Many roots have one for each level.
        let mut root = survey.roots[0].clone();
        for number in 0..MOST_ROOTS {
            root.path = format!("/srv/{number}").into();
            survey.roots.push(root.clone());
        }
        let report = written(&survey, whole());
        assert!(report.contains(r#"root="/srv/lab",lint="",level="deny"} 2"#), "{report}");
        assert!(report.contains(r#"root="/srv/7",lint="",level="warn"} 0"#) && sum(&report) == 5, "{report}");
    }

    #[test]
    fn the_last_success_outlives_runs_that_are_none() {
        let after = written(&survey(), whole());
        assert_eq!(last_success(&after), Some(1_795_307_543));
        let failed = Ended { last_success: last_success(&after), ..ended() };
        assert_eq!(last_success(&written(&survey(), failed)), Some(1_795_307_543));
        for none in ["", "sgidlint_last_success_timestamp_seconds x", "sgidlint_last_success_timestamp_seconds -5"] {
            assert_eq!(last_success(none), None, "{none}");
        }
    }

    #[test]
    fn a_hostile_root_stays_in_its_label() {
        let mut survey = survey();
        survey.roots[0].path = "/srv/\"} 1\nx{a=\"".into();
        let report = written(&survey, whole());
        assert!(report.contains(r#"root="/srv/\"} 1\\nx{a=\"","#), "{report}");
        assert!(report.lines().all(|line| line.starts_with('#') || line.starts_with("sgidlint_")), "{report}");
    }

    #[test]
    fn a_series_stands_once_where_a_policy_judges_one_root_twice() {
        let mut survey = survey();
        survey.roots.push(survey.roots[0].clone());
        let mut report = survey.reports[0].clone();
        report.root = 1;
        survey.reports.push(report);
        let report = written(&survey, whole());
        let series: Vec<&str> = report.lines().filter(|line| line.contains("spreading-group")).collect();
        assert_eq!(series.len(), 1, "{series:?}");
        assert!(series[0].ends_with("} 2"), "{series:?}");
    }
}
