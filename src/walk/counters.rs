//! Progress of a walk: a count for each thread, which another may read at any time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Names read so far, counted by each thread on a cache line of its own.
#[derive(Debug)]
pub struct Counters(Box<[Seat]>);

// Two lines, since processors fetch them in pairs.
#[repr(align(128))]
#[derive(Default, Debug)]
struct Seat(AtomicU64);

impl Counters {
    /// Counters for that many threads.
    pub fn new(threads: usize) -> Counters {
        Counters((0..threads.max(1)).map(|_| Seat::default()).collect())
    }

    /// How many names were read until now.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|seat| seat.0.load(Relaxed)).sum()
    }

    /// Counts names that a thread has read.
    pub(super) fn add(&self, seat: usize, names: u64) {
        self.0[seat % self.0.len()].0.fetch_add(names, Relaxed);
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
}
