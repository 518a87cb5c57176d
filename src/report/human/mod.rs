//! Findings for people: one a line, path first, so that it greps and clicks.

mod glance;
mod grouped;
mod places;
pub(crate) mod explain;
pub(crate) mod failure;
pub(crate) mod policies;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod summary;

use crate::findings::summary::Summary;
use crate::findings::{EntryError, Excused, Notice, Survey, folded};
use crate::lints::{Fix, Level};
use crate::model::entry::Kind;
use crate::model::path::TreePath;
use crate::model::text::escape::{entry_path, escape, escape_message, write_entry_path};
use crate::model::text::numbers::{counted, number, sentence};
use crate::report::check::{Check, root_bytes};
use crate::report::human::grouped::{Line, Lines};
use crate::report::human::places::{Places, path_below};
use crate::report::human::run::Ran;
use crate::report::manner::{Grouping, Manner};
use crate::report::text::words::Phrases;
use crate::report::text::words::{Wording, fix_hint};
use crate::screen::style::{Palette, Verbosity};
use crate::screen::wrap::{Layout, pieces};
use crate::sys::error::{errno_name, errno_text};
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes what a check found, or its sums.
pub(crate) fn write_check(out: &mut dyn Write, check: &Check<'_>) -> io::Result<()> {
    let (survey, manner) = (check.survey, &check.manner);
    match check.summary {
        true => {
            let is_full = manner.grouping == Grouping::Full;
            let told = (is_full, manner.columns);
            summary::write_human(&Summary::of(survey), out, check.names, &manner.palette, told)
        }
        false => write_findings(out, survey, check.words, manner),
    }
}

/// Writes the findings, those on entries in path order, then those about policies.
pub(crate) fn write_findings(
    out: &mut dyn Write,
    survey: &Survey,
    words: &dyn Wording,
    manner: &Manner,
) -> io::Result<()> {
    let phrases = Phrases::of(words);
    let mut most = manner.most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let mut rest = match manner.grouping {
        Grouping::Glance => glance::write(out, survey, &phrases, manner, &mut most)?,
        Grouping::Alike | Grouping::Full => write_lines(out, survey, &phrases, manner, &mut most)?,
    };
    let notices = survey.notices.iter().filter(|notice| manner.tells(notice.level));
    let notices = match manner.grouping == Grouping::Full {
        true => notices.map(|notice| (notice, 0)).collect(),
        false => folded(notices),
    };
    let (told, left) = notices.split_at(notices.len().min(most));
    told.iter().try_for_each(|told| write_notice(out, survey, words, manner, told))?;
    rest += left.iter().map(|(_, more)| 1 + more).sum::<u64>();
    if rest > 0 {
        writeln!(out, "... and {} more (--max-findings)", counted(rest, "finding", "findings"))?;
    }
    if manner.verbosity == Verbosity::Verbose {
        survey.excused.iter().try_for_each(|excused| write_excused(out, survey, words, manner, excused))?;
    }
    Ok(())
}

/// Writes what could not be read; for stderr.
pub(crate) fn write_errors(out: &mut dyn Write, survey: &Survey, palette: &Palette) -> io::Result<()> {
    survey.errors.iter().try_for_each(|error| {
        let path = entry_path(error.root.map_or(b"", |root| root_bytes(survey, root)), &error.path, None);
        // What concerns all of a run has no place.
        let place = if path.is_empty() { path } else { path + ": " };
        writeln!(out, "sgidlint: {0}error{0:#}: {place}{1}", palette.deny, error_text(error))
    })
}

/// Writes what was not looked at and the totals, which a run left where there was one; when quiet, only how what was
/// changed is undone. For stderr.
pub(crate) fn write_summary(
    out: &mut dyn Write,
    survey: &Survey,
    manner: &Manner,
    ran: Option<&Ran<'_>>,
) -> io::Result<()> {
    if manner.verbosity == Verbosity::Quiet {
        let has_changed = |ran: &&Ran<'_>| ran.counts.made() > 0;
        return ran
            .filter(has_changed)
            .map_or(Ok(()), |ran| ran.write_summary(out, manner.columns, Some(&summary(survey))));
    }
    write_skipped_mounts(out, survey, manner)?;
    write_read_only_places(out, survey, manner)?;
    match ran {
        Some(ran) => ran.write_summary(out, manner.columns, Some(&summary(survey))),
        None => write_sentence(out, manner, &summary(survey)),
    }
}

