//! The policies of a command: read, relied on or not, and what is said of those that can't be used.

use super::Session;
use super::project;
use crate::args::Common;
use crate::findings::EntryError;
use crate::model::path::TreePath;
use crate::policy::load::{Fallback, Origin, load_the_sound};
use crate::policy::problem::Problem;
use crate::policy::{Loaded, Request, load};
use crate::process::exit::Failure;
use crate::process::streams::warn;
use crate::process::{paths, streams};
use crate::source::roots;
use crate::sys::host;
use crate::sys::root::look_at_path;
use std::path::{Path, PathBuf};
use std::sync::Once;

/// What is done about files of /etc/sgidlint that can't be used, where no policy is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unsound {
    /// Nothing is done at all: the rules that are missing could be about the same trees.
    Refused,
    /// What the others say is judged, and each is an error.
    PassedOver,
}

impl Session<'_> {
    /// The policies that the arguments ask for.
    pub(crate) fn load(
        &self,
        paths: &[PathBuf],
        named: &[PathBuf],
        fallback: Fallback,
    ) -> Result<Vec<Loaded>, Failure> {
        Ok(self.load_telling(paths, named, fallback)?.0)
    }

    /// The same, and what is wrong with those that are passed over.
    pub(crate) fn load_telling(
        &self,
        paths: &[PathBuf],
        named: &[PathBuf],
        fallback: Fallback,
    ) -> Result<(Vec<Loaded>, Vec<Problem>), Failure> {
        let project = project::found(self.common, self.purpose.is_for_changes())?;
        let told = project.as_ref().map(|found| project::told(found, self.purpose.is_for_changes())).transpose()?;
        told.flatten().iter().for_each(|warning| warn(warning));
        let project = project.map(|found| found.policy);
        let elsewhere = project::elsewhere(self.common, named, project.as_deref());
        elsewhere.iter().for_each(|remark| streams::remark(self.common, remark));
        let request = Request {
            policies: self.common.policies.clone(),
            sets: self.common.set.clone(),
            paths: paths.to_vec(),
            here: project::here(named),
            project: project.clone(),
            ..Request::nothing(fallback)
        };
        let is_of_folder = request.policies.is_empty() && request.project.is_none();
        let read = match self.unsound {
            Unsound::PassedOver => load_the_sound(&request),
            Unsound::Refused => load(&request).map(|loaded| (loaded, Vec::new())),
        };
        let (loaded, passed_over) = read.map_err(|problems| {
            let failure = Failure::policy(problems);
            match is_of_folder && self.purpose.is_for_changes() {
                true => failure.hinted(NOTHING_CHANGED),
                false => failure,
            }
        })?;
        if let Some(found) = &project {
            // It is the one that was judged when it was found.
            let is_it = |path: &Path| path == found;
            for loaded in &loaded {
                if let Origin::File { path, entry } = &loaded.origin
                    && is_it(path)
                {
                    project::rely(self.common, path, entry, self.purpose.is_for_changes())?;
                }
            }
            // A run may look twice; it is told of once.
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                let told = format!("the policy is {}, found from here upwards", paths::shown(found));
                streams::remark(self.common, told);
            });
        }
        Ok((loaded, passed_over))
    }

    /// Policies that somebody else than root could have written: refused for changes, remarked on otherwise.
    pub(crate) fn doubts(&self, loaded: &[Loaded]) -> Result<Vec<String>, Failure> {
        let mut warnings = Vec::new();
        if host::effective_uid() != 0 {
            return Ok(warnings);
        }
        for loaded in loaded {
            let Origin::File { path, entry } = &loaded.origin else { continue };
            let path = paths::absolute(path)?;
            let Some(doubt) = roots::doubt_about_file(&path, Some(entry), self.common.vouched_uid()) else { continue };
            let message = format!("{}: root can't rely on this policy: {doubt}", paths::shown(&path));
            match self.purpose.is_for_changes() {
                false if !warnings.contains(&message) => warnings.push(message),
                false => {}
                true => {
                    let hint = "let root own it, in a directory that only root can write";
                    return Err(Failure::usage(message).hinted(self.common.trust_hint(&doubt, hint)));
                }
            }
        }
        Ok(warnings)
    }
}

/// How many seconds a call may hang, as the policies of a command line have it; nothing where they can't be read.
pub(crate) fn limit_of_policies(common: &Common) -> Option<u64> {
    let request = Request {
        policies: common.policies.clone(),
        sets: common.set.clone(),
        // Wherever a template is bound to, it says the same of this.
        paths: vec![PathBuf::from("/")],
        project: project::found(common, false).ok()?.map(|project| project.policy),
        ..Request::nothing(Fallback::Allowed)
    };
    load(&request).ok()?.iter().filter_map(|loaded| loaded.model.limits.stall).min()
}

/// What of this name lies right below a root that the policies of a command line name.
pub(crate) fn below_roots(common: &Common, name: &str) -> Option<PathBuf> {
    let request = Request {
        policies: common.policies.clone(),
        sets: common.set.clone(),
        project: project::found(common, false).ok()?.map(|project| project.policy),
        ..Request::nothing(Fallback::Allowed)
    };
    let (loaded, _) = load_the_sound(&request).ok()?;
    let own = loaded.iter().flat_map(|loaded| loaded.model.trees.iter().flat_map(|tree| &tree.roots));
    let own = own.filter(|root| root.value.starts_with('/')).map(|root| PathBuf::from(&root.value));
    let bound = loaded.iter().flat_map(|loaded| loaded.bindings.iter().cloned());
    own.chain(bound).map(|root| root.join(name)).find(|path| look_at_path(path).is_ok())
}

/// What is said of a failure that comes of one file of many.
pub(crate) const NOTHING_CHANGED: &str = "nothing was changed: what a file says that can't be used could be about the same trees; check judges by the others";

/// A problem of a policy that is passed over, as what it is to the run: something that wasn't looked at.
pub(crate) fn error_of(problem: &Problem) -> EntryError {
    let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    let Some(source) = problem.source.as_deref() else {
        return EntryError::of_run(format!("{}{hint}; what the others say was judged", problem.message));
    };
    let line = source.place(problem.span.start).0;
    let message = format!("line {line}: {}{hint}; this policy was passed over, and the others judged", problem.message);
    EntryError { path: TreePath::from(source.file.as_bytes()), ..EntryError::of_run(message) }
}
