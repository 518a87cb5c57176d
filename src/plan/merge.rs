//! Plans of parts put together: of one run that was shared out, each part by itself of some of its roots or entries.

use super::make::Unfit;
use super::model::{Change, Fixes, Plan, PlanRoot, RunKind};
use super::names::Names;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

/// Why plans are no parts of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MergeError {
    /// There is none.
    Nothing,
    /// They don't agree in this.
    Differ(&'static str),
    /// This root is another directory in one of them than in another.
    OtherRoot(PathBuf),
}

impl std::error::Error for MergeError {}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeError::Nothing => f.write_str("there is no part to merge"),
            MergeError::Differ(what) => write!(f, "the parts differ in {what}, so they are not of one run"),
            MergeError::OtherRoot(path) => {
                write!(f, "{} is another directory in one part than in another", path.display())
            }
        }
    }
}

impl Plan {
    /// The plan that all parts make together, and what can't be in it. It says of its time, command and maker what the
    /// first part says; of two changes of one entry the one that stands first counts.
    ///
    /// # Errors
    /// Where the parts aren't of one run: of other policies, kinds or limits, or of another machine or boot, as devices
    /// are numbered anew then.
    pub fn merge(parts: impl IntoIterator<Item = Plan>) -> Result<(Plan, Vec<Unfit>), MergeError> {
        let mut parts = parts.into_iter();
        let Plan { mut header, mut changes, mut entries } = parts.next().ok_or(MergeError::Nothing)?;
        let mut indexes: HashMap<PathBuf, u32> = HashMap::new();
        for (index, root) in (0..).zip(&header.roots) {
            indexes.insert(root.path.clone(), index);
        }
        for part in parts {
            let other = part.header;
            for (is_same, what) in [
                (header.kind == other.kind && !matches!(header.kind, RunKind::Undo(_)), "what they are for"),
                (header.policies == other.policies, "their policies"),
                (header.host == other.host, "the machine"),
                (header.boot == other.boot, "the boot of the machine"),
                (header.max_changes == other.max_changes, "how many changes are allowed"),
                (header.plan_bytes == other.plan_bytes, "how large a plan may be"),
            ] {
                if !is_same {
                    return Err(MergeError::Differ(what));
                }
            }
            if other.fixes == Fixes::WithUnsafe {
                header.fixes = Fixes::WithUnsafe;
            }
            let numbers = other.roots.into_iter().map(|root| joined(&mut header.roots, &mut indexes, root));
            let numbers = numbers.collect::<Result<Vec<u32>, _>>()?;
            header.names = header.names.take().zip(other.names).map(|(one, other)| one.and(other)).transpose()?;
            changes.reserve(part.changes.len());
            changes.extend(part.changes.into_iter().map(|change| {
                // One of a root that its part doesn't have can't be in a plan, which is told.
                let root = numbers.get(change.root as usize).copied().unwrap_or(u32::MAX);
                Change { root, ..change }
            }));
            entries = entries.saturating_add(part.entries);
        }
        Ok(Plan::of(header, changes, entries))
    }
}

/// The index of a root among those of all parts.
fn joined(roots: &mut Vec<PlanRoot>, indexes: &mut HashMap<PathBuf, u32>, root: PlanRoot) -> Result<u32, MergeError> {
    match indexes.get(&root.path) {
        Some(&index) if roots[index as usize] == root => Ok(index),
        Some(_) => Err(MergeError::OtherRoot(root.path)),
        None => {
            let index = u32::try_from(roots.len()).map_err(|_| MergeError::Differ("how many roots can be told"))?;
            indexes.insert(root.path.clone(), index);
            roots.push(root);
            Ok(index)
        }
    }
}

