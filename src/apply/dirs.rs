//! Where a thread stands: the directory of the last changes, held open for their neighbours.

use super::open_roots::OpenRoot;
use crate::model::path::TreePath;
use crate::plan::Change;
use crate::sys::SysError;
use crate::sys::features::KernelFeatures;
use crate::sys::held::Held;
use std::time::{Duration, Instant};

/// When and for how long directories are held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grip {
    /// So many changes in a row of one directory are looked up by their whole paths first: holding it takes two calls.
    pub alone: u32,
    /// For so long a directory that was found below its root counts as being there when a change is begun.
    pub moment: Duration,
}

impl Grip {
    /// A change by itself takes some hundredths of that moment, so this is what somebody gains who moves a directory out
    /// of the tree: what is changed in it meanwhile would have been changed had he done so this much later.
    pub(super) const USUAL: Grip = Grip { alone: 4, moment: Duration::from_millis(1) };
}

/// A directory that serves fewer changes than this in its moment isn't worth holding.
const WORTH_IT: u32 = 8;

/// The most changes that are looked up by whole paths where holding wasn't worth it, before it is tried again.
const PATIENCE: u32 = 1 << 10;

/// What a thread knows of the directory that its last changes lay in.
pub(super) struct DirCache<'p> {
    moment: Duration,
    alone: u32,
    last: Option<(u32, &'p TreePath)>,
    /// How many changes in a row lay there and were looked up by their whole paths.
    count: u32,
    held: Option<Standing>,
}

/// A directory, since when it is known to be there, and how many changes it served.
struct Standing {
    directory: Held,
    found: Instant,
    served: u32,
}

impl<'p> DirCache<'p> {
    /// Nowhere yet.
    pub(super) fn new(grip: Grip) -> DirCache<'p> {
        DirCache { moment: grip.moment, alone: grip.alone, last: None, count: 0, held: None }
    }

    /// Finds the entry of a change and holds it: by its whole path, or by its name in the directory of the change
    /// before, where that was seen to lie below the root a moment ago.
    pub(super) fn find(
        &mut self,
        root: &OpenRoot,
        change: &'p Change,
        features: &KernelFeatures,
    ) -> Result<Held, SysError> {
        let is_here = self.last.is_some_and(|(root, last)| root == change.root && last.is_neighbour(&change.path));
        self.last = Some((change.root, &change.path));
        if !is_here {
            (self.count, self.held) = (0, None);
        }
        match self.standing(root, change, features) {
            Some(standing) => {
                standing.served += 1;
                Held::find(&standing.directory, change.path.name(), root.crossing, features)
            }
            None => {
                self.count = self.count.saturating_add(1);
                Held::find(root.fd()?, &change.path.bytes(), root.crossing, features)
            }
        }
    }

    /// Whether a directory is held.
    #[cfg(test)]
    pub(super) fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// The directory of a change, held; `None` where the entry is to be looked up by its whole path, which also says what
    /// is wrong where the directory can't be held.
    fn standing(&mut self, root: &OpenRoot, change: &Change, features: &KernelFeatures) -> Option<&mut Standing> {
        let directory = change.path.directory();
        // What lies right in the root needs no way there.
        if self.count < self.alone || directory.is_root() {
            return None;
        }
        if self.held.as_ref().is_some_and(|standing| standing.found.elapsed() >= self.moment) {
            let served = self.held.take().map_or(0, |standing| standing.served);
            if served < WORTH_IT {
                // Changes take long here: two calls more for each would only make them longer.
                (self.count, self.alone) = (0, self.alone.max(1).saturating_mul(2).min(PATIENCE));
                return None;
            }
        }
        if self.held.is_none() {
            let found = Instant::now();
            let directory = Held::find_directory(root.fd().ok()?, &directory.bytes(), root.crossing, features).ok()?;
            self.held = Some(Standing { directory, found, served: 0 });
        }
        self.held.as_mut()
    }
}
