//! `undo` and `redo`: a run turned round, which is itself a run.

use super::execute::{self, settled_one, waiting};
use super::grounded::{Grounded, LostRoot};
use super::{apply, ask, planning};
use crate::apply::lock::{Again, PATIENCE};
use crate::apply::{Found, undo_plan};
use crate::args::{Common, Format, Redo, Undo};
use crate::journal::wording::{Expected, Settled};
use crate::journal::{self, Counts, Done, Outcome, RunState, RunSummary, Turn};
use crate::model::text::escape::escape;
use crate::model::text::numbers::{capitalized, counted, number};
use crate::plan::{Header, Names, Plan, RunKind};
use crate::process::exit::{Exit, Failure};
use crate::process::streams::{Streams, warn};
use crate::report::human::run::counts_text;
use crate::report::human::runs::run_text;
use crate::screen::progress;
use crate::session::Session;
use crate::session::turn::{meant, narrow};
use crate::session::{store, telling};
use crate::store::Store;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

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
        let failure = Failure::usage(message);
        match half_undone(&store).filter(|_| turn == Turn::Undo) {
            Some((run, left)) => failure.hinted(format!(
                "of run {run} an undo left {}; to try those again: sgidlint undo {run}{}",
                counted(left, "change", "changes"),
                store::option(common)
            )),
            None => failure.hinted("`sgidlint log` lists the runs"),
        }
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
    let of = &record.plan.header;
    // Whoever undoes a redo undoes.
    let is_redo =
        matches!(of.kind, RunKind::Undo(_)) && !of.redo.unwrap_or_else(|| of.command.starts_with("sgidlint redo"));
    let header = Header {
        partial: !arguments.paths.is_empty(),
        redo: Some(is_redo),
        ..planning::header(&session, RunKind::Undo(run.clone()))
    };
    let tried = (0..record.plan.changes.len()).filter(|&index| record.may_have_changed(index)).count();
    let open_roots = open_roots.worked_by(session.threads());
    let look = || session.apart(|| undo_plan(open_roots, &record, header, &session.stop));
    let mut undo = progress::while_busy(telling::of(common), &format!("looking at what run {run} changed"), look)?;
    if session.stop.load(Ordering::Relaxed) {
        return Err(Failure::interrupted("nothing was changed"));
    }
    lost.extend(undo.lost.drain(..).map(LostRoot::from));
    let parted =
        apply::take_parted(&session, record.plan.header.names.as_ref(), &mut undo.plan, &arguments.ids, streams);
    let settled = |(_, found): &&(usize, Found)| matches!(found, Found::Unchanged | Found::OnlySetId);
    let settled = undo.found.iter().filter(settled).count() + undo.plan.changes.len();
    undo.plan.header.left = tried.saturating_sub(settled) as u64;
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
    apply::show(&session, &undo.plan, streams)?;
    if was_running {
        streams.status(format_args!("sgidlint: note: run {run} is still under way: this is what it changed so far"));
    }
    grounded.tell(&session, streams)?;
    grounded.lost.clear();
    let mut told = told(&record.plan, &undo.found);
    told.extend(apply::told_parted(&undo.plan, &parted));
    let left = counts_of(&told);
    if common.format == Format::Human {
        // What can't be taken back is known before it is asked for the rest.
        tell_left(&session, &run, std::mem::take(&mut told), &undo.plan, streams)?;
    }
    let go = !arguments.consent.dry_run && apply::consented(&session, &undo.plan, &arguments.consent, streams)?;
    let executed = match go {
        true => Some(execute::execute_on(&session, &undo.plan, (grounded, &[]), &arguments.consent, streams)?),
        false => None,
    };
    if common.quiet && common.format == Format::Human && left.total() > 0 {
        let undone = executed.as_ref().map_or(0, |executed| executed.tally.counts.made());
        let (undone, left, option) = (counted(undone, "change", "changes"), counts_text(&left), store::option(common));
        warn(&format!(
            "of run {run} {undone} undone, and left as they are: {left}; named by: sgidlint undo -n {run}{option}"
        ));
    }
    let is_repeated = executed.is_some() && turn == Turn::Undo && !is_redo;
    let exit = apply::end(&session, &undo.plan, executed, told, exit, streams)?;
    if is_repeated {
        tell_next(&record.plan.header, streams);
    }
    Ok(exit)
}

/// Tells what an undo leaves as it is: on a screen before it is asked, in a mail by its number alone.
fn tell_left(
    session: &Session<'_>,
    run: &str,
    told: Vec<Settled<'_>>,
    plan: &Plan,
    streams: &mut Streams,
) -> Result<(), Failure> {
    if told.is_empty() || session.common.quiet {
        return Ok(());
    }
    let left = told.len() as u64;
    execute::tell(session, streams, told)?;
    let all = number(left + plan.changes.len() as u64);
    let (those, verb) = (capitalized(&counted(left, "entry", "entries")), if left == 1 { "is" } else { "are" });
    streams.status(format_args!(
        "{those} of the {all} that run {run} changed {verb} left as {} is now.",
        if left == 1 { "it" } else { "each" }
    ));
    Ok(())
}

/// Says that a fix by the same policies makes the same changes again, and what keeps it from that.
fn tell_next(of: &Header, streams: &Streams) {
    let Some(policy) = of.policies.first() else { return };
    let place = match policy.file.starts_with("builtin:") {
        true => "a policy of yours that uses it (`sgidlint policy use`)".to_owned(),
        false => escape(policy.file.as_bytes()).into_owned(),
    };
    let name = escape(policy.name.as_bytes());
    streams.status(format_args!(
        "Policy {name} still asks for what was undone: the next fix by it, a nightly one too, makes these changes again, unless \
         an [[exception]] in {place} keeps them out."
    ));
}

fn counts_of(told: &[Settled<'_>]) -> Counts {
    let mut counts = Counts::default();
    told.iter().for_each(|one| counts.add(&one.done.outcome));
    counts
}

/// The last run of whose changes an undo left some, and how many.
fn half_undone(store: &Store) -> Option<(String, u64)> {
    let runs: Vec<RunSummary> = journal::list(store).ok()?.into_iter().flatten().collect();
    let undone = journal::undone(&runs);
    let left = |run: &RunSummary| undone.get(run.id.as_str()).map_or(0, |undone| undone.left);
    runs.iter().rev().map(|run| (run.id.clone(), left(run))).find(|(_, left)| *left > 0)
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
