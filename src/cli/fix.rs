//! `fix` and `plan`: from findings to changes.

use super::check::{effects, heads, looked, rows, tell_errors, tell_rest, tell_rest_of, write_survey_diff};
use super::execute::{Executed, execute, settled, tell};
use super::follow_up::{self, follow_up};
use super::nights::{self, Nights};
use super::pick::Picking;
use super::repaired::{self, Repaired};
use super::suspects::Narrowed;
use super::{ask, barred, planning};
use crate::args::{Check, Common, Fix, Format, Limit, Plan as PlanArguments};
use crate::diff::{DiffManner, Folding, sums};
use crate::findings::{EntryReport, Survey, Totals};
use crate::journal::{Done, Outcome};
use crate::lints::{Fix as LintFix, Lint};
use crate::model::acl::Acls;
use crate::model::entry::Identity;
use crate::model::path::TreePath;
use crate::model::text::numbers::{counted, number};
use crate::plan::effects::Effects;
use crate::plan::{Plan, RunKind};
use crate::process::exit::{Exit, Failure};
use crate::process::streams::{Streams, warn};
use crate::report::human::run::Ran;
use crate::report::manner::Manner;
use crate::report::text::words::Words;
use crate::report::{human, json};
use crate::screen::progress;
use crate::session::Session;
use crate::session::judged::{Judged, exit_of, fails};
use crate::session::{store, telling};
use crate::source::mounts::Mounts;
use crate::sys::purpose::Purpose;
use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::Ordering;

/// `sgidlint fix`.
pub(super) fn fix(common: &Common, fix: &Fix, streams: &mut Streams) -> Result<Exit, Failure> {
    repaired::reporting(common, fix, streams, |repaired, streams| repair(common, fix, repaired, streams))
}

