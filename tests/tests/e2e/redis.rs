//! Redis that is not there, dies, hangs and returns: no request fails, and memory goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use valora_tests::redis::Redis;
use valora_tests::replica::Replica;
use valora_tests::until::until;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_redis_that_is_not_there_yet_is_used_when_it_comes,
        a_redis_that_dies_under_load_fails_no_request_and_is_used_when_it_returns,
        a_redis_that_hangs_costs_one_timeout_and_is_then_left_alone,
    ]
}

/// In time after it returned.
const BACK_WITHIN: Duration = Duration::from_secs(5);

/// How `GET /api/health/detailed` finds Redis, and the whole.
fn health(replica: &Replica) -> Result<(String, String)> {
    let body = replica.client().get("/api/health/detailed")?.json()?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned).context("no status");
    Ok((text(&body["services"]["redis"]["status"])?, text(&body["status"])?))
}

/// Waits until the origin has found Redis.
pub(crate) fn connected(replica: &Replica) -> Result<()> {
    until("Redis was found", BACK_WITHIN, || Ok((health(replica)?.0 == "healthy").then_some(())))
}

/// Waits until so many answers were written to Redis, which happens behind requests.
pub(crate) fn written(replica: &Replica, count: u64) -> Result<()> {
    until("answers were written to Redis", BACK_WITHIN, || {
        Ok((replica.cache_stats()?["redis_writes"].as_u64() >= Some(count)).then_some(()))
    })
}

fn start(folder: &TempDir, redis: &Redis) -> Result<Replica> {
    Replica::start(folder.path(), "origin", &[("REDIS_URL", &redis.url())])
}

fn a_redis_that_is_not_there_yet_is_used_when_it_comes() -> Result<()> {
    let folder = TempDir::new()?;
    let mut redis = Redis::absent(folder.path())?;
    let origin = start(&folder, &redis)?;
    ensure!(health(&origin)? == ("unhealthy".to_owned(), "degraded".to_owned()), "{:?}", health(&origin)?);
    for expected in ["MISS", "HIT"] {
        let answer = origin.client().get("/api/products")?;
        ensure!(answer.header("x-cache") == Some(expected), "{}", answer.shown());
    }
    redis.run()?;
    connected(&origin)?;
    ensure!(health(&origin)?.1 == "healthy");
    let body = origin.client().get("/api/health/detailed")?.json()?;
    let told = &body["services"]["redis"];
    ensure!(told["type"] == "redis" && told["response_time_ms"].is_u64(), "{told}");
    origin.client().get("/api/products/1")?;
    written(&origin, 1)
}

/// Four clients ask for what is not in memory, so that each request would ask Redis.
fn a_redis_that_dies_under_load_fails_no_request_and_is_used_when_it_returns() -> Result<()> {
    let folder = TempDir::new()?;
    let mut redis = Redis::start(folder.path())?;
    let origin = start(&folder, &redis)?;
    connected(&origin)?;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (origin, is_over) = (&origin, &is_over);
                scope.spawn(move || -> Result<(u64, Duration)> {
                    let (mut asked, mut slowest) = (0, Duration::ZERO);
                    while !is_over.load(Ordering::SeqCst) {
                        asked += 1;
                        let sent = Instant::now();
                        let answer =
                            origin.client().get(&format!("/api/products?client={client}&n={asked}"))?;
                        slowest = slowest.max(sent.elapsed());
                        ensure!(answer.status == 200, "{}", answer.shown());
                    }
                    Ok((asked, slowest))
                })
            })
            .collect();
        let scenario = (|| {
            written(&origin, 20)?;
            redis.kill();
            until("its absence was found", BACK_WITHIN, || {
                Ok((health(&origin)?.0 == "unhealthy").then_some(()))
            })?;
            let before = origin.cache_stats()?["redis_writes"].as_u64().unwrap_or(0);
            redis.run()?;
            let back = Instant::now();
            written(&origin, before + 20)?;
            ensure!(back.elapsed() < BACK_WITHIN, "used again after {:?}", back.elapsed());
            Ok(())
        })();
        is_over.store(true, Ordering::SeqCst);
        for client in clients {
            let (asked, slowest) = client.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
            ensure!(
                asked > 20 && slowest < Duration::from_secs(1),
                "{asked} requests, the slowest {slowest:?}"
            );
        }
        scenario
    })
}

fn a_redis_that_hangs_costs_one_timeout_and_is_then_left_alone() -> Result<()> {
    let folder = TempDir::new()?;
    let redis = Redis::start(folder.path())?;
    let origin = start(&folder, &redis)?;
    connected(&origin)?;
    origin.client().get("/api/products/1")?;
    written(&origin, 1)?;
    redis.freeze()?;
    let mut times = Vec::new();
    // Long enough for several attempts to connect, which are nobody's time.
    let frozen = Instant::now();
    while frozen.elapsed() < Duration::from_secs(4) {
        let sent = Instant::now();
        let answer = origin.client().get(&format!("/api/products?n={}", times.len()))?;
        ensure!(answer.status == 200, "{}", answer.shown());
        times.push(sent.elapsed());
    }
    let slow = times.iter().filter(|time| **time >= Duration::from_millis(90)).count();
    let slowest = times.iter().max().copied().unwrap_or_default();
    ensure!(slow <= 2 && slowest < Duration::from_millis(400), "{slow} slow ones, the slowest {slowest:?}");
    ensure!(times.len() > 100, "only {} requests", times.len());
    redis.thaw()?;
    connected(&origin)
}
