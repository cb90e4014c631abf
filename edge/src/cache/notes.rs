//! What an isolate remembers for a few seconds about keys and routes: until when something holds.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use valora_shared::time::UnixMillis;

/// More are not kept: when they are reached, those that hold no more go, and if that is not enough all.
const MAX: usize = 10_000;

/// Moments by key.
#[derive(Default)]
pub struct Notes(HashMap<String, UnixMillis, RandomState>);

impl Notes {
    /// Notes that `key` holds until `until`.
    pub fn set(&mut self, key: &str, until: UnixMillis, now: UnixMillis) {
        if self.0.len() >= MAX {
            self.0.retain(|_, until| *until > now);
            if self.0.len() >= MAX {
                self.0.clear();
            }
        }
        self.0.insert(key.to_owned(), until);
    }

    /// Whether it holds.
    pub fn holds(&self, key: &str, now: UnixMillis) -> bool {
        self.0.get(key).is_some_and(|until| now < *until)
    }

    /// It holds no more.
    pub fn clear(&mut self, key: &str) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_holds_until_its_moment_and_there_are_never_too_many() {
        let mut notes = Notes::default();
        notes.set("0", UnixMillis(5), UnixMillis(0));
        assert!(notes.holds("0", UnixMillis(4)) && !notes.holds("0", UnixMillis(5)));
        for n in 1..3 * MAX {
            notes.set(&n.to_string(), UnixMillis(9), UnixMillis(0));
        }
        assert!(notes.0.len() <= MAX);
    }
}
