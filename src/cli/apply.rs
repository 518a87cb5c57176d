//! `apply` and `undo`: plans that were made before.

use super::execute::{self, Executed, execute, settled_one, waiting};
use super::grounded::{Grounded, LostRoot};
use super::session::Session;
use super::turn::{meant, narrow};
use super::{ask, planning, store, telling};
use crate::apply::lock::{Again, PATIENCE};
use crate::apply::{Found, foresee, undo_plan};
use crate::args::{Agreement, Apply, Common, Format, Ids, Redo, Undo};
use crate::diff::{DiffManner, DiffRow, Head, write_folded};
use crate::findings::{PolicyLabel, Root, Totals, path_in_tree};
use crate::journal::wording::{Expected, Settled};
use crate::journal::{self, Done, Drift, Outcome, RunState, Turn};
use crate::model::text::numbers::{capitalized, counted, number};
use crate::plan::{Change, Header, Names, Plan, ReadError, RunKind};
use crate::process::exit::{Exit, Failure};
use crate::process::paths;
use crate::process::streams::Streams;
use crate::report::human::runs::run_text;
use crate::report::json;
use crate::screen::progress;
use crate::source::roots;
use crate::sys::file::open_for_reading;
use crate::sys::host;
use crate::sys::stat::look;
use std::io::BufReader;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

/// How to go on with what `apply` left.
const APPLY_AGAIN: &str = "apply the plan again, or make a new one";

/// `sgidlint apply`.
pub(super) fn apply(common: &Common, arguments: &Apply, streams: &mut Streams) -> Result<Exit, Failure> {
    ask::refuse_without_terminal(&arguments.consent)?;
    let session = Session::begin(common, arguments.consent.purpose())?;
    let mut plan = session.apart(|| read_plan(common, &arguments.plan))??;
    if !plan.has_acls() {
        session.forbid_acls()?;
    }
    let names = plan.header.names.take();
    let parted = take_parted(&session, names.as_ref(), &mut plan, &arguments.ids, streams);
    // The record is of who applies it, when and how; what the plan itself says of that is its maker's word.
    let made = &plan.header;
    plan.header = Header {
        boot: made.boot.clone(),
        policies: made.policies.clone(),
        fixes: made.fixes,
        max_changes: arguments.limit.max_changes.map(|limit| limit.of(plan.entries)).or(made.max_changes),
        plan_bytes: made.plan_bytes,
        roots: made.roots.clone(),
        names: Some(Names::of(&plan.changes, &session.names)),
        ..planning::header(&session, RunKind::Apply)
    };
    let exit = if parted.is_empty() { Exit::Clean } else { Exit::Incomplete };
    if arguments.consent.dry_run {
        return look_only(&session, plan, &parted, exit, streams);
    }
    show(&session, &plan, streams)?;
    streams.know(Totals { entries: plan.entries, ..Totals::default() });
    let executed = match consented(&session, &plan, &arguments.consent, streams)? {
        true => Some(execute(&session, &plan, &arguments.consent, (APPLY_AGAIN, &[]), streams)?),
        false => None,
    };
    end(&session, &plan, executed, told_parted(&plan, &parted), exit, streams)
}

/// Asks whether a plan's changes are to be made, if there are any and unless that was said before.
fn consented(session: &Session<'_>, plan: &Plan, consent: &Agreement, streams: &mut Streams) -> Result<bool, Failure> {
    if plan.changes.is_empty() {
        return Ok(false);
    }
    let is_given = ask::may_apply(consent, plan, &session.stop)?;
    if !is_given {
        streams.status("Nothing was changed.");
    }
    Ok(is_given)
}

