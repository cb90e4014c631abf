//! The origin's own response cache, for requests that come past the edge; the edge has its own in front. The rules are
//! shared's, the step that obeys them is `pipeline::cache`; here is where answers are kept.

mod counts;
mod entry;
mod memory;
mod purges;
mod redis;

pub(crate) use counts::{Counts, Outcome};
pub(crate) use entry::{Content, Entry};
pub(crate) use purges::Purged;
pub(crate) use redis::RedisCounts;

use crate::{
    config::OriginCacheConfig,
    redis::RedisState,
    store::{Store, StoreError, purges::database_number},
};
use memory::Memory;
use purges::Purges;
use redis::RedisTier;
use std::sync::Arc;
use valora_shared::cache::{CacheKey, PurgeTarget};

/// Memory of this replica, and Redis behind it where there is one.
#[derive(Debug)]
pub(crate) struct ResponseCache {
    memory: Option<Memory>,
    redis: Option<RedisTier>,
    purges: Purges,
    pub(crate) counts: Counts,
}

impl ResponseCache {
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn open(config: &OriginCacheConfig, store: &Store) -> Result<Self, StoreError> {
        let bytes = config.origin_cache_memory_bytes.get();
        let redis = match &config.redis_url {
            Some(url) => Some(RedisTier::start(url.client(), database_number(store).await?)),
            None => None,
        };
        Ok(Self {
            memory: (bytes > 0).then(|| Memory::new(bytes)),
            redis,
            purges: Purges::default(),
            counts: Counts::default(),
        })
    }

    /// Whether anything is kept.
    pub(crate) fn is_on(&self) -> bool {
        self.memory.is_some()
    }

    /// What is purged.
    pub(crate) async fn purges(&self, store: &Store) -> Purged {
        self.purges.look(store).await
    }

    /// What is kept under `key`: that of memory, or else, brought into memory, that of Redis.
    pub(crate) async fn find(&self, key: &CacheKey) -> Option<Arc<Entry>> {
        let memory = self.memory.as_ref()?;
        if let Some(entry) = memory.get(key) {
            return Some(entry);
        }
        let entry = self.redis.as_ref()?.get(key).await.map(Arc::new)?;
        memory.put(key.clone(), Arc::clone(&entry));
        Some(entry)
    }

    /// Keeps an answer, in Redis behind the request.
    pub(crate) fn keep(&self, key: CacheKey, entry: &Arc<Entry>) {
        if let Some(redis) = &self.redis {
            redis.put(&key, entry);
        }
        if let Some(memory) = &self.memory {
            memory.put(key, Arc::clone(entry));
        }
    }

    /// Frees what `target` means, which `epochs` make unusable everywhere; gives how many answers that were in memory.
    pub(crate) fn free(&self, target: &PurgeTarget) -> u64 {
        self.memory.as_ref().map_or(0, |memory| memory.free(target))
    }

    /// Answers in memory, and their bytes.
    pub(crate) fn size(&self) -> (u64, u64) {
        self.memory.as_ref().map_or((0, 0), Memory::size)
    }

    /// How Redis is; `None` where there is none.
    pub(crate) async fn redis_state(&self) -> Option<RedisState> {
        Some(self.redis.as_ref()?.state().await)
    }

    /// What Redis did; `None` where there is none.
    pub(crate) fn redis_counts(&self) -> Option<RedisCounts> {
        self.redis.as_ref().map(RedisTier::counts)
    }
}
