//! Between edge and origin: what the edge signs is believed, and nothing a client sends pretends to be it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use valora_tests::client::Client;
use valora_tests::recorder::Recorder;
use valora_tests::running::Running;
use valora_tests::until::until;
use xtask::system::{SystemOptions, ports};

use crate::harness::Test;
use crate::systems;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        the_origin_knows_the_edges_requests_from_direct_ones,
        an_odd_target_is_signed_as_it_is_sent,
        a_client_cannot_pretend_to_be_the_edge,
        an_eavesdropper_cannot_send_a_change_again,
        edge_and_origin_with_different_secrets_still_serve,
        a_body_over_the_limit_is_refused_at_the_edge_declared_or_not,
    ]
}

/// How the origin saw the request with this correlation id.
fn seen_as(system: &Running, id: &str) -> Result<String> {
    let line = until("the origin logged the request", Duration::from_secs(5), || {
        Ok(system.origin_log().lines().find(|line| line.contains(id)).map(str::to_owned))
    })?;
    let line: serde_json::Value = serde_json::from_str(&line).with_context(|| line.clone())?;
    Ok(line["fields"]["via"].as_str().or(line["via"].as_str()).unwrap_or_default().to_owned())
}

fn the_origin_knows_the_edges_requests_from_direct_ones() -> Result<()> {
    let system = systems::shop()?;
    let (edge, origin) = (system.edge()?, system.origin()?);
    for (client, id, via) in
        [(&edge, "border-through-edge", "edge"), (&origin, "border-direct-get", "direct")]
    {
        let answer =
            client.request("GET", "/api/products?test=border").header("x-correlation-id", id).send()?;
        ensure!(answer.status == 200, "{}", answer.shown());
        ensure!(seen_as(&system, id)? == via, "{id}");
    }
    // A margin that is nobody's is computed and forgotten: others read from this system.
    let price = edge.request("POST", "/api/price").header("x-correlation-id", "border-edge-post");
    let asked = r#"{"product_id":"2","margin_percent":"7.5"}"#;
    let price = price.header("content-type", "application/json").body(asked).send()?;
    ensure!(price.status == 200, "{}", price.shown());
    ensure!(seen_as(&system, "border-edge-post")? == "edge");
    Ok(())
}

/// What `fetch` rewrites is judged, counted, kept and signed as it will be written.
fn an_odd_target_is_signed_as_it_is_sent() -> Result<()> {
    let system = systems::shop()?;
    let edge = system.edge()?;
    let targets = [
        "/api/auth/me?who=Men's",
        "/api/auth/me?a=\"b\"&c=<d>&e=f|g^h`i{j}",
        "/api/odd/a{b}c^d`e|f\"g",
        "/api/odd/a\\b",
        "/api/odd/%7B%27%22/a'b",
        "/api/odd/../auth/./me",
        "/api/odd/%2e%2E/auth/%2e/me",
        "/api/odd/a[b]c!d$e(f)*+,;=:@",
    ];
    for (number, target) in targets.iter().enumerate() {
        let id = format!("border-odd-{number}");
        let answer = edge.request("GET", target).header("x-correlation-id", &id).send()?;
        ensure!(answer.status != 500, "{target}: {}", answer.shown());
        ensure!(seen_as(&system, &id)? == "edge", "{target}: {}", answer.shown());
    }
    for hidden in
        ["/api/x/%2e%2e/admin/users", "/api/x/../admin/ratelimit/client?ip=127.0.0.1", "/api\\admin\\users"]
    {
        let id = format!("border-hidden-{}", hidden.len());
        let answer = edge.request("GET", hidden).header("x-correlation-id", &id).send()?;
        ensure!(answer.status == 401, "{hidden}: {}", answer.shown());
        ensure!(!system.origin_log().contains(&id), "{hidden} passed the edge's own door");
    }
    Ok(())
}

fn a_client_cannot_pretend_to_be_the_edge() -> Result<()> {
    let system = systems::shop()?;
    let forged = |client: &Client, id: &str| {
        client
            .request("GET", "/api/products?test=forged")
            .header("x-correlation-id", id)
            .header("x-valora-client", "user:1")
            .header("x-forwarded-for", "203.0.113.7")
            .header("signature-input", "valora=(\"@method\");created=1;keyid=\"00000000\"")
            .header("signature", "valora=:AAAA:")
            .send()
    };
    ensure!(forged(&system.origin()?, "border-forged-direct")?.status == 200);
    ensure!(seen_as(&system, "border-forged-direct")? == "direct");
    // The edge takes the client's fields away and signs for itself.
    ensure!(forged(&system.edge()?, "border-forged-edge")?.status == 200);
    ensure!(seen_as(&system, "border-forged-edge")? == "edge");
    Ok(())
}

fn an_eavesdropper_cannot_send_a_change_again() -> Result<()> {
    let port = ports::consecutive(0, 1)?.first().copied().context("no free port")?;
    let origin: SocketAddr = ([127, 0, 0, 1], port).into();
    let recorder = Recorder::start(origin)?;
    let url = recorder.url();
    let system = Running::start(|options| {
        SystemOptions { origin_port: port, ..options }.with_env("ORIGIN_URL", &url)
    })?;
    let price = system.edge()?.post_json("/api/price", r#"{"product_id":"3"}"#)?;
    ensure!(price.status == 200, "{}", price.shown());
    let overheard = recorder.sent_with("POST /api/price")?;
    let again = system.origin()?.send_raw(&overheard)?;
    ensure!(again.status == 401, "{}", again.shown());
    ensure!(again.json()?["error"] == "SignatureReplayed", "{}", again.shown());
    // With the body changed it is no signed request any more, just a direct one.
    let changed = String::from_utf8(overheard)?.replace(r#""3""#, r#""4""#);
    ensure!(system.origin()?.send_raw(changed.as_bytes())?.status == 200);
    Ok(())
}

fn edge_and_origin_with_different_secrets_still_serve() -> Result<()> {
    let own = Running::start(|options| options)?;
    let origin = own.origin_url();
    let other = Running::start(|options| {
        SystemOptions { origin: false, ..options }
            .with_env("ORIGIN_URL", &origin)
            .with_env("EDGE_ORIGIN_SECRET", "not the secret of that origin, but as long")
    })?;
    let ask = other.edge()?.request("GET", "/api/products").header("x-correlation-id", "border-other-secret");
    ensure!(ask.send()?.status == 200);
    ensure!(seen_as(&own, "border-other-secret")? == "direct");
    Ok(())
}

fn a_body_over_the_limit_is_refused_at_the_edge_declared_or_not() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let declared = edge.post_json("/api/price", vec![b' '; (1 << 20) + 1])?;
    ensure!(declared.status == 413 && declared.json()?["max_size_bytes"] == 1 << 20, "{}", declared.shown());
    let mut chunked = b"POST /api/price HTTP/1.1\r\nhost: edge\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        .to_vec();
    for _ in 0..17 {
        chunked.extend_from_slice(b"10000\r\n");
        chunked.extend_from_slice(&vec![b' '; 0x10000]);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let counted = edge.send_raw(&chunked)?;
    ensure!(counted.status == 413, "{}", counted.shown());
    Ok(())
}
