//! Metrics for Prometheus, in the text format that the node exporter's textfile collector reads.

use crate::findings::Survey;
use crate::model::text::escape::escape;
use crate::report::check::{Ended, root_bytes};
use crate::report::text::words::Wording;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The name of the metric that says when a run was last complete.
const LAST_SUCCESS: &str = "sgidlint_last_success_timestamp_seconds";

/// Writes the numbers of a check.
pub(crate) fn write_check(out: &mut dyn Write, survey: &Survey, words: &dyn Wording, ended: &Ended) -> io::Result<()> {
    head(out, "sgidlint_findings", "Findings by lint, level and root; those about a policy have no root.")?;
    for ((lint, level, root), count) in findings(survey, words) {
        let (lint, root) = (label(&lint), label(&root));
        writeln!(out, r#"sgidlint_findings{{lint="{lint}",level="{level}",root="{root}"}} {count}"#)?;
    }
    let counts = &survey.counts;
    for (name, help, count) in [
        ("sgidlint_suppressed_findings", "Findings that exceptions cover.", counts.suppressed),
        ("sgidlint_known_findings", "Findings that the baseline knows.", counts.known),
        ("sgidlint_entries", "Entries seen.", counts.entries),
        ("sgidlint_excluded_entries", "Entries that an exclude kept out.", counts.excluded),
        ("sgidlint_skipped_mounts", "Mounts that were not entered.", survey.skipped_mounts.len() as u64),
        ("sgidlint_errors", "What could not be read.", survey.errors.len() as u64),
        ("sgidlint_exit_status", "Exit status of the last run.", ended.exit.into()),
    ] {
        head(out, name, help)?;
        writeln!(out, "{name} {count}")?;
    }
    head(out, "sgidlint_run_seconds", "How long the last run took.")?;
    writeln!(out, "sgidlint_run_seconds {:.3}", ended.took.as_secs_f64())?;
    let now = ended.began.checked_add(ended.took).unwrap_or(ended.began).as_second();
    head(out, "sgidlint_last_run_timestamp_seconds", "When the last run ended.")?;
    writeln!(out, "sgidlint_last_run_timestamp_seconds {now}")?;
    let success = if ended.is_complete() { Some(now) } else { ended.last_success };
    if let Some(success) = success {
        head(out, LAST_SUCCESS, "When a run last looked at everything, whatever it found.")?;
        writeln!(out, "{LAST_SUCCESS} {success}")?;
    }
    Ok(())
}

/// When a run was last complete, by what the run before wrote.
pub(crate) fn last_success(written: &str) -> Option<i64> {
    let value = written.lines().find_map(|line| line.strip_prefix(LAST_SUCCESS)?.strip_prefix(' '))?;
    value.parse().ok().filter(|&seconds| seconds > 0)
}

fn head(out: &mut dyn Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
}

/// How many findings there are of each lint, level and root; a series must stand once only.
fn findings(survey: &Survey, words: &dyn Wording) -> BTreeMap<(String, &'static str, String), u64> {
    let mut counts = BTreeMap::new();
    let mut by_root: BTreeMap<(u32, crate::lints::Lint, crate::lints::Level), u64> = BTreeMap::new();
    for report in &survey.reports {
        for finding in &report.findings {
            *by_root.entry((report.root, finding.lint, finding.level)).or_default() += 1;
        }
    }
    let on_entries = by_root.into_iter().map(|((root, lint, level), count)| {
        let root = escape(root_bytes(survey, root)).into_owned();
        ((words.lint(lint).to_owned(), level.name(), root), count)
    });
    let on_policies = survey.notices.iter().map(|notice| {
        let root = notice.unmet.as_deref().and_then(|unmet| unmet.root);
        let root = root.map(|root| escape(root_bytes(survey, root)).into_owned()).unwrap_or_default();
        ((words.lint(notice.lint).to_owned(), notice.level.name(), root), 1)
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
    use crate::report::check::samples::ended;
    use crate::report::samples::{Words, survey, text};
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn numbers_have_their_help_and_their_type() {
        let report = text(|out| write_check(out, &survey(), &Words, &ended()));
        assert_data_eq!(
            report,
            str![[r##"
# HELP sgidlint_findings Findings by lint, level and root; those about a policy have no root.
# TYPE sgidlint_findings gauge
sgidlint_findings{lint="expired-exception",level="warn",root=""} 1
sgidlint_findings{lint="foreign-group",level="deny",root="/srv/lab"} 1
sgidlint_findings{lint="hard-linked",level="warn",root="/srv/lab"} 1
sgidlint_findings{lint="spreading-group",level="deny",root="/srv/lab"} 1
sgidlint_findings{lint="world-writable",level="warn",root="/srv/lab"} 1
# HELP sgidlint_suppressed_findings Findings that exceptions cover.
# TYPE sgidlint_suppressed_findings gauge
sgidlint_suppressed_findings 2
# HELP sgidlint_known_findings Findings that the baseline knows.
# TYPE sgidlint_known_findings gauge
sgidlint_known_findings 0
# HELP sgidlint_entries Entries seen.
# TYPE sgidlint_entries gauge
sgidlint_entries 100000
# HELP sgidlint_excluded_entries Entries that an exclude kept out.
# TYPE sgidlint_excluded_entries gauge
sgidlint_excluded_entries 3
# HELP sgidlint_skipped_mounts Mounts that were not entered.
# TYPE sgidlint_skipped_mounts gauge
sgidlint_skipped_mounts 1
# HELP sgidlint_errors What could not be read.
# TYPE sgidlint_errors gauge
sgidlint_errors 1
# HELP sgidlint_exit_status Exit status of the last run.
# TYPE sgidlint_exit_status gauge
sgidlint_exit_status 3
# HELP sgidlint_run_seconds How long the last run took.
# TYPE sgidlint_run_seconds gauge
sgidlint_run_seconds 1.250
# HELP sgidlint_last_run_timestamp_seconds When the last run ended.
# TYPE sgidlint_last_run_timestamp_seconds gauge
sgidlint_last_run_timestamp_seconds 1795307543

"##]]
            .raw()
        );
    }

    #[test]
    fn the_last_success_outlives_runs_that_are_none() {
        let success = Ended { exit: 1, ..ended() };
        let written = text(|out| write_check(out, &survey(), &Words, &success));
        assert_eq!(last_success(&written), Some(1_795_307_543));
        let failed = Ended { last_success: last_success(&written), ..ended() };
        let after = text(|out| write_check(out, &survey(), &Words, &failed));
        assert_eq!(last_success(&after), Some(1_795_307_543));
        for none in ["", "sgidlint_last_success_timestamp_seconds x", "sgidlint_last_success_timestamp_seconds -5"] {
            assert_eq!(last_success(none), None, "{none}");
        }
    }

    #[test]
    fn a_hostile_root_stays_in_its_label() {
        let mut survey = survey();
        survey.roots[0].path = "/srv/\"} 1\nx{a=\"".into();
        let report = text(|out| write_check(out, &survey, &Words, &ended()));
        assert!(report.contains(r#"root="/srv/\"} 1\\nx{a=\""} 1"#), "{report}");
        assert!(report.lines().all(|line| line.starts_with('#') || line.starts_with("sgidlint_")), "{report}");
    }

    #[test]
    fn a_series_stands_once_where_two_policies_judge_one_root() {
        let mut survey = survey();
        let twice = survey.roots[0].clone();
        survey.roots.push(twice);
        let mut report = survey.reports[0].clone();
        report.root = 1;
        survey.reports.push(report);
        let report = text(|out| write_check(out, &survey, &Words, &ended()));
        let series: Vec<&str> = report.lines().filter(|line| line.contains("spreading-group")).collect();
        assert_eq!(series, [r#"sgidlint_findings{lint="spreading-group",level="deny",root="/srv/lab"} 2"#]);
    }
}
