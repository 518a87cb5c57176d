//! Progress of a walk: counts for each thread, which another may read at any time, and where it is.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Names read so far, counted by each thread on a cache line of its own, and directories that are still to be read.
#[derive(Debug)]
pub(crate) struct Counters {
    seats: Box<[Seat]>,
    pending: Pending,
    asked: AtomicBool,
    place: Mutex<Vec<u8>>,
}

// Two lines, since processors fetch them in pairs.
#[repr(align(128))]
#[derive(Default, Debug)]
struct Seat {
    names: AtomicU64,
}

#[repr(align(128))]
#[derive(Default, Debug)]
struct Pending(AtomicUsize);

impl Counters {
    /// Counters for that many threads.
    pub(crate) fn new(threads: usize) -> Counters {
        let seats = (0..threads.max(1)).map(|_| Seat::default()).collect();
        Counters { seats, pending: Pending::default(), asked: AtomicBool::new(false), place: Mutex::default() }
    }

    /// How many names were read until now.
    pub(crate) fn total(&self) -> u64 {
        self.seats.iter().map(|seat| seat.names.load(Relaxed)).sum()
    }

    /// How many directories are known and not read yet.
    pub(crate) fn left(&self) -> u64 {
        self.pending.0.load(Relaxed) as u64
    }

    /// Where the walk keeps that number, by which it also knows when it is done.
    pub(crate) fn pending(&self) -> &AtomicUsize {
        &self.pending.0
    }

    /// The path of a directory that was being read when this was last asked; empty at first.
    pub(crate) fn place(&self) -> Vec<u8> {
        self.asked.store(true, Relaxed);
        self.place.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts names that a thread has read.
    pub(crate) fn add(&self, seat: usize, names: u64) {
        self.seat(seat).names.fetch_add(names, Relaxed);
    }

    /// A thread enters a directory; its path is built only where somebody asked.
    pub(crate) fn enter(&self, path: impl FnOnce() -> Vec<u8>) {
        if self.asked.load(Relaxed) && self.asked.swap(false, Relaxed) {
            *self.place.lock().unwrap_or_else(PoisonError::into_inner) = path();
        }
    }

    fn seat(&self, seat: usize) -> &Seat {
        &self.seats[seat % self.seats.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_add_up_even_on_shared_seats() {
        let counters = Counters::new(2);
        for (seat, names) in [(0, 1), (1, 10), (2, 100)] {
            counters.add(seat, names);
        }
        assert_eq!(counters.total(), 111);
    }
    #[test]
    fn a_path_is_told_to_who_asked() {
        let counters = Counters::new(1);
        counters.enter(|| unreachable!("nobody asked"));
        assert_eq!(counters.place(), b"");
        counters.enter(|| b"a".to_vec());
        counters.enter(|| unreachable!("nobody asked again"));
        assert_eq!(counters.place(), b"a");
    }
}
