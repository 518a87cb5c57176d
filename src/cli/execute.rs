//! Making the changes of a plan: locked, on record first, each looked at afterwards, told at the end.

use super::args::Format;
use super::exit::{Exit, Failure};
use super::session::Session;
use super::streams::Streams;
use super::{paths, progress, store};
use crate::apply::{Ended, Ground, Tally, apply};
use crate::journal::{self, Done, Drift, Journal, Outcome, Recorder};
use crate::plan::{Change, Plan};
use crate::report::outcome::{Fate, Settled, write_outcomes};
use crate::report::{escape, json, tally};
use crate::roots;
use crate::survey::in_tree;
use crate::sys::ladder::Ladder;
use crate::sys::lock::{LockError, lock_roots};
use crate::sys::root::{Links, open_root};
use crate::sys::{SysError, host};
use crate::trust::Sticky;
use std::borrow::Cow;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What became of a plan.
pub struct Executed {
    /// The run's id.
    pub run: String,
    /// The numbers.
    pub tally: Tally,
    /// What became of each change that was tried, in the order of the plan.
    pub done: Vec<Done>,
}

/// Makes the changes of a plan.
pub fn execute(session: &Session<'_>, plan: &Plan) -> Result<Executed, Failure> {
    refuse_beyond_limit(plan)?;
    let opened = open_roots(session, plan)?;
    let ground = Ground::new(&plan.header, opened, Ladder::of_this_kernel());
    execute_on(session, plan, ground)
}

/// Makes the changes of a plan on roots that were opened before.
pub fn execute_on(
    session: &Session<'_>,
    plan: &Plan,
    (ground, drifts): (Ground, Vec<crate::apply::RootDrift>),
) -> Result<Executed, Failure> {
    if let Some(drift) = drifts.first() {
        return Err(Failure::incomplete(drift).hinted("nothing was changed"));
    }
    let ground = ground.worked_by(session.threads());
    let store = store::open(session.common)?;
    let roots = ground.roots();
    let lockable: Vec<(&Path, &OwnedFd)> =
        plan.header.roots.iter().zip(roots).filter_map(|(root, fd)| Some((root.path.as_path(), fd?))).collect();
    let _locks = lock_roots(&store::open_for_locks(session.common)?, &lockable, Duration::ZERO).map_err(locked)?;
    let journal = journal::begin(&store, plan, session.plan_bytes).map_err(|error| Failure::incomplete(&error))?;
    let tried = AtomicU64::new(0);
    let mut clerk = Clerk { journal, done: Vec::with_capacity(plan.changes.len()), tried: &tried };
    let run = clerk.journal.id().to_owned();
    let confine = session.confine();
    let work = || {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| confine().map(|()| apply(&ground, plan, &mut clerk, &session.stop)));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    };
    let tally = progress::while_applying(session.common, plan.changes.len() as u64, &tried, work);
    let tally = tally.map_err(|error| Failure::incomplete(format!("can't give up what isn't needed: {error}")))?;
    let Clerk { journal, done, .. } = clerk;
    let executed = Executed { run, tally, done };
    journal.settle(executed.exit() as u8).map_err(|error| {
        Failure::incomplete(format!("the outcome of run {} can't be put on record: {error}", executed.run))
            .hinted(format!("what was changed can be undone all the same: sgidlint undo {}", executed.run))
    })?;
    Ok(executed)
}

impl Executed {
    /// What the outcomes mean for the exit status.
    pub fn exit(&self) -> Exit {
        match &self.tally.ended {
            Ended::Asked => Exit::Interrupted,
            Ended::Record(_) => Exit::Incomplete,
            Ended::Complete if self.tally.counts.unfinished() > 0 => Exit::Incomplete,
            Ended::Complete => Exit::Clean,
        }
    }

    /// Whether a change of the plan, by its index, brought its entry where it was to be.
    pub fn is_made(&self, change: usize) -> bool {
        let outcome = self.done.get(change).map(|done| &done.outcome);
        matches!(outcome, Some(Outcome::Applied | Outcome::Already | Outcome::Gone | Outcome::Partial))
    }

    /// Tells how the run ended.
    pub fn tell_end(&self, plan: &Plan, streams: &Streams, counts: &tally::Tally) {
        if !streams.is_quiet() {
            streams.write_errors(|err| tally::write_summary(err, counts, &self.run));
        }
        let untried = plan.changes.len() - self.tally.tried;
        match &self.tally.ended {
            Ended::Complete => {}
            Ended::Asked => streams.status(format_args!("Interrupted: {untried} changes were not tried.")),
            Ended::Record(error) => streams.complain(format_args!(
                "an outcome can't be put on record, so {untried} changes were not tried: {error}"
            )),
        }
    }
}

/// Tells what became of changes, in path order, and how many came to which end.
pub fn tell(session: &Session<'_>, streams: &mut Streams, mut told: Vec<Told<'_>>) -> Result<tally::Tally, Failure> {
    let manner = streams.manner(session.common);
    told.sort_by(|a, b| in_tree((a.root, &a.change.path), (b.root, &b.change.path)));
    streams.write_results(|out| match session.common.format {
        Format::Json => told.iter().try_for_each(|told| json::write_outcome(out, &told.settled(), &session.names)),
        Format::Human => {
            let lines = told.iter().map(Told::settled);
            write_outcomes(out, lines, &session.names, &manner.palette, manner.verbosity)
        }
    })?;
    let mut counts = tally::Tally::default();
    told.iter().for_each(|told| counts.count(told.fate()));
    Ok(counts)
}

