//! Walks that start far below where they are opened: the ways there are shared, and each directory on them is held by
//! descriptor and checked as one that is walked.
//!
//! ```text
//!     units a/b, a/c/d, a/c (some names of it)
//!     start ─way─▶ a ─child─▶ b           judged and read
//!                    ─way──▶ c ─child─▶ d
//!                              ─names─▶ those of c
//! ```

use super::crossing::is_shut;
use super::dir::Dir;
use super::place::Place;
use super::reading::Reading;
use super::scheduler::Job;
use super::units::{Below, KindedName, component};
use super::unread::Unread;
use super::visitor::{Next, Visitor};
use super::worker::{Unopened, Worker};
use rustix::io::Errno;
use std::ffi::CString;
use std::os::fd::AsFd;
use std::sync::Arc;

/// So many names are judged before it is seen whether the time is over.
const AT_ONCE: usize = 256;

impl<V: Visitor> Worker<'_, V> {
    /// Queues what is to be done in a directory that was reached, of these units.
    pub(super) fn follow(&mut self, dir: &Arc<Dir<V::Here>>, below: Below) {
        let Below { units, range, at } = below;
        let mut jobs = Vec::new();
        let mut next = range.start;
        while next < range.end {
            let first = next;
            let (name, is_whole) = component(&units[first], at);
            if name.is_empty() {
                next += 1;
                jobs.push(Job::Names(dir.clone(), units.clone(), first));
                continue;
            }
            while next < range.end && component(&units[next], at).0 == name {
                next += 1;
            }
            // No name holds a NUL: that was seen when the units were read.
            let Ok(name) = CString::new(name) else { continue };
            if is_whole {
                jobs.push(Job::Child(dir.clone(), name, None));
            } else {
                let at = at + name.as_bytes().len() + 1;
                jobs.push(Job::Way(dir.clone(), name, Below { units: units.clone(), range: first..next, at }));
            }
        }
        self.pool.keep(dir);
        self.enlist_all(jobs);
    }

    /// Goes on to a directory on the way, which is judged by whoever was given it.
    pub(super) fn go_on(&mut self, parent: &Arc<Dir<V::Here>>, name: CString, below: Below) {
        let above = match self.pool.descriptor(parent) {
            Ok(fd) => fd,
            Err(error) => return self.visitor.error(Place::lost(parent, &name), error),
        };
        let at = Place::of(parent, above.as_fd(), &name);
        let (fd, look) = match self.try_open(parent, at) {
            Ok(Some(opened)) => opened,
            // The visitor doesn't want to go there any more.
            Ok(None) => return,
            Err(Unopened::Here(error) | Unopened::Across(error)) => {
                match error.errno {
                    Errno::NOENT | Errno::STALE => below.range.for_each(|_| self.visitor.vanished(at)),
                    Errno::NOTDIR | Errno::LOOP => self.visitor.unread(at, Unread::Exchanged),
                    _ if is_shut(&mut self.visitor, parent, at, error) => {}
                    _ => self.visitor.error(at, error),
                }
                return;
            }
        };
        if let Next::Enter(here) = self.visitor.pass(at, &look, fd.as_fd()) {
            let known = (self.options.mounts, self.options.visits);
            let dir = Arc::new(Dir::below(parent.clone(), name, Arc::new(fd), look, here, known));
            self.follow(&dir, below);
        }
    }

    /// Does what is to be done about some names of a directory, which aren't listed again.
    pub(super) fn read_names(&mut self, dir: Arc<Dir<V::Here>>, names: &[KindedName]) {
        let fd = match self.pool.descriptor(&dir) {
            Ok(fd) => fd,
            Err(error) => return self.visitor.error(Place::itself(&dir, None), error),
        };
        self.visitor.begin(Place::itself(&dir, Some(fd.as_fd())));
        self.options.counters.enter(|| Place::itself(&dir, None).path());
        self.told.clear(&self.scheduler.remembered);
        let mut rest = names;
        let mut reading = Reading::new(
            &mut self.visitor,
            &dir,
            &fd,
            (&mut self.told, &mut self.found),
            (self.scheduler, self.options.visits),
        );
        while let Some((some, after)) =
            rest.split_at_checked(AT_ONCE.min(rest.len())).filter(|(some, _)| !some.is_empty())
        {
            for (name, kind) in some {
                reading.named(name, None, *kind);
            }
            rest = after;
            if self.scheduler.is_over() || self.options.time.is_over() {
                break;
            }
        }
        self.options.counters.add(self.seat, reading.names());
        if !rest.is_empty() && !self.scheduler.is_over() && !self.options.time.drops() {
            self.visitor.left(Place::itself(&dir, None), Some(rest.to_vec()));
        }
        self.pool.keep(&dir);
        self.enlist_found(&dir);
    }

    /// Leaves a job to another, now that the time is over.
    pub(super) fn leave(&mut self, job: Job<V::Here>) {
        match job {
            // They were judged already, or are looked for again.
            Job::Start(..) | Job::Again(..) => self.run(job),
            _ if self.options.time.drops() => {}
            Job::Child(parent, name, _) => self.visitor.left(Place::lost(&parent, &name), None),
            Job::Way(parent, _, Below { units, range, .. }) => {
                units[range].iter().for_each(|unit| self.visitor.left_unit(&parent.here, unit.clone()));
            }
            Job::Names(dir, units, at) => {
                self.visitor.left(Place::itself(&dir, None), units[at].names.clone());
            }
            Job::More(dir, next, told) => self.leave_rest(&dir, next, told),
        }
    }
}
