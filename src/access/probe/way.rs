//! The way to one entry, held directory by directory, and what somebody can do at its end.

use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::operation::{Operation, Operations};
use crate::model::rights::Rights;
use crate::survey::absolute::AbsolutePath;
use crate::sys::SysError;
use crate::sys::access::{Answer, Making, Right};
use crate::sys::impersonation::Impersonating;
use crate::sys::root::{hold_way, hold_way_through};
use crate::sys::stat::Look;
use rustix::io::Errno;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// An entry on the way, held whatever becomes of its name.
pub struct Step {
    /// Its absolute path.
    pub path: PathBuf,
    /// What was seen of it.
    pub look: Look,
    /// It itself.
    pub held: OwnedFd,
}

impl Step {
    /// It, to be asked about.
    pub(crate) fn spot(&self) -> Spot<'_> {
        Spot { path: AbsolutePath::from(self.path.as_path()), look: &self.look, held: &self.held }
    }
}

/// An entry that is asked about, or the directory that it lies in, held whatever becomes of its name.
pub(crate) struct Spot<'a> {
    /// Its path.
    pub path: AbsolutePath,
    /// What was seen of it.
    pub look: &'a Look,
    /// It itself.
    pub held: &'a OwnedFd,
}

/// Every directory from `/` down, and at last the entry itself; no symbolic link is followed.
pub struct Way {
    steps: Vec<Step>,
    /// The path that was gone by, where symbolic links on it were followed.
    followed: Option<CString>,
}

/// What the kernel answers about an entry, asked as somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    /// What they can do.
    pub acts: Operations,
    /// The step that they can't pass, by index, and what the kernel says there.
    pub stopped: Option<(usize, Errno)>,
    /// What comes of making a file there; in a directory that can be entered.
    pub making: Option<Making>,
}

impl Way {
    /// Holds every entry on the way to an absolute path without `..`. To be called by a thread that may look anywhere.
    pub fn hold(path: &Path) -> Result<Way, SysError> {
        let steps = hold_way(path)?.into_iter().map(|(path, held, look)| Step { path, look, held });
        Ok(Way { steps: steps.collect(), followed: None })
    }

    /// Holds all that is passed on the way to what a path leads to, symbolic links followed. The error comes with the
    /// path where it went wrong.
    pub(crate) fn hold_through(path: &Path) -> Result<Way, (PathBuf, SysError)> {
        let steps = hold_way_through(path)?.into_iter().map(|(path, held, look)| Step { path, look, held });
        let name = CString::new(path.as_os_str().as_bytes());
        let name = name.map_err(|_| (path.to_path_buf(), SysError { call: "openat", errno: Errno::INVAL }))?;
        Ok(Way { steps: steps.collect(), followed: Some(name) })
    }

    /// Every step, the entry itself at last.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Asks as somebody what they can do with the entry at the end.
    pub fn ask(&self, acting: &Impersonating, uid: u32) -> Result<Told, SysError> {
        let Some((end, above)) = self.steps.split_last() else {
            return Ok(Told { acts: Operations::NONE, stopped: None, making: None });
        };
        for (at, step) in above.iter().enumerate() {
            if let Answer::No(errno) = acting.may(&step.held, Right::Execute)? {
                return Ok(Told { acts: Operations::NONE, stopped: Some((at, errno)), making: None });
            }
        }
        if let Some(path) = &self.followed
            && let Answer::No(errno) = acting.reaches(path)?
        {
            let stopped = above.len().checked_sub(1).map(|at| (at, errno));
            return Ok(Told { acts: Operations::NONE, stopped, making: None });
        }
        let told = ask_entry(acting, uid, &end.spot(), above.last().map(Step::spot).as_ref())?;
        let stopped = told.closed.map(|errno| (above.len(), errno));
        Ok(Told { acts: told.acts, stopped, making: told.making })
    }
}