/// Shows what would be done, and what has come in between.
fn look_only(
    session: &Session<'_>,
    mut plan: Plan,
    parted: &[Change],
    exit: Exit,
    streams: &mut Streams,
) -> Result<Exit, Failure> {
    let grounded = Grounded::open(session, &plan, &plan.changes, APPLY_AGAIN)?;
    if grounded.is_barren(&plan.changes) && grounded.is_closed() {
        return Err(grounded.refusal(session, streams));
    }
    let foreseen = session.apart(|| foresee(&grounded.open_roots, &plan, &session.stop))?;
    if foreseen.len() < plan.changes.len() {
        let (seen, all) = (foreseen.len() as u64, counted(plan.changes.len() as u64, "change", "changes"));
        streams.tell_interrupt(format_args!("Interrupted after {} of {all} were looked at.", number(seen)));
        return Ok(Exit::Interrupted);
    }
    let mut foreseen = foreseen.into_iter();
    let mut others = Vec::new();
    let is_other = |_: &mut Change| foreseen.next().flatten().map(|done| others.push(done)).is_some();
    let left: Vec<Change> = plan.changes.extract_if(.., is_other).collect();
    show(session, &plan, streams)?;
    grounded.tell(session, streams)?;
    let mut told = told_parted(&plan, parted);
    let unfinished = |done: &Done| matches!(done.outcome, Outcome::Drifted(_) | Outcome::Failed { .. });
    let is_whole = grounded.lost.is_empty() && !others.iter().any(unfinished);
    told.extend(left.iter().zip(others).map(|(change, done)| settled_one(&plan, change, done)));
    if !told.is_empty() {
        let count = counted(plan.changes.len() as u64, "change", "changes");
        streams.status(format_args!("{count} would be made, {} not.", number(told.len() as u64)));
    }
    end(session, &plan, None, told, if is_whole { exit } else { Exit::Incomplete }, streams)
}

/// Takes the changes out of a plan that are about owners or groups that mean somebody else now than when `names` was
/// written, and tells which.
fn take_parted(
    session: &Session<'_>,
    names: Option<&Names>,
    plan: &mut Plan,
    ids: &Ids,
    streams: &Streams,
) -> Vec<Change> {
    // Earlier versions wrote no names.
    let Some(names) = names.filter(|_| !ids.numeric_ids) else { return Vec::new() };
    let parted = names.parted(&plan.changes, &*session.names);
    for told in parted.values() {
        streams.complain(format_args!(
            "{told}, so no change with it is made; look whom it means, then make a new plan, or go by numbers alone with \
             --numeric-ids"
        ));
    }
    plan.without_parted(&parted)
}

fn told_parted<'a>(plan: &'a Plan, parted: &'a [Change]) -> Vec<Settled<'a>> {
    parted.iter().map(|change| settled_one(plan, change, Done::of(Outcome::Drifted(Drift::Names)))).collect()
}

/// `sgidlint undo`.
pub(super) fn undo(common: &Common, arguments: &Undo, streams: &mut Streams) -> Result<Exit, Failure> {
    turn_round(common, Turn::Undo, arguments, streams)
}

/// `sgidlint redo`: the undo of an undo.
pub(super) fn redo(common: &Common, arguments: &Redo, streams: &mut Streams) -> Result<Exit, Failure> {
    let Redo { ids, consent } = *arguments;
    turn_round(common, Turn::Redo, &Undo { run: None, paths: Vec::new(), consent, ids }, streams)
}

