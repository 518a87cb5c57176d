//! Annotations for GitHub Actions: one workflow command a finding.

use crate::lints::Level;
use crate::model::path::TreePath;
use crate::model::text::escape::{escape, escape_message, join};
use crate::report::Check;
use crate::report::base::Base;
use crate::report::check::{CUT_SHORT, Failed, STALE_BASELINE, describe_removable, root_bytes};
use crate::report::human::error_text;
use crate::report::manner::Manner;
use crate::report::text::words::fix_hint;
use std::io::{self, Write};

/// Writes a line for each finding, for what could not be read, and for what the whole run is to be doubted for.
pub(super) fn write_check(out: &mut dyn Write, check: &Check<'_>) -> io::Result<()> {
    let Check { survey, words, ref manner, base, .. } = *check;
    for report in &survey.reports {
        let root = root_bytes(survey, report.root);
        for finding in &report.findings {
            let message = words.message(finding, report);
            let path = base.entry(root, &report.path, Some(report.kind));
            let text = format!("{path}: {message}{}", fix_hint(finding.fix));
            let place = AnnotationPlace { file: file(base, root, &report.path), line: None };
            write_command(out, command(manner, finding.level), &place, words.lint(finding.lint), &text)?;
        }
    }
    for notice in &survey.notices {
        let file = survey.policies.get(notice.policy as usize).map_or("", |policy| &policy.file);
        let place = AnnotationPlace { file: file_of_policy(base, file), line: Some(notice.line) };
        write_command(out, command(manner, notice.level), &place, words.lint(notice.lint), &notice.message)?;
    }
    for error in &survey.errors {
        let root = error.root.map_or(&b""[..], |root| root_bytes(survey, root));
        let place = AnnotationPlace { file: file(base, root, &error.path), line: None };
        let text = format!("{}: {}", base.entry(root, &error.path, None), error_text(error));
        write_command(out, "error", &place, "incomplete", &text)?;
    }
    for removable in check.removable {
        let place = AnnotationPlace { file: file_of_policy(base, check.baseline), line: Some(removable.2) };
        write_command(out, command(manner, Level::Warn), &place, STALE_BASELINE, &describe_removable(removable, base))?;
    }
    for warning in &survey.warnings {
        writeln!(out, "::warning title=sgidlint::{}", data(&escape_message(warning)))?;
    }
    if check.ended.is_interrupted() {
        writeln!(out, "::error title=incomplete::{}", data(CUT_SHORT))?;
    }
    Ok(())
}

/// Writes a line for each problem of a policy, and for why the check came to nothing.
pub(super) fn write_failed(out: &mut dyn Write, failed: &Failed<'_>) -> io::Result<()> {
    for problem in failed.problems {
        let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        let text = format!("{}{hint}", problem.message);
        match problem.source.as_deref() {
            Some(source) => {
                let line = Some(source.place(problem.span.start).0);
                let place = AnnotationPlace { file: file_of_policy(failed.base, &source.file), line };
                write_command(out, "error", &place, "policy", &text)?;
            }
            None => writeln!(out, "::error title=policy::{}", data(&escape_message(&text)))?,
        }
    }
    writeln!(out, "::error title=sgidlint::{}", data(&escape_message(failed.message)))
}

/// The file that an annotation is shown at: as it is called, but for what a terminal would obey, and what isn't UTF-8.
/// The runner decodes the ends of lines, which a name may have, and shows an annotation at the file of the decoded name.
fn file(base: &Base, root: &[u8], path: &TreePath) -> String {
    if path.is_unnameable() {
        return base.entry(root, path, None);
    }
    let bytes = join(base.below(root).unwrap_or(root), &path.bytes());
    let mut text = String::with_capacity(bytes.len());
    for part in bytes.split_inclusive(|byte| b"\n\r\\".contains(byte)) {
        let (name, end) = part.split_at(part.len() - usize::from(b"\n\r\\".contains(&part[part.len() - 1])));
        text.push_str(&escape(name));
        text.extend(end.iter().map(|&byte| char::from(byte)));
    }
    if text.is_empty() { ".".into() } else { text }
}

fn file_of_policy(base: &Base, named: &str) -> String {
    escape(base.file(named).as_deref().unwrap_or(named).as_bytes()).into_owned()
}

/// Where an annotation is shown.
struct AnnotationPlace {
    file: String,
    line: Option<u32>,
}

fn command(manner: &Manner, level: Level) -> &'static str {
    if manner.strictness.fails(level) { "error" } else { "warning" }
}

