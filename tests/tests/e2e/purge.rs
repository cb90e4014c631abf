//! Purges: epochs in the Hub, and when they bind.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use valora_shared::time::UnixMillis;
use valora_tests::assertions::faulty_fields;
use valora_tests::client::Answer;
use valora_tests::deliveries::{Deliveries, audit_entry, event_id};
use valora_tests::running::Running;
use valora_tests::until::until;
use xtask::system::SystemOptions;
use xtask::worker::WorkerVariant;

use crate::audit::{bearer, records};
use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        what_is_cleared_is_no_old_hit_of_any_isolate_once_it_must_be_visible,
        a_hub_that_is_away_costs_a_mark_and_no_answer,
        statistics_of_isolates_add_up,
        a_list_is_purged_at_once_and_then_twice_a_second_at_most,
        what_is_cleared_is_checked_counted_and_audited,
        a_hub_that_has_lost_its_storage_lets_nothing_old_pass,
    ]
}

/// A request of an admin's.
fn admin(system: &Running, isolate: usize, method: &str, path: &str) -> Result<Answer> {
    let request = system.isolate(isolate)?.request(method, path);
    request.header("authorization", &bearer(system)?).send()
}

fn clear(system: &Running, isolate: usize, query: &str) -> Result<Value> {
    let answer = admin(system, isolate, "POST", &format!("/api/admin/cache/clear?{query}"))?;
    ensure!(answer.status == 200, "{}", answer.shown());
    answer.json()
}

fn stats(system: &Running) -> Result<Value> {
    let answer = admin(system, 0, "GET", "/api/admin/cache/stats")?;
    ensure!(answer.status == 200, "{}", answer.shown());
    answer.json()
}

fn x_cache(answer: &Answer) -> &str {
    answer.header("x-cache").unwrap_or_default()
}

fn is_unverified(answer: &Answer) -> bool {
    answer.header("cache-status").is_some_and(|status| status.contains("unverified"))
}

fn now_ms() -> Result<i64> {
    Ok(i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_millis())?)
}

