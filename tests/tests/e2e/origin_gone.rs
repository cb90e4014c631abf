//! The origin is gone for a minute, under load, with every kept answer out of date: clients notice nothing.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use valora_tests::client::Client;
use valora_tests::deliveries::{Deliveries, event_id};
use valora_tests::running::Running;
use valora_tests::until::until;

use crate::harness::Test;

const GONE_FOR: Duration = Duration::from_mins(1);
/// No client waits longer.
const LIMIT: Duration = Duration::from_millis(1_500);
const CLIENTS: usize = 4;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(40);
const TTLS: &str = "/api/products=5,/api/prices=5,/api/search=5,/api/categories=5";

pub(crate) fn trials() -> Vec<Test> {
    trials![a_killed_origin_is_not_missed_for_a_minute, a_stopped_origin_is_not_missed_for_a_minute]
}

fn a_killed_origin_is_not_missed_for_a_minute() -> Result<()> {
    let (mut system, targets) = start()?;
    system.kill_origin();
    load(&system, &targets)?;
    system.start_origin()?;
    comes_back(&system)
}

fn a_stopped_origin_is_not_missed_for_a_minute() -> Result<()> {
    let (system, targets) = start()?;
    system.pause_origin();
    load(&system, &targets)?;
    system.resume_origin();
    comes_back(&system)
}

fn products(edge: &Client) -> Result<Vec<String>> {
    let list = edge.get("/api/products")?.json()?["PRODUCTS_LIST"].as_array().cloned().unwrap_or_default();
    Ok(list.iter().filter_map(|product| product["product_id"].as_str().map(str::to_owned)).collect())
}

fn targets(products: &[String]) -> Vec<String> {
    let lists = ["/api/products", "/api/categories", "/api/prices?ids=1,2", "/api/products?limit=5"];
    let prices = products.iter().map(|product| format!("/api/products/{product}/price"));
    lists.iter().map(|list| (*list).to_owned()).chain(prices).collect()
}

/// Everything is kept by both isolates, and then everything is purged so that it must be checked first.
fn start() -> Result<(Running, Vec<String>)> {
    let system = Running::start(|options| {
        xtask::system::SystemOptions { isolates: 2, ..options }
            .with_env("CACHE_TTLS", TTLS)
            .with_env("CACHE_DEFAULT_TTL", "5")
    })?;
    let products = products(&system.origin()?)?;
    ensure!(products.len() == 26, "{products:?}");
    for isolate in [system.isolate(0)?, system.isolate(1)?] {
        for target in targets(&products) {
            let answer = isolate.get(&target)?;
            ensure!(answer.status == 200, "{target}: {}", answer.shown());
        }
    }
    let tags: Vec<String> =
        products.iter().map(|product| format!("product:{product}")).chain(["products".to_owned()]).collect();
    let purge = serde_json::json!({
        "id": event_id(1), "kind": "purge", "tags": tags, "mode": "revalidate",
    });
    let taken = Deliveries::to(&system, 0)?.of(&[purge.to_string()])?.send()?;
    ensure!(taken.status == 200, "{}", taken.shown());
    Ok((system, targets(&products)))
}

fn load(system: &Running, targets: &[String]) -> Result<()> {
    let isolates = [system.isolate(0)?, system.isolate(1)?];
    let begin = Instant::now();
    let counts = std::thread::scope(|scope| -> Result<Vec<(usize, usize)>> {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let isolate = &isolates[number % isolates.len()];
                scope.spawn(move || one_client(isolate, targets, number, begin))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow::anyhow!("panicked"))?).collect()
    })?;
    let (hits, stale) = counts.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    ensure!(stale > 1_000, "only {stale} of {} answers were stale", hits + stale);
    Ok(())
}

fn one_client(isolate: &Client, targets: &[String], number: usize, begin: Instant) -> Result<(usize, usize)> {
    let (mut hits, mut stale) = (0, 0);
    for turn in number.. {
        let gone_for = begin.elapsed();
        if gone_for > GONE_FOR {
            break;
        }
        let target = &targets[(turn * 7) % targets.len()];
        let sent = Instant::now();
        let answer = isolate.get(target)?;
        let took = sent.elapsed();
        ensure!(answer.status == 200, "{target} after {gone_for:?}: {}", answer.shown());
        ensure!(took < LIMIT, "{target} after {gone_for:?} took {took:?}: {:?}", answer.headers);
        match answer.header("x-cache") {
            Some("HIT") => hits += 1,
            Some("STALE") => stale += 1,
            other => anyhow::bail!("{target} after {gone_for:?} is {other:?}: {}", answer.shown()),
        }
        std::thread::sleep(PAUSE);
    }
    Ok((hits, stale))
}

fn comes_back(system: &Running) -> Result<()> {
    let edge = system.edge()?;
    until("the origin was asked again", Duration::from_secs(20), || {
        let answer = edge.get("/api/products")?;
        Ok(matches!(answer.header("x-cache"), Some("MISS" | "REVALIDATED" | "HIT")).then_some(()))
    })
}
