//! Whether it pays to glance at an entry before it is looked at: where most are alike, a glance is mostly enough.

/// So many glances in a row that were enough make up for one that wasn't.
const AMENDS: u32 = 16;

/// The most entries in a row that have to be alike before one is glanced at again.
const MOST: u32 = 64;

/// How the last entries of a thread went.
#[derive(Default, Debug)]
pub(super) struct GlanceGate {
    /// So many in a row were alike.
    alike: u32,
    /// So many have to be, before it is worth a glance.
    needed: u32,
}

impl GlanceGate {
    /// Whether the next is worth a glance.
    pub(super) fn holds(&self) -> bool {
        self.alike >= self.needed
    }

    /// One more was like the others.
    pub(super) fn goes_on(&mut self) {
        self.alike = self.alike.saturating_add(1);
        if self.alike.is_multiple_of(AMENDS) {
            self.needed /= 2;
        }
    }

    /// One that was looked at wasn't like the others.
    pub(super) fn ends(&mut self) {
        self.alike = 0;
    }

    /// One that was glanced at has to be looked at after all: the glance was for nothing.
    pub(super) fn fails(&mut self) {
        *self = GlanceGate { alike: 0, needed: (2 * self.needed).clamp(1, MOST) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many glances at entries of these kinds are made, and how many of them are for nothing.
    fn glances(kinds: impl IntoIterator<Item = u32>) -> (u32, u32) {
        let (mut gate, mut last) = (GlanceGate::default(), None);
        let (mut made, mut failed) = (0, 0);
        for kind in kinds {
            let is_glanced = last.is_some() && gate.holds();
            made += u32::from(is_glanced);
            match last == Some(kind) {
                true => gate.goes_on(),
                false if is_glanced => {
                    failed += 1;
                    gate.fails();
                }
                false => gate.ends(),
            }
            last = Some(kind);
        }
        (made, failed)
    }

    #[test]
    fn where_all_are_alike_all_but_the_first_are_glanced_at() {
        assert_eq!(glances([7; 1000]), (999, 0));
    }

    #[test]
    fn one_in_a_hundred_costs_little() {
        let (made, failed) = glances((0..10_000).map(|at| u32::from(at % 100 == 50)));
        assert!(made > 9_600 && failed <= 100, "{made} {failed}");
    }

    #[test]
    fn where_few_are_alike_few_are_glanced_at() {
        // Of two kinds, as by the flips of a coin: a linear congruential generator's high bits.
        let mut seed: u32 = 1;
        let coin = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 31
        });
        let (made, failed) = glances(coin.take(10_000));
        assert!(made < 100 && failed < 20, "{made} {failed}");
        let (made, failed) = glances((0..10_000).map(|at| at % 2));
        assert!(made < 20 && failed < 10, "{made} {failed}");
    }
}
