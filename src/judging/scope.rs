//! What all policies that cover a directory say of what lies in it.

use crate::compile::instance::Instance;
use crate::judging::bound::View;
use crate::judging::here::Here;
use crate::judging::judge::Verdict;
use crate::judging::ruling::{Ruling, Scratch};
use crate::model::entry::{Entry, Kind};
use crate::model::intent::{Around, GroupTerm, Intent, PrivateDirs, Wish, is_setgid_directory};
use crate::model::path::SharedDirectory;
use crate::sys::stat::Look;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// A root and what lies below it, down to the next root: walked once, judged by every policy that covers it.
pub(crate) struct Region<'p> {
    /// The absolute path of its root.
    pub root: Arc<Path>,
    /// The trees it is judged by.
    pub views: Vec<View<'p>>,
    /// The next roots below it, relative to its own; what lies there belongs to regions of their own.
    pub nested: HashSet<Vec<u8>>,
}

/// What is known of a directory for judging what lies in it.
#[derive(Clone)]
pub(crate) struct Scope<'p> {
    /// Its region.
    pub region: &'p Region<'p>,
    /// The directory itself, as it was seen.
    pub entry: Entry,
    /// What each tree that judges here says.
    pub actives: Vec<Active>,
}

/// One tree inside one directory.
#[derive(Clone)]
pub(crate) struct Active {
    /// Its view, by index in the region.
    pub view: usize,
    /// What its rules say here.
    pub here: Here,
    /// The directory's path from the tree's root, for what is found in it.
    pub path: SharedDirectory,
    /// The group that the directory is to have.
    pub parent: Option<u32>,
    /// The group of the nearest setgid directory from here up, else that of the root.
    pub setgid: Option<u32>,
    /// Whether the directory is, or lies in, a share of another group's.
    pub in_share: bool,
}

/// What one tree wants of one entry.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'p> {
    /// The tree's view, by index in the region.
    pub view: usize,
    /// What it wants; empty where it wants nothing.
    pub intent: Intent<'p>,
    /// What `@parent` stands for.
    pub parent: Option<u32>,
    /// What `@setgid` stands for above the entry.
    pub setgid: Option<u32>,
    /// Whether it lies in a share of another group's.
    pub in_share: bool,
}

/// Whether anybody cares for a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Relevance {
    /// Every tree excludes it.
    Excluded,
    /// Nobody wants anything of it.
    Unwanted,
    /// Somebody wants something.
    Wanted,
}

/// The path of one directory, as the region and as each of its trees has it.
#[derive(Default)]
pub(crate) struct Paths {
    /// From the region's root; empty for the root itself.
    pub region: Vec<u8>,
    views: Vec<Vec<u8>>,
}

impl Paths {
    /// Sets the path that a tree is told, where it has another way there than the region has.
    pub(crate) fn set_view(&mut self, view: usize, path: &[u8]) {
        self.views.resize_with(self.views.len().max(view + 1), Vec::new);
        self.views[view] = path.to_vec();
    }

    /// Sets the path; only trees that ask for it get one.
    pub(crate) fn set(&mut self, scope: &Scope<'_>, region: &[u8]) {
        self.region.clear();
        self.region.extend_from_slice(if region == b"." { b"" } else { region });
        self.views.resize_with(scope.region.views.len(), Vec::new);
        for active in scope.actives.iter().filter(|active| active.here.needs_path()) {
            self.views[active.view] = scope.region.views[active.view].path(&self.region);
        }
    }

    fn of(&self, view: usize) -> &[u8] {
        self.views.get(view).map_or(b"", Vec::as_slice)
    }
}

impl<'p> Scope<'p> {
    /// The path of the directory, as one of its trees has it.
    pub(crate) fn path(&self, view: usize) -> Option<&SharedDirectory> {
        self.actives.iter().find(|active| active.view == view).map(|active| &active.path)
    }

    /// Whether [`Paths`] have to be set for names in this directory.
    pub(crate) fn needs_path(&self) -> bool {
        !self.region.nested.is_empty() || self.actives.iter().any(|active| active.here.needs_path())
    }

    /// Whether anybody could want anything of an entry of this kind.
    pub(crate) fn wants_kind(&self, kind: Kind) -> bool {
        let hunts = |active: &Active| self.region.views[active.view].bound.options.levels.hunts(kind);
        self.actives.iter().any(|active| active.here.wants_kind(kind) || hunts(active))
    }

    /// Whether nothing could be found here, however deep: it needn't be read.
    pub(crate) fn is_over(&self) -> bool {
        self.is_sparse() && self.actives.iter().all(|active| active.here.is_over(self.instance(active)))
    }

    /// The same inside the directory `name` in this one, and of that itself: it needn't be opened.
    pub(crate) fn is_over_in(&self, name: &[u8], scratch: &mut Scratch) -> bool {
        let is_over = |active: &Active| active.here.is_over_in(self.instance(active), name, scratch);
        self.is_sparse() && self.actives.iter().all(is_over)
    }

    /// Whether nothing is looked for but by patterns.
    fn is_sparse(&self) -> bool {
        let hunts = |active: &Active| self.region.views[active.view].bound.options.levels.hunts(Kind::Dir);
        self.actives.iter().all(|active| active.here.is_sparse() && !hunts(active))
    }

