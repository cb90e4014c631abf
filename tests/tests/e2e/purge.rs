//! Purges: epochs in the Hub, and when they bind.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use valora_shared::time::UnixMillis;
use valora_tests::deliveries::{Deliveries, audit_entry, event_id};
use valora_tests::running::Running;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![a_list_is_purged_at_once_and_then_twice_a_second_at_most]
}

/// A purge event, with the id of the number.
fn purge(number: u32, tags: &[&str]) -> String {
    let (id, tags) = (event_id(number), tags.join("\",\""));
    format!(r#"{{"id":"{id}","kind":"purge","tags":["{tags}"],"mode":"revalidate"}}"#)
}

fn receipt(to_edge: &Deliveries, events: &[String]) -> Result<Value> {
    let answer = to_edge.of(events)?.send()?;
    ensure!(answer.status == 200, "{}", answer.shown());
    answer.json()
}

fn epoch(receipt: &Value) -> Result<u64> {
    receipt["epoch"].as_u64().with_context(|| receipt.to_string())
}

/// The moment that an answer names.
fn visible_by(body: &Value) -> Result<i64> {
    let text = body["visible_by"].as_str().with_context(|| body.to_string())?;
    Ok(UnixMillis::parse_rfc3339(text).with_context(|| text.to_owned())?.0)
}

fn a_list_is_purged_at_once_and_then_twice_a_second_at_most() -> Result<()> {
    let system = Running::start(|options| options)?;
    let to_edge = Deliveries::to(&system, 0)?;
    let started = Instant::now();
    ensure!(epoch(&receipt(&to_edge, &[purge(0, &["products", "category:Phones"])])?)? == 1);
    let mut last = 1;
    for number in 1..40 {
        let told = receipt(&to_edge, &[purge(number, &["products", "category:Phones"])])?;
        let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_millis())?;
        // Commit, 2,000 ms, and what a list may wait.
        let ahead = visible_by(&told)? - now;
        ensure!((1_500..=2_500).contains(&ahead), "visible in {ahead} ms: {told}");
        last = epoch(&told)?;
    }
    let most = 2 + u64::try_from(started.elapsed().as_millis() / 500)?;
    ensure!(last <= most, "{last} epochs and not {most}");
    // A product does not wait for its list.
    let product = epoch(&receipt(&to_edge, &[purge(40, &["product:1", "products"])])?)?;
    ensure!(product > last, "{product}");
    // What waits is done by whoever comes when it is due, even if nothing else is purged.
    let product = epoch(&receipt(&to_edge, &[purge(43, &["products"])])?)?;
    std::thread::sleep(Duration::from_millis(550));
    let done = epoch(&receipt(&to_edge, &[audit_entry(41, "user:1")])?)?;
    ensure!(done == product + 1, "{done} after {product}");
    let settled = epoch(&receipt(&to_edge, &[audit_entry(42, "user:1")])?)?;
    ensure!(settled == done, "{settled} after {done}");
    Ok(())
}
