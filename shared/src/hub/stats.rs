//! What the cache did, counted: in an isolate, and in the Hub over all of them. Everything is bounded, so routes and
//! keys that are rarely asked for share or lose their place.

mod tally;
mod top_keys;

pub use tally::{Counter, Tally};

use crate::{
    cache::PurgeTarget,
    json::{Object, list, quoted},
    time::UnixMillis,
};
use serde::{Deserialize, Serialize};

/// How often an isolate tells: each time is a row that the Hub writes.
pub const STATS_EVERY_MS: i64 = 5_000;
/// An isolate that told nothing for so long is taken for gone, and what it kept with it.
const GONE_MS: i64 = 60_000;
/// The most isolates whose memory is added up; beyond them the one that told longest ago is left out.
const MAX_ISOLATES: usize = 1_024;
/// Keys the Hub knows, and how many of them it tells.
const KEYS: usize = 64;
const KEYS_TOLD: usize = 20;

/// What an isolate tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which isolate: a random number.
    pub isolate: u64,
    /// Entries in its memory.
    pub entries: u64,
    /// Bytes they take.
    pub bytes: u64,
    /// What it counted since it told last.
    pub tally: Tally,
}

/// What all isolates told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    tally: Tally,
    isolates: Vec<Memory>,
}

/// What one isolate has in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    isolate: u64,
    at_ms: i64,
    entries: u64,
    bytes: u64,
}

impl Stats {
    /// Adds what an isolate told at `now`.
    pub fn merge(&mut self, report: Report, now: UnixMillis) {
        let Report { isolate, entries, bytes, tally } = report;
        self.tally.merge(tally, KEYS);
        self.forget(now);
        self.isolates.retain(|memory| memory.isolate != isolate);
        if self.isolates.len() >= MAX_ISOLATES {
            // In the order in which they told.
            self.isolates.remove(0);
        }
        self.isolates.push(Memory { isolate, at_ms: now.0, entries, bytes });
    }

    /// Forgets what isolates had in memory that are gone.
    pub fn forget(&mut self, now: UnixMillis) {
        self.isolates.retain(|memory| now.since(UnixMillis(memory.at_ms)) < GONE_MS);
    }

    /// Entries in the isolates' memories.
    pub fn entries(&self) -> u64 {
        self.isolates.iter().map(|memory| memory.entries).sum()
    }

    /// About how many of these a purge concerns, going by the keys that are asked for most. Which tags an entry bears
    /// is known where it is kept: of a list's tag, any may.
    pub fn estimate(&self, target: &PurgeTarget) -> u64 {
        let is_meant = |key: &str| match target {
            PurgeTarget::Tag(tag) => tag.strip_prefix("product:").is_none_or(|id| names_product(key, id)),
            pattern => pattern.matches(key),
        };
        let (mut all, mut meant) = (0_u64, 0_u64);
        for (key, _) in &self.tally.keys.0 {
            all += 1;
            meant += u64::from(is_meant(key));
        }
        match all {
            0 if *target == PurgeTarget::Everything => self.entries(),
            0 => 0,
            all => self.entries().saturating_mul(meant).div_ceil(all),
        }
    }

