//! `generate`: what starts sgidlint by itself, as text; nothing is installed.

use super::cluster;
use crate::args::{Common, Generate, ReportFormat, Scheduled, UnitKind};
use crate::formats::PROMETHEUS;
use crate::infer::schedule::{
    FollowUp, Job, Task, Unit, Whose, lets_root_write, places_of, topmost, unfit, write_alerts, write_cron,
    write_dashboard, write_step, write_unit,
};
use crate::model::entry::Kind as ModelKind;
use crate::policy::Loaded;
use crate::policy::load::Fallback;
use crate::policy::model::PROJECT_FILE;
use crate::process::exit::{Exit, Failure};
use crate::process::paths;
use crate::process::reports::format_and_path;
use crate::process::streams::Streams;
use crate::session::Session;
use crate::source::fstab;
use crate::sys::host;
use crate::sys::purpose::Purpose;
use crate::sys::root::{look_at_path, resolve};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `sgidlint generate`.
pub(super) fn generate(common: &Common, generate: &Generate, streams: &mut Streams) -> Result<Exit, Failure> {
    match generate {
        Generate::Cron(scheduled) => {
            let job = job(common, scheduled, (Where::Anywhere, Kind::Cron), streams)?;
            streams.write_results(|out| write_cron(out, &job))?;
        }
        Generate::Systemd { unit: None, .. } if common.output.is_some() => {
            return Err(Failure::usage("systemd reads a service and a timer from a file each")
                .hinted("name the one that goes to this file: --unit service or --unit timer"));
        }
        Generate::Systemd { scheduled, unit, on_failure } => {
            let job = job(common, scheduled, (Where::Anywhere, Kind::Unit), streams)?;
            let job = Job { on_failure: on_failure.clone(), ..job };
            streams.write_results(|out| match unit {
                Some(UnitKind::Service) => write_unit(out, &job, Unit::Service),
                Some(UnitKind::Timer) => write_unit(out, &job, Unit::Timer),
                None => {
                    write_unit(out, &job, Unit::Service)?;
                    writeln!(out)?;
                    write_unit(out, &job, Unit::Timer)
                }
            })?;
        }
        Generate::PreDeploy(scheduled) => {
            let job = job(common, scheduled, (Where::Here, Kind::Step), streams)?;
            streams.write_results(|out| write_step(out, &job))?;
        }
        Generate::Slurm(cluster) => return cluster::slurm(common, cluster, streams),
        Generate::Alerts => streams.write_results(write_alerts)?,
        Generate::Dashboard => streams.write_results(write_dashboard)?,
    }
    Ok(Exit::Clean)
}

/// What is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cron,
    Unit,
    Step,
}

/// From where a command is to do the same as here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// From any directory of this machine.
    Anywhere,
    /// From this directory of any checkout, on any machine.
    Here,
}

impl Where {
    pub(super) fn path(self, path: &Path) -> Result<String, Failure> {
        match self {
            Where::Anywhere => text(paths::absolute(path)?.as_os_str()),
            Where::Here => text(path.as_os_str()),
        }
    }

    /// A policy that was found, seen from this directory.
    fn project(self, path: &Path) -> Result<String, Failure> {
        let here =
            resolve(Path::new(".")).map_err(|error| Failure::usage(format!("can't tell where this is: {error}")))?;
        let up = here.ancestors().position(|above| path.parent() == Some(above));
        match (self, up) {
            (Where::Here, Some(up)) => {
                Ok(format!("{}{PROJECT_FILE}", if up == 0 { "./".into() } else { "../".repeat(up) }))
            }
            _ => text(path.as_os_str()),
        }
    }
}

