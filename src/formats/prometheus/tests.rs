//! Metrics as they are written.

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
# HELP sgidlint_findings Findings by policy, root, lint and level, of roots that were looked at whole; those about a policy have no root.
# TYPE sgidlint_findings gauge
sgidlint_findings{policy="lab-share",report="nightly",root="",lint="expired-exception",level="warn"} 1
sgidlint_findings{policy="lab-share",report="nightly",root="/srv/lab",lint="foreign-group",level="deny"} 1
sgidlint_findings{policy="lab-share",report="nightly",root="/srv/lab",lint="hard-linked",level="warn"} 1
sgidlint_findings{policy="lab-share",report="nightly",root="/srv/lab",lint="spreading-group",level="deny"} 1
sgidlint_findings{policy="lab-share",report="nightly",root="/srv/lab",lint="world-writable",level="warn"} 1
# HELP sgidlint_root_entries Entries seen below each root that was looked at whole.
# TYPE sgidlint_root_entries gauge
sgidlint_root_entries{policy="lab-share",report="nightly",root="/srv/lab"} 100000
# HELP sgidlint_root_errors What could not be read below each root.
# TYPE sgidlint_root_errors gauge
sgidlint_root_errors{policy="lab-share",report="nightly",root="/srv/lab"} 1
# HELP sgidlint_suppressed_findings Findings that exceptions cover.
# TYPE sgidlint_suppressed_findings gauge
sgidlint_suppressed_findings{policy="lab-share",report="nightly"} 2
# HELP sgidlint_known_findings Findings that the baseline knows.
# TYPE sgidlint_known_findings gauge
sgidlint_known_findings{policy="lab-share",report="nightly"} 0
# HELP sgidlint_stale_baseline_lines Lines of the baseline whose findings are no more.
# TYPE sgidlint_stale_baseline_lines gauge
sgidlint_stale_baseline_lines{policy="lab-share",report="nightly"} 0
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
        assert_eq!(
            names,
            ["root_errors", "errors", "exit_status", "run_seconds", "last_run_timestamp_seconds"],
            "{exit}"
        );
    }
    // The roots that are whole have theirs, but where something stands in the way of all, or not all were gone through.
    let mut survey = Survey { levels: vec![Levels::default()], ..survey() };
    survey.errors.clear();
    let elsewhere = || EntryError::told(None, b"/etc/sgidlint/x.toml"[..].into(), "it is wrong".into());
    let of_all = || EntryError::of_run("names can't be looked up".into());
    for (errors, is_whole, exit, is_told) in [
        (vec![elsewhere()], true, 3, true),
        (vec![elsewhere(), of_all()], true, 3, false),
        (vec![elsewhere()], false, 3, false),
        (vec![elsewhere()], true, 130, false),
    ] {
        survey.errors = errors;
        let report = written(&survey, Ended { exit, is_whole, ..ended() });
        let has = |what: &str| report.contains(what);
        assert_eq!(has("root=\"/srv/lab\",lint=\"foreign-group\",level=\"deny\"} 1"), is_told, "{report}");
        assert_eq!(
            has("sgidlint_root_entries{policy=\"lab-share\",report=\"nightly\",root=\"/srv/lab\"} 100000"),
            is_told
        );
        assert!(!has("root=\"\"") && !has("sgidlint_entries{"), "what follows from all roots: {report}");
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
