//! One of those who are asked: a thread that is somebody else, and answers batch by batch.

use super::question::{About, Batch, Names, Question};
use super::request::{MakeNames, Manners, Someone};
use super::way::{DirectoryAnswers, ask_directory};
use crate::model::entry::{Entry, State};
use crate::model::mode::Mode;
use crate::sys::SysError;
use crate::sys::access::{Answer, Making, Right};
use crate::sys::impersonation::Impersonating;
use crate::sys::stat::look_at;
use crate::sys::xattr::has_default_acl;
use rustix::io::Errno;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};

/// The answers to one batch, in its order.
pub(super) type Answers = Vec<Result<Reply, SysError>>;

/// The answer to one question.
pub(super) enum Reply {
    /// Whether the directory can be passed through.
    Passing(Answer),
    /// What the kernel says of the directory.
    Itself(Inside),
    /// What can be done with its files.
    Files(Files),
}

/// What the kernel says of a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Inside {
    /// What can be done there.
    pub answers: DirectoryAnswers,
    /// A directory that was made there and removed again, where that was asked for.
    pub made_directory: Option<State>,
    /// What keeps its group from writing a file made there, if something does.
    pub closed_by: Option<Closing>,
    /// Why something that was made there could not be removed again.
    pub left: Option<SysError>,
}

impl Inside {
    /// What somebody who can't get there is answered about it.
    const OUT_OF_REACH: Inside = Inside {
        answers: DirectoryAnswers {
            pass: Answer::No(Errno::ACCESS),
            read: Answer::No(Errno::ACCESS),
            write: Answer::No(Errno::ACCESS),
            making: None,
        },
        made_directory: None,
        closed_by: None,
        left: None,
    };
}

/// What keeps a directory's group from writing the files that are made in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Closing {
    /// The umask.
    Umask,
    /// The directory's default ACL.
    DefaultAcl,
    /// Neither of them: an option of the mount, as on file systems without modes.
    Mount,
}

/// What can be done with the files of a directory.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Files {
    /// How many there are.
    pub seen: u64,
    /// How many of them can be read.
    pub read: u64,
    /// How many of them can be written.
    pub write: u64,
    /// How many more nobody is meant to write: they have no write bit at all, as what is written once (git, DVC, restic).
    pub sealed: u64,
    /// The first by name that can't be read.
    pub unread: Option<CString>,
    /// The first by name that can't be written.
    pub unwritten: Option<CString>,
}

/// Becomes somebody, says whether that went well, and answers until there are no more questions.
///
/// Nothing is answered by a thread that isn't shown to be who it should be.
pub(super) fn answer(
    (who, someone): (usize, &Someone),
    manners: Manners<'_>,
    questions: Receiver<Batch>,
    answers: Sender<Answers>,
    ready: impl FnOnce(Result<(), SysError>),
) {
    let pose =
        || someone.impersonation.impersonate(manners.umask).and_then(|acting| acting.is_answered().map(|()| acting));
    let acting = match pose() {
        Ok(acting) => acting,
        Err(error) => return ready(Err(error)),
    };
    ready(Ok(()));
    for batch in questions {
        if manners.stop.load(Ordering::Relaxed) {
            break;
        }
        let replies = batch.iter().map(|question| reply(&acting, who, question, manners)).collect();
        // Nobody listens where the probe has failed elsewhere.
        if answers.send(replies).is_err() {
            break;
        }
    }
}

fn reply(acting: &Impersonating, who: usize, question: &Question, manners: Manners<'_>) -> Result<Reply, SysError> {
    let (held, directory) = (&question.held, &question.directory);
    match &question.subject {
        About::Passing => {
            let passes = acting.may(held, Right::Execute)?;
            directory.note(who, passes.is_yes());
            Ok(Reply::Passing(passes))
        }
        // We hold it, and they couldn't get there: nothing is tried in it, least of all anything made.
        About::Itself if !directory.is_open_to(who) => Ok(Reply::Itself(Inside::OUT_OF_REACH)),
        About::Itself => {
            let inside = inside(acting, question, manners)?;
            directory.note(who, inside.answers.pass.is_yes());
            Ok(Reply::Itself(inside))
        }
        About::Files(names) if !directory.lets_through(who) => {
            Ok(Reply::Files(Files { seen: names.iter().count() as u64, ..Files::default() }))
        }
        About::Files(names) => files(acting, question, names, manners.stop).map(Reply::Files),
    }
}

