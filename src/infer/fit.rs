//! What fits most of those that were counted.

use crate::model::mode::Mode;

/// Whether so many are enough to speak for all: two of three. The others are outliers, which the policy finds: a policy
/// that was content with them would say that all is well.
pub(super) fn prevails(holds: u64, of: u64) -> bool {
    of > 0 && u128::from(holds) * 3 >= u128::from(of) * 2
}

/// A value, for how many entries it holds, and of how many.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fit<T> {
    /// The value.
    pub value: T,
    /// So many comply.
    pub holds: u64,
    /// Of so many that could.
    pub of: u64,
}

impl<T> Fit<T> {
    /// Counts one more in, where something prevails and it complies.
    pub(super) fn count_in(fit: &mut Option<Fit<T>>, complies: bool) {
        if let Some(fit) = fit.as_mut().filter(|_| complies) {
            fit.holds += 1;
            fit.of += 1;
        }
    }
}

/// Whether directories have a bit, where most agree.
pub(super) fn prevailing_bit(modes: &[(Mode, u64)], bit: Mode) -> Option<Fit<bool>> {
    let of: u64 = modes.iter().map(|(_, count)| count).sum();
    let with: u64 = modes.iter().filter(|(mode, _)| mode.has(bit)).map(|(_, count)| count).sum();
    [(true, with), (false, of - with)].into_iter().find(|(_, holds)| prevails(*holds, of)).map(|(value, holds)| Fit {
        value,
        holds,
        of,
    })
}
