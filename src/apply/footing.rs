//! Where a thread stands: the directory of the last changes, held open for their neighbours.

use super::ground::OpenRoot;
use crate::path::TreePath;
use crate::plan::Change;
use crate::sys::SysError;
use crate::sys::held::Held;
use crate::sys::ladder::Ladder;
use std::time::{Duration, Instant};

/// For so long a directory that was found below its root counts as being there.
///
/// A change of its own takes some hundredths of that, so this is what somebody gains who moves a directory out of the
/// tree: what is changed in it meanwhile would have been changed had he done so this much later.
pub(super) const MOMENT: Duration = Duration::from_millis(1);

/// So many changes in one directory are looked up by their whole paths before it is held: it costs two calls.
const ALONE: u32 = 2;

/// What a thread knows of the directory that its last changes lay in.
pub(super) struct Footing<'p> {
    moment: Duration,
    last: Option<(u32, &'p TreePath)>,
    /// How many changes in a row lay in it.
    count: u32,
    held: Option<(Held, Instant)>,
}

impl<'p> Footing<'p> {
    /// Nowhere yet; a directory that was found counts as being there for that long.
    pub(super) fn new(moment: Duration) -> Footing<'p> {
        Footing { moment, last: None, count: 0, held: None }
    }

    /// Finds the entry of a change and holds it: by its whole path, or by its name in the directory of the change
    /// before, where that was seen to lie below the root a moment ago.
    pub(super) fn find(&mut self, root: &OpenRoot, change: &'p Change, ladder: &Ladder) -> Result<Held, SysError> {
        let is_here = self.last.is_some_and(|(root, last)| root == change.root && last.is_neighbour(&change.path));
        if !is_here {
            (self.count, self.held) = (0, None);
        }
        (self.count, self.last) = (self.count.saturating_add(1), Some((change.root, &change.path)));
        let directory = change.path.directory();
        if self.count <= ALONE || directory.is_empty() {
            return Held::find(&root.fd, &change.path.bytes(), root.crossing, ladder);
        }
        let held = match self.held.take().filter(|(_, found)| found.elapsed() < self.moment) {
            Some(held) => held,
            None => {
                let found = Instant::now();
                (Held::find_directory(&root.fd, directory, root.crossing, ladder)?, found)
            }
        };
        let (directory, _) = self.held.insert(held);
        Held::find(&*directory, change.path.name(), root.crossing, ladder)
    }
}