fn inside(acting: &Impersonating, question: &Question, manners: Manners<'_>) -> Result<Inside, SysError> {
    let (held, look) = (&question.held, &question.directory.look);
    let mut answers = ask_directory(acting, held)?;
    let can_write = answers.pass.is_yes() && answers.write.is_yes();
    let (mut made_directory, mut left) = (None, None);
    // What is made where names can only be added could not be removed again.
    if manners.making == MakeNames::Allowed && can_write && !look.is_append_only() {
        if answers.making == Some(Making::Unsupported) {
            let file = acting.make_named_file(held)?;
            (answers.making, left) = (file.making, file.left);
        }
        let directory = acting.make_directory(held)?;
        made_directory = made(directory.making).filter(|seen| is_of_same_owner(*seen, answers.making));
        // Another was removed instead of it, and it stands somewhere else.
        let is_other = made_directory.is_none() && made(directory.making).is_some();
        let other = is_other.then_some(SysError { call: "statx(.sgidlint-probe-*)", errno: Errno::STALE });
        left = left.or(directory.left).or(other);
    }
    let closed_by = match answers.making {
        Some(Making::Made(state)) if is_closed(look.entry.state, state) => Some(closing(held, manners.umask)?),
        _ => None,
    };
    Ok(Inside { answers, made_directory, closed_by, left })
}

fn made(making: Option<Making>) -> Option<State> {
    making.and_then(|making| if let Making::Made(state) = making { Some(state) } else { None })
}

/// Whether a directory belongs to whom a file made there does. A file is known by its descriptor; a directory isn't, and
/// may be another's that was put in its place.
fn is_of_same_owner(directory: State, file: Option<Making>) -> bool {
    made(file).is_none_or(|file| file.uid == directory.uid)
}

/// Whether a directory's group may write in it, but not the file that was made there.
fn is_closed(directory: State, file: State) -> bool {
    directory.mode.has(Mode::GROUP_WRITE) && !file.mode.has(Mode::GROUP_WRITE)
}

fn closing(held: &OwnedFd, umask: Mode) -> Result<Closing, SysError> {
    Ok(match has_default_acl(held)? {
        true => Closing::DefaultAcl,
        false if umask.has(Mode::GROUP_WRITE) => Closing::Umask,
        false => Closing::Mount,
    })
}

/// Whether nobody is meant to write something: not even its owner has the bit.
pub(super) fn is_sealed(entry: &Entry) -> bool {
    !entry.state.mode.has_any(Mode::OWNER_WRITE.with(Mode::SHARED_WRITE))
}

fn files(acting: &Impersonating, question: &Question, names: &Names, stop: &AtomicBool) -> Result<Files, SysError> {
    let mut files = Files::default();
    let passes = acting.may(&question.held, Right::Execute)?.is_yes();
    for name in names.iter() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let may = |right| match passes {
            true => acting.may_at(&question.held, name, right).map(Answer::is_yes),
            false => Ok(false),
        };
        let (read, write) = match may(Right::Read).and_then(|read| Ok((read, may(Right::Write)?))) {
            Ok(answers) => answers,
            // Removed since it was listed.
            Err(error) if error.is_absence() => continue,
            Err(error) => return Err(error),
        };
        let is_sealed = passes && !write && look_at(&question.held, name).is_ok_and(|look| is_sealed(&look.entry));
        files.seen += 1;
        files.read += u64::from(read);
        files.write += u64::from(write);
        files.sealed += u64::from(is_sealed);
        for (can, first) in [(read, &mut files.unread), (write || is_sealed, &mut files.unwritten)] {
            if !can && first.as_deref().is_none_or(|known| name < known) {
                *first = Some(name.to_owned());
            }
        }
    }
    Ok(files)
}
