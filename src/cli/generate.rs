//! `generate`: what starts sgidlint by itself, as text; nothing is installed.

use super::args::{Common, Generate, Scheduled, UnitKind};
use super::exit::{Exit, Failure};
use super::paths;
use super::session::Session;
use super::streams::Streams;
use crate::infer::schedule::{Job, Task, Unit, UnitPlace, Whose, unfit, write_cron, write_step, write_unit};
use crate::model::pattern::root::RootPattern;
use crate::policy::Loaded;
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
            let job = job(common, scheduled)?;
            streams.write_results(|out| write_cron(out, &job))?;
        }
        Generate::Systemd { scheduled, unit } => {
            let job = job(common, scheduled)?;
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
        Generate::PreDeploy { paths } => {
            let job = job(common, &Scheduled { paths: paths.clone(), fix: false })?;
            streams.write_results(|out| write_step(out, &job))?;
        }
    }
    Ok(Exit::Clean)
}

fn job(common: &Common, scheduled: &Scheduled) -> Result<Job, Failure> {
    let session = Session::begin(common, Purpose::Check)?;
    let (task, fallback) = match scheduled.fix {
        true => (Task::Fix, Fallback::Refused),
        false => (Task::Check, Fallback::Allowed),
    };
    let named: Vec<PathBuf> = scheduled.paths.iter().map(|path| paths::absolute(path)).collect::<Result<_, _>>()?;
    // What is wrong with the policies is better told today than at night.
    let loaded = session.load(&named, fallback)?;
    let mut places = loaded.iter().map(places_of).collect::<Result<Vec<_>, _>>()?.concat();
    if let Some(path) = &common.state_dir {
        places.push(UnitPlace { path: text(paths::absolute(path)?.as_os_str())?, optional: false });
    }
    let words = words(common, task, &named)?;
    let whose = if host::effective_uid() == 0 { Whose::Root } else { Whose::Users };
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

/// The directories that hold the trees of a policy: its roots, up to the first `*` or capture.
fn places_of(loaded: &Loaded) -> Result<Vec<UnitPlace>, Failure> {
    let mut places = Vec::new();
    for tree in &loaded.model.trees {
        for root in &tree.roots {
            let bases: Vec<Option<&Path>> = match root.value.starts_with('/') {
                true => vec![None],
                false => loaded.bindings.iter().map(|base| Some(base.as_path())).collect(),
            };
            for base in bases {
                let pattern = RootPattern::parse(&root.value, base, &loaded.params)
                    .map_err(|error| Failure::usage(format!("can't tell where `{}` is: {error}", root.value)))?;
                places.push(UnitPlace {
                    path: text(pattern.start().path.as_os_str())?,
                    optional: tree.optional || tree.when.is_some(),
                });
            }
        }
    }
    Ok(places)
}

/// Without what lies below another: to systemd each place is a mount of its own, and mounts aren't entered.
fn topmost(mut places: Vec<UnitPlace>) -> Vec<UnitPlace> {
    places.sort();
    places.dedup_by(|later, earlier| later.path == earlier.path);
    let all = places.clone();
    places.retain(|place| {
        let path = Path::new(&place.path);
        !all.iter().any(|other| other.path != place.path && path.starts_with(&other.path))
    });
    places
}

fn text(word: &OsStr) -> Result<String, Failure> {
    word.to_str().map(str::to_owned).ok_or_else(|| unwritable(Path::new(word)))
}

fn unwritable(path: &Path) -> Failure {
    Failure::usage(format!("`{}` can't stand in a line for another program", paths::shown(path)))
        .hinted("write a policy with [[use]] that names the place, and start that")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_below_others_go_with_them() {
        let place = |path: &str, optional| UnitPlace { path: path.into(), optional };
        let places = ["/srv/a", "/srv/a/b", "/srv/a-b", "/srv/a", "/var/x/y", "/var/x"].map(|path| place(path, false));
        assert_eq!(topmost(places.into()), ["/srv/a", "/srv/a-b", "/var/x"].map(|path| place(path, false)));
        let twice = vec![place("/srv", true), place("/srv", false)];
        assert_eq!(topmost(twice), [place("/srv", false)], "what one of them needs must be there");
    }
}
