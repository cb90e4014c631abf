//! `GET /api/admin/cache/stats`, `POST /api/admin/cache/clear`: the origin's own response cache, of which the edge, in
//! front of it, has one itself.

use crate::{
    app::AppState,
    cache::Outcome,
    http::{
        extract::Admin,
        reply::{Answer, json},
    },
    store::purges,
};
use axum::extract::{RawQuery, State};
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use valora_shared::{
    hub::{Clear, human, ratio},
    time::UnixMillis,
};

#[derive(Serialize, ToSchema)]
#[schema(as = CacheStats)]
struct Stats {
    total_cache_keys: u64,
    memory_used_bytes: u64,
    memory_used_human: String,
    keyspace_hits: u64,
    keyspace_misses: u64,
    cache_hit_rate: Ratio,
    stale_hits: u64,
    bypassed: u64,
    revalidated: u64,
    epoch: u64,
    /// Requests that the rate limit refused.
    rate_limited: u64,
    /// Times that the rate limit's Redis did not answer, and memory decided alone.
    limiter_failures: u64,
    /// The rest where there is a Redis. The edge, which answers this route in front of the origin, tells of KV instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    redis_reads: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis_hits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis_writes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis_failures: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_raw: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_stored: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compression_ratio: Option<Ratio>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CacheCleared)]
struct Receipt {
    message: &'static str,
    cleared: u64,
    pattern: String,
    epoch: u64,
    visible_by: UnixMillis,
}

/// One number of another, as a decimal; 0 of nothing.
struct Ratio(u64, u64);

/// For the `OpenAPI` document.
pub(crate) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((Stats::name().into_owned(), Stats::schema()));
    <Stats as ToSchema>::schemas(all);
    all.push((Receipt::name().into_owned(), Receipt::schema()));
    <Receipt as ToSchema>::schemas(all);
}

/// How requests were answered by this replica since it started.
pub(crate) async fn stats(State(app): State<AppState>, _: Admin) -> Answer {
    let cache = &app.cache;
    let (total_cache_keys, memory_used_bytes) = cache.size();
    let of = |outcome| cache.counts.of(outcome);
    let (keyspace_hits, keyspace_misses) = (of(Outcome::Hit), of(Outcome::Miss));
    let redis = cache.redis_counts();
    json(&Stats {
        total_cache_keys,
        memory_used_bytes,
        memory_used_human: human(memory_used_bytes),
        keyspace_hits,
        keyspace_misses,
        cache_hit_rate: Ratio(keyspace_hits, keyspace_hits + keyspace_misses),
        stale_hits: of(Outcome::Stale),
        bypassed: of(Outcome::Bypass),
        revalidated: of(Outcome::Revalidated),
        epoch: cache.purges(&app.store).await.epochs.epoch(),
        rate_limited: app.limiter.refused(),
        limiter_failures: app.limiter.alone(),
        redis_reads: redis.map(|redis| redis.reads),
        redis_hits: redis.map(|redis| redis.hits),
        redis_writes: redis.map(|redis| redis.writes),
        redis_failures: redis.map(|redis| redis.failures),
        bytes_raw: redis.map(|redis| redis.raw_bytes),
        bytes_stored: redis.map(|redis| redis.stored_bytes),
        compression_ratio: redis.map(|redis| Ratio(redis.stored_bytes, redis.raw_bytes)),
    })
}

/// Purges what `pattern` names, on every replica, from the next request on.
pub(crate) async fn clear(State(app): State<AppState>, _: Admin, RawQuery(query): RawQuery) -> Answer {
    let Clear { pattern, target, mode } = Clear::parse(query.as_deref().unwrap_or(""))?;
    let mut db = app.store.write().await?;
    let epoch = purges::target(&mut db, &target, mode).await?;
    db.commit().await?;
    json(&Receipt {
        message: "What the pattern names is used no more.",
        cleared: app.cache.free(&target),
        pattern,
        epoch,
        visible_by: app.clock.now(),
    })
}

impl PartialSchema for Ratio {
    fn schema() -> RefOr<Schema> {
        let about = "A part of one, with four decimals.";
        ObjectBuilder::new().schema_type(Type::Number).description(Some(about)).build().into()
    }
}

impl ToSchema for Ratio {}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(ratio(self.0, self.1)).map_err(S::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_without_floats() {
        let json = |ratio| serde_json::to_string(&ratio).unwrap();
        assert_eq!(json(Ratio(2, 3)), "0.6666");
        assert_eq!((json(Ratio(0, 0)), json(Ratio(9, 3))), ("0.0000".to_owned(), "3.0000".to_owned()));
    }
}