/// Writes how far a run came that was interrupted, also when quiet. For stderr.
pub(crate) fn write_interrupted(out: &mut dyn Write, survey: &Survey, manner: &Manner) -> io::Result<()> {
    let found = match found(survey) {
        (_, how) if how.is_empty() => "nothing wrong was found so far".into(),
        (count, how) => count + &how,
    };
    let looked = match survey.counts.entries {
        0 => "before anything was looked at".into(),
        some => format!("after {}, so the rest was not looked at: {found}", counted(some, "entry", "entries")),
    };
    write_sentence(out, manner, &format!("interrupted {looked}{}", aside(survey)))
}

fn write_sentence(out: &mut dyn Write, manner: &Manner, clause: &str) -> io::Result<()> {
    Layout { columns: manner.columns, first: 0, below: 0 }.write(out, pieces(&sentence(clause)))
}

/// Writes findings in path order, in as many lines as there may be; gives how many had no room.
fn write_lines(
    out: &mut dyn Write,
    survey: &Survey,
    phrases: &Phrases<'_>,
    manner: &Manner,
    most: &mut usize,
) -> io::Result<u64> {
    let lines = Lines::new(survey, phrases, manner);
    let (mut rest, mut root, mut places) = (0, None, Places::default());
    for line in lines.iter() {
        if *most == 0 {
            rest += line.count;
            continue;
        }
        *most -= 1;
        let Some(columns) = manner.columns else {
            write_finding(out, survey, phrases, manner, &line)?;
            continue;
        };
        let own = root_bytes(survey, line.report.root);
        if root.replace(own) != Some(own) {
            writeln!(out, "{0}{1}{0:#}", manner.palette.head, places::head(own))?;
        }
        let rule = places.first(survey, line.finding);
        write_below(out, own, phrases, manner, (&line, rule), columns)?;
    }
    Ok(rest)
}

/// Writes a finding below the head of its root.
fn write_below(
    out: &mut dyn Write,
    root: &[u8],
    phrases: &Phrases<'_>,
    manner: &Manner,
    (line, rule): (&Line<'_>, Option<String>),
    columns: usize,
) -> io::Result<()> {
    let Line { report, finding, .. } = *line;
    let (style, aside, level) = (manner.palette.level(finding.level), manner.palette.aside, finding.level);
    let (path, kind, _) = subject(line);
    let entries = if line.is_group() { line.entries_by_name() + ": " } else { String::new() };
    let mut pieces = vec![format!("{}:", path_below(root, root, &path, kind)), format!("{style}{level}{style:#}:")];
    let said = format!("{entries}{}{}", phrases.message(finding, report), fix_hint(finding.fix));
    pieces.extend(said.split(' ').map(str::to_owned));
    pieces.push(format!("{aside}[{}]{aside:#}", phrases.lint(finding.lint)));
    pieces.extend(rule.map(|rule| format!("{aside}({rule}){aside:#}")));
    Layout { columns: Some(columns), first: 0, below: 4 }.write(out, pieces)
}

/// What a line is about: an entry, or how many of a directory.
fn subject<'a>(line: &Line<'a>) -> (Cow<'a, TreePath>, Kind, String) {
    match line.is_group() {
        false => (Cow::Borrowed(&line.report.path), line.report.kind, String::new()),
        true => {
            let directory = line.report.path.directory().as_path();
            (Cow::Owned(directory), Kind::Dir, format!("{}: ", line.entries()))
        }
    }
}

