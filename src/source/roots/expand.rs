//! One root pattern against the real directories.

use super::{Refusal, TrustOptions, doubt};
use crate::judging::exclude::{DefaultExclude, default_exclude};
use crate::model::entry::{Entry, Kind};
use crate::model::pattern::branch::{Branch, Entered};
use crate::model::pattern::root::RootPattern;
use crate::source::mounts::current_mount;
use crate::source::system::is_system_made;
use crate::source::trust::Sticky;
use crate::sys::SysError;
use crate::sys::listing;
use crate::sys::root::{Links, look_at_path, open_root, resolve};
use crate::sys::stat::{Look, look};
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A directory that a root pattern stands for.
pub(super) struct Found {
    /// Its path as the policy leads to it.
    pub named: PathBuf,
    /// Its path without symbolic links.
    pub path: PathBuf,
    /// What was captured on the way.
    pub captures: Vec<(String, String)>,
}

/// The expansion of one root pattern.
pub(super) struct Expansion<'p> {
    pattern: &'p RootPattern,
    trust: TrustOptions,
    policy: u32,
    /// The directories that it stands for.
    pub found: Vec<Found>,
    /// Where it led, but for a reason couldn't go on.
    pub refused: Vec<Refusal>,
    /// A directory that it names outright and that isn't there.
    pub missing: Option<(PathBuf, SysError)>,
}

impl<'p> Expansion<'p> {
    /// An expansion for this policy, before it begins.
    pub(super) fn new(pattern: &'p RootPattern, trust: TrustOptions, policy: u32) -> Expansion<'p> {
        Expansion { pattern, trust, policy, found: Vec::new(), refused: Vec::new(), missing: None }
    }

    /// Finds every directory that the pattern stands for.
    pub(super) fn run(&mut self) {
        let mut branches = vec![self.pattern.start()];
        while let Some(branch) = branches.pop() {
            if branch.has_arrived() {
                self.arrive(branch);
            } else {
                branches.extend(self.branch_out(&branch));
            }
        }
    }

    /// The branches below a directory whose names match.
    fn branch_out(&mut self, branch: &Branch<'p>) -> Vec<Branch<'p>> {
        let listed =
            open_root(&branch.path, Links::Follow).and_then(|dir| Ok((listing::names(&dir)?, look(&dir)?.entry, dir)));
        let (names, above, dir) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                self.stop(branch, error);
                return Vec::new();
            }
        };
        let mut branches = Vec::new();
        for (name, kind) in names.into_iter().rev() {
            if kind.is_some_and(|kind| kind != Kind::Dir) {
                continue;
            }
            let entered = branch.enter(OsStr::from_bytes(name.to_bytes()));
            if entered == Entered::No {
                continue;
            }
            let path = branch.path.join(OsStr::from_bytes(name.to_bytes()));
            match look_at_path(&path) {
                Ok(look) if look.entry.kind != Kind::Dir => {}
                Ok(look) if is_left_out(&dir, name.to_bytes(), &look, &above) => {}
                Ok(_) => branches.extend(self.enter(branch, &path, entered)),
                Err(error) if error.is_absence() => {}
                Err(error) => self.refuse(path, Some(error), error.to_string()),
            }
        }
        branches
    }

    /// The branch into a directory of a name that matches, if what is captured there can be.
    fn enter(&mut self, branch: &Branch<'p>, directory: &Path, entered: Entered<'p>) -> Option<Branch<'p>> {
        let next = match entered {
            Entered::Into(next) => next,
            Entered::Rejected(why) => {
                self.refuse(directory, None, why);
                return None;
            }
            Entered::No => return None,
        };
        if self.trust.is_root && next.captures.len() > branch.captures.len() {
            // Whoever can make or rename directories here would choose the group that root hands out.
            if let Some(doubt) = doubt(directory, Sticky::Doubted) {
                let message = format!("a captured name can't decide on groups here: {doubt}");
                self.refuse(directory, None, message);
                return None;
            }
        }
        Some(next)
    }

    fn arrive(&mut self, branch: Branch<'p>) {
        match resolve(&branch.path) {
            Ok(path) => self.found.push(Found { named: branch.path, path, captures: branch.captures }),
            Err(error) => self.stop(&branch, error),
        }
    }

    fn stop(&mut self, branch: &Branch<'_>, error: SysError) {
        if !error.is_absence() {
            self.refuse(branch.path.clone(), Some(error), format!("the root can't be reached: {error}"));
        } else if branch.is_literal {
            // A directory of a pattern that lacks what comes behind isn't missing anything.
            self.missing = Some((branch.path.clone(), error));
        }
    }

    fn refuse(&mut self, path: impl AsRef<Path>, error: Option<SysError>, message: String) {
        self.refused.push(Refusal { policy: self.policy, path: path.as_ref().to_path_buf(), error, message });
    }
}

/// Whether a directory is one of the default excludes; what others could have named so is a root like all else.
fn is_left_out(dir: &OwnedFd, name: &[u8], look: &Look, above: &Entry) -> bool {
    let is_made = || is_system_made(dir, name, look, above, current_mount);
    default_exclude(name, &look.entry, above, is_made) == DefaultExclude::Yes
}