fn job(common: &Common, scheduled: &Scheduled, (from, kind): (Where, Kind), streams: &Streams) -> Result<Job, Failure> {
    let session = Session::begin(common, Purpose::Check)?;
    let fallback = if scheduled.fix { Fallback::Refused } else { Fallback::Allowed };
    let named: Vec<PathBuf> = scheduled.paths.iter().map(|path| paths::absolute(path)).collect::<Result<_, _>>()?;
    named.iter().chain(&common.state_dir).try_for_each(|path| paths::resolved(path).map(drop))?;
    // What is wrong with the policies is better told today than at night.
    let loaded = session.load(&named, &scheduled.paths, fallback)?;
    let is_expecting = !scheduled.no_probe && loaded.iter().any(|loaded| !loaded.model.expectations.is_empty());
    let is_root = host::effective_uid() == 0;
    let takes_checks = scheduled.takes_checks();
    // A unit of a repair takes reports along, which are of what it leaves.
    let reports_only = !scheduled.report.is_empty() && !scheduled.probe;
    let follows = scheduled.fix
        && match kind {
            Kind::Cron => takes_checks || is_expecting && is_root,
            Kind::Unit => reports_only,
            Kind::Step => false,
        };
    if scheduled.fix && takes_checks && !follows {
        return Err(Failure::usage("a repair writes no reports, asks nobody and has no baseline").hinted(
            "generate the check by itself (without --fix); for cron, one command prints both lines, and a unit of systemd \
             takes --report",
        ));
    }
    let is_told = !scheduled.report.is_empty() || scheduled.probe || is_expecting && is_root;
    if scheduled.fix && takes_checks && !is_told {
        return Err(Failure::usage("a repair tells all that it leaves, whatever a baseline or a list says").hinted(
            "generate the check by itself (without --fix), or let the check behind a repair write a --report",
        ));
    }
    if kind != Kind::Step && scheduled.paths_from.as_deref() == Some(Path::new("-")) {
        return Err(Failure::usage("nobody writes to the standard input of what a timer starts")
            .hinted("name a file, or look at the whole trees"));
    }
    let of_fix = |fix| Task::of((fix, scheduled.probe), is_expecting, is_root);
    let (task, said) = of_fix(scheduled.fix);
    // What follows in a unit has none of the rights that asking others takes.
    said.filter(|_| !follows || kind == Kind::Unit).iter().for_each(|said| streams.status(said));
    let reports = scheduled.report.iter().map(|report| format_and_path(report)).collect::<Result<Vec<_>, _>>()?;
    let folders: Vec<PathBuf> = reports.iter().map(|report| fit_folder(report, kind)).collect::<Result<_, _>>()?;
    let mut places: Vec<PathBuf> = Vec::new();
    for loaded in &loaded {
        let of_policy = places_of(loaded).map_err(Failure::usage)?;
        note_mounts(loaded, &of_policy, streams);
        places.extend(of_policy);
    }
    places.extend(common.state_dir.as_ref().map(|path| paths::absolute(path)).transpose()?);
    places.extend(folders.iter().cloned());
    let mounts = if kind == Kind::Unit { fstab::points_above(&places) } else { BTreeSet::new() };
    let mounts = mounts.iter().map(|path| text(path.as_os_str())).collect::<Result<Vec<_>, _>>()?;
    let places = places.iter().map(|path| text(path.as_os_str())).collect::<Result<Vec<_>, _>>()?;
    let policy = loaded.first().filter(|_| common.policies.is_empty()).and_then(|loaded| loaded.model.folder.as_ref());
    let found = policy.map(|folder| from.project(&folder.join(PROJECT_FILE))).transpose()?;
    // What is started in the project finds it as this command did, and takes it from nobody else either.
    let (project, policy) = if from == Where::Here { (found, None) } else { (None, found) };
    let words = |task: Task| -> Result<Vec<String>, Failure> {
        let mut words = vec![program(from)?];
        words.extend(task.words());
        words.extend(scheduled_words(scheduled, (task, &reports), from)?);
        words.extend(common_words(common, from)?);
        words.extend(state_dir_words(common, task, from)?);
        words.extend(policy.iter().flat_map(|policy| ["-p".into(), policy.clone()]));
        if scheduled.paths.iter().any(|path| path.as_os_str().as_bytes().starts_with(b"-")) {
            words.push("--".into());
        }
        words.extend(scheduled.paths.iter().map(|path| from.path(path)).collect::<Result<Vec<_>, _>>()?);
        Ok(words)
    };
    let check = if follows {
        // A repair's unit hasn't the rights to ask as others.
        let (task, _) = if kind == Kind::Unit { (Task::Check, None) } else { of_fix(false) };
        let tells = task == Task::Probe;
        let mut words = words(task)?;
        if !tells {
            // Behind the words of the command, which the repair has told of already.
            words.insert(3, "--report-only".into());
        }
        Some(FollowUp { words, tells })
    } else {
        None
    };
    let pruning = pruning(common, scheduled, from)?;
    let job = Job {
        words: words(task)?,
        project,
        pruning,
        check,
        on_failure: None,
        writes_to_others: is_root && kind == Kind::Unit && folders.iter().any(|folder| needs_override(folder)),
        task,
        mounts,
        places: topmost(places),
        whose: if is_root { Whose::Root } else { Whose::Users },
    };
    let follow_up = job.check.iter().flat_map(|check| &check.words);
    let all =
        job.words.iter().chain(&job.project).chain(job.pruning.iter().flatten()).chain(follow_up).chain(&job.places);
    match unfit(all.map(String::as_str)) {
        Some(word) => Err(unwritable(Path::new(word))),
        None => Ok(job),
    }
}

