//! Reports for machines: JSON, one object a line.

pub(crate) mod answer;
mod lines;

use crate::findings::summary::Summary;
use crate::findings::{EntryError, EntryReport, Notice, PolicyLabel, Root, Survey, Totals};
use crate::journal::Outcome;
use crate::journal::wording::Settled;
use crate::lints::Finding;
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::wire::{EntryPath, Trail, WirePath};
pub(crate) use crate::model::wire::{Visible, write_line};
use crate::policy::problem::Problem;
use crate::report::check::{Check, Failed, Removable, root_bytes};
use crate::report::human::summary;
use crate::report::text::words::Wording;
use crate::screen::style::Verbosity;
use crate::sys::error::errno_name;
pub(crate) use lines::{JsonPolicy, JsonState, Summed};
use lines::{JsonRule, Line};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

/// Writes a whole check: begin, findings and errors in path order, end.
pub(crate) fn write_check(
    out: &mut dyn Write,
    survey: &Survey,
    words: &dyn Wording,
    names: &dyn IdNames,
    exit: u8,
) -> io::Result<()> {
    write_begin(out, &survey.policies, &survey.roots)?;
    write_warnings(out, survey)?;
    write_findings(out, survey, words, names)?;
    write_errors(out, survey)?;
    write_end(out, &survey.totals(), exit)
}

/// Writes a whole check, with all that was asked for.
pub(crate) fn write_report(out: &mut dyn Write, check: &Check<'_>) -> io::Result<()> {
    let Check { survey, words, names, ended, .. } = *check;
    write_begin(out, &survey.policies, &survey.roots)?;
    write_warnings(out, survey)?;
    write_findings(out, survey, words, names)?;
    if check.manner.verbosity == Verbosity::Verbose {
        write_suppressed(out, survey, words)?;
    }
    write_removable(out, check.removable)?;
    write_errors(out, survey)?;
    if check.summary {
        summary::write_json(&Summary::of(survey), out, names)?;
    }
    write_end(out, &survey.totals(), ended.exit)
}

