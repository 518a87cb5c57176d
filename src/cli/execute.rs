//! Making the changes of a plan: locked, on record first, each looked at afterwards, told at the end.

use super::grounded::Grounded;
use crate::apply::lock::{Again, LockError, LockRequest, Locks, lock};
use crate::apply::{Ended, OpenRoots, Tally, apply};
use crate::args::Agreement;
use crate::args::Format;
use crate::findings::path_in_tree;
use crate::journal::wording::{Expected, Settled};
use crate::journal::{self, Counts, Done, Journal, Outcome, Recorder, Relay, relay};
use crate::model::text::escape;
use crate::model::text::numbers::{counted, number};
use crate::plan::{Change, Plan, PlanRoot, RunKind};
use crate::policy::model::Mounts;
use crate::process::exit::{Exit, Failure};
use crate::process::streams::Streams;
use crate::report::human::run::{Ran, write_outcomes};
use crate::report::json;
use crate::screen::progress;
use crate::session::store;
use crate::session::telling;
use crate::session::{Session, unfit};
use crate::sys::held::Crossing;
use crate::sys::host;
use crate::sys::thread::{join, start};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What became of a plan.
pub(super) struct Executed {
    /// The run's id.
    pub run: String,
    /// The option that lets another command find it, if it takes one.
    pub option: String,
    /// The numbers.
    pub tally: Tally,
    /// What became of each change that was tried, in the order of the plan.
    pub done: Vec<Done>,
    /// How long the changes took.
    pub took: Duration,
}

/// Makes the changes of a plan; `again` is how to go on with those of roots that can't be worked below now, `settles` which
/// interrupted runs are settled once it came to its end.
pub(super) fn execute(
    session: &Session<'_>,
    plan: &Plan,
    agreement: &Agreement,
    (again, settles): (&str, &[String]),
    streams: &mut Streams,
) -> Result<Executed, Failure> {
    refuse_beyond_limit(plan)?;
    let grounded = Grounded::open(session, plan, &plan.changes, again)?;
    execute_on(session, plan, (grounded, settles), agreement, streams)
}

/// Locks the roots of a plan, which were opened before, against other runs; waits so long for one.
pub(super) fn hold(
    session: &Session<'_>,
    plan: &Plan,
    mut grounded: Grounded,
    wait: Duration,
    streams: &mut Streams,
) -> Result<(Grounded, Locks), Failure> {
    let (wanted, unlocked) = session.apart(|| {
        let roots = plan.header.roots.iter().zip(grounded.open_roots.roots());
        let crossing = |root: &PlanRoot| if root.mounts == Mounts::Stay { Crossing::Never } else { Crossing::Allowed };
        LockRequest::of(roots.map(|(root, fd)| Some((root.path.as_path(), fd?, crossing(root)))))
    })?;
    // What isn't locked isn't changed, even should it come back in a moment.
    unlocked.into_iter().for_each(|unlocked| grounded.lose(plan, unlocked));
    if grounded.is_barren(&plan.changes) {
        return Err(grounded.refusal(session, streams));
    }
    let store = store::open_for_locks(session.common)?;
    let mut again = waiting(session, wait);
    let locks = lock(&store, &wanted, |holder| again(&holder)).map_err(locked(session))?;
    Ok((grounded, locks))
}

