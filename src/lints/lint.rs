//! The lints there are, by name alone; what each sees and says stands in its family's file.

use serde::{Deserialize, Serialize};
/// Makes the enum and the list of all lints of one list.
macro_rules! lints {
    ($($lint:ident,)*) => {
        /// One kind of thing that can be wrong; the name says the wrong.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        #[allow(missing_docs)] // Each has its texts in its family's file.
        pub enum Lint {
            $($lint,)*
        }

        impl Lint {
            /// Every lint, in the order of the reference.
            pub const ALL: [Lint; [$(Lint::$lint,)*].len()] = [$(Lint::$lint,)*];
        }
    };
}

lints! {
    ForeignGroup,
    ForeignOwner,
    SpreadingGroup,
    MissingSetgid,
    StraySetgid,
    MissingSticky,
    StraySticky,
    MissingPermission,
    ExcessPermission,
    MissingAclEntry,
    ExcessAclEntry,
    MissingDefaultAcl,
    ExcessDefaultAcl,
    SetuidFile,
    SetgidFile,
    WritableSetId,
    SetuidDirectory,
    IneffectiveSetgid,
    WorldWritable,
    WideDefaultAcl,
    MaskedByAcl,
    LatentAclEntry,
    MalformedAcl,
    ForeignAcl,
    UnknownId,
    HardLinked,
    Unreachable,
    EscapingPath,
    Conflict,
    UnusedRule,
    ShadowedRule,
    ExpiredException,
    UnusedException,
    EmptyGroup,
    RiskyRule,
    CannotEnter,
    CannotRead,
    CannotWrite,
    NewFilesForeign,
    NewFilesClosed,
    CanDeleteOthers,
    OutsiderCan,
    UnmetExpectation,
}

/// A set of lints.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LintSet(u64);

/// What stands for every lint: in an exception, and where `--unsafe-fixes` has no value. No lint is called so.
pub(crate) const EVERY_LINT: &str = "all";

impl LintSet {
    /// Every lint.
    pub fn all() -> LintSet {
        Lint::ALL.into_iter().collect()
    }

    /// What people mean by these lints: foreign-group covers spreading-group, which is told instead of it.
    pub fn named(lints: &[Lint]) -> LintSet {
        let spreading = lints.contains(&Lint::ForeignGroup).then_some(Lint::SpreadingGroup);
        lints.iter().copied().chain(spreading).collect()
    }

    /// Whether a lint is in it.
    pub fn contains(self, lint: Lint) -> bool {
        self.0 & bit(lint) != 0
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The same without this one.
    #[must_use]
    pub(crate) fn without(self, lint: Lint) -> LintSet {
        LintSet(self.0 & !bit(lint))
    }

    /// What is in this one or in the other.
    #[must_use]
    pub fn with(self, other: LintSet) -> LintSet {
        LintSet(self.0 | other.0)
    }
}

impl FromIterator<Lint> for LintSet {
    fn from_iter<I: IntoIterator<Item = Lint>>(lints: I) -> LintSet {
        LintSet(lints.into_iter().fold(0, |all, lint| all | bit(lint)))
    }
}

fn bit(lint: Lint) -> u64 {
    1 << lint as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lint_has_a_bit_of_its_own() {
        let all = LintSet::all();
        assert!(Lint::ALL.into_iter().all(|lint| all.contains(lint)) && !all.is_empty());
        let one: LintSet = [Lint::HardLinked].into_iter().collect();
        assert_eq!(Lint::ALL.into_iter().filter(|&lint| one.contains(lint)).count(), 1);
        assert_eq!(one.with(LintSet::default()), one);
        assert!(LintSet::named(&[Lint::ForeignGroup]).contains(Lint::SpreadingGroup));
        assert!(!LintSet::named(&[Lint::ForeignOwner]).contains(Lint::SpreadingGroup));
    }
}
