//! Rows of the result: directories where everybody can do the same, folded into the first of them.

use super::asked::{Closing, Files, Inside, is_sealed};
use super::question::{Directory, ProbeStop};
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::model::operation::Operations;
use crate::sys::access::{Answer, Making};
use crate::sys::stat::Look;
use rustix::io::Errno;
use std::sync::Arc;

/// What somebody can do in a directory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(crate) struct Cell {
    /// What they can do.
    pub acts: Operations,
    /// What a file that they make there is like.
    pub new_file: Option<New>,
    /// What a directory that they make there is like, where one was made.
    pub new_directory: Option<New>,
    /// Why nothing can be made, where it is neither modes nor ACLs.
    pub refused: Option<Errno>,
    /// What keeps the directory's group from writing what they make, if something does.
    pub closed_by: Option<Closing>,
    /// Whether nobody is meant to change what lies in the directory: not even its owner has the right to write it.
    pub is_sealed: bool,
    /// Whether the directory is theirs; of several, whether each is.
    pub owns: bool,
}

/// The group and mode of something new.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct New {
    /// Its group.
    pub gid: u32,
    /// Its mode.
    pub mode: Mode,
}

impl New {
    fn of(state: State) -> New {
        New { gid: state.gid, mode: state.mode }
    }
}

impl Cell {
    /// What the kernel's answers come to for somebody who can reach the directory.
    pub(crate) fn of(inside: &Inside, look: &Look, uid: u32) -> Cell {
        let (new_file, refused) = made(&inside.answers);
        Cell {
            acts: inside.answers.acts(look, uid),
            new_file,
            new_directory: inside.made_directory.map(New::of),
            refused,
            closed_by: inside.closed_by,
            is_sealed: is_sealed(&look.entry),
            owns: look.entry.state.uid == uid,
        }
    }
}

impl Cell {
    /// The same, whoever owns the directory.
    #[must_use]
    pub(crate) fn of_anyones(self) -> Cell {
        Cell { owns: false, ..self }
    }
}

/// What a file is like that they make, or why they can't make any, where it is neither modes nor ACLs.
fn made(answers: &super::way::DirectoryAnswers) -> (Option<New>, Option<Errno>) {
    match (answers.making, answers.write) {
        (Some(Making::Made(state)), _) => (Some(New::of(state)), None),
        (Some(Making::Refused(errno)), _) => (None, Some(errno)),
        // EACCES is what modes and ACLs say, and needs no other reason.
        (None, Answer::No(errno)) if errno != Errno::ACCESS => (None, Some(errno)),
        (Some(Making::Unsupported) | None, _) => (None, None),
    }
}

/// Directories in which everybody can do the same, one below the other or beside it.
pub(crate) struct Row {
    /// The index of their root.
    pub root: u32,
    /// The path of the first of them; `.` is the root itself.
    pub path: Box<[u8]>,
    /// The state of the first of them.
    pub state: State,
    /// How many they are.
    pub directories: u64,
    /// The topmost of those that don't lie below the first.
    pub tops: Vec<Box<[u8]>>,
    /// How many regular files lie in them.
    pub files: u64,
    /// What each of those asked can do there.
    pub cells: Box<[Cell]>,
    /// What each of those asked can do with the files there.
    pub tallies: Box<[Tally]>,
    /// The directory that each of those asked can't pass on the way there, if there is one.
    pub stopped: Arc<[Option<ProbeStop>]>,
}

impl Row {
    /// Adds a directory in which everybody can do the same.
    pub(crate) fn add(&mut self, cells: &[Cell]) {
        self.directories += 1;
        self.cells.iter_mut().zip(cells).for_each(|(own, other)| own.owns &= other.owns);
    }
}

/// How many files somebody can read and write.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Tally {
    /// How many can be read.
    pub read: u64,
    /// How many can be written.
    pub write: u64,
    /// How many more nobody is meant to write.
    pub sealed: u64,
    /// The path of the first that can't be read, from the root.
    pub unread: Option<Box<[u8]>>,
    /// The path of the first that can't be written, from the root.
    pub unwritten: Option<Box<[u8]>>,
}

impl Tally {
    /// Adds the files of a directory.
    pub(crate) fn add(&mut self, files: &Files, directory: &Directory) {
        self.read += files.read;
        self.write += files.write;
        self.sealed += files.sealed;
        for (new, first) in [(&files.unread, &mut self.unread), (&files.unwritten, &mut self.unwritten)] {
            let Some(name) = new else { continue };
            let path = joined(&directory.path(), name.to_bytes());
            if first.as_deref().is_none_or(|known| crate::model::path::path_order(&path, known).is_lt()) {
                *first = Some(path.into());
            }
        }
    }
}

/// The path of a name in a directory.
pub(super) fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory == b"." { name.to_vec() } else { [directory, b"/", name].concat() }
}

#[cfg(test)]
mod tests {
    use super::super::way::DirectoryAnswers;
    use super::*;

    #[test]
    fn what_keeps_from_making_is_told_unless_modes_and_acls_say_it() {
        let state = State { uid: 4711, gid: 100, mode: Mode::new(0o640) };
        let new = New { gid: 100, mode: Mode::new(0o640) };
        for (write, making, came) in [
            (Answer::Yes, Some(Making::Made(state)), (Some(new), None)),
            (Answer::Yes, Some(Making::Unsupported), (None, None)),
            (Answer::Yes, Some(Making::Refused(Errno::DQUOT)), (None, Some(Errno::DQUOT))),
            (Answer::No(Errno::ROFS), None, (None, Some(Errno::ROFS))),
            (Answer::No(Errno::ACCESS), None, (None, None)),
        ] {
            let answers = DirectoryAnswers { pass: Answer::Yes, read: Answer::Yes, write, making };
            assert_eq!(made(&answers), came, "{write:?} {making:?}");
        }
    }

    #[test]
    fn names_are_joined_to_the_root_without_its_dot() {
        assert_eq!(joined(b".", b"f"), b"f");
        assert_eq!(joined(b"a/b", b"f"), b"a/b/f");
    }
}
