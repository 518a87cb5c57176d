//! JUnit XML, which every CI server reads: a suite a root, a failed test a finding that fails.

use crate::findings::EntryReport;
use crate::lints::Level;
use crate::model::text::escape::{escape, escape_message};
use crate::report::Check;
use crate::report::check::{CUT_SHORT, Ended, Failed, STALE_BASELINE, describe_removable, root_bytes};
use crate::report::human::error_text;
use crate::report::text::words::fix_hint;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

/// One finding, error or clean root.
struct Case<'a> {
    name: String,
    end: End<'a>,
}

/// How a test case ended, and what is said of it.
enum End<'a> {
    Passed,
    /// A warning that fails nothing.
    Noted(String),
    Failed(&'a str, String),
    /// It couldn't be made; the kind of why.
    Errored(&'static str, String),
    Skipped(String),
}

/// Writes a whole check as one XML document.
pub(super) fn write_check(out: &mut dyn Write, check: &Check<'_>) -> io::Result<()> {
    write_suites(out, &suites(check), &check.ended)
}

/// Writes that a check came to nothing: each problem of a policy, and the reason, as a test that could not be made.
pub(super) fn write_failed(out: &mut dyn Write, failed: &Failed<'_>) -> io::Result<()> {
    let mut cases = Vec::new();
    for problem in failed.problems {
        let name = match problem.source.as_deref() {
            Some(source) => {
                let file = failed.base.file(&source.file).unwrap_or_else(|| source.file.clone());
                format!("{}, line {}: can be used", escape(file.as_bytes()), source.place(problem.span.start).0)
            }
            None => "the policies: can be used".into(),
        };
        let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        cases.push(Case { name, end: End::Errored("policy", format!("{}{hint}", problem.message)) });
    }
    let reason = [failed.message].into_iter().chain(failed.hints.iter().map(String::as_str)).collect::<Vec<_>>();
    cases.push(Case { name: "the check: can be made".into(), end: End::Errored("failed", reason.join("; ")) });
    write_suites(out, &[("sgidlint".into(), cases)].into(), &failed.ended)
}

/// A test that a policy carries, and what came of it.
pub(crate) struct Trial {
    /// The policy's file.
    pub file: String,
    /// Where the test stands, and what it is about.
    pub name: String,
    /// What was expected and what was found, where it failed.
    pub failure: Option<String>,
}

/// Writes the tests of policies, a suite a file.
pub(crate) fn write_trials(out: &mut dyn Write, trials: Vec<Trial>, ended: &Ended) -> io::Result<()> {
    let mut suites: BTreeMap<String, Vec<Case<'_>>> = BTreeMap::new();
    for Trial { file, name, failure } in trials {
        let end = failure.map_or(End::Passed, |text| End::Failed("policy-test", text));
        suites.entry(escape(file.as_bytes()).into_owned()).or_default().push(Case { name, end });
    }
    write_suites(out, &suites, ended)
}

fn write_suites(out: &mut dyn Write, suites: &BTreeMap<String, Vec<Case<'_>>>, ended: &Ended) -> io::Result<()> {
    let all = Numbers::of(suites.values().flatten());
    let seconds = ended.took.as_secs_f64();
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="sgidlint" {} time="{seconds:.3}">"#, all.attributes())?;
    for (name, cases) in suites {
        let numbers = Numbers::of(cases.iter()).attributes();
        let moment = ended.began.strftime("%Y-%m-%dT%H:%M:%SZ");
        writeln!(out, r#"  <testsuite name="{}" {numbers} time="0" timestamp="{moment}">"#, attribute(name))?;
        cases.iter().try_for_each(|case| write_case(out, name, case))?;
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// The cases of each root, by its path, and of the policies, by their files.
fn suites<'a>(check: &Check<'a>) -> BTreeMap<String, Vec<Case<'a>>> {
    let Check { survey, words, ref ended, base, .. } = *check;
    let mut suites: BTreeMap<String, Vec<Case<'a>>> = BTreeMap::new();
    let root_name = |root: u32| base.root(root_bytes(survey, root));
    let file_name = |file: &str| escape(base.file(file).as_deref().unwrap_or(file).as_bytes()).into_owned();
    // Of a root that PATHs left out nothing is known.
    for (root, _) in (0..).zip(&survey.roots).filter(|(_, root)| root.id.is_some()) {
        suites.entry(root_name(root)).or_default();
    }
    for report in &survey.reports {
        let cases = suites.entry(root_name(report.root)).or_default();
        for finding in &report.findings {
            let lint = words.lint(finding.lint);
            let text = format!("{}{}", words.message(finding, report), fix_hint(finding.fix));
            cases.push(Case { name: case_name(check, report, lint), end: end(ended, finding.level, lint, text) });
        }
    }
    for excused in &survey.excused {
        let cases = suites.entry(root_name(excused.report.root)).or_default();
        for (finding, reason) in excused.report.findings.iter().zip(&excused.reasons) {
            let name = case_name(check, &excused.report, words.lint(finding.lint));
            cases.push(Case { name, end: End::Skipped(format!("excepted: {reason}")) });
        }
    }
    for notice in &survey.notices {
        let file = survey.policies.get(notice.policy as usize).map_or("policies", |policy| &policy.file);
        let lint = words.lint(notice.lint);
        let end = end(ended, notice.level, lint, notice.message.clone());
        let (suite, name) = match notice.unmet.as_deref() {
            None => (file_name(file), format!("line {}: {lint}", notice.line)),
            Some(unmet) => {
                let root = unmet.root.map_or(&b""[..], |root| root_bytes(survey, root));
                let path = base.entry(root, &unmet.path, unmet.kind);
                let name = format!("{path}: {lint}: {} of {}", unmet.act, unmet.principal);
                (unmet.root.map_or_else(|| file_name(file), root_name), name)
            }
        };
        suites.entry(suite).or_default().push(Case { name, end });
    }
    for error in &survey.errors {
        let root = error.root.map_or(&b""[..], |root| root_bytes(survey, root));
        let suite = error.root.map_or_else(|| "sgidlint".to_owned(), root_name);
        let name = format!("{}: can be read", base.entry(root, &error.path, None));
        suites.entry(suite).or_default().push(Case { name, end: End::Errored("incomplete", error_text(error)) });
    }
    for (warning, number) in survey.warnings.iter().zip(1..) {
        // What the whole run is to be doubted for is told, and fails nothing, as in every other report.
        let end = End::Noted(format!("warn: {warning}"));
        suites.entry("sgidlint".into()).or_default().push(Case { name: format!("the check: warning {number}"), end });
    }
    for removable in check.removable {
        let name = format!("line {}: {} is still found", removable.2, words.lint(removable.0));
        let end = end(ended, Level::Warn, STALE_BASELINE, describe_removable(removable, base));
        suites.entry(file_name(check.baseline)).or_default().push(Case { name, end });
    }
    if ended.is_interrupted() {
        // Nothing is known of what wasn't looked at.
        suites.retain(|_, cases| !cases.is_empty());
        let end = End::Errored("incomplete", CUT_SHORT.into());
        suites.entry("sgidlint".into()).or_default().push(Case { name: "the check: came to its end".into(), end });
    }
    for (name, cases) in &mut suites {
        // A suite without tests is taken for one that didn't run.
        if cases.is_empty() {
            cases.push(Case { name: format!("{name}: is as the policy says"), end: End::Passed });
        }
    }
    suites
}

fn case_name(check: &Check<'_>, report: &EntryReport, lint: &str) -> String {
    let root = root_bytes(check.survey, report.root);
    format!("{}: {lint}", check.base.entry(root, &report.path, Some(report.kind)))
}

fn end<'a>(ended: &Ended, level: Level, lint: &'a str, text: String) -> End<'a> {
    match ended.strictness.fails(level) {
        true => End::Failed(lint, text),
        false => End::Noted(format!("{level}: {text}")),
    }
}