impl Names {
    /// The names of both.
    fn and(mut self, other: Names) -> Result<Names, MergeError> {
        for (own, others) in [(&mut self.users, other.users), (&mut self.groups, other.groups)] {
            for (id, name) in others {
                let known = own.entry(id).or_insert_with(|| name.clone());
                if *known != name {
                    return Err(MergeError::Differ("what users and groups are called"));
                }
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Header;
    use super::super::tests::{changes, header, plan, state};
    use super::*;
    use crate::model::accounts::IdNames;
    use crate::model::entry::Kind;
    use proptest::prelude::*;

    /// Every id has a name.
    struct Named;

    impl IdNames for Named {
        fn user_name(&self, uid: u32) -> Option<String> {
            Some(format!("u{uid}"))
        }

        fn group_name(&self, gid: u32) -> Option<String> {
            Some(format!("g{gid}"))
        }
    }

    fn root(number: u32) -> PlanRoot {
        let mut root = header().roots.remove(0);
        root.path = format!("/srv/{number}").into();
        root.id.ino = u64::from(number) + 10;
        root
    }

    /// The part of a plan that has these of its changes and roots.
    fn part(whole: &Plan, roots: &[u32], is_in: impl Fn(usize) -> bool) -> Plan {
        let mut part = whole.clone();
        part.header.roots = roots.iter().map(|&root| whole.header.roots[root as usize].clone()).collect();
        let own = |root: u32| roots.iter().position(|&own| own == root).map(|at| at as u32);
        let changes = whole.changes.iter().enumerate().filter(|(at, _)| is_in(*at));
        part.changes =
            changes.filter_map(|(_, change)| Some(Change { root: own(change.root)?, ..change.clone() })).collect();
        part.header.names = Some(Names::of(&part.changes, &Named));
        part
    }

    proptest! {
        #[test]
        fn the_parts_of_a_plan_make_the_plan(
            changes in prop::collection::vec((changes(), 0u32..3), 0..20),
            shares in prop::collection::vec(0usize..3, 20),
        ) {
            let changes = changes.into_iter().map(|(change, root)| Change { root, ..change }).collect();
            let header = Header { roots: (0..3).map(root).collect(), max_changes: None, ..header() };
            let (mut whole, _) = Plan::of(header, changes, 9);
            whole.header.names = Some(Names::of(&whole.changes, &Named));
            // The first knows all roots, so that they are numbered alike; the others in orders of their own.
            let parts = [[0, 1, 2], [2, 0, 1], [1, 2, 0]].map(|roots| roots.to_vec());
            let parts = (0..).zip(parts).map(|(number, roots)| Plan {
                entries: 3,
                ..part(&whole, &roots, |at| shares[at] == number)
            });
            prop_assert_eq!(Plan::merge(parts), Ok((whole.clone(), Vec::new())));
            prop_assert_eq!(Plan::merge([whole.clone()]), Ok((whole, Vec::new())));
        }
    }

    #[test]
    fn what_is_not_of_one_run_is_not_merged() {
        let one = || plan(Vec::new());
        let with = |change: fn(&mut Header)| {
            let mut other = one();
            change(&mut other.header);
            Plan::merge([one(), other]).map_err(|error| error.to_string()).err().unwrap_or_default()
        };
        assert_eq!(with(|_| {}), "");
        assert_eq!(with(|header| header.fixes = Fixes::Safe), "");
        for (change, told) in [
            ((|header| header.boot = "c".into()) as fn(&mut Header), "boot"),
            (|header| header.host = "i".into(), "machine"),
            (|header| header.kind = RunKind::Plan, "for"),
            (|header| header.policies.clear(), "policies"),
            (|header| header.max_changes = None, "changes"),
            (|header| header.plan_bytes = None, "large"),
            (|header| header.roots[0].id.ino += 1, "another directory"),
        ] {
            assert!(with(change).contains(told), "{told}: {}", with(change));
        }
        assert_eq!(Plan::merge([]), Err(MergeError::Nothing));
        let mut undo = one();
        undo.header.kind = RunKind::Undo("20260102T0304050".into());
        assert_eq!(Plan::merge([undo.clone(), undo]), Err(MergeError::Differ("what they are for")));
        let change = || super::super::tests::change("a", Kind::File, state(1, 2, 0o640), state(1, 2, 0o600));
        let of_no_root = plan(vec![Change { root: 7, ..change() }]);
        assert_eq!(Plan::merge([one(), of_no_root]).map(|(_, unfit)| unfit.len()), Ok(1));
        let renamed = |name: &'static str| {
            struct Called(&'static str);
            impl IdNames for Called {
                fn user_name(&self, _: u32) -> Option<String> {
                    Some(self.0.into())
                }
                fn group_name(&self, _: u32) -> Option<String> {
                    None
                }
            }
            let change =
                super::super::tests::change("a", crate::model::entry::Kind::File, state(1, 2, 3), state(1, 2, 4));
            let mut plan = plan(vec![change]);
            plan.header.names = Some(Names::of(&plan.changes, &Called(name)));
            plan
        };
        assert!(Plan::merge([renamed("a"), renamed("b")]).is_err());
    }
}
