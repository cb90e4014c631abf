//! The response cache: memory of the isolate, KV behind it, five seconds in all.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use valora_tests::assertions::HeaderSet;
use valora_tests::client::Answer;
use valora_tests::running::Running;
use valora_tests::until::until;

use crate::harness::Test;
use crate::systems;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_hit_expires_five_seconds_after_it_was_asked_for,
        the_second_client_gets_the_first_one_s_body_and_an_id_of_its_own,
        another_isolate_answers_from_kv,
        spellings_of_one_request_share_an_entry,
        credentials_pass_by_the_cache,
        a_404_is_kept_and_shows_each_client_its_own_id,
        head_is_answered_without_a_body,
    ]
}

fn x_cache(answer: &Answer) -> &str {
    answer.header("x-cache").unwrap_or_default()
}

fn a_hit_expires_five_seconds_after_it_was_asked_for() -> Result<()> {
    // A system of its own: any change would purge the list.
    let system = Running::start(|options| options.with_env("CACHE_TTLS", "/api/categories=5"))?;
    let edge = system.edge()?;
    // An isolate that has just begun looks at the Hub before it asks the origin, and the time is measured from here.
    edge.get("/api/categories?test=warm")?;
    let asked = Instant::now();
    ensure!(x_cache(&edge.get("/api/categories?test=expiry")?) == "MISS");
    let mut hits = 0;
    let ended = until("the entry expired", Duration::from_secs(8), || {
        let sent = asked.elapsed();
        let answer = edge.get("/api/categories?test=expiry")?;
        if x_cache(&answer) == "HIT" {
            hits += 1;
            let age: u64 = answer.header("age").context("a HIT without an age")?.parse()?;
            ensure!(age <= asked.elapsed().as_secs(), "an age of {age} s after {:?}", asked.elapsed());
            // It was sent when the entry was older than it may be.
            ensure!(sent < Duration::from_secs(5), "a HIT {sent:?} after the entry was asked for");
            return Ok(None);
        }
        Ok(Some(asked.elapsed()))
    })?;
    ensure!(ended > Duration::from_secs(4), "it expired after {ended:?}");
    ensure!(hits > 10, "only {hits} HITs");
    Ok(())
}

fn the_second_client_gets_the_first_one_s_body_and_an_id_of_its_own() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let first = edge.get("/api/products?test=second")?;
    let second = edge.get("/api/products?test=second")?;
    let third = edge
        .request("GET", "/api/products?test=second")
        .header("x-correlation-id", "chosen-by-the-client")
        .header("accept-language", "hi")
        .send()?;
    HeaderSet::miss().check(&first)?;
    HeaderSet::hit().check(&second)?;
    HeaderSet::hit().with("x-correlation-id", "chosen-by-the-client").check(&third)?;
    ensure!(first.body == second.body && first.body == third.body);
    ensure!(first.header("x-correlation-id") != second.header("x-correlation-id"));
    ensure!(second.header("server-timing") == Some("edge;dur=0"), "the HIT waited for something");
    Ok(())
}

fn another_isolate_answers_from_kv() -> Result<()> {
    let shop = systems::shop()?;
    let (first, second) = (shop.isolate(0)?, shop.isolate(1)?);
    let mut number = 0;
    // KV is written behind the answer: a new entry each time, until one is there before the other isolate asks.
    until("an isolate answered from KV", Duration::from_secs(15), || {
        number += 1;
        let target = format!("/api/products?test=kv{number}");
        let stored = first.get(&target)?;
        ensure!(x_cache(&stored) == "MISS", "{target} was there already");
        first.get("/api/health/detailed")?;
        let found = second.get(&target)?;
        ensure!(found.body == stored.body, "{target} differs between isolates");
        if x_cache(&found) == "MISS" {
            return Ok(None);
        }
        HeaderSet::hit().check(&found)?;
        let timing = found.header("server-timing").unwrap_or_default();
        ensure!(timing.starts_with("kv;dur="), "the other isolate had it in memory: {timing}");
        let again = second.get(&target)?;
        ensure!(again.header("server-timing") == Some("edge;dur=0"), "KV's entry was not kept in memory");
        ensure!(again.body == stored.body, "the body from memory differs");
        Ok(Some(()))
    })
}

fn spellings_of_one_request_share_an_entry() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    ensure!(x_cache(&edge.get("/api/products?test=spelling&limit=3")?) == "MISS");
    for same in [
        "/api/products?limit=3&test=spelling",
        "/api/products?test=spelling&limit=3&utm_source=mail&utm_campaign=x",
        "/api/products?fbclid=1&gclid=2&test=spelling&&limit=3",
    ] {
        ensure!(x_cache(&edge.get(same)?) == "HIT", "{same}");
    }
    for other in ["/api/products?test=spelling&limit=4", "/api/products?test=Spelling&limit=3"] {
        ensure!(x_cache(&edge.get(other)?) == "MISS", "{other}");
    }
    Ok(())
}

fn credentials_pass_by_the_cache() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    edge.get("/api/products?test=credentials")?;
    for _ in 0..2 {
        let answer = edge
            .request("GET", "/api/products?test=credentials")
            .header("authorization", "Bearer x")
            .send()?;
        HeaderSet::json_passed("BYPASS").check(&answer)?;
    }
    Ok(())
}

fn a_404_is_kept_and_shows_each_client_its_own_id() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let mut ids = Vec::new();
    for expected in ["MISS", "HIT", "HIT"] {
        let answer = edge.get("/api/products/no-such-product")?;
        ensure!((answer.status, x_cache(&answer)) == (404, expected), "{}", answer.shown());
        let id = answer.header("x-correlation-id").map(str::to_owned);
        ensure!(answer.json()?["correlation_id"].as_str() == id.as_deref(), "{}", answer.shown());
        ids.push(id);
    }
    ids.dedup();
    ensure!(ids.len() == 3, "{ids:?}");
    Ok(())
}

fn head_is_answered_without_a_body() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    for target in ["/api/products", "/api/health"] {
        let answer = edge.request("HEAD", target).send()?;
        ensure!(answer.status == 200 && answer.body.is_empty(), "{target}: {}", answer.shown());
    }
    Ok(())
}
