//! The probe: what somebody can really do in a tree, asked of the kernel as them.
//!
//! ```text
//!     walk ──directories, names──▶ desk ──batches──▶ alice's thread ──answers──▶ gathering ──▶ rows, findings
//!     (confined, as root)            ├──────────────▶ bob's thread   ──────────────▲
//!                                    └──────────────▶ @others' thread ─────────────┘
//! ```
//!
//! Everybody gets every batch in one order, a directory before what lies in it, so that whoever puts the answers
//! together knows by then who can reach it. Batches are bounded, and so is what waits; only rows are kept.

mod alike;
mod asked;
mod asker;
pub(crate) mod finds;
mod gather;
pub(crate) mod inquiry;
mod judged;
mod question;
mod request;
mod row;
pub(crate) mod traced;
pub(crate) mod way;
mod why;

pub(crate) use alike::{AlikeRows, Telling};
pub(crate) use asked::Closing;
pub(crate) use judged::{Complaint, judge};
pub(crate) use question::{ProbePlace, ProbeStop};
pub(crate) use request::{MakeNames, Manners, Request, Someone};
pub(crate) use row::{Cell, New, Row, Tally};

use crate::source::mounts::Mounts;
use crate::sys::SysError;
use crate::sys::dir::duplicate;
use crate::sys::impersonation::Impersonation;
use crate::sys::root::{Links, hold_way, open_root};
use crate::sys::stat::look;
use crate::sys::thread::{self, run_confined};
use crate::walk::{self, Start, Visits};
use asked::Answers;
use asker::{Asker, Eyes, Seen};
use gather::Gathering;
use question::{About, Batch, Desk, Directory, Question};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::Scope;

/// What came of it.
pub(crate) struct Probed {
    /// The rows, in path order within each root.
    pub rows: Vec<Row>,
    /// What could not be read or asked, in path order.
    pub errors: Vec<Unasked>,
    /// Directories that are excluded by default.
    pub excluded: u64,
    /// Mounts that were not entered, by root and path.
    pub mounts: Vec<(u32, Vec<u8>)>,
}

/// Something that could not be found out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unasked {
    /// The index of the root; `None` above roots.
    pub root: Option<u32>,
    /// The path from the root, or an absolute one.
    pub path: Vec<u8>,
    /// As whom it was asked; `None` where it could not even be read.
    pub label: Option<String>,
    /// What was answered.
    pub error: SysError,
}

/// Why nothing was asked.
#[derive(Debug)]
pub(crate) enum ProbeError {
    /// A thread could not become the one of this index.
    NotPosed(usize, SysError),
    /// A thread could not be made fit to touch directories.
    Setup(SysError),
}

/// How many batches wait for each of those asked.
const LEAD: usize = 4;

/// How many batches there are at most: those that wait, one being answered, one being put together, one being filled.
const IN_FLIGHT: usize = LEAD + 3;

/// Where everybody takes questions, and where their answers come.
type Seats = Result<(Vec<SyncSender<Batch>>, Vec<Receiver<Answers>>), ProbeError>;

/// Asks everybody about all that lies at and below the roots.
pub(crate) fn probe(request: &Request<'_>) -> Result<Probed, ProbeError> {
    let mounts = Mounts::read().unwrap_or_default();
    let mut gathering = Gathering::new(request.everybody);
    let seen = std::thread::scope(|scope| {
        let (mut desks, answers) = seat_everybody(scope, request)?;
        let (desk, batches) = sync_channel(LEAD);
        desks.push(desk);
        let walker = thread::start(scope, || {
            let desk = Desk::new(desks, (request.descriptors / 2 / IN_FLIGHT).clamp(1, 64));
            let seen = ask_all(request, &mounts, &desk);
            desk.close();
            seen
        })
        .map_err(ProbeError::Setup)?;
        gathering.run(batches, &answers);
        thread::join(walker).map_err(ProbeError::Setup)
    })?;
    Ok(put_in_order(gathering, seen))
}

/// Starts a thread for each of those asked; where they take questions, and where their answers come.
///
/// Nothing is asked as anybody before everybody is there.
fn seat_everybody<'scope, 'env>(scope: &'scope Scope<'scope, 'env>, request: &'env Request<'env>) -> Seats {
    let (ready, poses) = channel();
    let (mut desks, mut answers) = (Vec::new(), Vec::new());
    for (at, &someone) in request.everybody.iter().enumerate() {
        let (desk, questions) = sync_channel(LEAD);
        let (answer, replies) = channel();
        let ready = ready.clone();
        thread::start(scope, move || {
            asked::answer((at, someone), request.manners, questions, answer, |acting| {
                // Whoever waits for it waits for all.
                let _ = ready.send((at, acting));
            });
        })
        .map_err(ProbeError::Setup)?;
        desks.push(desk);
        answers.push(replies);
    }
    drop(ready);
    match poses.iter().take(request.everybody.len()).find_map(|(at, acting)| Some((at, acting.err()?))) {
        Some((at, error)) => Err(ProbeError::NotPosed(at, error)),
        None => Ok((desks, answers)),
    }
}

