//! Users and groups as one thread asks about them: the ids of the entry before cost no lookup.

use crate::model::accounts::Accounts;
use std::cell::Cell;

/// Accounts that remember the last user and the last group they were asked about.
///
/// Neighbours in a tree mostly have one owner and one group, so that most of a million questions are one comparison.
pub(crate) struct Memo<'a> {
    accounts: &'a (dyn Accounts + Sync),
    uid: Cell<Option<(u32, bool)>>,
    gid: Cell<Option<(u32, bool)>>,
}

impl<'a> Memo<'a> {
    /// Remembers what these accounts say.
    pub(crate) fn of(accounts: &'a (dyn Accounts + Sync)) -> Memo<'a> {
        Memo { accounts, uid: Cell::new(None), gid: Cell::new(None) }
    }
}

impl Accounts for Memo<'_> {
    fn knows_uid(&self, uid: u32) -> bool {
        last(&self.uid, uid, || self.accounts.knows_uid(uid))
    }

    fn knows_gid(&self, gid: u32) -> bool {
        last(&self.gid, gid, || self.accounts.knows_gid(gid))
    }

    fn is_member(&self, uid: u32, gid: u32) -> bool {
        self.accounts.is_member(uid, gid)
    }

    fn primary_gid(&self, uid: u32) -> Option<u32> {
        self.accounts.primary_gid(uid)
    }

    fn uid_of(&self, name: &[u8]) -> Option<u32> {
        self.accounts.uid_of(name)
    }

    fn is_private_group(&self, gid: u32) -> bool {
        self.accounts.is_private_group(gid)
    }
}

fn last(cell: &Cell<Option<(u32, bool)>>, id: u32, ask: impl FnOnce() -> bool) -> bool {
    match cell.get() {
        Some((last, known)) if last == id => known,
        _ => {
            let known = ask();
            cell.set(Some((id, known)));
            known
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Knows even ids, and counts the questions.
    #[derive(Default)]
    struct Even(AtomicU32);

    impl Accounts for Even {
        fn knows_uid(&self, uid: u32) -> bool {
            self.0.fetch_add(1, Ordering::Relaxed);
            uid.is_multiple_of(2)
        }

        fn knows_gid(&self, gid: u32) -> bool {
            self.knows_uid(gid)
        }

        fn is_member(&self, _uid: u32, _gid: u32) -> bool {
            false
        }

        fn primary_gid(&self, _uid: u32) -> Option<u32> {
            None
        }

        fn uid_of(&self, _name: &[u8]) -> Option<u32> {
            None
        }
    }

    #[test]
    fn asks_again_only_about_another_id() {
        let even = Even::default();
        let memo = Memo::of(&even);
        let answers = [2, 2, 3, 3, 2].map(|id| memo.knows_uid(id));
        assert_eq!((answers, even.0.load(Ordering::Relaxed)), ([true, true, false, false, true], 3));
        // Users and groups have nothing to do with each other.
        assert!(memo.knows_gid(2) && memo.knows_gid(2));
        assert_eq!(even.0.load(Ordering::Relaxed), 4);
    }
}
