//! From the ACLs of a place to `acl` and `default-acl`: whom most entries name, and what these have.
//!
//! Nothing is proposed that would give somebody more than they have: a fix by the policy opens nothing. What most have and
//! some lack is told, for a person to decide.

use super::census::{AclSort, Count, Given, Role};
use super::fit::{Fit, prevails};
use crate::model::acl::effective::Whom;
use crate::model::mode::{Mode, ModeExpression};
use std::collections::{BTreeSet, HashMap};

/// What somebody whom an ACL names is to have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Grant {
    /// Whom.
    pub whom: Whom,
    /// Read 4, write 2, execute 1.
    pub bits: u8,
    /// Whether execute depends on the mode (`X`).
    pub conditional: bool,
}

/// What ACLs are to name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AclWish {
    /// Whom, and with what.
    pub grants: Vec<Grant>,
    /// Whether some name others, who are theirs to name.
    pub tolerates: bool,
}

/// What default ACLs are to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum DefaultWish {
    /// What the directory itself is to have.
    Same,
    /// The directory's mode, and these.
    These(AclWish),
}

/// What the ACLs of a place come to.
#[derive(Clone, Default, Debug)]
pub(crate) struct AclWishes {
    /// Whom directories and files name.
    pub acl: Option<Fit<AclWish>>,
    /// What default ACLs say.
    pub default: Option<Fit<DefaultWish>>,
    /// What most name; some lack it, so that a fix would open them.
    pub withheld: Option<Fit<AclWish>>,
}

impl Grant {
    fn of(self, sort: &AclSort) -> u8 {
        let is_executable = sort.role == Role::Dir || sort.given.classes.has_any(Mode::EXECUTE);
        self.bits | u8::from(self.conditional && is_executable)
    }
}

impl AclWish {
    /// Whether a sort of entries is as this says.
    pub(super) fn complies(&self, sort: &AclSort) -> bool {
        let named = |grant: &Grant| sort.given.has(grant.whom) == Some(grant.of(sort));
        self.grants.iter().all(named) && (self.tolerates || sort.given.named.len() == self.grants.len())
    }

    /// Whether it gives a sort of entries nothing that they don't have.
    fn opens_nothing(&self, sort: &AclSort) -> bool {
        self.grants.iter().all(|grant| sort.given.has(grant.whom).is_some_and(|has| grant.of(sort) & !has == 0))
    }
}

impl AclWishes {
    /// What prevails among sorts of entries.
    pub(super) fn of(sorts: &HashMap<AclSort, Count>) -> AclWishes {
        let counted: Vec<(&AclSort, u64)> = sorts.iter().map(|(sort, count)| (sort, count.entries)).collect();
        let wish = prevailing(&counted);
        let (acl, withheld) = match wish {
            Some(fit) if counted.iter().all(|(sort, _)| fit.value.opens_nothing(sort)) => (Some(fit), None),
            withheld => (None, withheld),
        };
        AclWishes { acl, default: None, withheld }
    }

    /// The same with what default ACLs say, where directories are to have this mode.
    pub(super) fn with_default(self, sorts: &HashMap<AclSort, Count>, dir_mode: Option<&str>) -> AclWishes {
        let expression = dir_mode.and_then(|text| ModeExpression::parse(text).ok());
        let wanted = |sort: &AclSort| {
            let mode = sort.given.classes;
            expression.as_ref().map_or(mode, |expression| expression.apply(mode, true)) & Mode::PERMISSIONS
        };
        let directories: Vec<(&AclSort, Mode, u64)> = sorts
            .iter()
            .filter(|(sort, _)| sort.role == Role::Dir)
            .map(|(sort, count)| (sort, wanted(sort), count.entries))
            // In a frozen one nothing is made, and nothing is wished of its default ACL.
            .filter(|(_, wanted, _)| wanted.has(Mode::OWNER_WRITE))
            .collect();
        let own = self.acl.as_ref().map_or(&[][..], |fit| &fit.value.grants);
        let listed = commonest_default(&directories).map(|wish| (DefaultWish::These(wish.clone()), wish.grants));
        let candidates = [Some((DefaultWish::Same, own.to_vec())), listed].into_iter().flatten();
        let of = directories.iter().map(|(.., count)| count).sum();
        let default = candidates.into_iter().find_map(|(value, grants)| {
            let is = |sort: &AclSort, wanted: Mode| {
                let named: Vec<(Whom, u8)> = grants.iter().map(|grant| (grant.whom, grant.of(sort))).collect();
                Given { classes: wanted, named: named.into() }
            };
            let holds_for = |(sort, wanted, _): &&(&AclSort, Mode, u64)| {
                sort.default.as_ref().is_some_and(|given| given.is_same(&is(sort, *wanted)))
            };
            let holds = directories.iter().filter(holds_for).map(|(.., count)| count).sum();
            let opens = directories
                .iter()
                .any(|(sort, wanted, _)| sort.default.as_ref().is_none_or(|given| !given.covers(&is(sort, *wanted))));
            (prevails(holds, of) && !opens).then_some(Fit { value, holds, of })
        });
        AclWishes { default, ..self }
    }
}

