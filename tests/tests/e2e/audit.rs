//! The audit: who, what, from where, with which result, chained, and there to stay.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use valora_tests::assertions::faulty_fields;
use valora_tests::running::Running;
use valora_tests::until::until;

use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        what_happens_on_admin_paths_is_chained_and_outlives_the_edge,
        the_audit_is_read_in_pages_and_by_admins,
    ]
}

/// The value of Authorization that opens a system.
pub(crate) fn bearer(system: &Running) -> Result<String> {
    Ok(format!("Bearer {}", system.variable("ADMIN_TOKEN").context("no admin token")?))
}

/// What the audit holds, newest first.
pub(crate) fn records(system: &Running, query: &str) -> Result<Vec<Value>> {
    let answer = system.edge()?.request("GET", &format!("/api/admin/audit{query}"));
    let answer = answer.header("authorization", &bearer(system)?).send()?;
    ensure!(answer.status == 200, "{}", answer.shown());
    let body = answer.json()?;
    ensure!(body["chain_ok"] == true, "{body}");
    Ok(body["records"].as_array().cloned().unwrap_or_default())
}

/// As docs/ARCHITECTURE.md says it.
fn hash(record: &Value) -> String {
    let fields = ["id", "at", "who", "what", "from", "result", "correlation_id", "previous_hash"];
    let input: Vec<&Value> = fields.iter().map(|field| &record[*field]).collect();
    HEXLOWER.encode(&Sha256::digest(json!(input).to_string()))
}

fn what_happens_on_admin_paths_is_chained_and_outlives_the_edge() -> Result<()> {
    let mut system = Running::start(|options| options)?;
    let refused =
        system.edge()?.request("GET", "/api/admin/users").header("x-correlation-id", "audit-refused");
    ensure!(refused.send()?.status == 401);
    let audit = until("the refusal was recorded", Duration::from_secs(5), || {
        let audit = records(&system, "")?;
        Ok(audit.iter().any(|record| record["who"] == "nobody").then_some(audit))
    })?;
    let refusal = audit.iter().find(|record| record["who"] == "nobody").context("no refusal")?;
    ensure!(refusal["what"] == "GET /api/admin/users" && refusal["result"] == "401", "{refusal}");
    ensure!(refusal["correlation_id"] == "audit-refused", "{refusal}");
    let from = refusal["from"].as_str().unwrap_or_default();
    ensure!(from.len() == 32 && !refusal.to_string().contains("127.0.0.1"), "{refusal}");
    ensure!(audit[0]["from"] == refusal["from"], "the same client, admitted or not: {audit:?}");
    ensure!(audit[0]["who"] == "admin-token" && audit[0]["what"] == "GET /api/admin/audit", "{audit:?}");

    for (newer, older) in audit.iter().zip(audit.iter().skip(1)) {
        ensure!(newer["hash"] == hash(newer), "{newer}");
        ensure!(newer["previous_hash"] == older["hash"], "{newer} after {older}");
    }
    let first = audit.last().context("no record")?;
    ensure!(first["id"] == 1 && first["previous_hash"] == "0".repeat(64) && first["hash"] == hash(first));

    system.restart_edge()?;
    let later = records(&system, "")?;
    ensure!(later.len() == audit.len() + 1 && later[1..] == audit[..], "{later:?}");
    let named = system.edge()?.request("GET", "/api/admin/ratelimit/client?ip=127.0.0.1");
    let named = named.header("authorization", &bearer(&system)?).send()?.json()?;
    ensure!(named["client"] == from, "another name: {named}");
    Ok(())
}

fn the_audit_is_read_in_pages_and_by_admins() -> Result<()> {
    let system = Running::start(|options| options)?;
    let edge = system.edge()?;
    let ask = |query: &str| {
        let request = edge.request("GET", &format!("/api/admin/audit{query}"));
        request.header("authorization", &bearer(&system)?).send()
    };
    for _ in 0..4 {
        ensure!(ask("?limit=1")?.status == 200);
    }
    let page = ask("?limit=2")?.json()?;
    let ids = |page: &Value| -> Vec<Value> {
        page["records"].as_array().into_iter().flatten().map(|record| record["id"].clone()).collect()
    };
    ensure!(ids(&page) == [5, 4] && page["next_cursor"] == "4", "{page}");
    let rest = ask("?limit=500&cursor=4")?.json()?;
    ensure!(ids(&rest) == [3, 2, 1] && rest["next_cursor"].is_null(), "{rest}");

    ensure!(faulty_fields(&ask("?limit=501&cursor=x")?)? == ["limit", "cursor"]);
    ensure!(ask("?limit=501")?.text().contains("500"));
    let other =
        edge.request("DELETE", "/api/admin/audit").header("authorization", &bearer(&system)?).send()?;
    ensure!(other.status == 405 && other.header("allow") == Some("GET, HEAD"), "{}", other.shown());
    ensure!(edge.get("/api/admin/audit")?.status == 401);
    for path in ["/api/admin/cache", "/api/admin/cache/nothing", "/api/admin/explain", "/api/admin/security"]
    {
        ensure!(edge.get(path)?.status == 401, "{path}");
        let known = edge.request("GET", path).header("authorization", &bearer(&system)?).send()?;
        ensure!(known.status == 404 && known.header("date").is_none(), "the edge's own: {}", known.shown());
    }
    Ok(())
}
