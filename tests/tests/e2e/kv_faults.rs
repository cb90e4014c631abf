//! A KV that fails, refuses, hangs or sees the past: no client sees an error, or a price older than it may be.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use valora_tests::client::Client;
use valora_tests::deliveries::{Deliveries, event_id};
use valora_tests::running::Running;
use valora_tests::until::until;
use xtask::system::SystemOptions;
use xtask::worker::WorkerVariant;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_kv_that_fails_or_refuses_or_hangs_costs_nothing_but_time,
        a_kv_that_sees_the_past_is_not_believed_and_not_asked_again,
    ]
}

fn start() -> Result<Running> {
    Running::start(|options| SystemOptions { isolates: 2, worker: WorkerVariant::Faults, ..options })
}

fn fault(edge: &Client, name: &str) -> Result<()> {
    ensure!(edge.get(&format!("/__fault/{name}"))?.status == 200);
    Ok(())
}

fn x_cache(edge: &Client, target: &str) -> Result<String> {
    let answer = edge.get(target)?;
    ensure!(answer.status == 200, "{target}: {}", answer.shown());
    Ok(answer.header("x-cache").unwrap_or_default().to_owned())
}

fn a_kv_that_fails_or_refuses_or_hangs_costs_nothing_but_time() -> Result<()> {
    let system = start()?;
    let (edge, other) = (system.edge()?, system.isolate(1)?);
    for name in ["kv-fail", "kv-refuse", "kv-hang"] {
        for isolate in [&edge, &other] {
            fault(isolate, name)?;
        }
        let target = format!("/api/products?test={name}");
        let begin = Instant::now();
        ensure!(x_cache(&edge, &target)? == "MISS", "{name}");
        ensure!(begin.elapsed() < Duration::from_secs(2), "{name} took {:?}", begin.elapsed());
        ensure!(x_cache(&edge, &target)? == "HIT", "memory goes on, {name}");
        // Nothing was stored for the other isolate; what Flight keeps is not KV's.
        let found = x_cache(&other, &target)?;
        ensure!(matches!(found.as_str(), "MISS" | "COLLAPSED"), "{name}: {found}");
    }
    for isolate in [&edge, &other] {
        fault(isolate, "kv-well")?;
    }
    let target = "/api/products?test=kv-well";
    ensure!(x_cache(&edge, target)? == "MISS");
    until("KV was read again", Duration::from_secs(5), || {
        // Flight keeps its answer five seconds; KV is asked first.
        Ok((x_cache(&other, target)? == "HIT").then_some(()))
    })
}

fn a_kv_that_sees_the_past_is_not_believed_and_not_asked_again() -> Result<()> {
    let system = start()?;
    let (edge, other) = (system.edge()?, system.isolate(1)?);
    let target = "/api/products/1/price";
    ensure!(x_cache(&edge, target)? == "MISS");
    until("KV had it", Duration::from_secs(5), || Ok((x_cache(&other, target)? == "HIT").then_some(())))?;
    fault(&other, "kv-stale")?;
    // Both know of the purge by now or soon; the first one fetches anew and writes it to KV.
    let purge = format!(r#"{{"id":"{}","kind":"purge","tags":["product:1"],"mode":"hard"}}"#, event_id(1));
    ensure!(Deliveries::to(&system, 0)?.of(&[purge])?.send()?.status == 200);
    std::thread::sleep(Duration::from_millis(2_600));
    ensure!(x_cache(&edge, target)? == "MISS", "it was purged");
    let answer = other.get(target)?;
    let found = answer.header("x-cache").unwrap_or_default();
    ensure!(answer.status == 200 && matches!(found, "MISS" | "COLLAPSED"), "{}", answer.shown());
    // And this isolate has a right one now.
    ensure!(x_cache(&other, target)? == "HIT");
    Ok(())
}
