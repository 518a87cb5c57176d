//! Looking for what the patterns of an `[[expect]]` take in a tree, as a rule's `match` and `scope` would.

use crate::compile::instance::Instance;
use crate::judging::exclude::{DefaultExclude, default_exclude};
use crate::judging::selection::Selection;
use crate::model::bits::BitSet;
use crate::model::entry::Kind;
use crate::model::path::TreePath;
use crate::pattern::matching::{Buffers, Live, Matching, Touch};
use crate::pattern::{Name, Word};
use crate::policy::model::{RuleScope, Search};
use crate::source::mounts::{Class, Mounts, classify, current_mount};
use crate::source::system::is_system_made;
use crate::sys::SysError;
use crate::sys::dir::{OnMount, Reach, duplicate, find_beneath, hold_at};
use crate::sys::root::{HeldEntry, Links, hold_way, open_root};
use crate::sys::stat::{Look, look};
use crate::sys::thread::run_confined;
use crate::walk::{self, Counters, Crossing, Next, Place, Standing, Start, Visitor, Visits, Want};
use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;

mod found;

pub(crate) use found::{Branch, Found, Leaf};

/// What is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Sought<'a> {
    /// The patterns.
    pub search: &'a Search,
    /// Whether directories are meant, or else all that is read and written.
    pub directories: bool,
}

/// How a search runs.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    /// Run on the thread that walks, before it touches a directory.
    pub setup: &'a (dyn Fn() -> Result<(), SysError> + Sync),
    /// Ends it soon after it is set.
    pub stop: &'a AtomicBool,
    /// How many descriptors the walk may hold.
    pub descriptors: usize,
    /// How many finds are handed on together at most; each holds up to two descriptors.
    pub batch: usize,
    /// What is looked for lies here.
    pub selection: &'a Selection,
}

/// Walks the tree of an instance, and hands on in batches all directories on the way to it and in it, each before what
/// lies in it, and what is found there; gives what couldn't be read.
pub(crate) fn search<K: Send + Sync>(
    instance: &Instance,
    sought: &[Sought<'_>],
    run: Run<'_>,
    hand_on: SyncSender<Vec<Found<K>>>,
) -> Result<Vec<(TreePath, SysError)>, SysError> {
    let exclude: Vec<_> = instance.rules.trees().flat_map(|tree| tree.exclude.iter().cloned()).collect();
    let lists: Vec<_> =
        std::iter::once(&*exclude).chain(sought.iter().map(|sought| &*sought.search.patterns)).collect();
    // They were tried out when the policy was read.
    let Ok(matching) = Matching::new(&lists) else { return Ok(Vec::new()) };
    let mounts = Mounts::read().unwrap_or_default();
    let open = || {
        let dir = open_root(instance.root(), Links::Refuse)?;
        Ok((hold_way(instance.root())?, look(&dir)?, duplicate(&dir)?, dir))
    };
    let (way, look, held, dir) = match run_confined(run.setup, open)? {
        Ok(opened) => opened,
        Err(error) => return Ok(vec![(b"."[..].into(), error)]),
    };
    let mut searcher = Searcher {
        instance,
        sought,
        run,
        mounts: &mounts,
        hand_on,
        found: Vec::new(),
        errors: Vec::new(),
        scratch: Buffers::default(),
        reading: Reading::default(),
        matching: &matching,
    };
    let here = searcher.at_root(way, look.clone(), held);
    let (counters, visits) = (Counters::new(1), Visits::default());
    let options = walk::Options {
        setup: run.setup,
        stop: run.stop,
        counters: &counters,
        descriptors: run.descriptors,
        mounts: &mounts,
        visits: &visits,
        time: &walk::Time::default(),
    };
    let start = Start { dir, look, here, prefix: Vec::new(), units: None };
    let searchers = walk::walk(vec![start], vec![searcher], options)?;
    Ok(searchers.into_iter().flat_map(Searcher::finish).collect())
}

/// What holds in a directory.
struct Here<K> {
    /// Which of those that are sought take all that lies here.
    on: BitSet,
    /// Where names that stand here may be in the patterns.
    live: Live,
    /// Whether all that lies here is selected.
    is_selected: bool,
    directory: Arc<Branch<K>>,
}

/// The directory that is being read.
#[derive(Default)]
struct Reading {
    /// Its path; empty for the root, and where no pattern has to know it.
    path: Vec<u8>,
    /// It itself, once something in it was found.
    held: Option<Arc<OwnedFd>>,
}

struct Searcher<'a, K> {
    instance: &'a Instance,
    sought: &'a [Sought<'a>],
    run: Run<'a>,
    matching: &'a Matching,
    mounts: &'a Mounts,
    hand_on: SyncSender<Vec<Found<K>>>,
    found: Vec<Found<K>>,
    errors: Vec<(TreePath, SysError)>,
    scratch: Buffers,
    reading: Reading,
}

