//! One thread of a survey: what the walk tells, judged.

mod visit;

use super::acls;
use super::assess::{Context, Judged, assess, complies};
use super::live::Outlet;
use super::plain::Plain;
use super::site::{DirectoryAnswers, Site, Walked, path_of};
use crate::findings::part::{Finds, Left, Names, Part};
use crate::findings::{Counts, EntryError, SkippedMount};
use crate::judging::exclude::{DefaultExclude, default_exclude};
use crate::judging::judge::Verdict;
use crate::judging::ruling::Scratch;
use crate::judging::scope::{Paths, Region, Relevance, Scope, Wanted};
use crate::model::entry::Kind;
use crate::model::path::TreePath;
use crate::source::mounts::{Class, Mounts, classify};
use crate::sys::dir::same_mount;
use crate::sys::features::KernelFeatures;
use crate::sys::stat::Look;
use crate::walk::{KindedName, Place};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// So much is left to another before it is handed in.
const LEFT: usize = 64;

/// A thread's part of a survey.
pub(super) struct Surveyor<'p> {
    pub(super) context: Context<'p>,
    pub(super) features: &'p KernelFeatures,
    pub(super) mounts: &'p Mounts,
    pub(super) scratch: Scratch,
    pub(super) paths: Paths,
    all_wanted: Vec<Wanted<'p>>,
    plain: Plain<'p>,
    /// Whether the last name that was asked about is one of those.
    is_plain: bool,
    pub(super) verdicts: Vec<Verdict>,
    /// What was asked of the directory being read.
    asked: Cell<DirectoryAnswers>,
    /// What was found.
    pub finds: Finds,
    /// What was counted.
    pub counts: Counts,
    /// How many entries were counted below each root.
    entries: BTreeMap<u32, u64>,
    /// How many names of the directory being read were counted that its region's roots don't have yet: they get them in
    /// one sum, as looking them up for each name would cost more than judging it.
    listed: u64,
    /// The region that this directory lies in.
    region: Option<&'p Region<'p>>,
    /// Mounts that were not entered.
    pub skipped_mounts: Vec<SkippedMount>,
    /// What could not be read.
    pub errors: Vec<EntryError>,
    /// What was left out for a name that others than root could have given.
    pub doubtful: Vec<String>,
    /// Whether this pass goes through what an earlier one counted.
    is_again: bool,
    /// Whether something vanished in this pass, and may have been moved to where that was already.
    pub has_missed: bool,
    /// Roots that wish ACLs, and mounts that keep none.
    pub(super) without_acls: BTreeSet<(u32, String)>,
    /// What is left to another.
    pub(super) left: Vec<Left>,
    /// Where all of it is handed in.
    outlet: Outlet,
}

/// What came of meeting an entry.
pub(super) enum Met<'p> {
    /// It was judged, or left out.
    Done,
    /// It is a directory to be entered, where this is said.
    Inside(Scope<'p>),
    /// It was moved away just then, and nothing is told of it.
    Moved,
}

