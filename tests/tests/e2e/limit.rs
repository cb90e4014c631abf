//! The rate limit at the edge: never more than the limit, whoever asks how, and no error when the limiter fails.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use valora_tests::client::{Answer, Client};
use valora_tests::running::Running;
use xtask::system::SystemOptions;
use xtask::worker::WorkerVariant;

use crate::audit::bearer;
use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        of_a_thousand_at_once_over_four_isolates_no_more_pass_than_may,
        one_isolate_lets_each_of_fifty_clients_through_to_the_last_token,
        a_slow_client_is_never_refused,
        a_refused_client_is_told_when_it_may_come_again,
        nothing_a_client_says_of_itself_is_believed,
        a_limiter_that_fails_costs_no_error,
        what_was_spent_is_known_after_a_crash,
        an_admin_sees_and_resets_a_client,
        cards_of_a_shop_are_not_refused,
    ]
}

const TARGET: &str = "/api/categories";
const WINDOW_MS: i64 = 60_000;
const CLIENTS: usize = 50;

fn start(limits: [&str; 3], options: impl FnOnce(SystemOptions) -> SystemOptions) -> Result<Running> {
    let [minute, hour, day] = limits;
    Running::start(|own| {
        options(own)
            .with_env("RATE_LIMIT_PER_MINUTE", minute)
            .with_env("RATE_LIMIT_PER_HOUR", hour)
            .with_env("RATE_LIMIT_PER_DAY", day)
            .with_env("TRUST_CF_CONNECTING_IP", "1")
    })
}

fn counting(limits: [&str; 3], isolates: u16) -> Result<Running> {
    start(limits, |options| SystemOptions { isolates, ..options }.with_env("RATE_LIMIT_CACHE_HITS", "true"))
}

fn begin(edge: &Client, client: &str) -> Result<TcpStream> {
    let mut stream = edge.connect()?;
    write!(
        stream,
        "GET {TARGET} HTTP/1.1\r\nhost: edge\r\ncf-connecting-ip: {client}\r\nconnection: close\r\n\r\n"
    )?;
    Ok(stream)
}

fn get(edge: &Client, client: &str) -> Result<Answer> {
    edge.request("GET", TARGET).header("cf-connecting-ip", client).send()
}

/// All at once, spread over the isolates.
fn at_once(
    system: &Running,
    isolates: usize,
    count: usize,
    client: impl Fn(usize) -> String,
) -> Result<Vec<Answer>> {
    let edges: Vec<Client> = (0..isolates).map(|number| system.isolate(number)).collect::<Result<_>>()?;
    let asked: Vec<TcpStream> = edges
        .iter()
        .cycle()
        .take(count)
        .enumerate()
        .map(|(number, edge)| begin(edge, &client(number)))
        .collect::<Result<_>>()?;
    asked.into_iter().map(Answer::read_from).collect()
}

fn passed(answers: &[Answer]) -> Result<usize> {
    for answer in answers {
        ensure!(matches!(answer.status, 200 | 429), "{}", answer.shown());
    }
    Ok(answers.iter().filter(|answer| answer.status == 200).count())
}

fn remaining(answer: &Answer) -> Option<i64> {
    answer.header("x-ratelimit-remaining-minute")?.parse().ok()
}

/// When requests were admitted, by client, as the edge's log has it.
fn admissions(system: &Running) -> Result<HashMap<String, Vec<i64>>> {
    let mut all: HashMap<String, Vec<i64>> = HashMap::new();
    for line in system.edge_log().lines().filter(|line| line.contains("\"paid_ms\"")) {
        let start = line.find('{').context("no JSON")?;
        let line: Value = serde_json::from_str(&line[start..]).with_context(|| line.to_owned())?;
        let client = line["client"].as_str().context("no client")?.to_owned();
        all.entry(client).or_default().push(line["paid_ms"].as_i64().context("no time")?);
    }
    Ok(all)
}

/// The most of `times` that lie in any window.
fn most_in_a_window(mut times: Vec<i64>) -> usize {
    times.sort_unstable();
    let ends = times.iter().enumerate();
    ends.map(|(at, end)| at + 1 - times.partition_point(|time| *time < end - WINDOW_MS)).max().unwrap_or(0)
}

fn of_a_thousand_at_once_over_four_isolates_no_more_pass_than_may() -> Result<()> {
    let system = counting(["60", "1000", "10000"], 4)?;
    for number in 1..=CLIENTS {
        let count = passed(&at_once(&system, 4, 1_000, |_| format!("192.0.2.{number}"))?)?;
        ensure!((57..=60).contains(&count), "{count} of client {number} passed");
    }
    // Leases taken at the end of the minute that began then, and spent after it.
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < Duration::from_secs(75) {
        count += passed(&at_once(&system, 4, 12, |_| format!("192.0.2.{CLIENTS}"))?)?;
        std::thread::sleep(Duration::from_millis(700));
    }
    ensure!(count > 20, "only {count} passed in the next minute");
    let all = admissions(&system)?;
    ensure!(all.len() == CLIENTS, "{:?}", all.keys());
    for times in all.into_values() {
        let most = most_in_a_window(times);
        ensure!(most <= 60, "{most} within a minute");
    }
    Ok(())
}