/// Which epoch an answer obeyed.
fn obeyed(answer: &Answer) -> Result<u64> {
    let status = answer.header("cache-status").with_context(|| answer.shown())?;
    let epoch = status.split("e=").nth(1).with_context(|| status.to_owned())?;
    let digits: String = epoch.chars().take_while(char::is_ascii_digit).collect();
    Ok(digits.parse()?)
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
    let first = epoch(&receipt(&to_edge, &[purge(0, &["products", "category:Phones"])])?)?;
    let mut last = first;
    for number in 1..40 {
        let told = receipt(&to_edge, &[purge(number, &["products", "category:Phones"])])?;
        let now = now_ms()?;
        // Commit, 2,000 ms, and what a list may wait.
        let ahead = visible_by(&told)? - now;
        ensure!((1_500..=2_500).contains(&ahead), "visible in {ahead} ms: {told}");
        last = epoch(&told)?;
    }
    let most = first + 1 + u64::try_from(started.elapsed().as_millis() / 500)?;
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

/// Asked for in both isolates until each has it in memory.
fn warm(system: &Running, path: &str) -> Result<()> {
    for isolate in 0..2 {
        let client = system.isolate(isolate)?;
        until("it is a HIT", Duration::from_secs(5), || {
            let answer = client.get(path)?;
            Ok((x_cache(&answer) == "HIT" && !is_unverified(&answer)).then_some(()))
        })?;
    }
    Ok(())
}

fn what_is_cleared_is_no_old_hit_of_any_isolate_once_it_must_be_visible() -> Result<()> {
    let system = Running::start(|options| SystemOptions { isolates: 2, ..options })?;
    let other = system.isolate(1)?;
    for (query, path, kept) in [
        ("pattern=tag:product:1", "/api/price/1?hard", "/api/price/2?hard"),
        ("pattern=/api/price/*&mode=revalidate", "/api/price/1?revalidate", "/api/products?revalidate"),
        ("pattern=*&mode=soft", "/api/price/1?soft", ""),
    ] {
        warm(&system, path)?;
        // So an old answer is told by its age, which is in whole seconds.
        std::thread::sleep(Duration::from_millis(1_200));
        let cleared = clear(&system, 0, query)?;
        let visible = visible_by(&cleared)?;
        let (epoch, before) = (epoch(&cleared)?, now_ms()?);
        ensure!((1_500..=2_600).contains(&(visible - before)), "visible in {} ms", visible - before);
        // The isolate was told by its beat alone, however busy it is meanwhile.
        let answer = loop {
            let sent = now_ms()?;
            let answer = other.get(path)?;
            if sent > visible {
                break answer;
            }
            ensure!(answer.status == 200, "{}", answer.shown());
            std::thread::sleep(Duration::from_millis(20));
        };
        ensure!(!is_unverified(&answer) && obeyed(&answer)? >= epoch, "{epoch}: {:?}", answer.headers);
        // Whatever it is now, it was asked for anew since: also a HIT is younger than the purge.
        if x_cache(&answer) == "HIT" {
            let age: i64 = answer.header("age").context("a HIT without an age")?.parse()?;
            ensure!(
                age * 1_000 <= now_ms()? - before + 200,
                "{query}: {age} {} {:?}",
                now_ms()? - before,
                answer.headers
            );
        }
        if !kept.is_empty() {
            warm(&system, kept)?;
        }
    }
    // An isolate that was idle while something was purged must ask before it answers.
    warm(&system, "/api/price/1?idle")?;
    std::thread::sleep(Duration::from_millis(2_300));
    let cleared = clear(&system, 0, "pattern=idle")?;
    ensure!(x_cache(&other.get("/api/price/1?idle")?) == "HIT", "the pattern has no question mark");
    std::thread::sleep(Duration::from_millis(2_300));
    let told = clear(&system, 0, "pattern=?idle")?;
    ensure!(epoch(&told)? > epoch(&cleared)?, "{told}");
    let answer = other.get("/api/price/1?idle")?;
    ensure!(x_cache(&answer) != "HIT" && obeyed(&answer)? >= epoch(&told)?, "{}", answer.shown());
    Ok(())
}

/// The Hub lives in the first isolate; only the second's calls are spoiled.
fn a_hub_that_is_away_costs_a_mark_and_no_answer() -> Result<()> {
    let system =
        Running::start(|options| SystemOptions { isolates: 2, worker: WorkerVariant::Faults, ..options })?;
    let asking = system.isolate(1)?;
    warm(&system, "/api/price/1")?;
    for fault in ["hang", "panic"] {
        ensure!(asking.get(&format!("/__fault/hub-{fault}"))?.status == 200);
        let mut slowest = Duration::ZERO;
        let began = Instant::now();
        let marked = until("answers are marked", Duration::from_secs(10), || {
            let sent = Instant::now();
            let answer = asking.get("/api/price/1")?;
            ensure!(answer.status == 200, "{}", answer.shown());
            slowest = slowest.max(sent.elapsed());
            Ok(is_unverified(&answer).then_some(answer))
        })?;
        ensure!(x_cache(&marked) == "HIT", "{fault}: {}", marked.shown());
        ensure!(slowest < Duration::from_millis(900), "{fault}: {slowest:?}");
        // Nobody waits for it again and again.
        let times: Vec<Duration> = (0..100)
            .map(|_| {
                let sent = Instant::now();
                let answer = asking.get("/api/price/1")?;
                ensure!(answer.status == 200, "{}", answer.shown());
                std::thread::sleep(Duration::from_millis(15));
                Ok(sent.elapsed())
            })
            .collect::<Result<_>>()?;
        let waited = times.iter().filter(|time| **time > Duration::from_millis(200)).count();
        ensure!(waited <= 3, "{fault}: {waited} of 100 waited in {:?}", began.elapsed());
        for (method, path) in
            [("GET", "/api/admin/cache/stats"), ("POST", "/api/admin/cache/clear?pattern=*")]
        {
            let answer = admin(&system, 1, method, path)?;
            ensure!(answer.status == 503, "{}", answer.shown());
        }
        ensure!(asking.get("/__fault/hub-well")?.status == 200);
        until("answers are verified again", Duration::from_secs(5), || {
            Ok((!is_unverified(&asking.get("/api/price/1")?)).then_some(()))
        })?;
    }
    Ok(())
}

fn statistics_of_isolates_add_up() -> Result<()> {
    let system = Running::start(|options| SystemOptions { isolates: 2, ..options })?;
    for isolate in 0..2 {
        let client = system.isolate(isolate)?;
        for _ in 0..20 {
            ensure!(client.get("/api/products?counted")?.status == 200);
        }
        ensure!(client.get("/api/health")?.status == 200);
    }
    // What was counted is told with the next beat but five seconds after the last.
    let told = until("both have told", Duration::from_secs(15), || {
        for isolate in 0..2 {
            system.isolate(isolate)?.get("/api/price/1?beat")?;
        }
        let told = stats(&system)?;
        let top = told["top_keys"].as_array().cloned().unwrap_or_default();
        let counted = top.iter().find(|key| key["key"] == "/api/products?counted");
        Ok(counted.is_some_and(|key| key["count"] == 40).then_some(told))
    })?;
    let number = |name: &str| told[name].as_u64().with_context(|| format!("{name}: {told}"));
    let route =
        told["by_route"].as_array().into_iter().flatten().find(|route| route["route"] == "/api/products");
    let route = route.with_context(|| told.to_string())?;
    let answers = route["hits"].as_u64().unwrap_or_default() + route["misses"].as_u64().unwrap_or_default();
    ensure!(answers == 40 && route["misses"].as_u64() <= Some(4), "{told}");
    ensure!(number("keyspace_hits")? >= 36 && number("keyspace_misses")? >= 1, "{told}");
    ensure!(number("bypassed")? >= 2, "{told}");
    ensure!(number("kv_reads")? >= 2 && number("kv_writes")? >= 1, "{told}");
    ensure!(number("bytes_raw")? >= number("bytes_stored")? && number("bytes_stored")? > 0, "{told}");
    ensure!(number("total_cache_keys")? >= 2 && number("memory_used_bytes")? > 0, "{told}");
    let rate = told["cache_hit_rate"].as_f64().context("no rate")?;
    ensure!((0.5..=1.0).contains(&rate), "{told}");
    Ok(())
}

fn what_is_cleared_is_checked_counted_and_audited() -> Result<()> {
    let system = Running::start(|options| options)?;
    let edge = system.edge()?;
    for (path, method, other, allowed) in [
        ("/api/admin/cache/stats", "GET", "POST", "GET, HEAD"),
        ("/api/admin/cache/clear?pattern=*", "POST", "GET", "POST"),
    ] {
        ensure!(edge.request(method, path).send()?.status == 401, "{path}");
        let refused = admin(&system, 0, other, path)?;
        ensure!(refused.status == 405 && refused.header("allow") == Some(allowed), "{}", refused.shown());
    }
    for (query, fields) in [
        ("", vec!["pattern"]),
        ("?mode=burn", vec!["pattern", "mode"]),
        ("?pattern=a%20b", vec!["pattern"]),
        ("?pattern=tag:", vec!["pattern"]),
    ] {
        let refused = admin(&system, 0, "POST", &format!("/api/admin/cache/clear{query}"))?;
        ensure!(faulty_fields(&refused)? == fields, "{query}: {}", refused.shown());
    }
    // The origin may purge what it has just filled its catalogue with.
    let mut last = epoch(&stats(&system)?)?;
    for query in ["pattern=products", "pattern=*&mode=soft"] {
        let cleared = clear(&system, 0, query)?;
        ensure!(epoch(&cleared)? > last, "{cleared}");
        last = epoch(&cleared)?;
        let fields: BTreeSet<&str> =
            cleared.as_object().context("no object")?.keys().map(String::as_str).collect();
        ensure!(fields == ["cleared", "epoch", "message", "pattern", "visible_by"].into(), "{cleared}");
        ensure!(cleared["cleared"].is_u64() && cleared["pattern"].is_string(), "{cleared}");
    }
    ensure!(epoch(&stats(&system)?)? >= last);
    let audit = records(&system, "")?;
    for what in ["POST /api/admin/cache/clear products hard", "POST /api/admin/cache/clear * soft"] {
        ensure!(audit.iter().filter(|record| record["what"] == what).count() == 1, "{what}: {audit:?}");
    }
    Ok(())
}

fn a_hub_that_has_lost_its_storage_lets_nothing_old_pass() -> Result<()> {
    let mut system = Running::start(|options| options)?;
    let target = "/api/products/1";
    ensure!(x_cache(&system.edge()?.get(target)?) == "MISS");
    clear(&system, 0, "pattern=/api/nothing/*")?;
    let of_kv = || -> Result<Answer> {
        let answer = system.edge()?.get(target)?;
        ensure!(answer.status == 200, "{}", answer.shown());
        Ok(answer)
    };
    let before = until("an answer obeyed the purge", Duration::from_secs(5), || {
        let answer = of_kv()?;
        Ok((x_cache(&answer) == "HIT").then_some(obeyed(&answer)?))
    })?;
    system.kill_edge();
    let objects = system.data().join("edge/objects");
    std::fs::remove_dir_all(&objects).with_context(|| objects.display().to_string())?;
    system.restart_edge()?;
    let answer = system.edge()?.get(target)?;
    ensure!(x_cache(&answer) == "REVALIDATED", "{}", answer.shown());
    ensure!(obeyed(&answer)? > before, "{before}: {}", answer.shown());
    ensure!(x_cache(&system.edge()?.get(target)?) == "HIT");
    Ok(())
}
