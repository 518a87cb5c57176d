//! Looking for what the patterns of an `[[expect]]` take in a tree, as a rule's `match` and `scope` would.

use crate::judging::exclude::{DefaultExclude, default_exclude};
use crate::model::bits::BitSet;
use crate::model::entry::{Entry, Kind};
use crate::model::pattern::matching::{Buffers, Matching, Touch};
use crate::model::pattern::{Name, Word};
use crate::policy::compile::instance::Instance;
use crate::policy::model::{RuleScope, Search};
use crate::source::mounts::{Class, Mounts, classify, current_mount};
use crate::source::system::is_system_made;
use crate::source::walk::{self, Counters, Crossing, Next, Place, Standing, Start, Visitor, Visits, Want};
use crate::sys::SysError;
use crate::sys::dir::OnMount;
use crate::sys::root::{Links, open_root};
use crate::sys::stat::{Look, look};
use crate::sys::thread::run_confined;
use std::ffi::CStr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;

/// What is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Sought<'a> {
    /// The patterns.
    pub search: &'a Search,
    /// Whether directories are meant, or else all that is read and written.
    pub directories: bool,
}

/// What was found: its path from the root, and what it was looked for by, by index.
pub(crate) struct Found {
    /// The path; `.` is the root.
    pub path: Vec<u8>,
    /// Which of those that were sought take it.
    pub by: Vec<usize>,
}

/// How many finds are handed on together.
const BATCH: usize = 1024;

/// How a search runs.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    /// Run on the thread that walks, before it touches a directory.
    pub setup: &'a (dyn Fn() -> Result<(), SysError> + Sync),
    /// Ends it soon after it is set.
    pub stop: &'a AtomicBool,
    /// How many descriptors it may hold.
    pub descriptors: usize,
}

/// Walks the tree of an instance, and hands on all that is found there, in batches; gives what couldn't be read, by path
/// from the root.
pub(crate) fn search(
    instance: &Instance,
    sought: &[Sought<'_>],
    run: Run<'_>,
    hand_on: SyncSender<Vec<Found>>,
) -> Result<Vec<(Vec<u8>, SysError)>, SysError> {
    let exclude: Vec<_> = instance.rules.trees().flat_map(|tree| tree.exclude.iter().cloned()).collect();
    let lists: Vec<_> =
        std::iter::once(&*exclude).chain(sought.iter().map(|sought| &*sought.search.patterns)).collect();
    // They were tried out when the policy was read.
    let Ok(matching) = Matching::new(&lists) else { return Ok(Vec::new()) };
    let mounts = Mounts::read().unwrap_or_default();
    let open = || open_root(instance.root(), Links::Refuse).and_then(|dir| Ok((look(&dir)?, dir)));
    let (look, dir) = match run_confined(run.setup, open)? {
        Ok(seen) => seen,
        Err(error) => return Ok(vec![(b".".to_vec(), error)]),
    };
    let (found, errors) = (Vec::new(), Vec::new());
    let mut searcher = Searcher {
        instance,
        sought,
        mounts: &mounts,
        hand_on,
        found,
        errors,
        scratch: Buffers::default(),
        directory: Vec::new(),
        matching: &matching,
    };
    let here = searcher.at_root(&look.entry);
    let (counters, visits) = (Counters::new(1), Visits::default());
    let options = walk::Options {
        setup: run.setup,
        stop: run.stop,
        counters: &counters,
        descriptors: run.descriptors,
        mounts: &mounts,
        visits: &visits,
    };
    let start = Start { dir, look, here, prefix: Vec::new() };
    let searchers = walk::walk(vec![start], vec![searcher], options)?;
    Ok(searchers.into_iter().flat_map(Searcher::finish).collect())
}

/// What holds in a directory.
struct Here {
    /// Which of those that are sought take all that lies here.
    on: BitSet,
    /// Where names that stand here may be in the patterns.
    live: BitSet,
    entry: Entry,
}

struct Searcher<'a> {
    instance: &'a Instance,
    sought: &'a [Sought<'a>],
    matching: &'a Matching,
    mounts: &'a Mounts,
    hand_on: SyncSender<Vec<Found>>,
    found: Vec<Found>,
    errors: Vec<(Vec<u8>, SysError)>,
    scratch: Buffers,
    /// The path of the directory that is being read; empty for the root.
    directory: Vec<u8>,
}

