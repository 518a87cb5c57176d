//! The visitor that asks: told of every directory and name, it hands in questions about them.

use super::question::{About, Desk, Directory, Names, Question};
use crate::judging::exclude::{DefaultExclude, default_exclude};
use crate::model::entry::Kind;
use crate::source::mounts::current_mount;
use crate::source::system::is_system_made;
use crate::sys::SysError;
use crate::sys::access::stands;
use crate::sys::dir::{OnMount, Reach, duplicate, find_beneath, open_at};
use crate::sys::stat::Look;
use crate::walk::{self, Crossing, Next, Standing, Visitor, Want};
use rustix::io::Errno;
use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

/// How many bytes of names are asked about together at most, more or less.
const NAME_BYTES: usize = 16 << 10;

/// One thread's part of the asking.
pub(super) struct Asker<'a> {
    desk: &'a Desk,
    /// How deep directories are asked about; without end where it is `None`.
    depth: Option<u32>,
    eyes: Eyes,
    reading: Option<Reading>,
    /// What was passed over, and what went wrong.
    pub seen: Seen,
}

/// Through whose eyes the walk sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Eyes {
    /// Those of root, who sees what others don't.
    Roots,
    /// Those of who is asked.
    Own,
}

/// Whether what a place leads to can't be opened for lack of a right to it.
fn is_closed(at: walk::Place<'_, Arc<Directory>>) -> bool {
    let Some((above, name)) = at.parent() else { return false };
    open_at(above, name, Reach::Mount).is_err_and(|error| error.errno == Errno::ACCESS)
}

/// What a thread saw beside questions.
#[derive(Default)]
pub(super) struct Seen {
    /// Directories that are excluded by default.
    pub excluded: u64,
    /// Mounts that were not entered, by root and path.
    pub mounts: Vec<(u32, Vec<u8>)>,
    /// What could not be read, by root and path.
    pub errors: Vec<(u32, Vec<u8>, SysError)>,
}

/// A directory whose names are being read.
struct Reading {
    directory: Arc<Directory>,
    held: OwnedFd,
    names: Names,
}

impl<'a> Asker<'a> {
    /// A thread's part, before it begins.
    pub(super) fn new(desk: &'a Desk, depth: Option<u32>, eyes: Eyes) -> Asker<'a> {
        Asker { desk, depth, eyes, reading: None, seen: Seen::default() }
    }

    /// Hands in what is left, and tells what was seen.
    pub(super) fn finish(mut self) -> Seen {
        self.end_reading();
        self.seen
    }

    fn end_reading(&mut self) {
        if let Some(Reading { directory, held, names }) =
            self.reading.take().filter(|reading| !reading.names.is_empty())
        {
            self.desk.hand_in(Question { directory, held, subject: About::Files(names) });
        }
    }

    fn fail(&mut self, directory: &Directory, path: Vec<u8>, error: SysError) {
        if let Some(root) = directory.root_index() {
            self.seen.errors.push((root, path, error));
        }
    }
}

impl Visitor for Asker<'_> {
    type Here = Arc<Directory>;

    fn begin(&mut self, at: walk::Place<'_, Arc<Directory>>) {
        self.end_reading();
        let Some((fd, _)) = at.parent() else { return };
        match duplicate(fd) {
            Ok(held) => {
                self.reading = Some(Reading { directory: Arc::clone(at.here()), held, names: Names::default() })
            }
            Err(error) => self.fail(at.here(), at.path(), error),
        }
    }

    fn want(&mut self, here: &Arc<Directory>, name: &CStr, kind: Kind) -> Want {
        match kind {
            // Made by one of those who are asked, and gone in a moment.
            Kind::Dir | Kind::File if stands(name) => Want::Skip,
            Kind::Dir if self.depth.is_some_and(|depth| here.depth() >= depth) => Want::Skip,
            Kind::Dir => Want::Enter,
            Kind::File => {
                let Some(reading) = &mut self.reading else { return Want::Skip };
                reading.names.push(name);
                // Where there is no descriptor for it, what was gathered so far waits for the end of the directory.
                if reading.names.len() >= NAME_BYTES
                    && let Ok(held) = duplicate(&reading.held)
                {
                    let (directory, names) = (Arc::clone(&reading.directory), std::mem::take(&mut reading.names));
                    self.desk.hand_in(Question { directory, held, subject: About::Files(names) });
                }
                Want::Skip
            }
            _ => Want::Skip,
        }
    }

    fn entry(&mut self, _: walk::Place<'_, Arc<Directory>>, _: &Look) -> Standing {
        Standing::Told
    }

    fn directory(
        &mut self,
        at: walk::Place<'_, Arc<Directory>>,
        look: &Look,
        own: Option<BorrowedFd<'_>>,
    ) -> Next<Arc<Directory>> {
        let (name, above) = (at.name().to_bytes(), &at.here().look.entry);
        let is_made = || at.parent().is_some_and(|(fd, _)| is_system_made(fd, name, look, above, current_mount));
        // What others could have named so is asked about like all else.
        if default_exclude(name, &look.entry, above, is_made) == DefaultExclude::Yes {
            self.seen.excluded += 1;
            return Next::Leave;
        }
        let directory = at.here().below(at.name().to_bytes(), look.clone());
        let held = match (own, at.parent()) {
            (Some(own), _) => duplicate(own),
            // What can't be opened for reading is asked about all the same.
            (None, Some((above, name))) => find_beneath(above, name.to_bytes(), Reach::Mount),
            (None, None) => return Next::Enter(directory),
        };
        match held {
            Ok(held) => {
                self.desk.hand_in(Question { directory: Arc::clone(&directory), held, subject: About::Itself });
                // To whoever asks as themselves that is the answer. To others it is an error, told once it is entered.
                let is_answer = own.is_none() && self.eyes == Eyes::Own && is_closed(at);
                if is_answer { Next::Leave } else { Next::Enter(directory) }
            }
            Err(error) => {
                self.fail(&directory, at.path(), error);
                Next::Leave
            }
        }
    }

    fn mount(&mut self, at: walk::Place<'_, Arc<Directory>>, _: OnMount) -> Crossing {
        self.shut(at);
        Crossing::Stay
    }

    fn shut(&mut self, at: walk::Place<'_, Arc<Directory>>) {
        if let Some(root) = at.here().root_index() {
            self.seen.mounts.push((root, at.path()));
        }
    }

    // What is gone, nobody can do anything with.
    fn vanished(&mut self, _: walk::Place<'_, Arc<Directory>>) {}

    fn error(&mut self, at: walk::Place<'_, Arc<Directory>>, error: SysError) {
        self.fail(at.here(), at.path(), error);
    }
}
