//! Where a counted tree has ACLs, of which modes tell nothing.

use super::census::Count;
use crate::model::entry::AclKinds;

/// How many entries have which ACL.
#[derive(Clone, Default, Debug)]
pub(crate) struct AclCounts {
    /// An access ACL that says more than the mode.
    pub access: Count,
    /// A default ACL, which what is made in the directory gets.
    pub default: Count,
    /// Some are of NFSv4's sort.
    pub by_nfs4: bool,
    /// So many entries could not be asked.
    pub unasked: u64,
}

impl AclCounts {
    /// Counts an entry; `None` is one that could not be asked.
    pub(crate) fn count(&mut self, asked: Option<AclKinds>, path: impl Fn() -> Vec<u8>) {
        let Some(kinds) = asked else {
            self.unasked += 1;
            return;
        };
        self.by_nfs4 |= kinds.by_nfs4;
        for (has, count) in [(kinds.access, &mut self.access), (kinds.default, &mut self.default)] {
            if has {
                count.entries += 1;
                count.remember(path());
            }
        }
    }

    /// Adds what another thread counted.
    pub(crate) fn add(&mut self, other: AclCounts) {
        self.access.add(other.access);
        self.default.add(other.default);
        self.by_nfs4 |= other.by_nfs4;
        self.unasked += other.unasked;
    }
}
