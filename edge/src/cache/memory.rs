//! The isolate's own tier, bounded by bytes.

use super::Entry;
use foldhash::fast::FixedState;
use quick_cache::{Weighter, unsync::Cache};
use std::rc::Rc;
use valora_shared::cache::CacheKey;

/// Bytes counted for an entry beside its body and key: headers and bookkeeping.
const OVERHEAD_BYTES: u64 = 2_048;
/// For the first size of the table: what a product's answer takes, roughly.
const TYPICAL_ENTRY_BYTES: u64 = 8_192;

/// Entries by key; the least useful ones leave when the bytes run out.
pub struct MemoryTier(Cache<CacheKey, Rc<Entry>, ByBytes, FixedState>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Rc<Entry>> for ByBytes {
    fn weight(&self, key: &CacheKey, entry: &Rc<Entry>) -> u64 {
        let key_bytes = u64::try_from(key.as_str().len()).unwrap_or(u64::MAX);
        entry.body_bytes().saturating_add(key_bytes).saturating_add(OVERHEAD_BYTES)
    }
}

impl MemoryTier {
    /// A tier for `capacity` bytes. Clients choose the keys; with a random `seed` they cannot choose collisions.
    pub fn new(capacity: u64, seed: u64) -> Self {
        let entries = usize::try_from(capacity / TYPICAL_ENTRY_BYTES).unwrap_or(usize::MAX);
        let hasher = FixedState::with_seed(seed);
        Self(Cache::with(
            entries,
            capacity,
            ByBytes,
            hasher,
            quick_cache::unsync::DefaultLifecycle::default(),
        ))
    }

    /// The entry under `key`.
    pub fn get(&self, key: &CacheKey) -> Option<Rc<Entry>> {
        self.0.get(key).cloned()
    }

    /// Keeps `entry`, unless what is kept was asked for later: a slow old answer must not put an old price back. One
    /// that is larger than the whole tier is not kept.
    pub fn insert(&mut self, key: CacheKey, entry: Rc<Entry>) {
        let asked_for = |entry: &Rc<Entry>| entry.envelope().stored_at();
        if self.0.peek(&key).is_none_or(|kept| asked_for(kept) <= asked_for(&entry)) {
            self.0.insert(key, entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valora_shared::{cache::Envelope, time::UnixMillis};
    use wasm_bindgen::JsValue;

    fn entry(body_bytes: u64) -> Rc<Entry> {
        Rc::new(Entry::new(Envelope::new(200, UnixMillis(0), 5, Vec::new()), JsValue::NULL, body_bytes))
    }

    fn key(n: u64) -> CacheKey {
        CacheKey::from_url(&format!("/api/products/{n}")).unwrap()
    }

    #[test]
    fn what_is_kept_never_weighs_more_than_the_tier_may() {
        let mut tier = MemoryTier::new(1 << 20, 7);
        for n in 0..5_000 {
            tier.insert(key(n), entry(4_096));
        }
        assert!(tier.0.weight() <= 1 << 20);
        assert!(tier.0.len() > 50, "and it is used");
    }

    #[test]
    fn an_older_answer_that_comes_late_does_not_replace_a_newer_one() {
        let asked_at =
            |at| Rc::new(Entry::new(Envelope::new(200, UnixMillis(at), 5, Vec::new()), JsValue::NULL, 1));
        let mut tier = MemoryTier::new(1 << 20, 7);
        tier.insert(key(1), asked_at(2_000));
        tier.insert(key(1), asked_at(1_000));
        assert_eq!(tier.get(&key(1)).unwrap().envelope().stored_at(), UnixMillis(2_000));
        tier.insert(key(1), asked_at(3_000));
        assert_eq!(tier.get(&key(1)).unwrap().envelope().stored_at(), UnixMillis(3_000));
    }

    #[test]
    fn a_body_larger_than_the_tier_is_not_kept() {
        let mut tier = MemoryTier::new(1 << 16, 7);
        tier.insert(key(1), entry(1 << 17));
        assert!(tier.get(&key(1)).is_none());
    }
}
