//! Many questions at once: what each of several people can do at each of several paths.
//!
//! ```text
//!     paths ──▶ a thread that may look anywhere holds their ways ──▶ for each of the people a thread that is them asks
//! ```
//!
//! Ways are held a few at a time, as descriptors allow; every entry is asked about once for each of the people.

use super::way::Way;
use super::why::why;
pub(crate) use super::why::{WayPlace, Why};
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::operation::{Operation, Operations};
use crate::sys::SysError;
use crate::sys::impersonation::{Impersonating, Impersonation};
use crate::sys::thread::{run_apart, run_confined};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Somebody who asks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Asker {
    /// Whom the kernel is to take them for.
    pub impersonation: Impersonation,
    /// The user that they are.
    pub uid: u32,
    /// The umask that they make files with.
    pub umask: Mode,
}

/// One question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Inquiry {
    /// The entry: an absolute path without `.` and `..`.
    pub path: PathBuf,
    /// Who asks, by index.
    pub asker: usize,
    /// Whether symbolic links are followed.
    pub follows: bool,
    /// The acts of which it is to be said why they can't be done, where they can't.
    pub wanted: Operations,
}

/// What somebody can do at a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reply {
    /// What kind of entry lies there, if one does and can be looked at.
    pub kind: Option<Kind>,
    /// What isn't there, where nothing lies at the path.
    pub absent: Option<PathBuf>,
    /// What they can do with it.
    pub acts: Operations,
    /// What stands in the way of what was wanted.
    pub lacks: Vec<(Operation, Why)>,
}

/// Why there is no reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Blind {
    /// A call failed, and not because somebody may not.
    Failed(SysError),
    /// A symbolic link lies there or on the way: what is behind it is another entry's question.
    Link(PathBuf),
    /// The run was interrupted.
    Interrupted,
}

/// Why nothing can be asked at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum InquiryError {
    /// A thread couldn't be made fit to touch directories.
    Setup(SysError),
    /// A thread couldn't become one of the askers.
    Pose(usize, SysError),
}

/// How an inquiry runs.
#[derive(Clone, Copy)]
pub(crate) struct Conduct<'a> {
    /// Run on the thread that holds ways, before it touches a directory.
    pub setup: &'a (dyn Fn() -> Result<(), SysError> + Sync),
    /// How many descriptors may be open.
    pub descriptors: usize,
    /// Ends it soon after it is set.
    pub stop: &'a AtomicBool,
}

impl Asker {
    /// Whether a thread can become them; on a thread of its own, which asks nothing.
    pub(crate) fn try_pose(&self) -> Result<(), SysError> {
        run_apart(|| self.impersonation.impersonate(self.umask).map(|_| ()))?
    }

    /// Whether the process itself can't do less than they can.
    pub(crate) fn is_oneself(&self) -> bool {
        matches!(self.impersonation, Impersonation::Oneself | Impersonation::InGroup(_))
    }
}

/// Asks every question; the replies are in their order.
pub(crate) fn inquire(
    askers: &[Asker],
    questions: &[Inquiry],
    conduct: Conduct<'_>,
) -> Result<Vec<Result<Reply, Blind>>, InquiryError> {
    let mut by_path: BTreeMap<(&Path, bool), Vec<usize>> = BTreeMap::new();
    for (at, question) in questions.iter().enumerate() {
        by_path.entry((&question.path, question.follows)).or_default().push(at);
    }
    let paths: Vec<(&Path, bool)> = by_path.keys().copied().collect();
    let mut replies: Vec<Result<Reply, Blind>> = questions.iter().map(|_| Err(Blind::Interrupted)).collect();
    // Ways take most of the descriptors; name services, reports and the threads themselves want some too.
    for batch in batches(&paths, conduct.descriptors / 2) {
        if conduct.stop.load(Ordering::Relaxed) {
            break;
        }
        let ways = hold_all(batch, conduct)?;
        let mut by_asker: BTreeMap<usize, Vec<Asked<'_>>> = BTreeMap::new();
        for (path, way) in batch.iter().zip(&ways) {
            for &at in by_path.get(path).into_iter().flatten() {
                let asked = Asked { at, way, wanted: questions[at].wanted };
                by_asker.entry(questions[at].asker).or_default().push(asked);
            }
        }
        for (asker, asked) in by_asker {
            if conduct.stop.load(Ordering::Relaxed) {
                break;
            }
            let answered = as_one(&askers[asker], &asked, conduct.stop);
            for (at, reply) in answered.map_err(|error| InquiryError::Pose(asker, error))? {
                replies[at] = reply;
            }
        }
    }
    Ok(replies)
}

/// A question whose way is held as far as can be.
struct Asked<'a> {
    /// Which one.
    at: usize,
    way: &'a Result<Held, Blind>,
    wanted: Operations,
}

/// The replies to some questions, by the index of each.
type Replies = Vec<(usize, Result<Reply, Blind>)>;