/// Makes the changes of a plan on roots that were opened before.
///
/// ```text
///     a confined thread: apply ──outcomes, in batches──▶ this thread: record ──▶ state folder
///                          ▲                                │
///                          └── taken down, or the error ────┘
/// ```
pub(super) fn execute_on(
    session: &Session<'_>,
    plan: &Plan,
    (grounded, settles): (Grounded, &[String]),
    agreement: &Agreement,
    streams: &mut Streams,
) -> Result<Executed, Failure> {
    let store = store::open(session.common)?;
    let (grounded, _locks) = hold(session, plan, grounded, Duration::from_secs(agreement.wait), streams)?;
    grounded.tell(session, streams)?;
    let open_roots = grounded.open_roots.worked_by(session.threads());
    let changes = counted(plan.changes.len() as u64, "change", "changes");
    let begin = || journal::begin(&store, plan, plan.header.plan_bytes);
    let journal = progress::while_busy(telling::of(session.common), &format!("putting {changes} on record"), begin);
    let journal = journal.map_err(|error| Failure::incomplete(&error))?;
    let tried = AtomicU64::new(0);
    let mut clerk = RunRecorder { journal, done: Vec::with_capacity(plan.changes.len()) };
    let run = clerk.journal.id().to_owned();
    let (relay, desk) = relay();
    let confine = session.confine();
    let work = || {
        std::thread::scope(|scope| {
            let counted = Counted { relay, tried: &tried };
            let thread = start(scope, || confine().map(|()| carry_out(session, plan, &open_roots, counted)))?;
            desk.serve(&mut clerk);
            join(thread)
        })
    };
    let began = Instant::now();
    let tally = progress::while_applying(telling::of(session.common), plan.changes.len() as u64, &tried, work);
    let tally = tally.map_err(|error| Failure::incomplete(unfit(error)))?;
    let RunRecorder { mut journal, done, .. } = clerk;
    let option = store::option(session.common);
    let executed = Executed { run, option, tally, done, took: began.elapsed() };
    if executed.exit() == Exit::Clean {
        journal.settling(settles);
    }
    journal.settle(executed.exit() as u8).map_err(|error| {
        let run = executed.run.clone();
        let failure = Failure::incomplete(format!("the outcome of run {run} can't be put on record: {error}"))
            .hinted(format!("what was changed can be undone all the same: sgidlint undo {run}{}", executed.option));
        Failure { run: Some(run), ..failure }
    })?;
    Ok(executed)
}

/// Applies a plan, on a confined thread; the outcomes go to who writes them down.
fn carry_out(session: &Session<'_>, plan: &Plan, open_roots: &OpenRoots, mut counted: Counted<'_>) -> Tally {
    let mut tally = apply(open_roots, plan, &mut counted, &session.stop);
    if let Err(error) = counted.relay.finish() {
        tally.ended = Ended::Record(error);
    }
    tally
}

/// What to do while another run is in the way: say so once, and wait so long.
pub(super) fn waiting(session: &Session<'_>, wait: Duration) -> impl FnMut(&dyn Display) -> Again {
    let started = Instant::now();
    let mut told = false;
    move |holder| {
        if started.elapsed() >= wait || session.stop.load(Ordering::Relaxed) {
            return Again::GiveUp;
        }
        if !told && !session.common.quiet {
            // There is nowhere left to tell that standard error is closed.
            let _ = writeln!(io::stderr(), "Waiting for {holder} to end.");
        }
        told = true;
        Again::Try
    }
}

impl Executed {
    /// What the outcomes mean for the exit status.
    pub(super) fn exit(&self) -> Exit {
        match &self.tally.ended {
            Ended::Asked => Exit::Interrupted,
            Ended::Record(_) => Exit::Incomplete,
            Ended::Complete if self.tally.counts.unfinished() > 0 => Exit::Incomplete,
            Ended::Complete => Exit::Clean,
        }
    }

    /// Whether a change of the plan, by its index, brought its entry where it was to be.
    pub(super) fn is_made(&self, change: usize) -> bool {
        let outcome = self.done.get(change).map(|done| &done.outcome);
        matches!(outcome, Some(Outcome::Applied | Outcome::Already | Outcome::Gone | Outcome::Partial))
    }

    /// The run as its summary tells of it.
    pub(super) fn ran(&self, counts: Counts) -> Ran<'_> {
        Ran { run: &self.run, option: &self.option, counts, took: self.took, what: None }
    }

    /// Tells why the run did not come to the end of its plan, where it didn't.
    pub(super) fn tell_untried(&self, plan: &Plan, streams: &Streams) {
        let untried = (plan.changes.len() - self.tally.tried) as u64;
        let untried = format!(
            "{} {} not tried",
            counted(untried, "change", "changes"),
            if untried == 1 { "was" } else { "were" }
        );
        match &self.tally.ended {
            Ended::Complete => {}
            Ended::Asked => streams.tell_interrupt(format_args!("Interrupted: {untried}.")),
            Ended::Record(error) => {
                streams.complain(format_args!("an outcome can't be put on record, so {untried}: {error}"));
            }
        }
    }
}

/// Tells what became of changes, in path order, and how many came to which end.
pub(super) fn tell(
    session: &Session<'_>,
    streams: &mut Streams,
    mut settled: Vec<Settled<'_>>,
) -> Result<Counts, Failure> {
    let manner = streams.manner(session.common);
    settled.sort_by(|a, b| path_in_tree((a.root, &a.change.path), (b.root, &b.change.path)));
    streams.write_results(|out| match session.common.format {
        Format::Json => json::write_outcomes(out, &settled, &session.names),
        Format::Human => write_outcomes(out, &settled, &session.names, &manner),
    })?;
    let mut counts = Counts::default();
    settled.iter().for_each(|one| counts.add(&one.done.outcome));
    Ok(counts)
}