/// Writes the first line: the tool, the policies and the roots of the run.
pub(crate) fn write_begin(out: &mut dyn Write, policies: &[PolicyLabel], roots: &[Root]) -> io::Result<()> {
    let mut paths: Vec<&[u8]> = Vec::with_capacity(roots.len());
    for root in roots {
        // A root stands once for each policy in the survey, and once here.
        let path = root.path.as_os_str().as_bytes();
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let line = Line::Begin {
        format: 1,
        tool: "sgidlint",
        version: env!("CARGO_PKG_VERSION"),
        policies: policies.iter().map(|p| JsonPolicy { name: &p.name, file: &p.file }).collect(),
        roots: paths.into_iter().map(WirePath::new).collect(),
    };
    line.write(out)
}

/// Writes a line for each thing that others have a hand in, though root relies on it.
pub(crate) fn write_warnings(out: &mut dyn Write, survey: &Survey) -> io::Result<()> {
    survey.warnings.iter().try_for_each(|message| Line::Warning { message }.write(out))
}

/// Writes a line for each finding: those on entries in path order, then those about policies.
pub(crate) fn write_findings(
    out: &mut dyn Write,
    survey: &Survey,
    words: &dyn Wording,
    names: &dyn IdNames,
) -> io::Result<()> {
    let mut trail = Trail::default();
    for report in &survey.reports {
        for finding in &report.findings {
            let path = trail.path(&report.path, |line| write_line(line, out))?;
            finding_line(survey, words, names, (report, path), finding).write(out)?;
        }
    }
    survey.notices.iter().try_for_each(|notice| {
        let path = notice.unmet.as_deref().map(|unmet| trail.path(&unmet.path, |line| write_line(line, out)));
        notice_line(survey, words, notice, path.transpose()?).write(out)
    })
}

/// Writes a line for each finding that an exception covers.
pub(crate) fn write_suppressed(out: &mut dyn Write, survey: &Survey, words: &dyn Wording) -> io::Result<()> {
    let mut trail = Trail::default();
    for excused in &survey.excused {
        let report = &excused.report;
        for (finding, reason) in report.findings.iter().zip(&excused.reasons) {
            let line = Line::Suppressed {
                lint: words.lint(finding.lint),
                level: finding.level.name(),
                root: root_path(survey, report.root),
                path: trail.path(&report.path, |line| write_line(line, out))?,
                kind: report.kind.name(),
                message: words.message(finding, report),
                reason,
            };
            line.write(out)?;
        }
    }
    Ok(())
}

fn write_removable(out: &mut dyn Write, all: &[Removable<'_>]) -> io::Result<()> {
    let mut trail = Trail::default();
    all.iter().try_for_each(|&(lint, place, line)| {
        let root = place.map(|(root, _)| WirePath::new(root));
        let path = place.map(|(_, path)| trail.path(path, |line| write_line(line, out))).transpose()?;
        Line::Removable { lint: lint.name(), root, path, line }.write(out)
    })
}

/// Writes a line for each thing that could not be read.
pub(crate) fn write_errors(out: &mut dyn Write, survey: &Survey) -> io::Result<()> {
    let mut trail = Trail::default();
    survey.errors.iter().try_for_each(|error| {
        let path = trail.path(&error.path, |line| write_line(line, out))?;
        error_line(survey, error, path).write(out)
    })
}

/// Writes a line for what became of each change.
pub(crate) fn write_outcomes<'a>(
    out: &mut dyn Write,
    settled: impl IntoIterator<Item = &'a Settled<'a>>,
    names: &dyn IdNames,
) -> io::Result<()> {
    let mut trail = Trail::default();
    settled.into_iter().try_for_each(|one| write_outcome(out, one, names, &mut trail))
}

fn write_outcome(out: &mut dyn Write, settled: &Settled<'_>, names: &dyn IdNames, trail: &mut Trail) -> io::Result<()> {
    let (call, errno) = match &settled.done.outcome {
        Outcome::Failed { call, errno } => (Some(&**call), Some(errno_name(*errno))),
        _ => (None, None),
    };
    let line = Line::Outcome {
        root: WirePath::new(settled.root),
        path: trail.path(&settled.change.path, |line| write_line(line, out))?,
        outcome: settled.done.outcome.name(),
        state: settled.state().map(|state| JsonState::new(state, names)),
        call,
        errno,
        message: settled.message(names),
    };
    line.write(out)
}

/// Writes a line for why a command did not do what it was asked.
pub(crate) fn write_failure(out: &mut dyn Write, message: &str) -> io::Result<()> {
    Line::Error { root: None, path: None, call: None, errno: None, message }.write(out)
}

/// Writes why a check came to nothing, to the end of a report.
pub(crate) fn write_failed(out: &mut dyn Write, failed: &Failed<'_>) -> io::Result<()> {
    failed.problems.iter().try_for_each(|problem| write_problem(out, problem))?;
    write_failure(out, failed.message)?;
    write_end(out, &Totals { errors: 1, ..Totals::default() }, failed.ended.exit)
}

/// Writes a line for what is wrong with a policy, and where.
pub(crate) fn write_problem(out: &mut dyn Write, problem: &Problem) -> io::Result<()> {
    let place = problem.source.as_deref().map(|source| (&*source.file, source.place(problem.span.start)));
    let (file, place) = place.unzip();
    let (line, column) = place.unzip();
    Line::Problem { file, line, column, message: &problem.message, hint: problem.hint.as_deref() }.write(out)
}

/// Writes a line for a root that nothing is changed below.
pub(crate) fn write_lost_root(out: &mut dyn Write, root: &[u8], message: &str) -> io::Result<()> {
    Line::Error { root: Some(WirePath::new(root)), path: None, call: None, errno: None, message }.write(out)
}

/// Writes the last line; without it the report is torn.
pub(crate) fn write_end(out: &mut dyn Write, totals: &Totals, exit: u8) -> io::Result<()> {
    write_end_of(out, None, totals, exit)
}

/// Writes the last line of a command that put this run on record.
pub(crate) fn write_end_of(out: &mut dyn Write, run: Option<&str>, totals: &Totals, exit: u8) -> io::Result<()> {
    let Totals {
        entries,
        excluded,
        skipped_mounts,
        findings,
        changes,
        refused,
        errors,
        vanished,
        suppressed,
        known,
        read_only,
        unknown_accounts,
        left,
    } = *totals;
    Line::End {
        entries,
        excluded,
        skipped_mounts,
        findings,
        changes,
        refused,
        errors,
        exit,
        vanished,
        suppressed,
        known,
        read_only,
        unknown_accounts,
        left,
        run,
    }
    .write(out)
}

fn finding_line<'a>(
    survey: &'a Survey,
    words: &'a dyn Wording,
    names: &dyn IdNames,
    (report, path): (&'a EntryReport, EntryPath<'a>),
    finding: &Finding,
) -> Line<'a> {
    let rule = finding.rule.and_then(|id| survey.rules.get(id.index()));
    let [acls, acls_after] = report.acls_told();
    Line::Finding {
        lint: words.lint(finding.lint),
        level: finding.level.name(),
        root: Some(root_path(survey, report.root)),
        path: Some(path),
        kind: Some(report.kind.name()),
        actual: Some(Box::new(JsonState::new(report.actual, names).with_acls(acls))),
        desired: Some(Box::new(JsonState::new(report.desired, names).with_acls(acls_after))),
        rule: rule.and_then(|place| json_rule(survey, place.policy, place.line)),
        fix: finding.fix.name(),
        planned: survey.is_planned_unsafely(report, finding),
        because: finding.fix.because().map(|because| because.name()),
        cause: report.cause.filter(|cause| cause.explains(finding.lint)).map(|cause| cause.name()),
        principal: None,
        act: None,
        message: words.message(finding, report),
    }
}

