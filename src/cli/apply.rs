//! `apply`: a plan that was made before, and what is common to it and an undo.

use super::execute::{self, Executed, execute, settled_one};
use super::grounded::Grounded;
use super::{ask, planning};
use crate::apply::foresee;
use crate::args::{Agreement, Apply, Common, Format, Ids};
use crate::diff::{DiffManner, DiffRow, Head, write_folded};
use crate::findings::{PolicyLabel, Root, Totals, path_in_tree};
use crate::journal::wording::Settled;
use crate::journal::{Done, Drift, Outcome};
use crate::model::text::numbers::{capitalized, counted, number};
use crate::plan::{Change, Header, Names, Plan, ReadError, RunKind};
use crate::process::exit::{Exit, Failure};
use crate::process::paths;
use crate::process::streams::Streams;
use crate::report::json;
use crate::session::Session;
use crate::source::roots;
use crate::sys::file::open_for_reading;
use crate::sys::host;
use crate::sys::stat::look;
use std::io::BufReader;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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
pub(super) fn consented(
    session: &Session<'_>,
    plan: &Plan,
    consent: &Agreement,
    streams: &mut Streams,
) -> Result<bool, Failure> {
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
pub(super) fn take_parted(
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

pub(super) fn told_parted<'a>(plan: &'a Plan, parted: &'a [Change]) -> Vec<Settled<'a>> {
    parted.iter().map(|change| settled_one(plan, change, Done::of(Outcome::Drifted(Drift::Names)))).collect()
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
pub(super) fn end<'a>(
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