/// What became of every change of a plan that was tried.
pub(super) fn settled<'a>(plan: &'a Plan, done: &[Done]) -> Vec<Settled<'a>> {
    plan.changes.iter().zip(done).map(|(change, done)| settled_one(plan, change, done.clone())).collect()
}

/// What became of one change of a plan.
pub(super) fn settled_one<'a>(plan: &'a Plan, change: &'a Change, done: Done) -> Settled<'a> {
    let expected = match plan.header.kind {
        RunKind::Undo(_) => Expected::Found,
        RunKind::Fix | RunKind::Plan | RunKind::Apply => Expected::Planned,
    };
    Settled { root: plan.header.roots[change.root as usize].path.as_os_str().as_bytes(), change, done, expected }
}

/// Counts outcomes before they wait for their turn to be taken down: progress is what was done.
struct Counted<'a> {
    relay: Relay,
    tried: &'a AtomicU64,
}

impl Recorder for Counted<'_> {
    fn record(&mut self, change: usize, done: &Done) -> io::Result<()> {
        self.tried.fetch_add(1, Ordering::Relaxed);
        self.relay.record(change, done)
    }
}

/// Takes outcomes down, on record and for the report.
struct RunRecorder {
    journal: Journal,
    done: Vec<Done>,
}

impl Recorder for RunRecorder {
    fn record(&mut self, change: usize, done: &Done) -> io::Result<()> {
        self.done.push(done.clone());
        self.journal.record(change, done)
    }
}

fn refuse_beyond_limit(plan: &Plan) -> Result<(), Failure> {
    let Some(limit) = plan.exceeded_limit() else { return Ok(()) };
    let (count, limit) = (number(plan.changes.len() as u64), number(limit));
    let message = format!("{count} changes are more than the {limit} that max-changes allows, so nothing was changed");
    let mut by_root: BTreeMap<u32, u64> = BTreeMap::new();
    plan.changes.iter().for_each(|change| *by_root.entry(change.root).or_default() += 1);
    let failure = Failure::incomplete(message);
    let most = by_root.iter().max_by_key(|&(_, count)| count).filter(|_| by_root.len() > 1);
    let failure = match most.and_then(|(&root, &count)| Some((plan.header.roots.get(root as usize)?, count))) {
        Some((root, count)) => {
            let root = crate::process::paths::shown(&root.path);
            let rest = "the limit counts all trees of a run together: a PATH or -p limits it to others";
            failure.hinted(format!("{} of them are below {root}; {rest}", number(count)))
        }
        None => failure,
    };
    Err(failure.hinted("look at the diff, then raise the limit with --max-changes or fix a part"))
}

fn locked(session: &Session<'_>) -> impl Fn(LockError) -> Failure {
    |error| {
        let failure = Failure::incomplete(&error).hinted("nothing was changed; try again when it is done");
        match session.stop.load(Ordering::Relaxed) {
            true => Failure { exit: Exit::Interrupted, ..failure },
            false => failure,
        }
    }
}

/// Puts on record that there was nothing left to change, where that settles runs which were interrupted before.
pub(super) fn settle_without_changes(session: &Session<'_>, plan: &Plan, settles: &[String]) -> Result<(), Failure> {
    let store = store::open(session.common)?;
    let mut journal =
        journal::begin(&store, plan, plan.header.plan_bytes).map_err(|error| Failure::incomplete(&error))?;
    journal.settling(settles);
    journal
        .settle(Exit::Clean as u8)
        .map_err(|error| Failure::incomplete(format!("the end of the run can't be put on record: {error}")))
}

/// Says who is who in plans.
pub(super) fn who(session: &Session<'_>) -> crate::plan::Who {
    let uid = host::real_uid();
    crate::plan::Who { uid, name: crate::model::accounts::IdNames::user_name(&session.names, uid) }
}

/// The command line, for the record.
pub(super) fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|word| crate::model::text::quote::shell_quote(word.as_bytes()));
    let words: Vec<_> = std::iter::once("sgidlint".to_owned()).chain(words).collect();
    escape::escape_message(&words.join(" ")).into_owned()
}
