//! What people read: findings, errors and totals.

use super::*;
use crate::findings::{Counts, SkippedMount};
use crate::report::manner::Strictness;
use crate::report::samples::{Words, survey, text};
use snapbox::{IntoData, assert_data_eq, str};

const PLAIN: Manner = Manner {
    palette: Palette::PLAIN,
    verbosity: Verbosity::Normal,
    strictness: Strictness::Deny,
    grouping: Grouping::Alike,
    most: None,
    columns: None,
};

#[test]
fn findings_are_one_a_line_path_first() {
    let report = text(|out| write_findings(out, &survey(), &Words, &PLAIN));
    assert_data_eq!(report, str![[r#"
/srv/lab/: deny: gid is 100, should be 3001 [spreading-group] (/etc/sgidlint/lab.toml:14)
/srv/lab/: warn: everyone can write it [world-writable]
/srv/lab/a\nb/\xff: deny: gid is 100, should be 3001; fix is unsafe: its owner keeps it private [foreign-group] (/etc/sgidlint/lab.toml:14)
/srv/lab/core: warn: it has 3 names; never fixed: it has other names, which may lie outside the tree [hard-linked] (/etc/sgidlint/lab.toml:14)
/etc/sgidlint/lab.toml:30: warn: the exception held until 2026-03-01 [expired-exception]

"#]].raw());
}

#[test]
fn quiet_tells_what_fails() {
    let quiet = Manner { verbosity: Verbosity::Quiet, ..PLAIN };
    let report = text(|out| write_findings(out, &survey(), &Words, &quiet));
    assert_data_eq!(report, str![[r#"
/srv/lab/: deny: gid is 100, should be 3001 [spreading-group] (/etc/sgidlint/lab.toml:14)
/srv/lab/a\nb/\xff: deny: gid is 100, should be 3001; fix is unsafe: its owner keeps it private [foreign-group] (/etc/sgidlint/lab.toml:14)

"#]].raw());
    let strict = Manner { strictness: Strictness::Warn, ..quiet };
    let everything = text(|out| write_findings(out, &survey(), &Words, &PLAIN));
    assert_eq!(text(|out| write_findings(out, &survey(), &Words, &strict)), everything);
    assert_eq!(text(|out| write_summary(out, &survey(), &quiet, None)), "");
}

#[test]
fn what_exceptions_cover_is_told_to_who_asks() {
    let verbose = Manner { verbosity: Verbosity::Verbose, ..PLAIN };
    let report = text(|out| write_findings(out, &survey(), &Words, &verbose));
    let last = report.lines().last().unwrap_or_default();
    let told =
        r#"/srv/lab/old<&"/: excepted: gid is 100, should be 3001 [spreading-group] (owner on leave, ticket 4711)"#;
    assert_eq!(last, told);
    assert!(!text(|out| write_findings(out, &survey(), &Words, &PLAIN)).contains("excepted"));
}

#[test]
fn a_terminal_gets_colours() {
    let colored = Manner { palette: Palette::COLORED, ..PLAIN };
    let report = text(|out| write_findings(out, &survey(), &Words, &colored));
    assert_data_eq!(report.lines().next().unwrap_or_default().replace('\u{1b}', "ESC"), str!["/srv/lab/: ESC[1mESC[31mdenyESC[0m: gid is 100, should be 3001 ESC[2m[spreading-group] (/etc/sgidlint/lab.toml:14)ESC[0m"].raw());
}

#[test]
fn errors_say_what_happened_and_what_to_do() {
    let mut survey = survey();
    let mut whole = survey.errors[0].clone();
    whole.message = "openat: EACCES (permission denied); run as root".into();
    whole.root = None;
    whole.path = b"/srv/b\x1bd".as_slice().into();
    survey.errors.push(whole);
    let report = text(|out| write_errors(out, &survey, &Palette::PLAIN));
    assert_data_eq!(
        report,
        str![[r#"
sgidlint: error: /srv/lab/secret: openat: EACCES (permission denied): can't list the directory; run as root
sgidlint: error: /srv/b\x1bd: openat: EACCES (permission denied); run as root

"#]]
        .raw()
    );
}

#[test]
fn the_summary_is_a_sentence_and_names_what_was_passed_over() {
    let report = text(|out| write_summary(out, &survey(), &PLAIN, None));
    assert_data_eq!(report, str![[r#"
/srv/lab/mnt/: mount not entered (the tree's `mounts` decides)
5 findings in 100,000 entries (2 deny, 3 warn), 1 can be fixed safely, 1 more with --unsafe-fixes; 3 excluded, 1 mount not entered, 2 findings covered by exceptions, 1 vanished meanwhile, incomplete: 1 error.

"#]].raw());
}

#[test]
fn nothing_found_is_said_in_few_words() {
    let counts = Counts { entries: 1, ..Counts::default() };
    let report = text(|out| write_summary(out, &Survey { counts, ..Survey::default() }, &PLAIN, None));
    assert_eq!(report, "No findings in 1 entry.\n");
}

#[test]
fn many_mounts_are_named_when_asked_only() {
    let skipped_mounts = vec![SkippedMount { root: 0, path: b"/m".as_slice().into() }; 4];
    let survey = Survey { skipped_mounts, ..Survey::default() };
    assert_eq!(text(|out| write_summary(out, &survey, &PLAIN, None)).lines().count(), 1);
    let verbose = Manner { verbosity: Verbosity::Verbose, ..PLAIN };
    assert_eq!(text(|out| write_summary(out, &survey, &verbose, None)).lines().count(), 5);
}

#[test]
fn an_interrupt_says_how_far_it_came_and_never_that_nothing_is_wrong() {
    let quiet = Manner { verbosity: Verbosity::Quiet, ..PLAIN };
    let told = |survey: &Survey| text(|out| write_interrupted(out, survey, &quiet));
    let clean = |entries| Survey { counts: Counts { entries, ..Counts::default() }, ..Survey::default() };
    let all = [told(&clean(1501)), told(&clean(0)), told(&Survey { errors: Vec::new(), ..survey() })];
    assert_data_eq!(all.concat(), str![[r#"
Interrupted after 1,501 entries, so the rest was not looked at: nothing wrong was found so far.
Interrupted before anything was looked at.
Interrupted after 100,000 entries, so the rest was not looked at: 5 findings (2 deny, 3 warn), 1 can be fixed safely, 1 more with --unsafe-fixes; 3 excluded, 1 mount not entered, 2 findings covered by exceptions, 1 vanished meanwhile.

"#]].raw());
}
