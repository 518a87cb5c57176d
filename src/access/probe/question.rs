//! Questions about directories, in the order in which they must be answered: a directory before what lies in it.

use crate::sys::stat::Look;
use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SendError, SyncSender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A directory of the probe: one above a root, the root, or one below it.
///
/// It has a name and not a path: trees of 20,000 levels with long names would otherwise take all memory.
pub(crate) struct Directory {
    /// The directory it lies in; `None` for `/`.
    parent: Option<Arc<Directory>>,
    site: Site,
    /// Its name; of a directory above a root the absolute path.
    name: Box<[u8]>,
    /// What was seen of it.
    pub look: Look,
    /// What the answers came to; set once all have answered.
    pub settled: OnceLock<Settled>,
    /// For each of those asked, whether they can reach its entries; each sets their own once they were asked.
    reached: Box<[AtomicBool]>,
}

/// Where a directory lies, seen from its name.
#[derive(Clone, Copy)]
enum Site {
    Above,
    /// The root's index, and how deep below it.
    Below(u32, u32),
}

impl Directory {
    /// A directory above a root, by its absolute path, which so many people are asked about.
    pub(crate) fn above(parent: Option<Arc<Directory>>, path: &[u8], look: Look, asked: usize) -> Arc<Directory> {
        Directory::new(parent, Site::Above, path, look, asked)
    }

    /// The root of this index.
    pub(crate) fn root(parent: Option<Arc<Directory>>, index: u32, look: Look, asked: usize) -> Arc<Directory> {
        Directory::new(parent, Site::Below(index, 0), b".", look, asked)
    }

    /// A directory of this name in this one.
    pub(crate) fn below(self: &Arc<Directory>, name: &[u8], look: Look) -> Arc<Directory> {
        let site = match self.site {
            Site::Above => Site::Above,
            Site::Below(root, depth) => Site::Below(root, depth.saturating_add(1)),
        };
        Directory::new(Some(Arc::clone(self)), site, name, look, self.reached.len())
    }

    fn new(parent: Option<Arc<Directory>>, site: Site, name: &[u8], look: Look, asked: usize) -> Arc<Directory> {
        let reached = (0..asked).map(|_| AtomicBool::new(false)).collect();
        Arc::new(Directory { parent, site, name: name.into(), look, settled: OnceLock::new(), reached })
    }

    /// The directory it lies in; `None` for `/`.
    pub(crate) fn parent(&self) -> Option<&Arc<Directory>> {
        self.parent.as_ref()
    }

    /// How many directories lie between the root and it, itself counted; 0 for the root.
    pub(crate) fn depth(&self) -> u32 {
        match self.site {
            Site::Above => 0,
            Site::Below(_, depth) => depth,
        }
    }

    /// The root that it lies at or below.
    pub(crate) fn root_index(&self) -> Option<u32> {
        match self.site {
            Site::Above => None,
            Site::Below(root, _) => Some(root),
        }
    }

    /// Its path from the root; that of a directory above a root is absolute.
    pub(crate) fn path(&self) -> Box<[u8]> {
        let (mut names, mut next) = (vec![&*self.name], self.parent());
        while names.len() < self.depth() as usize
            && let Some(above) = next
        {
            names.push(&above.name);
            next = above.parent();
        }
        names.reverse();
        names.join(&b'/').into()
    }

    /// Where it lies.
    pub(crate) fn place(&self) -> ProbePlace {
        match self.root_index() {
            None => ProbePlace::Above(self.path()),
            Some(root) => ProbePlace::Below { root, path: self.path() },
        }
    }

    /// Whether one of those asked can reach it; to be asked by themselves.
    pub(crate) fn is_open_to(&self, who: usize) -> bool {
        self.parent.as_ref().is_none_or(|above| above.lets_through(who))
    }

    /// Whether one of those asked can reach its entries, as they said.
    pub(crate) fn lets_through(&self, who: usize) -> bool {
        self.reached.get(who).is_some_and(|reached| reached.load(Ordering::Relaxed))
    }

    /// Notes whether one of those asked can reach its entries.
    pub(crate) fn note(&self, who: usize, passes: bool) {
        if let Some(reached) = self.reached.get(who) {
            reached.store(passes && self.is_open_to(who), Ordering::Relaxed);
        }
    }
}

