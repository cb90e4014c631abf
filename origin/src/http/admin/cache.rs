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
    openapi::{RefOr, Schema},
};
use valora_shared::{hub::Clear, time::UnixMillis};

#[derive(Serialize, ToSchema)]
#[schema(as = CacheStats)]
struct Stats {
    total_cache_keys: u64,
    memory_used_bytes: u64,
    memory_used_human: String,
    keyspace_hits: u64,
    keyspace_misses: u64,
    #[schema(value_type = f64)]
    cache_hit_rate: Ratio,
    stale_hits: u64,
    bypassed: u64,
    revalidated: u64,
    epoch: u64,
    #[serde(flatten)]
    redis: Option<RedisStats>,
}

/// Where there is a Redis. The edge, which answers this route in front of the origin, has figures of KV in its place.
#[derive(Serialize, ToSchema)]
#[schema(as = CacheRedisStats)]
struct RedisStats {
    redis_reads: u64,
    redis_hits: u64,
    redis_writes: u64,
    redis_failures: u64,
    bytes_raw: u64,
    bytes_stored: u64,
    #[schema(value_type = f64)]
    compression_ratio: Ratio,
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

/// How requests were answered by this replica since it started. An answer that was found to hold still counts as a hit.
pub(crate) async fn stats(State(app): State<AppState>, _: Admin) -> Answer {
    let cache = &app.cache;
    let (total_cache_keys, memory_used_bytes) = cache.size();
    let of = |outcome| cache.counts.of(outcome);
    let (stale_hits, revalidated) = (of(Outcome::Stale), of(Outcome::Revalidated));
    let keyspace_hits = of(Outcome::Hit) + stale_hits + revalidated;
    let keyspace_misses = of(Outcome::Miss);
    let redis = cache.redis_counts().map(|counts| RedisStats {
        redis_reads: counts.reads,
        redis_hits: counts.hits,
        redis_writes: counts.writes,
        redis_failures: counts.failures,
        bytes_raw: counts.raw_bytes,
        bytes_stored: counts.stored_bytes,
        compression_ratio: Ratio(counts.raw_bytes, counts.stored_bytes),
    });
    json(&Stats {
        total_cache_keys,
        memory_used_bytes,
        memory_used_human: human(memory_used_bytes),
        keyspace_hits,
        keyspace_misses,
        cache_hit_rate: Ratio(keyspace_hits, keyspace_hits + keyspace_misses),
        stale_hits,
        bypassed: of(Outcome::Bypass),
        revalidated,
        epoch: cache.purges(&app.store).await.epochs.epoch(),
        redis,
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

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(part, whole) = *self;
        let parts = u128::from(part) * 10_000 / u128::from(whole.max(1));
        // Written from integers, as money is.
        let digits = format!("{}.{:04}", parts / 10_000, parts % 10_000);
        RawValue::from_string(digits).map_err(S::Error::custom)?.serialize(serializer)
    }
}

fn human(bytes: u64) -> String {
    let tenths = |unit: u64| bytes.saturating_mul(10) / unit;
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{}.{} KiB", tenths(1 << 10) / 10, tenths(1 << 10) % 10),
        _ => format!("{}.{} MiB", tenths(1 << 20) / 10, tenths(1 << 20) % 10),
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
        assert_eq!([0, 1_023, 1_536, 34_000_000].map(human), ["0 B", "1023 B", "1.5 KiB", "32.4 MiB"]);
    }
}