/// What the kernel answers about an entry that somebody gets to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EntryTold {
    /// What they can do.
    pub acts: Operations,
    /// What the kernel says where they can't pass it; of a directory.
    pub closed: Option<Errno>,
    /// What comes of making a file there; in a directory that can be entered.
    pub making: Option<Making>,
}

/// Asks as somebody about an entry and the directory that it lies in, whatever lies above.
pub(crate) fn ask_entry(
    acting: &Impersonating,
    uid: u32,
    end: &Spot<'_>,
    parent: Option<&Spot<'_>>,
) -> Result<EntryTold, SysError> {
    if end.look.entry.kind == Kind::Dir {
        let answers = ask_directory(acting, end.held)?;
        let closed = if let Answer::No(errno) = answers.pass { Some(errno) } else { None };
        return Ok(EntryTold { acts: answers.acts(end.look, uid), closed, making: answers.making });
    }
    let may = |spot: &Spot<'_>, right| acting.may(spot.held, right).map(Answer::is_yes);
    let deletes = match parent {
        // At once: where groups of an ACL give them one by one, the kernel refuses (acl(5)).
        Some(parent) => acting.may(parent.held, Rights::CHANGE)?.is_yes() && deletes(parent.look, Some(end.look), uid),
        None => false,
    };
    let fits = |act: Operation| act.fits(end.look.entry.kind);
    let acts = Operations::NONE
        .with(Operation::Delete, deletes)
        .with(Operation::Read, fits(Operation::Read) && may(end, Right::Read)?)
        .with(Operation::Write, fits(Operation::Write) && may(end, Right::Write)?);
    Ok(EntryTold { acts, closed: None, making: None })
}

/// What the kernel answers about a directory, whatever lies above it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DirectoryAnswers {
    /// Whether it can be passed through.
    pub pass: Answer,
    /// Whether it can be listed.
    pub read: Answer,
    /// Whether its names can be changed.
    pub write: Answer,
    /// What came of making a file in it; where it can be passed and written.
    pub making: Option<Making>,
}

/// Asks as somebody about a directory.
pub(crate) fn ask_directory(acting: &Impersonating, held: &OwnedFd) -> Result<DirectoryAnswers, SysError> {
    let may = |right| acting.may(held, right);
    let (pass, read) = (may(Right::Execute)?, may(Right::Read)?);
    // At once: where groups of an ACL give them one by one, the kernel refuses (acl(5)).
    let write = acting.may(held, Rights::CHANGE)?;
    let making = match (pass, write) {
        (Answer::Yes, Answer::Yes) => Some(acting.make_nameless(held)?),
        _ => None,
    };
    Ok(DirectoryAnswers { pass, read, write, making })
}

impl DirectoryAnswers {
    /// What can be done in the directory by who can reach it.
    pub(crate) fn acts(&self, directory: &Look, uid: u32) -> Operations {
        let writes = self.write.is_yes();
        let is_refused = matches!(self.making, Some(Making::Refused(_)));
        Operations::NONE
            .with(Operation::Enter, self.pass.is_yes())
            // Names can be listed without passing; only nothing can be done with them.
            .with(Operation::List, self.read.is_yes())
            .with(Operation::Create, writes && !is_refused)
            .with(Operation::Delete, writes && !directory.is_append_only())
            .with(Operation::DeleteOthers, writes && deletes(directory, None, uid))
    }
}

/// Whether who can write a directory can remove an entry of it, or else one of somebody else's: in a sticky directory
/// only the owner of either can (unlink(2)).
fn deletes(directory: &Look, entry: Option<&Look>, uid: u32) -> bool {
    let state = directory.entry.state;
    let is_free = !state.mode.has(Mode::STICKY) || state.uid == uid;
    let is_own = entry.is_some_and(|entry| entry.entry.state.uid == uid);
    let is_fixed = |look: &Look| look.is_append_only() || look.is_immutable();
    !is_fixed(directory) && !entry.is_some_and(is_fixed) && (is_free || is_own)
}
