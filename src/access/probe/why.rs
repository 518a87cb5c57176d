//! Why somebody can't do something: the first thing that stands in the way, asked of the kernel as them.

use super::way::{EntryTold, Spot, Told, Way};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::operation::Operation;
use crate::model::rights::Rights;
use crate::survey::absolute::AbsolutePath;
use crate::sys::SysError;
use crate::sys::access::{Answer, Making, Right};
use crate::sys::impersonation::Impersonating;
use rustix::io::Errno;
use std::path::PathBuf;

/// What stands in the way of an act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Why {
    /// This isn't there.
    Absent(PathBuf),
    /// It is of a kind that nobody does that with.
    Kind(Kind),
    /// A directory can't be passed.
    Stopped(WayPlace, Errno),
    /// A right to something isn't given.
    Refused(WayPlace, Right, Errno),
    /// A file can't be made there, whatever the rights.
    Unmade(WayPlace, Errno),
    /// It is sticky, and neither it nor what is in it is theirs.
    Sticky(WayPlace),
    /// It is immutable or append-only.
    Fixed(WayPlace),
}

/// An entry as it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct WayPlace {
    /// Its path.
    pub path: AbsolutePath,
    /// Its state.
    pub state: State,
}

impl WayPlace {
    /// The place of what is asked about.
    pub(crate) fn of(spot: &Spot<'_>) -> WayPlace {
        WayPlace { path: spot.path.clone(), state: spot.look.entry.state }
    }
}

/// Why an act isn't among those that were told of the entry at the end of a way.
pub(super) fn why(way: &Way, told: &Told, act: Operation, acting: &Impersonating) -> Result<Why, SysError> {
    let Some((end, above)) = way.steps().split_last() else { return Ok(Why::Absent(PathBuf::from("/"))) };
    if let Some((at, errno)) = told.stopped
        && let Some(step) = above.get(at)
    {
        return Ok(Why::Stopped(WayPlace::of(&step.spot()), errno));
    }
    let (closed, parent) = (told.stopped.map(|(_, errno)| errno), above.last().map(|step| step.spot()));
    let told = EntryTold { acts: told.acts, closed, making: told.making };
    why_here(&end.spot(), parent.as_ref(), told, act, acting)
}

/// Why an act isn't among those that were told of an entry that somebody gets to.
pub(super) fn why_here(
    end: &Spot<'_>,
    parent: Option<&Spot<'_>>,
    told: EntryTold,
    act: Operation,
    acting: &Impersonating,
) -> Result<Why, SysError> {
    let kind = end.look.entry.kind;
    match told.closed {
        _ if !act.fits(kind) => return Ok(Why::Kind(kind)),
        // Names can be listed without passing.
        Some(errno) if act != Operation::List => return Ok(Why::Stopped(WayPlace::of(end), errno)),
        _ => {}
    }
    match (act, parent) {
        (Operation::Delete, Some(parent)) if kind != Kind::Dir => undeletable(parent, Some(end), acting),
        (Operation::Delete | Operation::DeleteOthers, _) => undeletable(end, None, acting),
        (Operation::Create, _) => match (unchangeable(end, acting)?, told.making) {
            (Some(refused), _) => Ok(refused),
            (None, Some(Making::Refused(errno))) => Ok(Why::Unmade(WayPlace::of(end), errno)),
            // Neither alone is refused, and both together are: by an ACL whose groups give them one by one (acl(5)).
            (None, _) => Ok(Why::Refused(WayPlace::of(end), Right::Write, Errno::ACCESS)),
        },
        (Operation::Write, _) => right(end, Right::Write, acting),
        (Operation::Enter, _) => right(end, Right::Execute, acting),
        (Operation::List | Operation::Read, _) => right(end, Right::Read, acting),
    }
}

/// Why an entry can't be removed from its directory, or else one of somebody else's.
fn undeletable(directory: &Spot<'_>, entry: Option<&Spot<'_>>, acting: &Impersonating) -> Result<Why, SysError> {
    if let Some(refused) = unchangeable(directory, acting)? {
        return Ok(refused);
    }
    let is_fixed = |step: &Spot<'_>| step.look.is_append_only() || step.look.is_immutable();
    let fixed = [Some(directory), entry].into_iter().flatten().find(|step| is_fixed(step));
    Ok(match fixed {
        Some(fixed) => Why::Fixed(WayPlace::of(fixed)),
        None if directory.look.entry.state.mode.has(Mode::STICKY) => Why::Sticky(WayPlace::of(directory)),
        None => Why::Refused(WayPlace::of(directory), Right::Write, Errno::ACCESS),
    })
}

/// What refuses to change the names of a directory that can be passed: that takes both rights at once, which groups of
/// an ACL that give one each don't give (acl(5)).
fn unchangeable(directory: &Spot<'_>, acting: &Impersonating) -> Result<Option<Why>, SysError> {
    Ok(match acting.may(directory.held, Rights::CHANGE)? {
        Answer::Yes => None,
        Answer::No(errno) => Some(Why::Refused(WayPlace::of(directory), Right::Write, errno)),
    })
}

fn right(step: &Spot<'_>, right: Right, acting: &Impersonating) -> Result<Why, SysError> {
    // Changed since it was asked of: the answer that counts was no.
    Ok(refused(step, right, acting)?.unwrap_or_else(|| Why::Refused(WayPlace::of(step), right, Errno::ACCESS)))
}

fn refused(step: &Spot<'_>, right: Right, acting: &Impersonating) -> Result<Option<Why>, SysError> {
    Ok(match acting.may(step.held, right)? {
        Answer::Yes => None,
        Answer::No(errno) => Some(Why::Refused(WayPlace::of(step), right, errno)),
    })
}