impl<K> Searcher<'_, K> {
    /// Matchers are counted from 1: the first is of what is excluded.
    fn at_root(&mut self, mut way: Vec<HeldEntry>, look: Look, held: OwnedFd) -> Arc<Here<K>> {
        let (mut applying, mut on) = (BitSet::new(self.sought.len() + 1), BitSet::new(self.sought.len() + 1));
        let mut live = self.matching.start();
        for number in (1..=self.sought.len()).filter(|&number| self.matching.names_root(number)) {
            let scope = self.sought[number - 1].search.scope;
            if scope != RuleScope::Below {
                applying.insert(number);
            }
            if scope != RuleScope::Own {
                on.insert(number);
                self.matching.settle(&mut live, number);
            }
        }
        // The last is the root, which is held as it will be read.
        way.pop();
        let mut above = None;
        for (path, held, look) in way {
            let branch = Branch::top(above.take(), &path, look);
            self.hand(Found { directory: Arc::clone(&branch), leaf: None, held: Arc::new(held), by: Vec::new() });
            above = Some(branch);
        }
        let (root, is_selected) = (self.instance.root(), self.run.selection.selects(self.instance.root()));
        let directory = Branch::top(above, root, look);
        let by = if is_selected { self.meant(&applying, Kind::Dir) } else { Vec::new() };
        self.hand(Found { directory: Arc::clone(&directory), leaf: None, held: Arc::new(held), by });
        Arc::new(Here { on, live, is_selected, directory })
    }

    /// What takes a name, and what takes all below it; `None` where it is excluded.
    fn hear(&mut self, here: &Here<K>, directory: &[u8], name: &[u8], kind: Kind) -> Option<(BitSet, BitSet)> {
        let name = Name { directory, name, is_directory: kind == Kind::Dir };
        self.matching.touch(&here.live, name, &mut self.scratch);
        let (mut applying, mut on) = (here.on.clone(), here.on.clone());
        for &Touch { matcher, word } in &self.scratch.touches {
            if matcher == 0 {
                match word {
                    Word::On => return None,
                    Word::Off => continue,
                }
            }
            let scope = self.sought[matcher - 1].search.scope;
            match word {
                Word::Off => {
                    applying.remove(matcher);
                    on.remove(matcher);
                }
                Word::On => {
                    if scope != RuleScope::Below {
                        applying.insert(matcher);
                    }
                    if scope != RuleScope::Own {
                        on.insert(matcher);
                    }
                }
            }
        }
        Some((applying, on))
    }

    /// Those that are sought and take an entry of this kind.
    fn meant(&self, applying: &BitSet, kind: Kind) -> Vec<usize> {
        let is_meant = |sought: &Sought<'_>| match kind {
            Kind::Dir => sought.directories,
            Kind::Symlink => false,
            _ => !sought.directories,
        };
        let by = self.sought.iter().enumerate();
        by.filter(|(at, sought)| applying.contains(at + 1) && is_meant(sought)).map(|(at, _)| at).collect()
    }

    fn hand(&mut self, found: Found<K>) {
        self.found.push(found);
        if self.found.len() >= self.run.batch.max(1) {
            self.send();
        }
    }

    fn send(&mut self) {
        // Whoever listens no more was interrupted.
        let _ = self.hand_on.send(std::mem::take(&mut self.found));
    }

    fn finish(mut self) -> Vec<(TreePath, SysError)> {
        self.send();
        self.errors
    }

    /// Holds an entry that was looked at; `None` where its name leads to another by now.
    fn hold(&mut self, at: Place<'_, Arc<Here<K>>>, look: &Look) -> Result<Option<[Arc<OwnedFd>; 2]>, SysError> {
        let Some((above, name)) = at.parent() else { return Ok(None) };
        let held = match hold_at(above, name) {
            Err(error) if error.is_gone() => return Ok(None),
            other => other?,
        };
        if crate::sys::stat::look(&held)?.entry.id != look.entry.id {
            return Ok(None);
        }
        let directory = match &self.reading.held {
            Some(directory) => Arc::clone(directory),
            None => Arc::clone(self.reading.held.insert(Arc::new(duplicate(above)?))),
        };
        Ok(Some([directory, Arc::new(held)]))
    }

    /// The path of the directory that an entry lies in, where some pattern has to know it; empty for the root.
    fn path_for(&self, at: Place<'_, Arc<Here<K>>>) -> Vec<u8> {
        if !self.matching.needs_path(&at.here().live) {
            return Vec::new();
        }
        let path = at.here().directory.path.tree_path();
        if path.is_root() { Vec::new() } else { path.bytes().into_owned() }
    }
}

