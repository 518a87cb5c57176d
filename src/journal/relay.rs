//! Outcomes on their way from the thread that changes a tree to the one that writes the record: the first can't write
//! outside, the second never touches a tree.

use super::outcome::Done;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};

/// How many outcomes go over at once. A crash of the whole machine takes no more than the journal's own batch does.
const OUTCOMES: usize = 64;

type Batch = Vec<(usize, Done)>;

/// Takes down what becomes of changes, while they are applied.
pub(crate) trait Recorder {
    /// Takes down what became of the change of this index; an error stops the run before the next change.
    fn record(&mut self, change: usize, done: &Done) -> io::Result<()>;
}

/// The end where outcomes come up.
#[derive(Debug)]
pub(crate) struct Relay {
    batch: Batch,
    batches: Sender<Batch>,
    answers: Receiver<io::Result<()>>,
}

/// The end where they are written down.
#[derive(Debug)]
pub(crate) struct Desk {
    batches: Receiver<Batch>,
    answers: Sender<io::Result<()>>,
}

/// Both ends.
pub(crate) fn relay() -> (Relay, Desk) {
    let (batches, desk_batches) = channel();
    let (desk_answers, answers) = channel();
    let relay = Relay { batch: Vec::with_capacity(OUTCOMES), batches, answers };
    (relay, Desk { batches: desk_batches, answers: desk_answers })
}

impl Recorder for Relay {
    /// Hands over every so many outcomes, and waits until they are taken down: an error stops the run before the next.
    fn record(&mut self, change: usize, done: &Done) -> io::Result<()> {
        self.batch.push((change, done.clone()));
        // A new identity can't be found out by looking, so it doesn't wait for the others.
        if done.id.is_some() || self.batch.len() >= OUTCOMES { self.hand_over() } else { Ok(()) }
    }
}

impl Relay {
    /// Hands over what is left.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.batch.is_empty() { Ok(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.batches.send(std::mem::take(&mut self.batch)).map_err(|_| gone())?;
        self.answers.recv().map_err(|_| gone())?
    }
}

impl Desk {
    /// Takes outcomes down until the other end is gone. What comes with one that can't be written is tried all the same.
    pub(crate) fn serve(self, recorder: &mut dyn Recorder) {
        for batch in self.batches {
            let mut answer = Ok(());
            for (change, done) in batch {
                let taken = recorder.record(change, &done);
                answer = answer.and(taken);
            }
            if self.answers.send(answer).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Outcome;
    use super::*;
    use std::thread;

    struct Book {
        taken: Vec<usize>,
        full_after: usize,
    }

    impl Recorder for Book {
        fn record(&mut self, change: usize, _: &Done) -> io::Result<()> {
            if self.taken.len() >= self.full_after {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.taken.push(change);
            Ok(())
        }
    }

    fn send(changes: usize, full_after: usize) -> (Vec<usize>, usize, io::Result<()>) {
        let (mut relay, desk) = relay();
        let mut book = Book { taken: vec![], full_after };
        let (tried, ended) = thread::scope(|scope| {
            let thread = scope.spawn(move || {
                for change in 0..changes {
                    if let Err(error) = relay.record(change, &Done::of(Outcome::Applied)) {
                        return (change + 1, Err(error));
                    }
                }
                (changes, relay.finish())
            });
            desk.serve(&mut book);
            thread.join().unwrap()
        });
        (book.taken, tried, ended)
    }

    #[test]
    fn all_outcomes_arrive_in_order() {
        for changes in [0, 1, OUTCOMES - 1, OUTCOMES, 3 * OUTCOMES + 1] {
            let (taken, tried, ended) = send(changes, usize::MAX);
            assert!(taken.into_iter().eq(0..changes), "{changes}");
            assert!(ended.is_ok() && tried == changes);
        }
    }

    #[test]
    fn an_error_stops_the_run_before_the_next_batch() {
        let (taken, tried, ended) = send(10 * OUTCOMES, OUTCOMES + 3);
        assert_eq!((taken.len(), tried), (OUTCOMES + 3, 2 * OUTCOMES));
        assert_eq!(ended.map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
        let (_, tried, ended) = send(3, 2);
        assert!(tried == 3 && ended.is_err(), "the last batch's error is not lost");
    }
}