fn repair(common: &Common, fix: &Fix, repaired: &mut Repaired, streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, fix.consent.purpose())?;
    session.apart(|| follow_up::refuse_unnamed("fix", common, &fix.check))??;
    if !fix.consent.dry_run {
        ask::refuse_without_terminal(&fix.consent).map_err(|failure| {
            let told = follow_up("fix -y", common, &fix.check, &Survey::default());
            Failure { hints: vec![format!("agree with -y: {told}"), "or look first with -n".into()], ..failure }
        })?;
    }
    // A run that couldn't be put on record is better told of before the walk than after it.
    let store = if fix.consent.dry_run { None } else { Some(store::open(common)?) };
    let narrowed = Narrowed::of(&session, &fix.check, &fix.suspects)?;
    let mut judged = narrowed.judge(&session)?;
    repaired.begin(&judged.survey);
    let session = session.limited_by(&judged.loaded);
    let is_cut_short = session.stop.load(Ordering::Relaxed);
    let found = format!("planning for {}", counted(judged.survey.reports.len() as u64, "entry", "entries"));
    let barred = progress::while_busy(telling::of(common), &found, || {
        let barred = barred::bar(&mut judged.survey, &session.names)?;
        planning::leave_out(&session, &mut judged, &fix.check, &fix.limit, store.as_ref())?;
        Ok::<_, Failure>(barred)
    })?;
    if session.stop.load(Ordering::Relaxed) && common.format == Format::Human {
        return Ok(give_up(common, &judged, is_cut_short, streams));
    }
    if fix.consent.dry_run || judged.stalled || session.stop.load(Ordering::Relaxed) {
        let exit = dry_run(&session, &judged, streams)?;
        barred.tell(common, &fix.check, &session.names, streams);
        return Ok(exit);
    }
    let plan = || planning::plan(&session, &judged, RunKind::Fix, &fix.check, &fix.limit);
    let (mut plan, unfit) = progress::while_busy(telling::of(common), &found, plan);
    let unfit = planning::tell_unfit(&plan.header, &unfit, streams);
    let picks = !fix.consent.yes && common.format == Format::Human && !common.quiet && ask::has_terminal();
    match picks {
        true => pick(&session, &judged, &mut plan, streams)?,
        false => show(&session, &judged, streams)?,
    }
    if judged.selection.is_all() {
        store::emptied(&session, &judged.survey).iter().for_each(|told| warn(told));
    }
    let nights = Nights::of(&session, &judged, &plan);
    repaired.planned = plan.changes.len() as u64;
    if plan.exceeded_limit().is_some() {
        nights::tell_kinds(&session, &judged.survey, streams)?;
        nights.tell_open(common);
    }
    let made = if plan.changes.is_empty() {
        nights.settle(&session, &plan)?;
        streams.status(if picks && judged.survey.changed().next().is_some() {
            "Nothing was changed."
        } else {
            "Nothing to change."
        });
        None
    } else if ask::may_make(&fix.consent, &chosen_effects(&judged, &plan).clause(), &session.stop)? {
        streams.know(Totals { changes: 0, ..judged.survey.totals() });
        let executed = execute(&session, &plan, &fix.consent, ("run fix again", nights.settles()), streams)?;
        repaired.counts = executed.tally.counts;
        let counts = tell(&session, streams, settled(&plan, &executed.done))?;
        executed.tell_untried(&plan, streams);
        Some((executed, counts))
    } else {
        streams.status("Nothing was changed.");
        None
    };
    if picks && made.is_none() && judged.survey.changed().next().is_some() {
        // What was shown and declined is told no second time.
        tell_errors(common, streams, &judged.survey);
        return Ok(looked(&session, &judged).or_worse(unfit));
    }
    let executed = made.as_ref().map(|(executed, _)| executed);
    let mut totals = Totals { changes: applied(executed), ..judged.survey.totals() };
    if executed.is_some() {
        totals.errors = streams.errors();
    }
    let is_told = executed.is_none_or(|executed| is_foretold(&judged.survey, executed));
    let mut left = Left::of(&session, judged.survey, &plan, executed);
    if !is_told && !session.stop.load(Ordering::Relaxed) {
        // Where that can't be had, what was foreseen is the best there is.
        if let Ok(seen) = narrowed.judge(&session) {
            left = Left { conflict: left.conflict, survey: seen.survey };
        }
    }
    totals.left = made.as_ref().map(|_| left.survey.totals().findings);
    let exit = left.exit(common).or_worse(executed.map_or(Exit::Clean, Executed::exit)).or_worse(unfit);
    let manner = Manner { most: fix.max_findings, ..streams.manner(common) };
    let is_known = picks && streams.is_terminal();
    match common.format {
        // What was shown and declined is told no second time.
        Format::Human if is_known => {}
        Format::Human => {
            let words = Words(&session.names);
            streams.write_results(|out| human::write_findings(out, &left.survey, &words, &manner))?;
        }
        Format::Json => {
            let run = executed.map(|executed| executed.run.as_str());
            streams.write_results(|out| json::write_end_of(out, run, &totals, exit as u8))?;
        }
    }
    barred.tell(common, &fix.check, &session.names, streams);
    let what = executed.filter(|_| common.quiet).map(|executed| nights::kinds_and_places(&plan, executed));
    let ran = made.as_ref().map(|(executed, counts)| Ran { what: what.as_deref(), ..executed.ran(*counts) });
    if is_known && !left.survey.reports.is_empty() {
        let check = follow_up("check", common, &fix.check, &left.survey);
        streams.status(format_args!("What is left is listed by: {check}"));
    }
    tell_rest_of(common, streams, &left.survey, ran.as_ref());
    nights.tell(common, executed.is_none_or(|executed| executed.exit() == Exit::Clean));
    Ok(exit)
}