fn one_isolate_lets_each_of_fifty_clients_through_to_the_last_token() -> Result<()> {
    let system = counting(["60", "1000", "10000"], 1)?;
    // One client after the other: a machine on which fifty limiters need a second each lets isolates decide alone.
    for number in 0..CLIENTS {
        let count = passed(&at_once(&system, 1, 1_000, |_| format!("198.51.100.{number}"))?)?;
        ensure!(count == 60, "{count} of client {number} passed");
    }
    ensure!(admissions(&system)?.len() == CLIENTS);
    Ok(())
}

fn a_slow_client_is_never_refused() -> Result<()> {
    let system = counting(["60", "1000", "10000"], 1)?;
    let edge = system.edge()?;
    let begun = Instant::now();
    for number in 0..70_u32 {
        let answer = get(&edge, "192.0.2.1")?;
        ensure!(answer.status == 200, "request {number}: {}", answer.shown());
        std::thread::sleep((Duration::from_millis(1_100) * (number + 1)).saturating_sub(begun.elapsed()));
    }
    Ok(())
}

fn a_refused_client_is_told_when_it_may_come_again() -> Result<()> {
    let system = counting(["5", "1000", "10000"], 1)?;
    let edge = system.edge()?;
    for left in (0..5).rev() {
        let answer = get(&edge, "192.0.2.1")?;
        ensure!(answer.status == 200, "{}", answer.shown());
        ensure!(remaining(&answer) == Some(left), "{left}: {:?}", answer.headers);
        ensure!(answer.header("x-ratelimit-limit-hour") == Some("1000"), "{:?}", answer.headers);
        let policy = r#""minute";q=5;w=60,"hour";q=1000;w=3600,"day";q=10000;w=86400"#;
        ensure!(answer.header("ratelimit-policy") == Some(policy), "{:?}", answer.headers);
        let told = answer.header("ratelimit").unwrap_or_default();
        ensure!(told.starts_with(&format!("\"minute\";r={left};t=")), "{told}");
    }
    let refused = get(&edge, "192.0.2.1")?;
    ensure!(refused.status == 429, "{}", refused.shown());
    let wait: u64 = refused.header("retry-after").context("no Retry-After")?.parse()?;
    let body = refused.json()?;
    ensure!(body["error"] == "RateLimitExceeded" && body["retry_after"] == wait, "{body}");
    ensure!(body["limit_type"] == "minute" && body["current_usage"]["minute"] == 5, "{body}");
    ensure!(body["violated-policies"] == serde_json::json!(["minute"]), "{body}");
    ensure!(body["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded", "{body}");
    let head = edge.request("HEAD", TARGET).header("cf-connecting-ip", "192.0.2.1").send()?;
    ensure!(head.status == 429 && remaining(&head) == Some(0), "{}", head.shown());
    std::thread::sleep(Duration::from_secs(wait.saturating_sub(2)));
    ensure!(get(&edge, "192.0.2.1")?.status == 429, "two seconds too early");
    std::thread::sleep(Duration::from_secs(2));
    let answer = get(&edge, "192.0.2.1")?;
    ensure!(answer.status == 200, "after {wait} s: {}", answer.shown());
    Ok(())
}

fn nothing_a_client_says_of_itself_is_believed() -> Result<()> {
    let system = counting(["20", "1000", "10000"], 1)?;
    let edge = system.edge()?;
    let mut count = 0;
    for number in 0..40 {
        let answer = edge
            .request("GET", TARGET)
            .header("cf-connecting-ip", &format!("2001:db8:1:2:{number:x}::{number:x}"))
            .header("x-forwarded-for", &format!("10.0.0.{number}"))
            .header("x-real-ip", &format!("10.0.1.{number}"))
            .header("forwarded", &format!("for=10.0.2.{number}"))
            .header("user-agent", &format!("agent {number}"))
            .header("authorization", &format!("Bearer nonsense-{number}"))
            .header("x-ratelimit-remaining-minute", "1000")
            .send()?;
        ensure!(matches!(answer.status, 200 | 401 | 429), "{}", answer.shown());
        count += usize::from(answer.status != 429);
    }
    ensure!(count == 20, "{count} passed");
    ensure!(get(&edge, "2001:db8:1:3::1")?.status == 200, "the neighbour is another client");
    Ok(())
}

fn fault(edge: &Client, name: &str) -> Result<()> {
    ensure!(edge.get(&format!("/__fault/{name}"))?.status == 200, "{name}");
    Ok(())
}

fn a_limiter_that_fails_costs_no_error() -> Result<()> {
    for (rule, mode, fault_name, allowed) in [
        ("local", "enforce", "limiter-fail", 10),
        ("local", "enforce", "limiter-hang", 10),
        // It is waited for, and knows of all.
        ("local", "enforce", "limiter-slow", 40),
        ("open", "enforce", "limiter-fail", 40),
        ("closed", "enforce", "limiter-hang", 0),
        ("closed", "shadow", "limiter-fail", 40),
    ] {
        let system = start(["80", "1000", "10000"], |options| {
            SystemOptions { worker: WorkerVariant::Faults, ..options }
                .with_env("RATE_LIMIT_CACHE_HITS", "true")
                .with_env("RATE_LIMIT_ON_FAILURE", rule)
                .with_env("RATE_LIMIT_MODE", mode)
        })?;
        let edge = system.edge()?;
        ensure!(get(&edge, "192.0.2.9")?.status == 200);
        fault(&edge, fault_name)?;
        let mut count = 0;
        for _ in 0..40 {
            let begun = Instant::now();
            let answer = get(&edge, "192.0.2.1")?;
            ensure!(
                begun.elapsed() < Duration::from_millis(1_500),
                "{rule}, {fault_name}: {:?}",
                begun.elapsed()
            );
            let refused = if rule == "closed" { 503 } else { 429 };
            ensure!(answer.status == 200 || answer.status == refused, "{rule}: {}", answer.shown());
            count += usize::from(answer.status == 200);
        }
        ensure!(count == allowed, "{rule}, {fault_name}: {count} passed");
        fault(&edge, "limiter-well")?;
        std::thread::sleep(Duration::from_millis(1_100));
        let answer = get(&edge, "192.0.2.2")?;
        ensure!(answer.status == 200 && remaining(&answer) == Some(79), "{rule}: {}", answer.shown());
    }
    Ok(())
}

fn what_was_spent_is_known_after_a_crash() -> Result<()> {
    let mut system = counting(["20", "1000", "10000"], 1)?;
    let count = passed(&at_once(&system, 1, 15, |_| "192.0.2.1".to_owned())?)?;
    ensure!(count == 15);
    system.kill_edge();
    system.restart_edge()?;
    let count = passed(&at_once(&system, 1, 15, |_| "192.0.2.1".to_owned())?)?;
    ensure!(count <= 5, "{count} more passed");
    Ok(())
}

fn an_admin_sees_and_resets_a_client() -> Result<()> {
    let system = counting(["5", "1000", "10000"], 1)?;
    let edge = system.edge()?;
    let admin = |method: &str, path: &str| -> Result<Answer> {
        // Each from another address, as five a minute are not enough for all of this.
        let address = format!("203.0.113.{}", path.len());
        let request = edge.request(method, path).header("authorization", &bearer(&system)?);
        request.header("cf-connecting-ip", &address).send()
    };
    for _ in 0..5 {
        ensure!(get(&edge, "192.0.2.1")?.status == 200);
    }
    ensure!(get(&edge, "192.0.2.1")?.status == 429);
    let seen = admin("GET", "/api/admin/ratelimit/client?ip=192.0.2.1")?;
    ensure!(seen.status == 200, "{}", seen.shown());
    let seen = seen.json()?;
    ensure!(seen["windows"]["minute"]["used"] == 5 && seen["windows"]["minute"]["remaining"] == 0, "{seen}");
    let hash = seen["client"].as_str().context("no hash")?.to_owned();
    ensure!(!seen.to_string().contains("192.0.2.1") && hash.len() == 32, "{seen}");
    let same = admin("GET", &format!("/api/admin/ratelimit/client?hash={hash}"))?.json()?;
    ensure!(same["windows"]["minute"]["used"] == 5, "{same}");
    for query in ["", "?ip=localhost", "?hash=12"] {
        ensure!(admin("GET", &format!("/api/admin/ratelimit/client{query}"))?.status == 422, "{query}");
    }
    let reset = admin("POST", "/api/admin/ratelimit/reset?ip=192.0.2.1")?;
    ensure!(reset.status == 200, "{}", reset.shown());
    let answer = get(&edge, "192.0.2.1")?;
    ensure!(answer.status == 200 && remaining(&answer) == Some(4), "{}", answer.shown());
    ensure!(edge.get("/api/admin/ratelimit/client?ip=192.0.2.1")?.status == 401);
    Ok(())
}

/// A page with a card for each product, at the guide's limits.
fn cards_of_a_shop_are_not_refused() -> Result<()> {
    let system = start(["60", "1000", "10000"], |options| options)?;
    let edge = system.edge()?;
    let page = |query: &str, is_cached: bool| -> Result<()> {
        let asked: Vec<TcpStream> = (1..=26)
            .map(|id| {
                let mut stream = edge.connect()?;
                write!(
                    stream,
                    "GET /api/products?card={id}&{query} HTTP/1.1\r\nhost: edge\r\nconnection: close\r\n\r\n"
                )?;
                Ok(stream)
            })
            .collect::<Result<_>>()?;
        for stream in asked {
            let answer = Answer::read_from(stream)?;
            ensure!(answer.status == 200, "{query}: {}", answer.shown());
            ensure!((answer.header("x-cache") == Some("HIT")) == is_cached, "{query}: {:?}", answer.headers);
            ensure!(answer.header("x-ratelimit-limit-minute") == Some("60"), "{:?}", answer.headers);
        }
        Ok(())
    };
    for query in ["first", "second"] {
        page(query, false)?;
    }
    // Ten times more, from the cache.
    for _ in 0..10 {
        page("second", true)?;
    }
    Ok(())
}
