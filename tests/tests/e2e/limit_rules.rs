//! The rate limit's rules through the edge: who has how much, what costs how much, and who is not limited.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use valora_shared::config::Setting as _;
use valora_shared::trust::{ApiKey, SharedSecret};
use valora_tests::client::{Answer, Client};
use valora_tests::running::Running;
use valora_tests::until::until;
use xtask::system::SystemOptions;
use xtask::worker::WorkerVariant;

use crate::audit::bearer;
use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        each_has_limits_of_its_own_and_pays_what_is_asked,
        a_shadow_refuses_nobody_and_tells_whom_it_would
    ]
}

const TARGET: &str = "/api/categories";
const PASSWORD: &str = "correct horse battery";
const API_KEY_SECRET: &str = "9d2f7c41e05ab8364c1fd7e2093ba5c86e4d1f70a2b3958c";
/// Keys of two requests a minute, whose ceiling at one address is therefore 20.
const SMALL_KEYS: std::ops::RangeInclusive<i64> = 21..=31;
const MINUTE: &str = "x-ratelimit-limit-minute";

/// A client by its address, and what it shows.
struct From<'a> {
    edge: &'a Client,
    address: &'a str,
    authorization: Option<&'a str>,
}

impl From<'_> {
    fn ask(&self, method: &str, target: &str) -> Result<Answer> {
        let mut request = self.edge.request(method, target).header("cf-connecting-ip", self.address);
        if let Some(authorization) = self.authorization {
            request = request.header("authorization", authorization);
        }
        if method == "POST" {
            request = request.header("content-type", "application/json").body("{}");
        }
        request.send()
    }
}

fn from<'a>(edge: &'a Client, address: &'a str) -> From<'a> {
    From { edge, address, authorization: None }
}

fn number(answer: &Answer, name: &str) -> Result<i64> {
    let value = answer.header(name).with_context(|| format!("no {name}: {:?}", answer.headers))?;
    Ok(value.parse()?)
}

fn remaining(answer: &Answer) -> Result<i64> {
    number(answer, "x-ratelimit-remaining-minute")
}

/// Checks in one system, as it takes longer to start than all of them together.
fn each_has_limits_of_its_own_and_pays_what_is_asked() -> Result<()> {
    let small: Vec<String> = SMALL_KEYS.map(|id| format!("key:{id}=2")).collect();
    let system = Running::start(|options| {
        SystemOptions { worker: WorkerVariant::Faults, ..options }
            .with_env("RATE_LIMIT_PER_MINUTE", "20")
            .with_env("RATE_LIMIT_PER_HOUR", "1000")
            .with_env("RATE_LIMIT_PER_DAY", "10000")
            .with_env("RATE_LIMIT_TIERS", &format!("admin=40,key:7=30,{}", small.join(",")))
            .with_env("RATE_LIMIT_COSTS", "POST /api/price=5")
            .with_env("RATE_LIMIT_WEBSOCKETS_PER_MINUTE", "6")
            .with_env("RATE_LIMIT_EXEMPT", "198.51.100.0/24")
            .with_env("RATE_LIMIT_CACHE_HITS", "true")
            .with_env("TRUST_CF_CONNECTING_IP", "1")
            .with_env("API_KEY_SECRET", API_KEY_SECRET)
    })?;
    let edge = system.edge()?;
    roles_and_keys_have_their_tiers(&system, &edge).context("tiers")?;
    many_keys_at_one_address_share_a_ceiling(&edge).context("ceiling")?;
    a_cost_is_paid_whole_or_not_at_all(&edge).context("costs")?;
    upgrades_are_paid_by_themselves(&edge).context("upgrades")?;
    the_exempt_are_never_refused(&edge).context("exemptions")?;
    failures_are_counted(&system, &edge).context("failures")
}

fn key(id: i64) -> Result<String> {
    let secret = SharedSecret::parse(API_KEY_SECRET).map_err(anyhow::Error::msg)?;
    // The end of 2099.
    Ok(format!("Bearer {}", ApiKey { id, expires_at_seconds: 4_102_444_799 }.to_text(&secret)))
}

