//! Which keys this isolate's requests are fetching. A request never waits for another one's I/O, so of many that need
//! the same one asks, and the others look here again and again ([`watch`]). Whoever asks may die at any moment: each
//! mark has a deadline, after which another one takes over.

mod watching;

pub use watching::{Watched, watch};

use crate::upstream::Failure;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use valora_shared::{
    cache::CacheKey,
    flight::{NOT_SHARED_MS, WAIT_MS},
    time::UnixMillis,
};

/// How long a mark counts: as long as anybody waits in the object `Flight`. So a slower origin gets one request more
/// from each isolate in that time, never all that wait.
pub const OWNER_MS: i64 = WAIT_MS as i64;
/// For so long an end is remembered, in which all who watch have looked. Of a failure hears also whoever comes in that
/// time: an origin that refuses at once would else get the whole herd, one after the other.
const ENDED_MS: i64 = 1_000;
/// More keys are not marked: when they are reached, those that are over go, and if that is not enough all. Then some is
/// fetched twice.
const MAX: usize = 10_000;

/// Marks by key.
#[derive(Default)]
pub struct Underway {
    keys: HashMap<CacheKey, Entry, RandomState>,
    /// Counts beginnings and ends.
    count: u64,
}

#[derive(Default)]
struct Entry {
    /// Who is at it, and until when that counts.
    busy: Option<(u64, UnixMillis)>,
    /// The last end, and until when it is remembered.
    ended: Option<(u64, Outcome, UnixMillis)>,
}

/// That a request fetches a key.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "whoever has begun says how it ended"]
pub struct Mark {
    key: CacheKey,
    number: u64,
}

/// How a fetch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its answer is in memory.
    Stored,
    /// Its answer was for one client alone (hit-for-miss).
    NotShared,
    /// It brought none.
    Failed(Failure),
}

/// How it stands with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody is at it.
    Idle,
    /// Somebody is.
    UnderWay,
    /// Nobody shall wait for another's answer until then.
    NotShared(UnixMillis),
    /// The origin has just failed.
    Failing(Failure),
}

impl Underway {
    /// Begins; none where somebody else is at it, has just failed, or nobody's answer is for another ([`watch`] tells).
    /// The mark counts until `deadline`: [`OWNER_MS`] from now.
    pub fn begin(&mut self, key: &CacheKey, now: UnixMillis, deadline: UnixMillis) -> Option<Mark> {
        if self.state(key, now) != State::Idle {
            return None;
        }
        let number = self.next();
        self.entry(key, now).busy = Some((number, deadline));
        Some(Mark { key: key.clone(), number })
    }

    /// Ends what was begun. A success counts for all who watch, also after the mark's deadline; a failure then says
    /// nothing about whoever has taken over, or has come to an end before it.
    pub fn finish(&mut self, mark: Mark, outcome: Outcome, now: UnixMillis) {
        let Mark { key, number } = mark;
        let end = self.next();
        let entry = self.entry(&key, now);
        let is_taken_over = entry.busy.is_some_and(|(newer, until)| newer > number && now < until);
        if !is_taken_over {
            entry.busy = None;
        }
        let is_outdone = entry.ended.is_some_and(|(ended, ..)| ended > number);
        if (is_taken_over || is_outdone) && matches!(outcome, Outcome::Failed(_)) {
            return;
        }
        let remembered_ms = if outcome == Outcome::NotShared { NOT_SHARED_MS } else { ENDED_MS };
        entry.ended = Some((end, outcome, now.after(remembered_ms)));
    }

    /// How it stands at `now`.
    pub fn state(&self, key: &CacheKey, now: UnixMillis) -> State {
        let Some(entry) = self.keys.get(key) else { return State::Idle };
        match (entry.ended, entry.busy) {
            (Some((_, Outcome::NotShared, until)), _) if now < until => State::NotShared(until),
            (_, Some((_, until))) if now < until => State::UnderWay,
            (Some((_, Outcome::Failed(failure), until)), _) if now < until => State::Failing(failure),
            _ => State::Idle,
        }
    }

    /// What ended since `count` stood so.
    fn ended_since(&self, key: &CacheKey, count: u64, now: UnixMillis) -> Option<Outcome> {
        let (end, outcome, until) = self.keys.get(key)?.ended?;
        (end > count && now < until).then_some(outcome)
    }

    fn next(&mut self) -> u64 {
        self.count = self.count.wrapping_add(1);
        self.count
    }

    fn entry(&mut self, key: &CacheKey, now: UnixMillis) -> &mut Entry {
        if self.keys.len() >= MAX && !self.keys.contains_key(key) {
            self.keys.retain(|_, entry| entry.is_used(now));
            if self.keys.len() >= MAX {
                self.keys.clear();
            }
        }
        self.keys.entry(key.clone()).or_default()
    }
}

impl Entry {
    fn is_used(&self, now: UnixMillis) -> bool {
        self.busy.is_some_and(|(_, until)| now < until) || self.ended.is_some_and(|(_, _, until)| now < until)
    }
}

#[cfg(test)]
#[path = "underway_tests.rs"]
mod tests;