impl<K: Send + Sync> Visitor for Searcher<'_, K> {
    type Here = Arc<Here<K>>;

    fn begin(&mut self, at: Place<'_, Arc<Here<K>>>) {
        self.reading = Reading { path: self.path_for(at), held: None };
    }

    fn want(&mut self, _: &Arc<Here<K>>, _: &CStr, kind: Kind) -> Want {
        match kind {
            Kind::Dir => Want::Enter,
            _ if self.sought.iter().all(|sought| sought.directories) => Want::Skip,
            _ => Want::Look,
        }
    }

    fn entry(&mut self, at: Place<'_, Arc<Here<K>>>, look: &Look) -> Standing {
        let (here, name, kind) = (at.here(), at.name().to_bytes(), look.entry.kind);
        let path = std::mem::take(&mut self.reading.path);
        let heard = self.hear(here, &path, name, kind);
        self.reading.path = path;
        let by = heard.map(|(applying, _)| self.meant(&applying, kind)).unwrap_or_default();
        if by.is_empty() {
            return Standing::Told;
        }
        let near = here.directory.near(name);
        if !(here.is_selected || self.run.selection.selects(&near)) {
            return Standing::Told;
        }
        match self.hold(at, look) {
            Ok(Some([parent, held])) => {
                let leaf = Leaf::new(here.directory.path_of(name), near, look.clone(), parent);
                let directory = Arc::clone(&here.directory);
                self.hand(Found { directory, leaf: Some(leaf), held, by });
                Standing::Told
            }
            Ok(None) => Standing::Moved,
            Err(error) => {
                self.error(at, error);
                Standing::Told
            }
        }
    }

    fn directory(
        &mut self,
        at: Place<'_, Arc<Here<K>>>,
        look: &Look,
        own: Option<BorrowedFd<'_>>,
    ) -> Next<Arc<Here<K>>> {
        let (here, name) = (at.here(), at.name().to_bytes());
        let above = &here.directory.look.entry;
        let is_made = || at.parent().is_some_and(|(fd, _)| is_system_made(fd, name, look, above, current_mount));
        // What others could have named so is asked about like all else.
        let is_left_out = || default_exclude(name, &look.entry, above, is_made) == DefaultExclude::Yes;
        if self.instance.has_default_excludes() && is_left_out() {
            return Next::Leave;
        }
        let near = here.directory.near(name);
        let is_selected = here.is_selected || self.run.selection.selects(&near);
        if !is_selected && !self.run.selection.touches(&near) {
            return Next::Leave;
        }
        let path = self.path_for(at);
        let Some((applying, on)) = self.hear(here, &path, name, Kind::Dir) else { return Next::Leave };
        let mut live = Live::default();
        self.matching.descend(&here.live, name, &mut live);
        let held = match (own, at.parent()) {
            (Some(own), _) => duplicate(own),
            // What can't be opened for reading is asked about all the same.
            (None, Some((above, name))) => find_beneath(above, name.to_bytes(), Reach::Mount),
            (None, None) => return Next::Moved,
        };
        let held = match held {
            Ok(held) => Arc::new(held),
            Err(error) if error.is_gone() => return Next::Moved,
            Err(error) => {
                self.error(at, error);
                return Next::Leave;
            }
        };
        let by = if is_selected { self.meant(&applying, Kind::Dir) } else { Vec::new() };
        let directory = here.directory.child(name, near, look.clone());
        self.hand(Found { directory: Arc::clone(&directory), leaf: None, held, by });
        Next::Enter(Arc::new(Here { on, live, is_selected, directory }))
    }

    fn mount(&mut self, _: Place<'_, Arc<Here<K>>>, mount: OnMount) -> Crossing {
        let is_local = self.mounts.by_id(mount.id).is_some_and(|mount| classify(&mount.fs) == Class::Local);
        // The survey names it.
        if self.instance.mounts().enters(!mount.automount && is_local) { Crossing::Enter } else { Crossing::Stay }
    }

    fn shut(&mut self, _: Place<'_, Arc<Here<K>>>) {}

    // What is gone, nobody can do anything with.
    fn vanished(&mut self, _: Place<'_, Arc<Here<K>>>) {}

    fn error(&mut self, at: Place<'_, Arc<Here<K>>>, error: SysError) {
        let directory = &at.here().directory;
        let path = if at.is_itself() { directory.path.clone() } else { directory.path_of(at.name().to_bytes()) };
        self.errors.push((path.tree_path().clone(), error));
    }
}