    /// The body of `GET /api/admin/cache/stats`.
    pub fn to_json(&self, epoch: u64) -> String {
        let count = |counter| self.tally.count(counter);
        let bytes: u64 = self.isolates.iter().map(|memory| memory.bytes).sum();
        let mut json = Object::default();
        json.count("total_cache_keys", self.entries())
            .count("memory_used_bytes", bytes)
            .text("memory_used_human", &human(bytes));
        for (counter, name) in Counter::ALL {
            json.count(name, count(counter));
        }
        let looked = count(Counter::Hits).saturating_add(count(Counter::Misses));
        json.json("cache_hit_rate", &ratio(count(Counter::Hits), looked));
        json.json("compression_ratio", &ratio(count(Counter::BytesStored), count(Counter::BytesRaw)));
        json.count("epoch", epoch);
        let routes = self.tally.routes.iter().map(|(route, hits, misses)| {
            format!(r#"{{"route":{},"hits":{hits},"misses":{misses}}}"#, quoted(route))
        });
        let routes: Vec<String> = routes.collect();
        json.json("by_route", &list(&routes));
        let keys = self.tally.keys.most_asked_for(KEYS_TOLD);
        let keys =
            keys.into_iter().map(|(key, count)| format!(r#"{{"key":{},"count":{count}}}"#, quoted(key)));
        let keys: Vec<String> = keys.collect();
        json.json("top_keys", &list(&keys)).to_json()
    }
}

fn names_product(key: &str, id: &str) -> bool {
    key.split(['/', '?', '=', ',', '&']).any(|piece| piece == id)
}

/// A part of one with four decimals; 0 of nothing.
pub fn ratio(part: u64, whole: u64) -> String {
    // From integers, as money is written.
    let parts = part.saturating_mul(10_000) / whole.max(1);
    format!("{}.{:04}", parts / 10_000, parts % 10_000)
}

/// As Redis writes it: `1.50M`.
pub fn human(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_024 => return format!("{bytes}B"),
        1_024..1_048_576 => (1_024, 'K'),
        1_048_576..1_073_741_824 => (1 << 20, 'M'),
        _ => (1 << 30, 'G'),
    };
    format!("{}.{:02}{name}", bytes / unit, bytes % unit * 100 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    fn report(isolate: u64, entries: u64, count: impl FnOnce(&mut Tally)) -> Report {
        let mut tally = Tally::default();
        count(&mut tally);
        Report { isolate, entries, bytes: entries * 1_024, tally }
    }

    fn stats() -> Stats {
        let mut stats = Stats::default();
        let first = report(1, 6, |tally| {
            (0..3).for_each(|_| tally.count_key(Counter::Hits, "/api/products"));
            tally.count_key(Counter::Misses, "/api/price/1");
            tally.add(Counter::BytesRaw, 1_000);
            tally.add(Counter::BytesStored, 250);
        });
        stats.merge(first, NOW);
        let second = report(2, 2, |tally| {
            tally.count_key(Counter::Hits, "/api/price/1?x=\"");
            tally.count_key(Counter::Stale, "/api/products");
        });
        stats.merge(second, UnixMillis(NOW.0 + 1_000));
        stats
    }

    #[test]
    fn what_isolates_tell_adds_up_and_is_written_as_designed() {
        let json: serde_json::Value = serde_json::from_str(&stats().to_json(41)).unwrap();
        let expected = serde_json::json!({
            "total_cache_keys": 8, "memory_used_bytes": 8_192, "memory_used_human": "8.00K",
            "keyspace_hits": 4, "keyspace_misses": 1, "cache_hit_rate": 0.8,
            "stale_hits": 1, "collapsed": 0, "bypassed": 0, "revalidated": 0, "kv_reads": 0, "kv_writes": 0,
            "bytes_raw": 1_000, "bytes_stored": 250, "object_calls": 0,
            "limiter_failures": 0, "rate_limited": 0, "compression_ratio": 0.25, "epoch": 41,
            "by_route": [
                {"route": "/api/products", "hits": 4, "misses": 0},
                {"route": "/api/price", "hits": 1, "misses": 1},
            ],
            "top_keys": [
                {"key": "/api/products", "count": 4},
                {"key": "/api/price/1", "count": 1},
                {"key": "/api/price/1?x=\"", "count": 1},
            ],
        });
        assert_eq!(json, expected);
        let nothing: serde_json::Value = serde_json::from_str(&Stats::default().to_json(0)).unwrap();
        assert_eq!((&nothing["cache_hit_rate"], &nothing["top_keys"]), (&0.0.into(), &serde_json::json!([])));
    }

    #[test]
    fn memory_of_an_isolate_counts_once_and_until_it_is_gone() {
        let mut stats = stats();
        stats.merge(report(1, 9, |_| ()), UnixMillis(NOW.0 + 5_000));
        assert_eq!(stats.entries(), 11);
        stats.forget(UnixMillis(NOW.0 + 61_000));
        assert_eq!(stats.entries(), 9);
        for isolate in 100..2_000 {
            stats.merge(report(isolate, 1, |_| ()), UnixMillis(NOW.0 + 6_000));
        }
        assert_eq!(stats.entries(), 1_024);
    }

    #[test]
    fn a_purge_is_estimated_by_the_keys_that_are_known() {
        let stats = stats();
        let estimate = |pattern: &str| stats.estimate(&PurgeTarget::parse(pattern).unwrap());
        assert_eq!((estimate("*"), estimate("tag:products"), estimate("/api/x/*")), (8, 8, 0));
        assert_eq!((estimate("products"), estimate("tag:product:1"), estimate("tag:product:2")), (3, 6, 0));
        let mut unknown = Stats::default();
        unknown.merge(report(1, 5, |_| ()), NOW);
        assert_eq!(unknown.estimate(&PurgeTarget::Everything), 5);
    }

    #[test]
    fn bytes_are_written_for_people() {
        let written = [0, 1_023, 1_536, 33_554_432, u64::MAX].map(human);
        assert_eq!(written, ["0B", "1023B", "1.50K", "32.00M", "17179869183.99G"]);
    }
}
