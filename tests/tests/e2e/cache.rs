//! The response cache: memory of the isolate, KV behind it, five seconds in all.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use valora_tests::assertions::HeaderSet;
use valora_tests::client::{Answer, Client};
use valora_tests::running::Running;
use valora_tests::scripted::{Reply, Scripted};
use valora_tests::until::until;

use xtask::system::SystemOptions;

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
        what_is_stored_answers_conditions_ranges_and_every_coding,
        what_the_key_leaves_out_the_origin_does_not_hear_of,
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

/// Of the same URL, with fields more.
fn ask(edge: &Client, method: &str, target: &str, fields: &[(&str, &str)]) -> Result<Answer> {
    let request = edge.request(method, target);
    fields.iter().fold(request, |request, (name, value)| request.header(name, value)).send()
}

fn unpacked(body: &[u8]) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut whole)?;
    Ok(whole)
}

fn what_is_stored_answers_conditions_ranges_and_every_coding() -> Result<()> {
    const GZIP: (&str, &str) = ("accept-encoding", "gzip");
    let shop = systems::shop()?;
    let (edge, target) = (shop.edge()?, "/api/products?test=codings");
    let plain = edge.get(target)?;
    let tag = plain.header("etag").context("no entity-tag")?.to_owned();
    ensure!(x_cache(&plain) == "MISS" && !tag.starts_with("W/"), "{}", plain.shown());
    // It is packed behind the answer.
    let packed = until("it was packed", Duration::from_secs(5), || {
        let answer = ask(&edge, "GET", target, &[GZIP])?;
        Ok((answer.header("content-encoding") == Some("gzip")).then_some(answer))
    })?;
    let weak = format!("W/{tag}");
    HeaderSet::hit().with("content-encoding", "gzip").with("etag", &weak).check(&packed)?;
    ensure!(packed.body.len() < plain.body.len() && unpacked(&packed.body)? == plain.body, "other bytes");
    let identity = ask(&edge, "GET", target, &[])?;
    ensure!(identity.header("content-encoding").is_none() && identity.body == plain.body);
    // Another isolate finds the packed one alone.
    let other = until("KV had it", Duration::from_secs(5), || {
        let answer = ask(&shop.isolate(1)?, "GET", target, &[])?;
        Ok((x_cache(&answer) == "HIT").then_some(answer))
    })?;
    ensure!(other.header("content-encoding").is_none() && other.body == plain.body, "{}", other.shown());
    for (held, coding) in [(&tag, &[][..]), (&weak, &[GZIP][..]), (&weak, &[][..])] {
        let fields = [coding, &[("if-none-match", held.as_str())]].concat();
        let answer = ask(&edge, "GET", target, &fields)?;
        ensure!((answer.status, x_cache(&answer)) == (304, "HIT"), "{held}: {}", answer.shown());
        ensure!(answer.body.is_empty() && answer.header("etag").is_some(), "{:?}", answer.headers);
    }
    let part = ask(&edge, "GET", target, &[GZIP, ("range", "bytes=2-9")])?;
    let length = plain.body.len();
    ensure!((part.status, x_cache(&part)) == (206, "HIT"), "{}", part.shown());
    ensure!(Some(part.body.as_slice()) == plain.body.get(2..10) && part.header("content-encoding").is_none());
    ensure!(part.header("content-range") == Some(&format!("bytes 2-9/{length}")), "{:?}", part.headers);
    let beyond = ask(&edge, "GET", target, &[("range", &format!("bytes={length}-"))])?;
    ensure!(beyond.status == 416, "{}", beyond.shown());
    ensure!(beyond.header("content-range") == Some(&format!("bytes */{length}")), "{:?}", beyond.headers);
    let head = ask(&edge, "HEAD", target, &[GZIP])?;
    ensure!((head.status, x_cache(&head), head.body.len()) == (200, "HIT", 0), "{}", head.shown());
    ensure!(head.header("etag") == Some(&weak), "{:?}", head.headers);
    Ok(())
}

/// And what is packed counts as long as it is unpacked.
fn what_the_key_leaves_out_the_origin_does_not_hear_of() -> Result<()> {
    let large = vec![b' '; 100_000];
    let mut packing = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packing.write_all(&large)?;
    let packed = packing.finish()?;
    let origin = Scripted::start(move |asked| {
        if asked.target.contains("packed") {
            return Reply::kept(packed.clone()).with("content-encoding", "gzip");
        }
        Reply::kept("{}")
    })?;
    let system = Running::start(|options| {
        SystemOptions { origin: false, ..options }
            .with_env("ORIGIN_URL", &origin.url())
            .with_env("CACHE_MAX_BODY", "50000")
    })?;
    let edge = system.edge()?;
    for takes in ["gzip", "identity"] {
        let answer = ask(&edge, "GET", "/api/products?packed", &[("accept-encoding", takes)])?;
        let is_packed = answer.header("content-encoding") == Some("gzip");
        ensure!(answer.status == 200 && is_packed == (takes == "gzip"), "{:?}", answer.headers);
        let body = if is_packed { unpacked(&answer.body)? } else { answer.body.clone() };
        ensure!(body == large, "{takes}: {} bytes", body.len());
        ensure!(x_cache(&answer) == "MISS", "what is larger than CACHE_MAX_BODY was kept");
    }
    let fields = [
        ("cookie", "session=1"),
        ("x-http-method-override", "DELETE"),
        ("x-forwarded-host", "evil.example"),
        ("x-original-url", "/api/admin"),
        ("x-anything", "1"),
        ("accept-language", "hi"),
    ];
    let answer = ask(&edge, "GET", "/api/products?utm_source=a&b=1&fbclid=2&a=1&gclid=3", &fields)?;
    ensure!(answer.status == 200, "{}", answer.shown());
    let asked = origin.asked("/api/products?a=1&b=1");
    let [asked] = asked.as_slice() else { anyhow::bail!("{asked:?}") };
    let heard: Vec<&str> = asked.headers.iter().map(|(name, _)| name.as_str()).collect();
    for (name, _) in fields {
        ensure!(heard.contains(&name) == (name == "accept-language"), "{name}: {heard:?}");
    }
    Ok(())
}
