//! Putting together what everybody answered: who is stopped where, and the rows of the result.

use super::asked::{Answers, Files, Inside, Reply};
use super::question::{About, Batch, Directory, ProbePlace, ProbeStop, Question, Settled};
use super::request::Someone;
use super::row::{Cell, Row, Tally};
use crate::model::path::path_order;
use crate::sys::SysError;
use crate::sys::access::Answer;
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// What was put together so far.
pub(super) struct Gathering<'a> {
    /// Those who are asked, each once.
    everybody: &'a [&'a Someone],
    /// The rows, in the order in which they were found.
    pub rows: Vec<Row>,
    /// Rows by that of the directory above their first, their group, and what everybody can do there.
    kin: HashMap<(usize, u32, Box<[Cell]>), usize>,
    /// What could not be asked: the place, whom it was asked as, and why.
    pub errors: Vec<(ProbePlace, String, SysError)>,
}

impl<'a> Gathering<'a> {
    /// Nothing yet.
    pub(super) fn new(everybody: &'a [&'a Someone]) -> Gathering<'a> {
        Gathering { everybody, rows: Vec::new(), kin: HashMap::new(), errors: Vec::new() }
    }

    /// Takes batches and everybody's answers to them until there are no more, or somebody stops answering.
    pub(super) fn run(&mut self, batches: Receiver<Batch>, answers: &[Receiver<Answers>]) {
        for batch in batches {
            let mut replies: Vec<_> = Vec::with_capacity(answers.len());
            for answers in answers {
                let Ok(answers) = answers.recv() else { return };
                replies.push(answers.into_iter());
            }
            for question in batch.iter() {
                let each: Option<Vec<_>> = replies.iter_mut().map(Iterator::next).collect();
                let Some(each) = each else { return };
                self.settle(question, each);
            }
        }
    }

    fn settle(&mut self, question: &Question, replies: Vec<Result<Reply, SysError>>) {
        let directory = &question.directory;
        match &question.subject {
            About::Passing => {
                let passes = self.each(directory, replies, |reply| match reply {
                    Reply::Passing(answer) => Some(answer),
                    _ => None,
                });
                let stopped = stopped(directory, &passes);
                // Each directory is asked about once.
                let _ = directory.settled.set(Settled { stopped, row: usize::MAX });
            }
            About::Itself => {
                let insides = self.each(directory, replies, |reply| match reply {
                    Reply::Itself(inside) => Some(inside),
                    _ => None,
                });
                self.note_what_is_left(directory, &insides);
                self.settle_directory(directory, &insides);
            }
            About::Files(_) => {
                let files = self.each(directory, replies, |reply| match reply {
                    Reply::Files(files) => Some(files),
                    _ => None,
                });
                self.add_files(directory, &files);
            }
        }
    }

    fn note_what_is_left(&mut self, directory: &Directory, insides: &[Option<Inside>]) {
        for (someone, inside) in self.everybody.iter().zip(insides) {
            if let Some(error) = inside.and_then(|inside| inside.left) {
                self.errors.push((directory.place(), someone.label.clone(), error));
            }
        }
    }

    /// Everybody's reply of the kind that was asked for; `None`, and an error on record, where there is none.
    fn each<T>(
        &mut self,
        directory: &Directory,
        replies: Vec<Result<Reply, SysError>>,
        of_kind: impl Fn(Reply) -> Option<T>,
    ) -> Vec<Option<T>> {
        let mut kept = Vec::with_capacity(replies.len());
        for (someone, reply) in self.everybody.iter().zip(replies) {
            kept.push(match reply {
                Ok(reply) => of_kind(reply),
                // Gone since it was found: nobody can do anything with it, and nothing is amiss.
                Err(error) if error.is_absence() => None,
                Err(error) => {
                    self.errors.push((directory.place(), someone.label.clone(), error));
                    None
                }
            });
        }
        kept
    }

    fn settle_directory(&mut self, directory: &Arc<Directory>, insides: &[Option<Inside>]) {
        let above = above(directory, self.everybody.len());
        let cell = |(at, inside): (usize, &Option<Inside>)| match (inside, &above[at]) {
            (Some(inside), None) => Cell::of(inside, &directory.look, self.everybody[at].account.uid),
            _ => Cell::default(),
        };
        let cells: Box<[Cell]> = insides.iter().enumerate().map(cell).collect();
        let passes: Vec<_> = insides.iter().map(|inside| inside.map(|inside| inside.answers.pass)).collect();
        let stopped = stopped(directory, &passes);
        let row = self.row(directory, cells, &above);
        // Each directory is asked about once.
        let _ = directory.settled.set(Settled { stopped, row });
    }

    /// The row of a directory: that of the directory above it, where everybody can do the same there, whoever owns it; or
    /// else that of one in a directory like the one above it.
    fn row(&mut self, directory: &Directory, cells: Box<[Cell]>, above: &Arc<[Option<ProbeStop>]>) -> usize {
        let Some(root) = directory.root_index() else { return usize::MAX };
        let state = directory.look.entry.state;
        let of_anyones: Box<[Cell]> = cells.iter().map(|cell| cell.of_anyones()).collect();
        let parent = directory.parent().and_then(|parent| parent.settled.get()).map(|settled| settled.row);
        let parent = parent.filter(|&at| self.rows.get(at).is_some_and(|row| row.root == root));
        let is_like = |row: &Row| {
            row.state.gid == state.gid && row.cells.iter().map(|cell| cell.of_anyones()).eq(of_anyones.iter().copied())
        };
        if let Some(at) = parent.filter(|&at| is_like(&self.rows[at])) {
            self.rows[at].add(&cells);
            return at;
        }
        let path = directory.path();
        let kin = parent.map(|parent| (parent, state.gid, of_anyones));
        if let Some(&at) = kin.as_ref().and_then(|kin| self.kin.get(kin)) {
            let row = &mut self.rows[at];
            row.add(&cells);
            // The first by its path, in whatever order they were found.
            let other = match path_order(&path, &row.path).is_lt() {
                true => {
                    (row.state, row.stopped) = (state, Arc::clone(above));
                    std::mem::replace(&mut row.path, path)
                }
                false => path,
            };
            row.tops.push(other);
            return at;
        }
        let tallies = vec![Tally::default(); cells.len()].into();
        let (stopped, at) = (Arc::clone(above), self.rows.len());
        self.rows.push(Row { root, path, state, directories: 1, tops: Vec::new(), files: 0, cells, tallies, stopped });
        self.kin.extend(kin.map(|kin| (kin, at)));
        at
    }

    fn add_files(&mut self, directory: &Directory, files: &[Option<Files>]) {
        let Some(settled) = directory.settled.get() else { return };
        let Some(row) = self.rows.get_mut(settled.row) else { return };
        row.files += files.iter().flatten().map(|files| files.seen).max().unwrap_or_default();
        for ((tally, files), stop) in row.tallies.iter_mut().zip(files).zip(settled.stopped.iter()) {
            if let (Some(files), None) = (files, stop) {
                tally.add(files, directory);
            }
        }
    }
}

/// Who is stopped above a directory.
fn above(directory: &Directory, everybody: usize) -> Arc<[Option<ProbeStop>]> {
    match directory.parent().and_then(|parent| parent.settled.get()) {
        Some(settled) => Arc::clone(&settled.stopped),
        None => vec![None; everybody].into(),
    }
}

/// Who is stopped on the way to the entries of a directory; shared with it above where it stops nobody else.
fn stopped(directory: &Directory, passes: &[Option<Answer>]) -> Arc<[Option<ProbeStop>]> {
    let above = above(directory, passes.len());
    let stops = |at: usize| match (&above[at], passes[at]) {
        (None, Some(Answer::No(errno))) => Some(errno),
        // It couldn't be asked about, or is gone.
        (None, None) => Some(Errno::NOENT),
        _ => None,
    };
    if (0..passes.len()).all(|at| stops(at).is_none()) {
        return above;
    }
    let stop = |errno| ProbeStop { place: directory.place(), look: directory.look.clone(), errno };
    (0..passes.len()).map(|at| above[at].clone().or_else(|| stops(at).map(stop))).collect()
}