/// `sgidlint plan`.
pub(super) fn plan(common: &Common, arguments: &PlanArguments, streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, Purpose::Plan)?;
    session.apart(|| follow_up::refuse_unnamed("plan -o FILE", common, &arguments.check))??;
    let judged = Narrowed::of(&session, &arguments.check, &arguments.suspects)?.judge(&session)?;
    let session = session.limited_by(&judged.loaded);
    let asked = (&arguments.check, &arguments.limit);
    write_plan(&session, judged, asked, streams, |streams, plan| streams.write_results(|out| plan.write(out)))
}

/// Writes the plan of what was judged, where all of it was.
pub(super) fn write_plan(
    session: &Session<'_>,
    mut judged: Judged,
    (check, limit): (&Check, &Limit),
    streams: &mut Streams,
    write: impl FnOnce(&mut Streams, &Plan) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let common = session.common;
    let barred = barred::bar(&mut judged.survey, &session.names)?;
    planning::leave_out(session, &mut judged, check, limit, None)?;
    let (plan, unfit) = planning::plan(session, &judged, RunKind::Plan, check, limit);
    let exit = looked(session, &judged).or_worse(planning::tell_unfit(&plan.header, &unfit, streams));
    if exit == Exit::Interrupted || judged.stalled {
        // A part of the changes is no plan.
        streams.give_up();
        match exit {
            Exit::Interrupted => tell_rest(common, streams, &judged.survey, exit),
            _ => tell_errors(common, streams, &judged.survey),
        }
        return Ok(exit);
    }
    write(streams, &plan)?;
    if let Some(limit) = plan.exceeded_limit() {
        let limit = number(limit);
        streams.status(format_args!("sgidlint: note: apply will refuse this plan: it has more than {limit} changes"));
    }
    barred.tell(common, check, &session.names, streams);
    tell_rest(common, streams, &judged.survey, exit);
    Ok(exit)
}

/// Asks about the changes hunk by hunk, and leaves in the plan what was chosen.
fn pick(session: &Session<'_>, judged: &Judged, plan: &mut Plan, streams: &mut Streams) -> Result<(), Failure> {
    let survey = &judged.survey;
    let (rows, heads, palette) = (rows(survey), heads(survey), streams.error_palette());
    if rows.is_empty() {
        return Ok(());
    }
    let clause = effects(survey).clause();
    let sums = sums(rows.iter().copied(), &*session.names);
    let entries = counted(survey.counts.entries, "entry", "entries");
    streams.status(format_args!("In {entries}, fix would change {sums}."));
    streams.status(format_args!("Fix would make {clause}."));
    let columns = streams.error_columns();
    let manner = DiffManner { names: &session.names, palette: &palette, folding: Folding::Folded, columns };
    let why = |report: &EntryReport| {
        let mut planned = report.findings.iter().filter(|finding| survey.is_planned_unsafely(report, finding));
        planned.find_map(|finding| if let LintFix::Unsafe(because) = finding.fix { Some(because) } else { None })
    };
    let unsafe_for: Vec<_> = survey.changed().map(why).collect();
    let chosen =
        Picking { heads: &heads, unsafe_for: &unsafe_for, manner, stop: &session.stop, headed: Cell::new(None) }
            .pick(&rows)?;
    let reports = survey.changed().zip(&chosen).filter(|(_, chosen)| **chosen);
    let chosen: HashSet<(Identity, &TreePath)> = reports.map(|(report, _)| (report.id, &report.path)).collect();
    plan.changes.retain(|change| chosen.contains(&(change.id, &change.path)));
    Ok(())
}

/// What the changes of a plan do to access.
fn chosen_effects(judged: &Judged, plan: &Plan) -> Effects {
    let reports = judged.survey.changed().filter(|report| judged.survey.is_risky(report));
    let risky: HashSet<(Identity, &TreePath)> = reports.map(|report| (report.id, &report.path)).collect();
    let mut effects = Effects::default();
    for change in &plan.changes {
        effects.count(change.before, change.after, change.acls.as_deref());
        effects.risky += u64::from(risky.contains(&(change.id, &change.path)));
    }
    effects
}