fn write_finding(
    out: &mut dyn Write,
    survey: &Survey,
    phrases: &Phrases<'_>,
    manner: &Manner,
    line: &Line<'_>,
) -> io::Result<()> {
    let Line { report, finding, .. } = *line;
    let root = root_bytes(survey, report.root);
    let (path, kind, entries) = subject(line);
    write_entry_path(out, root, &path, Some(kind))?;
    let (style, aside, level) = (manner.palette.level(finding.level), manner.palette.aside, finding.level);
    write!(out, ": {style}{level}{style:#}: {entries}{}", phrases.message(finding, report))?;
    write!(out, "{} {aside}[{}]", fix_hint(finding.fix), phrases.lint(finding.lint))?;
    match places::place(survey, finding) {
        Some(place) => writeln!(out, " ({place}){aside:#}"),
        None => writeln!(out, "{aside:#}"),
    }
}

fn write_notice(
    out: &mut dyn Write,
    survey: &Survey,
    words: &dyn Wording,
    manner: &Manner,
    &(notice, more): &(&Notice, u64),
) -> io::Result<()> {
    let file = survey.policies.get(notice.policy as usize).map_or("policy", |policy| &policy.file);
    let (place, level, aside) = (escape(file.as_bytes()), notice.level, manner.palette.aside);
    let (style, message) = (manner.palette.level(level), escape_message(&notice.message));
    let more = match more {
        0 => String::new(),
        more => format!(", and so at {} below", counted(more, "more entry", "more entries")),
    };
    let lint = words.lint(notice.lint);
    let told = format!("{place}:{}: {style}{level}{style:#}: {message}{more} {aside}[{lint}]{aside:#}", notice.line);
    Layout { columns: manner.columns, first: 0, below: 4 }.write(out, told.split(' '))
}

/// What an exception covers is told with its reason, in place of a level.
fn write_excused(
    out: &mut dyn Write,
    survey: &Survey,
    words: &dyn Wording,
    manner: &Manner,
    excused: &Excused,
) -> io::Result<()> {
    let (report, aside) = (&excused.report, manner.palette.aside);
    let path = entry_path(root_bytes(survey, report.root), &report.path, Some(report.kind));
    report.findings.iter().zip(&excused.reasons).try_for_each(|(finding, reason)| {
        let message = escape_message(&words.message(finding, report)).into_owned();
        let (lint, reason) = (words.lint(finding.lint), escape_message(reason).into_owned());
        let told = format!("{path}: {aside}excepted{aside:#}: {message} {aside}[{lint}] ({reason}){aside:#}");
        Layout { columns: manner.columns, first: 0, below: 4 }.write(out, told.split(' '))
    })
}

/// The error's message, with the call and its errno where it doesn't name them itself.
pub(crate) fn error_text(error: &EntryError) -> String {
    let message = escape_message(&error.message);
    match (error.call, error.errno) {
        (Some(call), Some(errno)) if !message.contains(&errno_name(errno)) => {
            format!("{call}: {} ({}): {message}", errno_name(errno), errno_text(errno))
        }
        _ => message.into_owned(),
    }
}

/// So many mounts are named without being asked.
const FEW_MOUNTS: usize = 3;

fn write_skipped_mounts(out: &mut dyn Write, survey: &Survey, manner: &Manner) -> io::Result<()> {
    if manner.verbosity < Verbosity::Verbose && survey.skipped_mounts.len() > FEW_MOUNTS {
        return Ok(());
    }
    survey.skipped_mounts.iter().try_for_each(|mount| {
        let path = entry_path(root_bytes(survey, mount.root), &mount.path, Some(crate::model::entry::Kind::Dir));
        writeln!(out, "{path}: mount not entered (the tree's `mounts` decides)")
    })
}

fn write_read_only_places(out: &mut dyn Write, survey: &Survey, manner: &Manner) -> io::Result<()> {
    let places = survey.read_only_places();
    let most = if manner.verbosity < Verbosity::Verbose { FEW_MOUNTS } else { usize::MAX };
    for ((root, path), count) in places.iter().take(most) {
        let path = entry_path(root_bytes(survey, *root), path, Some(crate::model::entry::Kind::Dir));
        let left = if *count == 1 { "stays as it is" } else { "stay as they are" };
        writeln!(out, "{path}: read-only, so that {} {left}", counted(*count, "entry", "entries"))?;
    }
    match places.len().checked_sub(most).filter(|&rest| rest > 0) {
        Some(rest) => {
            writeln!(out, "... and {} (-v names them)", counted(rest as u64, "read-only place", "read-only places"))
        }
        None => Ok(()),
    }
}