fn roles_and_keys_have_their_tiers(system: &Running, edge: &Client) -> Result<()> {
    system.create_admin("boss", PASSWORD)?;
    let credentials = json!({"username": "boss", "password": PASSWORD}).to_string();
    let login = edge.post_json("/api/auth/login", credentials)?.json()?;
    let token = format!("Bearer {}", login["access_token"].as_str().context("no token")?);
    let mut addresses = (1..=254).map(|number| format!("203.0.113.{number}"));
    let mut with_limit = |authorization: &str, limit: &str| {
        let address = addresses.next().context("no more addresses")?;
        let client = From { authorization: Some(authorization), ..from(edge, &address) };
        let answer = client.ask("GET", TARGET)?;
        ensure!(answer.header(MINUTE) == Some(limit), "not {limit}: {}", answer.shown());
        Ok(answer)
    };
    let admin = with_limit(&token, "40")?;
    ensure!(number(&admin, "x-ratelimit-limit-hour")? == 2_000, "{:?}", admin.headers);
    ensure!(number(&admin, "x-ratelimit-limit-day")? == 20_000, "{:?}", admin.headers);
    let first = remaining(&with_limit(&key(7)?, "30")?)?;
    let second = remaining(&with_limit(&key(7)?, "30")?)?;
    ensure!(second == first - 1, "a key is one client at all addresses: {first}, {second}");
    with_limit(&key(8)?, "20")?;
    // What the isolate knows of revocations is too old by now.
    std::thread::sleep(Duration::from_millis(5_500));
    with_limit(&token, "40")?;
    Ok(())
}

fn many_keys_at_one_address_share_a_ceiling(edge: &Client) -> Result<()> {
    let mut passed = 0;
    let ask = |id, address| {
        let authorization = key(id)?;
        From { authorization: Some(&authorization), ..from(edge, address) }.ask("GET", TARGET)
    };
    for id in SMALL_KEYS {
        for _ in 0..2 {
            let answer = ask(id, "192.0.2.40")?;
            // What a key opens is the origin's matter, which has none of these.
            ensure!(matches!(answer.status, 200 | 401 | 429), "{}", answer.shown());
            ensure!(answer.status == 429 || answer.header(MINUTE) == Some("2"), "{:?}", answer.headers);
            passed += usize::from(answer.status != 429);
        }
    }
    ensure!(passed == 20, "{passed} of {} passed", 2 * SMALL_KEYS.count());
    let last = *SMALL_KEYS.end();
    let refused = ask(last, "192.0.2.40")?;
    let body = refused.json()?;
    ensure!(body["limit_type"] == "address-minute", "{}", refused.shown());
    ensure!(refused.header("x-ratelimit-remaining-minute").is_none(), "its own: {:?}", refused.headers);
    // What a full ceiling refused has cost the key nothing.
    let elsewhere = ask(last, "192.0.2.41")?;
    ensure!(remaining(&elsewhere)? == 1, "{}", elsewhere.shown());
    // And what a key is refused for its own limit, the ceiling nothing.
    let spent = *SMALL_KEYS.start();
    for _ in 0..3 {
        ensure!(ask(spent, "192.0.2.42")?.status == 429);
    }
    let wait = |address| -> Result<i64> { number(&ask(spent, address)?, "retry-after") };
    let (own, both) = (wait("192.0.2.42")?, wait("192.0.2.40")?);
    ensure!(own <= both, "the longer of two waits: {own}, {both}");
    ensure!(
        from(edge, "192.0.2.40").ask("GET", TARGET)?.status == 200,
        "the address itself is another client"
    );
    Ok(())
}

fn a_cost_is_paid_whole_or_not_at_all(edge: &Client) -> Result<()> {
    let client = from(edge, "192.0.2.20");
    ensure!(remaining(&client.ask("GET", TARGET)?)? == 19);
    for left in [14, 9, 4] {
        let answer = client.ask("POST", "/api/price")?;
        ensure!(answer.status != 429 && remaining(&answer)? == left, "{left}: {:?}", answer.headers);
    }
    let refused = client.ask("POST", "/api/price")?;
    ensure!(refused.status == 429 && remaining(&refused)? == 4, "{}", refused.shown());
    let answer = client.ask("GET", TARGET)?;
    ensure!(answer.status == 200 && remaining(&answer)? == 3, "{}", answer.shown());
    Ok(())
}

