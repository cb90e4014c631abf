//! Credentials at the edge: what is believed, and by whose word.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use valora_tests::assertions::{HeaderSet, problem};
use valora_tests::client::{Answer, Client};
use valora_tests::deliveries::{Deliveries, revocation};
use valora_tests::recorder::Recorder;
use valora_tests::running::Running;
use valora_tests::until::until;
use xtask::system::{SystemOptions, ports};
use xtask::worker::WorkerVariant;

use crate::audit::{bearer, records};
use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_revoked_admin_is_out_at_once_and_at_every_isolate,
        a_deactivated_admin_is_out_at_the_origin_and_at_the_edge,
        tokens_that_are_not_ours_open_nothing,
        without_the_hub_no_admin_is_believed,
        an_account_counts_as_itself_once_the_beat_is_known,
        the_hub_is_a_part_of_health,
    ]
}

fn with(client: &Client, path: &str, authorization: &str) -> Result<Answer> {
    client.request("GET", path).header("authorization", authorization).send()
}

fn login(client: &Client, name: &str) -> Result<(String, i64)> {
    let body = json!({"username": name, "password": "correct horse battery"});
    let answer = client.post_json("/api/auth/login", body.to_string())?;
    ensure!(answer.status == 200, "{}", answer.shown());
    let body = answer.json()?;
    let token = body["access_token"].as_str().context("no token")?;
    Ok((format!("Bearer {token}"), body["user"]["id"].as_i64().context("no id")?))
}

fn a_revoked_admin_is_out_at_once_and_at_every_isolate() -> Result<()> {
    let system = Running::start(|options| SystemOptions { isolates: 2, ..options })?;
    system.create_admin("boss", "correct horse battery")?;
    let (first, second) = (system.isolate(0)?, system.isolate(1)?);
    let (token, id) = login(&first, "boss")?;
    for isolate in [&first, &second] {
        for path in ["/api/admin/users", "/api/admin/audit"] {
            let answer = with(isolate, path, &token)?;
            ensure!(answer.status == 200, "{}", answer.shown());
        }
    }
    let who = format!("user:{id}");
    ensure!(records(&system, "")?.iter().any(|record| record["who"] == who.as_str()));

    // The edge alone is told; the origin would still say yes.
    let delivered = Deliveries::to(&system, 0)?.of(&[revocation(1, &who)?])?.send()?;
    ensure!(delivered.status == 200, "{}", delivered.shown());
    ensure!(with(&system.origin()?, "/api/admin/users", &token)?.status == 200);
    for isolate in [&first, &second] {
        for path in ["/api/admin/users", "/api/admin/audit", "/api/%61dmin/users"] {
            let answer = with(isolate, path, &token)?;
            problem(&answer, 401, "Unauthorized", &HeaderSet::unauthorized_at_edge())?;
        }
    }
    let (token, _) = login(&first, "boss")?;
    ensure!(with(&second, "/api/admin/audit", &token)?.status == 200, "a new token is not revoked");
    Ok(())
}

fn encode(part: &Value) -> String {
    BASE64URL_NOPAD.encode(part.to_string().as_bytes())
}

/// The same without a test's help: the origin tells the edge by itself.
fn a_deactivated_admin_is_out_at_the_origin_and_at_the_edge() -> Result<()> {
    let system = Running::start(|options| options)?;
    for name in ["boss", "leaver"] {
        system.create_admin(name, "correct horse battery")?;
    }
    let (edge, origin) = (system.edge()?, system.origin()?);
    let (boss, _) = login(&edge, "boss")?;
    let (leaver, id) = login(&edge, "leaver")?;
    ensure!(with(&edge, "/api/admin/audit", &leaver)?.status == 200);
    let id = id.to_string();
    let target = format!("/api/admin/users/{id}/deactivate");
    let done = edge.request("POST", &target).header("authorization", &boss).send()?;
    ensure!(done.status == 200, "{}", done.shown());
    let refused = with(&origin, "/api/admin/users", &leaver)?;
    ensure!(refused.status == 401, "{}", refused.shown());
    // The audit is the edge's alone: nobody but the edge can refuse it.
    until("the edge refused the token", Duration::from_secs(2), || {
        Ok((with(&edge, "/api/admin/audit", &leaver)?.status == 401).then_some(()))
    })?;
    ensure!(with(&edge, "/api/admin/audit", &boss)?.status == 200, "the other admin is still in");
    let what = format!("POST {target}");
    until("the deactivation is in the audit", Duration::from_secs(2), || {
        let records = records(&system, "")?;
        Ok(records.iter().any(|record| record["what"] == what.as_str()).then_some(()))
    })
}

