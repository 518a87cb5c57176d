//! The findings of one entry, in the memory of one where there is one, as nearly always.

use crate::lints::Finding;
use std::ops::{Deref, DerefMut};

/// What the lints saw on one entry.
#[derive(Clone, Debug)]
pub enum Findings {
    /// One finding.
    One(Finding),
    /// Any other number of them.
    Many(Box<[Finding]>),
}

impl Default for Findings {
    fn default() -> Findings {
        Findings::Many(Box::default())
    }
}

impl Deref for Findings {
    type Target = [Finding];

    fn deref(&self) -> &[Finding] {
        match self {
            Findings::One(finding) => std::slice::from_ref(finding),
            Findings::Many(findings) => findings,
        }
    }
}

impl DerefMut for Findings {
    fn deref_mut(&mut self) -> &mut [Finding] {
        match self {
            Findings::One(finding) => std::slice::from_mut(finding),
            Findings::Many(findings) => findings,
        }
    }
}

impl PartialEq for Findings {
    fn eq(&self, other: &Findings) -> bool {
        **self == **other
    }
}

impl Eq for Findings {}

impl From<&[Finding]> for Findings {
    fn from(findings: &[Finding]) -> Findings {
        match findings {
            [one] => Findings::One(*one),
            more => Findings::Many(more.into()),
        }
    }
}

impl From<[Finding; 1]> for Findings {
    fn from([finding]: [Finding; 1]) -> Findings {
        Findings::One(finding)
    }
}

impl From<Box<[Finding]>> for Findings {
    fn from(findings: Box<[Finding]>) -> Findings {
        match *findings {
            [one] => Findings::One(one),
            _ => Findings::Many(findings),
        }
    }
}

impl From<Vec<Finding>> for Findings {
    fn from(findings: Vec<Finding>) -> Findings {
        findings.into_boxed_slice().into()
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Findings {
        findings.into_iter().collect::<Vec<_>>().into()
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::{Fix, Level, Lint};

    #[test]
    fn ten_million_entries_take_less_than_two_gigabytes() {
        // A short name is in it. Sorting takes four bytes more, a second finding two words, and the path of a directory
        // eleven words beside its last names, once for all entries of it.
        assert_eq!((size_of::<crate::findings::EntryReport>(), size_of::<Findings>()), (152, 16));
    }

    #[test]
    fn any_number_reads_the_same_however_it_is_kept() {
        let finding = Finding { lint: Lint::ForeignGroup, level: Level::Deny, fix: Fix::Safe, rule: None };
        for count in 0..4 {
            let mut kept: Findings = vec![finding; count].into();
            assert_eq!(matches!(kept, Findings::One(_)), count == 1);
            assert_eq!(kept, kept.iter().copied().collect::<Findings>());
            assert_eq!(kept, Findings::from(vec![finding; count].as_slice()));
            kept.iter_mut().for_each(|finding| finding.level = Level::Warn);
            assert_eq!(
                (kept.len(), (&kept).into_iter().filter(|one| one.level == Level::Warn).count()),
                (count, count)
            );
        }
    }
}
