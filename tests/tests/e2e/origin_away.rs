//! The origin killed, frozen, failing, started again, ended politely.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use valora_tests::assertions::{HeaderSet, problem};
use valora_tests::client::Answer;
use valora_tests::deliveries::{Deliveries, event_id};
use valora_tests::running::Running;
use valora_tests::scripted::{Reply, Scripted};
use valora_tests::until::until;

use xtask::system::SystemOptions;

use crate::harness::Test;

const TIMEOUT_MS: u64 = 1_500;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_killed_origin_is_a_502_and_loses_nothing,
        a_frozen_origin_is_a_504_and_holds_up_nobody_else,
        a_request_under_way_ends_before_the_origin_does,
        a_failing_origin_is_left_alone_for_five_seconds_and_what_is_gone_stays_gone,
    ]
}

fn with_retry() -> HeaderSet {
    HeaderSet::problem().with("retry-after", "5")
}

fn with_retry_on_miss() -> HeaderSet {
    with_retry().looked_up().with("x-cache", "MISS")
}

fn a_killed_origin_is_a_502_and_loses_nothing() -> Result<()> {
    let mut system = Running::start(|options| options)?;
    let edge = system.edge()?;
    // Recorded with the product's own margin, and acknowledged.
    let recorded = edge.post_json("/api/price", r#"{"product_id":"5"}"#)?;
    ensure!(recorded.status == 200, "{}", recorded.shown());
    let price = edge.get("/api/products/5/price?test=before")?;
    let kept = edge.get("/api/products?test=kept")?;

    system.kill_origin();
    let hit = edge.get("/api/products?test=kept")?;
    HeaderSet::hit().check(&hit)?;
    ensure!(hit.body == kept.body);
    problem(&edge.get("/api/products?test=unknown")?, 502, "OriginUnreachable", &with_retry_on_miss())?;
    problem(&edge.get("/nowhere")?, 502, "OriginUnreachable", &with_retry())?;
    let post = edge.post_json("/api/price", r#"{"product_id":"5"}"#)?;
    problem(&post, 502, "OriginUnreachable", &with_retry())?;
    ensure!(edge.get("/api/health")?.status == 200);
    let health = edge.get("/api/health/detailed")?;
    ensure!(health.status == 503 && health.json()?["status"] == "unhealthy", "{}", health.shown());

    system.start_origin()?;
    let answer = edge.get("/api/products/5/price?test=after")?;
    // Too short to be worth packing.
    HeaderSet::miss().with("vary", "Origin").check(&answer)?;
    ensure!(answer.body == price.body, "{} and before {}", answer.shown(), price.shown());
    ensure!(answer.json()?["DISPLAY_PRICE"] == recorded.json()?["DISPLAY_PRICE"], "{}", answer.shown());
    ensure!(edge.post_json("/api/price", r#"{"product_id":"5"}"#)?.status == 200);
    Ok(())
}

fn a_frozen_origin_is_a_504_and_holds_up_nobody_else() -> Result<()> {
    let system = Running::start(|options| options.with_env("ORIGIN_TIMEOUT_MS", &TIMEOUT_MS.to_string()))?;
    let edge = system.edge()?;
    let limit = Duration::from_millis(TIMEOUT_MS);
    edge.get("/api/products?test=kept")?;
    system.pause_origin();
    std::thread::scope(|scope| -> Result<()> {
        let waiting: Vec<_> = (0..8)
            .map(|number| {
                let edge = edge.clone();
                scope.spawn(move || -> Result<(Duration, Answer)> {
                    let begin = Instant::now();
                    let answer = edge.get(&format!("/api/products/{}?test=frozen", 1 + number))?;
                    Ok((begin.elapsed(), answer))
                })
            })
            .collect();
        // While those wait:
        let begin = Instant::now();
        ensure!(edge.get("/api/health")?.status == 200);
        HeaderSet::hit().check(&edge.get("/api/products?test=kept")?)?;
        ensure!(begin.elapsed() < limit / 2, "others were held up for {:?}", begin.elapsed());
        for thread in waiting {
            let (took, answer) = thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
            problem(&answer, 504, "OriginTimeout", &with_retry_on_miss())?;
            ensure!(took >= limit.mul_f32(0.9) && took < limit * 2, "answered after {took:?}");
        }
        Ok(())
    })?;
    problem(&edge.post_json("/api/price", r#"{"product_id":"1"}"#)?, 504, "OriginTimeout", &with_retry())?;
    system.resume_origin();
    until("the origin was served from again", Duration::from_secs(5), || {
        Ok((edge.get("/api/products/2?test=resumed")?.status == 200).then_some(()))
    })
}

/// A slow request: its body comes only after SIGTERM.
fn a_request_under_way_ends_before_the_origin_does() -> Result<()> {
    let mut system = Running::start(|options| options)?;
    let origin = system.origin()?;
    let (head, rest) = (r#"{"product_"#, r#"id":"7"}"#);
    let mut slow = origin.connect()?;
    let length = head.len() + rest.len();
    slow.write_all(
        format!(
            "POST /api/price HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{head}"
        )
        .as_bytes(),
    )?;
    // Another one answered: the slow one has been accepted before it.
    ensure!(origin.get("/livez")?.status == 200);
    let log = system.data().join("logs/origin.log");
    std::thread::scope(|scope| -> Result<()> {
        let stopping = scope.spawn(|| system.stop_origin());
        until("the origin was told to stop", Duration::from_secs(5), || {
            Ok(std::fs::read_to_string(&log)?.contains("stopping").then_some(()))
        })?;
        until("the origin took no new connections", Duration::from_secs(5), || {
            Ok(origin.connect().is_err().then_some(()))
        })?;
        slow.write_all(rest.as_bytes())?;
        let answer = Answer::read_from(slow).context("the request under way was dropped")?;
        ensure!(answer.status == 200, "{}", answer.shown());
        let answered = Instant::now();
        stopping.join().map_err(|_| anyhow::anyhow!("it could not be stopped"))?;
        ensure!(answered.elapsed() < Duration::from_secs(3), "it went on for {:?}", answered.elapsed());
        Ok(())
    })?;
    ensure!(system.origin_log().contains("\"stopped\""), "it was killed: {}", system.origin_log());
    system.start_origin()?;
    let recorded = origin.get("/api/products/7/price")?.json()?;
    ensure!(recorded["margin_percent"] == 3.0, "the acknowledged price is gone: {recorded}");
    Ok(())
}

fn a_failing_origin_is_left_alone_for_five_seconds_and_what_is_gone_stays_gone() -> Result<()> {
    let (kept, gone) = ("/api/products/1", "/api/products/2");
    let is_ill = Arc::new(AtomicBool::new(false));
    let origin = Scripted::start({
        let is_ill = Arc::clone(&is_ill);
        move |asked| {
            let reply = Reply::kept("{}");
            if is_ill.load(Ordering::Relaxed) {
                return reply.without("cdn-cache-control").under(503);
            }
            reply.with("cache-tag", if asked.target == gone { "product:2" } else { "product:1" })
        }
    })?;
    let system = Running::start(|options| {
        SystemOptions { origin: false, ..options }.with_env("ORIGIN_URL", &origin.url())
    })?;
    let edge = system.edge()?;
    for target in [kept, gone] {
        ensure!(edge.get(target)?.header("x-cache") == Some("MISS"));
    }
    let purge = |number: u32, mode: &str| {
        let id = event_id(number);
        format!(r#"{{"id":"{id}","kind":"purge","tags":["product:{number}"],"mode":"{mode}"}}"#)
    };
    let told = Deliveries::to(&system, 0)?.of(&[purge(1, "revalidate"), purge(2, "hard")])?.send()?;
    ensure!(told.status == 200, "{}", told.shown());
    std::thread::sleep(Duration::from_millis(2_600));
    is_ill.store(true, Ordering::Relaxed);
    let stale = |asked: usize| -> Result<()> {
        let answer = edge.get(kept)?;
        ensure!((answer.status, answer.header("x-cache")) == (200, Some("STALE")), "{}", answer.shown());
        ensure!(origin.asked(kept).len() == asked, "{} requests and not {asked}", origin.asked(kept).len());
        Ok(())
    };
    let failed = Instant::now();
    stale(2)?;
    // Of the same route, and with nothing to fall back to: it is asked for, and its error says nothing new.
    ensure!(edge.get(gone)?.status == 503);
    while failed.elapsed() < Duration::from_millis(4_500) {
        stale(2)?;
        let answer = edge.get(gone)?;
        ensure!(matches!(answer.status, 502 | 503), "{}", answer.shown());
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_millis(700));
    stale(3)
}
