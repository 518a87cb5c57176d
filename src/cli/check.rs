//! `check` and `diff`: looking, and telling.

use super::baseline::{Memory, Removable};
use super::expect;
use super::follow_up::{follow_up, follow_up_listed};
use super::reporting::CheckReport;
use super::run_as::run_as;
use super::{barred, from, planning, sharing};
use crate::args::{Check, CheckCommand, Common, Diff, Format, Limit, Listing, Reporting};
use crate::diff::stat;
use crate::diff::{DiffManner, DiffRow, Folding, Head, sums, write_folded};
use crate::findings::{EntryError, EntryReport, Survey};
use crate::formats::HUMAN;
use crate::model::text::escape::escape_message;
use crate::model::text::numbers::counted;
use crate::plan::ability::keep_mendable;
use crate::plan::effects::Effects;
use crate::policy::load::Fallback;
use crate::process::exit::{Exit, Failure};
use crate::process::reports::Files;
use crate::process::streams::{Streams, warn};
use crate::report::base::Base;
use crate::report::check::{Ended, Failed, Omitted};
use crate::report::human::run::Ran;
use crate::report::manner::{Grouping, Manner, Strictness};
use crate::report::text::words::Words;
use crate::report::{human, json};
use crate::session::Session;
use crate::session::judged::Judged;
use crate::session::{project, selecting, store};
use crate::sys::host;
use crate::sys::purpose::Purpose;
use jiff::Timestamp;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// `sgidlint check`.
pub(super) fn check(common: &Common, arguments: &CheckCommand, streams: &mut Streams) -> Result<Exit, Failure> {
    if let Some((units, part)) = arguments.share.units.as_deref().zip(arguments.share.part.as_deref()) {
        return sharing::check_units(common, arguments, (units, part), streams);
    }
    told(common, &arguments.reporting, arguments.paths_from.as_deref(), streams, |telling, streams| {
        look(common, arguments, telling, streams)
    })
}

/// Does a check, which is given what its reports are told by; where it comes to nothing, they tell that.
pub(super) fn told<'t>(
    common: &Common,
    asked: &'t Reporting,
    list: Option<&Path>,
    streams: &mut Streams,
    check: impl FnOnce(&mut Telling<'t>, &mut Streams) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let (began, clock) = (host::now(), Instant::now());
    let mut telling = Telling { asked, began, clock, files: Files::default(), base: project::base(common) };
    // The files that reports go to are the caller's own; policies and trees are seen by who is looked as.
    let opened = telling.files.open(common, asked, list);
    let told = opened.and_then(|()| check(&mut telling, streams));
    if let Err(failure) = &told {
        let Telling { files, base, .. } = &mut telling;
        let failed = failed(common, failure, (began, clock.elapsed()), base);
        // What an earlier run wrote would be taken for what there is now.
        let written = files.write_failed(&failed);
        // People read it on standard error.
        if common.report_format.0.name != HUMAN || streams.is_file() {
            let (format, to) = (common.report_format, common.output.as_deref());
            streams.write_unless_written(|out| format.write_failed(out, &failed, to))?;
        }
        written?;
    }
    told
}

/// Tells the reports of a check that its results can't be written anywhere.
pub(super) fn tell_reports(
    common: &Common,
    asked: &Reporting,
    list: Option<&Path>,
    failure: &Failure,
) -> Result<(), Failure> {
    let mut files = Files::default();
    let opened = files.open(common, asked, list);
    let (took, base) = ((host::now(), Duration::ZERO), project::base(common));
    files.write_failed(&failed(common, failure, took, &base)).and(opened)
}

fn failed<'f>(
    common: &Common,
    failure: &'f Failure,
    (began, took): (Timestamp, Duration),
    base: &'f Base,
) -> Failed<'f> {
    let strictness = if common.strict { Strictness::Warn } else { Strictness::Deny };
    let ended = Ended {
        exit: failure.exit as u8,
        began,
        took,
        is_whole: false,
        strictness,
        last_success: None,
        interrupted: None,
    };
    let Failure { problems, message, hints, .. } = failure;
    Failed { problems, message, hints, ended, file: None, before: "", base }
}

/// Looks, and tells what was found.
fn look(
    common: &Common,
    arguments: &CheckCommand,
    telling: &mut Telling<'_>,
    streams: &mut Streams,
) -> Result<Exit, Failure> {
    let CheckCommand { look, probe, paths_from, .. } = arguments;
    // The list is the caller's own, as the files are that reports go to.
    let only = paths_from.as_deref().map(selecting::listed).transpose()?;
    let check = &Check { only, ..look.check.clone() };
    run_as(&look.eyes)?;
    let memory = telling.memory(common, check)?;
    let session = Session::begin_to_tell(common, if *probe { Purpose::Probe } else { Purpose::Check })?;
    let mut judged = match probe {
        true => expect::judge(&session, check)?,
        false => match from::judge(&session, check, &look.listing)? {
            Some(judged) => judged,
            None => session.judge(check, Fallback::Allowed)?,
        },
    };
    if !probe {
        expect::note_unasked(common, &judged.loaded);
    }
    if let Some(only) = check.only.as_deref().filter(|_| judged.selection.outermost().next().is_none()) {
        match only.is_empty() && common.strict {
            // What can't be told from a command that failed before the pipe is no success.
            true => judged.survey.errors.push(EntryError::of_run(nothing_listed(only))),
            false => judged.survey.warnings.push(nothing_listed(only)),
        }
    }
    telling.tell(&session, (check, &look.listing), (judged, memory), streams)
}

