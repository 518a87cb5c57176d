//! How long the attacks go on: a few rounds, or for as many seconds as `SGIDLINT_SOAK` says.

use std::io::Write;
use std::time::{Duration, Instant};

/// The rounds of an attack: `default` of them, in a soak as many as its time allows.
pub fn rounds(default: u32) -> impl Iterator<Item = u32> {
    let end = seconds().map(|seconds| Instant::now() + seconds);
    (0..).take_while(move |&round| match end {
        Some(end) => Instant::now() < end,
        None => round < default,
    })
}

/// Tells what an attack did, also where its test passes.
pub fn tell(attack: &str, counts: &str) {
    // Unlike with `eprintln!`, this line is seen of a test that passes.
    let _ = writeln!(std::io::stderr(), "{attack}: {counts}");
}

/// Whether attacks go on for as long as is asked for.
pub fn is_soak() -> bool {
    seconds().is_some()
}

fn seconds() -> Option<Duration> {
    let seconds = std::env::var("SGIDLINT_SOAK").ok()?;
    Some(Duration::from_secs(seconds.parse().expect("SGIDLINT_SOAK is a number of seconds")))
}

/// Numbers without a pattern, the same in every run (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[test]
fn dice_fall_everywhere_and_never_beyond() {
    let mut dice = Dice(1);
    let seen: std::collections::BTreeSet<u64> = (0..200).map(|_| dice.below(6)).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
}
