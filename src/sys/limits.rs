//! The limit of open descriptors: raised as far as it goes, and what of it a walk may use.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More descriptors than this make no walk faster, and each one holds kernel memory.
const ENOUGH: u64 = 4096;

/// What the rest of the program keeps open at most: streams, journal, lock, name service.
const RESERVED: u64 = 24;

/// Raises the soft limit of open descriptors to the hard one; returns how many a walk may hold.
pub(crate) fn descriptor_budget() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Refused only by sandboxes; then what is allowed now has to do.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let limit = if raised { maximum } else { current };
    budget(limit)
}

/// What of a limit a walk may hold; no limit is `None`.
fn budget(limit: Option<u64>) -> usize {
    let limit = limit.unwrap_or(u64::MAX);
    let left = limit.saturating_sub(RESERVED).clamp(8, ENOUGH);
    usize::try_from(left).expect("at most ENOUGH")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_kept_back_and_some_are_always_left() {
        for (limit, left) in [(Some(64), 40), (Some(10), 8), (Some(1024), 1000), (Some(1 << 20), 4096), (None, 4096)] {
            assert_eq!(budget(limit), left, "{limit:?}");
        }
    }

    #[test]
    fn the_limit_is_raised() {
        descriptor_budget();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
