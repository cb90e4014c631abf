//! Counters, by route and by key.

use super::top_keys::TopKeys;
use crate::cache::route_of;
use serde::{Deserialize, Serialize};

/// Routes that are told apart; what comes after them counts together.
const MAX_ROUTES: usize = 16;
/// What they count as.
const OTHERS: &str = "others";
/// Keys that an isolate knows.
const KEYS: usize = 32;
const COUNTERS: usize = Counter::ALL.len();

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Answers from memory or KV, fresh.
    Hits,
    /// Answers that were fetched for their request.
    Misses,
    /// Answers from memory or KV beyond their lifetime.
    Stale,
    /// Answers with what another request fetched.
    Collapsed,
    /// Requests the cache did not look at.
    Bypassed,
    /// Stored answers that the origin said still hold.
    Revalidated,
    /// Reads of KV.
    KvReads,
    /// Writes to KV.
    KvWrites,
    /// Bytes of the bodies that were stored, before packing.
    BytesRaw,
    /// The same as they were stored.
    BytesStored,
    /// Calls of Durable Objects, of every kind: each is billed.
    ObjectCalls,
    /// Calls of limiters that were not answered.
    LimiterFailures,
    /// Requests that a limit refused, or would have (`RATE_LIMIT_MODE=shadow`).
    RateLimited,
}

/// How often.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    counts: [u64; COUNTERS],
    /// Each with answers that came from the cache, and answers that did not.
    pub(super) routes: Vec<(String, u64, u64)>,
    pub(super) keys: TopKeys,
}

impl Counter {
    /// All of them, with their names in JSON.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Hits, "keyspace_hits"),
        (Self::Misses, "keyspace_misses"),
        (Self::Stale, "stale_hits"),
        (Self::Collapsed, "collapsed"),
        (Self::Bypassed, "bypassed"),
        (Self::Revalidated, "revalidated"),
        (Self::KvReads, "kv_reads"),
        (Self::KvWrites, "kv_writes"),
        (Self::BytesRaw, "bytes_raw"),
        (Self::BytesStored, "bytes_stored"),
        (Self::ObjectCalls, "object_calls"),
        (Self::LimiterFailures, "limiter_failures"),
        (Self::RateLimited, "rate_limited"),
    ];
}

impl Tally {
    /// Counts an answer under a key. This is on the way of every HIT: no allocation where route and key are known.
    pub fn count_key(&mut self, counter: Counter, target: &str) {
        self.add(counter, 1);
        let path = target.split('?').next().unwrap_or(target);
        let is_from_cache = matches!(counter, Counter::Hits | Counter::Stale | Counter::Collapsed);
        self.add_route(route_of(path), u64::from(is_from_cache), u64::from(!is_from_cache));
        self.keys.add(target, 1, KEYS);
    }

    /// Adds to a counter.
    pub fn add(&mut self, counter: Counter, more: u64) {
        if let Some(count) = self.counts.get_mut(counter as usize) {
            *count = count.saturating_add(more);
        }
    }

    /// A counter.
    pub fn count(&self, counter: Counter) -> u64 {
        self.counts.get(counter as usize).copied().unwrap_or_default()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.counts == [0; COUNTERS]
    }

    /// Adds another one; of keys, `keys` are known afterwards.
    pub(super) fn merge(&mut self, other: Self, keys: usize) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
        for (route, hits, misses) in other.routes {
            self.add_route(&route, hits, misses);
        }
        for (key, count) in other.keys.0 {
            self.keys.add(&key, count, keys);
        }
    }

    /// Adds another one of an isolate's.
    pub fn put_back(&mut self, other: Self) {
        self.merge(other, KEYS);
    }

    /// Paths that lead nowhere are routes, too, and there is no end of them: the least used one makes room.
    fn add_route(&mut self, route: &str, hits: u64, misses: u64) {
        if let Some((_, known_hits, known_misses)) = self.routes.iter_mut().find(|(known, ..)| known == route)
        {
            *known_hits = known_hits.saturating_add(hits);
            *known_misses = known_misses.saturating_add(misses);
            return;
        }
        let told_apart = self.routes.iter().enumerate().filter(|(_, (known, ..))| known != OTHERS);
        if route != OTHERS && told_apart.clone().count() >= MAX_ROUTES {
            let least = told_apart.min_by_key(|(_, (_, hits, misses))| hits.saturating_add(*misses));
            if let Some((at, _)) = least {
                let (_, hits, misses) = self.routes.swap_remove(at);
                self.add_route(OTHERS, hits, misses);
            }
        }
        self.routes.push((route.to_owned(), hits, misses));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counter_has_a_place_of_its_own() {
        for (at, (counter, _)) in Counter::ALL.into_iter().enumerate() {
            assert_eq!(counter as usize, at);
        }
    }

    #[test]
    fn routes_of_no_end_are_counted_together_and_push_no_real_one_out() {
        let mut tally = Tally::default();
        for number in 0..1_000 {
            tally.count_key(Counter::Misses, &format!("/api/r{number}/x?y=1"));
            tally.count_key(Counter::Hits, "/api/products");
        }
        assert_eq!(tally.routes.len(), MAX_ROUTES + 1);
        let of = |name| {
            tally.routes.iter().find(|(route, ..)| route == name).map(|(_, hits, misses)| (*hits, *misses))
        };
        assert_eq!((of("/api/products"), of(OTHERS)), (Some((1_000, 0)), Some((0, 985))));
        assert_eq!(tally.count(Counter::Misses), 1_000);
    }

    #[test]
    fn what_is_put_back_is_counted_as_if_it_had_never_left() {
        let count = |tally: &mut Tally| {
            tally.count_key(Counter::Hits, "/api/products");
            tally.add(Counter::KvReads, 2);
        };
        let (mut tally, mut twice) = (Tally::default(), Tally::default());
        count(&mut tally);
        let taken = std::mem::take(&mut tally);
        count(&mut tally);
        tally.put_back(taken);
        count(&mut twice);
        count(&mut twice);
        assert_eq!(tally, twice);
        assert!(Tally::default().is_empty() && !tally.is_empty());
    }
}