/// `12 findings in 100,000 entries (9 deny, 3 warn), 9 can be fixed safely; 3 excluded, 1 mount not entered`.
fn summary(survey: &Survey) -> String {
    let (count, how) = found(survey);
    format!("{count} in {}{how}{}", counted(survey.counts.entries, "entry", "entries"), aside(survey))
}

/// How many findings there are, and of what kind: `12 findings` and ` (9 deny, 3 warn), 9 can be fixed safely`.
fn found(survey: &Survey) -> (String, String) {
    let levels = levels(survey);
    let of = |level| levels.clone().filter(|&found| found == level).count() as u64;
    let (deny, warn) = (of(Level::Deny), of(Level::Warn));
    let parts = [(deny, "deny"), (warn, "warn")].into_iter().filter(|&(count, _)| count > 0);
    let parts: Vec<String> = parts.map(|(n, level)| format!("{} {level}", number(n))).collect();
    let how = match parts.is_empty() {
        true => String::new(),
        false => format!(" ({}), {}", parts.join(", "), fixable(survey)),
    };
    (counted(deny + warn, "finding", "findings"), how)
}

/// The end of a sentence that tells what was not judged.
fn aside(survey: &Survey) -> String {
    let parts = passed_over(survey);
    if parts.is_empty() { String::new() } else { format!("; {}", parts.join(", ")) }
}

fn levels(survey: &Survey) -> impl Iterator<Item = Level> + Clone + '_ {
    let on_entries = survey.reports.iter().flat_map(|report| report.findings.iter().map(|finding| finding.level));
    on_entries.chain(survey.notices.iter().map(|notice| notice.level))
}

fn fixable(survey: &Survey) -> String {
    let reports = || survey.reports.iter().filter(|report| !survey.refused.contains_key(&report.root));
    let fixes = || reports().flat_map(|report| report.findings.iter().map(|finding| finding.fix));
    let safe = fixes().filter(|fix| matches!(fix, Fix::Safe)).count() as u64;
    let not_safe = fixes().filter(|fix| matches!(fix, Fix::Unsafe(_))).count() as u64;
    match (safe, not_safe) {
        (1.., _) | (_, 1..) if survey.is_archive => "none can be fixed in an archive".into(),
        (0, 0) => "none can be fixed".into(),
        (0, n) => format!("{} can be fixed with --unsafe-fixes", number(n)),
        (s, 0) => format!("{} can be fixed safely", number(s)),
        (s, n) => format!("{} can be fixed safely, {} more with --unsafe-fixes", number(s), number(n)),
    }
}

/// What was not judged, never in silence.
fn passed_over(survey: &Survey) -> Vec<String> {
    let counts = &survey.counts;
    let (mounts, errors) = (survey.skipped_mounts.len() as u64, survey.errors.len() as u64);
    let mut parts = Vec::new();
    let mut push = |count: u64, text: String| parts.extend((count > 0).then_some(text));
    push(counts.excluded, format!("{} excluded", number(counts.excluded)));
    push(mounts, format!("{} not entered", counted(mounts, "mount", "mounts")));
    push(counts.suppressed, format!("{} covered by exceptions", counted(counts.suppressed, "finding", "findings")));
    push(counts.known, format!("{} known from the baseline", counted(counts.known, "finding", "findings")));
    push(counts.vanished, format!("{} vanished meanwhile", number(counts.vanished)));
    let read_only = survey.totals().read_only;
    push(read_only, format!("{} in read-only places", counted(read_only, "entry", "entries")));
    let accounts = survey.unknown_accounts.len() as u64;
    push(accounts, format!("{} unknown here", counted(accounts, "account", "accounts")));
    push(errors, format!("incomplete: {}", counted(errors, "error", "errors")));
    parts
}

#[cfg(test)]
mod tests;
