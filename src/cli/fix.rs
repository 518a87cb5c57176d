//! `fix` and `plan`: from findings to changes.

use super::args::{Fix, Format, Plan as PlanArguments};
use super::check::{looked, tell_rest, write_survey_diff};
use super::execute::execute;
use super::exit::{Exit, Failure};
use super::judged::{Judged, fails};
use super::session::Session;
use super::streams::Streams;
use super::words::Words;
use super::{args::Common, ask, planning};
use crate::judge::Options;
use crate::lints::Lint;
use crate::plan::{Plan, RunKind};
use crate::policy::load::Fallback;
use crate::report::json;
use crate::roots::Purpose;
use std::collections::HashSet;
use std::sync::atomic::Ordering;

/// `sgidlint fix`.
pub fn fix(common: &Common, fix: &Fix, streams: &mut Streams) -> Result<Exit, Failure> {
    if !fix.consent.dry_run {
        ask::refuse_without_terminal(&fix.consent)?;
    }
    let session = Session::begin(common, Purpose::Change)?;
    let judged = session.judge(&fix.check, Fallback::Refused)?;
    let session = session.limited_by(&judged.loaded);
    if fix.consent.dry_run || session.stop.load(Ordering::Relaxed) {
        return dry_run(&session, &judged, streams);
    }
    let plan = planning::plan(&session, &judged, RunKind::Fix, &fix.check, &fix.limit);
    show(&session, &judged, streams)?;
    let made = if plan.changes.is_empty() {
        streams.status("Nothing to change.");
        None
    } else if ask::may_apply(&fix.consent, &plan)? {
        let executed = execute(&session, &plan)?;
        executed.tell(&session, &plan, streams)?;
        Some(executed)
    } else {
        streams.status("Nothing was changed.");
        None
    };
    let is_made = |change: usize| made.as_ref().is_some_and(|executed| executed.is_made(change));
    let options = Options { unsafe_fixes: fix.check.unsafe_fixes, ..Options::default() };
    let exit = remaining(common, &judged, &plan, &options, is_made)
        .or_worse(made.as_ref().map_or(Exit::Clean, |executed| executed.exit()));
    if common.format == Format::Json {
        let totals = json::Totals { changes: applied(&made), ..json::Totals::of(&judged.survey) };
        streams.write_results(|out| json::write_end(out, &totals, exit as u8))?;
    }
    tell_rest(common, streams, &judged.survey);
    Ok(exit)
}

/// `sgidlint plan`.
pub fn plan(common: &Common, arguments: &PlanArguments, streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, Purpose::Change)?;
    let judged = session.judge(&arguments.check, Fallback::Refused)?;
    let plan = planning::plan(&session, &judged, RunKind::Plan, &arguments.check, &arguments.limit);
    let exit = looked(&session, &judged);
    if exit == Exit::Interrupted {
        return Ok(exit);
    }
    streams.write_results(|out| plan.write(out))?;
    if let Some(limit) = plan.exceeded_limit() {
        streams.status(format_args!("sgidlint: note: apply will refuse this plan: it has more than {limit} changes"));
    }
    tell_rest(common, streams, &judged.survey);
    Ok(exit)
}

fn applied(made: &Option<super::execute::Executed>) -> u64 {
    made.as_ref().map_or(0, |executed| executed.tally.counts.of("applied"))
}

fn dry_run(session: &Session<'_>, judged: &Judged, streams: &mut Streams) -> Result<Exit, Failure> {
    let exit = looked(session, judged);
    show(session, judged, streams)?;
    if session.common.format == Format::Json {
        let totals = json::Totals::of(&judged.survey);
        streams.write_results(|out| json::write_end(out, &totals, exit as u8))?;
    }
    tell_rest(session.common, streams, &judged.survey);
    Ok(exit)
}

/// Shows what is wrong and what is to be done about it: a diff for people, findings for programs.
fn show(session: &Session<'_>, judged: &Judged, streams: &mut Streams) -> Result<(), Failure> {
    let survey = &judged.survey;
    let palette = streams.palette();
    let words = Words(&session.names);
    streams.write_results(|out| match session.common.format {
        Format::Json => {
            json::write_begin(out, &survey.policies, &survey.roots)?;
            json::write_findings(out, survey, &words, &session.names)?;
            json::write_errors(out, survey)
        }
        Format::Human if session.common.quiet => Ok(()),
        Format::Human => write_survey_diff(out, survey, session, &palette),
    })?;
    streams.flush()
}

/// The exit status for what is left once the changes are made.
fn remaining(
    common: &Common,
    judged: &Judged,
    plan: &Plan,
    options: &Options,
    is_made: impl Fn(usize) -> bool,
) -> Exit {
    let made: HashSet<_> =
        plan.changes.iter().enumerate().filter(|(at, _)| is_made(*at)).map(|(_, change)| change.id).collect();
    let mut exit = if judged.survey.errors.is_empty() { Exit::Clean } else { Exit::Incomplete };
    for flaw in &judged.survey.flaws {
        for finding in &flaw.findings {
            let is_fixed = options.plans(finding.fix) && made.contains(&flaw.id);
            if finding.lint == Lint::Conflict && fails(finding.level, common) {
                // A change that the policies ask for was not made, and couldn't be.
                exit = exit.or_worse(Exit::Incomplete);
            } else if !is_fixed && fails(finding.level, common) {
                exit = exit.or_worse(Exit::Findings);
            }
        }
    }
    let notices = judged.survey.notices.iter().any(|notice| fails(notice.level, common));
    if notices { exit.or_worse(Exit::Findings) } else { exit }
}
