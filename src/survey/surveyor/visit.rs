//! What a surveyor answers a walk: which names it cares for, and what it makes of what is told.

use super::{Met, Surveyor};
use crate::findings::{EntryError, SkippedMount};
use crate::judging::scope::{Relevance, Scope};
use crate::model::entry::Kind;
use crate::survey::site::{Walked, keeper_at, path_of};
use crate::survey::way::parent_of;
use crate::sys::SysError;
use crate::sys::dir::OnMount;
use crate::sys::stat::{Glance, Look};
use crate::walk::{Crossing, Enough, KindedName, Next, Place, Standing, Unit, Unread, Visitor, Want};
use std::cell::Cell;
use std::ffi::CStr;
use std::os::fd::BorrowedFd;

impl<'p> Visitor for Surveyor<'p> {
    type Here = Scope<'p>;

    fn begin(&mut self, at: Place<'_, Scope<'p>>) {
        self.asked = Cell::default();
        self.plain.forget();
        self.hand_in();
        self.region = Some(at.here().region);
        self.set_directory(at.here(), || at.path());
    }

    fn want(&mut self, here: &Scope<'p>, name: &CStr, kind: Kind) -> Want {
        let name = name.to_bytes();
        let nested = &here.region.nested;
        if kind == Kind::Dir && !nested.is_empty() && nested.contains(&joined(&self.paths.region, name)) {
            return Want::Skip;
        }
        if self.is_unwanted(here, name, kind) {
            self.count_listed();
            return Want::Skip;
        }
        match self.hear_listed(here, name, kind) {
            Relevance::Excluded => {
                self.counts.excluded += 1;
                Want::Skip
            }
            _ if kind == Kind::Dir => Want::Enter,
            Relevance::Unwanted => {
                self.count_listed();
                Want::Skip
            }
            Relevance::Wanted if self.is_plain && self.plain.is_worth_a_glance(here.entry.mount) => Want::Glance,
            Relevance::Wanted => Want::Look,
        }
    }

    fn glance(&mut self, glance: &Glance) -> Enough {
        if !self.plain.is_clean_at_a_glance(glance) {
            return Enough::No;
        }
        self.count_listed();
        Enough::Yes
    }

    fn entry(&mut self, at: Place<'_, Scope<'p>>, look: &Look) -> Standing {
        // What the policies want of it was heard when its name was read, a moment ago.
        if !self.is_plain {
            let all_wanted = std::mem::take(&mut self.all_wanted);
            let judged = self.judge_listed(at, look, &all_wanted);
            self.all_wanted = all_wanted;
            judged.standing()
        } else if self.plain.is_clean(&look.entry) {
            self.count_listed();
            Standing::Told
        } else {
            let all_wanted = std::mem::take(&mut self.plain.all_wanted);
            let judged = self.judge_listed(at, look, &all_wanted);
            self.plain.all_wanted = all_wanted;
            self.plain.judged(&look.entry, judged);
            judged.standing()
        }
    }

    fn directory(&mut self, at: Place<'_, Scope<'p>>, look: &Look, own: Option<BorrowedFd<'_>>) -> Next<Scope<'p>> {
        self.set_directory(at.here(), || parent_of(at.path()));
        match self.meet(at.here(), &Walked { place: at, own, asked: &Cell::default(), features: self.features }, look) {
            Met::Inside(scope) if scope.is_over() => Next::Leave,
            Met::Inside(scope) => Next::Enter(scope),
            Met::Done => Next::Leave,
            Met::Moved => Next::Moved,
        }
    }

    fn pass(&mut self, at: Place<'_, Scope<'p>>, look: &Look, own: BorrowedFd<'_>) -> Next<Scope<'p>> {
        self.set_directory(at.here(), || parent_of(at.path()));
        let site = Walked { place: at, own: Some(own), asked: &Cell::default(), features: self.features };
        self.pass_through(at.here(), &site, look).map_or(Next::Leave, Next::Enter)
    }

    fn left(&mut self, at: Place<'_, Scope<'p>>, names: Option<Vec<KindedName>>) {
        self.leave_to_another(at.here(), &at.path(), names);
    }

    fn left_unit(&mut self, here: &Scope<'p>, unit: Unit) {
        self.leave_to_another(here, &unit.path, unit.names);
    }

    fn mount(&mut self, at: Place<'_, Scope<'p>>, mount: OnMount) -> Crossing {
        let local = !mount.automount && self.is_local(mount.id);
        let scope = at.here();
        let mounts = |view: usize| scope.region.views[view].bound.instance.mounts();
        if scope.actives.iter().any(|active| mounts(active.view).enters(local)) {
            return Crossing::Enter;
        }
        self.shut(at);
        Crossing::Stay
    }

    fn shut(&mut self, at: Place<'_, Scope<'p>>) {
        let scope = at.here();
        for active in &scope.actives {
            let view = &scope.region.views[active.view];
            self.skipped_mounts.push(SkippedMount { root: view.bound.index, path: path_of(at, active.view) });
        }
    }

    fn vanished(&mut self, _: Place<'_, Scope<'p>>) {
        self.counts.vanished += 1;
        self.has_missed = true;
    }

    fn error(&mut self, at: Place<'_, Scope<'p>>, error: SysError) {
        let owner = keeper_at(at, &error);
        self.error(at, |root, path| EntryError { owner, ..EntryError::of(Some(root), path, error) });
    }

    fn unread(&mut self, at: Place<'_, Scope<'p>>, why: Unread) {
        self.error(at, |root, path| EntryError::told(Some(root), path, why.to_string()));
    }

    fn end(&mut self) {
        // Several threads sort what one alone would have to; what is left is to put theirs together.
        self.hand_in();
        self.outlet.part().finds.reports.sort_unstable_by(|a, b| a.root.cmp(&b.root).then_with(|| a.path.cmp(&b.path)));
    }
}

fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}