impl Searcher<'_> {
    /// Matchers are counted from 1: the first is of what is excluded.
    fn at_root(&mut self, entry: &Entry) -> Arc<Here> {
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
        self.find(&applying, Kind::Dir, || b".".to_vec());
        Arc::new(Here { on, live, entry: entry.clone() })
    }

    /// What takes a name, and what takes all below it; `None` where it is excluded.
    fn hear(&mut self, here: &Here, directory: &[u8], name: &[u8], kind: Kind) -> Option<(BitSet, BitSet)> {
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

    fn find(&mut self, applying: &BitSet, kind: Kind, path: impl FnOnce() -> Vec<u8>) {
        let is_meant = |sought: &Sought<'_>| match kind {
            Kind::Dir => sought.directories,
            Kind::Symlink => false,
            _ => !sought.directories,
        };
        let by = self.sought.iter().enumerate();
        let by: Vec<_> =
            by.filter(|(at, sought)| applying.contains(at + 1) && is_meant(sought)).map(|(at, _)| at).collect();
        if !by.is_empty() {
            self.found.push(Found { path: path(), by });
            if self.found.len() >= BATCH {
                self.send();
            }
        }
    }

    fn send(&mut self) {
        // Whoever listens no more was interrupted.
        let _ = self.hand_on.send(std::mem::take(&mut self.found));
    }

    fn finish(mut self) -> Vec<(Vec<u8>, SysError)> {
        self.send();
        self.errors
    }
}

/// The path of a name in a directory.
fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}

impl Visitor for Searcher<'_> {
    type Here = Arc<Here>;

    fn begin(&mut self, at: Place<'_, Arc<Here>>) {
        self.directory = at.path();
        if self.directory == b"." {
            self.directory.clear();
        }
    }

    fn want(&mut self, _: &Arc<Here>, _: &CStr, kind: Kind) -> Want {
        match kind {
            Kind::Dir => Want::Enter,
            _ if self.sought.iter().all(|sought| sought.directories) => Want::Skip,
            _ => Want::Look,
        }
    }

    fn entry(&mut self, at: Place<'_, Arc<Here>>, look: &Look) -> Standing {
        let (name, kind) = (at.name().to_bytes(), look.entry.kind);
        let directory = std::mem::take(&mut self.directory);
        if let Some((applying, _)) = self.hear(at.here(), &directory, name, kind) {
            self.find(&applying, kind, || joined(&directory, name));
        }
        self.directory = directory;
        Standing::Told
    }

    fn directory(&mut self, at: Place<'_, Arc<Here>>, look: &Look, _: Option<BorrowedFd<'_>>) -> Next<Arc<Here>> {
        let (name, path, above) = (at.name().to_bytes(), at.path(), &at.here().entry);
        let is_made = || at.parent().is_some_and(|(fd, _)| is_system_made(fd, name, look, above, current_mount));
        // What others could have named so is asked about like all else.
        let is_left_out = || default_exclude(name, &look.entry, above, is_made) == DefaultExclude::Yes;
        if self.instance.has_default_excludes() && is_left_out() {
            return Next::Leave;
        }
        let directory = path.strip_suffix(name).map_or(&b""[..], |above| above.strip_suffix(b"/").unwrap_or(above));
        let Some((applying, on)) = self.hear(at.here(), directory, name, Kind::Dir) else { return Next::Leave };
        let mut live = BitSet::new(0);
        self.matching.descend(&at.here().live, name, &mut live);
        self.find(&applying, Kind::Dir, || path.clone());
        Next::Enter(Arc::new(Here { on, live, entry: look.entry.clone() }))
    }

    fn mount(&mut self, _: Place<'_, Arc<Here>>, mount: OnMount) -> Crossing {
        let is_local = self.mounts.by_id(mount.id).is_some_and(|mount| classify(&mount.fs) == Class::Local);
        // The survey names it.
        if self.instance.mounts().enters(!mount.automount && is_local) { Crossing::Enter } else { Crossing::Stay }
    }

    fn shut(&mut self, _: Place<'_, Arc<Here>>) {}

    // What is gone, nobody can do anything with.
    fn vanished(&mut self, _: Place<'_, Arc<Here>>) {}

    fn error(&mut self, at: Place<'_, Arc<Here>>, error: SysError) {
        self.errors.push((at.path(), error));
    }
}