    fn instance(&self, active: &Active) -> &'p Instance {
        self.region.views[active.view].bound.instance
    }

    /// Whether no tree's patterns could tell this name from most others of its kind here.
    pub(crate) fn is_plain(&self, name: &[u8], kind: Kind) -> bool {
        self.actives.iter().all(|active| !active.here.may_touch(self.instance(active), name, kind))
    }

    /// Collects what each tree wants of a name, those that exclude it left out.
    pub(crate) fn hear(
        &self,
        paths: &Paths,
        name: &[u8],
        kind: Kind,
        scratch: &mut Scratch,
        all_wanted: &mut Vec<Wanted<'p>>,
    ) -> Relevance {
        all_wanted.clear();
        let mut heard = Relevance::Excluded;
        for active in &self.actives {
            let bound = self.region.views[active.view].bound;
            let (instance, directory) = (bound.instance, paths.of(active.view));
            let intent = match active.here.ruling(instance, directory, name, kind, scratch) {
                Ruling::Excluded => continue,
                Ruling::Unwanted => Intent::default(),
                Ruling::Wanted(intent) => intent,
            };
            let wanted = match intent.is_empty() {
                false => Relevance::Wanted,
                true if !bound.options.levels.hunts(kind) => Relevance::Unwanted,
                // Of a kind that nothing is wanted of, the ruling doesn't tell.
                true if active.here.excludes(instance, directory, name, kind, scratch) => continue,
                true => Relevance::Wanted,
            };
            if heard != Relevance::Wanted {
                heard = wanted;
            }
            let Active { view, parent, setgid, in_share, .. } = *active;
            all_wanted.push(Wanted { view, intent, parent, setgid, in_share });
        }
        heard
    }

    /// Leaves out the trees that have default excludes, and tells the view of each.
    pub(crate) fn drop_default_excludes(&self, all_wanted: &mut Vec<Wanted<'p>>, mut tell: impl FnMut(usize)) {
        all_wanted.retain(|wanted| {
            let view = &self.region.views[wanted.view];
            let is_left_out = view.bound.instance.has_default_excludes();
            if is_left_out {
                tell(wanted.view);
            }
            !is_left_out
        });
    }

    /// What the trees that want something of a directory in this one say inside it; the verdicts on it are told by
    /// the same index. `None` where none of them judges anything there.
    pub(crate) fn inside(
        &self,
        paths: &Paths,
        name: &[u8],
        look: &Look,
        all_wanted: &[Wanted<'p>],
        verdicts: &[Verdict],
        scratch: &mut Scratch,
    ) -> Option<Scope<'p>> {
        let mut actives = Vec::with_capacity(all_wanted.len());
        for (wanted, verdict) in all_wanted.iter().zip(verdicts) {
            let Some(active) = self.actives.iter().find(|active| active.view == wanted.view) else { continue };
            if is_left_private(&wanted.intent, &look.entry) {
                continue;
            }
            let instance = self.region.views[active.view].bound.instance;
            let here = active.here.enter(instance, paths.of(active.view), name, scratch);
            let setgid = if is_setgid_directory(&look.entry) { Some(look.entry.state.gid) } else { active.setgid };
            actives.push(Active {
                view: active.view,
                here,
                path: SharedDirectory::default(),
                parent: Some(verdict.ideal.gid),
                setgid,
                in_share: active.in_share || verdict.is_share,
            });
        }
        let scope = Scope { region: self.region, entry: look.entry.clone(), actives };
        (!scope.actives.is_empty()).then_some(scope)
    }
}

impl<'p> Scope<'p> {
    /// The same of a directory of which nothing is known but its path: what a policy says inside by what the directory
    /// is, it doesn't say.
    #[must_use]
    pub(crate) fn of_unknown(mut self, all_wanted: &[Wanted<'p>]) -> Scope<'p> {
        let nobodys = self.entry.state.gid;
        self.actives.retain_mut(|active| {
            let Some(wanted) = all_wanted.iter().find(|wanted| wanted.view == active.view) else { return false };
            active.setgid = None;
            // Of several groups it may have any.
            let is_told = |wish: &Wish<&[GroupTerm]>| matches!(wish.value, [term] if *term != GroupTerm::Setgid);
            let is_told = wanted.intent.group.as_ref().is_some_and(is_told);
            active.parent = active.parent.filter(|gid| is_told && *gid != nobodys);
            wanted.intent.private_dirs == PrivateDirs::Judge
        });
        self
    }
}

/// Whether a directory is one that its owner keeps private and the policy leaves to him: only its group is judged.
fn is_left_private(intent: &Intent<'_>, entry: &Entry) -> bool {
    intent.private_dirs == PrivateDirs::Allow && entry.kind == Kind::Dir && entry.state.mode.is_private()
}

impl<'p> Wanted<'p> {
    /// What is wanted of an entry that is a private directory which the policy leaves to its owner.
    pub(crate) fn heeding_privacy(self, entry: &Entry) -> Wanted<'p> {
        if !is_left_private(&self.intent, entry) {
            return self;
        }
        let Intent { group, hard_links, consent, private_dirs, .. } = self.intent;
        Wanted { intent: Intent { group, hard_links, consent, private_dirs, ..Intent::default() }, ..self }
    }

    /// What lies around an entry of this name.
    pub(crate) fn around<'a>(&self, view: &View<'_>, name: &'a [u8]) -> Around<'a> {
        Around { root: view.bound.root_gid, parent: self.parent, setgid: self.setgid, in_share: self.in_share, name }
    }
}
