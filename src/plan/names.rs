//! What owners and groups were called when a plan was made, and whether they are called so still.
//!
//! A number that was given up is given out again: who it means later isn't who it meant.

use super::model::{Change, Plan};
use crate::model::accounts::IdNames;
use crate::model::acl::Acl;
use crate::model::acl::effective::Whom;
use crate::sys::names::NameService;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The names of the owners and groups in a plan's changes; an id that isn't here had none.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Names {
    /// Of owners, by their ids.
    #[serde(default)]
    pub(super) users: BTreeMap<u32, String>,
    /// Of groups, by their ids.
    #[serde(default)]
    pub(super) groups: BTreeMap<u32, String>,
}

/// Whose id it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Whose {
    /// An owner's.
    User,
    /// A group's.
    Group,
}

/// Answers for names, which ids don't have to be asked for.
pub trait NamedIds: IdNames {
    /// The id that this name means.
    fn id_of(&self, whose: Whose, name: &str) -> Option<u32>;
}

impl NamedIds for NameService {
    fn id_of(&self, whose: Whose, name: &str) -> Option<u32> {
        // Where it can't be asked, nothing else is known to have the name.
        let id = match whose {
            Whose::User => self.uid(name),
            Whose::Group => self.gid(name),
        };
        id.ok().flatten()
    }
}

/// An id that is called otherwise now, with what there is to say of it.
pub(super) type Parted = BTreeMap<(Whose, u32), String>;

impl Names {
    /// What all owners and groups of these changes are called now.
    pub fn of(changes: &[Change], names: &dyn IdNames) -> Names {
        let ids = |whose| ids(changes, whose).into_iter();
        Names {
            users: ids(Whose::User).filter_map(|uid| Some((uid, names.user_name(uid)?))).collect(),
            groups: ids(Whose::Group).filter_map(|gid| Some((gid, names.group_name(gid)?))).collect(),
        }
    }

    fn of_kind(&self, whose: Whose) -> &BTreeMap<u32, String> {
        match whose {
            Whose::User => &self.users,
            Whose::Group => &self.groups,
        }
    }

    /// The ids of these changes that mean somebody else now than they did: called otherwise, or their name is another
    /// id's. An id or a name that means nobody now is as it was, for all that can be told.
    pub fn parted(&self, changes: &[Change], now: &dyn NamedIds) -> Parted {
        let mut parted = Parted::new();
        for whose in [Whose::User, Whose::Group] {
            let word = if whose == Whose::User { "user" } else { "group" };
            for id in ids(changes, whose) {
                let then = self.of_kind(whose).get(&id);
                let name = match whose {
                    Whose::User => now.user_name(id),
                    Whose::Group => now.group_name(id),
                };
                let told = match (then, name) {
                    (Some(then), Some(name)) if *then == name => continue,
                    (Some(then), Some(name)) => {
                        format!("{word} {id} was {then} when the plan was made, and is {name} now")
                    }
                    (None, Some(name)) => format!("{word} {id} had no name when the plan was made, and is {name} now"),
                    (None, None) => continue,
                    (Some(then), None) => match now.id_of(whose, then).filter(|other| *other != id) {
                        Some(other) => {
                            format!("{word} {id} was {then} when the plan was made, and {then} is {other} now")
                        }
                        None => continue,
                    },
                };
                parted.insert((whose, id), told);
            }
        }
        parted
    }
}

impl Plan {
    /// Takes the changes out that have an owner or group, before or after, that is called otherwise now.
    pub fn without_parted(&mut self, parted: &Parted) -> Vec<Change> {
        let is_parted = |change: &mut Change| {
            let ids = [change.before, change.after].map(|state| [(Whose::User, state.uid), (Whose::Group, state.gid)]);
            ids.as_flattened().iter().copied().chain(named(change)).any(|id| parted.contains_key(&id))
        };
        match parted.is_empty() {
            true => Vec::new(),
            false => self.changes.extract_if(.., is_parted).collect(),
        }
    }
}

