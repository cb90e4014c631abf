//! What an isolate remembers for a few seconds about keys and routes: until when something holds.

use foldhash::fast::RandomState;
use std::{collections::HashMap, hash::Hash};
use valora_shared::time::UnixMillis;

/// More are not kept: when they are reached, those that hold no more go, and if that is not enough all.
const MAX: usize = 10_000;

/// Moments by key.
pub struct Notes<K>(HashMap<K, UnixMillis, RandomState>);

impl<K> Default for Notes<K> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Hash + Eq> Notes<K> {
    /// Notes that `key` holds until `until`.
    pub fn set(&mut self, key: K, until: UnixMillis, now: UnixMillis) {
        if self.0.len() >= MAX {
            self.0.retain(|_, until| *until > now);
            if self.0.len() >= MAX {
                self.0.clear();
            }
        }
        self.0.insert(key, until);
    }

    /// Whether it holds.
    pub fn holds<Q: Hash + Eq + ?Sized>(&self, key: &Q, now: UnixMillis) -> bool
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.get(key).is_some_and(|until| now < *until)
    }

    /// It holds no more.
    pub fn clear<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_holds_until_its_moment_and_there_are_never_too_many() {
        let mut notes = Notes::default();
        notes.set(0_usize, UnixMillis(5), UnixMillis(0));
        assert!(notes.holds(&0, UnixMillis(4)) && !notes.holds(&0, UnixMillis(5)));
        for n in 1..3 * MAX {
            notes.set(n, UnixMillis(9), UnixMillis(0));
        }
        assert!(notes.0.len() <= MAX);
    }
}
