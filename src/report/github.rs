//! Annotations for GitHub Actions: one workflow command a finding.

use crate::findings::Survey;
use crate::lints::Level;
use crate::model::text::escape::{entry_path, escape, escape_message};
use crate::report::check::root_bytes;
use crate::report::human::error_text;
use crate::report::manner::Manner;
use crate::report::text::words::{Wording, fix_hint};
use std::io::{self, Write};

/// Writes a line for each finding and for what could not be read.
pub(crate) fn write_check(
    out: &mut dyn Write,
    survey: &Survey,
    words: &dyn Wording,
    manner: &Manner,
) -> io::Result<()> {
    for report in &survey.reports {
        let root = root_bytes(survey, report.root);
        for finding in report.findings.iter().filter(|finding| manner.tells(finding.level)) {
            let message = words.message(finding, report);
            let path = entry_path(root, &report.path, Some(report.kind));
            let text = format!("{path}: {message}{}", fix_hint(finding.fix));
            let place = AnnotationPlace { file: entry_path(root, &report.path, None), line: None };
            write_command(out, command(manner, finding.level), &place, words.lint(finding.lint), &text)?;
        }
    }
    for notice in survey.notices.iter().filter(|notice| manner.tells(notice.level)) {
        let file = survey.policies.get(notice.policy as usize).map_or("", |policy| &policy.file);
        let place = AnnotationPlace { file: escape(file.as_bytes()).into_owned(), line: Some(notice.line) };
        write_command(out, command(manner, notice.level), &place, words.lint(notice.lint), &notice.message)?;
    }
    for error in &survey.errors {
        let root = error.root.map_or(&b""[..], |root| root_bytes(survey, root));
        let place = AnnotationPlace { file: entry_path(root, &error.path, None), line: None };
        let text = format!("{}: {}", entry_path(root, &error.path, None), error_text(error));
        write_command(out, "error", &place, "incomplete", &text)?;
    }
    Ok(())
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
    use crate::report::manner::Strictness;
    use crate::report::samples::{Words, survey, text};
    use crate::report::{Palette, Verbosity};
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn a_finding_is_an_annotation() {
        let manner = Manner::new(Palette::PLAIN, Verbosity::Normal, Strictness::Deny);
        let report = text(|out| write_check(out, &survey(), &Words, &manner));
        assert_data_eq!(
            report,
            str![[r#"
::error file=/srv/lab,title=spreading-group::/srv/lab/: gid is 100, should be 3001
::warning file=/srv/lab,title=world-writable::/srv/lab/: everyone can write it
::error file=/srv/lab/a\nb/\xff,title=foreign-group::/srv/lab/a\nb/\xff: gid is 100, should be 3001; fix is unsafe: its owner keeps it private
::warning file=/srv/lab/core,title=hard-linked::/srv/lab/core: it has 3 names; never fixed: it has other names, which may lie outside the tree
::warning file=/etc/sgidlint/lab.toml,line=30,title=expired-exception::the exception held until 2026-03-01
::error file=/srv/lab/secret,title=incomplete::/srv/lab/secret: openat: EACCES (permission denied): can't list the directory; run as root

"#]]
            .raw()
        );
        let quiet = Manner::new(Palette::PLAIN, Verbosity::Quiet, Strictness::Deny);
        let report = text(|out| write_check(out, &survey(), &Words, &quiet));
        assert!(report.contains("foreign-group") && !report.contains("::warning"), "{report}");
    }

    #[test]
    fn no_name_ends_a_command_or_begins_one() {
        assert_eq!(data("100%0A\r\n::set-env name=x::y"), "100%250A%0D%0A::set-env name=x::y");
        assert_eq!(property("a,line=1::b%"), "a%2Cline=1%3A%3Ab%25");
        let mut survey = survey();
        survey.reports[1].path = b"x\n::stop-commands::y,%0A".as_slice().into();
        let manner = Manner::new(Palette::PLAIN, Verbosity::Normal, Strictness::Deny);
        let report = text(|out| write_check(out, &survey, &Words, &manner));
        assert_eq!(report.lines().count(), 6);
        assert!(
            report.contains(r"file=/srv/lab/x\n%3A%3Astop-commands%3A%3Ay%2C%250A,title=foreign-group::"),
            "{report}"
        );
    }
}