/// One change and what became of it.
pub struct Told<'a> {
    root: &'a [u8],
    change: &'a Change,
    done: Done,
    cause: Option<String>,
}

impl<'a> Told<'a> {
    /// What became of every change of a plan that was tried.
    pub fn all(plan: &'a Plan, done: &[Done]) -> Vec<Told<'a>> {
        plan.changes.iter().zip(done).map(|(change, done)| Told::of(plan, change, done.clone())).collect()
    }

    /// What became of one change of a plan.
    pub fn of(plan: &'a Plan, change: &'a Change, mut done: Done) -> Told<'a> {
        let root = plan.header.roots[change.root as usize].path.as_os_str().as_bytes();
        let cause = match (&done.outcome, done.cause) {
            (Outcome::Drifted(Drift::State(state)), _) => {
                done.state = Some(*state);
                None
            }
            (Outcome::Drifted(Drift::Inode), _) => None,
            (Outcome::Drifted(drift), _) => Some(drift.explanation(change)),
            (_, cause) => cause.map(|cause| cause.explanation().to_owned()),
        };
        Told { root, change, done, cause }
    }

    fn fate(&self) -> Fate {
        match &self.done.outcome {
            Outcome::Applied => Fate::Applied,
            Outcome::Already => Fate::Already,
            Outcome::Drifted(_) => Fate::Drifted,
            Outcome::Gone => Fate::Gone,
            Outcome::Refused(_) => Fate::Refused,
            Outcome::Failed { call: Cow::Borrowed(call), errno } => Fate::Failed { call, errno: *errno },
            // Only what is read from a record owns its name, and this was just done.
            Outcome::Failed { call: Cow::Owned(_), errno } => Fate::Failed { call: "a system call", errno: *errno },
            Outcome::Partial => Fate::Partial,
        }
    }

    fn settled(&self) -> Settled<'_> {
        let Change { path, kind, before, after, .. } = self.change;
        let (fate, state, cause) = (self.fate(), self.done.state, self.cause.as_deref());
        Settled { root: self.root, path, kind: *kind, before: *before, after: *after, fate, state, cause }
    }
}

/// Takes outcomes down, on record and for the report.
struct Clerk<'a> {
    journal: Journal,
    done: Vec<Done>,
    tried: &'a AtomicU64,
}

impl Recorder for Clerk<'_> {
    fn record(&mut self, change: usize, done: &Done) -> io::Result<()> {
        self.done.push(done.clone());
        self.tried.fetch_add(1, Ordering::Relaxed);
        self.journal.record(change, done)
    }
}

fn refuse_beyond_limit(plan: &Plan) -> Result<(), Failure> {
    let Some(limit) = plan.exceeded_limit() else { return Ok(()) };
    let count = plan.changes.len();
    let message = format!("{count} changes are more than the {limit} that max-changes allows, so nothing was changed");
    Err(Failure::incomplete(message).hinted("look at the diff, then raise the limit with --max-changes or fix a part"))
}

/// Opens the roots of a plan, on a thread that has given up what it doesn't need.
pub fn open_roots(session: &Session<'_>, plan: &Plan) -> Result<Vec<Option<OwnedFd>>, Failure> {
    let caution = session.caution()?;
    let confine = session.confine();
    let open = |path: &PathBuf| -> Result<Option<OwnedFd>, Failure> {
        let cautious = caution.is_root && !caution.trusts_parents;
        if let Some(doubt) = roots::doubt(path, Sticky::Passes).filter(|_| cautious) {
            let message = format!("root can't rely on {}: {doubt}", paths::shown(path));
            return Err(Failure::incomplete(message).hinted("vouch for it with --trust-parents"));
        }
        match open_root(path, Links::Refuse) {
            Ok(fd) => Ok(Some(fd)),
            Err(error) if error.is_absence() => Ok(None),
            Err(error) => Err(Failure::incomplete(format!("can't open {}: {error}", paths::shown(path)))),
        }
    };
    let unfit = |error: SysError| Failure::incomplete(format!("can't give up what isn't needed: {error}"));
    std::thread::scope(|scope| {
        let roots = &plan.header.roots;
        let thread = scope.spawn(|| {
            confine().map_err(unfit)?;
            roots.iter().map(|root| open(&root.path)).collect::<Result<Vec<_>, _>>()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn locked(error: LockError) -> Failure {
    Failure::incomplete(&error).hinted("nothing was changed; try again when it is done")
}

/// Says who is who in plans.
pub fn who(session: &Session<'_>) -> crate::plan::Who {
    let uid = host::real_uid();
    crate::plan::Who { uid, name: crate::accounts::IdNames::user_name(&session.names, uid) }
}

/// The command line, for the record.
pub fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|word| crate::report::quote::shell_quote(word.as_bytes()));
    let words: Vec<_> = std::iter::once("sgidlint".to_owned()).chain(words).collect();
    escape::escape_message(&words.join(" ")).into_owned()
}
