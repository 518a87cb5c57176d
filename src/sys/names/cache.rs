//! Answers of a name service, kept so that each question is asked once.

use crate::sys::SysError;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

/// How many answers a cache keeps: names of entries are asked for too, and whoever makes entries makes those up.
pub(super) const CACHED_AT_MOST: usize = 1 << 14;

/// The answers to one kind of question, failures among them.
pub(super) struct Cache<K, V>(RwLock<HashMap<K, Result<V, SysError>>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Cache<K, V> {
        Cache(RwLock::default())
    }
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// The answer, looked up the first time.
    pub(super) fn ask<Q>(&self, key: &Q, lookup: impl FnOnce() -> Result<V, SysError>) -> Result<V, SysError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(answer) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return answer.clone();
        }
        // Asked without the lock: a name service may take seconds, and two threads asking the same do no harm.
        let answer = lookup();
        let mut answers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= CACHED_AT_MOST {
            answers.clear();
        }
        answers.insert(key.to_owned(), answer.clone());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;
    use std::cell::Cell;

    #[test]
    fn asks_once_whatever_the_answer() {
        let failed = Err(SysError { call: "getpwuid_r", errno: Errno::IO });
        for answer in [Ok(Some(7)), Ok(None), failed] {
            let (cache, asked) = (Cache::<u32, Option<u32>>::default(), Cell::new(0));
            for _ in 0..3 {
                let lookup = || {
                    asked.set(asked.get() + 1);
                    answer
                };
                assert_eq!(cache.ask(&1, lookup), answer);
            }
            assert_eq!(asked.get(), 1);
        }
    }

    #[test]
    fn holds_no_more_than_it_may() {
        let cache = Cache::<u32, u32>::default();
        for key in 0..(CACHED_AT_MOST as u32 + 10) {
            assert_eq!(cache.ask(&key, || Ok(key)), Ok(key));
        }
        assert!(cache.0.read().expect("nothing panicked").len() <= CACHED_AT_MOST);
    }
}
