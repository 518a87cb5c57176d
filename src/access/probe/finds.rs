//! What a search finds, asked about as each of several people: a directory once, for all that lies in it.
//!
//! Each find is asked about by the descriptor that it was found by, and of what lies above it its directory's answer
//! stands for all: asking costs the number of finds, however deep they lie.

use super::inquiry::{Asker, Blind, Reply, Why};
use super::way::{EntryTold, Spot, ask_entry};
use super::why::{WayPlace, why_here};
use crate::model::operation::Operations;
use crate::survey::search::{Branch, Found};
use crate::sys::SysError;
use crate::sys::access::{Answer, Right};
use crate::sys::impersonation::Impersonating;
use crate::sys::thread::run_apart;
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// For each of those who ask, what keeps them from what lies in a directory, if something does.
pub(crate) type Barred = Arc<[Option<Arc<Barrier>>]>;

/// What keeps somebody from all that lies in a directory.
pub(crate) enum Barrier {
    /// They can't pass this, it or another above it.
    Stopped(WayPlace, Errno),
    /// Whether they can pass couldn't be found out.
    Failed(SysError),
}

/// What somebody can do with each of some finds, in their order: `None` of what they aren't asked about, and of what is
/// gone. As far as the run wasn't interrupted.
pub(crate) type FindReplies = Vec<Option<Result<Reply, Blind>>>;

/// Asks about finds as each of these, and notes what bars them from what lies there; `wanted` says who is asked what.
///
/// The error comes with who it is that no thread could become.
pub(crate) fn ask_finds(
    finds: &[Found<Barred>],
    askers: &[&Asker],
    wanted: impl Fn(&Found<Barred>, usize) -> Option<Operations> + Sync,
    stop: &AtomicBool,
) -> Result<Vec<FindReplies>, (usize, SysError)> {
    let (mut replies, mut barred) = (Vec::with_capacity(askers.len()), Vec::with_capacity(askers.len()));
    for (who, &asker) in askers.iter().enumerate() {
        let answered = run_apart(|| -> Result<(FindReplies, Vec<_>), SysError> {
            let acting = asker.impersonation.impersonate(asker.umask)?;
            let mut asking = Asking { who, asker, acting: &acting, bars: HashMap::new() };
            let going_on = finds.iter().take_while(|_| !stop.load(Ordering::Relaxed));
            Ok(going_on.map(|find| asking.ask(find, wanted(find, who))).unzip())
        });
        let (replied, bars) = answered.and_then(|answered| answered).map_err(|error| (who, error))?;
        replies.push(replied);
        barred.push(bars);
    }
    for (at, find) in finds.iter().enumerate().filter(|(_, find)| find.leaf.is_none()) {
        let of_each: Option<Vec<_>> = barred.iter().map(|bars| bars.get(at).cloned()).collect();
        // Each directory is found once; where the run is interrupted, nothing is asked any more.
        let _ = of_each.map(|of_each| find.directory.known.set(shared(find, of_each)));
    }
    Ok(replies)
}

/// What bars people from a directory's entries; that of the one above where nothing else does.
fn shared(find: &Found<Barred>, own: Vec<Option<Arc<Barrier>>>) -> Barred {
    let is_same = |(a, b): (&Option<Arc<Barrier>>, &Option<Arc<Barrier>>)| match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    };
    match find.parent().and_then(|parent| parent.known.get()) {
        Some(above) if above.iter().zip(&own).all(is_same) => Arc::clone(above),
        _ => own.into(),
    }
}

/// One of those who ask.
struct Asking<'a> {
    who: usize,
    asker: &'a Asker,
    acting: &'a Impersonating,
    /// What bars them from the entries of directories among these finds.
    bars: HashMap<*const Branch<Barred>, Option<Arc<Barrier>>>,
}

impl Asking<'_> {
    /// Asks about one, and says what bars them from what lies in it.
    fn ask(
        &mut self,
        find: &Found<Barred>,
        wanted: Option<Operations>,
    ) -> (Option<Result<Reply, Blind>>, Option<Arc<Barrier>>) {
        let (reply, bar) = match self.bar_above(find) {
            Some(bar) => (wanted.map(|wanted| barred_reply(find, &bar, wanted)), Some(bar)),
            None => self.ask_here(find, wanted),
        };
        if find.leaf.is_none() {
            self.bars.insert(Arc::as_ptr(&find.directory), bar.clone());
        }
        (reply, bar)
    }

    fn bar_above(&self, find: &Found<Barred>) -> Option<Arc<Barrier>> {
        let parent = find.parent()?;
        if let Some(bar) = self.bars.get(&Arc::as_ptr(parent)) {
            return bar.clone();
        }
        match parent.known.get().and_then(|known| known.get(self.who)) {
            Some(bar) => bar.clone(),
            // It wasn't asked about: nothing is known of what lies there.
            None => Some(Arc::new(Barrier::Failed(SysError { call: "faccessat2", errno: Errno::INTR }))),
        }
    }

    fn ask_here(
        &self,
        find: &Found<Barred>,
        wanted: Option<Operations>,
    ) -> (Option<Result<Reply, Blind>>, Option<Arc<Barrier>>) {
        let end = Spot { path: find.path().clone(), look: find.look(), held: &find.held };
        let stopped = |errno| Arc::new(Barrier::Stopped(WayPlace::of(&end), errno));
        let failed = |error| Some(Arc::new(Barrier::Failed(error)));
        let Some(wanted) = wanted else {
            return match self.acting.may(end.held, Right::Execute) {
                Ok(Answer::Yes) => (None, None),
                Ok(Answer::No(errno)) => (None, Some(stopped(errno))),
                Err(error) => (None, failed(error)),
            };
        };
        match self.told(find, &end, wanted) {
            Ok((reply, told)) => (Some(Ok(reply)), told.closed.map(stopped)),
            // Removed since, and not moved: it is held.
            Err(error) if error.is_absence() => (None, None),
            Err(error) => (Some(Err(Blind::Failed(error))), failed(error)),
        }
    }

    fn told(&self, find: &Found<Barred>, end: &Spot<'_>, wanted: Operations) -> Result<(Reply, EntryTold), SysError> {
        let above = &find.directory;
        let parent = |held| Spot { path: above.path.clone(), look: &above.look, held };
        let parent = find.leaf.as_ref().map(|leaf| parent(&leaf.parent));
        let told = ask_entry(self.acting, self.asker.uid, end, parent.as_ref())?;
        let lacking = wanted.iter().filter(|&act| !told.acts.has(act));
        let lacks = lacking.map(|act| Ok((act, why_here(end, parent.as_ref(), told, act, self.acting)?)));
        let lacks = lacks.collect::<Result<_, SysError>>()?;
        Ok((Reply { kind: Some(end.look.entry.kind), absent: None, acts: told.acts, lacks }, told))
    }
}

/// What somebody is told who can't get there.
fn barred_reply(find: &Found<Barred>, bar: &Barrier, wanted: Operations) -> Result<Reply, Blind> {
    match bar {
        Barrier::Stopped(place, errno) => {
            let lacks = wanted.iter().map(|act| (act, Why::Stopped(place.clone(), *errno))).collect();
            Ok(Reply { kind: Some(find.look().entry.kind), absent: None, acts: Operations::NONE, lacks })
        }
        Barrier::Failed(error) => Err(Blind::Failed(*error)),
    }
}
