//! Opening the roots of a plan: what one of them has become since costs its own changes, not the others'.

use crate::apply::lock::LockError;
use crate::apply::{OpenRoots, RootDrift};
use crate::args::Format;
use crate::plan::{Change, Plan};
use crate::process::exit::Failure;
use crate::process::paths;
use crate::process::streams::Streams;
use crate::report::json;
use crate::session::Session;
use crate::source::roots::{RootRefusal, TrustOptions};
use crate::sys::features::KernelFeatures;
use crate::sys::root::{Links, open_root};
use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Roots that were opened for a plan.
pub(super) struct Grounded {
    /// Those that can be worked below.
    pub open_roots: OpenRoots,
    /// Those that can't, as far as changes are about them.
    pub lost: Vec<LostRoot>,
    /// How to go on, later, with the changes below lost roots.
    pub again: String,
}

/// A root that nothing is changed below.
#[derive(Debug)]
pub(super) struct LostRoot {
    path: PathBuf,
    message: String,
    hint: &'static str,
    loss: Loss,
}

/// What became of a lost root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Loss {
    /// It isn't there any more.
    Gone,
    /// It can't be opened, or not be relied on.
    Closed,
    /// It is another directory, or can't be looked at.
    Changed,
}

const PUT_BACK: &str = "put the directory back in its place";

impl Grounded {
    /// Opens the roots of a plan, on a thread that has given up what it doesn't need. Of those that can't be worked below,
    /// the ones are told that these changes are about.
    pub(super) fn open<'c>(
        session: &Session<'_>,
        plan: &Plan,
        changes: impl IntoIterator<Item = &'c Change>,
        again: impl Into<String>,
    ) -> Result<Grounded, Failure> {
        let trust = session.trust()?;
        let (open_roots, mut lost) = session.apart(|| {
            let mut lost = Vec::new();
            let roots =
                plan.header.roots.iter().map(|root| open(&root.path, trust).map_err(|root| lost.push(root)).ok());
            let (open_roots, drifts) = OpenRoots::new(&plan.header, roots, KernelFeatures::of_this_kernel());
            lost.extend(drifts.into_iter().map(LostRoot::from));
            (open_roots, lost)
        })?;
        let concerned: HashSet<u32> = changes.into_iter().map(|change| change.root).collect();
        let roots = plan.header.roots.iter().zip(0..);
        let paths: HashSet<&Path> =
            roots.filter(|(_, index)| concerned.contains(index)).map(|(root, _)| root.path.as_path()).collect();
        lost.retain(|root| paths.contains(root.path.as_path()));
        Ok(Grounded { open_roots, lost, again: again.into() })
    }

    /// Lets go of a root of this plan that can't be locked.
    pub(super) fn lose(&mut self, plan: &Plan, (root, error): (usize, LockError)) {
        self.open_roots.lose(root);
        if plan.changes.iter().any(|change| change.root as usize == root) {
            let (path, message) = (plan.header.roots[root].path.clone(), error.to_string());
            self.lost.push(LostRoot { path, message, hint: PUT_BACK, loss: Loss::Changed });
        }
    }

    /// Whether no root of these changes can be worked below, so that there is nothing to do.
    pub(super) fn is_barren<'c>(&self, changes: impl IntoIterator<Item = &'c Change>) -> bool {
        self.lost.iter().any(|root| root.loss != Loss::Gone) && !self.open_roots.bears_any(changes)
    }

    /// Whether root can't open or rely on any of the roots that were lost.
    pub(super) fn is_closed(&self) -> bool {
        self.lost.iter().all(|root| root.loss == Loss::Closed)
    }

    /// Tells which roots were lost, each in a line: what happened, what it costs and what to do.
    pub(super) fn tell(&self, session: &Session<'_>, streams: &mut Streams) -> Result<(), Failure> {
        self.lost.iter().try_for_each(|root| root.tell(&self.again, session, streams))
    }

    /// Why nothing is done where no root is left; tells of the other roots.
    pub(super) fn refusal(self, session: &Session<'_>, streams: &mut Streams) -> Failure {
        let mut lost = self.lost.iter();
        let first = lost.next();
        if let Err(failure) = lost.try_for_each(|root| root.tell(&self.again, session, streams)) {
            return failure;
        }
        let failure = first.map_or_else(|| Failure::incomplete("the plan has no roots"), LostRoot::failure);
        failure.hinted("nothing was changed")
    }
}

impl LostRoot {
    fn closed(path: &Path, message: String, hint: &'static str) -> LostRoot {
        LostRoot { path: path.to_path_buf(), message, hint, loss: Loss::Closed }
    }

    fn tell(&self, again: &str, session: &Session<'_>, streams: &mut Streams) -> Result<(), Failure> {
        let LostRoot { path, message, hint, .. } = self;
        let message = format!("{message}; nothing below it is changed: {hint}, then {again}");
        streams.complain(&message);
        streams.count_error();
        match session.common.format {
            Format::Json => {
                streams.write_results(|out| json::write_lost_root(out, path.as_os_str().as_bytes(), &message))
            }
            Format::Human => Ok(()),
        }
    }

    fn failure(&self) -> Failure {
        Failure::incomplete(&self.message).hinted(self.hint)
    }
}

impl From<RootDrift> for LostRoot {
    fn from(drift: RootDrift) -> LostRoot {
        let message = drift.to_string();
        let (RootDrift::Other(path) | RootDrift::Sys(path, _)) = drift;
        LostRoot { path, message, hint: PUT_BACK, loss: Loss::Changed }
    }
}

fn open(path: &Path, trust: TrustOptions) -> Result<OwnedFd, LostRoot> {
    let shown = || paths::shown(path);
    let refused = |refusal: RootRefusal| LostRoot::closed(path, format!("{}: {refusal}", shown()), refusal.remedy());
    if let Some(refusal) = RootRefusal::of_path(path, trust) {
        return Err(refused(refusal));
    }
    let fd = match open_root(path, Links::Refuse) {
        Ok(fd) => fd,
        Err(error) if error.is_absence() => {
            let message = format!("{} is not there any more", shown());
            return Err(LostRoot { path: path.to_path_buf(), message, hint: PUT_BACK, loss: Loss::Gone });
        }
        Err(error) => return Err(LostRoot::closed(path, format!("can't open {}: {error}", shown()), PUT_BACK)),
    };
    match RootRefusal::of_directory(&fd, trust) {
        Some(refusal) => Err(refused(refusal)),
        None => Ok(fd),
    }
}