fn write_case(out: &mut dyn Write, suite: &str, case: &Case<'_>) -> io::Result<()> {
    write!(out, r#"    <testcase classname="{}" name="{}" time="0""#, attribute(suite), attribute(&case.name))?;
    match &case.end {
        End::Passed => writeln!(out, "/>"),
        End::Noted(text) => writeln!(out, "><system-out>{}</system-out></testcase>", attribute(text)),
        End::Failed(lint, text) => {
            writeln!(out, r#"><failure type="{}" message="{}"/></testcase>"#, attribute(lint), attribute(text))
        }
        End::Errored(kind, text) => {
            writeln!(out, r#"><error type="{kind}" message="{}"/></testcase>"#, attribute(text))
        }
        End::Skipped(text) => writeln!(out, r#"><skipped message="{}"/></testcase>"#, attribute(text)),
    }
}

/// How many cases ended how.
#[derive(Default)]
struct Numbers {
    tests: u64,
    failures: u64,
    errors: u64,
    skipped: u64,
}

impl Numbers {
    fn of<'c, 'a: 'c>(cases: impl Iterator<Item = &'c Case<'a>>) -> Numbers {
        let mut numbers = Numbers::default();
        for case in cases {
            numbers.tests += 1;
            match case.end {
                End::Passed | End::Noted(_) => {}
                End::Failed(..) => numbers.failures += 1,
                End::Errored(..) => numbers.errors += 1,
                End::Skipped(_) => numbers.skipped += 1,
            }
        }
        numbers
    }

    fn attributes(&self) -> String {
        let Numbers { tests, failures, errors, skipped } = self;
        format!(r#"tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}""#)
    }
}

/// A text fit for an attribute and for content: nothing in it is markup, and no character that XML 1.0 forbids is left.
fn attribute(text: &str) -> String {
    let text = escape_message(text);
    let mut xml = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            // XML 1.0, 2.2: these two are no characters; controls were escaped above.
            '\u{fffe}' | '\u{ffff}' => {
                write!(xml, "\\u{{{:x}}}", u32::from(c)).expect("a String takes any text");
            }
            c => xml.push(c),
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Survey;
    use crate::report::base::Base;
    use crate::report::check::samples::{check_of, ended, failed};
    use crate::report::manner::Strictness;
    use crate::report::samples::{survey, text};
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn a_root_is_a_suite_and_a_finding_a_case() {
        let survey = survey();
        assert_data_eq!(
            text(|out| write_check(out, &check_of(&survey, ended()))),
            str![[r#"
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sgidlint" tests="7" failures="2" errors="1" skipped="1" time="1.250">
  <testsuite name="/etc/sgidlint/lab.toml" tests="1" failures="0" errors="0" skipped="0" time="0" timestamp="2026-11-22T00:32:22Z">
    <testcase classname="/etc/sgidlint/lab.toml" name="line 30: expired-exception" time="0"><system-out>warn: the exception held until 2026-03-01</system-out></testcase>
  </testsuite>
  <testsuite name="/srv/lab" tests="6" failures="2" errors="1" skipped="1" time="0" timestamp="2026-11-22T00:32:22Z">
    <testcase classname="/srv/lab" name="/srv/lab/: spreading-group" time="0"><failure type="spreading-group" message="gid is 100, should be 3001"/></testcase>
    <testcase classname="/srv/lab" name="/srv/lab/: world-writable" time="0"><system-out>warn: everyone can write it</system-out></testcase>
    <testcase classname="/srv/lab" name="/srv/lab/a\nb/\xff: foreign-group" time="0"><failure type="foreign-group" message="gid is 100, should be 3001; fix is unsafe: its owner keeps it private"/></testcase>
    <testcase classname="/srv/lab" name="/srv/lab/core: hard-linked" time="0"><system-out>warn: it has 3 names; never fixed: it has other names, which may lie outside the tree</system-out></testcase>
    <testcase classname="/srv/lab" name="/srv/lab/old&lt;&amp;&quot;/: spreading-group" time="0"><skipped message="excepted: owner on leave, ticket 4711"/></testcase>
    <testcase classname="/srv/lab" name="/srv/lab/secret: can be read" time="0"><error type="incomplete" message="openat: EACCES (permission denied): can&apos;t list the directory; run as root"/></testcase>
  </testsuite>
</testsuites>

"#]]
            .raw()
        );
    }

    #[test]
    fn warnings_fail_where_they_are_told_to() {
        let strict = Ended { strictness: Strictness::Warn, ..ended() };
        let survey = survey();
        let report = text(|out| write_check(out, &check_of(&survey, strict)));
        assert!(report.contains(r#"tests="7" failures="5" errors="1" skipped="1""#), "{report}");
    }

    #[test]
    fn a_root_without_findings_passed() {
        let clean = Survey { reports: vec![], excused: vec![], notices: vec![], errors: vec![], ..survey() };
        let report = text(|out| write_check(out, &check_of(&clean, ended())));
        assert!(report.contains(r#"name="/srv/lab: is as the policy says" time="0"/>"#), "{report}");
        assert!(report.contains(r#"tests="1" failures="0""#), "{report}");
        let mut left_out = clean.clone();
        left_out.roots[0].id = None;
        let report = text(|out| write_check(out, &check_of(&left_out, ended())));
        assert!(report.contains(r#"tests="0""#) && !report.contains("/srv/lab"), "{report}");
        let cut = text(|out| write_check(out, &check_of(&clean, Ended { exit: 130, ..ended() })));
        assert!(cut.contains(r#"tests="1" failures="0" errors="1""#) && !cut.contains("as the policy says"), "{cut}");
    }

    #[test]
    fn a_check_that_came_to_nothing_is_an_error() {
        let report = text(|out| write_failed(out, &failed()));
        assert!(report.contains(r#"<testsuites name="sgidlint" tests="1" failures="0" errors="1""#), "{report}");
        assert!(report.contains(r#"<error type="failed" message="no policy is called `x\n&lt;y&gt;`"/>"#), "{report}");
    }

    #[test]
    fn in_a_repository_places_are_told_from_its_top() {
        let (mut survey, base) = (survey(), Base::of("/srv/lab".into(), "/srv/lab".into()));
        survey.policies[0].file = "/srv/lab/sgidlint.toml".into();
        let report = text(|out| write_check(out, &Check { base: &base, ..check_of(&survey, ended()) }));
        for told in
            [r#"<testsuite name="." "#, r#"name="sgidlint.toml""#, r#"name="./: spreading"#, r#"name="core: hard"#]
        {
            assert!(report.contains(told), "{told}: {report}");
        }
    }

    #[test]
    fn no_text_is_markup_or_breaks_the_document() {
        for (given, xml) in [
            ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&apos;"),
            ("]]>", "]]&gt;"),
            ("\u{1b}[31m\n\0", r"\x1b[31m\n\x00"),
            ("\u{fffe}\u{ffff}\u{202e}", r"\u{fffe}\u{ffff}\u{202e}"),
            ("ä数据", "ä数据"),
        ] {
            assert_eq!(attribute(given), xml);
        }
    }
}