/// Says which roots are mount points though their policy doesn't say so: a night without the mount would pass for a good one.
fn note_mounts(loaded: &Loaded, roots: &[PathBuf], streams: &Streams) {
    if loaded.places.mounted.is_some() || loaded.model.trees.iter().any(|tree| tree.mounted.is_some()) {
        return;
    }
    for root in fstab::points_unnamed(roots) {
        streams.status(format_args!(
            "sgidlint: note: {} is a mount point: `mounted = true` in its policy makes a night without the mount an error",
            paths::shown(root)
        ));
    }
}

/// The directory that a report goes to, once it is known that it can, and is read there.
fn fit_folder((format, path): &(ReportFormat, PathBuf), kind: Kind) -> Result<PathBuf, Failure> {
    let file = paths::absolute(path)?;
    let folder = file.parent().unwrap_or(&file).to_path_buf();
    let shown = paths::shown(&folder);
    // Another checkout has its own.
    if kind != Kind::Step {
        let look = resolve(&folder).and_then(|real| look_at_path(&real));
        let is_folder = look.map(|look| look.entry.kind == ModelKind::Dir);
        let why = match is_folder {
            Ok(true) => None,
            Ok(false) => Some("it is no directory".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = why {
            return Err(Failure::usage(format!("a report can't go to {shown}: {why}"))
                .hinted("make it first: what is printed depends on whose it is"));
        }
    }
    let is_collected = file.extension() == Some(OsStr::new("prom"));
    match format.0.name == PROMETHEUS && !is_collected {
        true => Err(Failure::usage(format!("`{}`: the node exporter reads *.prom alone", paths::shown(path)))
            .hinted("let the name of the file end in `.prom`")),
        false => Ok(folder),
    }
}

/// The file that a repair writes its own metrics to, beside those of what it leaves.
fn of_repair(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    path.with_file_name(format!("{stem}-fix.prom"))
}

/// Whether root can write to a directory only by CAP_DAC_OVERRIDE: it is another user's, as that of node_exporter is.
fn needs_override(folder: &Path) -> bool {
    let look = resolve(folder).and_then(|real| look_at_path(&real));
    look.is_ok_and(|look| !lets_root_write(look.entry.state))
}

pub(super) fn program(from: Where) -> Result<String, Failure> {
    match std::env::current_exe() {
        Ok(program) if from == Where::Anywhere => text(program.as_os_str()),
        _ => Ok("sgidlint".into()),
    }
}

fn scheduled_words(
    scheduled: &Scheduled,
    (task, reports): (Task, &[(ReportFormat, PathBuf)]),
    from: Where,
) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    let options = match task {
        Task::Fix => {
            for (_, path) in reports.iter().filter(|(format, _)| format.0.name == PROMETHEUS) {
                words.extend(["--report".into(), format!("{PROMETHEUS}={}", from.path(&of_repair(path))?)]);
            }
            let limits = [("--wait", number(scheduled.wait)), ("--max-changes", scheduled.max_changes.clone())];
            [limits.as_slice(), &[("--max-findings", number(scheduled.max_findings))]].concat()
        }
        Task::Check | Task::Probe => {
            for (format, path) in reports {
                words.extend(["--report".into(), format!("{}={}", format.0.name, from.path(path)?)]);
            }
            let file = |path: &Option<PathBuf>| path.as_ref().map(|path| from.path(path)).transpose();
            let list = scheduled
                .paths_from
                .as_ref()
                .map(|path| if path == Path::new("-") { Ok("-".into()) } else { from.path(path) });
            [
                ("--max-findings", number(scheduled.max_findings)),
                ("--baseline", file(&scheduled.baseline)?),
                ("--paths-from", list.transpose()?),
            ]
            .to_vec()
        }
    };
    words.extend(options.into_iter().filter_map(|(option, value)| Some([option.into(), value?])).flatten());
    Ok(words)
}

/// What every command takes, as far as it matters to one that nobody watches.
pub(super) fn common_words(common: &Common, from: Where) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    for policy in &common.policies {
        let is_file = policy.as_bytes().contains(&b'/') || policy.as_bytes().ends_with(b".toml");
        words.extend(["-p".into(), if is_file { from.path(Path::new(policy))? } else { text(policy)? }]);
    }
    for (key, value) in &common.set {
        words.extend(["-s".into(), format!("{key}={value}")]);
    }
    for (flag, lints) in [("--allow", &common.allow), ("--warn", &common.warn), ("--deny", &common.deny)] {
        words.extend(lints.iter().flat_map(|lint| [flag.into(), lint.clone()]));
    }
    words.extend(common.strict.then(|| "--strict".into()));
    words.extend(common.trust_parents.then(|| "--trust-parents".into()));
    words.extend(common.threads.iter().flat_map(|threads| ["--threads".into(), threads.to_string()]));
    Ok(words)
}

