//! Progress of a walk: counts for each thread, which another may read at any time, and where it is.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Names and directories read so far, counted by each thread on a cache line of its own.
#[derive(Debug)]
pub struct Counters {
    seats: Box<[Seat]>,
    asked: AtomicBool,
    place: Mutex<Vec<u8>>,
}

// Two lines, since processors fetch them in pairs.
#[repr(align(128))]
#[derive(Default, Debug)]
struct Seat {
    names: AtomicU64,
    directories: AtomicU64,
}

impl Counters {
    /// Counters for that many threads.
    pub fn new(threads: usize) -> Counters {
        let seats = (0..threads.max(1)).map(|_| Seat::default()).collect();
        Counters { seats, asked: AtomicBool::new(false), place: Mutex::default() }
    }

    /// How many names were read until now.
    pub fn total(&self) -> u64 {
        self.seats.iter().map(|seat| seat.names.load(Relaxed)).sum()
    }

    /// How many directories were entered until now.
    pub fn directories(&self) -> u64 {
        self.seats.iter().map(|seat| seat.directories.load(Relaxed)).sum()
    }

    /// The path of a directory that was being read when this was last asked; empty at first.
    pub fn place(&self) -> Vec<u8> {
        self.asked.store(true, Relaxed);
        self.place.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts names that a thread has read.
    pub(super) fn add(&self, seat: usize, names: u64) {
        self.seat(seat).names.fetch_add(names, Relaxed);
    }

    /// Counts a directory that a thread enters; its path is built only where somebody asked.
    pub(super) fn enter(&self, seat: usize, path: impl FnOnce() -> Vec<u8>) {
        self.seat(seat).directories.fetch_add(1, Relaxed);
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
        counters.enter(0, || unreachable!("nobody asked"));
        assert_eq!(counters.place(), b"");
        counters.enter(0, || b"a".to_vec());
        counters.enter(0, || unreachable!("nobody asked again"));
        assert_eq!((counters.place(), counters.directories()), (b"a".to_vec(), 3));
    }
}