/// Walks all roots, and hands in every question.
fn ask_all(request: &Request<'_>, mounts: &Mounts, desk: &Desk) -> Result<Seen, SysError> {
    let mut total = Seen::default();
    let is_other = |someone: &&Someone| matches!(someone.impersonation, Impersonation::Account(_));
    let eyes = if request.everybody.iter().any(is_other) { Eyes::Roots } else { Eyes::Own };
    let visits = Visits::default();
    // Each root keeps its descriptor while it is walked.
    let at_once = (request.descriptors / 8).max(1);
    for (batch, roots) in request.roots.chunks(at_once).enumerate() {
        let opened = open_roots(request, roots, batch * at_once, desk, &mut total)?;
        let options = walk::Options {
            setup: request.setup,
            stop: request.manners.stop,
            counters: request.counters,
            descriptors: request.descriptors / 2,
            mounts,
            visits: &visits,
            time: &walk::Time::default(),
        };
        let askers = (0..request.threads.max(1)).map(|_| Asker::new(desk, request.depth, eyes)).collect();
        for asker in walk::walk(opened, askers, options)? {
            let seen = asker.finish();
            total.excluded += seen.excluded;
            total.mounts.extend(seen.mounts);
            total.errors.extend(seen.errors);
        }
    }
    Ok(total)
}

/// Opens roots, the first of which has this index, on a thread that has given up what it doesn't need.
fn open_roots(
    request: &Request<'_>,
    roots: &[PathBuf],
    first: usize,
    desk: &Desk,
    total: &mut Seen,
) -> Result<Vec<Start<Arc<Directory>>>, SysError> {
    let open = |(at, root): (usize, &PathBuf)| {
        let index = (first + at) as u32;
        (index, open_start(index, root, request.everybody.len(), desk))
    };
    let starts = run_confined(request.setup, || roots.iter().enumerate().map(open).collect::<Vec<_>>())?;
    let mut opened = Vec::new();
    for (root, start) in starts {
        match start {
            Ok(start) => opened.push(start),
            Err(error) => total.errors.push((root, b".".to_vec(), error)),
        }
    }
    Ok(opened)
}

/// Asks about every directory above a root and the root itself, and gives the start of its walk.
fn open_start(root: u32, path: &Path, asked: usize, desk: &Desk) -> Result<Start<Arc<Directory>>, SysError> {
    let dir = open_root(path, Links::Refuse)?;
    let mut way = hold_way(path)?;
    way.pop();
    let mut above: Option<Arc<Directory>> = None;
    for (path, held, look) in way {
        let directory = Directory::above(above.take(), path.as_os_str().as_bytes(), look, asked);
        desk.hand_in(Question { directory: Arc::clone(&directory), held, subject: About::Passing });
        above = Some(directory);
    }
    let (look, held) = (look(&dir)?, duplicate(&dir)?);
    let here = Directory::root(above, root, look.clone(), asked);
    desk.hand_in(Question { directory: Arc::clone(&here), held, subject: About::Itself });
    Ok(Start { dir, look, here, prefix: Vec::new(), units: None })
}

fn put_in_order(gathering: Gathering<'_>, seen: Seen) -> Probed {
    use crate::model::path::path_order;
    let Gathering { mut rows, errors: unasked, .. } = gathering;
    rows.iter_mut().for_each(|row| row.tops.sort_by(|a, b| path_order(a, b)));
    rows.sort_by(|a, b| a.root.cmp(&b.root).then_with(|| path_order(&a.path, &b.path)));
    let unread =
        seen.errors.into_iter().map(|(root, path, error)| Unasked { root: Some(root), path, label: None, error });
    let unasked = unasked.into_iter().map(|(place, label, error)| {
        let (root, path) = match place {
            ProbePlace::Above(path) => (None, path.into_vec()),
            ProbePlace::Below { root, path } => (Some(root), path.into_vec()),
        };
        Unasked { root, path, label: Some(label), error }
    });
    let mut errors: Vec<_> = unread.chain(unasked).collect();
    errors.sort_by(|a, b| {
        a.root.cmp(&b.root).then_with(|| path_order(&a.path, &b.path)).then_with(|| a.label.cmp(&b.label))
    });
    let mut mounts = seen.mounts;
    mounts.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| path_order(&a.1, &b.1)));
    Probed { rows, errors, excluded: seen.excluded, mounts }
}
