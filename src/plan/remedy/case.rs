//! The story of one answer: what an act takes of each entry on the way, and who decides that there.

use crate::model::accounts::Account;
use crate::model::acl::Listed;
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use crate::model::operation::Operation;
use crate::model::rights::{Decision, Rights, decide};

/// What keeps an entry from being changed, whoever asks (chattr(1), mount(8)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fixture {
    /// Nothing.
    None,
    /// It can only be appended to.
    AppendOnly,
    /// It can't be changed at all.
    Immutable,
    /// It lies on a read-only mount.
    ReadOnly,
}

/// An entry on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stop {
    /// What kind of entry it is.
    pub kind: Kind,
    /// Its state.
    pub state: State,
    /// Its ACL.
    pub listed: Listed,
    /// What keeps it from being changed.
    pub fixture: Fixture,
}

/// What an act takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Demand {
    /// These rights to the entry at this place of the way, all at once.
    Rights(usize, Rights),
    /// That the sticky bit of the directory there keeps nobody: it isn't set, or they own it, or, at the other place, the
    /// entry that is to go.
    Unstuck(usize, Option<usize>),
    /// That the entry there is neither immutable nor on a read-only mount.
    Mutable(usize),
    /// The same, and that it is not append-only.
    Free(usize),
}

impl Demand {
    /// The place of the way that it is about.
    pub(crate) fn place(self) -> usize {
        match self {
            Demand::Rights(place, _) | Demand::Unstuck(place, _) | Demand::Mutable(place) | Demand::Free(place) => {
                place
            }
        }
    }
}

/// Every entry from `/` down, and whom it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Case {
    /// Who wants to do something.
    pub account: Account,
    /// The way, the entry itself at last.
    pub stops: Vec<Stop>,
}

impl Case {
    /// Every act that makes sense for the entry at the end.
    pub(crate) fn acts(&self) -> &'static [Operation] {
        match self.stops.last().map(|end| end.kind) {
            Some(Kind::Dir) => {
                &[Operation::Enter, Operation::List, Operation::Create, Operation::Delete, Operation::DeleteOthers]
            }
            Some(Kind::Symlink) => &[Operation::Delete],
            Some(_) => &[Operation::Read, Operation::Write, Operation::Delete],
            None => &[],
        }
    }

    /// What an act takes, from `/` down; nothing where it makes no sense.
    pub(crate) fn demands(&self, act: Operation) -> Vec<Demand> {
        let Some(end) = self.stops.len().checked_sub(1).filter(|_| self.acts().contains(&act)) else {
            return Vec::new();
        };
        let is_directory = self.stops[end].kind == Kind::Dir;
        let (last, own) = match act {
            Operation::Enter => (end, vec![Demand::Rights(end, Rights::PASS)]),
            Operation::List | Operation::Read => (end, vec![Demand::Rights(end, Rights::READ)]),
            Operation::Write => (end, vec![Demand::Mutable(end), Demand::Rights(end, Rights::WRITE)]),
            Operation::Create => (end, vec![Demand::Mutable(end), Demand::Rights(end, Rights::CHANGE)]),
            Operation::Delete if is_directory => (end, vec![Demand::Free(end), Demand::Rights(end, Rights::CHANGE)]),
            Operation::DeleteOthers => {
                (end, vec![Demand::Free(end), Demand::Unstuck(end, None), Demand::Rights(end, Rights::CHANGE)])
            }
            Operation::Delete => {
                let above = end.saturating_sub(1);
                let stuck = Demand::Unstuck(above, Some(end));
                (above, vec![Demand::Free(above), Demand::Free(end), stuck, Demand::Rights(above, Rights::CHANGE)])
            }
        };
        (0..last).map(|place| Demand::Rights(place, Rights::PASS)).chain(own).collect()
    }

    /// Who decides about rights to the entry at a place of the way.
    pub(crate) fn decide(&self, place: usize, rights: Rights) -> Decision {
        let Stop { state, ref listed, .. } = self.stops[place];
        decide(&self.account, state, listed.acl(), rights)
    }

    /// Whether modes, ACLs and attributes give what is demanded.
    pub(crate) fn meets(&self, demand: Demand) -> bool {
        let owns = |place: usize| self.stops[place].state.uid == self.account.uid;
        match demand {
            Demand::Rights(place, rights) => self.decide(place, rights).gives(rights),
            Demand::Unstuck(place, entry) => {
                !self.stops[place].state.mode.has(Mode::STICKY) || owns(place) || entry.is_some_and(owns)
            }
            Demand::Mutable(place) => matches!(self.stops[place].fixture, Fixture::None | Fixture::AppendOnly),
            Demand::Free(place) => self.stops[place].fixture == Fixture::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rights::tests::{account, state};

    fn case(uid: u32, stops: &[(Kind, State)]) -> Case {
        let stop = |&(kind, state)| Stop { kind, state, listed: Listed::No, fixture: Fixture::None };
        Case { account: account(uid, &[uid, 4242]), stops: stops.iter().map(stop).collect() }
    }

    fn can(case: &Case) -> Vec<&'static str> {
        let is_met = |act: &&Operation| case.demands(**act).into_iter().all(|demand| case.meets(demand));
        case.acts().iter().filter(is_met).map(|act| act.name()).collect()
    }

    #[test]
    fn acts_take_what_path_resolution_says() {
        let top = (Kind::Dir, state(0, 0, 0o755));
        let dir = |mode| (Kind::Dir, state(0, 4242, mode));
        for (mode, acts) in [
            (0o770, &["enter", "list", "create", "delete", "delete-others"][..]),
            (0o1770, &["enter", "list", "create", "delete"]),
            (0o750, &["enter", "list"]),
            (0o710, &["enter"]),
            (0o740, &["list"]),
            (0o720, &[]),
            (0o707, &[]),
        ] {
            assert_eq!(can(&case(2001, &[top, dir(mode)])), acts, "{mode:o}");
            // Below a closed directory nothing is left.
            assert_eq!(can(&case(2001, &[top, dir(0o760), dir(mode)])), [""; 0], "{mode:o}");
        }
    }

    #[test]
    fn a_sticky_directory_lets_owners_delete() {
        let file = |uid| (Kind::File, state(uid, 4242, 0o640));
        let dir = |uid| (Kind::Dir, state(uid, 4242, 0o1770));
        assert_eq!(can(&case(2001, &[dir(0), file(2001)])), ["read", "write", "delete"]);
        assert_eq!(can(&case(2001, &[dir(2001), file(2002)])), ["read", "delete"]);
        assert_eq!(can(&case(2001, &[dir(0), file(2002)])), ["read"]);
        assert_eq!(can(&case(2001, &[dir(2001)])), ["enter", "list", "create", "delete", "delete-others"]);
    }

    #[test]
    fn what_is_held_fast_is_not_deleted() {
        let mut case = case(2001, &[(Kind::Dir, state(0, 4242, 0o770)), (Kind::File, state(2001, 4242, 0o600))]);
        assert!(can(&case).contains(&"delete"));
        for place in 0..2 {
            case.stops[place].fixture = Fixture::AppendOnly;
            assert!(!can(&case).contains(&"delete"), "{place}");
            case.stops[place].fixture = Fixture::None;
        }
    }
}