impl<'p> Surveyor<'p> {
    /// A thread's part, before it begins, and where it hands in what it finds.
    pub(super) fn new(
        context: Context<'p>,
        features: &'p KernelFeatures,
        mounts: &'p Mounts,
        outlet: Outlet,
    ) -> Surveyor<'p> {
        Surveyor {
            context,
            features,
            mounts,
            scratch: Scratch::default(),
            paths: Paths::default(),
            all_wanted: Vec::new(),
            plain: Plain::default(),
            is_plain: false,
            verdicts: Vec::new(),
            asked: Cell::default(),
            finds: Finds::default(),
            counts: Counts::default(),
            entries: BTreeMap::new(),
            listed: 0,
            region: None,
            skipped_mounts: Vec::new(),
            errors: Vec::new(),
            doubtful: Vec::new(),
            is_again: false,
            has_missed: false,
            without_acls: BTreeSet::new(),
            left: Vec::new(),
            outlet,
        }
    }

    /// Another pass begins. What it finds for the second time is told once; it counts nothing.
    pub(super) fn begin_again(&mut self) {
        self.hand_in();
        (self.is_again, self.has_missed) = (true, false);
    }

    /// Hands in what was found since the last time: the next call may never come back.
    pub(super) fn hand_in(&mut self) {
        let listed = std::mem::take(&mut self.listed);
        if let Some(region) = self.region.filter(|_| listed > 0) {
            self.add_below(region, listed);
        }
        let (counts, entries) = (std::mem::take(&mut self.counts), std::mem::take(&mut self.entries));
        let mut news = Part {
            finds: std::mem::take(&mut self.finds),
            counts: if self.is_again { Counts::default() } else { counts },
            entries: if self.is_again { BTreeMap::new() } else { entries },
            skipped_mounts: std::mem::take(&mut self.skipped_mounts),
            errors: std::mem::take(&mut self.errors),
            doubtful: std::mem::take(&mut self.doubtful),
            without_acls: self.without_acls.clone(),
            left: std::mem::take(&mut self.left),
        };
        self.outlet.take(&mut news);
    }

    /// All that was found.
    pub(super) fn into_part(mut self) -> Part {
        self.hand_in();
        std::mem::take(&mut *self.outlet.part())
    }

    /// Judges an entry met in a scope, and gives the scope inside where it is a directory worth entering.
    pub(super) fn meet(&mut self, scope: &Scope<'p>, site: &dyn Site, look: &Look) -> Met<'p> {
        let mut all_wanted = std::mem::take(&mut self.all_wanted);
        let met = match self.hear(scope, site, look, &mut all_wanted) {
            Relevance::Excluded => {
                self.counts.excluded += 1;
                Met::Done
            }
            Relevance::Unwanted | Relevance::Wanted => match self.judge(scope.region, site, look, &all_wanted) {
                Judged::Moved => Met::Moved,
                Judged::Clean | Judged::Told => {
                    let verdicts = std::mem::take(&mut self.verdicts);
                    let inside = self.inside(scope, site.name(), look, &all_wanted, &verdicts);
                    self.verdicts = verdicts;
                    inside.map_or(Met::Done, Met::Inside)
                }
            },
        };
        self.all_wanted = all_wanted;
        met
    }

    /// Whether nothing could be found of a name in a directory, nor in it: a policy of a few paths must not walk the world.
    pub(super) fn is_unwanted(&mut self, here: &Scope<'p>, name: &[u8], kind: Kind) -> bool {
        match kind {
            Kind::Dir => here.is_over_in(name, &mut self.scratch),
            _ => !here.wants_kind(kind),
        }
    }

    /// Hears what is wanted of a name in a directory whose paths were set.
    pub(super) fn hear_name(
        &mut self,
        scope: &Scope<'p>,
        name: &[u8],
        kind: Kind,
        all_wanted: &mut Vec<Wanted<'p>>,
    ) -> Relevance {
        scope.hear(&self.paths, name, kind, &mut self.scratch, all_wanted)
    }

    /// Hears what is wanted of an entry that was looked at.
    pub(super) fn hear(
        &mut self,
        scope: &Scope<'p>,
        site: &dyn Site,
        look: &Look,
        all_wanted: &mut Vec<Wanted<'p>>,
    ) -> Relevance {
        let entry = &look.entry;
        let heard = self.hear_name(scope, site.name(), entry.kind, all_wanted);
        if entry.kind != Kind::Dir {
            return heard;
        }
        let is_made = || site.is_made(look, &scope.entry, self.mounts);
        match default_exclude(site.name(), entry, &scope.entry, is_made) {
            DefaultExclude::No => {}
            DefaultExclude::Yes => scope.drop_default_excludes(all_wanted, |_| ()),
            DefaultExclude::Doubtful => scope.drop_default_excludes(all_wanted, |view| {
                let below = site.path(scope.region, view);
                let view = &scope.region.views[view];
                self.doubtful.push(doubtful(&view.bound.instance.root().join(OsStr::from_bytes(&below.bytes()))));
            }),
        }
        let heard = if all_wanted.is_empty() { Relevance::Excluded } else { heard };
        self.leave_out_mounts(scope, site, look, all_wanted);
        for wanted in all_wanted.iter_mut() {
            *wanted = wanted.heeding_privacy(entry);
        }
        heard
    }

    /// What is said inside a directory of which that was judged.
    pub(super) fn inside(
        &mut self,
        scope: &Scope<'p>,
        name: &[u8],
        look: &Look,
        all_wanted: &[Wanted<'p>],
        verdicts: &[Verdict],
    ) -> Option<Scope<'p>> {
        let is_directory = look.entry.kind == Kind::Dir;
        is_directory.then(|| scope.inside(&self.paths, name, look, all_wanted, verdicts, &mut self.scratch)).flatten()
    }

    /// Judges an entry by the opinions given.
    pub(super) fn judge(
        &mut self,
        region: &Region<'p>,
        site: &dyn Site,
        look: &Look,
        all_wanted: &[Wanted<'p>],
    ) -> Judged {
        let judged = match acls::are_wanted(all_wanted, look.entry.kind) {
            true => self.judge_acls(region, site, look, all_wanted),
            false => assess(region, all_wanted, look, site, &self.context, &mut self.finds, &mut self.verdicts),
        };
        // It counts when it is told of.
        if judged != Judged::Moved {
            self.count(region);
        }
        if judged == Judged::Told {
            self.hand_in();
        }
        judged
    }

    /// Counts an entry of a region.
    pub(super) fn count(&mut self, region: &Region<'p>) {
        self.counts.entries += 1;
        self.add_below(region, 1);
    }

    /// Counts a name of the directory that is being read.
    fn count_listed(&mut self) {
        self.counts.entries += 1;
        self.listed += 1;
    }

    /// Adds to what was counted below the roots of a region.
    fn add_below(&mut self, region: &Region<'p>, count: u64) {
        region.views.iter().for_each(|view| *self.entries.entry(view.bound.index).or_default() += count);
    }

    /// Hears what is wanted of a name of the directory that is being read; of a plain one only where that isn't known.
    fn hear_listed(&mut self, here: &Scope<'p>, name: &[u8], kind: Kind) -> Relevance {
        self.is_plain = here.is_plain(name, kind);
        if !self.is_plain {
            return here.hear(&self.paths, name, kind, &mut self.scratch, &mut self.all_wanted);
        }
        if kind == Kind::Dir {
            // No pattern excludes it; what is wanted of it is heard when it is looked at.
            return Relevance::Wanted;
        }
        if let Some(heard) = self.plain.heard(kind) {
            return heard;
        }
        let heard = here.hear(&self.paths, name, kind, &mut self.scratch, &mut self.plain.all_wanted);
        self.plain.learn(kind, heard);
        heard
    }

    /// Judges an entry of the directory that is being read by what was heard of it, or of its kind.
    fn judge_listed(&mut self, at: Place<'_, Scope<'p>>, look: &Look, all_wanted: &[Wanted<'p>]) -> Judged {
        let asked = Cell::new(self.asked.take());
        let site = Walked { place: at, own: None, asked: &asked, features: self.features };
        let judged = self.judge(at.here().region, &site, look, all_wanted);
        self.asked.set(asked.get());
        judged
    }

    /// Sets the paths of the directory that the next names lie in.
    pub(super) fn set_directory(&mut self, scope: &Scope<'p>, path: impl FnOnce() -> Vec<u8>) {
        if scope.needs_path() {
            self.paths.set(scope, &path());
        }
    }

    /// Sets the path of the directory that a tree from above the region passes through.
    pub(super) fn set_passenger_directory(&mut self, view: usize, path: &[u8]) {
        self.paths = Paths::default();
        self.paths.set_view(view, path);
    }

    fn leave_out_mounts(&mut self, scope: &Scope<'p>, site: &dyn Site, look: &Look, all_wanted: &mut Vec<Wanted<'p>>) {
        if same_mount(&scope.entry, &look.entry) {
            return;
        }
        let local = self.is_local(look.entry.mount);
        all_wanted.retain(|wanted| {
            let view = &scope.region.views[wanted.view];
            let enters = view.bound.instance.mounts().enters(local);
            if !enters {
                let path = site.path(scope.region, wanted.view);
                self.skipped_mounts.push(SkippedMount { root: view.bound.index, path });
            }
            enters
        });
    }

    /// What is said inside a directory on the way to what is meant, which is judged by another.
    pub(super) fn pass_through(&mut self, scope: &Scope<'p>, site: &dyn Site, look: &Look) -> Option<Scope<'p>> {
        let (mut all_wanted, mut verdicts) = (Vec::new(), Vec::new());
        if self.hear(scope, site, look, &mut all_wanted) == Relevance::Excluded {
            return None;
        }
        complies(scope.region, &all_wanted, &look.entry, site.name(), &self.context, &mut verdicts);
        self.inside(scope, site.name(), look, &all_wanted, &verdicts)
    }

    /// Leaves to another what lies at a path from the region's root, or these names of the directory there.
    pub(super) fn leave_to_another(&mut self, scope: &Scope<'p>, path: &[u8], names: Option<Vec<KindedName>>) {
        let path = if path.is_empty() { b"." } else { path };
        let names = names.map(|names| Names::of(&names));
        self.left.push(Left { root: Arc::clone(&scope.region.root), path: TreePath::from(path), names });
        if self.left.len() >= LEFT {
            self.hand_in();
        }
    }

    fn is_local(&self, mount: u64) -> bool {
        self.mounts.by_id(mount).is_some_and(|mount| classify(&mount.fs) == Class::Local)
    }

    fn error(&mut self, at: Place<'_, Scope<'p>>, error: impl FnOnce(u32, TreePath) -> EntryError) {
        let scope = at.here();
        let Some(active) = scope.actives.first() else { return };
        let view = &scope.region.views[active.view];
        self.errors.push(error(view.bound.index, path_of(at, active.view)));
    }
}

fn doubtful(path: &Path) -> String {
    format!(
        "{}: nothing in it was looked at: it has the name of a snapshot folder, which anybody who can write the directory \
         it lies in could have given it; make that directory root's alone, or set `default-excludes = false`",
        path.display()
    )
}