/// Whom most entries name, with what fits most of them; `None` where most name nobody.
fn prevailing(sorts: &[(&AclSort, u64)]) -> Option<Fit<AclWish>> {
    let of: u64 = sorts.iter().map(|(_, count)| count).sum();
    let whoms: BTreeSet<Whom> =
        sorts.iter().flat_map(|(sort, _)| sort.given.named.iter().map(|(whom, _)| *whom)).collect();
    let count = |holds: &dyn Fn(&AclSort) -> bool| -> u64 {
        sorts.iter().filter(|(sort, _)| holds(sort)).map(|(_, count)| count).sum()
    };
    let grants: Vec<Grant> = whoms
        .iter()
        .filter_map(|&whom| {
            let all = (0..8).flat_map(|bits| [false, true].map(|conditional| Grant { whom, bits, conditional }));
            let fits = |grant: &Grant| count(&|sort| sort.given.has(whom) == Some(grant.of(sort)));
            // Of equals the last: `X` and not `x`, which files that come later wouldn't comply with.
            let best = all
                .filter(|grant| !(grant.conditional && grant.bits & 1 != 0))
                .max_by_key(|grant| (fits(grant), grant.conditional))?;
            prevails(fits(&best), of).then_some(best)
        })
        .collect();
    if grants.is_empty() {
        return None;
    }
    let is_other = |whom: &Whom| !grants.iter().any(|grant| grant.whom == *whom);
    let value = AclWish { tolerates: whoms.iter().any(is_other), grants };
    let holds = count(&|sort| value.complies(sort));
    prevails(holds, of).then_some(Fit { value, holds, of })
}

/// Whom the default ACLs of most directories name.
fn commonest_default(directories: &[(&AclSort, Mode, u64)]) -> Option<AclWish> {
    let mut counts: HashMap<&[(Whom, u8)], u64> = HashMap::new();
    for (sort, _, count) in directories {
        if let Some(given) = &sort.default {
            *counts.entry(&given.named).or_default() += count;
        }
    }
    let (named, _) = counts.into_iter().max_by_key(|(named, count)| (*count, *named))?;
    let grant = |&(whom, bits): &(Whom, u8)| Grant { whom, bits, conditional: false };
    (!named.is_empty()).then(|| AclWish { grants: named.iter().map(grant).collect(), tolerates: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RO: Whom = Whom::Group(8);
    const BOB: Whom = Whom::User(7);

    fn sort(role: Role, mode: u32, named: &[(Whom, u8)], default: Option<(u32, &[(Whom, u8)])>) -> (AclSort, Count) {
        let given = |mode: u32, named: &[(Whom, u8)]| Given { classes: Mode::new(mode), named: named.into() };
        let default = default.map(|(mode, named)| given(mode, named));
        (AclSort { role, given: given(mode, named), default }, Count { entries: 10, examples: Vec::new() })
    }

    fn text(wish: Option<Fit<AclWish>>) -> String {
        let one = |grant: &Grant| format!("{}:{}{}", grant.whom, grant.bits, if grant.conditional { "X" } else { "" });
        wish.map_or("-".into(), |fit| {
            let grants: Vec<String> = fit.value.grants.iter().map(one).collect();
            grants.join(" ") + if fit.value.tolerates { " @any" } else { "" }
        })
    }

    #[test]
    fn what_prevails_is_proposed_where_it_opens_nothing() {
        let (dir, file, run) = ((Role::Dir, 0o770), (Role::File, 0o660), (Role::File, 0o770));
        let plain = |(role, mode): (Role, u32), named: &[(Whom, u8)]| sort(role, mode, named, None);
        for (sorts, acl, withheld) in [
            (vec![plain(dir, &[(RO, 5)]), plain(file, &[(RO, 4)]), plain(run, &[(RO, 5)])], "group 8:4X", "-"),
            (vec![plain(dir, &[]), plain(file, &[])], "-", "-"),
            // Who is named here and there is tolerated.
            (
                vec![plain(dir, &[(RO, 5)]), plain(file, &[(RO, 4)]), plain(run, &[(BOB, 7), (RO, 5)])],
                "group 8:4X @any",
                "-",
            ),
            // What lacks it would be opened; what has more is an outlier.
            (vec![plain(dir, &[(RO, 5)]), plain(file, &[(RO, 4)]), plain(run, &[])], "-", "group 8:4X"),
            (vec![plain(dir, &[(RO, 5)]), plain(file, &[(RO, 4)]), plain(run, &[(RO, 7)])], "group 8:4X", "-"),
            (vec![plain(dir, &[(RO, 5)]), plain(file, &[])], "-", "-"),
        ] {
            let wishes = AclWishes::of(&sorts.into_iter().collect());
            assert_eq!((text(wishes.acl), text(wishes.withheld)), (acl.into(), withheld.into()));
        }
    }

    #[test]
    fn default_acls_are_those_of_the_directory_or_a_list() {
        let named: &[(Whom, u8)] = &[(RO, 5)];
        let dir = |named, default| sort(Role::Dir, 0o2770, named, default);
        let list = DefaultWish::These(AclWish {
            grants: vec![Grant { whom: RO, bits: 5, conditional: false }],
            tolerates: false,
        });
        for (sorts, expected) in [
            (vec![dir(named, Some((0o770, named)))], Some(DefaultWish::Same)),
            (vec![dir(&[], Some((0o770, &[])))], Some(DefaultWish::Same)),
            (vec![dir(&[], Some((0o770, named)))], Some(list)),
            (vec![dir(named, Some((0o775, named)))], None),
            (vec![dir(named, None)], None),
            // One that has none would hand on more than it does.
            (vec![dir(named, Some((0o770, named))), sort(Role::Dir, 0o750, named, None)], None),
            (vec![dir(named, Some((0o770, named))), sort(Role::Dir, 0o550, named, None)], Some(DefaultWish::Same)),
        ] {
            let sorts = sorts.into_iter().collect();
            let wishes = AclWishes::of(&sorts).with_default(&sorts, None);
            assert_eq!(wishes.default.map(|fit| fit.value), expected);
        }
    }
}
