//! The policy of the project that a run is started in: found, not named, and so taken only from who may say what is done.

use crate::args::Common;
use crate::model::entry::Entry;
use crate::model::mode::Mode;
use crate::policy::model::{PROJECT_FILE, is_of_project};
use crate::process::exit::Failure;
use crate::process::paths;
use crate::report::base::Base;
use crate::source::project::{Passed, Project, find, top_of_repository};
use crate::source::roots::doubt_about_file;
use crate::sys::host;
use crate::sys::root::resolve;
use std::path::{Path, PathBuf};

/// The policy of the project that the run is started in, where the command line names none.
pub(crate) fn found(common: &Common, is_for_changes: bool) -> Result<Option<Project>, Failure> {
    if !common.policies.is_empty() {
        return Ok(None);
    }
    // Who can't tell where they are works in no project.
    let Some(project) = resolve(Path::new(".")).ok().and_then(|here| of(common, &here)) else { return Ok(None) };
    rely(common, &project.policy, &project.entry, is_for_changes)?;
    Ok(Some(project))
}

/// The policy of the project that a directory lies in.
fn of(common: &Common, directory: &Path) -> Option<Project> {
    let uid = host::effective_uid();
    find(directory, |path, entry| match uid {
        0 => doubt_about_file(path, Some(entry), common.vouched_uid()).map(|doubt| doubt.to_string()),
        _ => hand_of_others(entry, uid),
    })
}

/// What is said of an end of the search that others could have made: an error for what changes, told by what reads.
pub(crate) fn told(project: &Project, is_for_changes: bool) -> Result<Option<String>, Failure> {
    let Some(Passed { path, doubt }) = &project.passed else { return Ok(None) };
    let (end, policy) = (paths::shown(path), paths::shown(&project.policy));
    let message =
        format!("the search for {PROJECT_FILE} went on past {end}, which others could have put there: {doubt}");
    match is_for_changes {
        false => Ok(Some(format!("{message}; the policy is {policy}"))),
        true => Err(Failure::usage(format!("{message}; above it lies {policy}")).hinted(format!(
            "name it with -p {policy} if you mean it, another policy with -p, or start somewhere else"
        ))),
    }
}

/// What is said where a PATH lies in a project that the run isn't started in: its policy is not taken.
pub(crate) fn elsewhere(common: &Common, paths: &[PathBuf], taken: Option<&Path>) -> Option<String> {
    if !common.policies.is_empty() {
        return None;
    }
    let path = paths.first()?;
    let other = of(common, &resolve(&paths::directory(path)).ok()?)?.policy;
    (taken != Some(&other)).then(|| {
        let (path, other) = (paths::shown(path), paths::shown(&other));
        format!("{path} lies in a project whose policy is not taken: start the run there, or name it with -p {other}")
    })
}

/// Refuses a policy that was found, where somebody else could have put it there or could write it: as root anybody but
/// root, else anybody but root and the caller.
pub(crate) fn rely(common: &Common, path: &Path, entry: &Entry, is_for_changes: bool) -> Result<(), Failure> {
    let uid = host::effective_uid();
    let named = |shown: &str| {
        format!("name it with -p {shown} if you mean it, another policy with -p, or start somewhere else")
    };
    let shown = paths::shown(path);
    let (doubt, hint) = match uid {
        0 => match doubt_about_file(path, Some(entry), common.vouched_uid()) {
            // Named, it would be refused all the same.
            Some(doubt) if is_for_changes => {
                let hint = "let root own it, in a directory that only root can write, or run as who owns it";
                (Some(doubt.to_string()), common.trust_hint(&doubt, hint).to_owned())
            }
            doubt => (doubt.map(|doubt| doubt.to_string()), named(&shown)),
        },
        _ => (hand_of_others(entry, uid), named(&shown)),
    };
    let Some(doubt) = doubt else { return Ok(()) };
    Err(Failure::usage(format!("{shown} was found here, but not taken: {doubt}")).hinted(hint))
}

/// How others than root and this user could have a hand in a file or directory.
fn hand_of_others(entry: &Entry, uid: u32) -> Option<String> {
    if ![0, uid].contains(&entry.state.uid) {
        Some(format!("it belongs to uid {}, neither to you nor to root", entry.state.uid))
    } else if entry.state.mode.has_any(Mode::OTHER_WRITE) {
        Some(format!("everybody can write it (mode {})", entry.state.mode))
    } else {
        None
    }
}

/// Where other programs are told places from: the top of the repository that the run is started in, or, in a copy without
/// one (an archive, an image), the folder of the project's policy.
pub(crate) fn base(common: &Common) -> Base {
    let Some(here) = resolve(Path::new(".")).ok() else { return Base::NOWHERE };
    let named = || {
        let mut files = common.policies.iter().map(Path::new).filter(|path| is_of_project(path));
        resolve(files.next()?).ok()
    };
    let policy = || named().or_else(|| Some(found(common, false).ok()??.policy));
    let folder = || policy()?.parent().map(Path::to_path_buf).filter(|folder| here.starts_with(folder));
    match top_of_repository(&here).or_else(folder) {
        Some(top) => Base::of(top, here),
        None => Base::NOWHERE,
    }
}

/// The directory that all of these PATHs are written relative to, if they are.
pub(crate) fn here(named: &[PathBuf]) -> Option<PathBuf> {
    let are_relative = !named.is_empty() && named.iter().all(|path| path.is_relative());
    are_relative.then(|| resolve(Path::new(".")).ok()).flatten()
}