/// Whether what is left was foreseen when it was judged: each change was made, on file systems that keep what they are
/// told, and no ACL and no way to a root plays a part in it. Otherwise only a new look tells.
fn is_foretold(survey: &Survey, executed: &Executed) -> bool {
    let is_plain = |report: &EntryReport| report.acls() == Acls::default() && report.obstacle().is_none();
    let is_applied = |done: &Done| matches!(done.outcome, Outcome::Applied | Outcome::Already);
    let is_local = || {
        let mounts = Mounts::read().unwrap_or_default();
        survey.roots.iter().all(|root| mounts.are_local_below(&root.path))
    };
    executed.done.iter().all(is_applied) && survey.reports.iter().all(is_plain) && is_local()
}

fn applied(made: Option<&Executed>) -> u64 {
    made.map_or(0, |executed| executed.tally.counts.made())
}

/// Tells how far it came, and not what was found by then: there is nothing to be asked any more.
fn give_up(common: &Common, judged: &Judged, is_cut_short: bool, streams: &Streams) -> Exit {
    match is_cut_short {
        true => {
            tell_rest(common, streams, &judged.survey, Exit::Interrupted);
            streams.tell_interrupt("Nothing was changed.");
        }
        false => streams.tell_interrupt("Interrupted before anything was changed."),
    }
    Exit::Interrupted
}

fn dry_run(session: &Session<'_>, judged: &Judged, streams: &mut Streams) -> Result<Exit, Failure> {
    let exit = looked(session, judged);
    show(session, judged, streams)?;
    if session.common.format == Format::Json {
        let totals = judged.survey.totals();
        streams.write_results(|out| json::write_end(out, &totals, exit as u8))?;
    }
    tell_rest(session.common, streams, &judged.survey, exit);
    Ok(exit)
}

/// Shows what is wrong and what is to be done about it: a diff for people, findings for programs.
fn show(session: &Session<'_>, judged: &Judged, streams: &mut Streams) -> Result<(), Failure> {
    let survey = &judged.survey;
    let (palette, folding, columns) = (streams.palette(), streams.folding(), streams.columns());
    let words = Words(&session.names);
    streams.write_results(|out| match session.common.format {
        Format::Json => {
            json::write_begin(out, &survey.policies, &survey.roots)?;
            json::write_warnings(out, survey)?;
            json::write_findings(out, survey, &words, &session.names)?;
            json::write_errors(out, survey)
        }
        Format::Human if session.common.quiet => Ok(()),
        Format::Human => {
            write_survey_diff(out, survey, DiffManner { names: &session.names, palette: &palette, folding, columns })
        }
    })
}

/// What is left once the changes are made.
struct Left {
    survey: Survey,
    /// Whether a change that a policy asks for was left undone for another's sake.
    conflict: bool,
}

impl Left {
    fn of(session: &Session<'_>, mut survey: Survey, plan: &Plan, made: Option<&Executed>) -> Left {
        let is_made = |at: usize| made.is_some_and(|made| made.is_made(at));
        let changes = plan.changes.iter().enumerate();
        let ids: HashSet<_> = changes.filter(|(at, _)| is_made(*at)).map(|(_, change)| change.id).collect();
        for report in survey.reports.iter_mut().filter(|report| ids.contains(&report.id)) {
            report.mend();
        }
        survey.reports.retain(|report| !report.findings.is_empty());
        let mut findings = survey.reports.iter().flat_map(|report| &report.findings);
        let conflict = findings.any(|one| one.lint == Lint::Conflict && fails(one.level, session.common));
        Left { survey, conflict }
    }

    /// The exit status that it stands for.
    fn exit(&self, common: &Common) -> Exit {
        let conflict = if self.conflict { Exit::Incomplete } else { Exit::Clean };
        exit_of(&self.survey, common).or_worse(conflict)
    }
}
