//! The tier that replicas share. What it says is believed no more than what memory says: every value bears its epoch,
//! and whoever reads it holds it against the purges of now. So Redis may lose everything, come back old or not at all.

mod value;

use super::{Content, Entry};
use crate::redis::{Link, RedisState};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use valora_shared::cache::CacheKey;

/// Asking the database takes no longer.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(100);
/// A longer body stays in memory alone: it would hold up the answers behind it on the one connection.
const MAX_VALUE_BYTES: usize = 1 << 20;

/// Redis.
#[derive(Debug)]
pub(super) struct RedisTier {
    link: Arc<Link>,
    /// Of every key: the design's `v:c:`, and whose database the answers are of.
    prefix: String,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    reads: AtomicU64,
    hits: AtomicU64,
    writes: AtomicU64,
    raw_bytes: AtomicU64,
    stored_bytes: AtomicU64,
}

/// Since the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RedisCounts {
    /// Values asked for.
    pub(crate) reads: u64,
    /// Values that were there.
    pub(crate) hits: u64,
    /// Values written.
    pub(crate) writes: u64,
    /// Commands that failed or took too long.
    pub(crate) failures: u64,
    /// Bytes of bodies that were written.
    pub(crate) raw_bytes: u64,
    /// Bytes that were written for them.
    pub(crate) stored_bytes: u64,
}

impl RedisTier {
    /// Connects in the background.
    pub(super) fn start(client: redis::Client, database: i64) -> Self {
        let link = Link::start(client, "cache", ANSWER_TIMEOUT);
        Self { link, prefix: format!("v:c:{database:x}:"), counts: Arc::default() }
    }

    pub(super) async fn get(&self, key: &CacheKey) -> Option<Entry> {
        let command = redis::Cmd::get(self.key(key));
        let found = self.link.ask::<Option<Vec<u8>>>(command).await?;
        self.counts.reads.fetch_add(1, Ordering::Relaxed);
        let entry = value::read(&found?)?;
        self.counts.hits.fetch_add(1, Ordering::Relaxed);
        Some(entry)
    }

    /// Writes behind the request, which nobody's answer waits for.
    pub(super) fn put(&self, key: &CacheKey, entry: &Arc<Entry>) {
        let Content::Body(body) = &entry.content else { return };
        let keeping = &entry.stored.keeping;
        let seconds = u64::from(keeping.lifetime_seconds) + u64::from(keeping.stale_while_revalidate);
        if body.len() > MAX_VALUE_BYTES || seconds == 0 || !self.link.is_up() {
            return;
        }
        let (link, counts) = (Arc::clone(&self.link), Arc::clone(&self.counts));
        let (key, entry) = (self.key(key), Arc::clone(entry));
        tokio::spawn(async move {
            let Some((raw, value)) = value::write(&entry) else { return };
            let stored = value.len() as u64;
            let mut command = redis::cmd("SET");
            command.arg(key).arg(value).arg("EX").arg(seconds);
            if link.ask::<()>(command).await.is_some() {
                counts.writes.fetch_add(1, Ordering::Relaxed);
                counts.raw_bytes.fetch_add(raw, Ordering::Relaxed);
                counts.stored_bytes.fetch_add(stored, Ordering::Relaxed);
            }
        });
    }

    pub(super) async fn state(&self) -> RedisState {
        self.link.state().await
    }

    pub(super) fn counts(&self) -> RedisCounts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RedisCounts {
            reads: of(&self.counts.reads),
            hits: of(&self.counts.hits),
            writes: of(&self.counts.writes),
            failures: self.link.failures(),
            raw_bytes: of(&self.counts.raw_bytes),
            stored_bytes: of(&self.counts.stored_bytes),
        }
    }

    /// Of bounded length, whatever was asked for.
    fn key(&self, key: &CacheKey) -> String {
        format!("{}{}", self.prefix, BASE64URL_NOPAD.encode(&Sha256::digest(key.as_str())))
    }
}
