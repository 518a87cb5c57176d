//! Why somebody can't do something: the first thing that stands in the way, asked of the kernel as them.

use super::way::{Step, Told, Way};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::operation::Act;
use crate::model::rights::Rights;
use crate::sys::SysError;
use crate::sys::access::{Answer, Making, Right};
use crate::sys::persona::Posed;
use rustix::io::Errno;
use std::path::PathBuf;

/// What stands in the way of an act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// This isn't there.
    Absent(PathBuf),
    /// It is of a kind that nobody does that with.
    Kind(Kind),
    /// A directory can't be passed.
    Stopped(Place, Errno),
    /// A right to something isn't given.
    Refused(Place, Right, Errno),
    /// A file can't be made there, whatever the rights.
    Unmade(Place, Errno),
    /// It is sticky, and neither it nor what is in it is theirs.
    Sticky(Place),
    /// It is immutable or append-only.
    Fixed(Place),
}

/// An entry as it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its state.
    pub state: State,
}

impl Place {
    /// The place of a step.
    pub fn of(step: &Step) -> Place {
        Place { path: step.path.clone(), state: step.look.entry.state }
    }
}

/// Why an act isn't among those that were told of the entry at the end of a way.
pub fn why(way: &Way, told: &Told, act: Act, posed: &Posed) -> Result<Why, SysError> {
    let Some((end, above)) = way.steps().split_last() else { return Ok(Why::Absent(PathBuf::from("/"))) };
    let kind = end.look.entry.kind;
    let stop =
        told.stopped.and_then(|(at, errno)| way.steps().get(at).map(|step| (at, Why::Stopped(Place::of(step), errno))));
    match stop {
        Some((at, stopped)) if at < above.len() => return Ok(stopped),
        _ if !is_done_with(act, kind) => return Ok(Why::Kind(kind)),
        // Names can be listed without passing.
        Some((_, stopped)) if act != Act::List => return Ok(stopped),
        _ => {}
    }
    match (act, above.last()) {
        (Act::Delete, Some(parent)) if kind != Kind::Dir => undeletable(parent, Some(end), posed),
        (Act::Delete | Act::DeleteOthers, _) => undeletable(end, None, posed),
        (Act::Create, _) => match (unchangeable(end, posed)?, told.making) {
            (Some(refused), _) => Ok(refused),
            (None, Some(Making::Refused(errno))) => Ok(Why::Unmade(Place::of(end), errno)),
            // Neither alone is refused, and both together are: by an ACL whose groups give them one by one (acl(5)).
            (None, _) => Ok(Why::Refused(Place::of(end), Right::Write, Errno::ACCESS)),
        },
        (Act::Write, _) => right(end, Right::Write, posed),
        (Act::Enter, _) => right(end, Right::Execute, posed),
        (Act::List | Act::Read, _) => right(end, Right::Read, posed),
    }
}

/// Whether it is an act for entries of that kind.
fn is_done_with(act: Act, kind: Kind) -> bool {
    match act {
        Act::Enter | Act::List | Act::Create | Act::DeleteOthers => kind == Kind::Dir,
        Act::Read | Act::Write => kind == Kind::File,
        Act::Delete => true,
    }
}

/// Why an entry can't be removed from its directory, or else one of somebody else's.
fn undeletable(directory: &Step, entry: Option<&Step>, posed: &Posed) -> Result<Why, SysError> {
    if let Some(refused) = unchangeable(directory, posed)? {
        return Ok(refused);
    }
    let is_fixed = |step: &Step| step.look.is_append_only() || step.look.is_immutable();
    let fixed = [Some(directory), entry].into_iter().flatten().find(|step| is_fixed(step));
    Ok(match fixed {
        Some(fixed) => Why::Fixed(Place::of(fixed)),
        None if directory.look.entry.state.mode.has(Mode::STICKY) => Why::Sticky(Place::of(directory)),
        None => Why::Refused(Place::of(directory), Right::Write, Errno::ACCESS),
    })
}

/// What refuses to change the names of a directory that can be passed: that takes both rights at once, which groups of
/// an ACL that give one each don't give (acl(5)).
fn unchangeable(directory: &Step, posed: &Posed) -> Result<Option<Why>, SysError> {
    Ok(match posed.may(&directory.held, Rights::CHANGE)? {
        Answer::Yes => None,
        Answer::No(errno) => Some(Why::Refused(Place::of(directory), Right::Write, errno)),
    })
}

fn right(step: &Step, right: Right, posed: &Posed) -> Result<Why, SysError> {
    // Changed since it was asked of: the answer that counts was no.
    Ok(refused(step, right, posed)?.unwrap_or_else(|| Why::Refused(Place::of(step), right, Errno::ACCESS)))
}

fn refused(step: &Step, right: Right, posed: &Posed) -> Result<Option<Why>, SysError> {
    Ok(match posed.may(&step.held, right)? {
        Answer::Yes => None,
        Answer::No(errno) => Some(Why::Refused(Place::of(step), right, errno)),
    })
}