/// How a check is told: in these files, and where results go.
pub(super) struct Telling<'a> {
    asked: &'a Reporting,
    began: Timestamp,
    clock: Instant,
    files: Files,
    base: Base,
}

impl Telling<'_> {
    /// What is done about findings that are known.
    pub(super) fn memory(&self, common: &Common, check: &Check) -> Result<Memory, Failure> {
        Memory::open(common, self.asked, !check.paths.is_empty())
    }

    /// Tells what was found.
    pub(super) fn tell(
        &mut self,
        session: &Session<'_>,
        (check, listing): (&Check, &Listing),
        (mut judged, memory): (Judged, Memory),
        streams: &mut Streams,
    ) -> Result<Exit, Failure> {
        let (common, asked) = (session.common, self.asked);
        let is_whole = !judged.stalled && !session.stop.load(Ordering::Relaxed);
        // What was looked at in part says nothing of what is known.
        let removable = if is_whole { memory.settle(common, &mut judged, streams)? } else { Removable::default() };
        if asked.mine {
            keep_mendable(&mut judged.survey, &barred::who_asks()?);
        }
        // Whatever is found, what isn't the caller's to change is no change, here as in a plan.
        barred::bar(&mut judged.survey, &session.names)?;
        let stale = if removable.fails(common) { Exit::Findings } else { Exit::Clean };
        let exit = looked(session, &judged).or_worse(stale);
        let manner = streams.manner(common);
        // A run that nobody watches is mailed: it says each night what stands open.
        let asks_runs = self.files.counts_runs(common) || common.quiet && exit != Exit::Interrupted;
        let interrupted = asks_runs.then(|| store::interrupted(common, &judged.survey)).flatten();
        let grouping = if asked.full { Grouping::Full } else { manner.grouping };
        let manner = Manner { grouping, most: asked.max_findings, ..manner };
        let ended = Ended {
            exit: exit as u8,
            began: self.began,
            took: self.clock.elapsed(),
            is_whole,
            strictness: manner.strictness,
            last_success: None,
            interrupted: interrupted.as_ref().map(|runs| runs.len() as u64),
        };
        let survey = &judged.survey;
        let (partial, is_less_than_roots) = (judged.partial_roots(), judged.is_of_less_than_roots());
        let omitted = Omitted { partial: &partial, is_less_than_roots };
        let told = CheckReport { survey, session, asked, ended, omitted, removable: &removable, base: &self.base };
        if is_whole && !is_less_than_roots && partial.is_empty() {
            let mut told = self.files.shrunk(survey);
            if told.is_empty() && asks_runs {
                told = store::emptied(session, survey);
            }
            told.iter().for_each(|told| warn(told));
        }
        // A file that can't be written changes how the check ends, which the results say.
        self.files.write(|out, format, path| told.write_as(format, out, manner.for_file(), Some(path)))?;
        if !asked.report_only {
            streams.write_results(|out| told.write(out, manner))?;
            removable.tell(common, streams);
            tell_rest(common, streams, survey, exit);
        }
        interrupted.iter().flatten().for_each(|run| warn(&store::told_interrupted(common, run)));
        // Whoever is quiet, as nights are, isn't told it anew each time; nor is another program.
        let is_for_people = streams.is_seen() || common.report_format.0.name == HUMAN;
        if exit != Exit::Interrupted && is_for_people && !asked.report_only && survey.changed().next().is_some() {
            streams.status(format_args!("{}", next_look(common, (check, listing), survey)));
        }
        Ok(exit)
    }
}

/// The command that shows what should be different.
fn next_look(common: &Common, (check, listing): (&Check, &Listing), survey: &Survey) -> String {
    let diff = follow_up_listed("diff", common, (check, listing), survey);
    let what = if survey.is_archive { "See what should be different" } else { "See what fix would do" };
    // What came through a pipe is gone.
    let again = listing.from.as_ref().is_some_and(|origin| origin.file.as_os_str() == "-");
    format!("{what}{}: {diff}", if again { ", with the same input" } else { "" })
}

/// Said also where it is to be quiet: a pipe whose first command failed looks like that.
fn nothing_listed(only: &[PathBuf]) -> String {
    match only.len() as u64 {
        0 => "the list of --paths-from names no path, so nothing was looked at; where the command before the pipe may have \
              failed, say `set -o pipefail` before it"
            .into(),
        1 => "the path that --paths-from lists isn't there, or in no tree, so nothing was looked at; it is taken from the \
              working directory (git: --relative)"
            .into(),
        count => format!(
            "none of the {} that --paths-from lists is there and in a tree, so nothing was looked at; they are taken from \
             the working directory (git: --relative)",
            counted(count, "path", "paths")
        ),
    }
}