fn tokens_that_are_not_ours_open_nothing() -> Result<()> {
    let system = Running::start(|options| options)?;
    system.create_admin("boss", "correct horse battery")?;
    let edge = system.edge()?;
    let (token, _) = login(&edge, "boss")?;
    let ours: Vec<&str> = token.trim_start_matches("Bearer ").split('.').collect();
    let [_, claims, signature] = ours[..] else { anyhow::bail!("{token}") };
    let keys: Value = serde_json::from_str(system.variable("JWT_PUBLIC_KEYS").context("no keys")?)?;
    let (kid, public) = (&keys["keys"][0]["kid"], keys["keys"][0]["x"].as_str().context("no x")?);

    let none = format!("{}.{claims}.", encode(&json!({"alg": "none", "kid": kid})));
    let kept = format!("{}.{claims}.{signature}", encode(&json!({"alg": "none", "kid": kid})));
    let signed = format!("{}.{claims}", encode(&json!({"alg": "HS256", "kid": kid})));
    let mut mac = Hmac::<Sha256>::new_from_slice(&BASE64URL_NOPAD.decode(public.as_bytes())?)?;
    mac.update(signed.as_bytes());
    let hs256 = format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()));
    let signed = format!("{}.{claims}", encode(&json!({"alg": "EdDSA", "kid": kid})));
    let other = SigningKey::from_bytes(&[7; 32]).sign(signed.as_bytes());
    let other = format!("{signed}.{}", BASE64URL_NOPAD.encode(&other.to_bytes()));
    for forged in [none, kept, hs256, other] {
        for path in ["/api/admin/users", "/api/admin/audit"] {
            let answer = with(&edge, path, &format!("Bearer {forged}"))?;
            problem(&answer, 401, "Unauthorized", &HeaderSet::unauthorized_at_edge())?;
        }
    }
    // Two credentials are none, and one of another scheme is none.
    let twice = edge.request("GET", "/api/admin/audit").header("authorization", &token);
    ensure!(twice.header("authorization", &token).send()?.status == 401);
    ensure!(with(&edge, "/api/admin/audit", &token.replace("Bearer", "Basic"))?.status == 401);
    ensure!(with(&edge, "/api/admin/audit", &token)?.status == 200);
    Ok(())
}

/// The Hub lives in the first isolate; the second's calls are spoiled, so that who asks survives the object's death.
fn without_the_hub_no_admin_is_believed() -> Result<()> {
    let system =
        Running::start(|options| SystemOptions { isolates: 2, worker: WorkerVariant::Faults, ..options })?;
    let (token, asking) = (bearer(&system)?, system.isolate(1)?);
    ensure!(with(&asking, "/api/admin/users", &token)?.status == 200);
    let kept = records(&system, "")?.len();
    for fault in ["panic", "hang"] {
        ensure!(asking.get(&format!("/__fault/hub-{fault}"))?.status == 200);
        for path in ["/api/admin/users", "/api/admin/audit"] {
            let answer = with(&asking, path, &token)?;
            let headers = HeaderSet::problem().with_any("retry-after");
            problem(&answer, 503, "HubUnavailable", &headers).context(fault)?;
        }
        let delivery = Deliveries::to(&system, 1)?.of(&[revocation(1, "user:1")?])?;
        let answer = delivery.send()?;
        ensure!(answer.status == 503 && answer.header("retry-after").is_some(), "{}", answer.shown());
        let health = asking.get("/api/health/detailed")?.json()?;
        ensure!(health["edge"]["hub"]["status"] == "unhealthy", "{health}");
        // Everybody else is served.
        ensure!(asking.get("/api/products")?.status == 200);
        ensure!(asking.get("/__fault/hub-well")?.status == 200);
        ensure!(with(&asking, "/api/admin/users", &token)?.status == 200, "after {fault}");
    }
    ensure!(records(&system, "?limit=500")?.len() > kept, "the Hub has lost nothing");
    Ok(())
}

fn an_account_counts_as_itself_once_the_beat_is_known() -> Result<()> {
    let port = ports::consecutive(0, 1)?.first().copied().context("no free port")?;
    let recorder = Recorder::start(([127, 0, 0, 1], port).into())?;
    let url = recorder.url();
    let system = Running::start(|options| {
        SystemOptions { origin_port: port, ..options }.with_env("ORIGIN_URL", &url)
    })?;
    system.create_admin("boss", "correct horse battery")?;
    let edge = system.edge()?;
    let (token, id) = login(&edge, "boss")?;
    ensure!(with(&edge, "/api/auth/me?first", &token)?.status == 200);
    let first = String::from_utf8_lossy(&recorder.sent_with("/api/auth/me?first")?).to_ascii_lowercase();
    ensure!(
        first.contains("x-valora-client: ip:127.0.0.1"),
        "without a beat an account is its address: {first}"
    );
    let itself = format!("x-valora-client: user:{id}");
    until("the origin was told who asks", Duration::from_secs(5), || {
        ensure!(with(&edge, "/api/auth/me", &token)?.status == 200);
        let told = recorder.sent_with(&itself).or_else(|_| recorder.sent_with(&itself.replace("x-v", "X-V")));
        Ok(told.ok())
    })?;
    Ok(())
}

fn the_hub_is_a_part_of_health() -> Result<()> {
    let health = crate::systems::shop()?.edge()?.get("/api/health/detailed")?.json()?;
    ensure!(health["edge"]["hub"]["status"] == "healthy", "{health}");
    ensure!(health["edge"]["hub"]["type"] == "durable object", "{health}");
    Ok(())
}