/// A finding about a policy has no states, and nothing ever mends it but an editor; an entry it has where it says what
/// somebody can do there.
fn notice_line<'a>(
    survey: &'a Survey,
    words: &'a dyn Wording,
    notice: &'a Notice,
    path: Option<EntryPath<'a>>,
) -> Line<'a> {
    let unmet = notice.unmet.as_deref();
    Line::Finding {
        lint: words.lint(notice.lint),
        level: notice.level.name(),
        root: unmet.and_then(|unmet| unmet.root).map(|root| root_path(survey, root)),
        path,
        kind: unmet.and_then(|unmet| unmet.kind).map(Kind::name),
        actual: None,
        desired: None,
        rule: json_rule(survey, notice.policy, notice.line),
        fix: "none",
        planned: false,
        because: None,
        cause: None,
        principal: unmet.map(|unmet| unmet.principal.as_str()),
        act: unmet.map(|unmet| unmet.act.name()),
        message: notice.message.clone(),
    }
}

fn error_line<'a>(survey: &'a Survey, error: &'a EntryError, path: EntryPath<'a>) -> Line<'a> {
    Line::Error {
        root: error.root.map(|root| root_path(survey, root)),
        path: Some(path),
        call: error.call,
        errno: error.errno.map(errno_name),
        message: &error.message,
    }
}

fn json_rule(survey: &Survey, policy: u32, line: u32) -> Option<JsonRule<'_>> {
    let policy = survey.policies.get(policy as usize)?;
    Some(JsonRule { policy: &policy.name, file: &policy.file, line })
}

