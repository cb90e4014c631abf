//! What the edge counts of itself, between two moments.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use valora_tests::client::Client;
use xtask::system::System;

use crate::statistics::float64;

/// Isolates tell the Hub every five seconds; and every lease is over by then.
const TOLD_AFTER: Duration = Duration::from_secs(8);

/// What an answer to a hot key counts as.
const ANSWERS: [&str; 5] = ["keyspace_hits", "stale_hits", "revalidated", "collapsed", "keyspace_misses"];

/// What was counted while something ran.
pub(super) struct Counted {
    before: Value,
    after: Value,
    /// How many requests were sent.
    pub(super) requests: u64,
    /// From one look at the counters to the next.
    pub(super) seconds: f64,
}

impl Counted {
    /// Counts while `load` runs, which returns how many requests it has sent.
    pub(super) fn over(system: &System, load: impl FnOnce() -> Result<u64>) -> Result<Self> {
        let (begin, before) = (Instant::now(), settled(system)?);
        let requests = load()?;
        let after = settled(system)?;
        let counted = Self { before, after, requests, seconds: begin.elapsed().as_secs_f64() };
        let seen: u64 = ANSWERS.iter().map(|name| counted.of(name)).sum();
        ensure!(seen >= requests, "only {seen} of {requests} requests were counted");
        Ok(counted)
    }

    /// How often this was counted.
    pub(super) fn of(&self, name: &str) -> u64 {
        let count = |stats: &Value| stats[name].as_u64().unwrap_or_default();
        count(&self.after).saturating_sub(count(&self.before))
    }

    /// The same per request.
    pub(super) fn each(&self, name: &str) -> f64 {
        float64(self.of(name)) / float64(self.requests)
    }

    /// Calls of objects of all kinds.
    pub(super) fn object_calls(&self) -> f64 {
        float64(self.of("object_calls"))
    }

    /// The same per second.
    pub(super) fn calls_per_second(&self) -> f64 {
        self.object_calls() / self.seconds
    }
}

/// The counters, once the isolate has told all of its own.
fn settled(system: &System) -> Result<Value> {
    let edge = Client::new(system.edge_url(0))?;
    std::thread::sleep(TOLD_AFTER);
    // A request, so that there is a beat to tell by.
    edge.get("/api/products")?;
    std::thread::sleep(Duration::from_secs(1));
    let bearer = format!("Bearer {}", system.variable("ADMIN_TOKEN").context("no admin token")?);
    let answer = edge.request("GET", "/api/admin/cache/stats").header("authorization", &bearer).send()?;
    ensure!(answer.status == 200, "{}", answer.shown());
    let stats = answer.json()?;
    ensure!(stats["object_calls"].is_u64() && stats["limiter_failures"].is_u64(), "{stats}");
    Ok(stats)
}