impl Drop for Directory {
    // One above the other and not one within the other: a stack isn't as deep as a tree can be.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(mut above) = next.and_then(Arc::into_inner) {
            next = above.parent.take();
        }
    }
}

/// Where a directory lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ProbePlace {
    /// Above a root, by its absolute path.
    Above(Box<[u8]>),
    /// In the tree of this root, by its path from there; `.` is the root itself.
    Below {
        /// The index of the root.
        root: u32,
        /// The path from it.
        path: Box<[u8]>,
    },
}

/// What is known of a directory once everybody was asked about it.
pub(crate) struct Settled {
    /// For each of those asked, the directory that they can't pass on the way to its entries, if there is one.
    pub stopped: Arc<[Option<ProbeStop>]>,
    /// The row that it belongs to; none for a directory above a root.
    pub row: usize,
}

/// A directory that somebody can't pass.
#[derive(Clone)]
pub(crate) struct ProbeStop {
    /// Its place and state when it was asked about.
    pub place: ProbePlace,
    /// What was seen of it.
    pub look: Look,
    /// What the kernel says there.
    pub errno: rustix::io::Errno,
}

/// One question, asked as everybody.
pub(super) struct Question {
    /// The directory.
    pub directory: Arc<Directory>,
    /// It itself: asked about, or where names are looked up.
    pub held: OwnedFd,
    /// What is asked.
    pub subject: About,
}

/// What is asked about a directory.
pub(super) enum About {
    /// Whether it can be passed through.
    Passing,
    /// All that can be done in it.
    Itself,
    /// The regular files of these names in it, each with its NUL.
    Files(Names),
}

/// Names one after another, each with its NUL.
#[derive(Default)]
pub(super) struct Names(Vec<u8>);

impl Names {
    /// Adds a name.
    pub(super) fn push(&mut self, name: &CStr) {
        self.0.extend_from_slice(name.to_bytes_with_nul());
    }

    /// How many bytes they take.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &CStr> {
        self.0.split_inclusive(|&byte| byte == 0).filter_map(|name| CStr::from_bytes_with_nul(name).ok())
    }
}

/// Questions that are asked together.
pub(super) type Batch = Arc<Vec<Question>>;

/// Where the walk's threads hand their questions in; everybody is asked all of them, in one order.
pub(super) struct Desk {
    pending: Mutex<Pending>,
    /// How many questions, and so descriptors, a batch has at most.
    most: usize,
}

struct Pending {
    questions: Vec<Question>,
    name_bytes: usize,
    everybody: Vec<SyncSender<Batch>>,
}

/// How many bytes the names of a batch take at most, more or less.
const NAME_BYTES: usize = 64 << 10;

impl Desk {
    /// A desk for those who answer at the other ends.
    pub(super) fn new(everybody: Vec<SyncSender<Batch>>, most: usize) -> Desk {
        let pending = Pending { questions: Vec::new(), name_bytes: 0, everybody };
        Desk { pending: Mutex::new(pending), most: most.max(1) }
    }

    /// Hands a question in; waits where the answers don't keep up.
    pub(super) fn hand_in(&self, question: Question) {
        // Nothing panics while holding it.
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if let About::Files(names) = &question.subject {
            pending.name_bytes += names.len();
        }
        pending.questions.push(question);
        if pending.questions.len() >= self.most || pending.name_bytes >= NAME_BYTES {
            pending.send();
        }
    }

    /// Sends what is left, and lets everybody know that it was the last.
    pub(super) fn close(self) {
        let mut pending = self.pending.into_inner().unwrap_or_else(PoisonError::into_inner);
        pending.send();
    }
}

impl Pending {
    fn send(&mut self) {
        let questions = std::mem::take(&mut self.questions);
        self.name_bytes = 0;
        if questions.is_empty() {
            return;
        }
        let batch = Arc::new(questions);
        for one in &self.everybody {
            // Who doesn't listen any more has failed, and says so at the end.
            if let Err(SendError(_)) = one.send(Arc::clone(&batch)) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_out_as_they_went_in() {
        let mut names = Names::default();
        assert!(names.is_empty() && names.iter().next().is_none());
        let all = [c"a", c"two words", c"\xff\n", c"z"];
        all.iter().for_each(|name| names.push(name));
        assert_eq!(names.iter().collect::<Vec<_>>(), all);
        assert_eq!(names.len(), all.iter().map(|name| name.count_bytes() + 1).sum::<usize>());
    }
}
