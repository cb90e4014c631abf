//! What this isolate's cache did since the Hub was told. It rides on the beat.

use crate::answer::CacheOutcome;
use valora_shared::{
    hub::{Counter, Report, STATS_EVERY_MS, Tally},
    time::UnixMillis,
};

/// The isolate's counters.
pub struct Stats {
    isolate: u64,
    tally: Tally,
    /// When the Hub was told last.
    told: Option<UnixMillis>,
}

impl Stats {
    /// Of the isolate with this random number.
    pub fn new(isolate: u64) -> Self {
        Self { isolate, tally: Tally::default(), told: None }
    }

    /// Counts an answer; `key` is what the cache looked under.
    pub fn count(&mut self, outcome: CacheOutcome, key: Option<&str>) {
        let counter = match outcome {
            CacheOutcome::Hit(_) => Counter::Hits,
            CacheOutcome::Stale => Counter::Stale,
            CacheOutcome::Revalidated => Counter::Revalidated,
            CacheOutcome::Collapsed => Counter::Collapsed,
            CacheOutcome::Miss => Counter::Misses,
            CacheOutcome::Bypass => Counter::Bypassed,
        };
        match key {
            Some(key) => self.tally.count_key(counter, key),
            None => self.tally.add(counter, 1),
        }
    }

    /// Adds to a counter that is not one of answers.
    pub fn add(&mut self, counter: Counter, more: u64) {
        self.tally.add(counter, more);
    }

    /// What the Hub is to be told now, if anything; the caller tells it, or puts it back. Memory holds so many entries
    /// of so many bytes.
    pub fn begin(&mut self, now: UnixMillis, entries: u64, bytes: u64) -> Option<Report> {
        if self.tally.is_empty() || self.told.is_some_and(|told| now.since(told) < STATS_EVERY_MS) {
            return None;
        }
        self.told = Some(now);
        let tally = std::mem::take(&mut self.tally);
        Some(Report { isolate: self.isolate, entries, bytes, tally })
    }

    /// Takes back what the Hub did not hear, or did not say that it heard: then it counts twice.
    pub fn put_back(&mut self, report: Report) {
        self.told = None;
        self.tally.put_back(report.tally);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Tier;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    #[test]
    fn the_hub_is_told_every_five_seconds_and_what_it_did_not_hear_once_more() {
        let mut stats = Stats::new(7);
        assert_eq!(stats.begin(NOW, 0, 0), None, "nothing to tell");
        stats.count(CacheOutcome::Hit(Tier::Memory), Some("/api/products"));
        let report = stats.begin(NOW, 3, 900).unwrap();
        assert_eq!((report.isolate, report.entries, report.bytes), (7, 3, 900));
        stats.count(CacheOutcome::Bypass, None);
        assert_eq!(stats.begin(UnixMillis(NOW.0 + 4_999), 3, 900), None);
        stats.put_back(report);
        let report = stats.begin(UnixMillis(NOW.0 + 1_000), 3, 900).unwrap();
        let counts = [Counter::Hits, Counter::Bypassed].map(|counter| report.tally.count(counter));
        assert_eq!(counts, [1, 1]);
        stats.count(CacheOutcome::Miss, Some("/api/products"));
        assert!(stats.begin(UnixMillis(NOW.0 + 6_000), 3, 900).is_some());
    }
}
