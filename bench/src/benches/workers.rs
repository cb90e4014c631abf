//! Workers to compare the edge with, and one workerd for all of them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use valora_tests::client::Answer;
use xtask::system::System;
use xtask::worker::WorkerVariant;
use xtask::wrangler::{Wrangler, miniflare};
use xtask::{command, paths};

use crate::process::Guarded;

/// The Worker that one would write by hand to answer with just this.
pub(super) fn hello(
    name: &str,
    port: u16,
    answer: &Answer,
    folder: &Path,
    keeps_headers: bool,
) -> Result<Value> {
    // The runtime counts the body and closes the connection itself.
    let headers: serde_json::Map<String, Value> = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "content-length" | "connection"))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let kept = if keeps_headers { "new Headers(literal)" } else { "literal" };
    let script = format!(
        "const body = {};\nconst literal = {};\nconst headers = {kept};\n\
         export default {{\n  fetch() {{\n    return new Response(body, {{ status: {}, headers }});\n  }},\n}};\n",
        json!(answer.text()),
        json!(headers),
        answer.status
    );
    script_worker(name, port, &script, folder)
}

/// A Worker of one module, which can read the edge's KV.
pub(super) fn script_worker(name: &str, port: u16, script: &str, folder: &Path) -> Result<Value> {
    let wrangler = Wrangler::read()?;
    let spaces: serde_json::Map<String, Value> = wrangler
        .development
        .kv_namespaces
        .iter()
        .map(|space| (space.binding.clone(), json!(space.id)))
        .collect();
    let path = folder.join(format!("{name}.mjs"));
    std::fs::write(&path, script)?;
    Ok(json!({
        "name": name,
        "compatibilityDate": wrangler.compatibility_date,
        "modulesRoot": folder,
        "modules": [{ "type": "ESModule", "path": path }],
        "kvNamespaces": spaces,
        "unsafeDirectSockets": [{ "host": "127.0.0.1", "port": port }],
    }))
}

/// What an edge is told that stands before a system's origin, as in production.
pub(super) fn settings(system: &System) -> Vec<(&'static str, String)> {
    let secret = system.variable("EDGE_ORIGIN_SECRET").unwrap_or_default();
    let most = || "16777215".to_owned();
    vec![
        ("ORIGIN_URL", system.origin_url()),
        ("LOG_LEVEL", "warn".to_owned()),
        ("EDGE_ORIGIN_SECRET", secret.to_owned()),
        ("RATE_LIMIT_PER_MINUTE", most()),
        ("RATE_LIMIT_PER_HOUR", most()),
        ("RATE_LIMIT_PER_DAY", most()),
    ]
}

/// An edge by its port, with its settings.
pub(super) type Edge<'a> = (u16, &'a [(&'a str, String)]);

/// Edges and their peers in one workerd.
pub(super) fn start(edges: &[Edge<'_>], peers: &[Value], folder: &Path) -> Result<Guarded> {
    let ports: Vec<u16> = edges.iter().map(|(port, _)| *port).collect();
    let setting = miniflare::Setting {
        worker: &WorkerVariant::Plain.folder(),
        state: &folder.join("bench-state"),
        ports: &ports,
        overrides: &BTreeMap::new(),
    };
    let mut options = miniflare::options(&Wrangler::read()?, &setting);
    let workers = options["workers"].as_array_mut().context("miniflare's options have no workers")?;
    for (worker, (_, settings)) in workers.iter_mut().zip(edges) {
        for (name, value) in *settings {
            worker["bindings"][*name] = json!(value);
        }
    }
    workers.extend_from_slice(peers);
    let file = folder.join("bench.json");
    std::fs::write(&file, options.to_string())?;
    let mut node = command::command("node");
    Guarded::spawn(node.arg(paths::in_root("xtask/js/miniflare.mjs")).arg(file).arg("--until-stdin-closes"))
}

/// Status, body and names of headers; values where they do not differ from request to request.
pub(super) fn check_same(expected: &Answer, given: &Answer) -> Result<()> {
    let names = |answer: &Answer| {
        let mut names: Vec<String> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    };
    ensure!(
        expected.status == given.status && expected.body == given.body,
        "the answers differ: {}",
        given.shown()
    );
    ensure!(
        names(expected) == names(given),
        "the headers differ: {:?} and {:?}",
        expected.headers,
        given.headers
    );
    Ok(())
}