fn ids(changes: &[Change], whose: Whose) -> BTreeSet<u32> {
    let mut ids = BTreeSet::new();
    // Neighbours are mostly alike.
    let mut last = None;
    for state in changes.iter().flat_map(|change| [change.before, change.after]) {
        let id = if whose == Whose::User { state.uid } else { state.gid };
        if last.replace(id) != Some(id) {
            ids.insert(id);
        }
    }
    ids.extend(changes.iter().flat_map(named).filter(|(of, _)| *of == whose).map(|(_, id)| id));
    ids
}

/// Those whom the ACLs of a change name.
fn named(change: &Change) -> impl Iterator<Item = (Whose, u32)> {
    let turn = change.acls.as_deref();
    let sides = turn.map(|turn| [turn.acls_before(), turn.acls_after()]).into_iter().flatten().flatten();
    let acls = sides.flat_map(|acls| [&acls.access, &acls.default]).flatten();
    acls.flat_map(Acl::entries).filter_map(|entry| match Whom::of(entry)? {
        Whom::User(uid) => Some((Whose::User, uid)),
        Whom::Group(gid) => Some((Whose::Group, gid)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{change, plan, read, state, text};
    use super::*;
    use crate::model::entry::Kind;

    /// Groups by id and name; users aren't known.
    struct Called(&'static [(u32, &'static str)]);

    impl crate::model::accounts::IdNames for Called {
        fn user_name(&self, _: u32) -> Option<String> {
            None
        }

        fn group_name(&self, gid: u32) -> Option<String> {
            self.0.iter().find(|(known, _)| *known == gid).map(|(_, name)| (*name).to_owned())
        }
    }

    impl NamedIds for Called {
        fn id_of(&self, _: Whose, name: &str) -> Option<u32> {
            self.0.iter().find(|(_, known)| *known == name).map(|(gid, _)| *gid)
        }
    }

    #[test]
    fn an_id_that_means_another_group_now_parts_its_changes() {
        let regrouped =
            |from, to| change(&format!("{from}-{to}"), Kind::File, state(1, from, 0o644), state(1, to, 0o664));
        let mut plan = plan(vec![regrouped(5, 7), regrouped(6, 7), regrouped(6, 8), regrouped(6, 9), regrouped(6, 10)]);
        let then = Called(&[(6, "staff"), (7, "lab"), (8, "press"), (9, "gone")]);
        plan.header.names = Some(Names::of(&plan.changes, &then));
        assert_eq!(read(&text(&plan)).unwrap().header.names, plan.header.names, "names survive their line");
        let parted = |now: Called| {
            let mut plan = plan.clone();
            let parted = plan.header.names.clone().unwrap().parted(&plan.changes, &now);
            let left = plan.without_parted(&parted);
            assert_eq!(left.len() + plan.changes.len(), 5);
            let left: Vec<String> =
                left.iter().map(|change| String::from_utf8_lossy(change.path.name()).into()).collect();
            (parted.into_values().collect::<Vec<_>>(), left)
        };
        assert_eq!(parted(then), (vec![], vec![]));
        assert_eq!(parted(Called(&[(6, "staff")])), (vec![], vec![]), "nobody is told for somebody else");
        let reused = parted(Called(&[(6, "staff"), (7, "x"), (8, "press")]));
        assert_eq!(reused.0, ["group 7 was lab when the plan was made, and is x now"]);
        assert_eq!(reused.1, ["5-7", "6-7"]);
        let moved = parted(Called(&[(6, "staff"), (17, "lab"), (8, "press")]));
        assert_eq!(moved.0, ["group 7 was lab when the plan was made, and lab is 17 now"]);
        let came = parted(Called(&[(5, "new"), (6, "staff")]));
        assert_eq!(came.0, ["group 5 had no name when the plan was made, and is new now"]);
        assert_eq!(came.1, ["5-7"]);
    }
}