/// Where runs are on record, where a run needs to know. Another machine has its own place for them.
fn state_dir_words(common: &Common, task: Task, from: Where) -> Result<Vec<String>, Failure> {
    let is_fit = match from {
        Where::Anywhere => true,
        Where::Here => task == Task::Fix && !common.is_state_dir_of_environment,
    };
    match common.state_dir.as_ref().filter(|_| is_fit) {
        Some(path) => Ok(vec!["--state-dir".into(), from.path(path)?]),
        None => Ok(Vec::new()),
    }
}

/// The command that removes old records.
fn pruning(common: &Common, scheduled: &Scheduled, from: Where) -> Result<Option<Vec<String>>, Failure> {
    let old = match (&scheduled.prune_older_than, scheduled.keep_last) {
        (Some(age), _) => ["--prune-older-than".into(), age.clone()],
        (None, Some(count)) => ["--keep-last".into(), count.to_string()],
        (None, None) => return Ok(None),
    };
    let mut words = vec![program(from)?, "log".into(), "-q".into()];
    words.extend(old);
    words.extend(state_dir_words(common, Task::Fix, from)?);
    Ok(Some(words))
}

fn text(word: &OsStr) -> Result<String, Failure> {
    word.to_str().map(str::to_owned).ok_or_else(|| unwritable(Path::new(word)))
}

fn unwritable(path: &Path) -> Failure {
    Failure::usage(format!("`{}` can't stand in a line for another program", paths::shown(path)))
        .hinted("write a policy with [[use]] that names the place, and start that")
}