fn write_command(
    out: &mut dyn Write,
    command: &str,
    place: &AnnotationPlace,
    title: &str,
    text: &str,
) -> io::Result<()> {
    write!(out, "::{command} file={}", property(&place.file))?;
    if let Some(line) = place.line {
        write!(out, ",line={line}")?;
    }
    writeln!(out, ",title={}::{}", property(title), data(&escape_message(text)))
}

/// The data of a command, as the runner's own toolkit escapes it: the runner reads `%0A` as the end of a line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, where a comma and a colon mean something too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verbosity;
    use crate::report::check::Ended;
    use crate::report::check::samples::{check_of, ended, failed};
    use crate::report::samples::{survey, text};
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn a_finding_is_an_annotation() {
        let survey = survey();
        let check = check_of(&survey, ended());
        assert_data_eq!(
            text(|out| write_check(out, &check)),
            str![[r#"
::error file=/srv/lab,title=spreading-group::/srv/lab/: gid is 100, should be 3001
::warning file=/srv/lab,title=world-writable::/srv/lab/: everyone can write it
::error file=/srv/lab/a%0Ab/\xff,title=foreign-group::/srv/lab/a\nb/\xff: gid is 100, should be 3001; fix is unsafe: its owner keeps it private
::warning file=/srv/lab/core,title=hard-linked::/srv/lab/core: it has 3 names; never fixed: it has other names, which may lie outside the tree
::warning file=/etc/sgidlint/lab.toml,line=30,title=expired-exception::the exception held until 2026-03-01
::error file=/srv/lab/secret,title=incomplete::/srv/lab/secret: openat: EACCES (permission denied): can't list the directory; run as root

"#]]
            .raw()
        );
        let quiet = Check { manner: Manner { verbosity: Verbosity::Quiet, ..check.manner }, ..check };
        let report = text(|out| write_check(out, &quiet));
        // Quiet is about what people are told.
        assert!(report.contains("foreign-group") && report.contains("::warning"), "{report}");
    }

    #[test]
    fn in_a_repository_places_are_told_from_its_top() {
        let (mut survey, base) = (survey(), Base::of("/srv/lab".into(), "/srv/lab".into()));
        survey.policies[0].file = "./sgidlint.toml".into();
        let report = text(|out| write_check(out, &Check { base: &base, ..check_of(&survey, ended()) }));
        for line in [
            "::error file=.,title=spreading-group::./: gid",
            r"::error file=a%0Ab/\xff,title=foreign-group::a\nb/\xff: gid",
            "::warning file=sgidlint.toml,line=30,",
        ] {
            assert!(report.lines().any(|told| told.starts_with(line)), "{line}: {report}");
        }
    }

    #[test]
    fn what_came_to_nothing_or_was_cut_short_is_an_error() {
        let report = text(|out| write_failed(out, &failed()));
        assert_eq!(report, "::error title=sgidlint::no policy is called `x\\n<y>`\n");
        let survey = survey();
        let cut = "::error title=incomplete::interrupted: not everything was looked at\n";
        for (exit, is_cut) in [(1, false), (3, false), (130, true)] {
            let report = text(|out| write_check(out, &check_of(&survey, Ended { exit, ..ended() })));
            assert_eq!(report.ends_with(cut), is_cut, "{exit}");
        }
    }

    #[test]
    fn no_name_ends_a_command_or_begins_one() {
        assert_eq!(data("100%0A\r\n::set-env name=x::y"), "100%250A%0D%0A::set-env name=x::y");
        assert_eq!(property("a,line=1::b%"), "a%2Cline=1%3A%3Ab%25");
        let mut survey = survey();
        survey.reports[1].path = b"x\n::stop-commands::y,%0A\x1b[2J\\".as_slice().into();
        let report = text(|out| write_check(out, &check_of(&survey, ended())));
        assert_eq!(report.lines().count(), 6);
        assert!(
            report.contains(r"file=/srv/lab/x%0A%3A%3Astop-commands%3A%3Ay%2C%250A\x1b[2J\,title=foreign-group::"),
            "{report}"
        );
        // As the runner reads it, but for what a terminal would obey.
        let told = report
            .lines()
            .find_map(|line| line.strip_prefix("::error file=/srv/lab/x")?.split_once(",title"))
            .unwrap()
            .0;
        let read = told.replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
        assert_eq!(read, "\n::stop-commands::y,%0A\\x1b[2J\\");
    }
}