fn turn_round(common: &Common, turn: Turn, arguments: &Undo, streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, arguments.consent.purpose())?;
    let store = store::open(common)?;
    let mut may_wait = waiting(&session, Duration::from_secs(arguments.consent.wait));
    let last = loop {
        let last = meant(&session, &store, turn, arguments.run.as_deref())?;
        let Some(run) = &last.run else { break last };
        // What a run that goes on has changed by now is not what there is to undo: its end is waited for, as for a lock.
        let is_running = journal::is_running(&store, run).map_err(Failure::incomplete)?;
        if !is_running || may_wait(&format_args!("run {run}")) == Again::GiveUp {
            break last;
        }
        sleep(PATIENCE);
    };
    for illegible in &last.illegible {
        streams.complain(format_args!(
            "run {} can't be read, so it can't be undone and is passed over: {}",
            illegible.id, illegible.error
        ));
    }
    let run = last.run.ok_or_else(|| {
        let message = match turn {
            Turn::Undo => "no run on record changed anything that isn't undone",
            Turn::Redo => "there is no undo on record to take back, or something was changed since",
        };
        Failure::usage(message).hinted("`sgidlint log` lists the runs")
    })?;
    let mut record = store::reading(&session, &run, || journal::load(&store, &run, &session.stop))?;
    narrow(&mut record, &arguments.paths)?;
    let later = journal::leave_to_later(&mut record, &store, &session.stop).map_err(Failure::incomplete)?;
    if let Some((count, last)) = later {
        let entries = counted(count, "entry", "entries");
        streams.status(format_args!(
            "What later runs ({last}) made of {entries} stays: run {run} was cut short before it came to them."
        ));
    }
    let was_running = record.state == RunState::Running;
    ask::refuse_without_terminal(&arguments.consent)?;
    let which = run_text(&run, &record.plan.header);
    streams.status(match turn {
        Turn::Undo => format!("Undoing {which}"),
        Turn::Redo => format!("Redoing what was taken back by {which}"),
    });
    let changes = record.plan.changes.iter().enumerate();
    let changed = changes.filter(|(index, _)| record.may_have_changed(*index)).map(|(_, change)| change);
    let again = format!("run `sgidlint undo {run}{}` again", store::option(common));
    if !record.plan.has_acls() {
        session.forbid_acls()?;
    }
    let grounded = Grounded::open(&session, &record.plan, changed.clone(), &*again)?;
    if grounded.is_barren(changed) && grounded.is_closed() {
        return Err(grounded.refusal(&session, streams));
    }
    let Grounded { open_roots, mut lost, again } = grounded;
    let header =
        Header { partial: !arguments.paths.is_empty(), ..planning::header(&session, RunKind::Undo(run.clone())) };
    let open_roots = open_roots.worked_by(session.threads());
    let look = || session.apart(|| undo_plan(open_roots, &record, header, &session.stop));
    let mut undo = progress::while_busy(telling::of(common), &format!("looking at what run {run} changed"), look)?;
    if session.stop.load(Ordering::Relaxed) {
        return Err(Failure::interrupted("nothing was changed"));
    }
    lost.extend(undo.lost.drain(..).map(LostRoot::from));
    let parted = take_parted(&session, record.plan.header.names.as_ref(), &mut undo.plan, &arguments.ids, streams);
    undo.plan.header.names = Some(Names::of(&undo.plan.changes, &session.names));
    for bad in &record.bad {
        streams.complain(format_args!("a change of run {run} can't be undone: {}", bad.error));
    }
    let all_known = lost.is_empty() && record.bad.is_empty() && last.illegible.is_empty();
    let mut exit = if all_known { Exit::Clean } else { Exit::Incomplete };
    exit = exit.or_worse(planning::tell_unfit(&undo.plan.header, &undo.unfit, streams));
    if !parted.is_empty() || undo.found.iter().any(|(_, found)| is_left(found)) {
        exit = exit.or_worse(Exit::Incomplete);
    }
    let mut grounded = Grounded { open_roots: undo.open_roots, lost, again };
    if was_running && !arguments.consent.dry_run {
        // Its lock says whose it is; where it has ended since, not all that it changed is in this plan.
        execute::hold(&session, &undo.plan, grounded, Duration::ZERO, streams)?;
        let message = format!("run {run} was still under way when it was looked at, so nothing was changed");
        return Err(Failure::incomplete(message).hinted("undo it again: it has ended since"));
    }
    show(&session, &undo.plan, streams)?;
    if was_running {
        streams.status(format_args!("sgidlint: note: run {run} is still under way: this is what it changed so far"));
    }
    grounded.tell(&session, streams)?;
    grounded.lost.clear();
    let go = !arguments.consent.dry_run && consented(&session, &undo.plan, &arguments.consent, streams)?;
    let executed = match go {
        true => Some(execute::execute_on(&session, &undo.plan, (grounded, &[]), &arguments.consent, streams)?),
        false => None,
    };
    let mut told = told(&record.plan, &undo.found);
    told.extend(told_parted(&undo.plan, &parted));
    end(&session, &undo.plan, executed, told, exit, streams)
}

/// What there is to tell of entries that are not, or no longer, as the run left them.
fn told<'a>(plan: &'a Plan, found: &[(usize, Found)]) -> Vec<Settled<'a>> {
    let done = |found: &Found| match found {
        Found::Changed | Found::Unchanged => None,
        Found::OnlySetId => Some(Done::of(Outcome::Partial)),
        Found::Gone => Some(Done::of(Outcome::Gone)),
        Found::Drifted(drift) => Some(Done::of(Outcome::Drifted(*drift))),
        Found::Failed(done) => Some(done.clone()),
    };
    let told = found.iter().filter_map(|(index, found)| Some((*index, done(found)?)));
    let told = told.map(|(index, done)| settled_one(plan, &plan.changes[index], done));
    told.map(|settled| Settled { expected: Expected::Changed, ..settled }).collect()
}

fn is_left(found: &Found) -> bool {
    matches!(found, Found::Drifted(_) | Found::Failed(_))
}