/// Whatever answers there: the limit stands before it.
fn upgrades_are_paid_by_themselves(edge: &Client) -> Result<()> {
    const SOCKET: &str = "/ws/prices/nord-1";
    let client = from(edge, "192.0.2.21");
    for left in (0..6).rev() {
        let answer = client.ask("GET", SOCKET)?;
        ensure!(answer.status != 429 && remaining(&answer)? == left, "{left}: {}", answer.shown());
        ensure!(answer.header("ratelimit-policy") == Some(r#""ws";q=6;w=60"#), "{:?}", answer.headers);
        ensure!(answer.header("x-ratelimit-limit-hour").is_none(), "{:?}", answer.headers);
    }
    let refused = client.ask("GET", SOCKET)?;
    ensure!(refused.status == 429 && refused.json()?["limit_type"] == "ws", "{}", refused.shown());
    ensure!(refused.header("ratelimit").is_some_and(|told| told.starts_with(r#""ws";r=0;t="#)));
    ensure!(remaining(&client.ask("GET", TARGET)?)? == 19, "requests are counted by themselves");
    Ok(())
}

fn the_exempt_are_never_refused(edge: &Client) -> Result<()> {
    for _ in 0..25 {
        let answer = from(edge, "198.51.100.7").ask("GET", TARGET)?;
        ensure!(answer.status == 200, "{}", answer.shown());
    }
    let client = from(edge, "192.0.2.30");
    ensure!(remaining(&client.ask("GET", TARGET)?)? == 19);
    for (method, target) in [("GET", "/api/health"), ("HEAD", "/api/health"), ("GET", "/api/health/detailed")]
    {
        let answer = client.ask(method, target)?;
        ensure!(answer.status == 200, "{method} {target}: {}", answer.shown());
    }
    let preflight = edge.request("OPTIONS", TARGET).header("cf-connecting-ip", "192.0.2.30");
    let preflight =
        preflight.header("origin", "http://localhost:5173").header("access-control-request-method", "GET");
    ensure!(preflight.send()?.status == 204);
    ensure!(remaining(&client.ask("GET", TARGET)?)? == 18, "none of these was counted");
    ensure!(
        remaining(&client.ask("GET", "/readyz")?)? == 17,
        "the origin's own probes are nobody's at the edge"
    );
    Ok(())
}

fn failures_are_counted(system: &Running, edge: &Client) -> Result<()> {
    let stats = || -> Result<Value> {
        let authorization = bearer(system)?;
        let client = From { authorization: Some(&authorization), ..from(edge, "198.51.100.1") };
        client.ask("GET", "/api/admin/cache/stats")?.json()
    };
    let before = stats()?["limiter_failures"].as_u64().context("no limiter_failures")?;
    ensure!(edge.get("/__fault/limiter-fail")?.status == 200);
    let answer = from(edge, "192.0.2.50").ask("GET", TARGET)?;
    ensure!(answer.status == 200, "an isolate decides alone: {}", answer.shown());
    // With an eighth: one for each key, two for all of them. What the first is refused costs the others nothing.
    let ask = |id| {
        let authorization = key(id)?;
        From { authorization: Some(&authorization), ..from(edge, "192.0.2.60") }.ask("GET", TARGET)
    };
    // Two of whom no refusal is known here.
    let (first, second) = (SMALL_KEYS.start() + 1, SMALL_KEYS.start() + 2);
    let passed = |id, count: usize| -> Result<usize> {
        let answers = (0..count).map(|_| Ok(usize::from(ask(id)?.status != 429)));
        answers.sum()
    };
    let passed = (passed(first, 5)?, passed(second, 3)?);
    ensure!(passed == (1, 1), "{passed:?} passed");
    ensure!(edge.get("/__fault/limiter-well")?.status == 200);
    until("the failure was told", Duration::from_secs(12), || {
        Ok((stats()?["limiter_failures"].as_u64() > Some(before)).then_some(()))
    })
}

fn a_shadow_refuses_nobody_and_tells_whom_it_would() -> Result<()> {
    let system = Running::start(|options| {
        options
            .with_env("RATE_LIMIT_PER_MINUTE", "5")
            .with_env("RATE_LIMIT_PER_HOUR", "1000")
            .with_env("RATE_LIMIT_PER_DAY", "10000")
            .with_env("RATE_LIMIT_MODE", "shadow")
            .with_env("RATE_LIMIT_CACHE_HITS", "true")
            .with_env("TRUST_CF_CONNECTING_IP", "1")
    })?;
    let edge = system.edge()?;
    for _ in 0..8 {
        let answer = from(&edge, "192.0.2.1").ask("GET", TARGET)?;
        ensure!(answer.status == 200, "{}", answer.shown());
    }
    let authorization = bearer(&system)?;
    let admin = From { authorization: Some(&authorization), ..from(&edge, "192.0.2.99") };
    let client = admin.ask("GET", "/api/admin/ratelimit/client?ip=192.0.2.1")?.json()?;
    let told = || -> Result<Vec<Value>> {
        let log = system.edge_log();
        let lines = log.lines().filter(|line| line.contains("the rate limit would refuse"));
        lines
            .map(|line| Ok(serde_json::from_str(line.get(line.find('{').unwrap_or(0)..).unwrap_or(line))?))
            .collect()
    };
    let told = until("three would have been refused", Duration::from_secs(5), || {
        let told = told()?;
        Ok((told.len() >= 3).then_some(told))
    })?;
    ensure!(told.len() == 3, "{told:?}");
    for line in told {
        ensure!(line["client"] == client["client"] && line["path"] == TARGET, "{line} of {client}");
        ensure!(line["level"] == "warn" && !line.to_string().contains("192.0.2.1"), "{line}");
    }
    Ok(())
}
