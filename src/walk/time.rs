//! How long a walk may take: when its time is over, directories that weren't entered are left to another.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// The time of a walk; what it leaves when that is over is told to its visitors.
#[derive(Debug, Default)]
pub(crate) struct Time<'a> {
    until: Option<Instant>,
    over: Option<&'a AtomicBool>,
    /// Something was done already: however short the time is, a walk gets on.
    begun: AtomicBool,
    /// Whether what there is to do is dropped when the time is over: it was done by an earlier pass.
    drops: bool,
}

impl<'a> Time<'a> {
    /// Until then, or until that is set.
    pub(crate) fn until(until: Option<Instant>, over: &'a AtomicBool) -> Time<'a> {
        Time { until, over: Some(over), ..Time::default() }
    }

    /// The same of a pass through what an earlier one has done.
    pub(crate) fn of_later_pass(&self) -> Time<'a> {
        Time { until: self.until, over: self.over, begun: AtomicBool::new(true), drops: true }
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        let is_past = || self.until.is_some_and(|until| Instant::now() >= until);
        self.over.is_some_and(|over| over.load(Relaxed)) || self.begun.load(Relaxed) && is_past()
    }

    /// Whether nothing is left to another then.
    pub(super) fn drops(&self) -> bool {
        self.drops
    }

    /// Something is being done.
    pub(super) fn begin(&self) {
        self.begun.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_done_however_short_it_is_but_for_who_asks_for_an_end() {
        let over = AtomicBool::new(false);
        let time = Time::until(Some(Instant::now()), &over);
        assert!(!time.is_over());
        time.begin();
        assert!(time.is_over() && time.of_later_pass().is_over());
        assert!(!Time::default().is_over());
        let asked = Time::until(None, &over);
        asked.begin();
        assert!(!asked.is_over());
        over.store(true, Relaxed);
        assert!(asked.is_over() && Time::until(None, &over).is_over());
    }
}