/// Reads a plan file; as root only one that nobody else can have written.
fn read_plan(common: &Common, path: &Path) -> Result<Plan, Failure> {
    let absolute = paths::absolute(path)?;
    let shown = paths::shown(path);
    let unreadable = |error| {
        Failure::usage(format!("can't read the plan {shown}: {error}")).hinted("make one with `sgidlint plan -o FILE`")
    };
    let file = open_for_reading(&absolute).map_err(unreadable)?;
    let read = look(&file).map_err(unreadable)?.entry;
    let is_root = host::effective_uid() == 0;
    if let Some(doubt) = roots::doubt_about_file(&absolute, Some(&read), common.vouched_uid()).filter(|_| is_root) {
        return Err(Failure::usage(format!("root can't rely on the plan {shown}: {doubt}"))
            .hinted(common.trust_hint(&doubt, "write plans where only root can write")));
    }
    Plan::read(BufReader::new(file), &shown)
        .map_err(|error: ReadError| Failure::usage(error).hinted("make the plan anew with `sgidlint plan`"))
}

/// Shows the changes of a plan: a diff for people, who made it for programs.
pub(super) fn show(session: &Session<'_>, plan: &Plan, streams: &mut Streams) -> Result<(), Failure> {
    let (quiet, format) = (session.common.quiet, session.common.format);
    let (palette, folding, columns) = (streams.palette(), streams.folding(), streams.columns());
    streams.write_results(|out| match format {
        Format::Json => json::write_begin(out, &labels(plan), &roots_of(plan)),
        Format::Human if quiet => Ok(()),
        Format::Human => {
            let root = |change: &Change| plan.header.roots[change.root as usize].path.as_os_str().as_bytes();
            let mut changes: Vec<&Change> = plan.changes.iter().collect();
            changes.sort_by(|a, b| path_in_tree((root(a), &a.path), (root(b), &b.path)));
            let rows: Vec<DiffRow<'_>> = changes.into_iter().map(row).collect();
            let heads = plan.header.roots.iter().map(|root| root.path.as_os_str().as_bytes());
            let heads: Vec<_> = heads.map(|path| Head { path, policy: None }).collect();
            write_folded(out, &rows, &heads, DiffManner { names: &session.names, palette: &palette, folding, columns })
        }
    })
}

fn row(change: &Change) -> DiffRow<'_> {
    let (before, after, acls) = (change.before, change.after, change.acls.as_deref());
    DiffRow { root: change.root, path: &change.path, kind: change.kind, before, after, acls }
}

fn labels(plan: &Plan) -> Vec<PolicyLabel> {
    plan.header
        .policies
        .iter()
        .map(|policy| PolicyLabel { name: policy.name.clone(), file: policy.file.clone(), base: None })
        .collect()
}

fn roots_of(plan: &Plan) -> Vec<Root> {
    let root = |root: &crate::plan::PlanRoot| Root {
        path: root.path.clone(),
        policy: 0,
        id: Some(root.id),
        handle: root.handle.clone(),
        fsid: root.fsid,
        mounts: root.mounts,
    };
    plan.header.roots.iter().map(root).collect()
}

/// Tells what became of the plan, and gives the exit status: changes that were not made are findings that remain.
fn end<'a>(
    session: &Session<'_>,
    plan: &'a Plan,
    executed: Option<Executed>,
    mut told: Vec<Settled<'a>>,
    exit: Exit,
    streams: &mut Streams,
) -> Result<Exit, Failure> {
    // What was passed over when the plan was made is no part of the run, nor of its record.
    let passed_over = told.len() as u64;
    told.extend(executed.iter().flat_map(|executed| execute::settled(plan, &executed.done)));
    execute::tell(session, streams, told)?;
    if passed_over > 0 && executed.is_some() {
        let left = if passed_over == 1 { "was left as it is" } else { "were left as they are" };
        streams.status(format_args!("{} {left}.", capitalized(&counted(passed_over, "entry", "entries"))));
    }
    let done = match &executed {
        Some(executed) => {
            executed.tell_untried(plan, streams);
            if !streams.is_quiet() {
                let ran = executed.ran(executed.tally.counts);
                streams.write_errors(|err| ran.write_summary(err, streams.error_columns(), None));
            }
            executed.exit()
        }
        None if plan.changes.is_empty() => {
            streams.status("Nothing to change.");
            Exit::Clean
        }
        None => Exit::Findings,
    };
    let exit = exit.or_worse(done);
    if session.common.format == Format::Json {
        let applied = |executed: &Executed| executed.tally.counts.made();
        let changes = executed.as_ref().map_or(plan.changes.len() as u64, applied);
        let run = executed.as_ref().map(|executed| executed.run.as_str());
        let totals = Totals { entries: plan.entries, changes, errors: streams.errors(), ..Totals::default() };
        streams.write_results(|out| json::write_end_of(out, run, &totals, exit as u8))?;
    }
    Ok(exit)
}