/// `sgidlint diff`.
pub(super) fn diff(common: &Common, arguments: &Diff, streams: &mut Streams) -> Result<Exit, Failure> {
    let look = &arguments.look;
    run_as(&look.eyes)?;
    let session = Session::begin(common, Purpose::Check)?;
    let mut judged = match from::judge(&session, &look.check, &look.listing)? {
        Some(judged) => judged,
        None => session.judge(&look.check, Fallback::Allowed)?,
    };
    let session = session.limited_by(&judged.loaded);
    // What fix would make, and nothing else.
    let barred = barred::bar(&mut judged.survey, &session.names)?;
    planning::leave_out(&session, &mut judged, &look.check, &Limit::default(), None)?;
    let exit = looked(&session, &judged);
    let survey = &judged.survey;
    let (palette, names) = (streams.palette(), &session.names);
    let folding = if arguments.full { Folding::Full } else { streams.folding() };
    // What is asked for in full has its whole paths.
    let columns = streams.columns().filter(|_| !arguments.full);
    let manner = DiffManner { names, palette: &palette, folding, columns };
    streams.write_results(|out| match common.format {
        Format::Human if arguments.stat => stat::write_stat(out, &rows(survey), &heads(survey), manner),
        Format::Human => write_survey_diff(out, survey, manner),
        Format::Json => json::write_check(out, survey, &Words(names), names, exit as u8),
    })?;
    barred.tell(common, &look.check, &session.names, streams);
    tell_rest(common, streams, survey, exit);
    let effects = effects(survey);
    // What isn't here isn't fixed here.
    if effects.changes > 0 && look.listing.from.is_none() {
        let fix = follow_up("fix", common, &look.check, survey);
        let sums = sums(rows(survey), &*session.names);
        streams.status(format_args!("Fix would change {sums}."));
        streams.status(format_args!("Fix would make {}: {fix}", effects.clause()));
    }
    Ok(exit)
}

/// The exit status of a look, an interrupt considered.
pub(super) fn looked(session: &Session<'_>, judged: &Judged) -> Exit {
    match session.stop.load(Ordering::Relaxed) {
        true => Exit::Interrupted,
        false => judged.exit(session.common),
    }
}

/// What a fix would do, as a diff.
pub(super) fn write_survey_diff(out: &mut dyn Write, survey: &Survey, manner: DiffManner<'_>) -> io::Result<()> {
    write_folded(out, &rows(survey), &heads(survey), manner)
}

/// What a fix would change, in path order.
pub(super) fn rows(survey: &Survey) -> Vec<DiffRow<'_>> {
    survey.changed().map(row).collect()
}

/// The roots as a diff names them.
pub(super) fn heads(survey: &Survey) -> Vec<Head<'_>> {
    let head =
        |root: &'_ crate::findings::Root| survey.policies.get(root.policy as usize).map(|policy| policy.name.as_str());
    survey.roots.iter().map(|root| Head { path: root.path.as_os_str().as_bytes(), policy: head(root) }).collect()
}

/// What a fix would do to access.
pub(super) fn effects(survey: &Survey) -> Effects {
    let mut effects = Effects::default();
    for report in survey.changed() {
        effects.count(report.actual, report.desired, report.turn());
        effects.risky += u64::from(survey.is_risky(report));
    }
    effects
}

fn row(report: &EntryReport) -> DiffRow<'_> {
    let (before, after, acls) = (report.actual, report.desired, report.turn());
    DiffRow { root: report.root, path: &report.path, kind: report.kind, before, after, acls }
}

/// Tells on standard error what could not be read, what should be known, and the totals; of a look that was interrupted,
/// how far it came.
pub(super) fn tell_rest(common: &Common, streams: &Streams, survey: &Survey, exit: Exit) {
    if exit == Exit::Interrupted {
        tell_errors(common, streams, survey);
        streams.write_errors(|err| human::write_interrupted(err, survey, &streams.error_manner(common)));
    } else {
        tell_rest_of(common, streams, survey, None);
    }
}

/// The same behind a run, which the totals sum up.
pub(super) fn tell_rest_of(common: &Common, streams: &Streams, survey: &Survey, ran: Option<&Ran<'_>>) {
    tell_errors(common, streams, survey);
    streams.write_errors(|err| human::write_summary(err, survey, &streams.error_manner(common), ran));
}

/// Tells on standard error what could not be read, and what should be known.
pub(super) fn tell_errors(common: &Common, streams: &Streams, survey: &Survey) {
    let palette = streams.error_manner(common).palette;
    // Those are written past the pager.
    if !survey.warnings.is_empty() {
        streams.end_paging();
    }
    survey.warnings.iter().for_each(|warning| warn(warning));
    for remark in &survey.remarks {
        // What is to be pasted into a policy has lines of its own.
        let mut lines = remark.lines();
        streams.status(format_args!("sgidlint: note: {}", escape_message(lines.next().unwrap_or_default())));
        lines.for_each(|line| streams.status(escape_message(line)));
    }
    streams.write_errors(|err| human::write_errors(err, survey, &palette));
}