fn root_path(survey: &Survey, root: u32) -> WirePath<'_> {
    WirePath::new(root_bytes(survey, root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Cause, Done};
    use crate::report::samples::{Names, Words, change, state, survey, text};
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn a_check_is_begin_findings_errors_end() {
        let report = text(|out| write_check(out, &survey(), &Words, &Names, 3));
        let version = concat!(r#""version":""#, env!("CARGO_PKG_VERSION"), '"');
        assert_data_eq!(report.replace(version, r#""version":"V""#), str![[r#"
{"type":"begin","format":1,"tool":"sgidlint","version":"V","policies":[{"name":"lab-share","file":"/etc/sgidlint/lab.toml"}],"roots":[{"text":"/srv/lab"}]}
{"type":"finding","lint":"spreading-group","level":"deny","root":{"text":"/srv/lab"},"path":{"text":"."},"kind":"dir","actual":{"uid":0,"gid":100,"mode":"2777","owner":"root","group":"users"},"desired":{"uid":0,"gid":3001,"mode":"2777","owner":"root","group":"lab"},"rule":{"policy":"lab-share","file":"/etc/sgidlint/lab.toml","line":14},"fix":"safe","message":"gid is 100, should be 3001"}
{"type":"finding","lint":"world-writable","level":"warn","root":{"text":"/srv/lab"},"path":{"text":"."},"kind":"dir","actual":{"uid":0,"gid":100,"mode":"2777","owner":"root","group":"users"},"desired":{"uid":0,"gid":3001,"mode":"2777","owner":"root","group":"lab"},"fix":"none","message":"everyone can write it"}
{"type":"finding","lint":"foreign-group","level":"deny","root":{"text":"/srv/lab"},"path":{"bytes":"YQpiL/8="},"kind":"file","actual":{"uid":4711,"gid":100,"mode":"0600","group":"users"},"desired":{"uid":4711,"gid":100,"mode":"0600","group":"users"},"rule":{"policy":"lab-share","file":"/etc/sgidlint/lab.toml","line":14},"fix":"unsafe","because":"private","message":"gid is 100, should be 3001"}
{"type":"finding","lint":"hard-linked","level":"warn","root":{"text":"/srv/lab"},"path":{"text":"core"},"kind":"file","actual":{"uid":4711,"gid":100,"mode":"0600","group":"users"},"desired":{"uid":4711,"gid":100,"mode":"0600","group":"users"},"rule":{"policy":"lab-share","file":"/etc/sgidlint/lab.toml","line":14},"fix":"none","because":"hard-linked","message":"it has 3 names"}
{"type":"finding","lint":"expired-exception","level":"warn","rule":{"policy":"lab-share","file":"/etc/sgidlint/lab.toml","line":30},"fix":"none","message":"the exception held until 2026-03-01"}
{"type":"error","root":{"text":"/srv/lab"},"path":{"text":"secret"},"call":"openat","errno":"EACCES","message":"can't list the directory; run as root"}
{"type":"end","entries":100000,"excluded":3,"skipped_mounts":1,"findings":5,"changes":1,"errors":1,"exit":3,"vanished":1,"suppressed":2}

"#]].raw());
    }

    #[test]
    fn every_line_is_an_object_of_its_own() {
        for line in text(|out| write_check(out, &survey(), &Words, &Names, 1)).lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object(), "{line}");
        }
    }

    /// A pipe that nobody reads any more.
    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_broken_pipe_is_told_as_one() {
        let error = write_check(&mut Broken, &survey(), &Words, &Names, 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn an_outcome_has_the_state_it_was_seen_in_or_the_call_that_failed() {
        let (before, after) = (state(0, 0, 0o755), state(0, 3001, 0o2775));
        let (change, bare) = (change("a", before, after), state(0, 3001, 0o775));
        let of = |outcome, state, cause| Settled {
            root: b"/srv/lab",
            change: &change,
            done: Done { state, cause, ..Done::of(outcome) },
            expected: crate::journal::wording::Expected::Planned,
        };
        let failed = Outcome::Failed { call: "fchmodat2".into(), errno: libc::EPERM };
        let settled = of(Outcome::Applied, Some(after), None);
        let refused = of(Outcome::Refused(bare), Some(bare), None);
        let failed = of(failed, None, Some(Cause::Immutable));
        let lines = [settled, refused, failed].map(|one| text(|out| write_outcomes(out, [&one], &Names)));
        assert_data_eq!(lines.concat(), str![[r#"
{"type":"outcome","root":{"text":"/srv/lab"},"path":{"text":"a"},"outcome":"applied","state":{"uid":0,"gid":3001,"mode":"2775","owner":"root","group":"lab"}}
{"type":"outcome","root":{"text":"/srv/lab"},"path":{"text":"a"},"outcome":"refused","state":{"uid":0,"gid":3001,"mode":"0775","owner":"root","group":"lab"},"message":"the calls succeeded, but it is root:lab 0775, not root:lab 2775; the kernel drops setgid where the owner is not in the group: run as root"}
{"type":"outcome","root":{"text":"/srv/lab"},"path":{"text":"a"},"outcome":"failed","call":"fchmodat2","errno":"EPERM","message":"fchmodat2: EPERM (operation not permitted): it is immutable (chattr +i)"}

"#]].raw());
    }
}
