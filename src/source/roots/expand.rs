//! One root pattern against the real directories.

use super::led::{Found, Led};
use super::{Refusal, TrustOptions, doubt};
use crate::judging::exclude::{DefaultExclude, default_exclude};
use crate::model::entry::{Entry, Kind};
use crate::pattern::branch::{Branch, Entered};
use crate::pattern::root::RootPattern;
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

/// How far the pattern has come on one way.
struct Way<'p> {
    branch: Branch<'p>,
    /// A directory that it can't lead through, and why: told only if a root lies behind it.
    barrier: Option<(PathBuf, String)>,
}

/// The expansion of one root pattern.
pub(super) struct Expansion<'p> {
    pattern: &'p RootPattern,
    trust: TrustOptions,
    policy: u32,
    /// The directories that it stands for.
    found: Vec<Found>,
    /// Where it led, but for a reason couldn't go on.
    refused: Vec<Refusal>,
    /// A directory that it names outright and that isn't there.
    missing: Option<(PathBuf, SysError)>,
}

impl<'p> Expansion<'p> {
    /// An expansion for this policy, before it begins.
    pub(super) fn new(pattern: &'p RootPattern, trust: TrustOptions, policy: u32) -> Expansion<'p> {
        Expansion { pattern, trust, policy, found: Vec::new(), refused: Vec::new(), missing: None }
    }

    /// Finds every directory that the pattern stands for.
    pub(super) fn led(mut self) -> Led {
        self.run();
        let missing = self.missing.map(|(path, error)| {
            let message = format!("the root isn't there: {error}; make it, or write `optional = true`");
            (path, Some(error), message)
        });
        let barred = self.refused.into_iter().map(|refused| (refused.path, refused.error, refused.message));
        Led { found: self.found, barred: barred.collect(), missing }
    }

    fn run(&mut self) {
        let mut ways = vec![Way { branch: self.pattern.start(), barrier: None }];
        while let Some(way) = ways.pop() {
            if way.branch.has_arrived() {
                self.arrive(way);
            } else {
                ways.extend(self.branch_out(&way));
            }
        }
    }

    /// The branches below a directory whose names match.
    fn branch_out(&mut self, way: &Way<'p>) -> Vec<Way<'p>> {
        let branch = &way.branch;
        let listed =
            open_root(&branch.path, Links::Follow).and_then(|dir| Ok((listing::names(&dir)?, look(&dir)?.entry, dir)));
        let (names, above, dir) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                self.stop(way, error);
                return Vec::new();
            }
        };
        let mut ways = Vec::new();
        for (name, kind) in names.into_iter().rev() {
            if kind.is_some_and(|kind| kind != Kind::Dir) {
                continue;
            }
            let entered = branch.enter(OsStr::from_bytes(name.to_bytes()));
            if matches!(entered, Entered::No) {
                continue;
            }
            let path = branch.path.join(OsStr::from_bytes(name.to_bytes()));
            match look_at_path(&path) {
                Ok(look) if look.entry.kind != Kind::Dir => {}
                Ok(look) if is_left_out(&dir, name.to_bytes(), &look, &above) => {}
                Ok(_) => ways.extend(self.enter(way, &path, entered)),
                Err(error) if error.is_absence() => {}
                Err(error) => self.refuse(path, Some(error), error.to_string()),
            }
        }
        ways
    }

    /// The way into a directory of a name that matches.
    fn enter(&self, way: &Way<'p>, directory: &Path, entered: Entered<'p>) -> Option<Way<'p>> {
        let (branch, why) = match entered {
            Entered::Into(next) => (next, None),
            Entered::Rejected(next, why) => (next, Some(why)),
            Entered::No => return None,
        };
        let barrier = why.or_else(|| {
            // Whoever can make or rename directories here would choose the group that root hands out.
            let is_guarded = self.trust.is_root && branch.captures.len() > way.branch.captures.len();
            let doubt = if is_guarded { doubt(directory, Sticky::Doubted) } else { None }?;
            Some(format!("a captured name can't decide on groups here: {doubt}"))
        });
        let barrier = barrier.map(|why| (directory.to_path_buf(), why));
        Some(Way { branch, barrier: way.barrier.clone().or(barrier) })
    }

    fn arrive(&mut self, way: Way<'p>) {
        match (resolve(&way.branch.path), way.barrier) {
            (Ok(path), None) => {
                self.found.push(Found { named: way.branch.path, path, captures: way.branch.captures });
            }
            (Ok(_), Some((directory, why))) => {
                if !self.refused.iter().any(|known| known.path == directory) {
                    self.refuse(directory, None, why);
                }
            }
            (Err(error), barrier) => self.stop(&Way { branch: way.branch, barrier }, error),
        }
    }

    fn stop(&mut self, Way { branch, .. }: &Way<'_>, error: SysError) {
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
