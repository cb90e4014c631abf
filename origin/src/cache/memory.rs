//! This replica's own tier, bounded by bytes.

use super::Entry;
use quick_cache::{Weighter, sync::Cache};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use valora_shared::cache::{CacheKey, PurgeTarget};

/// For the first size of the table: what a product's answer takes, roughly.
const TYPICAL_ENTRY_BYTES: u64 = 8_192;

/// Entries by key; the least useful ones leave when the bytes run out.
pub(super) struct Memory(Cache<CacheKey, Arc<Entry>, ByBytes>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Arc<Entry>> for ByBytes {
    fn weight(&self, key: &CacheKey, entry: &Arc<Entry>) -> u64 {
        entry.weight().saturating_add(u64::try_from(key.as_str().len()).unwrap_or(u64::MAX))
    }
}

impl Memory {
    pub(super) fn new(capacity: u64) -> Self {
        let entries = usize::try_from(capacity / TYPICAL_ENTRY_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, capacity, ByBytes))
    }

    pub(super) fn get(&self, key: &CacheKey) -> Option<Arc<Entry>> {
        self.0.get(key)
    }

    pub(super) fn put(&self, key: CacheKey, entry: Arc<Entry>) {
        self.0.insert(key, entry);
    }

    pub(super) fn free(&self, target: &PurgeTarget) -> u64 {
        let freed = AtomicU64::new(0);
        self.0.retain(|key, entry| {
            let is_meant = entry.is_meant(key, target);
            freed.fetch_add(u64::from(is_meant), Ordering::Relaxed);
            !is_meant
        });
        freed.into_inner()
    }

    pub(super) fn size(&self) -> (u64, u64) {
        (u64::try_from(self.0.len()).unwrap_or(u64::MAX), self.0.weight())
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memory").field(&self.size()).finish()
    }
}
