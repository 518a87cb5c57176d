//! The ACLs of an entry as they are and as a policy wants them, side by side.

use super::effective::{Effective, Named, Whom};
use crate::model::mode::Mode;

/// What is, and what is wanted.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Compared<T> {
    /// What is.
    pub is: T,
    /// What is wanted.
    pub ideal: T,
}

/// The ACLs of an entry that a policy says something of.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct JudgedAcls {
    /// Its own, where `acl` is said.
    pub access: Option<Compared<Effective>>,
    /// The default one, where `default-acl` is said; `None` within is none at all.
    pub default: Option<Compared<Option<Effective>>>,
}

impl JudgedAcls {
    /// Whether nothing is said of any.
    pub fn is_empty(&self) -> bool {
        self.access.is_none() && self.default.is_none()
    }

    /// Whether all is as it is wanted.
    pub fn complies(&self) -> bool {
        let default = self.default.as_ref().is_none_or(|default| match (&default.is, &default.ideal) {
            (Some(is), Some(ideal)) => is.is_same(ideal),
            (is, ideal) => is.is_none() && ideal.is_none(),
        });
        default && self.access.as_ref().is_none_or(|access| access.is.is_same(&access.ideal))
    }

    /// Everybody whom they name.
    pub fn everybody(&self) -> impl Iterator<Item = Whom> {
        let access = self.access.iter().flat_map(|access| access.is.named.keys());
        access.chain(self.default.iter().flat_map(|one| one.is.iter().flat_map(|is| is.named.keys()))).copied()
    }
}

impl Effective {
    /// Those who are to be named and aren't, or have less than they are to have; and what they lack.
    pub fn lacking<'a>(&'a self, ideal: &'a Effective) -> impl Iterator<Item = (Whom, u8)> {
        ideal.named.iter().filter_map(|(&whom, named)| match self.has(whom) {
            None => Some((whom, named.has)),
            Some(has) => Some((whom, named.has & !has)).filter(|(_, lacks)| *lacks != 0),
        })
    }

    /// Those who are named and aren't to be, or have more than they are to have; and what is too much.
    pub fn exceeding<'a>(&'a self, ideal: &'a Effective) -> impl Iterator<Item = (Whom, u8)> {
        self.named.iter().filter_map(|(&whom, named)| match ideal.has(whom) {
            None => Some((whom, named.has)),
            Some(has) => Some((whom, named.has & !has)).filter(|(_, exceeds)| *exceeds != 0),
        })
    }

    /// With all that is lacking.
    pub(crate) fn grant(&mut self, ideal: &Effective) {
        for (&whom, wanted) in &ideal.named {
            let says = self.named.get(&whom).map_or(wanted.says, |named| named.says | wanted.has);
            let has = self.has(whom).unwrap_or_default() | wanted.has;
            self.named.insert(whom, Named { has, says });
        }
    }

    /// Without all that is too much.
    pub(crate) fn revoke(&mut self, ideal: &Effective) {
        self.named.retain(|whom, _| ideal.named.contains_key(whom));
        for (whom, named) in &mut self.named {
            named.has &= ideal.has(*whom).unwrap_or_default();
        }
    }

    /// The classes that lack something, and those that have too much, as bits of a mode.
    pub fn differing(&self, ideal: &Effective) -> (Mode, Mode) {
        (ideal.classes.without(self.classes), self.classes.without(ideal.classes))
    }
}
