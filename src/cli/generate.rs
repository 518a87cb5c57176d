//! `generate`: what starts sgidlint by itself, as text; nothing is installed.

use super::exit::{Exit, Failure};
use super::paths;
use super::reporting::format_and_path;
use super::session::Session;
use super::streams::Streams;
use crate::args::{Common, Generate, ReportFormat, Scheduled, UnitKind};
use crate::infer::schedule::{
    Job, Task, Unit, UnitPlace, Whose, places_of, topmost, unfit, write_alerts, write_cron, write_step, write_unit,
};
use crate::policy::load::Fallback;
use crate::policy::model::PROJECT_FILE;
use crate::sys::host;
use crate::sys::purpose::Purpose;
use crate::sys::root::resolve;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `sgidlint generate`.
pub(super) fn generate(common: &Common, generate: &Generate, streams: &mut Streams) -> Result<Exit, Failure> {
    match generate {
        Generate::Cron(scheduled) => {
            let job = job(common, scheduled, Where::Anywhere, streams)?;
            streams.write_results(|out| write_cron(out, &job))?;
        }
        Generate::Systemd { unit: None, .. } if common.output.is_some() => {
            return Err(Failure::usage("systemd reads a service and a timer from a file each")
                .hinted("name the one that goes to this file: --unit service or --unit timer"));
        }
        Generate::Systemd { scheduled, unit } => {
            let job = job(common, scheduled, Where::Anywhere, streams)?;
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
            let job = job(common, scheduled, Where::Here, streams)?;
            streams.write_results(|out| write_step(out, &job))?;
        }
        Generate::Alerts => streams.write_results(write_alerts)?,
    }
    Ok(Exit::Clean)
}

/// From where a command is to do the same as here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// From any directory of this machine.
    Anywhere,
    /// From this directory of any checkout, on any machine.
    Here,
}

impl Where {
    fn path(self, path: &Path) -> Result<String, Failure> {
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

fn job(common: &Common, scheduled: &Scheduled, from: Where, streams: &Streams) -> Result<Job, Failure> {
    let session = Session::begin(common, Purpose::Check)?;
    let fallback = if scheduled.fix { Fallback::Refused } else { Fallback::Allowed };
    let named: Vec<PathBuf> = scheduled.paths.iter().map(|path| paths::absolute(path)).collect::<Result<_, _>>()?;
    // What is wrong with the policies is better told today than at night.
    let loaded = session.load(&named, &scheduled.paths, fallback)?;
    let is_expecting = loaded.iter().any(|loaded| !loaded.model.expectations.is_empty());
    let is_root = host::effective_uid() == 0;
    let (task, said) = Task::of((scheduled.fix, scheduled.probe), is_expecting, is_root);
    if let Some(said) = said {
        streams.status(said);
    }
    let mut places = Vec::new();
    for loaded in &loaded {
        for (path, optional) in places_of(loaded).map_err(Failure::usage)? {
            places.push(UnitPlace { path: text(path.as_os_str())?, optional });
        }
    }
    if let Some(path) = &common.state_dir {
        places.push(UnitPlace { path: text(paths::absolute(path)?.as_os_str())?, optional: false });
    }
    let reports = scheduled.report.iter().map(|report| format_and_path(report)).collect::<Result<Vec<_>, _>>()?;
    for (_, path) in &reports {
        let path = paths::absolute(path)?;
        places.push(UnitPlace { path: text(path.parent().unwrap_or(&path).as_os_str())?, optional: false });
    }
    let mut words = vec![program(from)?];
    words.extend(task.words());
    words.extend(scheduled_words(scheduled, &reports, from)?);
    words.extend(common_words(common, from)?);
    // A check of another machine looks for runs where that one has them.
    let state_dir = common.state_dir.as_deref().filter(|_| from == Where::Anywhere || task == Task::Fix);
    if let Some(path) = state_dir {
        words.extend(["--state-dir".into(), from.path(path)?]);
    }
    let policy = loaded.first().filter(|_| common.policies.is_empty()).and_then(|loaded| loaded.model.folder.as_ref());
    if let Some(folder) = policy {
        words.extend(["-p".into(), from.project(&folder.join(PROJECT_FILE))?]);
    }
    if scheduled.paths.iter().any(|path| path.as_os_str().as_bytes().starts_with(b"-")) {
        words.push("--".into());
    }
    words.extend(scheduled.paths.iter().map(|path| from.path(path)).collect::<Result<Vec<_>, _>>()?);
    let pruning = scheduled.prune_older_than.as_ref().map(|age| pruning(common, age, from)).transpose()?;
    let whose = if is_root { Whose::Root } else { Whose::Users };
    let places = topmost(places);
    let all = words.iter().chain(pruning.iter().flatten()).chain(places.iter().map(|place| &place.path));
    match unfit(all.map(String::as_str)) {
        Some(word) => Err(unwritable(Path::new(word))),
        None => Ok(Job { words, pruning, task, places, whose }),
    }
}

fn program(from: Where) -> Result<String, Failure> {
    match std::env::current_exe() {
        Ok(program) if from == Where::Anywhere => text(program.as_os_str()),
        _ => Ok("sgidlint".into()),
    }
}

fn scheduled_words(
    scheduled: &Scheduled,
    reports: &[(ReportFormat, PathBuf)],
    from: Where,
) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    for (format, path) in reports {
        words.extend(["--report".into(), format!("{}={}", format.0.name, from.path(path)?)]);
    }
    let options = [
        ("--max-findings", scheduled.max_findings.map(|most| most.to_string())),
        ("--wait", scheduled.wait.map(|seconds| seconds.to_string())),
        ("--max-changes", scheduled.max_changes.clone()),
    ];
    words.extend(options.into_iter().filter_map(|(option, value)| Some([option.into(), value?])).flatten());
    Ok(words)
}

/// What every command takes, as far as it matters to one that nobody watches.
fn common_words(common: &Common, from: Where) -> Result<Vec<String>, Failure> {
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

/// The command that removes old records.
fn pruning(common: &Common, age: &str, from: Where) -> Result<Vec<String>, Failure> {
    let mut words = vec![program(from)?, "log".into(), "-q".into(), "--prune-older-than".into(), age.to_owned()];
    if let Some(path) = &common.state_dir {
        words.extend(["--state-dir".into(), from.path(path)?]);
    }
    Ok(words)
}

fn text(word: &OsStr) -> Result<String, Failure> {
    word.to_str().map(str::to_owned).ok_or_else(|| unwritable(Path::new(word)))
}

fn unwritable(path: &Path) -> Failure {
    Failure::usage(format!("`{}` can't stand in a line for another program", paths::shown(path)))
        .hinted("write a policy with [[use]] that names the place, and start that")
}
