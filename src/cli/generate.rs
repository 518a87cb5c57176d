//! `generate`: what starts sgidlint by itself, as text; nothing is installed.

use super::exit::{Exit, Failure};
use super::paths;
use super::session::Session;
use super::streams::Streams;
use crate::args::{Common, Generate, Scheduled, UnitKind};
use crate::infer::schedule::{
    Job, Task, Unit, UnitPlace, Whose, places_of, topmost, unfit, write_cron, write_step, write_unit,
};
use crate::policy::load::Fallback;
use crate::sys::host;
use crate::sys::purpose::Purpose;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `sgidlint generate`.
pub(super) fn generate(common: &Common, generate: &Generate, streams: &mut Streams) -> Result<Exit, Failure> {
    match generate {
        Generate::Cron(scheduled) => {
            let job = job(common, scheduled, streams)?;
            streams.write_results(|out| write_cron(out, &job))?;
        }
        Generate::Systemd { scheduled, unit } => {
            let job = job(common, scheduled, streams)?;
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
        Generate::PreDeploy { paths, probe } => {
            let job = job(common, &Scheduled { paths: paths.clone(), fix: false, probe: *probe }, streams)?;
            streams.write_results(|out| write_step(out, &job))?;
        }
    }
    Ok(Exit::Clean)
}

fn job(common: &Common, scheduled: &Scheduled, streams: &Streams) -> Result<Job, Failure> {
    let session = Session::begin(common, Purpose::Check)?;
    let fallback = if scheduled.fix { Fallback::Refused } else { Fallback::Allowed };
    let named: Vec<PathBuf> = scheduled.paths.iter().map(|path| paths::absolute(path)).collect::<Result<_, _>>()?;
    // What is wrong with the policies is better told today than at night.
    let loaded = session.load(&named, fallback)?;
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
    let words = words(common, task, &named)?;
    let whose = if is_root { Whose::Root } else { Whose::Users };
    let places = topmost(places);
    let all = words.iter().chain(places.iter().map(|place| &place.path));
    match unfit(all.map(String::as_str)) {
        Some(word) => Err(unwritable(Path::new(word))),
        None => Ok(Job { words, task, places, whose }),
    }
}

/// The command line that does the same as this one, from wherever it is started.
fn words(common: &Common, task: Task, named: &[PathBuf]) -> Result<Vec<String>, Failure> {
    let program = std::env::current_exe().unwrap_or_else(|_| "sgidlint".into());
    let mut words = vec![text(program.as_os_str())?];
    words.extend(match task {
        Task::Check => vec!["check".into(), "-q".into()],
        Task::Probe => vec!["check".into(), "--probe".into(), "-q".into()],
        Task::Fix => vec!["fix".into(), "-y".into(), "-q".into()],
    });
    for policy in &common.policies {
        let is_file = policy.as_bytes().contains(&b'/') || policy.as_bytes().ends_with(b".toml");
        let policy = if is_file { paths::absolute(Path::new(policy))?.into_os_string() } else { policy.clone() };
        words.extend(["-p".into(), text(&policy)?]);
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
    if let Some(path) = &common.state_dir {
        words.extend(["--state-dir".into(), text(paths::absolute(path)?.as_os_str())?]);
    }
    if named.iter().any(|path| path.as_os_str().as_bytes().starts_with(b"-")) {
        words.push("--".into());
    }
    for path in named {
        words.push(text(path.as_os_str())?);
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
