//! Why a root is one that nothing is changed below: `fix` refuses it, and who only looks is told.

use super::{SystemRoots, TrustOptions, doubt};
use crate::model::intent::is_setgid_directory;
use crate::model::mode::Mode;
use crate::source::system::{SystemRoot, system_root};
use crate::source::trust::{Doubt, Sticky};
use crate::sys::SysError;
use crate::sys::stat::look;
use std::fmt;
use std::os::fd::AsFd;
use std::path::Path;

/// Why `fix` refuses a root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum RootRefusal {
    /// Root can't rely on what leads there.
    Doubted(Doubt),
    /// It is the system's own.
    Preserved(SystemRoot),
    /// Whether it is the system's own can't be told.
    Untold(SysError),
    /// It is to keep the group that it has, and nobody shares anything by that.
    NoShare,
}

impl RootRefusal {
    /// Why a root is refused by its path, if it is.
    pub(crate) fn of_path(named: &Path, trust: TrustOptions) -> Option<RootRefusal> {
        let is_cautious = trust.is_root && !trust.trusts_parents;
        let doubt = if is_cautious { doubt(named, Sticky::Passes) } else { None };
        doubt.map(RootRefusal::Doubted)
    }

    /// Why a root is refused for what it is, if it is.
    pub(crate) fn of_directory(dir: impl AsFd, trust: TrustOptions) -> Option<RootRefusal> {
        if trust.system_roots == SystemRoots::Taken {
            return None;
        }
        match system_root(dir) {
            Ok(system) => system.map(RootRefusal::Preserved),
            Err(error) => Some(RootRefusal::Untold(error)),
        }
    }

    /// Why a directory is refused that a template was bound to, which takes the group that the directory has: where that is
    /// root's and there is no setgid, somebody named `/etc` or the parent of a share, and all below would go to root's group.
    pub(crate) fn of_template(dir: impl AsFd, trust: TrustOptions) -> Option<RootRefusal> {
        let entry = look(dir).ok()?.entry;
        let is_share = entry.state.gid != 0 || is_setgid_directory(&entry);
        (!is_share && trust.is_root && trust.system_roots != SystemRoots::Taken).then_some(RootRefusal::NoShare)
    }

    /// What to do so that it is no longer refused.
    pub(crate) const fn remedy(&self) -> &'static str {
        match self {
            RootRefusal::Doubted(Doubt::Link(_)) => "name the real path, or vouch for it with --trust-parents",
            // Its members are to write there: what they share is not to be taken from them.
            RootRefusal::Doubted(Doubt::Writable { mode, .. })
                if mode.has(Mode::SETGID) && !mode.has(Mode::OTHER_WRITE) =>
            {
                "name the share that it is a part of with --root, or vouch for it with --trust-parents"
            }
            RootRefusal::Doubted(_) => "take the right to write from others, or vouch for it with --trust-parents",
            RootRefusal::Preserved(SystemRoot::Top) => "name a directory below it, or insist with --no-preserve-root",
            RootRefusal::Preserved(SystemRoot::Kernel(_)) => "insist with --no-preserve-root",
            RootRefusal::NoShare => {
                "name a share itself, give this directory its group and setgid (chgrp, chmod g+s), or insist with \
                 --no-preserve-root"
            }
            RootRefusal::Untold(_) => "put the directory in order, or insist with --no-preserve-root",
        }
    }

    /// Whether others could have a hand in what root does there: that is told though all is well, and though quiet is
    /// asked for. Not so of a link: the directory that it lies in is root's own, so nobody else can make it lead elsewhere.
    pub(crate) const fn is_about_others(&self) -> bool {
        matches!(self, RootRefusal::Doubted(doubt) if !matches!(doubt, Doubt::Link(_)))
    }
}

impl fmt::Display for RootRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RootRefusal::Doubted(doubt) => write!(f, "root can't rely on this path: {doubt}"),
            RootRefusal::Preserved(system) => write!(f, "nothing is changed here: {system}"),
            RootRefusal::NoShare => f.write_str("it is no share: its group is root's and it has no setgid"),
            RootRefusal::Untold(error) => write!(f, "can't tell whether it is the system's own: {error}"),
        }
    }
}
