//! The origin killed, frozen, started again, ended politely.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use valora_tests::assertions::{HeaderSet, problem};
use valora_tests::client::Answer;
use valora_tests::running::Running;
use valora_tests::until::until;

use crate::harness::Test;

const TIMEOUT_MS: u64 = 1_500;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_killed_origin_is_a_502_and_loses_nothing,
        a_frozen_origin_is_a_504_and_holds_up_nobody_else,
        a_request_under_way_ends_before_the_origin_does,
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