/// Asks some of the questions on a thread that is one of the askers.
fn as_one(asker: &Asker, asked: &[Asked<'_>], stop: &AtomicBool) -> Result<Replies, SysError> {
    let ask = || {
        let acting = asker.impersonation.impersonate(asker.umask)?;
        let going_on = asked.iter().take_while(|_| !stop.load(Ordering::Relaxed));
        let reply = |question: &Asked<'_>| match question.way {
            Ok(held) => held.reply(asker, &acting, question.wanted),
            Err(blind) => Err(blind.clone()),
        };
        Ok(going_on.map(|question| (question.at, reply(question))).collect())
    };
    run_apart(ask)?
}

/// As much of the way to a path as could be held.
enum Held {
    /// All of it.
    Whole(Way),
    /// This isn't there.
    Absent(PathBuf),
    /// The process itself can't look further than this.
    Closed(WayPlace, SysError),
}

impl Held {
    fn reply(&self, asker: &Asker, acting: &Impersonating, wanted: Operations) -> Result<Reply, Blind> {
        let nothing = |why: Why| {
            let absent = if let Why::Absent(path) = &why { Some(path.clone()) } else { None };
            let lacks = wanted.iter().map(|act| (act, why.clone()));
            Ok(Reply { kind: None, absent, acts: Operations::NONE, lacks: lacks.collect() })
        };
        match self {
            Held::Absent(path) => nothing(Why::Absent(path.clone())),
            // Whoever isn't root asks as nobody who could do more.
            Held::Closed(place, error) if asker.is_oneself() => nothing(Why::Stopped(place.clone(), error.errno)),
            Held::Closed(_, error) => Err(Blind::Failed(*error)),
            Held::Whole(way) => told(way, asker, acting, wanted).map_err(Blind::Failed),
        }
    }
}

fn told(way: &Way, asker: &Asker, acting: &Impersonating, wanted: Operations) -> Result<Reply, SysError> {
    let told = way.ask(acting, asker.uid)?;
    let lacking = wanted.iter().filter(|&act| !told.acts.has(act));
    let lacks = lacking.map(|act| why(way, &told, act, acting).map(|why| (act, why)));
    let kind = way.steps().last().map(|end| end.look.entry.kind);
    Ok(Reply { kind, absent: None, acts: told.acts, lacks: lacks.collect::<Result<_, _>>()? })
}

fn hold_all(paths: &[(&Path, bool)], conduct: Conduct<'_>) -> Result<Vec<Result<Held, Blind>>, InquiryError> {
    let going_on = || !conduct.stop.load(Ordering::Relaxed);
    let hold_one = |&(path, follows): &(&Path, bool)| match () {
        () if !going_on() => Err(Blind::Interrupted),
        () if follows => hold_through(path),
        () => hold(path),
    };
    run_confined(conduct.setup, || paths.iter().map(hold_one).collect()).map_err(InquiryError::Setup)
}

/// Holds the way to a path, or tells how far it goes.
fn hold(path: &Path) -> Result<Held, Blind> {
    let error = match Way::hold(path) {
        Ok(way) => {
            let link = way.steps().last().filter(|end| end.look.entry.kind == Kind::Symlink);
            return link.map_or(Ok(()), |end| Err(Blind::Link(end.path.clone()))).map(|()| Held::Whole(way));
        }
        Err(error) => error,
    };
    if !matches!(error.errno, Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) {
        return Err(Blind::Failed(error));
    }
    let mut next = path;
    while let Some(above) = next.parent() {
        match Way::hold(above) {
            Ok(way) => return ends_at(&way, next, error),
            Err(_) => next = above,
        }
    }
    Err(Blind::Failed(error))
}

/// Holds the way to what a path leads to, symbolic links followed, or tells how far it goes.
fn hold_through(path: &Path) -> Result<Held, Blind> {
    let (at, error) = match Way::hold_through(path) {
        Ok(way) => return Ok(Held::Whole(way)),
        Err(failed) => failed,
    };
    match error.errno {
        Errno::NOENT | Errno::NOTDIR => Ok(Held::Absent(at)),
        // Found without links, so that this goes as far.
        Errno::ACCESS => match at.parent().map(Way::hold) {
            Some(Ok(way)) => ends_at(&way, &at, error),
            _ => Err(Blind::Failed(error)),
        },
        _ => Err(Blind::Failed(error)),
    }
}

/// What it means that the way can be held so far, and not on to `next`.
fn ends_at(way: &Way, next: &Path, error: SysError) -> Result<Held, Blind> {
    match way.steps().last() {
        Some(end) if end.look.entry.kind == Kind::Symlink => Err(Blind::Link(end.path.clone())),
        Some(end) if error.errno == Errno::ACCESS => Ok(Held::Closed(WayPlace::of(&end.spot()), error)),
        _ => Ok(Held::Absent(next.to_path_buf())),
    }
}

/// The paths in portions whose ways take at most so many descriptors; at least one path each.
fn batches<'p, 's>(paths: &'s [(&'p Path, bool)], descriptors: usize) -> impl Iterator<Item = &'s [(&'p Path, bool)]> {
    let mut rest = paths;
    std::iter::from_fn(move || {
        let mut taken = 0;
        let cost = |path: &Path| path.components().count();
        let fits = rest.iter().position(|(path, _)| {
            taken += cost(path);
            taken > descriptors
        });
        let (batch, later) = rest.split_at_checked(fits.unwrap_or(rest.len()).max(1))?;
        rest = later;
        Some(batch)
    })
}
